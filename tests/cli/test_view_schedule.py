"""view scheduler=... as it is typed."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

from runner.cli import main

Capture = pytest.CaptureFixture[str]
TINY = ["dataset=random", "dataset.shape=[4]", "dataset.num_classes=2", "dataset.num_rows=100"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rates(out: str) -> list[float]:
    return [float(line.split()[1]) for line in out.splitlines() if line.strip()[:1].isdigit()]


def test_the_rates_are_those_of_torch_and_the_file_has_the_name_of_the_scheduler(here: Path, capsys: Capture) -> None:
    assert main.main(["view", "scheduler=cosine_annealing_lr", "optimizer=sgd", "epochs=20"]) == 0
    out, err = capsys.readouterr()
    optimizer = SGD([torch.zeros(1)], lr=0.001)
    scheduler, expected = CosineAnnealingLR(optimizer, 20), []
    for _ in range(20):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates(out) == pytest.approx(expected, rel=1e-3)
    assert err == "" and out.endswith("written to cosine_annealing_lr.png\n")
    with Image.open(here / "cosine_annealing_lr.png") as image:
        assert image.format == "PNG"


def test_a_schedule_of_steps_has_those_of_the_data(capsys: Capture) -> None:
    words = [*TINY, "scheduler=step_lr", "scheduler.interval=step", "scheduler.step_size=5", "batch_size=20"]
    assert main.main(["view", *words, "epochs=2"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[:2] == [
        "step_lr: adam lr 0.001, 8 steps, 4 an epoch of random",  # 72 train rows in batches of 20
        "step_lr step_size 5 gamma 0.1, per step",
    ]
    assert rates(out) == [1e-3] * 5 + [1e-4] * 3


def test_no_schedule_is_a_rate_that_stays(capsys: Capture) -> None:
    assert main.main(["view", "scheduler=none", "epochs=3"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[:2] == ["none: adam lr 0.001, 3 epochs", "no schedule: the rate stays"]
    assert rates(out) == [0.001] * 3


def test_every_group_has_its_curve(capsys: Capture) -> None:
    groups = "optimizer.groups=[{pattern:head.*,lr:0.5}]"
    assert main.main(["view", "scheduler=exponential_lr", "scheduler.gamma=0.5", groups, "epochs=2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[2:5]] == [
        ["epoch", "lr", "lr/head.*"],
        ["1", "0.001", "0.5"],
        ["2", "0.0005", "0.25"],
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["scheduler=reduce_lr_on_plateau"], "follows the monitor, which is known only in training; nothing can be dr"),
        (["scheduler=step_lrr"], "did you mean:\n  python -m runner view scheduler=step_lr"),
        (["scheduler=step_lr,linear_lr"], "did you mean:\n  python -m runner view scheduler=step_lr\n"),
        (["scheduler=step_lr", "model=mlp"], "model=mlp: a schedule does not depend on the model; leave it out"),
        (["scheduler=step_lr", "--wrong"], "view: --wrong: no such flag"),
        (["scheduler=step_lr", "--out", "x"], "--out x: pictures are drawn as .png, .svg or .pdf, as x.png"),
        (["scheduler=one_cycle_lr", "optimizer=rprop"], "scheduler.cycle_momentum=true: Rprop has no momentum"),
        (["scheduler=lambda_lr", "scheduler.lr_lambda=1-epoch"], "at epoch 2 the factor is -1;"),
    ],
)
def test_a_wrong_request_is_told_and_leaves_nothing(here: Path, capsys: Capture, words: list[str], told: str) -> None:
    assert main.main(["view", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and told in err
    assert list(here.iterdir()) == []


def test_a_file_that_is_there_is_kept(here: Path, capsys: Capture) -> None:
    (here / "step_lr.png").write_bytes(b"mine")
    assert main.main(["view", "scheduler=step_lr"]) == 2
    assert "step_lr.png: there already; replace it with --overwrite" in capsys.readouterr().err
    assert (here / "step_lr.png").read_bytes() == b"mine"
    assert main.main(["view", "scheduler=step_lr", "--overwrite", "--out", "step_lr.png"]) == 0


def test_a_wrong_request_waits_for_no_torch() -> None:
    code = "import sys; from runner.cli import main as cli\n"
    code += "assert cli.main(['view', 'scheduler=lambda_lr', 'scheduler.lr_lambda=x']) == 2\n"
    code += "sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
