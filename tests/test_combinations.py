"""Parts drawn at random from the option files: each combination trains a step, or is refused with a reason.

Half of them are drawn among what fits the data, as the parts themselves say one by one: those have to train.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from experiments import trained
from options import options, part
from runner.build.loss import build_loss
from runner.build.model import build_embedded_model, build_model
from runner.build.optimizer import build_optimizers
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, Part, conf_folders
from runner.config.run_config import Config, check
from runner.config.schedule import schedule_faults
from runner.contracts import Data
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment, assemble, source_of

NUM_WILD = 60
NUM_FITTING = 150
MOST_DRAWS = 2000  # of which so many have to fit
EMBEDDED = ["breast_cancer", "car", "diabetes", "digits", "iris", "iris_numbered", "wine"]
DATA: dict[str, tuple[str, dict[str, Any]]] = {  # option and knobs; of every shape and task that embedded sets lack
    **{name: (name, {}) for name in EMBEDDED},
    "car in vectors": ("car", {"categorical": "embedding"}),
    "random pictures": ("random", {"shape": [3, 32, 32], "num_rows": 60}),
    "random numbers": ("random", {"shape": [6], "num_classes": 0, "num_rows": 60}),
}
NEEDS_FILES = {
    "adult",
    "california",
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
NOT_DRAWN = {"auto", "tabular", "tabm"}  # one of the others; those that bring their own settings: test_tabular_run
FEW = {"lbfgs": {"max_iter": 2}}  # of its 20 evaluations a step: a second each with a large net
QUICK = ["name=quick", "device=cpu", "max_steps=1", "batch_size=8", "threads=1", "max_eval_rows=40"]
SAID = [word.partition("=")[0] for word in QUICK]
CATALOG = Catalog(conf_folders())


@dataclass(frozen=True)
class Combination:
    """A name in DATA, and an option of each of GROUPS; loss ``auto`` where none is chosen."""

    data: str
    model: str
    loss: str
    optimizer: str
    scheduler: str

    @property
    def words(self) -> tuple[str, ...]:
        """What a user types."""
        option, knobs = DATA[self.data]
        chosen = [f"dataset={option}", *(f"dataset.{key}={value}" for key, value in knobs.items())]
        few = [f"optimizer.{key}={value}" for key, value in FEW.get(self.optimizer, {}).items()]
        return (*chosen, *(f"{group}={getattr(self, group)}" for group in GROUPS), *few)

    @property
    def fits(self) -> bool:
        """Whether each part by itself takes the data, and the scheduler the optimizer."""
        return takes_loss(self.data, self.loss) and takes_optimizer(self) and not clashes(self)


def drawn(draw: random.Random) -> Combination:
    names = ([name for name in options(group) if group != "model" or name not in NOT_DRAWN] for group in GROUPS)
    return Combination(draw.choice(sorted(DATA)), *map(draw.choice, names))


def wild() -> list[Combination]:
    """The same on every machine; half of them with the loss that fits, else most are refused for their loss alone."""
    draw = random.Random(0)
    found = [drawn(draw) for _ in range(NUM_WILD)]
    return [replace(one, loss="auto") if number % 2 else one for number, one in enumerate(found)]


def fitting() -> list[Combination]:
    draw = random.Random(7)
    return list(islice((one for one in (drawn(draw) for _ in range(MOST_DRAWS)) if one.fits), NUM_FITTING))


@cache
def rows_of(name: str) -> Data:
    option, knobs = DATA[name]
    return source_of(part("dataset", option, **knobs)).load(Path())


@cache
def chosen(group: str, option: str) -> Part:
    return part(group, option, **FEW.get(option, {}))


@cache
def takes_loss(name: str, loss: str) -> bool:
    data = rows_of(name)
    if loss == "auto":
        return True
    return is_built(lambda: build_loss(chosen("loss", loss), data.task, len(data.class_names), data.y))


@cache
def net_of(name: str, model: str) -> nn.Module | None:
    data = rows_of(name)
    try:
        if DATA[name][1].get("categorical") == "embedding":
            return build_embedded_model(chosen("model", model), data.columns, 3)
        return build_model(chosen("model", model), tuple(data.x.shape[1:]), 3)
    except ConfigError:
        return None


def takes_optimizer(one: Combination) -> bool:
    net = net_of(one.data, one.model)
    return net is not None and is_built(
        lambda: build_optimizers(chosen("optimizer", one.optimizer), net, torch.device("cpu"))
    )


def clashes(one: Combination) -> bool:
    """Whether the scheduler cannot work with the optimizer."""
    pair = chosen("scheduler", one.scheduler), chosen("optimizer", one.optimizer)
    return bool(list(schedule_faults(*({"_target_": part.target, **part.knobs} for part in pair), CATALOG)))


def is_built(make: Callable[[], object]) -> bool:
    try:
        make()
    except ConfigError:
        return False
    return True


def test_every_dataset_is_drawn_from_or_needs_files() -> None:
    assert set(EMBEDDED) | NEEDS_FILES == set(options("dataset"))


@cache
def usual() -> dict[str, Any]:
    """A quick run's config as plain data."""
    config = compose(parse(QUICK)).config
    return {**config.as_dict(), "sweep": vars(config.sweep)}


def checked(one: Combination) -> Config:
    """The config of its words, without Hydra, which takes ten times as long as the step."""
    option, knobs = DATA[one.data]
    parts = [part("dataset", option, **knobs), *(chosen(group, getattr(one, group)) for group in GROUPS)]
    nodes = {p.group: {"_target_": p.target, **p.knobs} for p in parts}
    choices = {**usual()["options"], **{p.group: p.option for p in parts}}
    settings = {key: value for key, value in usual().items() if key != "options"}
    return check({**settings, **nodes}, choices, CATALOG, SAID)


def trains_a_step(experiment: Experiment) -> None:
    last = trained(experiment)[-1]
    assert last.progress.step == 1
    assert all(map(math.isfinite, [last.values["train/loss"], last.values["val/loss"]]))


FITTING = fitting()


def test_enough_combinations_are_drawn_that_have_to_train_and_they_have_every_part() -> None:
    counts = {group: Counter(getattr(one, group) for one in FITTING) for group in ("data", *GROUPS)}
    assert len(FITTING) == NUM_FITTING, f"{len(FITTING)} of {MOST_DRAWS} draws fit: {counts}"
    lacking = {group: set(options(group)) - set(counts[group]) for group in GROUPS}
    assert lacking == {"model": {*NOT_DRAWN, "module"}, "loss": set(), "optimizer": set(), "scheduler": set()}, counts
    assert set(counts["data"]) == set(DATA)


@pytest.mark.parametrize("one", FITTING[::30], ids=lambda one: " ".join(one.words))
def test_what_is_checked_here_is_what_the_words_compose(one: Combination) -> None:
    assert compose(parse([*QUICK, *one.words])).config == checked(one)


@pytest.mark.parametrize("one", FITTING, ids=lambda one: " ".join(one.words))
def test_a_combination_that_fits_trains_a_step(one: Combination) -> None:
    trains_a_step(assemble(checked(one), CATALOG))


@pytest.mark.parametrize("one", wild(), ids=lambda one: " ".join(one.words))
def test_any_combination_trains_a_step_or_is_refused(one: Combination) -> None:
    try:
        experiment = assemble(checked(one), CATALOG)
    except ConfigError as refusal:
        assert all(len(fault.splitlines()) <= 3 and len(fault) > 20 for fault in refusal.faults)
        return
    trains_a_step(experiment)
