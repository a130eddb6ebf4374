"""Text of others as it is shown: what would steer the terminal, or turn the reading direction, by its number."""

from __future__ import annotations

from typing import TextIO

C0_AND_C1 = (*range(0x20), *range(0x7F, 0xA0))
SEPARATORS_AND_DIRECTIONS = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
SHOWN = {code: f"\\x{code:02x}" for code in C0_AND_C1} | {code: f"\\u{code:04x}" for code in SEPARATORS_AND_DIRECTIONS}


def visible(text: str) -> str:
    """The text in one line: an escape is shown as \\x1b, an end of line as \\x0a."""
    return text if text.isprintable() else text.translate(SHOWN)


def message(text: str) -> str:
    """A message of several lines, visible; only its first line begins at the margin, whatever is quoted in it."""
    first, *others = text.split("\n")
    return "\n".join([visible(first), *(visible(line if line.startswith("  ") else f"  {line}") for line in others)])


def say(*lines: str, file: TextIO | None = None) -> None:
    """Prints the lines, each visible."""
    print(*map(visible, lines), sep="\n", file=file, flush=True)
