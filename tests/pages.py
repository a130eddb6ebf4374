"""A page of Markdown taken at its word: what it tells to write and to type, and what it says is printed."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isclose
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_digits

import program

RUNNER = ("python", "-m", "runner")
BLOCK = re.compile(r"(?:^`(?P<file>[\w./]+)`\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
PASSING = re.compile(r"\d[\d.]*(?= s\b)|\d\d-\d\d-\d\d-\d{6}|\d{4}-\d\d-\d\d")  # seconds taken, the time of a run
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
CLOSE = 0.03  # or a unit of the last place, of a number with a fraction: elsewhere sums are taken in another order


@dataclass(frozen=True)
class File:
    """A block below the name of a file in backticks: its content."""

    name: str
    text: str


@dataclass(frozen=True)
class Example:
    """What is typed, and what is printed: lines that follow each other; "..." stands for some that are left out."""

    typed: tuple[str, ...]
    printed: tuple[str, ...] = ()  # (): the page does not say


def steps(page: str) -> Iterator[File | Example]:
    """What the page tells to do, from top to bottom; a block without a language says what the one above it prints."""
    blocks = list(BLOCK.finditer(page))
    for block, below in zip(blocks, [*blocks[1:], None], strict=True):
        if block["file"]:
            yield File(block["file"], block["text"])
        elif block["language"] == "bash":
            follows = below and not below["language"] and below.start() == block.end() + 2
            yield Example(tuple(block["text"].splitlines()), tuple(below["text"].splitlines()) if follows else ())


def examples(page: str) -> list[Example]:
    """Those of the page that say what is printed."""
    return [step for step in steps(page) if isinstance(step, Example) and step.printed]


def furnish(folder: Path) -> None:
    """What a reader has: a table, rows of irises, pictures of two classes, pictures of digits."""
    towns = ("Mapo", "Jung", "Guro")
    rows = [f"{40 + i % 53},{towns[i % 3]},{1970 + i % 47},{(40 + i % 53) * 7000 + i % 3 * 90000}" for i in range(150)]
    (folder / "my.csv").write_text("\n".join(["size,district,built,price", *rows]))
    names = "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm"
    (folder / "flowers.csv").write_text(f"{names}\n5.1,3.5,1.4,0.2\n6.5,3.0,5.5,2.0\n")
    for name, red in (("rose", 200), ("tulip", 60)):
        (folder / "flowers" / name).mkdir(parents=True)
        for i in range(20):
            Image.new("RGB", (16 + i % 3, 16), (red + i, 90, 40)).save(folder / "flowers" / name / f"{i:03}.jpg")
    (folder / "photos").mkdir()
    for digit, pixels in enumerate(load_digits().images[:2]):
        picture = Image.fromarray((pixels * 15).astype("uint8"))
        picture.resize((64, 64)).save(folder / "photos" / f"{digit}.png")


def typed(line: str, home: Path) -> program.Done:
    """The line as a shell in ``home`` would run it, its comment taken off."""
    argv = shlex.split(line, comments=True)
    if tuple(argv[:3]) == RUNNER:
        return program.run(argv[3:], home / "said", before="be_a_reader", cwd=home)
    done = subprocess.run(["bash", "-c", line], cwd=home, capture_output=True, text=True, timeout=30, check=False)
    return program.Done(done.returncode, done.stdout, done.stderr)


def words(line: str) -> str:
    """The line with # for each number, and one blank between words."""
    return " ".join(NUMBER.sub("#", PASSING.sub("#", line)).split())


def numbers(line: str) -> list[str]:
    return [number.replace(",", "") for number in NUMBER.findall(PASSING.sub("", line))]


def same(shown: str, printed: str) -> bool:
    """Whether words and whole numbers are the same, and numbers with a fraction nearly so."""
    pairs = zip(numbers(shown), numbers(printed), strict=False)
    return words(shown) == words(printed) and all(close(*pair) for pair in pairs)


def close(shown: str, printed: str) -> bool:
    places = len(shown.partition(".")[2])
    return shown == printed or (
        places > 0 and isclose(float(shown), float(printed), rel_tol=CLOSE, abs_tol=1.5 * 10**-places)
    )


def pieces(lines: Sequence[str]) -> list[list[str]]:
    """The lines between those that are left out."""
    cut: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == "...":
            cut.append([])
        else:
            cut[-1].append(line)
    return [piece for piece in cut if piece]


def place(piece: Sequence[str], printed: Sequence[str], start: int) -> int | None:
    """Where in ``printed``, from ``start``, the lines of ``piece`` follow each other."""
    places = range(start, len(printed) - len(piece) + 1)
    return next((at for at in places if all(map(same, piece, printed[at:]))), None)


def missing(shown: Sequence[str], printed: Sequence[str]) -> list[str]:
    """The first piece of ``shown`` that is not in ``printed``, behind those before it; none: all are."""
    start = 0
    for piece in pieces(shown):
        at = place(piece, printed, start)
        if at is None:
            return piece
        start = at + len(piece)
    return []
