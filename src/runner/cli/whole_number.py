"""A flag's whole number."""

from __future__ import annotations

import argparse


def whole_number(text: str) -> int:
    """Raises ArgumentTypeError, since what argparse says of an int is for programmers."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number, 0 or more")
    return int(text)
