"""Words of no kind after a verb that reads runs, and the line that is answered."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml

from past_runs import make_run
from runner.cli import main
from runner.cli.reader_words import READERS, meant

RUN = "outputs/2026-01-01/00-00-00-000001-mine"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one run of iris, and a table, in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_OUTPUTS", raising=False)
    run = make_run(tmp_path / RUN)
    config = json.loads((run / "summary.json").read_text())["config"]
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "my.csv").write_text("a,b\n1,2\n")


LINES = {
    # a run that is not said, or by its name
    "eval": "eval last",
    "resume": "resume last",
    "eval mine": f"eval {RUN}",
    "code mine": f"code {RUN}",
    "report mine": f"report {RUN}",
    "resume wine": "resume last",
    "code best": "code last",
    "eval best": "eval last checkpoint=best",
    "eval last last": "eval last",
    "predict": "predict last --test-index 0",
    "predict last.pt": "predict last checkpoint=last --test-index 0",
    # words that stand alone
    "eval last test": "eval last",
    "resume last loss": "resume last",
    "resume last 30": "resume last epochs=30",
    "resume last epochs 30": "resume last epochs=30",
    "resume last max_epochs=30": "resume last epochs=30",
    "view loss": "view last curves",
    "view last confusion_matrix": "view last confusion",
    "view last importance": "view last columns",
    "view last plot": "view last",
    "view last 3": "view last --test-index 3",
    "report 5": "report --top 5",
    "report best": "report --top 1",
    "report accuracy": "report --by val/accuracy",
    "report iris": "report dataset=iris",
    "report iris --by accuracy --top 2": "report dataset=iris --by val/accuracy --top 2",
    # flags
    "resume last --epochs 30": "resume last epochs=30",
    "eval last --split test": "eval last",
    "eval --cpu last": "eval last device=cpu",
    "view last --idx 3": "view last --test-index 3",
    "report --sort loss": "report --by val/loss",
    "report --metric=val_acc": "report --by val/accuracy",
    "report --best": "report --top 1",
    "report best 5": "report --top 5",
    "report --top": "report --top 1",
    "code last --output x.py": "code last --out x.py",
    "code --save=x.py last": "code last --out x.py",
    "predict last --test-index all": "predict last --test-index 0",
    # what the run was
    "resume last lr=0.1": f"train {RUN}/config.yaml start_from={RUN} optimizer.lr=0.1",
    "resume last model=cnn": f"train {RUN}/config.yaml model=cnn",
    "resume last lr=0.1 epochs=9": f"train {RUN}/config.yaml start_from={RUN} optimizer.lr=0.1 epochs=9",
    "resume last dataset=iris epochs=9": "resume last epochs=9",
    "code last lr=0.1": f"code {RUN}/config.yaml optimizer.lr=0.1",
    "eval last metric=f1": "eval last",
    # in the line of a run that is to be
    "train last": "resume last",
    "train last epochs=30": "resume last epochs=30",
    "train last model=cnn": f"train {RUN}/config.yaml model=cnn",
    f"train {RUN}": f"resume {RUN}",
    f"train {RUN}/checkpoints/last.pt": f"resume {RUN}",
    "train --resume": "resume last",
    "train --resume last --epochs 30": "resume last epochs=30",
    "train resume=last": "resume last",
    "train continue": "resume last",
    "train resume last": "resume last",
    "train --eval": "eval last",
    f"train --eval {RUN}": f"eval {RUN}",
    "train --eval device=cpu": "eval last device=cpu",
    "train --test": "eval last",
    "train test=last": "eval last",
    "train --predict my.csv": "predict last my.csv",
    "train --plot": "view last",
    "train report": "report",
    "train model=mlp --eval": "train model=mlp",
    "train -m last optimizer.lr=0.1,0.2": f"train -m {RUN}/config.yaml optimizer.lr=0.1,0.2",
    "explain last": f"explain {RUN}/config.yaml",
    "find lr last model=mlp": f"find lr {RUN}/config.yaml model=mlp",
    # of a run that is to be
    "view model=cnn": "show model=cnn dataset=digits",
    "view dataset=iris model=cnn": "view dataset=iris",
}


@pytest.mark.parametrize(("typed", "line"), LINES.items())
def test_the_line_that_was_meant_is_answered(typed: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(shlex.split(typed)) == 2
    told = capsys.readouterr().err
    assert told.endswith(f"; did you mean:\n  python -m runner {line}\n")


@pytest.mark.parametrize("typed", ["report --html", "eval last checkpoint=first", "resume last epochs=abc"])
def test_no_line_is_made_up(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(shlex.split(typed)) in (2, 3)
    assert "did you mean:\n" not in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["train last", "train --eval", "explain last"])
def test_a_line_about_a_run_that_is_not_there_begins_one(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([*typed.split(), "output_dir=elsewhere"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: last: no run under elsewhere yet; start one: python -m runner train"
    )


def test_a_file_behind_a_flag_of_another_program_is_the_input() -> None:
    assert meant("predict", ["last", "--input", "my.csv"]) == ["predict", "last", "my.csv"]


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("show last", "report"),
        ("show all", "show"),
        ("fetch all", "fetch mnist fashion_mnist kmnist qmnist cifar10 covtype adult california"),
    ],
)
def test_a_word_that_show_or_fetch_has_no_page_of_is_answered(
    typed: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(typed.split()) == 2
    assert f"; did you mean: python -m runner {line}\n" in capsys.readouterr().err


def test_every_verb_that_is_answered_here_is_one_that_asks() -> None:
    assert set(main.READERS) == {*READERS} <= {*main.VERBS}
