"""Under which names TensorBoard shows what was measured."""

from __future__ import annotations

from runner.tensorboard.names import best_scores, tag

ROW = {
    **{"train/batch_loss": 0.7, "train/batch_accuracy": 0.5, "lr": 0.1, "lr/head.*": 0.2, "grad_norm": 1.0},
    **{"train/loss": 0.6, "train/accuracy": 0.7, "val/loss": 0.5, "val/accuracy": 0.8},
}
BEST = {"step": 4, "epoch": 2, "train/batch_loss": 0.3, "val/loss": 0.5, "test/loss": 0.4}


def test_only_what_judges_the_net_is_a_score() -> None:
    assert best_scores(BEST, "val/loss") == {"best/val/loss": 0.5, "best/test/loss": 0.4}


def test_hparams_shows_five_columns_the_monitor_among_them_and_none_of_the_last_epoch() -> None:
    best = {f"{split}/{metric}": 0.5 for split in ("train", "val", "test") for metric in ("accuracy", "loss")}
    told = ["best/val/loss", "best/test/loss", "best/val/accuracy", "best/test/accuracy", "best/train/loss"]
    assert list(best_scores(best, "val/loss")) == told
    shown = {tag(name) for name in ROW} | best_scores(best, "val/loss").keys()
    assert sorted(shown)[:5] == sorted(told)
    more = best | {"val/f1": 0.5, "test/f1": 0.5}
    assert list(best_scores(more, "val/loss")) == [*told[:4], "best/val/f1"]
    assert list(best_scores(best, "train/loss"))[:3] == ["best/train/loss", "best/val/loss", "best/test/loss"]


def test_how_it_is_trained_stands_behind_what_came_of_it() -> None:
    assert sorted(map(tag, ROW)) == [
        *("train/accuracy", "train/loss", "val/accuracy", "val/loss"),
        *(
            "while_training/batch_accuracy",
            "while_training/batch_loss",
            "while_training/grad_norm",
            "while_training/lr",
            "while_training/lr/head.*",
        ),
    ]
