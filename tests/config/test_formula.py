"""Formulas: what they come to, what is refused and where it stands."""

from __future__ import annotations

import math
import time

import pytest

from runner.config.formula import Formula

NAMES = ("epoch", "epochs")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.95 ** epoch", 0.95**3),
        ("1 - epoch / epochs", 0.7),
        ("-(2 + 3) * 4 // 3 % 5", 3.0),
        ("max(0.5, 1 - epoch, epoch / 5)", 0.6),
        ("0.5 * (1 + cos(pi * epoch / epochs))", 0.5 * (1 + math.cos(math.pi * 3 / 10))),
        ("sqrt(4) + exp(0) + log(1) + min(1, 2)", 4.0),
        (" epoch\n + 1_000 ", 1003.0),
        ("lambda epoch: 0.95 ** epoch", 0.95**3),
        ("(lambda epochs: 2 * epochs)", 20.0),
    ],
)
def test_arithmetic_comes_to_what_it_says(text: str, expected: float) -> None:
    assert Formula(text, NAMES)(epoch=3, epochs=10) == pytest.approx(expected, rel=1e-15)


def test_what_stands_behind_the_colon_of_a_lambda_is_the_formula() -> None:
    formula = Formula("lambda epoch: 1 / (1 + epoch)", NAMES)
    assert (formula.text, formula.names) == ("1 / (1 + epoch)", {"epoch"})


def test_the_names_that_it_asks_for_are_known() -> None:
    assert Formula("cos(pi * epoch)", NAMES).names == {"epoch"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("epoch + epcoh", "character 9 (epcoh): no such name; did you mean epoch?"),
        ("1 + lr", "character 5 (lr): no such name; there are epoch, epochs, pi"),
        ("__import__('os').system('x')", "character 1 (__import__('os').system('x')): is not a function; there are"),
        ("epoch.real", "character 1 (epoch.real): is not arithmetic"),
        ("2 * (1 if epoch else 2)", "character 6 (1 if epoch else 2): is not arithmetic"),
        ("[epoch][0]", "character 1 ([epoch][0]): is not arithmetic"),
        ("lambda: 1", "character 1 (lambda: 1): is not a lambda of one name that the formula knows"),
        ("lambda lr: 1", "character 1 (lambda lr: 1): is not a lambda of one name"),
        ("lambda epoch, x=1: epoch", "character 1 (lambda epoch, x=1: epoch): is not a lambda of one name"),
        ("lambda epoch: open(epoch)", "character 15 (open(epoch)): is not a function; there are min"),
        ("(lambda epoch: 1)(2)", "character 1 ((lambda epoch: 1)(2)): is not a function"),
        ("1 + 'a'", "character 5 ('a'): is not a number"),
        ("True", "character 1 (True): is not a number"),
        ("2j", "character 1 (2j): is not a number"),
        ("1 << 9", "character 1 (1 << 9): no such operation; there are + - * / // % **"),
        ("max(1)", "character 1 (max(1)): takes another number of values"),
        ("sqrt(*[1])", "character 1 (sqrt(*[1])): takes another number of values"),
        ("cos", "character 1 (cos): is a function; write cos(...)"),
        ("1 +", "character 3: is not a formula"),
        ("1 + * 2", "character 5: is not a formula"),
        ("", "character 1: is not a formula"),
        ("1e999", "character 1 (1e309): is too large"),
        ("1 + 0x" + "f" * 290, "character 5 ("),
        ("1 + " * 80, "longer than 300 characters"),
        ("(" * 250, "character 201: is not a formula"),
        ("회차 + x", "character 1 (회차): no such name; there are epoch, epochs, pi"),
        ("1 + 회차 + epoch.x", "character 5 (회차): no such name; there are epoch, epochs, pi"),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as caught:
        Formula(text, NAMES)
    assert str(caught.value).startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("9 ** 9 ** 9 ** 9", "grows too large"),
        ("exp(10000)", "grows too large"),
        ("1 / epoch", "float division by zero"),
        ("log(epoch)", "math domain error"),
        ("(epoch - 8) ** 0.5", "comes to (1.7"),
        ("1e308 * 10", "comes to inf"),
    ],
)
def test_a_formula_without_a_value_is_told_at_once(text: str, fault: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ValueError) as caught:
        Formula(text, NAMES)(epoch=0, epochs=10)
    assert str(caught.value).startswith(fault)
    assert time.perf_counter() - began < 5
