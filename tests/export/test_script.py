"""Scripts are run, and give the losses of ``train``; what a script cannot do is refused."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from as_script import check, counted, losses, written
from runner.cli import main

REAL = Path(os.environ.get("RUNNER_DATA", "data"))
RANDOM = ["dataset=random", "dataset.num_rows=90", "dataset.num_classes=3", "dataset.shape=[6]"]
IRIS = ["dataset=iris", "model=dnn"]
CANCER = ["dataset=breast_cancer", "model=mlp", "model.hidden=[16]", "epochs=3"]
COMBINATIONS = {
    "the first command there is": ["epochs=2"],
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
    "layers of a list, in a block and repeated": [
        *["model=sequential", "model.blocks={conv: [{Conv2d: {out_channels: 4, kernel_size: [3, 1]}}, BatchNorm2d]}"],
        "model.layers=[conv, {repeat: {times: 2, layers: [conv, ReLU]}}, LayerNorm, Flatten, "
        "{Linear: {out_features: 25}}, {Unflatten: {dim: 1, unflattened_size: [1, 5, 5]}}, Flatten, "
        "{Linear: {out_features: out, bias: false}}]",
        "epochs=2",
    ],
    "residual connections of a dnn": [*IRIS, "model.residual=true", "model.hidden=[8,8]", "epochs=2"],
    "cars, computed": ["dataset=car", "model=dnn", "epochs=3"],
    "few rows that judge": [*IRIS, "val_fraction=0.2", "max_eval_rows=20", "epochs=3"],
    "few numbers that judge": [*["dataset=diabetes", "model=linear", "epochs=2"], "max_eval_rows=30"],
    "a fold of cars": ["experiment=car_onehot", "fold=1", "epochs=3"],
    "a fold of numbers": ["experiment=diabetes_linear", "fold=2", "epochs=3"],
    "codes of categories as numbers": ["dataset=car", "dataset.transforms=[flatten]", "model=linear", "epochs=2"],
    "cars, scaled and flattened": [
        "dataset=car",
        "dataset.transforms=[one_hot,{scale:{divisor:2}},flatten]",
        "model=linear",
    ],
    "cars have no number to normalise": ["dataset=car", "dataset.transforms=[normalise,one_hot]", "model=linear"],
    "the logarithm of a number": ["dataset=diabetes", "dataset.target_transform=log1p", "model=linear", "epochs=3"],
    "numbers by their quartiles": ["dataset=wine", "dataset.numeric=robust", "model=linear", "epochs=3"],
    "few train rows": ["experiment=overfit", "epochs=3"],
    "log softmax behind the net": [*IRIS, "loss=nll", "loss.weight=[1,2,3]", "epochs=3"],
    "a margin, classes balanced": [
        "dataset=car",
        "model=linear",
        "loss=multi_margin",
        "loss.weight=balanced",
        "epochs=3",
    ],
    "a sigmoid behind the net": [*CANCER, "loss=bce"],
    "classes as signs": [*CANCER, "loss=soft_margin"],
    "two classes balanced": [*CANCER, "loss=bce_with_logits", "loss.pos_weight=balanced"],
    "an activation that draws": [*IRIS, "model.activation=RReLU", "epochs=3"],
    "batches in parts, of which the last are short": [*IRIS, "batch_size=20", "accumulate_steps=3", "epochs=3"],
    "batches in parts, classes weighed": [
        *[*IRIS, "batch_size=20", "accumulate_steps=3", "epochs=2"],
        *["loss=cross_entropy", "loss.weight=[1,2,9]"],
    ],
    "half the bits": [*IRIS, "precision=bf16", "epochs=2"],
    "the best by the train loss": [*IRIS, "monitor=train/loss", "epochs=3"],
}
# What an epoch brings is never enough: the rate falls after each, from the second on
PLATEAU = ["scheduler=reduce_lr_on_plateau", "scheduler.patience=0", "scheduler.threshold=0.9"]
SCHEDULES = {
    "a plateau of the val loss": PLATEAU,
    "a plateau of the val accuracy": [*PLATEAU, "monitor=val/accuracy"],
    "a plateau of the train loss": [*PLATEAU, "val_fraction=0"],
    "a warm-up and a cosine": ["scheduler=warmup_cosine"],
    "a warm-up per step": ["scheduler=warmup_cosine", "scheduler.interval=step", "scheduler.milestones=[4]"],
    "two links of a kind": ["scheduler=sequential_lr", "scheduler.schedulers=[constant_lr,constant_lr]"],
    "a chain": ["scheduler=chained_scheduler"],
    "one cycle": ["scheduler=one_cycle_lr"],
    "cycles": ["scheduler=cyclic_lr", "scheduler.scale_fn=1 / x", "optimizer=sgd", "optimizer.momentum=0.8"],
    "restarts": ["scheduler=cosine_annealing_warm_restarts", "scheduler.T_0=2"],
    "a power": ["scheduler=polynomial_lr", "scheduler.power=2"],
    "a formula": ["scheduler=lambda_lr", "scheduler.lr_lambda=max(0.1, 0.5 ** epoch)"],
}
STOPPED = {  # words -> epochs until they stop
    "by the val accuracy": ["monitor=val/accuracy", "early_stopping.patience_epochs=2"],
    "by the train loss, the last weights kept": [
        *["val_fraction=0", "early_stopping.patience_epochs=1", "optimizer.lr=0.3"],
    ],
}


@pytest.mark.parametrize("words", COMBINATIONS.values(), ids=COMBINATIONS)
def test_a_script_has_the_losses_of_the_run(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = check(words, tmp_path, capsys)
    assert 40 <= counted(script) <= 60 and max(map(len, script.splitlines()[2:])) <= 125
    assert "import runner" not in script and "from runner" not in script


def test_a_script_brings_numbers_to_a_normal_as_the_run_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = check(["dataset=wine", "dataset.numeric=quantile", "model=linear", "epochs=3"], tmp_path, capsys)
    assert counted(script) <= 65 and max(map(len, script.splitlines()[2:])) <= 125


@pytest.mark.parametrize("words", SCHEDULES.values(), ids=SCHEDULES)
def test_a_script_follows_the_schedule_of_the_run(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert counted(check(["dataset=iris", "model=linear", "epochs=5", *words], tmp_path, capsys)) <= 60


@pytest.mark.parametrize("words", STOPPED.values(), ids=STOPPED)
def test_a_script_stops_where_the_run_does(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = check([*IRIS, "epochs=30", *words], tmp_path, capsys)
    assert len(losses(script, tmp_path)[0]) < 30 and counted(script) <= 60


@pytest.mark.parametrize(
    "words",
    [
        *([], ["model=dnn"], ["dataset=iris", "model=mlp"], ["dataset=wine", "model=linear"]),
        *(["dataset=breast_cancer", "model=dnn"], ["dataset=car", "model=linear"], ["dataset=random", "model=mlp"]),
    ],
)
def test_an_ordinary_run_is_a_page_of_60_lines(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert 40 <= counted(written(words, capsys)) <= 60


def test_a_layer_and_what_follows_it_are_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.strip() for line in written([], capsys).splitlines()]
    assert lines[(first := lines.index("self.layers = nn.Sequential(") + 1) : first + 4] == [
        'nn.Conv2d(1, 32, 3, padding="same"), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),',
        'nn.Conv2d(32, 64, 3, padding="same"), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),',
        "nn.Flatten(), nn.Linear(256, 10),",
        ")",
    ]


def test_a_layer_used_twice_is_shown_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "twice.py").write_text(
        "from torch import nn\n\nclass Twice(nn.Sequential):\n"
        "    def __init__(self, in_shape, num_outputs):\n        relu = nn.ReLU()\n"
        "        super().__init__(nn.Linear(4, 8), relu, nn.Linear(8, 8), relu, nn.Linear(8, num_outputs))\n"
    )
    words = ["dataset=iris", "model=module", f"model.path={tmp_path / 'twice.py'}", "model.name=Twice"]
    script = check([*words, "trusted=[twice]", "epochs=2"], tmp_path, capsys)
    assert script.count("nn.ReLU()") == 2
    assert main.main(["code", *words, "trusted=[twice]", "model.freeze=['0.*']"]) == 2
    assert "has frozen parameters, which a script cannot show; set model.freeze=[]" in capsys.readouterr().err


def test_rows_that_code_of_one_s_own_reads_are_refused_with_the_script_of_made_up_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_pairs.py").write_text(
        "import torch\nfrom torch.utils.data import TensorDataset\n\n"
        "pairs = TensorDataset(torch.rand(40, 3, 8, 8), torch.arange(40) % 4)\n"
    )
    words = [
        "dataset=module",
        "dataset.path=my_pairs.py",
        "dataset.name=pairs",
        "trusted=[my_pairs]",
        "model=cnn",
        "epochs=2",
    ]
    assert main.main(["code", *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: code: dataset=module: takes more than a few lines to read; a script can read digits")
    assert told.count("error: ") == 1
    *_, line = told.splitlines()
    assert "; over made-up rows of their shape:\n  python -m runner code dataset=random model=cnn" in told
    assert main.main(shlex.split(line)[3:]) == 0
    assert "torch.randn(4, 3, 8, 8, generator=noise)" in capsys.readouterr().out


def test_a_compiled_net_takes_batches_of_full_size_alone(capsys: pytest.CaptureFixture[str]) -> None:
    script = written([*IRIS, "compile=true", "batch_size=50"], capsys)
    assert '\ncompiled = torch.compile(model, dynamic=False, options={"fallback_random": True})  # dropout ' in script
    assert "\n        net = compiled if len(x_batch) == 50 else model  # for another size it would be " in script
    assert "\n        loss = loss_function(net(x_batch), y_batch)  # forward: " in script


def test_residual_blocks_stand_one_within_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conv = "{Conv2d: {out_channels: 4, kernel_size: 3, padding: same}}"
    inner = "[conv, ReLU, BatchNorm2d, {residual: [conv]}, conv]"
    layers = f"[conv, {{residual: {inner}}}, Flatten, {{Linear: {{out_features: out}}}}]"
    words = ["model=sequential", f"model.blocks={{conv: [{conv}]}}", f"model.layers={layers}", "epochs=1"]
    assert """
            Residual(
                nn.Conv2d(4, 4, 3, padding="same"), nn.ReLU(), nn.BatchNorm2d(4),
                Residual(nn.Conv2d(4, 4, 3, padding="same")),
                nn.Conv2d(4, 4, 3, padding="same"),
            ),
            nn.Flatten(), nn.Linear(256, 10),
