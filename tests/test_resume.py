"""A run that was killed and resumed equals one that was not, to the bit. The program runs in processes of its own."""

import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import program
from program import TINY, contents, only_run

PLATEAU = [
    "scheduler=reduce_lr_on_plateau",
    "scheduler.patience=0",
    "optimizer=sgd",
    "optimizer.momentum=0.9",
    "optimizer.lr=0.5",
    "early_stopping.patience_epochs=1",
    "epochs=6",
]
MUON = [
    "optimizer=muon",
    "optimizer.groups=[{pattern:'*.bias',lr:0.1}]",
    "optimizer.decay_biases_and_norms=false",
    "scheduler=sequential_lr",
    "scheduler.schedulers=[{linear_lr:{total_iters:null}},{lambda_lr:{lr_lambda:0.9**epoch+step/100}}]",
    "scheduler.milestones=[4]",
    "scheduler.interval=step",
    "grad_clip_norm=1",
]
PLAIN = [word for word in TINY if not word.startswith("scheduler")]
VARIANTS = {
    "step_lr": TINY,
    "plateau": PLAIN + PLATEAU,
    "muon": PLAIN + MUON,
    "accumulated": [*TINY, "batch_size=5", "accumulate_steps=3", "precision=bf16"],
}


Whole = Callable[[str], tuple[dict[str, Any], int]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Of a variant: the run nobody killed, and how many calls it made."""

    @cache
    def train(variant: str) -> tuple[dict[str, Any], int]:
        folder = tmp_path_factory.mktemp(variant)
        count = folder / "count"
        argv = ["train", *VARIANTS[variant], f"output_dir={folder}"]
        assert program.run(argv, folder / "said", before="count_events", at=str(count)).code == 0
        return contents(only_run(folder)), int(count.read_text())

    return train


def killed_and_resumed(folder: Path, variant: str, instants: list[int]) -> Path:
    """The directory of a run killed at each of ``instants``, calls since it was started or resumed, then finished."""
    argv = ["train", *VARIANTS[variant], f"output_dir={folder}"]
    codes = []
    for number in [*instants, 0]:
        codes.append(program.run(argv, folder / "said", before="kill_at_event", at=number).code)
        argv = ["resume", str(only_run(folder))]
    assert codes[0] == -9 and codes[-1] == 0 and set(codes) <= {-9, 0}  # a short rest may end before its instant
    return only_run(folder)


@pytest.mark.parametrize("trial", range(12))
def test_fault_1_a_run_killed_at_random_instants_equals_the_uninterrupted_one(
    tmp_path: Path, trial: int, whole: Whole
) -> None:
    draw = random.Random(trial)
    variant = ("step_lr", "plateau")[trial % 2]
    expected, num_calls = whole(variant)
    instants = [draw.randrange(1, num_calls) for _ in range(draw.choice((1, 1, 2, 3)))]
    assert contents(killed_and_resumed(tmp_path, variant, instants)) == expected


INSTANTS = {
    "before the first step": ("runner.engine.step:Stepper.step", 1),
    "before the first checkpoint": ("runner.engine.step:Stepper.step", 3),
    "after a save": ("runner.engine.step:Stepper.step", 7),  # saved at step 6
    "between a row and its checkpoint": ("runner.training.record:Recording.save", 2),
    "between best and last": ("runner.runs.checkpoint:link_whole", 3),
    "during validation": ("runner.engine.fit:judge", 2),
    "at the end of an epoch": ("runner.engine.best:Monitor.update", 2),
    "after the last step": ("runner.training.record:Recording.judged", 1),
    "before the word finished": ("runner.runs.summary:Summary.close", 1),
}


@pytest.mark.parametrize("instant", INSTANTS)
def test_fault_2_a_kill_at_the_worst_instants_loses_and_repeats_nothing(
    tmp_path: Path, instant: str, whole: Whole
) -> None:
    argv = ["train", *TINY, f"output_dir={tmp_path}"]
    assert program.run(argv, tmp_path / "said", before="kill_before", at=INSTANTS[instant]).code == -9
    run = only_run(tmp_path)
    assert program.run(["resume", str(run)], tmp_path / "said").code == 0
    assert contents(run) == whole("step_lr")[0]


@pytest.mark.parametrize("step", [2, 7, 14])
def test_two_optimizers_with_groups_and_a_chain_go_on_to_the_bit(tmp_path: Path, step: int, whole: Whole) -> None:
    argv = ["train", *VARIANTS["muon"], f"output_dir={tmp_path}"]
    done = program.run(argv, tmp_path / "said", before="kill_before", at=("runner.engine.step:Stepper.step", step))
    assert done.code == -9
    assert program.run(["resume", str(only_run(tmp_path))], tmp_path / "said").code == 0
    assert contents(only_run(tmp_path)) == whole("muon")[0]


def test_a_step_of_several_batches_in_half_the_bits_goes_on_to_the_bit(tmp_path: Path, whole: Whole) -> None:
    argv = ["train", *VARIANTS["accumulated"], f"output_dir={tmp_path}"]
    done = program.run(argv, tmp_path / "said", before="kill_before", at=("runner.engine.step:Stepper.step", 7))
    assert done.code == -9
    assert program.run(["resume", str(only_run(tmp_path))], tmp_path / "said").code == 0
    assert contents(only_run(tmp_path)) == whole("accumulated")[0]


def test_the_scale_of_fp16_goes_on_to_the_bit(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    argv = ["train", *TINY, "precision=fp16", "log_every_steps=1", "grad_clip_norm=1"]
    done = program.run([*argv, f"output_dir={whole}"], whole / "said", before="have_fp16")
    assert (done.code, done.err) == (0, "")
    at = ("runner.engine.step:Stepper.step", 9)
    assert program.run([*argv, f"output_dir={killed}"], killed / "said", before="have_fp16", at=at).code == -9
    resume = ["resume", str(only_run(killed))]
    assert program.run(resume, killed / "said", before="have_fp16").code == 0
    assert contents(only_run(killed)) == contents(only_run(whole))
    rows = map(json.loads, (only_run(whole) / "metrics.jsonl").read_text().splitlines())
    left_out = [row["step"] for row in rows if "grad_norm" in row.get("nonfinite", ())]
    assert left_out[0] == 1 and len(left_out) > 3  # steps that overflow are counted, and none of them is taken


def test_fault_4_five_kills_within_one_epoch_change_nothing(tmp_path: Path, whole: Whole) -> None:
    argv = ["train", *TINY, f"output_dir={tmp_path}"]
    for step in (5, 1, 2, 2, 2):  # an epoch has 5 steps, a save comes every 3
        done = program.run(argv, tmp_path / "said", before="kill_before", at=("runner.engine.step:Stepper.step", step))
        assert done.code == -9
        argv = ["resume", str(only_run(tmp_path))]
    assert program.run(argv, tmp_path / "said").code == 0
    assert contents(only_run(tmp_path)) == whole("step_lr")[0]


def test_fault_5_what_is_watched_does_not_change_what_is_trained(tmp_path: Path, whole: Whole) -> None:
    watched = ["log_every_steps=1", "test_every_epochs=1", "checkpoint.every_steps=null", "eval_batch_size=64"]
    run = program.train(tmp_path, *watched)
    assert contents(run)["last"]["model"] == whole("step_lr")[0]["last"]["model"]
    assert contents(run)["last"]["optimizers"] == whole("step_lr")[0]["last"]["optimizers"]
