"""What a column is, and how that is said."""

import shlex

import pytest

from runner.compose.composition import compose
from runner.compose.request import parse
from runner.data.table.column_kinds import setting

NAMES = [
    "size",
    "a b",
    "Price, USD",
    "소득(만원)",
    "it's",
    'so "called"',
    "2019",
    "007",
    "1e3",
    "a: b",
    "#1",
    "x.y",
    "%",
]


@pytest.mark.parametrize("name", [*NAMES, "true", "null", "yes", "-", "~", "{a}", "${a}"])
def test_what_is_to_be_typed_of_a_column_is_understood_of_it(name: str) -> None:
    (word,) = shlex.split(setting(name, "ignored"))
    request = parse(["dataset=csv", "dataset.path=a.csv", "dataset.target=y", word])
    assert compose(request).config.dataset.knobs["columns"] == {name: "ignored"}
