"""``find``: what is asked for wrongly is answered at once; what is found is shown, and no run is left."""

import re
from pathlib import Path

import pytest

from runner.cli import main
from runner.experiment import batch_sizes

IRIS = ["dataset=iris", "model=linear", "device=cpu"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "find: name what to look for, lr or batch_size; did you mean:\n  python -m runner find lr\n"),
        (["dataset=wine"], "lr or batch_size; did you mean:\n  python -m runner find lr dataset=wine\n"),
        (["epochs"], "find epochs: it finds lr or batch_size; did you mean:\n  python -m runner find lr\n"),
        (["wine"], "did you mean:\n  python -m runner find lr dataset=wine\n"),
        (
            ["learning_rate"],
            "find learning_rate: it finds lr or batch_size; did you mean:\n  python -m runner find lr\n",
        ),
        (["lr", "dataset=nope"], "dataset=nope: no such option; see them: python -m runner show dataset"),
        (
            ["lr", "optimizer.lr=0.1"],
            "is what is looked for; leave it out; did you mean:\n  python -m runner find lr\n",
        ),
        (["lr", "--lr", "1", "seed=1"], "leave it out; did you mean:\n  python -m runner find lr seed=1\n"),
        (["batch_size", "bs=4"], "leave it out; did you mean:\n  python -m runner find batch_size\n"),
        (["lr", "batch_size"], "one after the other; did you mean:\n  python -m runner find lr\n"),
        (
            ["batch_size", "--out", "x.png"],
            "nothing is drawn of it; did you mean:\n  python -m runner find batch_size\n",
        ),
        (["lr", "-m", "seed=1,2"], "find is for one run; did you mean:\n  python -m runner find lr seed=1\n"),
        (["lr", "--out", "x.jpg"], "--out x.jpg: pictures are drawn as .png, .svg or .pdf, as x.png"),
        (["lr", "-x"], "find: -x: no such flag"),
        (["lr", "iris"], "did you mean:\n  python -m runner find lr dataset=iris"),
        (["lr", "optimzer=sgd"], "did you mean:\n  python -m runner find lr optimizer=sgd"),
        (["lr", "dataset=iris", "precision=fp16", "device=cpu"], "precision=fp16: needs a CUDA device"),
    ],
)
def test_a_wrong_request_is_answered(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(["find", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err and list(tmp_path.iterdir()) == []


def test_a_learning_rate_is_shown_drawn_and_typed_and_no_run_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(["find", "lr", *IRIS, "optimizer=sgd", "scheduler=warmup_cosine"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Learning rates: iris - linear - sgd" and lines[1].split() == ["lr", "loss,", "smoothed"]
    assert (rate := re.search(r"optimizer\.lr=(\S+)$", lines[-1])) and 0.1 <= float(rate[1]) <= 10
    assert lines[-1].split("runner ")[1].startswith("train dataset=iris model=linear device=cpu optimizer=sgd ")
    assert f"the loss has made most of its fall at the rate that is suggested: optimizer.lr={rate[1]}" in lines
    assert [path.name for path in tmp_path.iterdir()] == ["lr_range.png"]
    assert main.main(["find", "lr", *IRIS]) == 2
    assert "lr_range.png: there already; replace it with --overwrite" in capsys.readouterr().err


def test_batch_sizes_are_shown_the_largest_and_the_fastest_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batch_sizes, "LASTING_S", 0.0)
    assert main.main(["find", "batch_size", *IRIS, "folds=5", "fold=all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Batch sizes: iris - linear - adam on cpu"
    assert [line.split()[0] for line in lines[2:6]] == ["16", "32", "64", "108"]  # of 150 rows less a fold, 90 %
    assert "largest that fits: batch_size=108; these are all the train rows" in lines
    assert re.search(r"train .* fold=all batch_size=\d+$", lines[-1]) and list(tmp_path.iterdir()) == []


def test_a_net_that_is_nan_from_the_start_gets_no_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text(
        "from torch import nn\n\nclass Broken(nn.Linear):\n    def __init__(self, in_shape, num_outputs):\n"
        "        super().__init__(in_shape[0], num_outputs)\n\n"
        "    def forward(self, x):\n        return super().forward(x) * float('inf')\n"
    )
    monkeypatch.chdir(tmp_path)
    net = ["model=module", "model.path=broken.py", "model.name=Broken", "trusted=[broken]"]
    assert main.main(["find", "lr", "dataset=iris", "device=cpu", *net]) == 1
    err = capsys.readouterr().err
    assert "error: the loss is not finite from the start, whatever the rate: the loss is nan at step 1" in err
    assert "look for the cause: train with detect_anomaly=true max_steps=1" in err
