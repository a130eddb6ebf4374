"""The terminal of the README: the first command, run for real, drawn as docs/terminal.svg.

python scripts/picture_terminal.py
"""

from __future__ import annotations

import os
from contextlib import chdir
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

from runner.cli.main import main as run
from runner.screen import console
from runner.screen.console import RunConsole
from runner.training import writers

PICTURE = Path(__file__).parent.parent / "docs" / "terminal.svg"
WIDTH = 100  # columns


def main() -> None:
    terminal = Console(
        record=True, file=StringIO(), width=WIDTH, force_terminal=True, color_system="truecolor", highlight=False
    )
    terminal.print(Text("$ python -m runner train", style="bold"))
    writers.RunConsole = partial(RunConsole, terminal)
    console.LiveBar = NoBar
    os.environ["RUNNER_OUTPUTS"] = "outputs"
    with TemporaryDirectory() as folder, chdir(folder):
        assert run(["train"]) == 0
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(terminal.export_svg(title="runner"), encoding="utf-8")
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


class NoBar:
    """In the place of the live bar, which is never at rest."""

    def __init__(self, *given: object):
        pass

    def update(self, report: object) -> None:
        pass

    def say(self, text: str) -> None:
        pass

    def stop(self) -> None:
        pass


if __name__ == "__main__":
    main()
