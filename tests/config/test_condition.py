"""Conditions: when they hold, what is refused and where it stands."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from runner.config.condition import Condition

JOB: dict[str, Any] = {
    "model": "cnn",
    "optimizer.lr": 0.1,
    "seed": 3,
    "epochs": "auto",
    "shuffle": True,
    "grad_clip_norm": None,
    "model.channels": [8, 16],
}


def condition(text: str) -> Condition:
    known = {*JOB, "model.dropout"}
    return Condition(text, lambda name: None if name in known else "no such setting", {"cnn", "mlp"}.__contains__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model == 'cnn'", True),
        ('model=="cnn"', True),
        ("model == cnn", True),
        ("model != cnn", False),
        ("model == 'cnn' and optimizer.lr > 0.01", True),
        ("model == 'cnn' and optimizer.lr > 0.1", False),
        ("model == mlp or optimizer.lr >= 1e-1", True),
        ("not (model == mlp or optimizer.lr < 0.05)", True),
        ("not model == cnn and shuffle", False),
        ("0.01 < optimizer.lr <= 0.1 < 1", True),
        ("0.01 < optimizer.lr < 0.1", False),
        ("model in ('mlp', 'cnn')", True),
        ("model not in [mlp]", True),
        ("'cn' in model", True),
        ("16 in model.channels", True),
        ("model.channels == [8, 16]", True),
        ("model.channels == (8, 8)", False),
        ("seed % 2 == 1 and seed * 2 - 1 == 5", True),
        ("max(seed, 5) == 5", True),
        ("shuffle", True),
        ("shuffle == true and not False", True),
        ("shuffle == 1", False),
        ("grad_clip_norm == null", True),
        ("grad_clip_norm != None", False),
        ("epochs == 'auto'", True),
        ("epochs == 5", False),
        ("epochs in (5, 'auto')", True),
        ("epochs != 'auto' and epochs > 5", False),
        ("true", True),
    ],
)
def test_a_condition_holds_or_does_not(text: str, expected: bool) -> None:
    assert condition(text)(JOB.__getitem__) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.dropout > 0.5", False),
        ("model.dropout == 0.5", False),
        ("model.dropout != 0.5", False),
        ("model.dropout in (0.1, 0.5)", False),
        ("not model.dropout > 0.5", False),
        ("model.dropout", False),
        ("model.dropout + 1 > 0", False),
        ("model.dropout > 0.5 and model == cnn", False),
        ("model.dropout > 0.5 or model == cnn", True),
        ("not (model.dropout > 0.5 and model == mlp)", True),
        ("grad_clip_norm > 1", False),
        ("not grad_clip_norm > 1", False),
    ],
)
def test_what_is_said_of_a_value_that_is_not_there_decides_nothing(text: str, expected: bool) -> None:
    assert condition(text)(JOB.__getitem__) is expected


@pytest.mark.parametrize("text", ["'{}'", '"{}"', " {}\n", "'\"{}\"'"])
def test_quotes_that_a_shell_has_left_are_taken_off(text: str) -> None:
    inner = condition(text.format("optimizer.lr > 0.05 and  model == cnn"))
    assert inner(JOB.__getitem__) and inner.text == "optimizer.lr > 0.05 and model == cnn"


def test_names_and_the_texts_that_they_are_compared_with_are_known() -> None:
    found = condition("model in ('cnn', 'mlp') and max(seed, 1) > optimizer.lr and 'auto' == epochs")
    assert found.names == {"model", "seed", "optimizer.lr", "epochs"}
    assert sorted(found.texts) == [("epochs", "auto"), ("model", "cnn"), ("model", "mlp")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("modle == 'cnn'", "character 1 (modle): no such setting"),
        ("model == 'cnn' and optimizer.lr.x > 1", "character 20 (optimizer.lr.x): no such setting"),
        ("model == 'cnn' and adam", "character 20 (adam): no such setting"),
        ("model = 'cnn'", "character 7: is not a condition; equal is written =="),
        ("model == 'cnn' && seed > 1", "character 17: is not a condition; write and for &&, or for ||"),
        ("model == 'cnn", "character 10: is not a condition; one is model == 'cnn' and optimizer.lr > 0.01"),
        ("", "character 1: is not a condition; one is"),
        ("model == cnn & seed == 1", "character 10 ('cnn' & seed): write and"),
        ("model == 'cnn' or 'mlp'", "character 19 ('mlp'): is neither true nor false; compare it, as in model =="),
        ("model == (cnn or mlp)", "character 11 ('cnn' or 'mlp'): cannot be compared; several values are written in"),
        ("seed + 1", "character 1 (seed + 1): is neither true nor false"),
        ("(seed == 1) == true", "character 2 (seed == 1): cannot be compared"),
        ("model is cnn", "character 1 (model is 'cnn'): no such comparison; there are == != < <= > >= in"),
        ("seed << 1 == 2", "character 1 (seed << 1): no such operation; there are + - * / // % **"),
        ("model.upper() == 'CNN'", "character 1 (model.upper()): is not a function"),
        ("__import__('os').system('x') == 0", "character 1 ("),
        ("[x for x in model]", "character 1 ([x for x in model]): is neither true nor false"),
        ("seed in [x for x in model]", "character 9 ([x for x in model]): cannot be part of a condition"),
        ("model == f'{seed}'", "character 10 (f'{seed}'): cannot be part of a condition"),
        ("model[0] == 'c'", "character 1 (model[0]): cannot be part of a condition"),
        ("(lambda: 1) == 1", "character 2 (lambda: 1): cannot be part of a condition"),
        ("seed == 2j", "character 9 (2j): is not a number"),
        ("seed == 1e999", "character 9 (1e309): is too large"),
        ("model == 'a' or " * 30 + "true", "longer than 300 characters"),
        ("(" * 250, "character 201: is not a condition"),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as caught:
        condition(text)
    assert str(caught.value).startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("optimizer.lr > '0.05'", "optimizer.lr and '0.05' are a number and a text; write 0.05 without quotes"),
        ("seed == '3'", "seed and '3' are a number and a text; write 3 without quotes"),
        ("seed in ['3', '4']", "seed and ['3', '4'] are a number and a text; write 3 without quotes"),
        ("epochs > 5", "epochs and 5 are auto and 5: only numbers are smaller or larger"),
        ("model", "model is cnn, neither true nor false; compare it"),
        ("grad_clip_norm", "grad_clip_norm is null, neither true nor false; compare it"),
        ("model + 1 == 2", "model is cnn, no number"),
        ("3 in seed", "seed is 3, not a list; it cannot hold 3"),
        ("3 in model", "model is cnn, not a list; it cannot hold 3"),
        ("9 ** 9 ** 9 ** 9 > 1", "grows too large"),
        ("seed / 0 > 1", "float division by zero"),
        ("(seed - 8) ** 0.5 > 1", "(seed - 8) ** 0.5 and 1 are (1.3"),
        ("max((seed - 8) ** 0.5, 1) > 1", "'>' not supported"),
    ],
)
def test_what_cannot_be_compared_is_told_at_once(text: str, fault: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ValueError) as caught:
        condition(text)(JOB.__getitem__)
    assert str(caught.value).startswith(fault)
    assert time.perf_counter() - began < 5


def made(draw: random.Random, depth: int) -> str:
    """A condition of numbers and texts, in Python's own words."""
    if depth == 0 or draw.random() < 0.3:
        number, text = draw.choice(["seed", "batch", "2", "seed % 2", "-batch + 3"]), draw.choice(["model", "'cnn'"])
        order, equal = draw.choice(["<", "<=", ">", ">=", "==", "!="]), draw.choice(["==", "!=", "in", "not in"])
        right = "('mlp', 'cnn')" if "in" in equal else "model"
        return draw.choice([f"{number} {order} batch", f"1 < {number} <= seed", f"{text} {equal} {right}", "shuffle"])
    left, right = made(draw, depth - 1), made(draw, depth - 1)
    return draw.choice([f"({left}) and {right}", f"{left} or ({right})", f"not ({left})"])


def test_a_condition_holds_where_it_holds_in_python() -> None:
    draw = random.Random(22)
    names = {"seed", "batch", "model", "shuffle"}
    held = []
    for _ in range(500):
        text = made(draw, 3)
        job = {"seed": draw.randint(0, 3), "batch": draw.randint(0, 3), "model": "cnn", "shuffle": draw.random() < 0.5}
        found = Condition(text, lambda name: None if name in names else "no", lambda word: False)(job.__getitem__)
        assert found is bool(eval(text, {}, job)), (text, job)
        held.append(found)
    assert 100 < sum(held) < 400
