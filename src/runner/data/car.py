"""Car evaluation (UCI), computed: its 1,728 rows follow the decision model of Bohanec and Rajkovic 1990 exactly."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import torch

from runner.contracts import Column, Data, Source
from runner.data.table.dialect import Reading
from runner.data.table.file import find_file
from runner.data.table.given_splits import Official
from runner.data.table.table import Goal, Meaning, read_table

COLUMNS = (
    Column("buying", ("vhigh", "high", "med", "low"), also=("price",)),
    Column("maint", ("vhigh", "high", "med", "low")),
    Column("doors", ("2", "3", "4", "5more")),
    Column("persons", ("2", "4", "more")),
    Column("lug_boot", ("small", "med", "big"), also=("lug_capacity",)),
    Column("safety", ("low", "med", "high")),
)
TARGET = "class"
CLASS_NAMES = ("unacc", "acc", "good", "vgood")

PRICE = {"vhigh": (0, 0, 1, 1), "high": (0, 1, 1, 1), "med": (1, 1, 2, 3), "low": (1, 2, 3, 3)}  # maint vhigh to low
TECH = {0: (0, 0, 0), 1: (0, 1, 2), 2: (0, 2, 3)}  # comfort -> score by safety low, med, high
CLASS = {  # price -> class by tech 0..3
    0: ("unacc", "unacc", "unacc", "unacc"),
    1: ("unacc", "unacc", "acc", "acc"),
    2: ("unacc", "acc", "acc", "vgood"),
    3: ("unacc", "acc", "good", "vgood"),
}


class Car(Source):
    """1,728 cars, every combination of 6 categories once; 4 classes (1210, 384, 69, 65).

    Computed, or read from the file ``path``: car.data as UCI has it, with a header, also of the names price,
    lug_capacity and output, or without.
    """

    def __init__(self, *, path: str | None):
        self.path = path

    def load(self, data_dir: Path) -> Data:
        if self.path is None:
            return computed()
        reading = Reading(names=(*(column.name for column in COLUMNS), TARGET))
        meaning = Meaning({column.name: column for column in COLUMNS}, missing="refuse", unknown="refuse")
        goal = Goal(TARGET, "multiclass", {name: name for name in CLASS_NAMES})
        return read_table(find_file(self.path, data_dir), reading, meaning, goal, Official())


def computed() -> Data:
    """Every car, in the order of the published file."""
    codes = [[c.categories.index(value) for c, value in zip(COLUMNS, row, strict=True)] for row in car_rows()]
    return Data(
        x=torch.tensor(codes, dtype=torch.float32),
        y=torch.tensor([CLASS_NAMES.index(evaluate(*row)) for row in car_rows()]),
        task="multiclass",
        class_names=CLASS_NAMES,
        columns=COLUMNS,
    )


def car_rows() -> Iterator[tuple[str, ...]]:
    """The categories of each car in the order of the published file: the last column changes fastest."""
    return product(*(column.categories for column in COLUMNS))


def evaluate(buying: str, maint: str, doors: str, persons: str, lug_boot: str, safety: str) -> str:
    """The class of a car."""
    tech = TECH[comfort(doors, persons, lug_boot)][("low", "med", "high").index(safety)]
    return CLASS[price(buying, maint)][tech]


def price(buying: str, maint: str) -> int:
    """0 (dear) to 3 (cheap)."""
    return PRICE[buying][("vhigh", "high", "med", "low").index(maint)]


def comfort(doors: str, persons: str, lug_boot: str) -> int:
    """0 (poor) to 2 (good)."""
    if persons == "2" or (doors, persons, lug_boot) == ("2", "more", "small"):
        return 0
    roomy = doors in ("4", "5more") or (doors, persons) == ("3", "more")
    return 2 if lug_boot == "big" or (lug_boot == "med" and roomy) else 1
