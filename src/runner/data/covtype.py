"""Forest cover type (Blackard and Dean 1999, UCI): what grows on 581,012 plots of 30 x 30 m, told from maps."""

from pathlib import Path
from typing import Literal

from runner.contracts import Column, Data, Source
from runner.data.download import download, missing
from runner.data.downloads import PUBLICATIONS
from runner.data.table.dialect import Reading
from runner.data.table.given_splits import Official
from runner.data.table.table import Goal, Meaning, find_file, read_table

MEASURES = (
    "Elevation Aspect Slope Horizontal_Distance_To_Hydrology Vertical_Distance_To_Hydrology "
    "Horizontal_Distance_To_Roadways Hillshade_9am Hillshade_Noon Hillshade_3pm Horizontal_Distance_To_Fire_Points"
)
FEATURES = (*MEASURES.split(), *(f"Wilderness_Area{i}" for i in range(1, 5)), *(f"Soil_Type{i}" for i in range(1, 41)))
TARGET = "Cover_Type"
CLASSES = {str(label): name for label, name in enumerate(PUBLICATIONS["covtype"].class_names, start=1)}
TRAIN_ROWS, VAL_ROWS = 11_340, 3_780  # the first of the file, as its donors split it
FILES = ("covtype.data", "covtype.csv", "covtype.data.gz", "covtype.csv.gz")


class Covtype(Source):
    """54 columns, 7 classes. The file is ``path``, else one of FILES in ``data_dir``, else it is downloaded there.

    The official split is by position; a file of the first rows alone has an empty test split. The random one is drawn
    as of any table.
    """

    def __init__(self, *, path: str | None, split: Literal["official", "random"]):
        self.path, self.split = path, split

    def load(self, data_dir: Path) -> Data:
        path = find_file(self.path, data_dir) if self.path else _file_in(data_dir)
        reading = Reading(names=(*FEATURES, TARGET), delimiter=",", decimal=".")
        meaning = Meaning({name: Column(name) for name in FEATURES}, missing="refuse", unknown="refuse")
        official = Official(rows=(TRAIN_ROWS, VAL_ROWS), kind=self.split)
        return read_table(path, reading, meaning, Goal(TARGET, "multiclass", CLASSES), official)


def _file_in(data_dir: Path) -> Path:
    if here := [data_dir / name for name in FILES if (data_dir / name).is_file()]:
        return here[0]
    download("covtype", data_dir, missing)
    return data_dir / FILES[0]
