"""Metrics that would have no value on a split are refused before anything is trained or written."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torchmetrics import Metric

import program
from program import TINY
from runner.contracts import Data
from runner.experiment.metric_checks import try_metric

NUMBERS = ["x,y", *(f"{i},{i * 1.5}" for i in range(9))]
CLASSES = ["x,y", *(f"{i},{'rare' if i % 12 == 0 else 'often'}" for i in range(40))]


class Plain(Metric):
    """As a user may write one."""

    def update(self, scores: Tensor, y: Tensor) -> None:
        assert scores.shape == y.shape

    def compute(self) -> Any:
        return 0.5


def train(folder: Path, lines: list[str], *words: str) -> program.Done:
    (folder / "a.csv").write_text("".join(f"{line}\n" for line in lines))
    words = ("dataset=csv", "dataset.path=a.csv", "dataset.target=y", "model=linear", "batch_size=4", *words)
    return program.run(["train", *words, f"output_dir={folder / 'out'}", "threads=1", "epochs=2"], folder, cwd=folder)


@pytest.mark.parametrize(
    ("lines", "words", "told"),
    [
        (
            NUMBERS,
            ["metric=[rmse,mae,r2]"],
            "metric=r2: has no value on the val split: it is a single row\n"
            "  raise val_fraction=0.1, or set it to 0, or leave it out: metric=[rmse,mae]",
        ),
        (
            NUMBERS,
            ["val_fraction=0", "folds=9", "fold=all", "metric=[rmse,mae,r2]"],
            "metric=r2: has no value on the test split: it is a single row\n"
            "  lower folds=9, or leave it out: metric=[rmse,mae]",
        ),
        (
            NUMBERS,
            ["val_fraction=0", "test_fraction=0.3", "metric=[r2]", "metric.r2.adjusted=2", "max_eval_rows=3"],
            "metric=r2: has no value on the test split: with 3 rows metric.r2.adjusted=2 must be 0 to 1\n"
            "  raise max_eval_rows=3, or leave it out: metric=[rmse,mae]",
        ),
        (
            CLASSES,
            ["metric=[auroc,f1]", "monitor=val/auroc"],
            "metric=auroc: has no value on the val split: it has no row of rare\n"
            "  raise val_fraction=0.1, or set it to 0, or leave it out: metric=[f1]",
        ),
        (
            CLASSES,
            ["metric=[accuracy,confusion_matrix]", "monitor=val/confusion_matrix"],
            "monitor=val/confusion_matrix: is not one number, so it cannot choose an epoch",
        ),
    ],
)
def test_a_metric_without_a_value_is_refused_with_the_setting_to_turn(
    tmp_path: Path, lines: list[str], words: list[str], told: str
) -> None:
    done = train(tmp_path, lines, *words)
    assert done.code == 2
    assert re.search(re.escape(f"error: {told}\n").replace(r"\*", ".+"), done.err)
    assert "Traceback" not in done.err and not (tmp_path / "out").exists()


def test_metrics_that_have_a_value_are_none_of_our_business(tmp_path: Path) -> None:
    done = program.run(
        ["train", *TINY, f"output_dir={tmp_path}", "metric=[auroc,f1,confusion_matrix]", "epochs=1"], tmp_path / "said"
    )
    assert (done.code, done.err) == (0, "")


def test_a_class_of_a_users_own_is_tried_too() -> None:
    data = Data(x=torch.zeros(3, 1), y=torch.tensor([1.0, 2.0, 4.0]), task="regression")
    assert try_metric(Plain(), data.y, data) == "it gives a float, not a tensor"


def test_what_the_program_chose_itself_is_left_out_where_it_has_no_value(tmp_path: Path) -> None:
    done = train(tmp_path, NUMBERS)
    assert done.code == 0, done.err
    assert "val/rmse" in done.out and "r2" not in done.out
