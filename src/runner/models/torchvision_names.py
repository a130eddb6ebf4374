"""The names of torchvision's classification nets, read from its files: to import it takes seconds."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from runner.config.spelling import bare, nearest

REGISTERED = re.compile(r"^@register_model\(\)\n(?:@.*\n)*def (\w+)\(", re.M)
SMALL = ("_t", "tiny", "small")  # how the smallest net of a family may end


@cache
def names() -> tuple[str, ...]:
    """All of them; () where there is no torchvision."""
    found = find_spec("torchvision")
    folders = [Path(place) / "models" for place in (found.submodule_search_locations or ())] if found else []
    files = (file for folder in folders for file in sorted(folder.glob("*.py")))
    return tuple(name for file in files for name in REGISTERED.findall(file.read_text(encoding="utf-8")))


def named(word: str) -> str | None:
    """The net that goes by this name, but for case and _; of a family, as resnet, the smallest."""
    plain = bare(word)
    family = [name for name in names() if len(plain) > 2 and bare(name).startswith(plain)]
    return min(family, key=lambda name: (bare(name) != plain, _size(name)), default=None)


def near(word: str) -> str | None:
    """The net whose name is written nearly so."""
    return nearest(word, names())


def _size(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """What is said to be small first, then by the numbers: resnet18 before resnet101."""
    parts = re.findall(r"\d+|\D+", name)
    return not name.endswith(SMALL), [(int(part) if part.isdigit() else 0, part) for part in parts]
