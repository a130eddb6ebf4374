"""What the weights at hand are worth: every split scored, beside the answers that need no network.

These are the commonest class or the mean, and a linear model fitted to the end. N rows, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from runner.contracts import Data, Outcome, Parts, Selection, Split, Task
from runner.data.transforms import OneHot, columns
from runner.engine import fit
from runner.engine.predict import never, predict
from runner.engine.state import load_weights
from runner.experiment.assemble import Experiment
from runner.runs.checkpoint import Checkpoints
from runner.text import counted

MAX_NUMBERS = 5_000_000  # N x F x K of a linear model: about half a second; MNIST has 420 million
MAX_ITERATIONS = 200  # of its fit; digits need 90


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
) -> Scores:
    """Put the weights of a checkpoint into the experiment and score them: the net sees every split once.

    What takes the time is told: "test 4/10". Raises DataError when they do not fit, engine.Stopped once ``stop`` turns
    true.
    """
    parts, num_classes = experiment.parts, len(experiment.data.class_names)
    load_weights(saved, parts)
    fit.refer(parts, stop)
    bare = without_last_relu(parts.model) if fit.counts_hits(parts) else None
    judged = next((split for split in ("test", "val") if split in experiment.judged), "")
    best: dict[str, float] = {"step": saved["progress"]["step"], "epoch": saved["epoch"]}
    logits_NK, y_N, cost = torch.empty(0), torch.empty(0), None
    for split, batches in experiment.judged.items():  # the one to judge by is the last
        uncut = bare if split == judged else None
        shown = fit.told_batches(parts, split, batches, stop, tell)
        logits_NK, y_N = predict(replace(parts, model=uncut) if uncut else parts, batches, shown)
        if uncut:
            cost = relu_cost(parts, split, logits_NK, y_N)
            logits_NK = logits_NK.relu()
        best |= {f"{split}/{name}": value for name, value in fit.judge(parts, logits_NK, y_N).items()}
    picked = parts.model.picked() if isinstance(parts.model, Selection) else {}
    remarks = (*([cost] if cost else []), *picked_lines(picked))
    outcome = Outcome("finished", best, judged_split=judged, remarks=remarks, picked=picked)
    if judged:
        confusion = fit.confusion(parts.readout(logits_NK), y_N, num_classes) if num_classes else ()
        tell("linear model")
        outcome = replace(outcome, confusion=confusion, **baselines(experiment, judged))
    return Scores(outcome, logits_NK, y_N)


def picked_lines(picked: Mapping[str, int]) -> list[str]:
    """A line of which members of a net answer, and how often each counts; none of a net that picks none."""
    told = (f"{name} x{times}" if times > 1 else name for name, times in picked.items())
    return [f"validation picked {counted(len(picked), 'member')}: {', '.join(told)}"] if picked else []


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


def baselines(experiment: Experiment, split: str) -> dict[str, Any]:
    """What an Outcome says of them: fitted on the train rows, scored on ``split``. Draws no random number."""
    left_out = why_not_linear(experiment)
    return {
        "baseline": constant(experiment.data, experiment.split, split),
        "linear": {} if left_out else linear(experiment, split),
        "linear_left_out": left_out,
    }


def constant(data: Data, rows: Split, split: str) -> dict[str, float]:
    """The score of always answering the train rows' commonest class, or their mean."""
    train_y, y = data.y[rows.train], data.y[getattr(rows, split)]
    if data.task != "regression":
        return {"accuracy": float((y == train_y.mode().values).double().mean())}
    error = (y - train_y.mean()).double()
    return {"rmse": float(error.square().mean().sqrt()), "mae": float(error.abs().mean())}


def why_not_linear(experiment: Experiment) -> str:
    """Why a linear model is not fitted beside the run: it would take too long; "" where it would not."""
    if not isinstance(experiment.data.x, Tensor):
        return "the rows stream"
    train = experiment.split.train
    sizes = [len(train), inputs(experiment, train[:1]).shape[1], max(1, len(experiment.data.class_names))]
    if sizes[0] * sizes[1] * sizes[2] <= MAX_NUMBERS:
        return ""
    return f"{' x '.join(f'{size:,}' for size in sizes)} (rows, columns, classes) is more than {MAX_NUMBERS:,}"


def linear(experiment: Experiment, split: str) -> dict[str, float]:
    """The run's own metrics of least squares, or of a logistic regression."""
    data, rows = experiment.data, experiment.split
    judged, where = getattr(rows, split), experiment.choice.device
    scores = linear_scores(
        inputs(experiment, rows.train),
        data.y[rows.train],
        inputs(experiment, judged),
        data.task,
        len(data.class_names),
    )
    return fit.measure(experiment.parts, scores.float().to(where), data.y[judged].to(where))


def inputs(experiment: Experiment, rows: Tensor) -> Tensor:
    """[n, F] the rows as a linear model takes them: preprocessed, a column for each category; on the CPU."""
    assert isinstance(experiment.data.x, Tensor), "rows that stream are not fitted"
    x = experiment.data.x[rows].to(experiment.choice.device)
    x_NF: Tensor = experiment.parts.preprocess(x).cpu().flatten(1)
    named = columns(experiment.parts.preprocess)
    return x_NF if all(column.is_number for column in named) else OneHot((len(named),), named)(x_NF)


def linear_scores(train_NF: Tensor, y_N: Tensor, judged_MF: Tensor, task: Task, num_classes: int) -> Tensor:
    """What a linear model of the train rows answers for other rows, as metrics take it.

    [M, K] probabilities, [M] those of the second of two classes, or [M] values.
    """
    train, judged = with_ones(train_NF), with_ones(judged_MF)
    if task == "regression":
        weight: Tensor = torch.linalg.lstsq(train, y_N.double()[:, None]).solution
        return (judged @ weight)[:, 0]
    shares_MK = (judged @ logistic_fit(train, y_N, num_classes)).softmax(1)
    return shares_MK[:, 1] if task == "binary" else shares_MK


def with_ones(x_NF: Tensor) -> Tensor:
    """[N, F + 1] in float64: the last column's weight is the bias."""
    return torch.cat([x_NF.double(), torch.ones(len(x_NF), 1, dtype=torch.float64)], 1)


def logistic_fit(x_NF: Tensor, y_N: Tensor, num_classes: int) -> Tensor:
    """[F, K] weights of the multinomial logistic regression with least loss, from zeros: it is convex.

    The penalty is that of scikit-learn by default (C = 1): the squares of all weights but the bias, over 2N. Of two
    classes it has one column of weights, the difference of the two here, whose squares are half as large.
    """
    weight = torch.zeros(x_NF.shape[1], num_classes, dtype=torch.float64)
    truth_NK = torch.nn.functional.one_hot(y_N, num_classes)
    share = torch.full_like(weight, (2 if num_classes == 2 else 1) / len(y_N))
    share[-1] = 0
    optimizer = torch.optim.LBFGS(
        [weight], max_iter=MAX_ITERATIONS, tolerance_grad=1e-7, tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )

    def closure() -> float:
        log_shares_NK = (x_NF @ weight).log_softmax(1)
        weight.grad = x_NF.T @ (log_shares_NK.exp() - truth_NK) / len(y_N) + share * weight
        return ((share * weight.square()).sum() / 2 - (truth_NK * log_shares_NK).sum() / len(y_N)).item()

    optimizer.step(closure)  # type: ignore[no-untyped-call] # torch says nothing of its types
    return weight
