"""What the weights at hand are worth: every split scored, beside the answers that need no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from runner.contracts import Outcome
from runner.engine import fit
from runner.engine.state import load_weights
from runner.experiment.assemble import Experiment
from runner.experiment.baselines import baselines
from runner.experiment.relu_cost import relu_cost, without_last_relu
from runner.runs.checkpoint import Checkpoints


@dataclass(frozen=True)
class Scores:
    """Of one checkpoint; ``logits_NK`` and ``y_N`` are those of test, or else val, or else train."""

    outcome: Outcome  # as of a run that ended here; its last epoch is not known
    logits_NK: Tensor
    y_N: Tensor


def checkpoint_to_judge(checkpoints: Checkpoints) -> str:
    """``best`` where a validation split has chosen one, else ``last``."""
    return "best" if checkpoints.has("best") else "last"


def judge(experiment: Experiment, saved: Mapping[str, Any], stop: Callable[[], bool] = fit.never) -> Scores:
    """Put the weights of a checkpoint into the experiment and score them: the net sees every split once.

    Raises DataError when they do not fit, engine.Stopped once ``stop`` turns true.
    """
    parts, num_classes = experiment.parts, len(experiment.data.class_names)
    load_weights(saved, parts)
    fit.refer(parts, stop)
    bare = without_last_relu(parts.model) if fit.counts_hits(parts) else None
    judged = next((split for split in ("test", "val") if split in experiment.judged), "")
    best: dict[str, float] = {"step": saved["progress"]["step"], "epoch": saved["epoch"]}
    logits_NK, y_N, cost = torch.empty(0), torch.empty(0), None
    for split, batches in experiment.judged.items():  # the one to judge by is the last
        if split == judged and bare is not None:
            unclipped_NK, y_N = fit.predict(replace(parts, model=bare), batches, stop)
            logits_NK, cost = unclipped_NK.relu(), relu_cost(parts, split, unclipped_NK, y_N)
        else:
            logits_NK, y_N = fit.predict(parts, batches, stop)
        best |= {f"{split}/{name}": value for name, value in fit.judge(parts, logits_NK, y_N).items()}
    outcome = Outcome("finished", best, judged_split=judged, remarks=(cost,) if cost else ())
    if judged:
        confusion = fit.confusion(parts.readout(logits_NK), y_N, num_classes) if num_classes else ()
        outcome = replace(outcome, confusion=confusion, **baselines(experiment, judged))
    return Scores(outcome, logits_NK, y_N)
