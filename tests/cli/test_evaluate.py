"""``eval RUN`` as typed, on tiny runs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import program
from program import fingerprints


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program.train(tmp_path_factory.mktemp("outputs"), "test_every_epochs=2", "metric=[accuracy,f1]")


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def evaluated(run: Path, *words: str) -> dict[str, Any]:
    """What eval found, before it was rounded for the table."""
    told = run.parent / "scores.json"
    done = program.run(["eval", str(run), *words], run.parent / "said", before="tell_the_scores", at=str(told))
    assert done.code == 0, done.err
    return dict(json.loads(told.read_text()))


def test_eval_gives_the_scores_of_the_summary_to_the_last_digit(run: Path) -> None:
    best = json.loads((run / "summary.json").read_text())["best"]
    assert set(best) >= {"train/f1", "val/loss", "test/accuracy"}
    assert evaluated(run) == best


def test_eval_of_the_last_checkpoint_gives_the_last_row(run: Path) -> None:
    final = json.loads((run / "summary.json").read_text())["final"]
    last = evaluated(run, "checkpoint=last")
    assert last["step"] == 20 and last["test/loss"] == final["test/loss"] and last["val/f1"] == final["val/f1"]


def test_eval_writes_nothing_and_says_which_checkpoint(run: Path) -> None:
    before = fingerprints(run.parent)
    done = program.run(["eval", str(run)], run.parent.parent / f"{run.parent.name}-said")
    assert done.code == 0 and done.err == ""
    assert "best.pt of step 20, epoch 4, on cpu" in done.out
    assert "majority class" in done.out and "predicted" in done.out
    assert fingerprints(run.parent) == before


def test_eval_never_composes_again(run: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    for group in ("model", "dataset"):
        (elsewhere / "conf" / group).mkdir(parents=True)
    (elsewhere / "conf/train.yaml").write_text("{ this is no YAML")
    (elsewhere / "conf/model/dnn.yaml").write_text("_target_: os.system")
    (elsewhere / "conf/dataset/random.yaml").write_text("_target_: nothing.at.all")
    done = program.run(["eval", str(run)], tmp_path / "said", cwd=elsewhere)
    assert done.code == 0, done.err


def test_eval_of_a_run_that_has_saved_nothing_says_so(tmp_path: Path) -> None:
    at = ("runner.engine.step:Stepper.step", 2)
    argv = ["train", *program.TINY, f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said", before="kill_before", at=at).code == -9
    done = program.run(["eval", str(program.only_run(tmp_path))], tmp_path / "said")
    assert done.code == 3 and "last.pt: not there; the run has saved none yet" in done.err


def test_eval_before_the_first_epoch_ended_takes_the_last_checkpoint(tmp_path: Path) -> None:
    at = ("runner.engine.step:Stepper.step", 5)
    argv = ["train", *program.TINY, f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said", before="kill_before", at=at).code == -9
    done = program.run(["eval", str(program.only_run(tmp_path))], tmp_path / "said")
    assert done.code == 0 and "last.pt of step 3, epoch 1" in done.out


def test_a_checkpoint_of_another_name_is_refused(run: Path) -> None:
    done = program.run(["eval", str(run), "checkpoint=first"], run.parent / "said")
    assert done.code == 2 and "checkpoint=first: choose best or last" in done.err
