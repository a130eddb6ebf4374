"""Scripts are run, and give the losses of ``train``; what a script cannot do is refused."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path

import pytest
import torch

import program
from runner import cli
from runner.records.metric_log import read_rows

REAL = Path(os.environ.get("RUNNER_DATA", "data"))
RANDOM = ["dataset=random", "dataset.num_rows=90", "dataset.num_classes=3", "dataset.shape=[6]"]
IRIS = ["dataset=iris", "model=dnn"]
COMBINATIONS = {
    "the first command there is": ["epochs=3"],
    "two classes by one output": ["dataset=breast_cancer", "model=mlp", "model.hidden=[16]", "epochs=4", "seed=3"],
    "numbers": ["dataset=diabetes", "model=linear", "optimizer=sgd", "optimizer.lr=0.01", "epochs=4"],
    "dropout, norms and a step schedule": [
        *IRIS,
        *["model.dropout=0.3", "model.normalisation=batch", "epochs=5", "batch_size=13"],
        *["scheduler=step_lr", "scheduler.step_size=5", "scheduler.gamma=0.5", "scheduler.interval=step"],
    ],
    "momentum, clipping and a cosine": [
        *["dataset=wine", "model=mlp", "optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9"],
        *["optimizer.nesterov=true", "grad_clip_norm=0.5", "scheduler=cosine_annealing_lr", "epochs=5"],
    ],
    "no validation, no shuffling": [*IRIS, "val_fraction=0", "shuffle=false", "optimizer=rmsprop", "epochs=4"],
    "no test": [
        *RANDOM,
        "model=linear",
        "test_fraction=0",
        "epochs=4",
        "loss=cross_entropy",
        "loss.label_smoothing=0.1",
    ],
    "the best by accuracy, other seeds": [*IRIS, "monitor=val/accuracy", "seed=5", "split_seed=7", "epochs=5"],
    "two classes by two outputs": [
        *["dataset=random", "dataset.num_classes=2", "model=mlp", "model.hidden=[8]", "loss=cross_entropy", "epochs=3"],
        *["optimizer=adamw", "optimizer.betas=[0.8,0.99]", "model.activation=GELU"],
    ],
    "the notes' convolutional net": ["experiment=cnn_notes", "dataset.num_rows=100", "epochs=2"],
    "layer norm, milestones and given constants": [
        *["model=dnn", "model.hidden=[16]", "model.normalisation=layer", "epochs=3", "scheduler=multi_step_lr"],
        *["scheduler.milestones=[1,2]", "dataset.transforms=[{scale:{divisor:16}},{normalise:{mean:[0.3],std:[0.4]}}]"],
    ],
}


def written(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert cli.main(["code", *words, "device=cpu"]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def losses(script: str) -> tuple[list[list[float]], list[float]]:
    """(train, val) of each epoch and the numbers of the test, by running the script in a namespace of its own."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), torch.random.fork_rng():
        exec(compile(script.replace(":.6f}", "!r}"), "script", "exec"), {"__name__": "__main__"})
    lines = [
        [float(number) for number in re.findall(r"[\d.]+(?:e-?\d+)?", line)] for line in told.getvalue().splitlines()
    ]
    epochs = [
        line[1:3] for line, text in zip(lines, told.getvalue().splitlines(), strict=True) if text.startswith("epoch")
    ]
    return epochs, lines[-1] if told.getvalue().splitlines()[-1].startswith("test") else []


def trained(words: list[str], folder: Path) -> Path:
    done = program.run(["train", *words, "device=cpu", f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return program.only_run(folder)


def check(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    script = written(words, capsys)
    epochs, test = losses(script)
    run = trained(words, folder)
    rows = [row for row in read_rows(run / "metrics.jsonl") if "train/loss" in row]
    expected = [[row[name] for name in ("train/loss", "val/loss") if name in row] for row in rows]
    assert len(epochs) == len(expected)
    for found, known in zip(epochs, expected, strict=True):
        assert found[: len(known)] == pytest.approx(known, abs=1e-6, rel=1e-6)
    best = program.json.loads((run / "summary.json").read_text())["best"]
    if "test/loss" in best:
        assert test[0] == pytest.approx(best["test/loss"], abs=1e-6, rel=1e-6)
    return script


@pytest.mark.parametrize("words", COMBINATIONS.values(), ids=COMBINATIONS)
def test_a_script_has_the_losses_of_the_run(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = check(words, tmp_path, capsys)
    lines = [line for line in script.splitlines() if line.strip()]
    assert 40 <= len(lines) <= 80 and max(map(len, lines[2:])) <= 130
    assert "import runner" not in script and "from runner" not in script


@pytest.mark.real
@pytest.mark.skipif(not (REAL / "MNIST").is_dir(), reason="the real data sets are not here")
@pytest.mark.parametrize(
    ("experiment", "option"), [("mnist_dnn_sigmoid", "mnist"), ("fashion_quickstart", "fashion_mnist")]
)
def test_the_recipes_of_the_notes_as_scripts(
    experiment: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"experiment={experiment}", f"dataset={option}", "epochs=1", f"data_dir={REAL}"]
    script = check(words, tmp_path, capsys)
    assert 40 <= len([line for line in script.splitlines() if line.strip()]) <= 60


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dataset=car", "model=dnn"], "dataset=car: a script can read digits, iris, "),
        (["optimizer=lbfgs"], "optimizer=lbfgs: a script can show "),
        (["scheduler=reduce_lr_on_plateau"], "scheduler=reduce_lr_on_plateau: a script can show StepLR"),
        (["dataset.augment=[{flip:{horizontal:0.5,vertical:0}}]"], "dataset.augment="),
        (["early_stopping.patience_epochs=3"], "early_stopping.patience_epochs=3: a plain script has no such thing"),
        (["max_steps=5"], "max_steps=5: a plain script has no such thing"),
        (["folds=5", "fold=1"], "folds=5: a plain script has no such thing"),
        (["monitor=train/loss"], "monitor=train/loss: a script keeps the best by"),
        (["dataset.transforms=[{resize:{size:[4,4]}}]"], "dataset.transforms: resize: a script can show scale"),
        (["model=dnn", "model.residual=true", "model.hidden=[8,8]"], "model=dnn: has a Residual"),
        (["loss.weight=[1,1,1,1,1,1,1,1,1,2]", "loss=cross_entropy"], "loss=cross_entropy: a script can show numbers"),
        (["optimizer.decay_biases_and_norms=false"], "optimizer.decay_biases_and_norms=False: is not torch's own"),
        (["optimizer.groups=[{pattern: 'head.*', lr: 0.01}]"], "optimizer.groups="),
        (["folds=5", "fold=all"], "folds=5: a plain script has no such thing"),
        (["--out", "x.py"], "code: --out: no such flag"),
        (["epochz=3"], "did you mean epochs=3"),
    ],
)
def test_what_a_script_cannot_do_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["code", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err


def test_every_reason_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["code", "dataset=car", "model=dnn", "optimizer=lbfgs", "max_steps=5"]) == 2
    assert capsys.readouterr().err.count("error: code: ") == 3


def test_help_says_what_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from runner.script.rows import SUPPORTED

    assert cli.main(["code", "--help"]) == 0
    told = capsys.readouterr().out
    assert all(option in told for option in SUPPORTED)
