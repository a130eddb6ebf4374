"""What is typed as for another program, and the line that is answered: whole, ready to be pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from bringing import with_wide
from runner.cli import main
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import GROUPS, Catalog, packaged_conf
from runner.config.elsewhere import CHOICES, KNOBS, OPTIONS, SETTINGS
from runner.config.run_config import setting_types
from runner.config.spelling import nearest
from runner.errors import ConfigError

OURS = Catalog([packaged_conf()])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a table, a file of settings and a picture in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_OUTPUTS", raising=False)
    (tmp_path / "my.csv").write_text("age,job,price\n1,a,2.5\n2,b,3.5\n")
    (tmp_path / "my table.csv").write_text("나이;값\n1;2\n3;4\n")
    (tmp_path / "my.yaml").write_text("model: mlp\n")
    (tmp_path / "digit.png").touch()
    (tmp_path / "photos/cats").mkdir(parents=True)
    (tmp_path / "photos/cats/1.jpg").touch()
    return tmp_path


def answered(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What is told; nothing is done."""
    assert main.main(shlex.split(line)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ")
    return err


VERBS = {
    "fit": "train",
    "fit optimizer.lr=0.1 model=mlp": "train optimizer.lr=0.1 model=mlp",
    "fit --lr 0.1 model=resnet": "train optimizer.lr=0.1 model=torchvision model.name=resnet18",
    "trian model=mlp": "train model=mlp",
    "Train epochs=1": "train epochs=1",
    "run": "train",
    "sweep optimizer.lr=0.1,0.01": "train -m optimizer.lr=0.1,0.01",
    "sweep lr=1e-3..1e-1": "train -m optimizer.lr=0.001,0.01,0.1",
    "sweep": "train -m optimizer.lr=0.1,0.01",
    "tune optimizer.lr=0.1,0.01 model=mlp": "train -m optimizer.lr=0.1,0.01 model=mlp",
    "hpo -m seed=1,2": "train -m seed=1,2",
    "compare a b": "report a b",
    "best": "report --top 1",
    "best 'my runs'": "report 'my runs' --top 1",
    "tensorboard": "tensorboard --logdir outputs",
    "tensorboard photos": "tensorboard --logdir photos",
    "plot": "view",
    "plot last": "view last",
    "curves last": "view last",
    "visulize last": "view last",
    "list": "report",
    "ls": "report",
    "runs": "report",
    "info last": "report last",
    "summary last": "report last",
    "summary model=mlp dataset=digits": "show model=mlp dataset=digits",
    "export last": "code last",
    "test last": "eval last",
    "evaluate last": "eval last",
    "inference last digit.png": "predict last digit.png",
    "continue last": "resume last",
    "download mnist": "fetch mnist",
    "models": "show model",
    "datasets": "show dataset",
    "-V": "--version",
    "version": "--version",
    "model=cnn epochs=1": "train model=cnn epochs=1",
    "-m seed=1,2": "train -m seed=1,2",
    "--lr 0.1": "train optimizer.lr=0.1",
}


@pytest.mark.parametrize(("typed", "line"), VERBS.items())
def test_a_wrong_verb_is_answered_with_the_line(typed: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = answered(typed, capsys)
    program = "" if line.startswith("tensorboard") else "python -m runner "
    assert told.splitlines()[-1] == f"  {program}{line}"
    assert told.startswith(f"error: {shlex.split(typed)[0]}: ")


def test_a_verb_that_is_like_none_gets_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert "commands: train, resume, " in answered("xyzzy", capsys)


WORDS = {
    "에폭=3 학습률=0.1 lernrate=0.2": "epochs=3 optimizer.lr=0.2",
    # dashes, blanks and colons
    "--model cnn": "model=cnn",
    "--epochs=5 --batch-size=32": "epochs=5 batch_size=32",
    "--lr 0.1 seed=1": "optimizer.lr=0.1 seed=1",
    "-e 5 -b 32 -lr 0.1": "epochs=5 batch_size=32 optimizer.lr=0.1",
    "--config my.yaml": "my.yaml",
    "--config-name=my.yaml --lr 0.1": "my.yaml optimizer.lr=0.1",
    "config=my.yaml": "my.yaml",
    "--no-shuffle --detect-anomaly seed=1": "shuffle=false detect_anomaly=true seed=1",
    "--hidden 64 64": "model=mlp 'model.hidden=[64,64]'",
    # how many layers, steps by their names alone, an activation in small letters
    "layers=2": "model=mlp 'model.hidden=[512,512]'",
    "model=dnn num_layers=3": "model=dnn 'model.hidden=[128,128,128]'",
    "model=cnn --depth 2": "model=cnn 'model.channels=[32,32]'",
    "fit lr=0.1": "optimizer.lr=0.1",
    "augment=true": "'dataset.augment=[{rotation:{degrees:15}}]'",
    "dataset.augment=none": "'dataset.augment=[]'",
    "dataset.augment=[rotate]": "'dataset.augment=[{rotation:{degrees:15}}]'",
    # folds and which of them is the test split
    "folds=5": "folds=5 fold=all",
    "fold=all": "folds=5 fold=all",
    "fold=2 lr=0.1": "folds=5 fold=2 optimizer.lr=0.1",
    "folds=3 lr=0.1 fold=0": "folds=3 optimizer.lr=0.1 fold=0",
    "folds=true": "folds=5 fold=all",
    "folds=1": "folds=5 fold=all",
    "folds=null lr=0.1": "folds=null optimizer.lr=0.1",
    "cv=10": "folds=10 fold=all",
    "dataset.augment=flip": "'dataset.augment=[{flip:{horizontal:0.5}}]'",
    "dataset.augment=RandomCrop,hflip": "'dataset.augment=[{crop:{padding:2}},{flip:{horizontal:0.5}}]'",
    "dataset.transforms=[scale]": "'dataset.transforms=[{scale:{divisor:255}}]'",
    "activation=relu": "model.activation=ReLU",
    # paths that a shell has cut
    "my table.csv": "dataset=csv 'dataset.path=my table.csv' dataset.target=COLUMN",
    "dataset=csv dataset.path=my table.csv dataset.target=값": "dataset=csv 'dataset.path=my table.csv' "
    "'dataset.target=값'",
    "dataset=csv dataset.path=my.csv dataset.target=Prize": "dataset=csv dataset.path=my.csv dataset.target=price",
    "my.csv dataset.target=prise": "dataset=csv dataset.path=my.csv dataset.target=price",
    "epochs 5": "epochs=5",
    "epochs: 5": "epochs=5",
    "epochs:5 model=mlp": "epochs=5 model=mlp",
    "model = cnn": "model=cnn",
    "model= cnn": "model=cnn",
    "model =cnn": "model=cnn",
    "model.hidden=[64, 64] model=mlp": "'model.hidden=[64,64]' model=mlp",
    "batch-size=32": "batch_size=32",
    # names of other programs
    "lr=0.1": "optimizer.lr=0.1",
    "learning_rate=0.1": "optimizer.lr=0.1",
    "wd=0.1": "optimizer.weight_decay=0.1",
    "trainer.max_epochs=5": "epochs=5",
    "max_epochs=5": "epochs=5",
    "num_epochs=5": "epochs=5",
    "data.batch_size=32": "batch_size=32",
    "bs=32": "batch_size=32",
    "batch=32": "batch_size=32",
    "callbacks.early_stopping.patience=5": "early_stopping.patience_epochs=5",
    "scheduler=reduce_lr_on_plateau early_stopping.patience=3": (
        "scheduler=reduce_lr_on_plateau early_stopping.patience_epochs=3"
    ),
    "early_stopping=true": "early_stopping.patience_epochs=5",
    "model.optimizer.lr=0.1": "optimizer.lr=0.1",
    "trainer.gradient_clip_val=1": "grad_clip_norm=1",
    "optim=sgd net=mlp": "optimizer=sgd model=mlp",
    "epcohs=5": "epochs=5",
    "optimizer.lrr=1": "optimizer.lr=1",
    "+optimizer.lrr=1": "optimizer.lr=1",
    # knobs of an option that nobody chose
    "momentum=0.9": "optimizer=sgd optimizer.momentum=0.9",
    "optimizer.momentum=0.9": "optimizer=sgd optimizer.momentum=0.9",
    "scheduler.step_size=5": "scheduler=step_lr scheduler.step_size=5",
    "-m seed=0,1 sweep.skip=model == cnn and seed in [1, 2] epochs=1": (
        "-m seed=0,1 'sweep.skip=model == cnn and seed in [1, 2]' epochs=1"
    ),
    "sweep.jobs=4 seed=1,2": "-m sweep.jobs=4 seed=1,2",
    "sweep.skip=model==cnn model=mlp,cnn": "-m sweep.skip=model==cnn model=mlp,cnn",
    "-m seed=[0,1] optimizer.lr=[0.1,0.01]": "-m seed=0,1 optimizer.lr=0.1,0.01",
    "-m seed=0,1 sweep.zip=[seed, model] model=mlp,cnn": "-m seed=0,1 'sweep.zip=[seed,model]' model=mlp,cnn",
    "model.hidden=64,64": "model=mlp 'model.hidden=[64,64]'",
    "dataset=iris model.hidden=64,64": "dataset=iris 'model.hidden=[64,64]'",
    "model=auto hidden=64,64": "model=mlp 'model.hidden=[64,64]'",
    # a table, pictures
    "data=my.csv": "dataset=csv dataset.path=my.csv dataset.target=COLUMN",
    "dataset=my.csv": "dataset=csv dataset.path=my.csv dataset.target=COLUMN",
    "my.csv": "dataset=csv dataset.path=my.csv dataset.target=COLUMN",
    "'my table.csv'": "dataset=csv 'dataset.path=my table.csv' dataset.target=COLUMN",
    "my.csv price": "dataset=csv dataset.path=my.csv dataset.target=price",
    "label=price data=my.csv": "dataset.target=price dataset=csv dataset.path=my.csv",
    "dataset=csv my.csv dataset.target=price": "dataset=csv dataset.path=my.csv dataset.target=price",
    "photos": "dataset=image_folder dataset.path=photos",
    # devices
    "--gpus 1": "device=cuda",
    "device=gpu": "device=cuda",
    "--gpu 0": "device=cuda:0",
    "--device cuda": "device=cuda",
    "trainer.accelerator=gpu trainer.devices=1": "device=cuda devices=1",
    "gpus=2": "device=cuda devices=2",
    "--nproc_per_node 2": "devices=2",
    "--no-cuda": "device=cpu",
    "gpus=0": "device=cpu",
    # options
    "mnist cnn": "dataset=mnist model=cnn",
    "model=resnet": "model=torchvision model.name=resnet18",
    "model=ViT": "model=torchvision model.name=vit_b_16",
    "--model ResNet50 --pretrained": "model=torchvision model.name=resnet50 model.weights=DEFAULT",
    "optimizer=Adam": "optimizer=adam",
    "'optimizer=Adam(lr=0.1)'": "optimizer=adam optimizer.lr=0.1",
    "'AdamW(lr=1e-3, weight_decay=0.01)'": "optimizer=adamw optimizer.lr=1e-3 optimizer.weight_decay=0.01",
    "'model=MLP(hidden=64)'": "model=mlp 'model.hidden=[64]'",
    "loss=CrossEntropyLoss scheduler=cosine": "loss=cross_entropy scheduler=cosine_annealing_lr",
    "loss=ce metric=acc": "loss=cross_entropy metric=accuracy",
    "train_size=500": "dataset.limit=500",
    "metrics=accuracy,f1": "'metric=[accuracy,f1]'",
    "scheduler=reduce_lr_on_plateau patience=3": "scheduler=reduce_lr_on_plateau scheduler.patience=3",
    "transform=normalize": "'dataset.transforms=[normalise]'",
    "metric=accuracy,f1": "'metric=[accuracy,f1]'",
    # several values
    "optimizer.lr=1e-3..1e-1": "-m optimizer.lr=0.001,0.01,0.1",
    "batch_size=64..256": "-m batch_size=64,128,256",
    "seed=1..3": "-m seed=1,2,3",
    "optimizer.lr=0.1,0.01 seed=1": "-m optimizer.lr=0.1,0.01 seed=1",
    "model=cnn,MLP": "-m model=cnn,mlp",
    "-m model=cnn,MLP": "-m model=cnn,mlp",
    # values
    "epochs=5.0": "epochs=5",
    "model=mlp model.activation=Relu": "model=mlp model.activation=ReLU",
    "model=cnn model.normalisation=batchnorm": "model=cnn model.normalisation=batch",
    "model=cnn 'model.kernel_size=[3,3]'": "model=cnn model.kernel_size=3",
    "model=dnn model.dropout=50 val_fraction=20": "model=dnn model.dropout=0.5 val_fraction=0.2",
    "scheduler=one_cycle_lr scheduler.anneal_strategy=cosine": ("scheduler=one_cycle_lr scheduler.anneal_strategy=cos"),
    "scheduler=reduce_lr_on_plateau scheduler.threshold_mode=relative": (
        "scheduler=reduce_lr_on_plateau scheduler.threshold_mode=rel"
    ),
    "scheduler=lambda_lr scheduler.lr_lambda=0.95^epoch": ("scheduler=lambda_lr 'scheduler.lr_lambda=0.95 ** epoch'"),
    "metric=f1 metric.f1.average=Macro": "metric=f1 metric.f1.average=macro",
    "tensorboard=false": "tensorboard=off",
    "monitor=acc": "monitor=val/accuracy",
    "monitor=val_loss": "monitor=val/loss",
    "dataset.transforms=[normalize]": "'dataset.transforms=[normalise]'",
    "'dataset.augment=[{rotate:{degrees:5}}]'": "'dataset.augment=[{rotation:{degrees:5}}]'",
    "grad_clip_norm=None": "grad_clip_norm=null",
    "val=0.2 test=0.3": "val_fraction=0.2 test_fraction=0.3",
    "val_split=20%": "val_fraction=0.2",
    "shuffle=1": "shuffle=true",
    "--fp16": "precision=fp16",
    "precision=float16": "precision=fp16",
    "precision=bf16-mixed": "precision=bf16",
    "dataset=iris, model=mlp": "dataset=iris model=mlp",
    "-m seed=0,1, model=MLP": "-m seed=0,1 model=mlp",
    "my seed=1": "my.yaml seed=1",
    # out of range
    "optimizer=sgd optimizer.momentum=1.5": "optimizer=sgd optimizer.momentum=0.9",
    "optimizer.lr=-1": "optimizer.lr=0.001",
    "optimizer=muon optimizer.adamw.lr=0": "optimizer=muon optimizer.adamw.lr=0.001",
    "optimizer.betas=[0.9,1]": "'optimizer.betas=[0.9,0.999]'",
    "loss=triplet_margin loss.margin=-1": "loss=triplet_margin loss.margin=1.0",
    "loss=cross_entropy loss.label_smoothing=1": "loss=cross_entropy loss.label_smoothing=0.1",
    "dataset=iris model.dropout=1.5": "dataset=iris model.dropout=0.5",
    "scheduler=step_lr scheduler.gamma=0": "scheduler=step_lr scheduler.gamma=0.1",
    "scheduler=exponential_lr scheduler.gamma=50": "scheduler=exponential_lr scheduler.gamma=0.5",
    "scheduler=one_cycle_lr scheduler.div_factor=0.1": "scheduler=one_cycle_lr scheduler.div_factor=25.0",
    "metric=auroc metric.auroc.average=micro": "metric=auroc metric.auroc.average=macro",
    "metric=r2 metric.r2.multioutput=raw_values": "metric=r2 metric.r2.multioutput=uniform_average",
    "epochs=0": "epochs=auto",
    "grad_clip_norm=0": "grad_clip_norm=null",
    "baselines.size=big": "baselines.size=auto",
    "iris 5": "dataset=iris epochs=5",
    "iris with mlp on cpu": "dataset=iris model=mlp device=cpu",
    # words that stand alone
    "optimizer=sgd nesterov momentum 0.9": "optimizer=sgd optimizer.nesterov=true optimizer.momentum=0.9",
    "model=resnet18 pretrained": "model=torchvision model.name=resnet18 model.weights=DEFAULT",
    "model=mlp compile": "model=mlp compile=true",
    "cuda": "device=cuda",
    "--amp": "precision=bf16",
    "mixed_precision=true": "precision=bf16",
    "use_amp=false": "precision=float32",
    "debug": "debug=ten_steps",
    "debug one_batch": "debug=one_batch",
    "--debug lr=1": "debug=ten_steps optimizer.lr=1",
    "--precision bf16": "precision=bf16",
    "precision 16": "precision=fp16",
    "--model.weights DEFAULT --model resnet18": ("model.weights=DEFAULT model=torchvision model.name=resnet18"),
    "save_dir=x.pt": "output_dir=x.pt",
    "--dry-run": "debug=ten_steps",
    "fast_dev_run=true": "debug=ten_steps",
    "debug=false": "debug=null",
    # amounts, and files that are none of ours
    "dataset=digits limit=1k": "dataset=digits dataset.limit=1000",
    "dataset=digits limit=1,000": "dataset=digits dataset.limit=1000",
    "model=mlp hidden=128-64": "model=mlp 'model.hidden=[128,64]'",
    "model=mlp 'hidden=128 64'": "model=mlp 'model.hidden=[128,64]'",
    "model=dnn bn=true": "model=dnn model.normalisation=batch",
    "seed=1-5": "-m seed=1,2,3,4,5",
    "seeds=3": "-m seed=0,1,2",
    "repeat=3": "-m seed=0,1,2",
    "model=my_net.py": "model=module model.path=my_net.py model.name=MyNet 'trusted=[my_net]'",
    "model=torchvision.models.resnet18": "model=torchvision model.name=resnet18",
    "'optimizer=torch.optim.Adam(lr=0.1)'": "optimizer=adam optimizer.lr=0.1",
    "lerning_rate=0.1": "optimizer.lr=0.1",
    # steps for pictures
    "dataset=digits resize=16": "dataset=digits 'dataset.transforms=[{scale:{divisor:16}},{resize:{size:[16,16]}}]'",
    "dataset=digits --image-size 16,8": (
        "dataset=digits 'dataset.transforms=[{scale:{divisor:16}},{resize:{size:[16,8]}}]'"
    ),
    "dataset=digits normalize=0.5,1.0 resize 8": (
        "dataset=digits "
        "'dataset.transforms=[{scale:{divisor:16}},{normalise:{mean:[0.5],std:[1.0]}},{resize:{size:[8,8]}}]'"
    ),
    "dataset=digits grayscale=true": "dataset=digits 'dataset.transforms=[{scale:{divisor:16}},grey]'",
    "dataset=digits rotation=15 --horizontal-flip": (
        "dataset=digits 'dataset.augment=[{rotation:{degrees:15}},{flip:{horizontal:0.5}}]'"
    ),
    "dataset=mnist normalize=true": "dataset=mnist",
    "dataset=image_folder dataset.path=. image_size=64": ("dataset=image_folder dataset.path=. 'dataset.size=[64,64]'"),
    "model=cnn normalization=batch": "model=cnn model.normalisation=batch",
    # a table of which too little is said
    "dataset=csv dataset.path=my.csv seed=1": "dataset=csv dataset.path=my.csv dataset.target=COLUMN seed=1",
    "dataset.path=my.csv dataset.target=job": "dataset=csv dataset.path=my.csv dataset.target=job",
    "dataset.path=my.csv target=job": "dataset=csv dataset.path=my.csv dataset.target=job",
    "--dataset.path my.csv": "dataset=csv dataset.path=my.csv dataset.target=COLUMN",
    "dataset=covtype dataset.path=my.csv lr=1": "dataset=covtype dataset.path=my.csv optimizer.lr=1",
    # all at once
    "--lr 0.1 --model resnet --gpus 1 dataset=my.csv momentum=0.9 seed=3": (
        "optimizer.lr=0.1 model=torchvision model.name=resnet18 device=cuda dataset=csv dataset.path=my.csv "
        "dataset.target=COLUMN optimizer=sgd optimizer.momentum=0.9 seed=3"
    ),
}


@pytest.mark.parametrize("typed", ["time=10m", "max_time=60", "model=cnn warmup_steps=100", "image_sizes=3"])
def test_what_is_near_to_nothing_is_no_other_setting(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = answered(f"train {typed}", capsys)
    name = typed.split()[-1].partition("=")[0]
    assert f"there is no setting {name}" in told and "did you mean:\n" not in told


def test_weights_of_others_are_what_a_run_begins_with(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("load", "weights", "checkpoint", "model"):
        told = answered(f"train {word}=theirs.pt", capsys)
        assert "start_from=theirs.pt: no such file" in told and told.endswith("train start_from=theirs.pt\n")


def test_a_word_that_yaml_reads_as_another_is_right_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    told = answered("train tensorboard=off lr=0.1", capsys)
    assert told.splitlines()[-1] == "  python -m runner train tensorboard=off optimizer.lr=0.1"
    assert "tensorboard=off: must" not in told


@pytest.mark.parametrize(("typed", "line"), WORDS.items())
def test_words_of_another_program_are_answered_with_the_line(
    typed: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = answered(f"train {typed}", capsys)
    assert told.splitlines()[-1] == f"  python -m runner train {line}"
    assert "did you mean:\n" in told


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("my.csv", "its columns: age, job, price"),
        ("'my table.csv'", "its columns: 나이, 값"),
        ("gone.csv", "there is no such file here"),
        ("dataset=csv dataset.path=my.csv dataset.target=prise lr=1", "there is no column prise; the nearest is price"),
        ("dataset=csv dataset.path=my.csv dataset.target=COLUMN", "has no such column\n  it has age, job, price"),
        ("dataset=csv dataset.path=my.csv", ": name the column to predict; its columns: age, job, price; did you"),
        ("dataset=csv dataset.path=http://127.0.0.1:9/x.csv", "x.csv: name the column to predict; did you mean:"),
        ("my.yaml dataset.path=my.csv", "choose one, dataset=..."),  # the file may choose the data
        ("--epochs=5 --batch-size=32", "--epochs=5 --batch-size=32: write settings without dashes"),
        ("lr=0.1", "lr is called optimizer.lr here"),
        ("momentum=0.9", "momentum belongs to optimizer=muon, optimizer=rmsprop, optimizer=sgd"),
        ("search=qmc search.trials=4 optimizer.lr=1,2", "search.trials=4: it is for the jobs of a sweep"),
        ("sweep.jobs=4 seed=1,2", "sweep.jobs=4: it is for the jobs of a sweep, with -m; did you mean:"),
        ("optimizer.lr=0.1,0.01", "several values are a run each, with -m"),
    ],
)
def test_the_reason_stands_above_the_line(typed: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert reason in answered(f"train {typed}", capsys)


def test_what_lacks_is_told_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = answered("train dataset=csv dataset.path=my.csv", capsys)
    assert told.count("error: ") == 1
    with pytest.raises(ConfigError) as fault:
        compose(parse(["dataset=csv", "dataset.path=my.csv"]))
    assert [line.partition(" (")[0] for line in fault.value.faults] == ["dataset.target=???: is needed"]


def test_show_needs_no_target(capsys: pytest.CaptureFixture[str]) -> None:
    told = answered("show dataset=csv dataset.path=my.csv epohs=3", capsys)
    assert told == (
        "error: epohs=3: there is no epohs; the nearest is epochs; did you mean:\n"
        "  python -m runner show dataset=csv dataset.path=my.csv epochs=3\n"
    )


def test_a_bare_knob_is_that_of_the_part_which_comes_along_with_the_model(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_wide(folder / "conf")
    assert "train model=wide 'scheduler.milestones=[5]'" in answered("train model=wide 'milestones=[5]'", capsys)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("train -m optimizer.lr=-1,0.1", "error: optimizer.lr=-1: must be a number > 0\n"),
        (
            "train -m model=mlp model.hidden=[8],[8,0]",
            "error: model.hidden[1]=0: must be a whole number >= 1\n",
        ),
        ("train tags=5", "error: tags=5: must be a list, each text that is not empty\n"),
        (
            "train scheduler=lambda_lr scheduler.lr_lambda=-1",
            "error: scheduler.lr_lambda=-1: must be text or a number > 0\n",
        ),
    ],
)
def test_no_line_is_made_up_where_the_options_own_value_would_not_be_what_was_meant(
    typed: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answered(typed, capsys) == told


def test_what_cannot_be_mended_is_told_beside_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered("train folds=5 fold=7 lr=0.1", capsys).splitlines() == [
        "error: fold=7: folds are counted from 0; with folds=5 the last is 4",
        "error: lr=0.1: lr is called optimizer.lr here; corrected so far:",
        "  python -m runner train folds=5 fold=7 optimizer.lr=0.1",
    ]


def test_the_line_does_without_a_flag_of_which_there_is_nothing_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered("train --wandb --epochs 3", capsys).splitlines() == [
        "error: wandb=true: there is no setting wandb; see them: python -m runner show settings",
        "error: --wandb --epochs 3: write settings without dashes; did you mean:",
        "  python -m runner train epochs=3",
    ]


@pytest.mark.parametrize("names", [SETTINGS, KNOBS, OPTIONS])
def test_what_is_called_otherwise_elsewhere_is_there_and_has_one_name(names: dict[str, str]) -> None:
    knobs = {knob for group in GROUPS for option in OURS.options(group) for knob in OURS.option(group, option).knobs}
    options = {option for group in GROUPS for option in OURS.options(group)}
    assert names.keys() <= {*setting_types(), *GROUPS, *knobs, *options}
    others = [other for line in names.values() for other in line.split()]
    assert len(set(others)) == len(others)
    assert not set(others) & {*setting_types(), *GROUPS}


def test_what_a_choice_is_called_elsewhere_has_one_name_and_is_taken_for_it() -> None:
    others = {other: name for name, line in CHOICES.items() for other in line.split()}
    assert len(others) == sum(len(line.split()) for line in CHOICES.values())
    assert all(nearest(other, CHOICES) == name for other, name in others.items())


@pytest.mark.parametrize("typed", ["predict digit.png", "predict --test-index 7", "predict age=3 job=a"])
def test_predict_without_a_run_takes_the_last(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = typed.replace("predict", "predict last")
    assert answered(typed, capsys).endswith(f"did you mean:\n  python -m runner {line}\n")


def test_explain_answers_with_its_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered("explain --lr 0.1", capsys).splitlines()[-1] == "  python -m runner explain optimizer.lr=0.1"
    told = "explain is for one run; did you mean:\n  python -m runner explain seed=1\n"
    assert told in answered("explain seed=1,2 sweep.jobs=2", capsys)


def test_the_program_is_called_as_it_was_typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/runner", "fit"])
    assert answered("fit", capsys).splitlines()[-1] == "  runner train"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("code lr=0.1 dataset=iris", "code optimizer.lr=0.1 dataset=iris"),
        ("code dataset=iris model.hidden=64,64", "code dataset=iris 'model.hidden=[64,64]'"),
        ("show lr=0.1", "show optimizer.lr=0.1"),
        ("show --model cnn", "show model=cnn"),
        ("explain dropout", "explain overfitting"),
        ("explain model", "explain"),
        ("show momentum=0.9", "show optimizer=sgd optimizer.momentum=0.9"),
        ("show optimizer lr=0.1", "show optimizer optimizer.lr=0.1"),
        ("show my.csv", "show dataset=csv dataset.path=my.csv"),
        ("show model=resnet", "show model=torchvision model.name=resnet18"),
        ("view dataset=my.csv", "view dataset=csv dataset.path=my.csv dataset.target=COLUMN"),
        ("view --dataset mnist --out x.png", "view dataset=mnist --out x.png"),
        ("view scheduler=steplr --lr 0.1 --model cnn", "view scheduler=step_lr optimizer.lr=0.1"),
    ],
)
def test_other_verbs_answer_with_their_own_name(typed: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(typed, capsys).splitlines()[-1] == f"  python -m runner {line}"
