"""What several verbs take from the command line: a whole number, the file to write."""

from __future__ import annotations

import argparse
from pathlib import Path

from runner.errors import ConfigError


def check_picture(out: Path, *, overwrite: bool) -> None:
    """Raises ConfigError where ``out`` is no name for a PNG file, or is there already."""
    if out.suffix.lower() != ".png":
        raise ConfigError(f"--out {out}: pictures are PNG files; name it {out.name or 'picture'}.png")
    check_out("--out", out, overwrite=overwrite)


def check_out(flag: str, out: Path, *, overwrite: bool) -> None:
    """Raises ConfigError where ``out`` cannot be made, or is there already; ``flag`` is what names another."""
    if out.is_dir():
        raise ConfigError(f"{flag} {out}: is a folder; name a file in it")
    if not out.parent.is_dir():
        raise ConfigError(f"{flag} {out}: there is no folder {out.parent}; make it first, or name another")
    if out.exists() and not overwrite:
        raise ConfigError(f"{out}: there already; replace it with --overwrite, or name another with {flag}")


def whole_number(text: str) -> int:
    """Raises ArgumentTypeError, since what argparse says of an int is for programmers."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number, 0 or more")
    return int(text)
