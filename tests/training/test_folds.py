"""``folds=3 fold=all`` as typed, on tiny runs: each fold a run of its own, what they come to above them."""

from __future__ import annotations

import csv
import json
import shutil
import statistics
from pathlib import Path
from typing import Any

import pytest

import program
from program import TINY, contents, fingerprints, only_run
from runner.config.stored import load_stored

FOLDS = [*TINY, "folds=3", "fold=all"]


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def lines(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def row(out: str, name: str) -> list[str]:
    """The words of the first line of that name."""
    return next(line.split() for line in out.splitlines() if line.startswith(f"{name} "))


def told(whole: Path) -> dict[str, Any]:
    """What the folds come to, without clocks and processes."""
    content = read(whole / "summary.json")
    return {key: content[key] for key in content if key not in ("started", "seconds", "trees_seconds", "pid")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished command of 3 folds; copy it before anything is done to it."""
    return program.train(tmp_path_factory.mktemp("outputs"), "folds=3", "fold=all")


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with 6 epochs."""
    return program.train(tmp_path_factory.mktemp("longer"), "folds=3", "fold=all", "epochs=6")


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def test_each_fold_equals_the_run_of_that_fold_alone_to_the_bit(whole: Path, tmp_path: Path) -> None:
    for fold in range(3):
        alone = program.train(tmp_path / str(fold), "folds=3", f"fold={fold}")
        assert contents(whole / f"fold-{fold}") == contents(alone)


def test_the_summary_holds_mean_and_deviation_of_every_metric_and_each_folds_own(whole: Path) -> None:
    summary = read(whole / "summary.json")
    each = [read(whole / f"fold-{fold}" / "summary.json") for fold in range(3)]
    assert (summary["status"], summary["folds"], summary["judged_split"]) == ("finished", 3, "test")
    accuracies = [one["best"]["test/accuracy"] for one in each]
    assert summary["best"]["test/accuracy"] == pytest.approx(sum(accuracies) / 3)
    assert summary["sd"]["test/accuracy"] == pytest.approx(statistics.stdev(accuracies))
    assert [one["test/accuracy"] for one in summary["per_fold"]] == accuracies
    assert [one["fold"] for one in summary["per_fold"]] == [0, 1, 2]
    assert summary["best"].keys() == summary["sd"].keys() == {k for k in each[0]["best"] if "/" in k}
    assert summary["baseline"]["accuracy"] == pytest.approx(sum(one["baseline"]["accuracy"] for one in each) / 3)


def test_every_row_is_predicted_once_and_the_matrix_counts_those_predictions(whole: Path) -> None:
    head, *rows = lines(whole / "predictions.csv")
    names = ["class_0", "class_1", "class_2"]
    assert head == ["row", "fold", "true", "predicted", "p(class_0)", "p(class_1)", "p(class_2)"]
    assert [int(row[0]) for row in rows] == list(range(90))
    assert all(sum(map(float, row[4:])) == pytest.approx(1, abs=1e-4) for row in rows)
    assert all(row[3] == max(names, key=lambda name: float(row[4 + names.index(name)])) for row in rows)
    counted = [[sum(row[2:4] == [true, predicted] for row in rows) for predicted in names] for true in names]
    assert read(whole / "summary.json")["confusion"] == counted
    for fold in range(3):
        assert lines(whole / f"fold-{fold}" / "predictions.csv")[1:] == [row for row in rows if row[1] == str(fold)]


def test_numbers_are_predicted_by_value(tmp_path: Path) -> None:
    words = ["dataset=diabetes", "model=linear", "epochs=1", "folds=2", "fold=all", f"output_dir={tmp_path}"]
    assert program.run(["train", *words], tmp_path / "said").code == 0
    head, first, *rest = lines(only_run(tmp_path) / "predictions.csv")
    assert head == ["row", "fold", "true", "predicted"]
    assert first[0] == "0" and float(first[2]) == 151 and len(rest) == 441
    summary = read(only_run(tmp_path) / "summary.json")
    assert summary["confusion"] == [] and summary["best"]["test/rmse"] > 0


def test_the_end_shows_every_fold_with_mean_and_deviation(tmp_path: Path) -> None:
    done = program.run(["train", *FOLDS, f"output_dir={tmp_path}"], tmp_path / "said")
    assert (done.code, done.err) == (0, "")
    summary = read(only_run(tmp_path) / "summary.json")
    assert row(done.out, "mean")[2] == f"{summary['best']['test/accuracy']:.4f}"
    assert row(done.out, "sd")[2] == f"{summary['sd']['test/accuracy']:.4f}"
    assert "each of 3 folds for test" in done.out
    assert "3 folds finished after" in done.out


INSTANTS = {
    "before the first step": ("runner.engine.step:Stepper.step", 1),
    "within the first fold": ("runner.engine.step:Stepper.step", 8),
    "within the second fold": ("runner.engine.step:Stepper.step", 22),
    "before a fold's directory": ("runner.training.folds:make", 2),
    "before its config": ("runner.training.record:record", 2),
    "before its test rows are answered": ("runner.runs.summary:write_predictions", 1),
    "before all answers are joined": ("runner.runs.summary:join_predictions", 1),
    "before the word finished": ("runner.runs.summary:FoldsSummary.tell", 5),
}


@pytest.mark.parametrize("instant", INSTANTS)
def test_folds_killed_at_the_worst_instants_and_resumed_equal_those_that_were_not(
    instant: str, whole: Path, tmp_path: Path
) -> None:
    at = INSTANTS[instant]
    killed = program.run(["train", *FOLDS, f"output_dir={tmp_path}"], tmp_path / "said", before="kill_before", at=at)
    assert killed.code == -9
    run = only_run(tmp_path)
    ended = [path.parent for path in run.glob("fold-*/predictions.csv")]
    before = {path: fingerprints(path) for path in ended}
    resumed = program.run(["resume", "last", f"output_dir={tmp_path}"], tmp_path / "said")
    assert resumed.code == 0, resumed.err
    assert before == {path: fingerprints(path) for path in ended}
    for fold in range(3):
        assert contents(run / f"fold-{fold}") == contents(whole / f"fold-{fold}")
    assert told(run) == told(whole)
    assert (run / "predictions.csv").read_bytes() == (whole / "predictions.csv").read_bytes()


def test_a_signal_saves_the_fold_under_way_and_names_the_directory_above(tmp_path: Path, whole: Path) -> None:
    at = ("runner.engine.step:Stepper.step", 22)
    argv = ["train", *FOLDS, f"output_dir={tmp_path}"]
    done = program.run(argv, tmp_path / "said", before="terminate_before", at=at)
    run = only_run(tmp_path)
    assert done.code == 143
    assert done.err == f"interrupted, saved in epoch 1 (step 2); resume with: python -m runner resume {run}\n"
    assert read(run / "summary.json")["status"] == read(run / "fold-1/summary.json")["status"] == "interrupted"
    assert program.run(["resume", str(run)], tmp_path / "said").code == 0
    assert contents(run / "fold-1") == contents(whole / "fold-1")
    assert told(run) == told(whole)


def test_a_signal_between_two_folds_is_heard(tmp_path: Path) -> None:
    argv = ["train", *FOLDS, f"output_dir={tmp_path}"]
    at = ("runner.runs.summary:write_predictions", 1)
    done = program.run(argv, tmp_path / "said", before="terminate_before", at=at)
    run = only_run(tmp_path)
    assert done.code == 143
    assert f"interrupted between two folds; resume with: python -m runner resume {run}" in done.err
    assert read(run / "summary.json")["status"] == "interrupted"
    assert [path.name for path in run.glob("fold-*")] == ["fold-0"]


def test_finished_folds_are_said_to_be_so_and_not_touched(copy: Path) -> None:
    before = fingerprints(copy)
    done = program.run(["resume", str(copy)], copy.parent / "said")
    assert done.code == 0 and f"{copy}: finished already; nothing to do" in done.out
    assert fingerprints(copy) == before


def test_longer_folds_equal_those_that_were_longer_from_the_start(copy: Path, longer: Path, tmp_path: Path) -> None:
    assert program.run(["resume", str(copy), "epochs=6"], tmp_path / "said").code == 0
    for fold in range(3):
        assert contents(copy / f"fold-{fold}") == contents(longer / f"fold-{fold}")
    assert told(copy) == told(longer)


def test_lengthening_that_was_cut_short_reaches_every_fold(copy: Path, tmp_path: Path) -> None:
    at = ("runner.engine.step:Stepper.step", 3)
    killed = program.run(["resume", str(copy), "epochs=6"], tmp_path / "said", before="kill_before", at=at)
    assert killed.code == -9
    assert program.run(["resume", str(copy)], tmp_path / "said").code == 0
    assert [read(copy / f"fold-{fold}/summary.json")["final"]["epoch"] for fold in range(3)] == [6, 6, 6]


@pytest.mark.parametrize(
    "at",
    [
        ("runner.training.record:write_schema", 1),
        ("runner.training.folds:answer_test_rows", 1),
        ("runner.training.folds:answer_test_rows", 3),
    ],
)
def test_case_30_lengthening_that_was_killed_between_two_files_equals_that_which_was_not(
    copy: Path, longer: Path, tmp_path: Path, at: tuple[str, int]
) -> None:
    argv = ["resume", str(copy), "epochs=6"]
    assert program.run(argv, tmp_path / "said", before="kill_before", at=at).code == -9
    assert program.run(["resume", str(copy)], tmp_path / "said").code == 0
    assert told(copy) == told(longer)
    assert (copy / "predictions.csv").read_bytes() == (longer / "predictions.csv").read_bytes()


def test_a_fold_that_fails_is_named(tmp_path: Path) -> None:
    argv = ["train", *FOLDS, f"output_dir={tmp_path}"]
    done = program.run(argv, tmp_path / "said", before="spoil_the_loss", at=22)
    assert done.code == 1 and done.err.startswith("error: fold-1: the loss is nan at step")
    summary = read(only_run(tmp_path) / "summary.json")
    assert summary["status"] == "failed" and summary["reason"].startswith("fold-1: the loss is nan")
    assert [one["fold"] for one in summary["per_fold"]] == [0]


def test_folds_are_measured_again_all_together(copy: Path) -> None:
    before = fingerprints(copy)
    done = program.run(["eval", str(copy)], copy.parent / "said")
    assert (done.code, done.err) == (0, "")
    assert row(done.out, "mean")[2] == f"{read(copy / 'summary.json')['best']['test/accuracy']:.4f}"
    assert fingerprints(copy) == before


def test_of_folds_that_are_not_all_done_the_done_ones_are_measured(copy: Path) -> None:
    (copy / "fold-2" / "predictions.csv").unlink()
    done = program.run(["eval", str(copy)], copy.parent / "said")
    assert done.code == 0
    assert done.err == "warning: fold 2 is not done yet and left out; go on with it: resume\n"
    accuracies = [read(copy / f"fold-{fold}/summary.json")["best"]["test/accuracy"] for fold in range(2)]
    assert row(done.out, "mean")[2] == f"{sum(accuracies) / 2:.4f}"
    (copy / "fold-0" / "predictions.csv").unlink()
    none = program.run(["eval", str(copy)], copy.parent / "said")
    assert (none.code, none.err) == (3, f"error: {copy}: no fold is done yet; go on with it: resume\n")


def test_the_directory_above_the_folds_predicts_nothing_and_names_those_that_do(copy: Path) -> None:
    done = program.run(["predict", str(copy), "--test-index", "1"], copy.parent / "said")
    assert done.code == 2
    assert "holds a net for each of its 3 folds; choose one, fold-0 to fold-2\n" in done.err
    assert f"  python -m runner predict {copy}/fold-0 ..." in done.err
    script = program.run(["code", str(copy)], copy.parent / "said")
    assert script.code == 2 and f"  python -m runner code {copy}/fold-0\n" in script.err
    assert program.run(["predict", str(copy / "fold-0"), "--test-index", "1"], copy.parent / "said").code == 0
    seen = program.run(["view", str(copy)], copy.parent / "said")
    assert seen.code == 2 and f"  the curves of all: python -m runner view {copy}/fold-*\n" in seen.err


def test_nothing_is_made_where_a_later_fold_could_not_be_trained(tmp_path: Path) -> None:
    # 91 rows in 3 folds: 61, 61 and 60 train rows, the last two of which leave one row over in batches of 12
    words = [*FOLDS, "dataset.num_rows=91", "val_fraction=0", "monitor=train/loss", "batch_size=12"]
    done = program.run(["train", *words, f"output_dir={tmp_path / 'out'}"], tmp_path / "said")
    assert done.code == 2 and "batch normalisation cannot use" in done.err
    assert not (tmp_path / "out").exists()


def test_a_sweep_has_a_job_for_each_fold(tmp_path: Path) -> None:
    words = [*FOLDS, "optimizer.lr=0.02,0.0001", "tensorboard=off", f"output_dir={tmp_path}"]
    done = program.run(["train", "-m", *words], tmp_path / "said")
    assert done.code == 0, done.err
    configs = [load_stored(path) for path in sorted(tmp_path.glob("sweeps/*/*/*/config.yaml"))]
    told = sorted((config.optimizer.knobs["lr"], config.folds, config.fold) for config in configs)
    assert told == [(lr, 3, fold) for lr in (0.0001, 0.02) for fold in (0, 1, 2)]


BOTH_NEEDED = "folds is their number, fold=0 runs one and fold=all every one; did you mean:\n  python -m runner train"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fold=all"], f"fold=all: {BOTH_NEEDED}"),
        (["folds=5"], f"folds=5: {BOTH_NEEDED}"),
        (["folds=5", "fold=5"], "fold=5: folds are counted from 0; with folds=5 the last is 4"),
        (["folds=5", "fold=every"], "fold=every: must be a whole number >= 0 or all or null"),
        (["folds=1000", "fold=all"], "folds=1000: give 2 to 90, the number of rows to cut"),
    ],
)
def test_what_is_wrong_with_folds_is_told_before_anything_is_made(words: list[str], told: str, tmp_path: Path) -> None:
    done = program.run(["train", *TINY, *words, f"output_dir={tmp_path / 'out'}"], tmp_path / "said")
    assert done.code == 2 and done.err.startswith(f"error: {told}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [("predictions.csv", "row,fold\nx,1\n"), ("summary.json", '{"status": "finished", "best": {"a/b": "x"}}')],
)
def test_case_38_damaged_results_of_a_fold_are_told_in_a_line(copy: Path, name: str, content: str) -> None:
    (copy / "fold-1" / name).write_text(content)
    (copy / "summary.json").unlink()
    done = program.run(["resume", str(copy)], copy.parent / "said")
    assert done.code == 3 and "Traceback" not in done.err
    assert f"fold-1/{name}: damaged: " in done.err
