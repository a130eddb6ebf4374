"""The words of ``train -m``: which jobs they ask for, and what is told before one is made."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.compose.request import parse
from runner.errors import ConfigError
from runner.sweep.check import checked
from runner.sweep.grid import Grid, grid


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_OUTPUTS", raising=False)


def asked(*words: str) -> Grid:
    return grid(parse(["-m", *words]))


def swept(*words: str) -> list[tuple[str, ...]]:
    """The values of each job."""
    return [tuple(job.swept.values()) for job in asked(*words).jobs]


def faults_of(*words: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        asked(*words)
    return error.value.faults


def test_a_job_knows_all_its_words_and_those_that_are_swept() -> None:
    first, *others = asked("optimizer.lr=0.1,1e-3", "epochs=2", "name='a b',c").jobs
    assert first.overrides == ("++optimizer.lr=0.1", "++epochs=2", "++name='a b'")
    assert first.swept == {"optimizer.lr": "0.1", "name": "a b"}
    assert [list(job.swept.values()) for job in others] == [["0.1", "c"], ["0.001", "a b"], ["0.001", "c"]]


def test_lists_that_are_zipped_advance_together_and_all_others_are_combined() -> None:
    words = ["model=mlp,cnn", "seed=0,1", "optimizer.lr=0.1,0.01"]
    assert swept(*words, "sweep.zip=[optimizer.lr,model]") == [
        ("mlp", "0", "0.1"),
        ("mlp", "1", "0.1"),
        ("cnn", "0", "0.01"),
        ("cnn", "1", "0.01"),
    ]


def test_a_list_that_is_zipped_may_say_a_value_twice() -> None:
    words = ["model=mlp,mlp,cnn,cnn", "optimizer.lr=0.1,0.01,0.1,0.1", "sweep.zip=[model,optimizer.lr]"]
    assert swept(*words) == [("mlp", "0.1"), ("mlp", "0.01"), ("cnn", "0.1")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["optimizer.lr=0.1,0.01,0.001", "sweep.zip=[model,optimizer.lr]"],
            "sweep.zip=[model,optimizer.lr]: their lists advance together and need the same length; "
            "model has 2, optimizer.lr has 3",
        ),
        (
            ["sweep.zip=[model]"],
            "sweep.zip=[model]: one setting has nothing to advance with; name two or more that are swept",
        ),
        (["seed=0,1", "sweep.zip=[seed,modle]"], "sweep.zip=[seed,modle]: modle is not swept; did you mean model?"),
        (
            ["optimizer.lr=1,2", "sweep.zip=[model,lr]"],
            "sweep.zip=[model,lr]: lr is not swept; did you mean optimizer.lr?",
        ),
        (["epochs=3", "sweep.zip=[model,epochs]"], "sweep.zip=[model,epochs]: epochs is not swept; swept are model"),
        (
            ["seed=0,1", "sweep.zip=seed,model"],
            "sweep.zip=seed,model: write a list in brackets: sweep.zip=[seed,model]",
        ),
    ],
)
def test_lists_that_cannot_be_zipped_are_told(words: list[str], told: str) -> None:
    assert faults_of("model=mlp,cnn", *words) == (told,)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["folds=3", "fold=0,2"], ["0", "2"]),
        (["folds=3", "fold=all"], ["0", "1", "2"]),
        (["folds=2", "fold=all", "seed=5,6"], ["0 5", "0 6", "1 5", "1 6"]),
        (["seed=5,6", "folds=2", "fold=all"], ["5 0", "5 1", "6 0", "6 1"]),
        (["folds=3", "fold=1,all"], ["0", "1", "2"]),
        (["folds=2,3", "fold=all"], ["2 0", "2 1", "3 0", "3 1", "3 2"]),
        (
            ["folds=2,3", "seed=5,6", "fold=all", "sweep.zip=[seed,folds]"],
            ["2 5 0", "2 5 1", "3 6 0", "3 6 1", "3 6 2"],
        ),
    ],
)
def test_each_fold_is_a_job(words: list[str], expected: list[str]) -> None:
    assert [" ".join(values) for values in swept(*words)] == expected


def test_a_file_may_say_which_combinations_there_are() -> None:
    text = "dataset: wine\nsweep: {zip: [model, seed], skip: model == 'cnn', jobs: 3}\n"
    Path("my.yaml").write_text(text)
    found = asked("my.yaml", "model=mlp,cnn,linear", "seed=1,2,3", "hydra.mode=MULTIRUN")
    assert [tuple(job.swept.values()) for job in found.jobs] == [("mlp", "1"), ("linear", "3")]
    assert (found.num_skipped, found.settings.jobs) == (1, 3)


def test_a_name_may_hold_what_is_swept() -> None:
    _, configs = checked(parse(["-m", "seed=3,4", "name=run_${seed}"]))
    assert [config.name for config in configs] == ["run_3", "run_4"]


def test_a_file_may_ask_for_each_fold() -> None:
    Path("my.yaml").write_text("folds: 3\nfold: all\n")
    assert swept("my.yaml") == [("0",), ("1",), ("2",)]


def test_folds_without_their_number_are_left_to_the_check() -> None:
    assert [job.overrides for job in asked("fold=all").jobs] == [("++fold=all",)]


def test_the_same_value_twice_is_one_job() -> None:
    assert swept("seed=1,0,1") == [("1",), ("0",)]


def test_options_are_chosen_by_a_pattern() -> None:
    assert swept("model=glob(ml*)") == [("mlp",)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["seed=range(0,1001)"], "1,001 jobs: more than sweep.max_jobs=1000; to run them all add sweep.max_jobs=1001"),
        (
            ["seed=range(0,4)", "model=mlp,cnn", "sweep.max_jobs=7"],
            "8 jobs: more than sweep.max_jobs=7; to run them all add sweep.max_jobs=8",
        ),
        (["seed=range(0,1000000000)"], "1,000,000,000 jobs: more than sweep.max_jobs=1000"),
        (["optimizer.lr=range(0.5,50,0.01)", "seed=range(0,100000)"], "495,000,000 jobs: more than "),
        (["folds=1000000000", "fold=all"], "1,000,000,000 jobs: more than sweep.max_jobs=1000; "),
        (["folds=500000000,2", "fold=all"], "500,000,002 jobs: more than sweep.max_jobs=1000; "),
    ],
)
def test_a_grid_that_is_too_large_is_counted_and_never_made(words: list[str], told: str) -> None:
    began = time.perf_counter()
    (fault,) = [fault for fault in faults_of(*words) if " jobs: " in fault]
    assert fault.startswith(told)
    assert time.perf_counter() - began < 2


def test_a_large_grid_is_taken_where_it_is_asked_for() -> None:
    assert len(asked("seed=range(0,1200)", "sweep.max_jobs=1200").jobs) == 1200


def test_lists_that_are_zipped_are_counted_as_one() -> None:
    words = ["seed=range(0,1000)", "split_seed=range(0,1000)", "sweep.zip=[seed,split_seed]"]
    assert len(asked(*words).jobs) == 1000


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["sweep.jobs=1,2"], "sweep.jobs=1,2: holds for all jobs; it takes one value"),
        (
            ["output_dir=a,b"],
            "output_dir=a,b: holds for all jobs; it takes one value; sweep.dir sets where a sweep goes",
        ),
        (["sweep.job=3"], "sweep.job=3: there is no setting sweep.job; did you mean sweep.jobs=3?"),
        (["sweep.jobs=0"], "sweep.jobs=0: must be a whole number >= 1 or auto"),
        (["seed=range(0,3,0)"], "seed=range(0,3,0): a range without a step; write the values out: key=1,2,3, or"),
        (["seed=range(3,0)"], "seed=range(3,0): has no values; write the values out"),
        (["model=glob(zz*)"], "model=glob(zz*): has no values; write the values out"),
        (
            ["optimizer.lr=interval(0,1)"],
            "optimizer.lr=interval(0,1): there are endlessly many values between two numbers",
        ),
    ],
)
def test_what_cannot_be_swept_is_told_with_all_other_faults(words: list[str], told: str) -> None:
    found = faults_of("epochs=0", *words)
    assert len(found) == 2 and found[0].startswith(told)
    assert found[1] == "epochs=0: must be a whole number >= 1 or auto"


def test_how_the_sweep_is_run_is_no_word_of_a_job() -> None:
    found = asked("seed=0,1", "sweep.jobs=3", "sweep={retries: 2}")
    assert [job.overrides for job in found.jobs] == [("++seed=0",), ("++seed=1",)]
    assert (found.settings.jobs, found.settings.retries) == (3, 2)


TWO_BY_TWO = ("model=mlp,cnn", "optimizer.lr=0.1,0.01")


@pytest.mark.parametrize(
    "word",
    [
        "sweep.skip=model == 'cnn' and optimizer.lr > 0.01",
        'sweep.skip=model == "cnn" and optimizer.lr > 0.01',
        "sweep.skip=\"model == 'cnn' and optimizer.lr > 0.01\"",
        "sweep.skip='model == \"cnn\" and optimizer.lr > 0.01'",
        "sweep.skip=model == cnn and optimizer.lr in (0.1, 0.2)",
        "sweep.skip=model==cnn and 0.01<optimizer.lr",
        "++sweep.skip=model in [cnn, linear] and optimizer.lr == 1e-1",
        'sweep.skip="model == \\"cnn\\" and optimizer.lr > 0.01"',
    ],
)
def test_combinations_are_left_out_however_the_condition_is_quoted(word: str) -> None:
    found = asked(*TWO_BY_TWO, word)
    assert [tuple(job.swept.values()) for job in found.jobs] == [("mlp", "0.1"), ("mlp", "0.01"), ("cnn", "0.01")]
    assert found.num_skipped == 1


@pytest.mark.parametrize(
    ("words", "condition", "left"),
    [
        (["model=mlp,cnn"], "model.hidden == [512, 512]", ["cnn"]),  # of the option
        (["model=mlp,dnn", "model.hidden=[32]"], "model.hidden != [32]", ["mlp", "dnn"]),  # of all jobs
        (["model=mlp,linear"], "not model.hidden == [32]", ["linear"]),  # which linear has not
        (["optimizer=adam,sgd"], "optimizer.momentum == 0", ["adam"]),
        (["dataset=digits,iris"], "model == cnn", ["iris"]),  # the net is the one that auto takes
        (["experiment=wine_mlp,mnist_dnn_sigmoid"], "dataset == wine", ["mnist_dnn_sigmoid"]),
        (["seed=0,1,2"], "seed % 2 == 0", ["1"]),
        (["batch_size=64,32"], "batch_size == 64 and shuffle", ["32"]),
        (["early_stopping={patience_epochs: 3},{patience_epochs: 5}"], "early_stopping.patience_epochs > 4", None),
        (["monitor=val/loss,val/accuracy"], "monitor == 'val/loss'", ["val/accuracy"]),
        (["epochs=auto,3"], "epochs == auto", ["3"]),
    ],
)
def test_a_name_stands_for_the_jobs_own_word_or_what_its_options_come_to(
    words: list[str], condition: str, left: list[str] | None
) -> None:
    found = swept(*words, f"sweep.skip={condition}")
    assert [value for (value,) in found] == left if left else len(found) == 1


def test_what_is_left_out_is_never_composed_and_may_be_impossible() -> None:
    found = asked("model=linear,mlp", "model.hidden=[32],[64]", "sweep.skip=model == linear")
    assert [job.swept["model.hidden"] for job in found.jobs] == ["[32]", "[64]"]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("modle == 'cnn'", "character 1 (modle): no such setting; did you mean model?"),
        ("lr > 1", "character 1 (lr): no such setting; did you mean optimizer.lr?"),
        ("model.hiden == [3]", "character 1 (model.hiden): no such setting; did you mean model.hidden?"),
        ("model == ccn", "character 10 (ccn): no such setting; did you mean cnn?"),
        ("sweep.jobs == 1", "character 1 (sweep.jobs): no such setting; "),
        ("model == 'ccn'", "model=ccn: no such option; did you mean model=cnn?"),
        ("optimizer.lr > 0", "leaves out all 4 jobs; check what it compares"),
        ("optimizer.lr > '1'", "optimizer.lr and '1' are a number and a text; write 1 without quotes"),
    ],
)
def test_a_condition_that_leaves_nothing_or_names_nothing_is_told(condition: str, told: str) -> None:
    first, second = faults_of(*TWO_BY_TWO, f"sweep.skip={condition}", "epochs=0")
    assert first.startswith(f"sweep.skip={condition}: {told}")
    assert second == "epochs=0: must be a whole number >= 1 or auto"


def test_jobs_are_counted_after_some_are_left_out() -> None:
    assert len(asked("seed=range(0,2000)", "sweep.skip=seed >= 1000").jobs) == 1000
    (fault,) = faults_of("seed=range(0,2000)", "sweep.skip=seed >= 1500")
    assert fault == "1,500 jobs: more than sweep.max_jobs=1000; to run them all add sweep.max_jobs=1500"
    (fault,) = faults_of("seed=range(0,1000000000)", "sweep.skip=seed >= 1000")
    assert fault.startswith("1,000,000,000 jobs: ")


@pytest.mark.parametrize(
    ("condition", "num_skipped"),
    [("seed == 0", 6), ("seed == 0 and model == cnn", 3), ("optimizer.lr < 0.05 or seed > 0", 10), ("seed < 0", 0)],
)
def test_what_a_condition_and_its_contrary_leave_out_is_everything_once(condition: str, num_skipped: int) -> None:
    words = ["model=mlp,cnn", "optimizer.lr=0.1,0.01,0.001", "seed=0,1"]
    every = {tuple(job.swept.values()) for job in asked(*words).jobs}
    left, contrary = asked(*words, f"sweep.skip={condition}"), f"sweep.skip=not ({condition})"
    assert (left.num_skipped, len(left.jobs)) == (num_skipped, 12 - num_skipped)
    kept = {tuple(job.swept.values()) for job in left.jobs}
    others = {tuple(job.swept.values()) for job in asked(*words, contrary).jobs} if num_skipped else set()
    assert kept | others == every and not kept & others
