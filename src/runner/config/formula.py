"""A formula of a few names, read as arithmetic and never run as Python. ``condition`` reads more by the same reader."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from runner.config.spelling import listed, nearest

MAX_LENGTH = 300  # characters
OPERATORS: Mapping[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "cos": math.cos,
}
CONSTANTS = {"pi": math.pi}


class Formula:
    """``0.95 ** epoch``: numbers, + - * / // % **, brackets, FUNCTIONS, pi and the ``names`` that are given.

    ``lambda epoch: 0.95 ** epoch``, as torch has it, is the same formula: ``text`` is what stands behind the colon.
    Raises ValueError that says at which character something else stands.
    """

    def __init__(self, text: str, names: Collection[str]):
        self.text = " ".join(text.split())
        if fault := next(_faults(self.text, names), None):
            raise ValueError(fault)
        self._body = _behind_lambda(parsed(self.text), names)
        if isinstance(parsed(self.text), ast.Lambda):
            self.text = ast.unparse(self._body)
        self.names = {node.id for node in ast.walk(self._body) if isinstance(node, ast.Name)} & set(names)

    def __call__(self, **values: float) -> float:
        """Its value, all numbers taken as floats: none grows without end. Raises ValueError where there is none."""
        value = told(lambda: value_of(self._body, {**CONSTANTS, **values}.__getitem__))
        if isinstance(value, complex) or not math.isfinite(value):
            raise ValueError(f"comes to {value}")
        return float(value)


def told(result: Callable[[], Any]) -> Any:
    """Raises ValueError, whatever arithmetic raises."""
    try:
        return result()
    except OverflowError as error:
        raise ValueError("grows too large") from error
    except (ArithmeticError, ValueError, TypeError) as error:
        raise ValueError(str(error)) from error


def parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def syntax_fault(text: str, what: str) -> str | None:
    if len(text) > MAX_LENGTH:
        return f"longer than {MAX_LENGTH} characters"
    try:
        parsed(text)
        return None
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        column = getattr(error, "offset", None) or max(1, len(text))  # none where it breaks off
        return f"character {column}: {what}"


def _faults(text: str, names: Collection[str]) -> Iterator[str]:
    """What is not arithmetic, in the order of the text."""
    if fault := syntax_fault(text, "is not a formula"):
        yield fault
        return
    yield from placed(text, _behind_lambda(parsed(text), names), lambda node: _formula_fault(node, names))


def _behind_lambda(body: ast.expr, names: Collection[str]) -> ast.expr:
    """What a lambda of one of the names gives; anything else as it is."""
    match body:
        case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)]) as given) if name in names:
            others = (given.posonlyargs, given.kwonlyargs, given.defaults, given.vararg, given.kwarg)
            return body if any(others) else body.body
    return body


def called(body: ast.expr) -> set[int]:
    return {id(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)}


def placed(text: str, body: ast.expr, fault: Callable[[ast.AST], str | None]) -> Iterator[str]:
    """The faults of the nodes, with the place of each."""
    functions = called(body)
    nodes = [node for node in ast.walk(body) if isinstance(node, ast.expr | ast.keyword)]
    for node in sorted(nodes, key=lambda node: node.col_offset):
        found = fault(node) if id(node) not in functions else None
        if found:
            yield f"character {_column(text, node)} ({ast.unparse(node)}): {found}"


def _column(text: str, node: ast.AST) -> int:
    """Where the node begins, counted from 1; ast counts bytes."""
    return len(text.encode()[: getattr(node, "col_offset", 0)].decode()) + 1


def _formula_fault(node: ast.AST, names: Collection[str]) -> str | None:
    if isinstance(node, ast.Lambda):
        return "is not a lambda of one name that the formula knows, such as lambda epoch: 0.95 ** epoch"
    return arithmetic_fault(node, lambda name: _name_fault(name, [*names, *CONSTANTS]))


def arithmetic_fault(
    node: ast.AST, name_fault: Callable[[str], str | None], other: str = "is not arithmetic"
) -> str | None:
    if isinstance(node, ast.Constant):
        return _number_fault(node.value)
    if isinstance(node, ast.Name):
        return name_fault(node.id)
    if isinstance(node, ast.Call):
        return _call_fault(node)
    if isinstance(node, ast.BinOp | ast.UnaryOp):
        return None if type(node.op) in OPERATORS else "no such operation; there are + - * / // % **"
    return other


def _name_fault(name: str, known: Collection[str]) -> str | None:
    if name in known:
        return None
    if name in FUNCTIONS:
        return f"is a function; write {name}(...)"
    meant = nearest(name, known)
    return f"no such name; {f'did you mean {meant}?' if meant else f'there are {listed(known)}'}"


def _number_fault(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is not a number"
    try:
        return None if math.isfinite(float(value)) else "is too large"
    except OverflowError:
        return "is too large"


def _call_fault(node: ast.Call) -> str | None:
    name = node.func.id if isinstance(node.func, ast.Name) else None
    if name not in FUNCTIONS:
        return f"is not a function; there are {listed(FUNCTIONS)}"
    least, most = (2, math.inf) if name in ("min", "max") else (1, 1)
    starred = node.keywords or any(isinstance(item, ast.Starred) for item in node.args)
    return "takes another number of values" if starred or not least <= len(node.args) <= most else None


def value_of(node: ast.expr, value: Callable[[str], Any]) -> Any:
    """Its value; every number is a float."""
    match node:
        case ast.Constant():
            return _plain(node.value)
        case ast.Name():
            return _plain(value(node.id))
        case ast.UnaryOp():
            return OPERATORS[type(node.op)](_number(node.operand, value))
        case ast.BinOp():
            return OPERATORS[type(node.op)](_number(node.left, value), _number(node.right, value))
        case ast.Call(func=ast.Name(id=name)):
            return FUNCTIONS[name](*(_number(item, value) for item in node.args))
        case ast.List() | ast.Tuple():
            return tuple(value_of(item, value) for item in node.elts)
    raise AssertionError("checked when the formula was read")


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _number(node: ast.expr, value: Callable[[str], Any]) -> Any:
    found = value_of(node, value)
    if not isinstance(found, float | complex):
        raise ValueError(f"{ast.unparse(node)} is {readable(found)}, no number")
    return found


def readable(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "null" if value is None else str(value)
