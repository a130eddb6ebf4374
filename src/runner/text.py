"""What people read: numbers, paths, and the text of others without what would steer a terminal."""

from __future__ import annotations

import math
import os
import re
import sys
import sysconfig
import traceback
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from rich.cells import cell_len, set_cell_size

AS_MODULE = "python -m runner"  # as messages are written; the program's own name takes its place where that was typed
LARGEST_EXACT = 2**24  # of float32: above it some whole numbers are missing
WORD = re.compile(r"(?<!\S)'[^']*'\S*|\S+")
C0_AND_C1 = (*range(0x20), *range(0x7F, 0xA0))
SEPARATORS_AND_DIRECTIONS = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
SHOWN = {code: f"\\x{code:02x}" for code in C0_AND_C1} | {code: f"\\u{code:04x}" for code in SEPARATORS_AND_DIRECTIONS}


def visible(text: str) -> str:
    """The text in one line: an escape is shown as \\x1b, an end of line as \\x0a."""
    return text if text.isprintable() else text.translate(SHOWN)


def shortened(text: str, width: int, mark: str = "") -> str:
    """The text, visible, in at most ``width`` columns of a terminal, ``mark`` at the end of what was cut.

    A Hangul or Chinese character takes two columns.
    """
    text = visible(text)
    return text if cell_len(text) <= width else set_cell_size(text, width - cell_len(mark)).rstrip() + mark


def message(text: str) -> str:
    """A message of several lines, visible; only its first line begins at the margin, whatever is quoted in it."""
    first, *others = text.split("\n")
    return "\n".join([visible(first), *(visible(line if line.startswith("  ") else f"  {line}") for line in others)])


def broken(text: str, width: int) -> Iterator[str]:
    """The text in lines of at most ``width`` columns, broken between words; what stands in quotes stays whole.

    A line that is to be pasted, a command or what is set in by blanks, is left to the terminal.
    """
    for line in text.split("\n"):
        if line.startswith("  ") or f"{program()} " in line or cell_len(line) <= width:
            yield line
            continue
        begun = ""
        for word in WORD.findall(line):
            longer = f"{begun} {word}" if begun else word
            if begun and cell_len(longer) > width:
                yield begun
            begun = word if begun and cell_len(longer) > width else longer
        yield begun


def say(*lines: str, file: TextIO | None = None) -> None:
    """Prints the lines, each visible."""
    print(*map(visible, lines), sep="\n", file=file, flush=True)


def program() -> str:
    """How the program was called: runner, or python -m runner."""
    return "runner" if Path(sys.argv[0]).name == "runner" else AS_MODULE


def as_called(text: str) -> str:
    """The text with the program's name as it was typed."""
    return text.replace(AS_MODULE, program())


def environment() -> dict[str, str]:
    """Where another Python finds the program, too: a notebook may have found it by its own sys.path."""
    source = str(Path(__file__).parents[1])
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))}


def painted(word: str, stream: TextIO) -> str:
    """error: in bold red, where ``stream`` is a terminal that shows colours."""
    plain = not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return word if plain else f"\x1b[1;31m{word}\x1b[0m"


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Shows ``text`` in a terminal while what is inside takes its time; the next line takes its place."""
    is_shown = sys.stderr.isatty()
    if is_shown:
        print(f"{visible(text)} ...", end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if is_shown:
            print("\x1b[2K", end="\r", file=sys.stderr, flush=True)


def discard(stream: IO[str]) -> None:
    """Points ``stream`` at nothing, so that what it still holds does not fail again when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def here(path: Path) -> str:
    """The path from the current folder on where it is below, else as it is."""
    return visible(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def expanded(path: str | Path) -> Path:
    """``path`` with the home that ~ or ~user stands for; as it is where there is none, as a shell leaves it."""
    return Path(os.path.expanduser(path))


def figure(value: float, *, is_short: bool = False) -> str:
    """``value`` with the digits before the point, with four behind it or five in all: 0.1234, 12.340, 3,669,244.

    1.234e-05 for what has no such digits. Where it ``is_short``, without zeros at its end: 0.5, 12.34.
    """
    if not math.isfinite(value):
        return str(value)  # nan, inf, -inf
    value = as_carried(value)
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e15):
        mantissa, _, exponent = f"{value:.3e}".partition("e")
        return f"{_trimmed(mantissa) if is_short else mantissa}e{exponent}"
    decimals = next((d for d, limit in ((4, 10), (3, 100), (2, 1000), (1, 10_000)) if size < limit), 0)
    text = f"{value:,.{decimals}f}"
    return _trimmed(text) if is_short else text


def as_carried(value: float) -> float:
    """``value`` with no more digits than float32 carries: seven of a number so large that not all are there."""
    return float(f"{value:.7g}") if abs(value) > LARGEST_EXACT else value


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: float) -> str:
    """``seconds`` in the two largest units that say something: 0.16 s, 12.3 s, 4 min 05 s, 2 h 10 min."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def reason(fault: BaseException) -> str:
    """KeyError: 'x' (my_data.py, line 12): what was raised, and where in the code of the user's, if it was there."""
    told = next((line for line in str(fault).splitlines() if line.strip()), "").strip()
    return ": ".join(filter(None, [type(fault).__name__, told])) + place(fault)


def place(fault: BaseException) -> str:
    """(my_data.py, line 12), the last line on the way to ``fault`` that no package brought; "" where there is none."""
    steps = [(step.filename, step.lineno) for step in traceback.extract_tb(fault.__traceback__)]
    own = [(Path(name).name, line) for name, line in steps if Path(name).is_file() and not _is_installed(name)]
    return f" ({own[-1][0]}, line {own[-1][1]})" if own else ""


def _is_installed(file: str) -> bool:
    """Whether it is of this program, of Python's own library, or of an installed package."""
    holders = (str(Path(__file__).parent), sysconfig.get_path("stdlib"))
    return file.startswith(holders) or not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)


def counted(count: int, noun: str) -> str:
    """1 epoch, 1,294 epochs."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def number(count: int) -> str:
    """1,294; - for none."""
    return f"{count:,}" if count else "-"


def short_names(names: Collection[str]) -> dict[str, str]:
    """optimizer.lr -> lr, for each of the settings; with what it belongs to where another of them ends so too."""
    endings = {name: name.rpartition(".")[2] for name in names}
    count = Counter(endings.values())
    return {name: end if count[end] == 1 else ".".join(name.split(".")[-2:]) for name, end in endings.items()}


def shape_text(shape: Sequence[int]) -> str:
    """3 x 32 x 32."""
    return " x ".join(map(str, shape))
