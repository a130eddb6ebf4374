"""What folders say of the pictures in them: their class, and their split where there are folders for that."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.data.pictures.folder_tree import Folder, folder_tree, shown
from runner.data.pictures.picture import SUFFIXES
from runner.data.splits import SPLIT_NAMES
from runner.errors import DataError

HOW = "put the pictures of each class into a folder with the name of the class"


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
    return pictures, [*left_out, *folders.notes, *folders.note_on_others()]


def split_of(name: str) -> str:
    """The split that is in a folder's name, as in Train_Set, seg_train, 1.Training or val2017; "" where none is."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFC", name))
    words = (re.sub(r"(set|data)$", "", word) for word in re.findall(r"[^\W\d_]+", parted.lower()))
    splits = {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
    return splits.pop() if len(splits) == 1 else ""


def inmost(folder: Folder) -> Folder:
    """Past folders that hold nothing but one folder of folders, as archives do."""
    while not folder.pictures and len(folder.folders) == 1 and folder.folders[0].is_nest:
        folder = folder.folders[0]
    return folder


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
        pictures = []
        if "train" not in splits:
            pictures = self.of_rest(folder, rest, splits)
        else:
            self.note_on_pictures_of(folder)
            self.leave_out(rest, splits)
        if any(named.name != split for split, named in splits.items()):
            self.notes.append(", ".join(f"{named.name} is the {split} split" for split, named in splits.items()))
        for split, named in splits.items():
            inside = self.entered(named)
            pictures += self.of_classes(inside, inside.folders, split)
        check_trained(pictures, splits.get("train", folder))
        return pictures

    def entered(self, folder: Folder) -> Folder:
        inside = inmost(folder)
        if inside is not folder:
            self.notes.append(f"gone into {self.shown([inside])}, the only folder there")
        return inside

    def of_rest(self, folder: Folder, rest: Sequence[Folder], splits: Mapping[str, Folder]) -> list[Picture]:
        """The classes that lie beside test or val folders are there to train."""
        classes = [inside for inside in rest if inside.name.lower() not in SPLIT_NAMES]
        others = self.shown(list(splits.values()))
        if len(classes) < 2:
            flat = [inside for inside in rest if split_of(inside.name) == "train"]
            none = DataError(f"{folder.path}: no folder to train on beside {others}; give it the name train")
            raise too_few_classes(flat[0], flat[0].folders) if flat else none
        self.leave_out([inside for inside in rest if inside not in classes], splits)
        self.notes.append(f"{self.shown(classes)}: the train split, beside {others}")
        return self.of_classes(folder, classes, "train")

    def leave_out(self, rest: Sequence[Folder], splits: Mapping[str, Folder]) -> None:
        """What lies beside the splits. Raises DataError where it has the name of one and could be meant as such."""
        trained = [inside.name for inside in inmost(splits["train"]).folders] if "train" in splits else []
        for folder in rest:
            classes = inmost(folder).folders
            is_lost = len(classes) == 1 and classes[0].name in trained and split_of(folder.name)
            if is_lost or (folder.name.lower() in SPLIT_NAMES and not folder.num_pictures):
                raise too_few_classes(folder, classes)
        if left := [folder for folder in rest if folder.num_pictures]:
            count, beside = sum(folder.num_pictures for folder in left), self.shown(list(splits.values()))
            self.notes.append(f"{self.shown(left)}: left out, {pictures_of(count)} in none of the splits ({beside})")

    def of_classes(self, where: Folder, classes: Sequence[Folder], split: str) -> list[Picture]:
        """The pictures of the folders of ``where`` that are classes."""
        if len(classes) < 2:
            raise too_few_classes(where, classes)
        if not split:
            self.check_names(where, classes)
        for folder in classes:
            check_class(folder)
        self.note_on_pictures_of(where)
        self.note_on_nests([folder for folder in classes if folder.is_nest])
        inside = [below for folder in classes for below in folder.with_all_below()]
        self.others.update(
            os.path.splitext(path)[1].lower() or os.path.basename(path) for below in inside for path in below.others
        )
        return [Picture(path, folder.name, split) for folder in classes for path in folder.all_pictures()]

    def check_names(self, where: Folder, classes: Sequence[Folder]) -> None:
        """Raises DataError where all could be splits whose pictures are in no class folders."""
        splits = {split_of(folder.name) for folder in classes}
        if "train" in splits and len(splits) > 1 and "" not in splits:
            raise DataError(f"{where.path}: no class folder in {self.shown(classes)}; {HOW}")
        if named := [folder for folder in classes if folder.name.lower() in SPLIT_NAMES]:
            self.notes.append(
                f"{self.shown(named)}: taken for a class, for it holds pictures itself; take it away where it is none"
            )

    def note_on_pictures_of(self, folder: Folder) -> None:
        if folder.pictures:
            count = pictures_of(len(folder.pictures))
            self.notes.append(f"{shown(folder.pictures, self.tree.path)}: left out, {count} beside the class folders")

    def note_on_nests(self, nests: Sequence[Folder]) -> None:
        if nests:
            first = nests[0]
            self.notes.append(
                f"{self.shown(nests)}: no picture of its own, those of the folders below count "
                f"({shown([folder.path for folder in first.folders], first.path)}); "
                f"where these are the classes: dataset.path={first.path}"
            )

    def note_on_others(self) -> list[str]:
        counts = ", ".join(f"{count:,} {ending}" for ending, count in self.others.most_common())
        return [f"left out, no pictures by their names: {counts}"] if counts else []

    def shown(self, folders: Sequence[Folder]) -> str:
        return shown([folder.path for folder in folders], self.tree.path)


def splits_in(folder: Folder) -> dict[str, Folder]:
    """The folders of ``folder`` that hold class folders and have the name of a split. Raises DataError for a second."""
    are_classes = any(inside.pictures and not split_of(inside.name) for inside in folder.folders)
    splits: dict[str, Folder] = {}
    for inside in folder.folders:
        split = split_of(inside.name)
        if not split or not inside.num_pictures or len(inmost(inside).folders) < 2 or (inside.pictures and are_classes):
            continue
        if split in splits:
            raise DataError(
                f"{folder.path}: {splits[split].name} and {inside.name} both have a name for {split}; "
                f"rename one, or take it away"
            )
        splits[split] = inside
    return splits


def check_class(folder: Folder) -> None:
    """Raises DataError where a class folder has no picture, or is none."""
    if not folder.num_pictures:
        raise DataError(
            f"{folder.path}: no picture in this class folder ({', '.join(SUFFIXES)}); "
            f"put some in, or take the folder away"
        )
    if folder.is_nest and folder.name.lower() in SPLIT_NAMES:
        raise too_few_classes(folder, folder.folders)
    names = [inside.name for inside in folder.folders]
    splits = {split_of(name) for name in names}
    if folder.is_nest and len(splits) > 1 and "train" in splits and "" not in splits:
        raise DataError(
            f"{folder.path}: a class that holds splits, {', '.join(names)}; "
            f"put the classes into the splits, as {names[0]}/{folder.name}"
        )


def check_trained(pictures: Sequence[Picture], train: Folder) -> None:
    """Raises DataError where a class has no picture to train on."""
    trained = {picture.class_name for picture in pictures if picture.split == "train"}
    for picture in pictures:
        if picture.class_name not in trained:
            raise DataError(f"{picture.path}: there is no class {picture.class_name} in {train.path}")


def too_few_classes(folder: Folder, classes: Sequence[Folder]) -> DataError:
    found = f"only one class folder, {classes[0].name}" if classes else "no class folder"
    return DataError(f"{folder.path}: {found}; {HOW}")


def pictures_of(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"
