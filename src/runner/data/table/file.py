"""Where the file of a table is. torch is not imported."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from runner.config.spelling import near_file
from runner.data.table.text import composed
from runner.errors import DataError
from runner.text import expanded

ELSEWHERE = "\n  in another folder: data_dir=..."


def is_address(path: str) -> bool:
    return path.startswith(("http://", "https://"))


def find_file(name: str, data_dir: Path) -> Path:
    """The file of this name, here or in ``data_dir``, where a file that was moved may be too. Raises DataError."""
    path = expanded(name)
    places = [path, data_dir / path.name] if path.is_absolute() else [Path.cwd() / path, data_dir / path]
    for place in places:
        if place.is_file():
            return _as_typed(place)  # it is read in messages
    if any(place.is_dir() for place in places):
        raise DataError(f"dataset.path={name}: is a folder; name a file in it")
    if other := next(filter(None, map(_spelled_otherwise, places)), None):
        return other
    if any(place.exists() for place in places):
        raise DataError(f"dataset.path={name}: is a pipe or a device, not a file; save the table as one")
    near = next(filter(None, map(near_file, places)), None)
    hint = f"; did you mean {quote(f'dataset.path={_as_typed(near)}')}?" if near else ELSEWHERE
    raise DataError(f"dataset.path={name}: no such file; looked for {' and '.join(map(str, places))}{hint}")


def _as_typed(place: Path) -> Path:
    return place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place


def _spelled_otherwise(place: Path) -> Path | None:
    """The file whose name has the same letters, their accents within or beside them."""
    others = place.parent.iterdir() if not place.name.isascii() and place.parent.is_dir() else ()
    return next((other for other in others if composed(other.name) == composed(place.name) and other.is_file()), None)
