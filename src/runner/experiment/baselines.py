"""What needs no network, on the rows of a run: the commonest class or the mean, a linear model, ensembles of trees.

Shapes: n rows of a split, F columns.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # comes with scikit-learn
from torch import Tensor

from runner.contracts import Data, Split
from runner.data.transforms import OneHot, columns
from runner.engine.fit import measure, untold
from runner.experiment.assemble import Experiment
from runner.experiment.estimators import Fit, Fitted, Table, fitted
from runner.experiment.linear import fit_linear
from runner.experiment.trees import ENSEMBLES
from runner.runs.files import read_json, write_json
from runner.text import reason

# Rows x columns x outputs of a fit. On one core trees take 20 to 40 s for so many, a linear model 5 s; MNIST has 420
# million, covtype in all 140, its official train rows 4.
MOST_NUMBERS = 50_000_000


def baselines(
    experiment: Experiment, split: str, tell: Callable[[str], None] = untold, shared: Path | None = None
) -> dict[str, Any]:
    """What an Outcome says of them: fitted on the train rows, scored on ``split``. Draws no random number.

    Runs whose rows and settings are the same find them in the folder ``shared`` and fit them once, whoever is first.
    """
    if shared is None:
        return fitted_baselines(experiment, split, tell)
    path = shared / f"baselines-{key(experiment, split)}.json"
    with FileLock(f"{path}.lock"):
        if path.exists():
            return read_json(path)
        found = fitted_baselines(experiment, split, tell)
        write_json(path, found)
    return found


def key(experiment: Experiment, split: str) -> str:
    """What two runs share whose baselines are the same."""
    plain, rows = experiment.config.as_dict(), experiment.split
    told = [plain["dataset"], plain["metric"], plain["baselines"], split, torch.get_num_threads()]
    known = hashlib.sha256(json.dumps([experiment.data_digest, told], sort_keys=True).encode())
    for numbers in (rows.train, rows.val, getattr(rows, split)):
        known.update(numbers.numpy().tobytes())
    return known.hexdigest()[:12]


def fitted_baselines(experiment: Experiment, split: str, tell: Callable[[str], None]) -> dict[str, Any]:
    """The same, fitted here."""
    tell("linear model")
    linear_left_out = why_not_linear(experiment)
    linear = {} if linear_left_out else scored(experiment, fit_linear, linear_inputs, split)
    return {
        "baseline": constant(experiment.data, experiment.split, split),
        "linear": linear,
        "linear_left_out": linear_left_out,
        **all_trees(experiment, split, tell),
    }


def constant(data: Data, rows: Split, split: str) -> dict[str, float]:
    """The score of always answering the train rows' commonest class, or their mean."""
    train_y, y = data.y[rows.train], data.y[getattr(rows, split)]
    if data.task != "regression":
        return {"accuracy": float((y == train_y.mode().values).double().mean())}
    error = (y - train_y.mean()).double()
    return {"rmse": float(error.square().mean().sqrt()), "mae": float(error.abs().mean())}


def why_not_linear(experiment: Experiment) -> str:
    """Why a linear model is not fitted beside the run; "" where it is."""
    if not isinstance(experiment.data.x, Tensor):
        return "the rows stream"
    return too_large(experiment, linear_inputs(experiment, experiment.split.train[:1]).shape[1])


def all_trees(experiment: Experiment, split: str, tell: Callable[[str], None]) -> dict[str, Any]:
    """The metrics of each ensemble, the seconds it took, lines on those left out; all empty beside pictures."""
    scores, seconds, left_out = {}, {}, []
    for name in experiment.config.baselines.trees if len(experiment.data.x.shape) == 2 else []:
        if why := why_no_trees(experiment, name):
            left_out.append(f"{name}: {why}")
            continue
        tell(f"trees, {name}")
        begun = time.perf_counter()
        try:
            scores[name] = scored(experiment, ENSEMBLES[name].fit, tree_inputs, split)
        except Exception as fault:  # of any kind: a package that cannot fit must not cost the run its end
            left_out.append(f"{name}: cannot be fitted: {reason(fault)}")
            continue
        seconds[name] = round(time.perf_counter() - begun, 3)
    return {"trees": scores, "trees_seconds": seconds, "trees_left_out": left_out}


