"""The terminals of a sweep in the README: on its way, and what it comes to; run for real, drawn as SVG.

python scripts/picture_sweep.py     writes docs/sweep.svg and docs/conclusion.svg
"""

from __future__ import annotations

import os
from contextlib import chdir, nullcontext
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.theme import Theme

from runner.cli.main import main as run
from runner.screen import sweep as screen
from runner.screen.console import READABLE
from runner.screen.sweep import LiveTable, SweepState
from runner.sweep import ending

DOCS = Path(__file__).parent.parent / "docs"
WIDTH = 100  # columns
COMMAND = "train -m model=mlp,cnn optimizer.lr=0.01,0.001 seed=0,1,2 epochs=20"
SHOWN_AFTER = 5  # jobs that have ended


def main() -> None:
    on_its_way, at_its_end = terminal(), terminal()
    on_its_way.print(Text(f"$ python -m runner {COMMAND}", style="bold"))
    screen.console, screen.LiveTable = lambda stream: on_its_way, Snapshot
    ending.console = lambda stream: at_its_end
    os.environ |= {"RUNNER_OUTPUTS": "outputs", "TERM": "xterm", "CI": "", "NO_COLOR": ""}
    with TemporaryDirectory() as folder, chdir(folder):
        assert run(COMMAND.split()) == 0
    write(at_its_end, "conclusion.svg")


class Snapshot(LiveTable):
    """In the place of the live table, which is never at rest: it is drawn once, into the picture."""

    is_written = False

    def _begun(self) -> nullcontext:
        return nullcontext()

    def update(self, state: SweepState) -> None:
        if not self.is_written and state.finished >= SHOWN_AFTER and all(job.epoch > 1 for job in state.running):
            self._console.print(self._drawn(state))
            write(self._console, "sweep.svg")
            self.is_written = True

    def stop(self) -> None:
        assert self.is_written


class Terminal(Console):
    """A picture has an edge, at which a terminal would go on in the next line."""

    def print(self, *what: Any, soft_wrap: bool = False, **how: Any) -> None:
        super().print(*what, **how)


def terminal() -> Console:
    drawn = {"record": True, "force_terminal": True, "color_system": "truecolor", "theme": Theme(READABLE)}
    return Terminal(file=StringIO(), width=WIDTH, highlight=False, markup=False, **drawn)


def write(console: Console, name: str) -> None:
    path = DOCS / name
    path.write_text(console.export_svg(title="runner"), encoding="utf-8")
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
