from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConfigError
from tables import HEADER, ROWS, fitted, write


@pytest.fixture
def flats(tmp_path: Path) -> Path:
    return write(tmp_path / "flats.csv", HEADER, *ROWS)  # size, colour, old, price


@pytest.mark.parametrize(
    ("features", "kept"),
    [
        (["size", "old"], ["size", "old"]),
        (["old", "size"], ["size", "old"]),  # in the order of the file
        ([1], ["colour"]),
        ([-3, "size"], ["size", "colour"]),
        (["0:2"], ["size", "colour"]),
        (["-3:"], ["colour", "old"]),  # the last is the target
        ([":1", "2:3"], ["size", "old"]),
        (["1:99"], ["colour", "old"]),
        (None, ["size", "colour", "old"]),
    ],
)
def test_features_are_columns_by_name_place_or_range(flats: Path, features: Any, kept: list[str]) -> None:
    data, _ = fitted(flats, features=features, task="regression")
    assert [column.name for column in data.columns] == kept
    assert [*data.ignored] == [name for name in ("size", "colour", "old") if name not in kept]
    assert data.notes == ()  # what a user left out is not news


def test_a_column_of_that_name_wins_over_a_place(tmp_path: Path) -> None:
    path = write(tmp_path / "years.csv", "0,1,0:2,3", *(f"{i},{i % 7}.5,{i * i},{i}.25" for i in range(40)))
    assert [column.name for column in fitted(path, "3", features=[1])[0].columns] == ["1"]
    assert [column.name for column in fitted(path, "3", features=["0:2"])[0].columns] == ["0:2"]


def test_a_star_is_every_column_that_is_not_named(flats: Path) -> None:
    data, _ = fitted(flats, columns={"*": "ignored", "size": "numeric"})
    assert [column.name for column in data.columns] == ["size"]
    data, _ = fitted(
        flats, features=["0:2"], unknown="zeros", columns={"*": "categorical", "colour": ["red", "green", "blue"]}
    )
    size, colour = data.columns
    assert (size.is_number, colour.is_number, colour.categories) == (False, True, ("red", "green", "blue"))


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"features": [4]}, r"features=\[4\]: no column stands there; there are 4, 0 to 3 or from the end -1 to -4"),
        ({"features": ["7:"]}, r"features=\[7:\]: no column stands there"),
        ({"features": ["2:1"]}, r"features=\[2:1\]: no column stands there"),
        (
            {"features": ["colur"]},
            r"features=\[colur\]: .*flats\.csv has no such column; did you mean colour\?\n  it has",
        ),
        ({"features": [3]}, r"features=\[3\]: price is the target or dataset\.split_column, no feature"),
        ({"features": ["size"], "columns": {"old": "binary"}}, r"columns\.old: dataset\.features leaves it out"),
        ({"columns": {"*": ["a", "b"]}}, r"dataset\.columns\.\*=\['a', 'b'\]: give numeric, binary"),
        ({"columns": {"*": "ignored", "sise": "numeric"}}, r"columns=sise: .* did you mean size\?"),
    ],
)
def test_a_choice_that_cannot_be_is_told(flats: Path, said: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        fitted(flats, **said)


def test_every_fault_of_a_choice_is_told_at_once(flats: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        fitted(flats, features=["sise", 9, "price"])
    assert len(caught.value.faults) == 3


def test_where_a_star_leaves_nothing_that_is_told(flats: Path) -> None:
    with pytest.raises(Exception, match="no column is left to predict from"):
        fitted(flats, columns={"*": "ignored"})
