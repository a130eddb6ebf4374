"""What needs no network, on the same rows: the commonest class or the mean, and a linear model."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from runner.contracts import Data, Split
from runner.data.preprocess import columns
from runner.data.transforms import OneHot
from runner.engine import fit
from runner.experiment.assemble import Experiment
from runner.experiment.linear_fit import MAX_NUMBERS, linear_scores


@dataclass(frozen=True)
class Baselines:
    """Their scores on the split that a run is judged by; empty where it is judged by none."""

    constant: dict[str, float] = field(default_factory=dict)
    linear: dict[str, float] = field(default_factory=dict)
    linear_left_out: str = ""  # why there is none


def baselines(experiment: Experiment, split: str) -> Baselines:
    """Fitted on the train rows, scored on ``split``. Draws no random number."""
    left_out = why_not_linear(experiment)
    return Baselines(
        constant=constant(experiment.data, experiment.split, split),
        linear={} if left_out else linear(experiment, split),
        linear_left_out=left_out,
    )


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
