"""What the weights at hand are worth: every split scored, beside the answers that need no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runner.contracts import Outcome, Status
from runner.engine import fit
from runner.engine.state import load_weights
from runner.experiment.assemble import Experiment
from runner.experiment.baselines import Baselines, baselines
from runner.experiment.relu_cost import clipping_cost
from runner.runs.checkpoint import Checkpoints


@dataclass(frozen=True)
class Judgement:
    """Scores of one checkpoint."""

    step: int
    epoch: int
    values: dict[str, float]  # train/..., val/..., test/..., all in evaluation mode
    split: str  # the split that confusion and baselines are about
    confusion: tuple[tuple[int, ...], ...]  # [true][predicted]; () for regression
    baselines: Baselines
    remarks: tuple[str, ...] = ()  # what the net was found to do, in lines

    def outcome(self, status: Status, final: Mapping[str, float]) -> Outcome:
        return Outcome(
            status=status,
            best={"step": self.step, "epoch": self.epoch, **self.values},
            final=final,
            baseline=self.baselines.constant,
            linear=self.baselines.linear,
            linear_left_out=self.baselines.linear_left_out,
            confusion=self.confusion,
            judged_split=self.split,
            remarks=self.remarks,
        )


def checkpoint_to_judge(checkpoints: Checkpoints) -> str:
    """``best`` where a validation split has chosen one, else ``last``."""
    return "best" if checkpoints.has("best") else "last"


def judge(experiment: Experiment, saved: Mapping[str, Any], stop: Callable[[], bool] = fit.never) -> Judgement:
    """Put the weights of a checkpoint into the experiment and score them.

    Raises DataError when they do not fit, engine.Stopped once ``stop`` turns true.
    """
    load_weights(saved, experiment.parts)
    fit.refer(experiment.parts, stop)
    parts, num_classes = experiment.parts, len(experiment.data.class_names)
    values: dict[str, float] = {}
    counts: tuple[tuple[int, ...], ...] = ()
    for split, batches in experiment.judged.items():
        logits_NK, y_N = fit.predict(parts, batches, stop)
        values |= {f"{split}/{key}": value for key, value in fit.judge(parts, logits_NK, y_N).items()}
        if num_classes and split != "train":
            counts = fit.confusion(parts.readout(logits_NK), y_N, num_classes)
    split = next((s for s in ("test", "val") if s in experiment.judged), "")
    cost = clipping_cost(parts, split, experiment.judged[split], stop) if split else None
    return Judgement(
        step=saved["progress"]["step"],
        epoch=saved["epoch"],
        values=values,
        split=split,
        confusion=counts,
        baselines=baselines(experiment, split) if split else Baselines(),
        remarks=(cost,) if cost else (),
    )