""" in check(words, tmp_path, capsys)


def test_the_command_stands_above_the_script_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    script = written([*IRIS, 'output_dir=a\\d"""', "epochs=1"], capsys)
    assert 'a\\d"""' in script.splitlines()[0]
    compile(script, "script", "exec")


@pytest.mark.real
@pytest.mark.skipif(not (REAL / "MNIST").is_dir(), reason="the real data sets are not here")
@pytest.mark.parametrize(
    ("experiment", "option"), [("mnist_dnn_sigmoid", "mnist"), ("fashion_quickstart", "fashion_mnist")]
)
def test_the_recipes_of_the_notes_as_scripts(
    experiment: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        f"experiment={experiment}",
        f"dataset={option}",
        "epochs=1",
        "batch_size=600",
        "dataset.limit=6000",
        f"data_dir={REAL}",
    ]
    script = check(words, tmp_path, capsys)
    assert 40 <= counted(script) <= 60


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dataset=iris_numbered", "model=dnn"], "takes more than a few lines to read; a script can read digits, iris"),
        (
            ["dataset=car", "model=dnn", "dataset.categorical=embedding"],
            "dataset.categorical=embedding: a plain script has no such",
        ),
        (
            ["dataset=car", "model=dnn", "dataset.transforms=[{scale:{divisor:2}},one_hot]"],
            "one_hot: a script can show it before scale; put it there",
        ),
        (
            ["dataset=car", "model=dnn", "dataset.transforms=[one_hot,normalise]"],
            "normalise: a script can show it before one_hot; put it there",
        ),
        (
            ["dataset=car", "model=dnn", "dataset.transforms=[{normalise:{mean:0.0,std:1.0}}]"],
            "normalise: a script can show mean and std of numbers only; give neither",
        ),
        (["optimizer=lbfgs"], "optimizer=lbfgs: asks for the loss several times a step; a script can show adadelta,"),
        (["model=dnn", "optimizer=muon"], "optimizer=muon: leaves a part of the weights to a second optimizer"),
        (["loss=triplet_margin"], "is judged by the nearest train row; a script can show cross_entropy, "),
        (["loss=margin_ranking"], "loss=margin_ranking: compares the outputs in pairs; a script can show "),
        (["loss=multi_label_soft_margin"], "wants a target for each class; a script can show "),
        (["loss=multi_label_margin"], "wants a list of labels for each row; a script can show "),
        (
            ["dataset=diabetes", "model=mlp", "loss=gaussian_nll"],
            "wants two outputs for one number; a script can show ",
        ),
        (["dataset=diabetes", "model=mlp", "loss=poisson_nll"], "counts in the target's own unit; a script can show "),
        (
            ["scheduler=lambda_lr", "scheduler.lr_lambda=exp(-epoch)"],
            "a script can show a formula of epoch, min and max",
        ),
        (["dataset.augment=[{flip:{horizontal:0.5,vertical:0}}]"], "dataset.augment="),
        (
            ["early_stopping={patience_epochs: 3, min_delta: 0.1}"],
            "min_delta=0.1: a script counts any better epoch; leave",
        ),
        (
            ["accumulate_steps=2", "loss=nll", "loss.ignore_index=0"],
            "loss.ignore_index: a script with accumulate_steps counts every row; leave one of them out",
        ),
        (["precision=fp16"], "precision=fp16: needs CUDA, and a script computes on the CPU; set precision=bf16"),
        (["precision=bf16", "loss=nll"], "precision=bf16: loss=nll ends the net, in bf16 too; choose another loss"),
        (["devices=2"], "devices=2: a plain script has no such thing"),
        (["max_steps=5"], "max_steps=5: a plain script has no such thing"),
        (
            ["metric=accuracy", "metric.accuracy.average=macro"],
            "metric.accuracy.average=macro: a script counts the rows that are right",
        ),
        (["monitor=train/accuracy"], "monitor=train/accuracy: a script can watch train/loss, val/loss, val/accuracy"),
        (["monitor=val/f1", "metric=f1", *PLATEAU], "monitor=val/f1: a script can watch train/loss, val/loss, val/acc"),
        (["dataset.transforms=[{resize:{size:[4,4]}}]"], "dataset.transforms: resize: a script can show scale"),
        (["model=torchvision"], "model=torchvision: is not a plain row of layers"),
        (["dataset.limit=4", "batch_size=2", "loss=cross_entropy", "loss.weight=balanced"], "a class has no train row"),
        (["optimizer.decay_biases_and_norms=false"], "optimizer.decay_biases_and_norms=False: is not torch's own"),
        (["optimizer.groups=[{pattern: 'head.*', lr: 0.01}]"], "optimizer.groups="),
        (["folds=5", "fold=all"], "fold=all: is a run for each of 5 folds and a script is one; add fold=0"),
        (["dataset=car", "model=linear", "dataset.path=car.data"], "dataset.path=car.data: a plain script has no such"),
        (["--file", "x.py"], "code: --file: no such flag"),
        (["epochz=3"], "did you mean:\n  python -m runner code epochs=3"),
    ],
)
def test_what_a_script_cannot_do_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["code", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err


def test_every_reason_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["code", "dataset=iris_numbered", "model=dnn", "optimizer=lbfgs", "max_steps=5"]) == 2
    assert capsys.readouterr().err.count("error: code: ") == 3


def test_help_says_what_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from runner.export.rows import SUPPORTED

    with pytest.raises(SystemExit, match="0"):
        main.main(["code", "--help"])
    told = capsys.readouterr().out
    assert all(option in told for option in SUPPORTED)
