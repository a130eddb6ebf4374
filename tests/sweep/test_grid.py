"""The words of ``train -m``: which jobs they ask for, and what is told before one is made."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from runner.compose.request import parse
from runner.errors import ConfigError
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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["optimizer.lr=0.1,0.01,0.001", "sweep.zip=[model,optimizer.lr]"],
            "sweep.zip=[model,optimizer.lr]: their lists advance together and need one length; "
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
            "sweep.zip=seed,model: a list stands in brackets: sweep.zip=[seed,model]",
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
        (["folds=2,3", "fold=all"], ["2 0", "2 1", "3 0", "3 1", "3 2"]),
        (
            ["folds=2,3", "seed=5,6", "fold=all", "sweep.zip=[seed,folds]"],
            ["2 5 0", "2 5 1", "3 6 0", "3 6 1", "3 6 2"],
        ),
    ],
)
def test_each_fold_is_a_job(words: list[str], expected: list[str]) -> None:
    assert [" ".join(values) for values in swept(*words)] == expected


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
        (["folds=1000000000", "fold=all"], "1,000,000,000 jobs: more than "),
        (["folds=500000000,2", "fold=all"], "500,000,002 jobs: more than "),
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
            "output_dir=a,b: holds for all jobs; it takes one value; where a sweep goes is set by sweep.dir",
        ),
        (["sweep.job=3"], "sweep.job=3: there is no setting sweep.job; did you mean sweep.jobs=3?"),
        (["sweep.jobs=0"], "sweep.jobs=0: must be a whole number >= 1 or auto"),
        (["seed=range(0,3,0)"], "seed=range(0,3,0): a range without a step; write the values out: key=1,2,3, or"),
        (["seed=range(3,0)"], "seed=range(3,0): holds no value; write the values out"),
        (["model=glob(zz*)"], "model=glob(zz*): holds no value; write the values out"),
        (["optimizer.lr=interval(0,1)"], "optimizer.lr=interval(0,1): there is no end of values between two numbers"),
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
