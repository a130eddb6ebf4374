"""Under which names TensorBoard shows what was measured, and where it finds it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from past_runs import make_sweep
from runner.contracts import Outcome
from runner.training.writers import ended_with, logdir, tag, trial_name

ROW = {
    **{"train/batch_loss": 0.7, "lr": 0.1, "lr/head.*": 0.2, "grad_norm": 1.0},
    **{"train/loss": 0.6, "train/accuracy": 0.7, "val/loss": 0.5, "val/accuracy": 0.8},
}
BEST = {"step": 4, "epoch": 2, "val/loss": 0.5, "test/loss": 0.4}


def test_only_what_judges_the_net_is_a_result() -> None:
    assert ended_with(Outcome("finished", best=BEST, final={"step": 8, "epoch": 4, **ROW}), "val/loss") == {
        **{"best/val/loss": 0.5, "best/test/loss": 0.4},
    }


def test_hparams_has_room_for_five_scores_the_monitor_among_them_and_none_of_rows_trained_on() -> None:
    names = [f"{split}/{metric}" for metric in ("accuracy", "f1", "loss") for split in ("train", "val", "test")]
    outcome = Outcome("finished", best=dict.fromkeys(names, 0.5))
    told = ["best/val/loss", "best/test/loss", "best/val/accuracy", "best/test/accuracy", "best/val/f1"]
    assert list(ended_with(outcome, "val/loss")) == told
    assert list(ended_with(outcome, "train/f1"))[:3] == ["best/train/f1", "best/val/f1", "best/test/f1"]


def test_the_first_five_names_that_hparams_shows_are_of_losses_and_metrics() -> None:
    shown = {tag(name) for name in ROW} | ended_with(Outcome("finished", best=BEST, final=ROW), "val/loss").keys()
    first = ["best/test/loss", "best/val/loss", "train/accuracy", "train/loss", "val/accuracy"]
    assert sorted(shown)[:5] == first
    assert [name for name in sorted(shown) if name.startswith("while_training/")] == [
        *("while_training/batch_loss", "while_training/grad_norm", "while_training/lr", "while_training/lr/head.*")
    ]


@pytest.mark.parametrize(
    ("level", "run", "found"),
    [
        ("auto", "/out/day/run", "/out"),
        ("full", "/moved/run", "/moved/run"),  # among the others it is no longer
        ("off", "/out/day/run", None),
    ],
)
def test_tensorboard_is_pointed_to_where_it_has_something_of_the_run(level: str, run: str, found: str | None) -> None:
    config: Any = SimpleNamespace(tensorboard=level, output_dir="/out")
    assert logdir(config, Path(run)) == (found and Path(found))


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("/out/2026-11-26/12-34-56-123456-cnn-lr=0.1-digits", "cnn-lr=0.1-digits 2026-11-26/12-34-56-123456"),
        ("/out/sweeps/day/12-sweep/3-lr=0.1", "cnn-lr=0.1-digits sweeps/day/12-sweep/3-lr=0.1"),
        ("/moved/run", "cnn-lr=0.1-digits /moved/run"),
    ],
)
def test_hparams_calls_a_run_by_what_was_typed_and_then_by_its_place(run: str, told: str) -> None:
    config: Any = SimpleNamespace(name="cnn-lr=0.1-digits", output_dir="/out")
    assert trial_name(config, Path(run)) == told


def test_hparams_calls_a_job_of_a_sweep_by_its_folder(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweeps" / "day" / "12-lr", ["0003-lr=0.1"])
    config: Any = SimpleNamespace(name="cnn-lr=0.1-digits", output_dir=str(tmp_path))
    assert trial_name(config, sweep / "0003-lr=0.1") == "0003-lr=0.1 sweeps/day/12-lr"