def why_no_trees(experiment: Experiment, name: str) -> str:
    """Why that ensemble is not fitted beside the run; "" where it is."""
    if not isinstance(experiment.data.x, Tensor):
        return "the rows stream"
    if not ENSEMBLES[name].is_installed:
        return f"the package {ENSEMBLES[name].package} is not installed; pip install {ENSEMBLES[name].package}"
    return too_large(experiment, experiment.data.x.shape[1])


def too_large(experiment: Experiment, num_columns: int) -> str:
    """Why a table of so many columns is not fitted; "" where it is small, or all are to be fitted."""
    num_classes = len(experiment.data.class_names)
    sizes = [len(experiment.split.train), num_columns, num_classes if num_classes > 2 else 1]
    numbers = sizes[0] * sizes[1] * sizes[2]
    if numbers <= MOST_NUMBERS or experiment.config.baselines.size == "all":
        return ""
    product = " x ".join(f"{size:,}" for size in sizes)
    return f"{product} (rows, columns, outputs) is more than {MOST_NUMBERS:,}; baselines.size=all fits it anyway"


Inputs = Callable[[Experiment, Tensor], NDArray[np.float32]]


def scored(experiment: Experiment, fit: Fit, inputs: Inputs, split: str) -> dict[str, float]:
    """The run's own metrics of what ``fit`` makes of the train rows, on ``split``."""
    rows, where = getattr(experiment.split, split), experiment.choice.device
    with threads_of_torch():
        scores = fit_train_rows(experiment, fit, inputs).scores(inputs(experiment, rows))
    return measure(experiment.parts, scores.to(where), experiment.data.y[rows].to(where))


def fit_train_rows(experiment: Experiment, fit: Fit, inputs: Inputs) -> Fitted:
    """What ``fit`` makes of the train rows, beside which it sees the validation rows."""
    data, rows = experiment.data, experiment.split
    x_nF = inputs(experiment, rows.train)
    table = Table(
        x_nF,
        data.y[rows.train].numpy(),
        inputs(experiment, rows.val),
        data.y[rows.val].numpy(),
        categories(data) if inputs is tree_inputs else np.zeros(x_nF.shape[1], np.bool_),
        data.task,
        len(data.class_names),
    )
    return fitted(fit, table)


def threads_of_torch() -> Any:
    """Inside, libraries with threads of their own take as many as the run does."""
    import sklearn.linear_model  # noqa: F401 # brings them all: one that comes later is not limited

    return threadpool_limits(torch.get_num_threads())


def categories(data: Data) -> NDArray[np.bool_]:
    """[F] whether a column holds codes."""
    return np.array([not column.is_number for column in data.columns] or [False] * data.x.shape[1])


def tree_inputs(experiment: Experiment, rows: Tensor) -> NDArray[np.float32]:
    """[n, F] the rows as they were read; an unknown or empty category is NaN, as an empty cell of a number."""
    assert isinstance(experiment.data.x, Tensor), "rows that stream are not fitted"
    return as_read(experiment.data, experiment.data.x[rows])


def as_read(data: Data, x: Tensor) -> NDArray[np.float32]:
    """The same of rows at hand."""
    x_nF = x.float().numpy()
    codes_F = categories(data) & (x_nF < 0)
    return np.where(codes_F, np.float32(np.nan), x_nF)


def linear_inputs(experiment: Experiment, rows: Tensor) -> NDArray[np.float32]:
    """[n, F] the rows as a linear model takes them: preprocessed, a column for each category."""
    assert isinstance(experiment.data.x, Tensor), "rows that stream are not fitted"
    x = experiment.data.x[rows].to(experiment.choice.device)
    x_nF: Tensor = experiment.parts.preprocess(x).cpu().flatten(1)
    named = columns(experiment.parts.preprocess)
    one_hot = x_nF if all(column.is_number for column in named) else OneHot((len(named),), named)(x_nF)
    return one_hot.numpy()
