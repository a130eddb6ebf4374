"""The same command gives the same bits: the first command of the README, in a new process and in a forked one."""

from pathlib import Path

import torch

import program
from program import numbers, only_run


def test_two_runs_of_the_first_command_are_equal_to_the_bit(tmp_path: Path) -> None:
    process = program.spawn("train", "epochs=1", cwd=tmp_path, RUNNER_OUTPUTS=str(tmp_path / "a"))
    _, err = process.communicate(timeout=program.PATIENCE_S)
    assert process.returncode == 0, err
    forked = program.run(["train", "epochs=1", f"output_dir={tmp_path / 'b'}"], tmp_path / "said")
    assert forked.code == 0, forked.err
    first, second = (only_run(tmp_path / name) for name in "ab")
    assert (first / "metrics.jsonl").read_bytes() == (second / "metrics.jsonl").read_bytes()
    for name in ("best", "last"):
        states = [torch.load(run / "checkpoints" / f"{name}.pt", weights_only=True) for run in (first, second)]
        assert numbers(states[0]["model"]) == numbers(states[1]["model"])
        assert numbers(states[0]["optimizers"]) == numbers(states[1]["optimizers"])
        assert numbers(states[0]["random"]) == numbers(states[1]["random"])


def test_a_resumed_run_of_real_data_equals_the_uninterrupted_one(tmp_path: Path) -> None:
    """A convolutional net on digits, two threads, interrupted within an epoch."""
    settings = ["threads=2", "epochs=1", "model.channels=[8,16]", "device=cpu", "tensorboard=off"]
    whole = program.run(["train", *settings, f"output_dir={tmp_path}/whole"], tmp_path / "said")
    at = ("runner.engine.step:Stepper.step", 9)
    argv = ["train", *settings, f"output_dir={tmp_path}/cut"]
    cut = program.run(argv, tmp_path / "said", before="terminate_before", at=at)
    assert (whole.code, cut.code) == (0, 143), (whole.err, cut.err)
    run = only_run(tmp_path / "cut")
    assert program.run(["resume", str(run)], tmp_path / "said").code == 0
    assert program.contents(run) == program.contents(only_run(tmp_path / "whole"))
