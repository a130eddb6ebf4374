"""Forest cover type (Blackard and Dean 1999, UCI): what grows on 581,012 plots of 30 x 30 m, told from maps."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from runner.contracts import Column, Data, Source
from runner.data.covtype_files import NAMES, ROW_NUMBER, TARGET, TRAIN_ROWS, VAL_ROWS, found, names_in
from runner.data.download import download, missing
from runner.data.downloads import PUBLICATIONS
from runner.data.table.chosen import OTHERS
from runner.data.table.column_kinds import Kind
from runner.data.table.dialect import Reading
from runner.data.table.file import find_file
from runner.data.table.given_splits import Official
from runner.data.table.table import Goal, Meaning, read_table

CLASSES = {str(label): name for label, name in enumerate(PUBLICATIONS["covtype"].class_names, start=1)}


class Covtype(Source):
    """54 columns, 7 classes. The file is ``path``, else the largest in ``data_dir`` with its columns, else it is
    downloaded there.

    The official split is by position; a file of the first rows alone has an empty test split. The random one is drawn
    as of any table.
    """

    def __init__(self, *, path: str | None, features: list[str | int] | None, split: Literal["official", "random"]):
        self.path, self.features, self.split = path, features, split

    def load(self, data_dir: Path) -> Data:
        path, note = (find_file(self.path, data_dir), "") if self.path else _file_in(data_dir)
        names = names_in(path)
        reading = Reading(names=names, delimiter=",", decimal=".")
        kinds: dict[str, Column | Kind] = {OTHERS: "numeric"}
        if ROW_NUMBER in names:
            kinds[ROW_NUMBER] = "ignored"
        meaning = Meaning(kinds, missing="refuse", unknown="refuse", features=self.features)
        official = Official(rows=(TRAIN_ROWS, VAL_ROWS), kind=self.split)
        data = read_table(path, reading, meaning, Goal(TARGET, "multiclass", CLASSES), official)
        return replace(data, notes=(*data.notes, note)) if note else data


def _file_in(data_dir: Path) -> tuple[Path, str]:
    """(the file to read, which others it was taken before). Raises DataError where there is none."""
    if files := found(data_dir):
        others = ", ".join(path.name for path in files[1:])
        return files[0], others and f"{files[0].name} is read, the largest; there is also {others}: dataset.path=..."
    if here := [data_dir / name for name in NAMES if (data_dir / name).is_file()]:
        return here[0], ""  # what is wrong with it is told when it is read
    download("covtype", data_dir, missing)
    return data_dir / NAMES[0], ""
