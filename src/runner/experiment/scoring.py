"""What the weights at hand are worth: every split scored, beside the answers that need no network.

N rows, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from runner.contracts import Outcome, Parts, Selection
from runner.engine import fit
from runner.engine.predict import never, predict
from runner.engine.state import load_weights
from runner.experiment.assemble import Experiment
from runner.experiment.baselines import baselines
from runner.experiment.calibration import calibrate, line
from runner.losses.readout import Probabilities, is_answer
from runner.runs.checkpoint import Checkpoints
from runner.text import counted


@dataclass(frozen=True)
class Scores:
    """Of one checkpoint; ``logits_NK`` and ``y_N`` are those of test, or else val, or else train."""

    outcome: Outcome  # as of a run that ended here; its last epoch is not known
    logits_NK: Tensor
    y_N: Tensor


def checkpoint_to_judge(checkpoints: Checkpoints) -> str:
    """``best`` where a validation split has chosen one, else ``last``."""
    return "best" if checkpoints.has("best") else "last"


def judge(
    experiment: Experiment,
    saved: Mapping[str, Any],
    stop: Callable[[], bool] = never,
    tell: Callable[[str], None] = fit.untold,
    shared: Path | None = None,
) -> Scores:
    """Put the weights of a checkpoint into the experiment and score them: the net sees every split once.

    What takes the time is told: "test 4/10". ``shared`` is as ``baselines`` takes it. Raises DataError when they do not
    fit, engine.Stopped once ``stop`` turns true.
    """
    parts, num_classes = experiment.parts, len(experiment.data.class_names)
    load_weights(saved, parts)
    if isinstance(parts.readout, Probabilities):
        parts.readout.temperature.fill_(1)  # scores are those of the net as it was trained
    fit.refer(parts, stop)
    bare = without_last_relu(parts.model) if fit.counts_hits(parts) else None
    judged = next((split for split in ("test", "val") if split in experiment.judged), "")
    best: dict[str, float] = {"step": saved["progress"]["step"], "epoch": saved["epoch"]}
    logits_NK, y_N, cost = torch.empty(0), torch.empty(0), None
    answers: dict[str, tuple[Tensor, Tensor]] = {}
    for split, batches in experiment.judged.items():  # the one to judge by is the last
        uncut = bare if split == judged else None
        shown = fit.told_batches(parts, split, batches, stop, tell)
        logits_NK, y_N = predict(replace(parts, model=uncut) if uncut else parts, batches, shown)
        if uncut:
            cost = relu_cost(parts, split, logits_NK, y_N)
            logits_NK = logits_NK.relu()
        answers[split] = logits_NK, y_N
        best |= {f"{split}/{name}": value for name, value in fit.judge(parts, logits_NK, y_N).items()}
    picked = parts.model.picked() if isinstance(parts.model, Selection) else {}
    remarks = (*([cost] if cost else []), *picked_lines(picked), *unanswered(experiment, answers))
    outcome = Outcome("finished", best, judged_split=judged, remarks=remarks, picked=picked)
    if experiment.config.calibrate and isinstance(parts.readout, Probabilities):
        calibration = calibrate(parts.readout, answers["val"], answers[judged])
        outcome = replace(outcome, calibration=calibration, remarks=(*remarks, line(calibration, judged)))
    if judged:
        confusion = fit.confusion(parts.readout(logits_NK), y_N, num_classes) if num_classes else ()
        outcome = replace(outcome, confusion=confusion, **baselines(experiment, judged, tell, shared))
    return Scores(outcome, logits_NK, y_N)


def picked_lines(picked: Mapping[str, int]) -> list[str]:
    """A line of which members of a net answer, and how often each counts; none where none was picked."""
    told = [f"{name} x{times}" if times > 1 else name for name, times in picked.items() if times]
    return [f"picked {len(told)} of {counted(len(picked), 'member')} by validation: {', '.join(told)}"] if told else []


def unanswered(experiment: Experiment, answers: Mapping[str, tuple[Tensor, Tensor]]) -> list[str]:
    """A line of the rows that have no answer, of whatever split; none where all have one."""
    told = []
    for split, (logits_NK, _) in answers.items():
        is_told_N = is_answer(experiment.parts.readout(logits_NK))
        if num := len(is_told_N) - int(is_told_N.sum()):
            told.append(f"{num:,} of {counted(len(is_told_N), 'row')} of {split}")
    if not told:
        return []
    why = "its weights grew too large: try a lower optimizer.lr; or these rows are too different from the others"
    if experiment.config.precision == "fp16":
        why = "fp16 ends at 65,504: try precision=bf16"
    return [f"the net's output is not a number for {' and '.join(told)};\n  {why}"]


def relu_cost(parts: Parts, split: str, logits_NK: Tensor, y_N: Tensor) -> str | None:
    """A line of what the ReLU cuts off ``logits_NK``, the outputs on ``split`` without it."""
    if logits_NK.shape[1] == 1:  # the sign of a single output says the class, clipped or not
        return None
    with_it, without_it = (hit_share(parts, outputs, y_N) for outputs in (logits_NK.relu(), logits_NK))
    cut = float((logits_NK <= 0).double().mean())
    own_cut = float((logits_NK.gather(1, y_N[:, None]) <= 0).double().mean())
    return (
        f"ReLU on the logits: on {split} it cuts {cut:.0%} of them to 0, in {own_cut:.0%} of the rows that of the\n"
        f"  right class, to which no gradient comes back; the same weights have {split}/accuracy {with_it:.4f}\n"
        f"  with it, {without_it:.4f} without; trained without it they would be others"
    )


def without_last_relu(model: nn.Module) -> nn.Module | None:
    """The same modules up to the ReLU that ends them; None where none does."""
    if type(model).forward is not nn.Sequential.forward:
        return None
    *front, last = model.children()
    bare = nn.Identity() if isinstance(last, nn.ReLU) else without_last_relu(last)
    return None if bare is None else nn.Sequential(*front, bare)


def hit_share(parts: Parts, logits_NK: Tensor, y_N: Tensor) -> float:
    """The share of rows whose class is the predicted one."""
    counts = torch.tensor(fit.confusion(parts.readout(logits_NK), y_N, logits_NK.shape[1]))
    return float(counts.diagonal().sum() / counts.sum())
