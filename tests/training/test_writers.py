"""What TensorBoard calls a run, and where it finds it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from past_runs import make_sweep
from runner.training.writers import logdir, trial_name


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
