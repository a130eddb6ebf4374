"""A folder of pictures and the folders below it, as they lie on the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.data.pictures.picture import SUFFIXES
from runner.errors import DataError

# the files that only a run has, trained or killed before it began; `view RUN` draws into a folder of such a name
FILES_OF_A_RUN = ({"config.yaml", "summary.json"}, {"config.yaml", ".hydra"}, {".owner"})
DRAWN_BY_VIEW = re.compile(r"view-(\d\d-\d\d-\d\d-\d{6}-.+|fold-\d+)")
OF_SYSTEMS = ("__MACOSX", "Thumbs.db", "desktop.ini")  # and whatever begins with a dot
MOST_SHOWN = 3


@dataclass(frozen=True)
class Folder:
    """What a folder holds, but for what is hidden, no file, or of a run."""

    path: str
    pictures: tuple[str, ...]  # paths of its own
    others: tuple[str, ...]  # of its own files that are no pictures
    folders: tuple[Folder, ...]  # by name
    num_pictures: int  # with those of the folders below it

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    @property
    def is_nest(self) -> bool:
        """Whether all of its pictures are in folders below it."""
        return not self.pictures and self.num_pictures > 0

    def with_all_below(self) -> Iterator[Folder]:
        waiting = [self]
        while waiting:
            yield (folder := waiting.pop())
            waiting += folder.folders

    def all_pictures(self) -> list[str]:
        """The paths of its own and of those below it, in their order."""
        return sorted(path for folder in self.with_all_below() for path in folder.pictures)


def folder_tree(top: Path) -> tuple[Folder, list[str]]:
    """The folder, links followed, and notes on what was left out. Raises DataError where a folder cannot be read."""
    places: list[Place] = []
    runs: list[str] = []
    waiting = [str(top)]
    while waiting:
        place = read_place(waiting.pop())
        if places and is_of_a_run(place):
            runs.append(place.path)
        else:
            places.append(place)
            waiting += place.folders
    strange = [path for place in places for path in place.strange]
    notes = [f"{shown(runs, top)}: left out, of a run of this program"] if runs else []
    notes += [f"{shown(strange, top)}: left out, no file, or a link that leads nowhere or back"] if strange else []
    return as_tree(places, runs), notes


def shown(paths: Sequence[str], top: str | Path) -> str:
    """As "a, b/c, d and 5 more", below ``top``."""
    more = f" and {len(paths) - MOST_SHOWN:,} more" if len(paths) > MOST_SHOWN else ""
    return ", ".join(os.path.relpath(path, top) for path in sorted(paths)[:MOST_SHOWN]) + more


@dataclass(frozen=True)
class Place:
    """One folder of the disk; the paths are in the order of their names."""

    path: str
    names: set[str]
    folders: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)


def read_place(path: str) -> Place:
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as fault:
        raise DataError(f"{path}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault
    place = Place(path, {entry.name for entry in entries})
    for entry in entries:
        if entry.name.startswith(".") or entry.name in OF_SYSTEMS:
            continue
        inside = entry.name if path == "." else os.path.join(path, entry.name)
        getattr(place, kind_of(entry, inside)).append(inside)
    return place


def kind_of(entry: os.DirEntry[str], path: str) -> str:
    """The list of a Place: others are files but no pictures, strange is no file, or a folder not to go into."""
    is_picture = entry.name.lower().endswith(SUFFIXES)
    is_file = entry.is_file(follow_symlinks=False)
    if entry.is_symlink():
        if os.path.isdir(path):
            return "strange" if leads_back(path) else "folders"
        is_file = os.path.isfile(path) or (
            is_picture and not os.path.exists(path)
        )  # whoever reads a lost one will hear
    elif entry.is_dir():
        return "folders"
    return "strange" if not is_file else "pictures" if is_picture else "others"


def leads_back(link: str) -> bool:
    """Whether who follows the link comes by it again."""
    target = Path(link).resolve()
    return any(folder.resolve().is_relative_to(target) for folder in Path(link).absolute().parents)


def is_of_a_run(place: Place) -> bool:
    has_files = any(files <= place.names for files in FILES_OF_A_RUN)
    return has_files or DRAWN_BY_VIEW.fullmatch(os.path.basename(place.path)) is not None


def as_tree(places: Sequence[Place], runs: Sequence[str]) -> Folder:
    """The first of the places with the others below it, each after that which it lies in; of runs nothing remains."""
    of_runs = {str(folder) for run in runs for folder in (run, *Path(run).parents)}
    found: dict[str, Folder] = {}
    for place in reversed(places):
        below = [found[path] for path in place.folders if path in found]
        folders = tuple(folder for folder in below if folder.num_pictures or folder.path not in of_runs)
        count = len(place.pictures) + sum(folder.num_pictures for folder in folders)
        found[place.path] = Folder(place.path, tuple(place.pictures), tuple(place.others), folders, count)
    return found[places[0].path]
