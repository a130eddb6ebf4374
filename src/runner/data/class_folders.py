"""Folders of pictures, and what they say of them: their class, and their split where there are folders for that."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.data.picture import SUFFIXES
from runner.data.splits import SPLIT_NAMES, split_of
from runner.errors import DataError
from runner.text import counted

# the files that only a run has, trained or killed before it began; `view RUN` draws into a folder of such a name
FILES_OF_A_RUN = ({"config.yaml", "summary.json"}, {"config.yaml", ".hydra"}, {".owner"})
DRAWN_BY_VIEW = re.compile(r"view-(\d\d-\d\d-\d\d-\d{6}-.+|fold-\d+)")
OF_SYSTEMS = ("__MACOSX", "Thumbs.db", "desktop.ini")  # and whatever begins with a dot
MOST_SHOWN = 3
HOW = "put the pictures of each class into a folder with the name of the class"


@dataclass(eq=False)
class Folder:
    """What a folder holds, but for what is hidden; all in the order of their names."""

    path: str
    pictures: list[str] = field(default_factory=list)  # paths of its own
    others: list[str] = field(default_factory=list)  # of its own files that are no pictures
    strange: list[str] = field(default_factory=list)  # what is no file, or a folder not to go into
    folders: list[Folder] = field(default_factory=list)

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    @property
    def num_pictures(self) -> int:
        """With those of the folders below it."""
        return sum(len(folder.pictures) for folder in self.with_all_below())

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

    def inmost(self) -> Folder:
        """Past folders that hold nothing but one folder of folders, as archives do."""
        folder = self
        while not folder.pictures and len(folder.folders) == 1 and folder.folders[0].is_nest:
            folder = folder.folders[0]
        return folder


def folder_tree(top: Path) -> tuple[Folder, list[str]]:
    """The folder, links followed, and notes on what was left out. Raises DataError where a folder cannot be read."""
    tree, runs = Folder(str(top)), []
    for folder in tree.with_all_below():
        if read_entries(folder) and folder is not tree:
            runs.append(folder.path)
            folder.pictures, folder.strange, folder.folders = [], [], []
    strange = [path for folder in tree.with_all_below() for path in folder.strange]
    of_runs = {str(above) for run in runs for above in (run, *Path(run).parents)}
    for folder in tree.with_all_below():  # of a run nothing remains
        folder.folders = [inside for inside in folder.folders if inside.path not in of_runs or inside.num_pictures]
    left_out = {"of a run of this program": runs, "no file, or a link that leads nowhere or back": strange}
    return tree, [f"{shown(paths, top)}: left out, {why}" for why, paths in left_out.items() if paths]


def read_entries(folder: Folder) -> bool:
    """Whether the folder, which is filled now, is of a run."""
    try:
        entries = sorted(os.scandir(folder.path), key=lambda entry: entry.name)
    except OSError as fault:
        raise DataError(f"{folder.path}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault
    for entry in entries:
        if entry.name.startswith(".") or entry.name in OF_SYSTEMS:
            continue
        path = entry.name if folder.path == "." else os.path.join(folder.path, entry.name)
        kind = kind_of(entry, path)
        getattr(folder, kind).append(Folder(path) if kind == "folders" else path)
    names = {entry.name for entry in entries}
    return any(files <= names for files in FILES_OF_A_RUN) or DRAWN_BY_VIEW.fullmatch(folder.name) is not None


def kind_of(entry: os.DirEntry[str], path: str) -> str:
    """The list of a Folder that it belongs to; a picture that a link has lost is one still: its reader will hear."""
    is_link, is_picture = entry.is_symlink(), entry.name.lower().endswith(SUFFIXES)
    if os.path.isdir(path) if is_link else entry.is_dir():
        above = Path(path).absolute().parents if is_link else ()  # who follows such a link comes by it again
        leads_back = any(folder.resolve().is_relative_to(Path(path).resolve()) for folder in above)
        return "strange" if leads_back else "folders"
    is_lost = is_link and is_picture and not os.path.exists(path)
    is_file = os.path.isfile(path) if is_link else entry.is_file()
    return "strange" if not is_file and not is_lost else "pictures" if is_picture else "others"


def shown(paths: Sequence[str], top: str | Path) -> str:
    """As "a, b/c, d and 5 more", below ``top``."""
    more = f" and {len(paths) - MOST_SHOWN:,} more" if len(paths) > MOST_SHOWN else ""
    return ", ".join(os.path.relpath(path, top) for path in sorted(paths)[:MOST_SHOWN]) + more


@dataclass(frozen=True)
class Picture:
    """A file and what its folders say of it."""

    path: str
    class_name: str
    split: str  # train, val, test; "" where the publisher made no splits


def list_pictures(top: Path) -> tuple[list[Picture], list[str]]:
    """Every picture, class by class in the order of their names, and notes on how the folders were taken.

    Raises DataError where a class has no picture, or a folder may be a class as well as a split.
    """
    tree, left_out = folder_tree(top)
    folders = ClassFolders(tree)
    try:
        pictures = folders.pictures()
    except DataError as fault:  # perhaps for what was left out
        raise DataError("\n  ".join([str(fault), *left_out])) from fault
    notes = [*left_out, *folders.notes]
    if others := ", ".join(f"{count:,} {ending}" for ending, count in folders.others.most_common()):
        notes.append(f"left out, no pictures by their names: {others}")
    return pictures, notes


class ClassFolders:
    """The folders of a data set, and what a person should know of how they were taken."""

    def __init__(self, tree: Folder):
        self.tree = tree
        self.notes: list[str] = []
        self.others: Counter[str] = Counter()  # endings of files that are no pictures

    def pictures(self) -> list[Picture]:
        folder = self.entered(self.tree)
        splits = splits_in(folder)
        rest = [inside for inside in folder.folders if inside not in splits.values()]
        if not splits:
            return self.of_classes(folder, rest, "")
        pictures = [] if "train" in splits else self.of_rest(folder, rest, splits)
        if "train" in splits:
            self.note_on_pictures_of(folder)
            self.leave_out(rest, splits)
        if any(named.name != split for split, named in splits.items()):
            self.notes.append(", ".join(f"{named.name} is the {split} split" for split, named in splits.items()))
        for split, named in splits.items():
            inside = self.entered(named)
            pictures += self.of_classes(inside, inside.folders, split)
        trained = {picture.class_name for picture in pictures if picture.split == "train"}
        for picture in pictures:
            if picture.class_name not in trained:
                train = splits.get("train", folder).path
                raise DataError(f"{picture.path}: there is no class {picture.class_name} in {train}")
        return pictures

    def entered(self, folder: Folder) -> Folder:
        inside = folder.inmost()
        if inside is not folder:
            self.notes.append(f"gone into {self.shown([inside])}, the only folder there")
        return inside

    def of_rest(self, folder: Folder, rest: Sequence[Folder], splits: Mapping[str, Folder]) -> list[Picture]:
        """The classes that lie beside test or val folders are there to train."""
        classes = [inside for inside in rest if inside.name.lower() not in SPLIT_NAMES]
        others = self.shown(splits.values())
        if len(classes) < 2:
            if flat := [inside for inside in rest if split_of(inside.name) == "train"]:
                raise too_few_classes(flat[0], flat[0].folders)
            raise DataError(f"{folder.path}: no folder to train on beside {others}; give it the name train")
        self.leave_out([inside for inside in rest if inside not in classes], splits)
        self.notes.append(f"{self.shown(classes)}: the train split, beside {others}")
        return self.of_classes(folder, classes, "train")

    def leave_out(self, rest: Sequence[Folder], splits: Mapping[str, Folder]) -> None:
        """What lies beside the splits. Raises DataError where it has the name of one and could be meant as such."""
        trained = [inside.name for inside in splits["train"].inmost().folders] if "train" in splits else []
        for folder in rest:
            classes = folder.inmost().folders
            is_lost = len(classes) == 1 and classes[0].name in trained and split_of(folder.name)
            if is_lost or (folder.name.lower() in SPLIT_NAMES and not folder.num_pictures):
                raise too_few_classes(folder, classes)
        if left := [folder for folder in rest if folder.num_pictures]:
            count = counted(sum(folder.num_pictures for folder in left), "picture")
            self.notes.append(
                f"{self.shown(left)}: left out, {count} in none of the splits ({self.shown(splits.values())})"
            )

    def of_classes(self, where: Folder, classes: Sequence[Folder], split: str) -> list[Picture]:
        """The pictures of the folders of ``where`` that are classes."""
        if len(classes) < 2:
            raise too_few_classes(where, classes)
        if not split and are_splits(classes):
            raise DataError(f"{where.path}: no class folder in {self.shown(classes)}; {HOW}")
        for folder in classes:
            check_class(folder)
        if not split and (named := [folder for folder in classes if folder.name.lower() in SPLIT_NAMES]):
            self.notes.append(
                f"{self.shown(named)}: taken for a class, for it holds pictures itself; take it away where it is none"
            )
        self.note_on_pictures_of(where)
        if nests := [folder for folder in classes if folder.is_nest]:
            first = nests[0].path
            self.notes.append(
                f"{self.shown(nests)}: no picture of its own, those of the folders below count "
                f"({shown([folder.path for folder in nests[0].folders], first)}); "
                f"where these are the classes: dataset.path={first}"
            )
        others = [path for folder in classes for below in folder.with_all_below() for path in below.others]
        self.others.update(os.path.splitext(path)[1].lower() or os.path.basename(path) for path in others)
        return [Picture(path, folder.name, split) for folder in classes for path in folder.all_pictures()]

    def note_on_pictures_of(self, folder: Folder) -> None:
        if folder.pictures:
            count = counted(len(folder.pictures), "picture")
            self.notes.append(f"{shown(folder.pictures, self.tree.path)}: left out, {count} beside the class folders")

    def shown(self, folders: Collection[Folder]) -> str:
        return shown([folder.path for folder in folders], self.tree.path)


def splits_in(folder: Folder) -> dict[str, Folder]:
    """The folders of ``folder`` that hold class folders and have the name of a split. Raises DataError for a second."""
    are_classes = any(inside.pictures and not split_of(inside.name) for inside in folder.folders)
    splits: dict[str, Folder] = {}
    for inside in folder.folders:
        split = split_of(inside.name)
        if (
            not split
            or not inside.num_pictures
            or len(inside.inmost().folders) < 2
            or (inside.pictures and are_classes)
        ):
            continue
        if split in splits:
            raise DataError(
                f"{folder.path}: {splits[split].name} and {inside.name} both have a name for {split}; "
                f"rename one, or take it away"
            )
        splits[split] = inside
    return splits


def are_splits(folders: Sequence[Folder]) -> bool:
    """Whether all have the name of a split, train among them, and not all of the same."""
    splits = {split_of(folder.name) for folder in folders}
    return "train" in splits and len(splits) > 1 and "" not in splits


def check_class(folder: Folder) -> None:
    """Raises DataError where a class folder has no picture, or is none."""
    if not folder.num_pictures:
        raise DataError(
            f"{folder.path}: no picture in this class folder ({', '.join(SUFFIXES)}); "
            f"put some in, or take the folder away"
        )
    if folder.is_nest and folder.name.lower() in SPLIT_NAMES:
        raise too_few_classes(folder, folder.folders)
    if folder.is_nest and are_splits(folder.folders):
        names = [inside.name for inside in folder.folders]
        raise DataError(
            f"{folder.path}: a class that holds splits, {', '.join(names)}; "
            f"put the classes into the splits, as {names[0]}/{folder.name}"
        )


def too_few_classes(folder: Folder, classes: Sequence[Folder]) -> DataError:
    found = f"only one class folder, {classes[0].name}" if classes else "no class folder"
    return DataError(f"{folder.path}: {found}; {HOW}")
