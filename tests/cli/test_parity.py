"""``predict RUN --parity`` as typed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import program
from runner.cli import main
from runner.runs.directory import results_digest

Capture = pytest.CaptureFixture[str]
QUICK = ["epochs=2", "device=cpu", "threads=1", "tensorboard=off", "baselines.trees=[]"]


def trained(folder: Path, *words: str) -> Path:
    done = program.run(["train", *words, *QUICK, f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return program.only_run(folder)


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 rows, 30 of them the test split."""
    return trained(tmp_path_factory.mktemp("iris"), "dataset=iris", "model=linear", "calibrate=true")


def changed(iris: Path, copy: Path, **changes: Any) -> Path:
    """A copy of the run whose summary says otherwise."""
    shutil.copytree(iris, copy)
    summary = json.loads((copy / "summary.json").read_text()) | changes
    (copy / "summary.json").write_text(json.dumps(summary | {"digest": results_digest(summary)}))
    return copy


def test_the_answers_have_the_scores_of_the_summary_to_the_last_digit_shown(iris: Path, capsys: Capture) -> None:
    best = json.loads((iris / "summary.json").read_text())["best"]
    assert main.main(["predict", str(iris), "--parity"]) == 0
    head, heads, *lines, told = capsys.readouterr().out.splitlines()
    assert head == "best.pt, 30 rows of the test split" and told == "the same"
    assert heads.split() == ["by", "predict", "in", "the", "summary"]
    assert [line.split()[0] for line in lines] == ["test/loss", "test/accuracy"]
    for name, ours, theirs in map(str.split, lines):
        assert ours == theirs == f"{best[name]:.4f}"


def test_a_score_that_differs_is_named_and_fails(iris: Path, tmp_path: Path, capsys: Capture) -> None:
    run = changed(iris, tmp_path / "run", best={"test/loss": 0.5, "test/accuracy": 0.123})
    assert main.main(["predict", str(run), "--parity"]) == 1
    out, err = capsys.readouterr()
    assert "0.1230" in out and "the same" not in out
    assert "predict: test/loss, test/accuracy: differs from the summary" in err


def test_another_checkpoint_than_that_of_the_summary_is_refused(iris: Path, capsys: Capture) -> None:
    assert main.main(["predict", str(iris), "--parity", "checkpoint=last"]) == 2
    assert "checkpoint=last: the summary holds the scores of best.pt; leave it out" in capsys.readouterr().err


def test_a_run_without_held_out_rows_has_nothing_to_be_compared_with(
    iris: Path, tmp_path: Path, capsys: Capture
) -> None:
    run = changed(iris, tmp_path / "run", judged_split="")
    assert main.main(["predict", str(run), "--parity"]) == 3
    assert "its summary has no scores of val or test rows to compare with" in capsys.readouterr().err


def test_parity_stands_alone(iris: Path, capsys: Capture) -> None:
    assert main.main(["predict", str(iris), "--parity", "--json"]) == 2
    assert "predict: --parity takes no other flag" in capsys.readouterr().err
    assert main.main(["predict", str(iris), "--parity", "--test-index", "1"]) == 2
    assert "choose one of files, column=value, --test-index and --parity" in capsys.readouterr().err
