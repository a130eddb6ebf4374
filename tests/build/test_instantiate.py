"""Plain values held against annotations."""

from collections.abc import Iterable
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

from runner.build.instantiate import arguments
from runner.config.catalog import Part
from runner.config.types import shown
from runner.errors import ConfigError

PART = Part("model", "mine", "x.Mine", {})


def given_to(hint: Any, value: Any) -> Any:
    """What reaches a class whose parameter ``knob`` is annotated with ``hint``."""

    class Mine:
        def __init__(self, knob) -> None: ...  # type: ignore[no-untyped-def]

    Mine.__init__.__annotations__["knob"] = hint
    return arguments(PART, Mine, {}, {"knob": value})["knob"]


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (float, 1, 1),
        (float | None, None, None),
        (int | Literal["same"], "same", "same"),
        (list[int], [1, 2], [1, 2]),
        (Iterable[int], [], []),
        (tuple[float, float], [0.9, 1], (0.9, 1)),
        (tuple[float | None, float] | None, [None, 1.0], (None, 1.0)),
        (tuple[int, ...], [1, 2, 3], (1, 2, 3)),
        (float | Tensor, 0.5, 0.5),
        (Any, "anything", "anything"),
        ("OnlyForTypeCheckers", 3, 3),
        (Literal["true", "pred"] | None, True, "true"),
    ],
)
def test_a_value_that_suits_arrives(hint: Any, value: Any, expected: Any) -> None:
    arrived = given_to(hint, value)
    assert arrived == expected
    assert type(arrived) is type(expected)


def test_a_list_where_a_tensor_is_wanted_becomes_one() -> None:
    torch.testing.assert_close(given_to(Tensor | None, [1, 2.5]), torch.tensor([1.0, 2.5]))


@pytest.mark.parametrize(
    ("hint", "value", "wanted"),
    [
        (float, "1", "a finite number"),
        (float, float("inf"), "a finite number"),
        (float, True, "a finite number"),
        (int, 1.0, "a whole number"),
        (int, False, "a whole number"),
        (bool, 1, "true or false"),
        (str, None, "a word"),
        (list[int], 5, "a list, each a whole number"),
        (list[int], [1, "2"], "a list, each a whole number"),
        (Iterable[str], "word", "a list, each a word"),
        (tuple[float, float], [1.0], "a list of 2: [a finite number, a finite number]"),
        (tuple[int, ...], [1, None], "a list, each a whole number"),
        (Literal["min", "max"], "up", "one of min, max"),
        (Literal["min", "max"], True, "one of min, max"),
        (float | Tensor, [0.5], "a finite number"),
        (Tensor | None, 0.5, "a list of numbers or null"),
        (Any, float("nan"), "a finite number"),
    ],
)
def test_a_value_that_does_not_suit_is_refused_in_words(hint: Any, value: Any, wanted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        given_to(hint, value)
    assert caught.value.faults == (f"model.knob={shown(value)}: mine wants {wanted}",)
