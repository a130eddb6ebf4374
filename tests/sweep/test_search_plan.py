"""The words of a search: the space that they name, the jobs of a trial, and what is wrong with them, told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.compose.composition import compose
from runner.compose.hydra_bridge import Trees
from runner.compose.request import parse
from runner.config.catalog import Catalog, packaged_conf
from runner.errors import ConfigError
from runner.search.space import Choice, Interval
from runner.sweep import check, search_plan
from runner.sweep.check import checked
from runner.sweep.grid import grid
from runner.sweep.search_plan import SearchPlan, differences, introduced, plan_of_fact

LR = "optimizer.lr=tag(log,interval(1e-4,1e-1))"


TREES = Trees(Catalog([packaged_conf()]))  # composed once for all


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check, "Trees", lambda catalog: TREES)


def asked(*words: str) -> SearchPlan:
    found = grid(parse(["-m", "search=random", *words]), TREES).search
    assert found is not None
    return found


def faults_of(*words: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        checked(parse(["-m", *words]))
    return error.value.faults


def test_intervals_ranges_and_lists_are_spaces() -> None:
    space = asked(LR, "model=mlp,cnn", "batch_size=range(32,129,32)", "model.hidden=[8],[16,16]").space.dimensions
    assert space["optimizer.lr"] == Interval(1e-4, 1e-1, is_log=True, is_whole=False)
    assert space["model"] == Choice(("model=mlp", "model=cnn"), ("mlp", "cnn"), is_range=False)
    assert space["batch_size"].as_fact()["values"] == ["32", "64", "96", "128"]
    assert space["batch_size"].as_fact()["kind"] == "range"


@pytest.mark.parametrize(
    ("word", "is_whole"),
    [
        ("batch_size=interval(16,64)", True),
        ("model.dropout=interval(0,0.5)", False),
        ("optimizer.weight_decay=interval(0,1)", False),
        ("optimizer.weight_decay=int(interval(0,9))", True),
    ],
)
def test_an_interval_is_of_whole_numbers_where_the_setting_takes_no_others(word: str, is_whole: bool) -> None:
    (dimension,) = asked("model=dnn", word).space.dimensions.values()
    assert isinstance(dimension, Interval) and dimension.is_whole is is_whole


def test_a_knob_that_the_chosen_option_lacks_is_left_out_of_its_trials() -> None:
    plan = asked(LR, "model=mlp,cnn", "model.channels=[8],[16]", "model.kernel_size=5", "model.hidden=[4]")
    with_mlp = plan.job({"optimizer.lr": 0.1, "model": 0}, {})
    assert with_mlp.overrides == ("++optimizer.lr=0.1", "model=mlp", "++model.hidden=[4]")
    with_cnn = plan.job({"optimizer.lr": 0.1, "model": 1, "model.channels": 1}, {})
    assert with_cnn.overrides == ("++optimizer.lr=0.1", "model=cnn", "++model.channels=[16]", "++model.kernel_size=5")
    told = dict(introduced(plan))["space"]
    assert told == ["optimizer.lr 0.0001 to 0.1, log", "model mlp, cnn", "model.channels [8], [16] (with model=cnn)"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            [LR, "search=tpe", "search.trials=8"],
            "all 8 trials are drawn at random: the first search.startup_trials=10 are",
        ),
        (["model=mlp,cnn", "seed=0,1"], "there are 2 different settings at most; search=grid trains each of them once"),
        (
            [LR, "search=cmaes", "model=mlp,cnn"],
            "model: drawn at random, for cmaes adapts numbers that all trials have",
        ),
    ],
)
def test_what_a_search_does_otherwise_than_asked_is_said_before_it_begins(words: list[str], told: str) -> None:
    assert introduced(asked(*words))[2:] == [("", [told])]


def test_seeds_and_folds_repeat_each_trial() -> None:
    plan = asked(LR, "seed=3,4", "folds=2", "fold=all")
    assert list(plan.space.dimensions) == ["optimizer.lr"]
    assert [f"{each['seed']} {each['fold']}" for each in plan.repeats] == ["3 0", "3 1", "4 0", "4 1"]
    job = plan.job({"optimizer.lr": 0.1}, plan.repeats[1])
    assert job.overrides == ("++optimizer.lr=0.1", "++seed=3", "++folds=2", "++fold=1")
    assert job.swept == {"optimizer.lr": "0.1", "seed": "3", "fold": "1"}


def test_a_search_is_checked_by_every_value_and_both_ends() -> None:
    found, configs = checked(parse(["-m", "search=random", LR, "model=mlp,cnn", "model.channels=[8],[16]"]))
    assert [job.overrides for job in found.jobs] == [
        ("++optimizer.lr=0.0001", "model=mlp"),
        ("++optimizer.lr=0.1", "model=mlp"),
        ("++optimizer.lr=0.0001", "model=cnn", "++model.channels=[8]"),
        ("++optimizer.lr=0.0001", "model=cnn", "++model.channels=[16]"),
    ]
    assert [config.optimizer.knobs["lr"] for config in configs] == [1e-4, 1e-1, 1e-4, 1e-4]


def test_a_file_may_say_how_to_search() -> None:
    Path("my.yaml").write_text("search: qmc\nsearch.trials: 4\nmodel: mlp\n")
    found = grid(parse(["-m", "my.yaml", LR]), TREES).search
    assert found is not None and (found.searching.method, found.searching.trials) == ("qmc", 4)


def test_a_plan_is_read_back_from_sweep_json() -> None:
    plan = asked(LR, "model=mlp,cnn", "model.channels=[8],[16]", "seed=0,1", "search.trials=3")
    assert plan_of_fact(plan.as_fact()) == plan


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["optimizer.lr=interval(1,0.5)"],
            "optimizer.lr=interval(1,0.5): holds nothing between its ends; write optimizer.lr=interval(0.5,1)",
        ),
        (
            ["optimizer.lr=interval(0.5,0.5)"],
            "optimizer.lr=interval(0.5,0.5): holds nothing between its ends; write optimizer.lr=0.5",
        ),
        (
            ["optimizer.weight_decay=tag(log,interval(0,0.5))"],
            "optimizer.weight_decay=tag(log,interval(0,0.5)): a logarithm begins above 0; "
            "write tag(log,interval(0.0005,0.5))",
        ),
        (
            ["optimizer.lr=tag(lin,interval(0.1,0.5))"],
            "optimizer.lr=tag(lin,interval(0.1,0.5)): tag(lin,...) means nothing here; write tag(log,...) or no tag",
        ),
        (
            ["model=interval(1,2)"],
            "model=interval(1,2): an interval is of numbers, and model takes the name of an option; "
            "write its values out: model=a,b",
        ),
        (
            ["dataset.transforms=interval(1,2)"],
            "dataset.transforms=interval(1,2): an interval is of numbers, and dataset.transforms takes a list; "
            "write its values out: dataset.transforms=a,b",
        ),
        (["optimizer.lr=interval(a,b)"], "optimizer.lr=interval(a,b): must be a number > 0"),
        (["model.dropout=interval(0,2)", "model=dnn"], "model.dropout=2.0: must be a number >= 0 and < 1"),
        (
            [LR, "seed=interval(0,9)"],
            "seed=interval(0,9): repeats every trial, and is not searched; write it out: seed=0,1,2",
        ),
        ([LR, "folds=2,3", "fold=0"], "folds=2,3: a search compares trials of one number of folds; give one"),
        (
            [LR, "batch_size=range(1,100001)"],
            "batch_size=range(1,100001): 100,000 values are too many to list; write int(interval(low,high))",
        ),
        ([LR, "sweep.zip=[model]"], "sweep.zip: is for combinations, search=grid; you chose search=random"),
        ([LR, "sweep.skip=model == mlp"], "sweep.skip: is for combinations, search=grid; you chose search=random"),
        ([LR, "search.trials=0"], "search.trials=0: must be a whole number >= 1"),
        ([LR, "search.trails=9"], "search.trails=9: search=random has no trails; did you mean search.trials=9?"),
        (
            [LR, "search.startup_trials=9"],
            "search.startup_trials=9: search=random has no startup_trials; startup_trials belongs to tpe: "
            "choose search=tpe",
        ),
        (
            [LR, "search.trials=600", "seed=0,1"],
            "1,200 jobs: more than sweep.max_jobs=1000; to run them all add sweep.max_jobs=1200",
        ),
        (
            [LR, "search=halving"],
            "search=halving: compares runs at equal epochs of one length; say how long they are, as epochs=27",
        ),
        (
            [LR, "search=halving", "epochs=2,9"],
            "search=halving: compares runs at equal epochs of one length; say how long they are, as epochs=27",
        ),
        (
            [LR, "search=halving", "epochs=5", "search.min_epochs=2"],
            "epochs=5: too few for two rungs of search=halving; take epochs=6 or more",
        ),
        (
            [LR, "search=halving", "epochs=9", "search.trials=2"],
            "search.trials=2: one of search.eta=3 goes on; take 3 or more",
        ),
        ([LR, "search=halving", "epochs=9", "search.eta=1"], "search.eta=1: must be a whole number >= 2"),
        ([LR, "search=tpe", "search.window=null"], "search.window=null: must be a whole number >= 1"),
        (
            [LR, "search=tpe", "search.pruning=median", "epochs=9", "seed=0,1"],
            "search.pruning=median: ends single runs, and each trial has several; take one value of seed",
        ),
        (
            [LR, "search=tpe", "search.pruning=best", "epochs=9"],
            "search.pruning=best: must be one of median, hyperband or null",
        ),
        (
            ["optimizer.lr=0.1"],
            "search=random: nothing to choose from; give a setting several values, as "
            "'optimizer.lr=tag(log,interval(1e-4,1e-1))'",
        ),
    ],
)
def test_what_is_no_space_is_told_with_the_way_out(words: list[str], told: str) -> None:
    assert faults_of("search=random", *words) == (told,)


def test_a_sweep_of_nothing_is_refused() -> None:
    told = "-m: nothing is varied; give a setting several values, as optimizer.lr=0.1,0.01, or leave -m out"
    assert faults_of("model=mlp") == (told,)


def test_a_search_and_a_grid_do_not_share_a_folder_and_neither_do_two_searches() -> None:
    plans = [asked(LR, "model=mlp,cnn", *more) for more in ([], ["search.seed=1"], ["seed=0,1"], ["search.trials=9"])]
    assert list(differences(plans[0], plans[1])) == ["its search has search.seed=0, this one 1"]
    assert list(differences(plans[0], plans[2])) == ["its search has seed=nothing, this one 0,1"]
    assert list(differences(plans[0], plans[3])) == []
    wider = asked(LR.replace("1e-1", "1"), "model=mlp,cnn")
    told = "its search has optimizer.lr=0.0001 to 0.1, log, this one 0.0001 to 1, log"
    assert list(differences(plans[0], wider)) == [told]


def test_an_interval_without_a_search_is_refused_with_the_way_out() -> None:
    (told,) = faults_of("optimizer.lr=interval(0.1,1)")
    assert told.startswith("optimizer.lr=interval(0.1,1): there are endlessly many values") and "search=random" in told


def test_a_search_without_a_sweep_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        compose(parse(["search=tpe"]))
    assert error.value.faults == ("search=tpe: is for the jobs of a sweep; add -m, or leave it out",)


def test_a_search_that_is_not_installed_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_plan, "find_spec", lambda name: None if name == "optuna" else name)
    assert faults_of("search=tpe", LR) == (
        "search=tpe: needs optuna; pip install 'runner[search]'\n"
        "  search=random, search=qmc and search=halving do without",
    )
    assert checked(parse(["-m", "search=qmc", LR]))
