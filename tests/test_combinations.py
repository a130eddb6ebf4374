"""Parts drawn at random from the option files: each combination trains a step, or is refused with a reason."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest

from experiments import assembled, trained
from options import options
from runner.errors import ConfigError

NUM_COMBINATIONS = 300
EMBEDDED = ["breast_cancer", "car", "diabetes", "digits", "iris", "iris_numbered", "wine"]
MADE_UP = {  # data of every kind of shape and task that the embedded sets lack
    "random pictures": ["dataset=random", "dataset.shape=[3,32,32]", "dataset.num_rows=60"],
    "random numbers": ["dataset=random", "dataset.shape=[6]", "dataset.num_classes=0", "dataset.num_rows=60"],
}
NEEDS_FILES = {
    "cifar10",
    "covtype",
    "csv",
    "fashion_mnist",
    "image_folder",
    "kmnist",
    "mnist",
    "module",
    "qmnist",
    "random",
}
GROUPS = ("model", "loss", "optimizer", "scheduler")
QUICK = ["max_steps=1", "batch_size=8", "threads=1"]


def combinations() -> Iterator[tuple[str, ...]]:
    """The words of each combination, the same on every machine."""
    draw = random.Random(0)
    data = {name: [f"dataset={name}"] for name in EMBEDDED} | MADE_UP
    for _ in range(NUM_COMBINATIONS):
        parts = [f"{group}={draw.choice(options(group))}" for group in GROUPS]
        if draw.random() < 0.5:  # else most are refused for their loss alone
            parts.remove(next(word for word in parts if word.startswith("loss=")))
        yield (*data[draw.choice(sorted(data))], *parts)


def test_every_dataset_is_drawn_from_or_needs_files() -> None:
    assert set(EMBEDDED) | NEEDS_FILES == set(options("dataset"))


@pytest.mark.parametrize("words", list(combinations()), ids=" ".join)
def test_a_combination_trains_a_step_or_is_refused(words: tuple[str, ...]) -> None:
    try:
        experiment = assembled([*QUICK, *words])
    except ConfigError as refusal:
        assert all(len(fault.splitlines()) <= 3 and len(fault) > 20 for fault in refusal.faults)
        return
    last = trained(experiment)[-1]
    assert last.progress.step == 1
    assert all(map(math.isfinite, [last.values["train/loss"], last.values["val/loss"]]))
