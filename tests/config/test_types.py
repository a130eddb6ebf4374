from typing import Annotated, Any, Literal

import pytest

from runner.config.part_types import OPTIMIZER, SCHEDULER
from runner.config.types import Increasing, Matching, NotEmpty, Range, expected, faults, shown

Positive = Annotated[float, Range(above=0)]


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, float),  # a whole number is a number
        (0.5, Positive),
        (None, int | None),
        (3, int | None),
        ("min", Literal["min", "max"]),
        ([], list[int]),
        ([0.9, 0.999], OPTIMIZER["betas"]),
        ([30, 80], SCHEDULER["milestones"]),
        ({"a": [1]}, Any),
        ([{"scale": {"divisor": 16}}, "one_hot"], list[Any]),
        ("cuda:1", Annotated[str, Matching(r"cuda(:\d+)?", "like cuda:1")]),
    ],
)
def test_a_fitting_value_has_no_fault(value: Any, annotation: Any) -> None:
    assert faults(value, annotation, "key") == []


@pytest.mark.parametrize(
    ("value", "annotation", "told"),
    [
        (True, int, "key=true: must be a whole number"),
        (False, float, "key=false: must be a number"),
        (2.0, int, "key=2.0: must be a whole number"),
        ("abc", Positive, "key=abc: must be a number > 0"),
        ("", int, "key='': must be a whole number"),
        (0, Positive, "key=0: must be a number > 0"),
        (float("nan"), Positive, "key=nan: must be a number > 0"),
        (float("inf"), float, "key=inf: must be a number"),
        (None, Annotated[int, Range(low=1)], "key=null: must be a whole number >= 1"),
        (0, Annotated[int, Range(low=1)] | None, "key=0: must be a whole number >= 1 or null"),
        (1.0, Annotated[float, Range(low=0, below=1)], "key=1.0: must be a number >= 0 and < 1"),
        ("mid", Literal["min", "max"], "key=mid: must be one of min, max"),
        (1, Literal["1"], "key=1: must be 1"),
        (5, list[int], "key=5: must be a list, each a whole number"),
        ("ab", list[str], "key=ab: must be a list, each text"),
        ([1, "x"], list[int], "key[1]=x: must be a whole number"),
        ([0.9], OPTIMIZER["betas"], "key=[0.9]: must be 2 values, each a number >= 0 and < 1; it has 1"),
        ([0.9, 2], OPTIMIZER["betas"], "key[1]=2: must be a number >= 0 and < 1"),
        ([], Annotated[list[int], NotEmpty()], "key=[]: must be a list, each a whole number, at least one"),
        (
            [3, 2],
            Annotated[list[int], Increasing()],
            "key=[3,2]: must be a list, each a whole number, each larger than the one before",
        ),
        ("08", int, "key=08: must be a whole number; YAML reads 08 as text, write 8"),
        (
            False,
            str,
            "key=false: must be text; YAML reads yes, no, on, off as true or false, put it in quotes",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_it_must_be(value: Any, annotation: Any, told: str) -> None:
    assert faults(value, annotation, "key") == [told]


def test_every_wrong_element_of_a_list_is_told() -> None:
    assert faults([0, 1, -1], list[Annotated[int, Range(low=1)]], "hidden") == [
        "hidden[0]=0: must be a whole number >= 1",
        "hidden[2]=-1: must be a whole number >= 1",
    ]


def test_words_for_a_choice_between_a_number_and_a_word() -> None:
    assert expected(Literal["same", "valid"] | Annotated[int, Range(low=0)]) == (
        "one of same, valid or a whole number >= 0"
    )


def test_values_are_shown_as_they_are_typed() -> None:
    assert shown([1, None, True, "a"]) == "[1,null,true,a]"
    assert shown({"a": [1, {"b": None}]}) == "{a:[1,{b:null}]}"
    assert shown("x" * 100) == "x" * 77 + "..."
