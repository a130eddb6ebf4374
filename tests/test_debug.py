"""The presets of debug=, as a user types them."""

import json
from pathlib import Path

import pytest

from program import Done, run
from runner.cli.show import run as show
from runner.config.catalog import Catalog, packaged_conf

PRESETS = Catalog([packaged_conf()]).options("debug")
SMALL = [
    "dataset=random",
    "dataset.shape=[6]",
    "dataset.num_classes=3",
    "dataset.num_rows=200",
    "model=mlp",
    "model.hidden=[16]",
    "optimizer.lr=0.02",
    "threads=1",
    "device=cpu",
    "tensorboard=scalars",
]
NAN = """
from torch import nn, zeros

class Net(nn.Module):
    def __init__(self, num_outputs):
        super().__init__()
        self.head = nn.LazyLinear(num_outputs)
        self.scale = nn.Parameter(zeros(1))

    def forward(self, x):
        return self.head(x) + (self.scale * 0).sqrt()
"""


def debug(preset: str, tmp_path: Path, *words: str) -> tuple[Done, Path]:
    done = run(["train", *SMALL, f"output_dir={tmp_path}", f"debug={preset}", *words], tmp_path / "scratch")
    return done, next(tmp_path.glob("20*/*"), tmp_path)


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_there_are_five_presets() -> None:
    assert PRESETS == ("anomaly", "one_batch", "overfit_batch", "profile", "ten_steps")


def test_one_batch_goes_through_everything(tmp_path: Path) -> None:
    done, folder = debug("one_batch", tmp_path, "batch_size=5")
    assert done.code == 0, done.err
    assert folder.name.startswith("mlp-one_batch-", len("12-34-56-123456-"))
    assert [row["step"] for row in rows(folder)] == [1]
    assert "train 5  val 5  test 5" in done.out
    assert (folder / "checkpoints/best.pt").exists()


def test_ten_steps_are_ten_and_all_of_them_are_logged(tmp_path: Path) -> None:
    done, folder = debug("ten_steps", tmp_path)
    assert done.code == 0, done.err
    assert sorted({row["step"] for row in rows(folder)}) == list(range(1, 11))


def test_overfitting_a_batch_says_that_the_loss_went_down(tmp_path: Path) -> None:
    done, folder = debug("overfit_batch", tmp_path, "repeat_batch=150")
    assert done.code == 0, done.err
    assert "in 150 steps: it went down; model, loss and optimizer can learn" in done.out
    assert rows(folder)[-1]["train/batch_loss"] < 0.1 * rows(folder)[0]["train/batch_loss"]


def test_overfitting_with_a_hopeless_learning_rate_says_that_it_did_not(tmp_path: Path) -> None:
    words = ["repeat_batch=5", "optimizer.lr=1e-12"]
    done, _ = debug("overfit_batch", tmp_path, *words)
    assert "NOT" in done.out


def test_a_profile_leaves_a_table_and_a_trace(tmp_path: Path) -> None:
    done, folder = debug("profile", tmp_path, "max_steps=3")
    assert done.code == 0, done.err
    assert "operation " in done.out and "aten::addmm" in done.out
    assert json.loads((folder / "profile.pt.trace.json").read_text())["traceEvents"]
    assert "aten::addmm" in (folder / "train.log").read_text()


def test_an_anomaly_names_the_operation_that_made_the_nan(tmp_path: Path) -> None:
    (tmp_path / "nan_net.py").write_text(NAN)
    net = ["model=module", f"model.path={tmp_path / 'nan_net.py'}", "model.name=Net", "trusted=[nan_net]"]
    argv = ["dataset=random", "dataset.shape=[4]", f"output_dir={tmp_path}", "debug=anomaly"]
    done = run(["train", *net, *argv], tmp_path / "scratch")
    assert done.code == 1
    assert "the gradient of Mul is NaN, called by" in done.err and "nan_net.py, line 11" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["debug=overfit"], "debug=overfit: the name here is overfit_batch; did you mean:"),
        (["profile=true"], "profile=true: keeps every operation in memory; set max_steps=20, at most 1000"),
        (
            ["detect_anomaly=true", "compile=true"],
            "detect_anomaly=true: names an operation as the net has it, not as torch compiles it; set compile=false",
        ),
        (["profile=true", "max_steps=2000"], "profile=true: keeps every operation in memory"),
        (["max_eval_rows=0"], "max_eval_rows=0: must be a whole number >= 1 or null"),
        (["debug=[ten_steps,profile]", "max_steps=-1"], "max_steps=-1"),
    ],
)
def test_a_wrong_request_is_refused_and_leaves_nothing(words: list[str], told: str, tmp_path: Path) -> None:
    done = run(["train", f"output_dir={tmp_path / 'out'}", *words], tmp_path / "scratch")
    assert done.code == 2
    assert told in done.err
    assert not (tmp_path / "out").exists()


def test_the_presets_are_shown_with_the_other_choices(capsys: pytest.CaptureFixture[str]) -> None:
    show(["debug", "debug=ten_steps"])
    told = capsys.readouterr().out
    assert "debug=one_batch" in told and "max_steps" in told
