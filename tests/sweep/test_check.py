"""The jobs of a line composed and checked: every fault once, and few jobs looked at to find them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.compose.composition import Composed, compose
from runner.compose.hydra_bridge import Trees
from runner.compose.request import Request, parse
from runner.errors import ConfigError
from runner.sweep import check
from runner.sweep.check import check_first, checked


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_OUTPUTS", raising=False)


def faults_of(*words: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        checked(parse(["-m", *words]))
    return error.value.faults


def test_each_job_comes_with_its_config_in_the_order_of_the_line() -> None:
    grid, configs = checked(parse(["-m", "model=mlp,linear", "seed=0,1", "sweep.jobs=2"]))
    assert [(config.model.option, config.seed) for config in configs] == [
        ("mlp", 0),
        ("mlp", 1),
        ("linear", 0),
        ("linear", 1),
    ]
    assert {config.sweep.jobs for config in configs} == {2} and len(grid.jobs) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["optimizr.lr=0.1,0.01", "epochs=0"],
            ["epochs=0:", "optimizr.lr=0.1,0.01: there is no setting optimizr.lr; did you mean optimizer.lr=0.1,0.01?"],
        ),
        (["seed=1,a", "optimizer.lr=1,-1,-2"], ["optimizer.lr=-1,-2: must be a number > 0", "seed=a: must be"]),
        (["fooo=1,2", "epochs=2", "x"], ["x: is not of the form", "fooo=1: there is no setting fooo"]),
        (["model=mlp,linear", "model.hidden=[3]"], ["model.hidden=[3]: model=linear has no hidden"]),
        (["seed=range(0,400)", "model=mlp,cmm"], ["model=cmm: no such option"]),
        (["seed=range(0,400)", "epochs=0"], ["epochs=0: must be a whole number >= 1 or auto"]),
        (["seed=0,1", "devices=2"], ["devices=2: the jobs of a sweep share the devices, one each; leave it out"]),
        (["seed=-1,-2,-3,-4,-5,-6,-7"], ["seed=-1,-2,-3,-7: must be a whole number"]),
    ],
)
def test_the_faults_of_all_jobs_are_told_once(words: list[str], told: list[str]) -> None:
    found = faults_of(*words)
    assert len(found) == len(told)
    assert all(fault.startswith(start) for fault, start in zip(found, told, strict=True)), found


def test_folds_of_a_recipe_that_is_swept_over_are_asked_for_on_the_line() -> None:
    Path("conf/experiment").mkdir(parents=True)
    for name, folds in ("few", 2), ("many", 3):
        Path(f"conf/experiment/{name}.yaml").write_text(f"# @package _global_\nfolds: {folds}\n")
    words = ["experiment=few,many", "fold=all"]
    assert faults_of(*words)[0] == "fold=all: each fold is a job; say their number on the line: folds=2"
    assert len(checked(parse(["-m", *words, "folds=2"]))[1]) == 4


def test_few_jobs_are_composed_to_say_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    composed = list[int]()

    def counting(request: Request, number: int, trees: Trees) -> Composed:
        composed.append(number)
        return compose(request, number, trees)

    monkeypatch.setattr(check, "compose", counting)
    assert len(faults_of("seed=range(0,400)", "optimizer=adam,sgd", "no_such=1")) == 1
    assert composed == [0, 799, 2, 1]


def test_a_line_that_is_only_proposed_is_looked_at_in_two_jobs() -> None:
    began = time.perf_counter()
    check_first(parse(["-m", "seed=range(0,400)"]))
    with pytest.raises(ConfigError, match="model=cmm: no such option"):
        check_first(parse(["-m", "seed=range(0,400)", "model=mlp,cmm"]))
    assert time.perf_counter() - began < 3


def test_fault_34_a_word_that_is_wrong_in_job_7_of_10_is_told_before_the_first_one(tmp_path: Path) -> None:
    lrs = "0.1,0.2,0.3,0.4,0.5,0.6,0.7,-0.8,0.9,1"
    assert faults_of(f"optimizer.lr={lrs}") == ("optimizer.lr=-0.8: must be a number > 0",)
    assert list(tmp_path.iterdir()) == []
