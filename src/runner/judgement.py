"""What the weights at hand are worth: every split scored, beside the answer that needs no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runner import engine
from runner.clipping import clipping_cost
from runner.contracts import Data, Outcome, Split, Status
from runner.experiment import Experiment
from runner.records.checkpoint import Checkpoints
from runner.state import load_weights


@dataclass(frozen=True)
class Judgement:
    """Scores of one checkpoint."""

    step: int
    epoch: int
    values: dict[str, float]  # train/..., val/..., test/..., all in evaluation mode
    split: str  # the split that confusion and baseline are about
    confusion: tuple[tuple[int, ...], ...]  # [true][predicted]; () for regression
    baseline: dict[str, float]  # what answering the commonest class, or the mean, of the train rows scores
    remarks: tuple[str, ...] = ()  # what the net was found to do, in lines

    def outcome(self, status: Status, final: Mapping[str, float]) -> Outcome:
        return Outcome(
            status=status,
            best={"step": self.step, "epoch": self.epoch, **self.values},
            final=final,
            baseline=self.baseline,
            confusion=self.confusion,
            judged_split=self.split,
            remarks=self.remarks,
        )


def checkpoint_to_judge(checkpoints: Checkpoints) -> str:
    """``best`` where a validation split has chosen one, else ``last``."""
    return "best" if checkpoints.has("best") else "last"


def judge(experiment: Experiment, saved: Mapping[str, Any], stop: Callable[[], bool] = engine.never) -> Judgement:
    """Put the weights of a checkpoint into the experiment and score them.

    Raises DataError when they do not fit, engine.Stopped once ``stop`` turns true.
    """
    load_weights(saved, experiment.parts)
    engine.refer(experiment.parts, stop)
    parts, num_classes = experiment.parts, len(experiment.data.class_names)
    values: dict[str, float] = {}
    counts: tuple[tuple[int, ...], ...] = ()
    for split, batches in experiment.judged.items():
        logits_NK, y_N = engine.predict(parts, batches, stop)
        values |= {f"{split}/{key}": value for key, value in engine.judge(parts, logits_NK, y_N).items()}
        if num_classes and split != "train":
            counts = engine.confusion(parts.readout(logits_NK), y_N, num_classes)
    split = next((s for s in ("test", "val") if s in experiment.judged), "")
    cost = clipping_cost(parts, split, experiment.judged[split], stop) if split else None
    return Judgement(
        step=saved["progress"]["step"],
        epoch=saved["epoch"],
        values=values,
        split=split,
        confusion=counts,
        baseline=baseline(experiment.data, experiment.split, split) if split else {},
        remarks=(cost,) if cost else (),
    )


def baseline(data: Data, rows: Split, split: str) -> dict[str, float]:
    """The score, on ``split``, of always answering the train rows' commonest class, or their mean."""
    train_y, y = data.y[rows.train], data.y[getattr(rows, split)]
    if data.task != "regression":
        return {"accuracy": float((y == train_y.mode().values).double().mean())}
    error = (y - train_y.mean()).double()
    return {"rmse": float(error.square().mean().sqrt()), "mae": float(error.abs().mean())}
