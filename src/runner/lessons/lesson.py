"""A lesson: plain lines of PyTorch, a sentence above each few of them; and what the lines come to when they run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from runner.text import shape_text

MOST_NUMBERS = 24  # of a tensor that is shown; of a larger one the shape


@dataclass(frozen=True)
class Result:
    """A line as it was run, what it printed and came to ("" for nothing), and the shape and type of a tensor."""

    line: str
    text: str
    shape: str


@dataclass(frozen=True)
class Lesson:
    """``text`` has its steps between empty lines: a sentence behind #, then lines. ``drawing`` stands below them."""

    title: str
    text: str
    drawing: tuple[str, ...] = ()

    @property
    def steps(self) -> Iterator[tuple[str, str]]:
        """(sentence, lines)."""
        for part in self.text.strip().split("\n\n"):
            lines = part.split("\n")
            sentence = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
            yield " ".join(sentence), "\n".join(lines[len(sentence) :])

    @property
    def code(self) -> str:
        """The lines alone, an empty one behind each loop: it ends there where Python reads from the keyboard."""
        text = "\n\n".join(lines for _, lines in self.steps)
        return re.sub(r"(?m)^( .*\n)(?=\w)", r"\1\n", text)

    def run(self) -> Iterator[tuple[str, list[Result]]]:
        """Of each step the sentence and its results; the steps share their names."""
        names: dict[str, Any] = {}
        yield from ((sentence, list(results(lines, names))) for sentence, lines in self.steps)


def results(lines: str, names: dict[str, Any]) -> Iterator[Result]:
    """Runs the lines one statement after the other, among ``names``."""
    for statement in ast.parse(lines).body:
        with redirect_stdout(StringIO()) as printed:
            value = value_of(statement, names)
        line = "\n".join(lines.split("\n")[statement.lineno - 1 : statement.end_lineno])
        text, shape = told(value)
        yield Result(line, f"{printed.getvalue()}{text}".rstrip(), shape)


def value_of(statement: ast.stmt, names: dict[str, Any]) -> Any:
    """What an expression is, or the tensor or number that a name is set to; None of all else."""
    if isinstance(statement, ast.Expr):
        return eval(compile(ast.Expression(statement.value), "lesson", "eval"), names)
    exec(compile(ast.Module([statement], []), "lesson", "exec"), names)
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
            return names[name] if hasattr(names[name], "dtype") or isinstance(names[name], int | float) else None
    return None


def told(value: Any) -> tuple[str, str]:
    """A value as Python writes it, without the numbers of a large tensor; the shape and type of a tensor."""
    import torch  # the words of a line are checked without it

    if not isinstance(value, torch.Tensor):
        return ("" if value is None else repr(value)), ""
    shape = f"shape {shape_text(value.shape)}" if value.dim() else "one number"
    is_short = value.numel() <= MOST_NUMBERS and not value.is_meta
    return repr(value) if is_short else "", f"{shape}, {str(value.dtype).removeprefix('torch.')}"
