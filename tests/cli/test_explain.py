"""explain as it is typed: its numbers are those of the first step of ``train``."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

import program
from runner.cli import main
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, conf_folders
from runner.experiment.assemble import assemble
from runner.experiment.first_step import FirstStep, first_step
from runner.runs.checkpoint import Checkpoints
from runner.runs.metric_log import read_rows

WORDS = {
    "digits, cnn": ["device=cpu"],
    "dropout, norm, clipping": [
        *["dataset=iris", "model=dnn", "model.dropout=0.4", "model.normalisation=batch", "grad_clip_norm=0.5"],
        *["scheduler=step_lr", "scheduler.step_size=1", "scheduler.interval=step"],
    ],
    "numbers": ["dataset=diabetes", "model=linear", "optimizer=sgd", "optimizer.lr=0.01"],
    "an embedding": ["dataset=iris", "model=dnn", "loss=triplet_margin"],
    "a closure": ["dataset=wine", "model=linear", "optimizer=lbfgs"],
}

SAME = ["val_fraction=0", "threads=1"]  # another test may have left this process with one thread


def walked(words: list[str]) -> tuple[FirstStep, dict[str, torch.Tensor]]:
    experiment = assemble(compose(parse(words)).config, Catalog(conf_folders()))
    return first_step(experiment), dict(experiment.parts.model.named_parameters())


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_the_numbers_are_those_of_the_first_step_of_train_to_the_bit(words: list[str], tmp_path: Path) -> None:
    argv = ["train", *words, "max_steps=1", "log_every_steps=1", *SAME, "tensorboard=off", f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said").code == 0
    run = program.only_run(tmp_path)
    (row,) = read_rows(run / "metrics.jsonl")
    with torch.random.fork_rng():
        step, weights = walked([*words, *SAME])
    assert (step.loss, step.grad_norm) == (row["train/batch_loss"], row["grad_norm"])
    saved = Checkpoints(run / "checkpoints").load("last")["model"]
    assert all(torch.equal(weights[name], saved[name]) for name in weights)


def test_the_numbers_belong_together() -> None:
    with torch.random.fork_rng():
        step, _ = walked(["dataset=iris", "model=linear", "optimizer=sgd", "optimizer.lr=0.5", "batch_size=3"])
    assert step.batch_shape == (3, 4) and len(step.labels) == 3
    assert [layer.shape for layer in step.layers] == [(3, 4), (3, 3)]
    assert math.fsum(step.row_losses) / 3 == pytest.approx(step.loss)
    by_hand = -step.logits.log_softmax(1)[range(3), list(map(int, step.labels))]
    assert list(step.row_losses) == pytest.approx(by_hand.tolist())
    assert math.hypot(*(change.grad_norm for change in step.changes)) == pytest.approx(step.grad_norm)
    assert all(change.update_norm == pytest.approx(0.5 * change.grad_norm) for change in step.changes)
    assert step.loss_after < step.loss


def test_outputs_that_are_a_place_are_told_without_probabilities(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["explain", "device=cpu", *WORDS["an embedding"]]) == 0
    assert "probabilit" not in capsys.readouterr().out


def test_outputs_that_only_rank_are_told_as_scores(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["explain", "dataset=iris", "model=linear", "loss=multi_margin"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "the raw outputs rank the classes, and so does their softmax: this loss makes no probabilities" in out
    assert "first row output score" in out and "logit" not in out


@pytest.mark.parametrize("words", [["dataset=iris", "loss=multi_label_soft_margin"], ["dataset=breast_cancer"]])
def test_the_probabilities_are_those_that_predict_tells(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with torch.random.fork_rng():
        step, _ = walked([*words, "model=linear"])
    sigmoids = step.logits.sigmoid()
    by_hand = (
        sigmoids / sigmoids.sum(1, keepdim=True) if step.each_by_itself else torch.hstack([1 - sigmoids, sigmoids])
    )
    assert torch.allclose(step.shares, by_hand)
    assert main.main(["explain", *words, "model=linear"]) == 0
    out = capsys.readouterr().out
    assert all(f"{share:.4f}" in out for share in by_hand[0, -step.logits.shape[1] :])
    assert ("scaled to 1 in sum" in out) == step.each_by_itself


def test_dropout_is_the_same_before_and_after() -> None:
    with torch.random.fork_rng():
        step, _ = walked(["dataset=iris", "model=dnn", "model.dropout=0.5", "optimizer=sgd", "optimizer.lr=1e-9"])
    assert step.loss_after == pytest.approx(step.loss, abs=1e-6)


def test_the_five_steps_are_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(["explain", "dataset=iris", "model=dnn", "model.hidden=[8]"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "\x1b" not in out
    assert [line.split("  ")[1] for line in out.splitlines() if line[:1].isdigit()] == [
        "the batch",
        "forward",
        "loss",
        "backward",
        "step",
    ]
    assert "guessing blindly among 3 costs ln 3 = 1.0986" in out and "<- the truth" in out
    assert list(tmp_path.iterdir()) == []


def test_of_all_folds_the_first_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["explain", "dataset=iris", "model=linear", "folds=3", "fold=all"]) == 0
    assert "64 x 4" in capsys.readouterr().out


def test_a_step_that_is_too_long_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["explain", "dataset=diabetes", "model=linear", "optimizer=sgd", "optimizer.lr=10"]) == 0
    assert "not smaller: the step was too long, lower optimizer.lr" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-m", "seed=1,2"], "explain is for one run; did you mean:\n  python -m runner explain seed=1\n"),
        (["epochz=3"], "explain epochs=3"),
        (["dropout"], "explain dropout: there is no such lesson; lessons: tensors, autograd, conv, "),
        (["wine"], "python -m runner explain dataset=wine"),
    ],
)
def test_a_wrong_request_is_told(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["explain", *words]) == 2
    assert told in capsys.readouterr().err
