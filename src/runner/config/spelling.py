"""What a person most likely meant by a word that is no name here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

from runner.config.elsewhere import CHOICES, KNOBS, OPTIONS, SETTINGS
from runner.text import visible

SLIP = 0.85  # share of the letters of another program's name that a slip leaves


def nearest(word: str, names: Iterable[str], least: float = 0.6) -> str | None:
    """The name that ``word`` most likely stands for: same but for case and _, another program's name, or a slip.

    ``least`` is the share of letters that a slip leaves as they are.
    """
    known = list(names)
    if same := another_name(word, known):
        return same
    plain = {bare(name): name for name in known}
    begun = [name for name in known if len(bare(word)) > 2 and bare(name).startswith(bare(word))]
    if len(begun) == 1:
        return begun[0]
    if close := difflib.get_close_matches(bare(word), plain, n=1, cutoff=least):
        return plain[close[0]]
    other = difflib.get_close_matches(bare(word), _elsewhere(), n=1, cutoff=SLIP)
    return another_name(other[0], known) if other else None


def near_file(path: Path, endings: Collection[str] = ()) -> Path | None:
    """The file beside it of nearly its name, and with its ending or one of ``endings``."""
    try:
        beside = sorted(path.parent.iterdir())
    except OSError:  # no folder, or none that may be read
        return None
    alike = {file.stem: file for file in beside if file.suffix.lower() in (path.suffix.lower(), *endings)}
    stems = [stem for stem, file in alike.items() if file.is_file()]
    meant = nearest(path.stem, stems, least=0.5)  # of a name in Korean, two syllables long, one may be wrong
    return alike[meant] if meant else None


def another_name(word: str, names: Iterable[str]) -> str | None:
    """The name that is the same but for case and _, or that other programs call so."""
    plain = {bare(name): name for name in names}
    meant = (bare(word), *map(bare, _elsewhere().get(bare(word), ())))
    return next((plain[name] for name in meant if name in plain), None)


@cache
def _elsewhere() -> dict[str, list[str]]:
    """Bare name elsewhere -> names here."""
    here: dict[str, list[str]] = {}
    for name, others in [*SETTINGS.items(), *KNOBS.items(), *CHOICES.items(), *OPTIONS.items()]:
        for other in others.split():
            here.setdefault(bare(other), []).append(name)
    return here


def bare(word: str) -> str:
    """The letters and digits of a word, without the endings by which classes say their kind: StepLR -> steplr."""
    letters = re.sub(r"[\W_]+", "", word).lower()
    return letters.removesuffix("loss") or letters


def listed(names: Iterable[str]) -> str:
    """The names in one line: a, b, c."""
    return ", ".join(map(visible, names))
