"""``predict ... --picture``: the examples with their answers, as a file and, where it has colours, in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from runner.cli.picture_files import form_of
from runner.contracts import Column
from runner.figures.answers import MOST, answer_tiles, draw_answers
from runner.figures.dataset_view import Title
from runner.figures.style import advice, style
from runner.figures.terminal import has_colours, tiles
from runner.runs.files import write_whole
from runner.screen.console import RunConsole, console
from runner.screen.predictions import Answers


class AnswerPicture:
    """Keeps the first answers beside their rows, as many as a picture holds, until ``write`` draws them into ``out``.

    ``columns`` are those of a table.
    """

    def __init__(self, out: Path, facts: str, columns: Sequence[Column]):
        self.out = out
        self.facts = facts
        self.columns = columns
        self.kept: list[tuple[Answers, Tensor]] = []
        self.num_rows = 0  # of all that were answered

    def keep(self, answers: Answers, x: Tensor) -> None:
        """``x`` [n, ...] are the raw rows."""
        room = MOST[x.ndim == 4] - self.num_rows
        self.num_rows += len(x)
        if room > 0:
            first = replace(
                answers, names=answers.names[:room], scores=answers.scores[:room], truths=answers.truths[:room]
            )
            self.kept.append((first, x[:room].cpu()))

    def write(self, messages: RunConsole) -> None:
        """Draws what was kept, one row at least."""
        answers, x = self.joined()
        note = f"the first {len(x)} of {self.num_rows:,}" if len(x) < self.num_rows else ""
        if self.num_rows == 1:
            note = answers.names[0]
        with style() as boxes:
            picture = draw_answers(Title("Answers", self.facts, note), answers, x, self.columns)
            write_whole(self.out, picture.content(form_of(self.out)))
        screen = console(sys.stdout)
        if screen.is_terminal and has_colours(screen) and (groups := answer_tiles(answers, x)):
            messages.show(*tiles(groups, screen.width))
        if boxes:
            messages.warn(advice(boxes))
        messages.note(f"picture written to {self.out}")

    def joined(self) -> tuple[Answers, Tensor]:
        blocks, rows = zip(*self.kept, strict=True)
        names = [name for block in blocks for name in block.names]
        truths = [truth for block in blocks for truth in block.truths]
        scores = torch.cat([block.scores for block in blocks])
        return replace(blocks[0], names=names, scores=scores, truths=truths), torch.cat(rows)
