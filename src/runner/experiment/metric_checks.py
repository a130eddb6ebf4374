"""Whether each metric of a run has a value on the rows of its splits, and its monitor a better end.

Shapes: N rows of a split, n of them, K classes.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from runner.build import auto
from runner.build.two_classes import OfTwoClasses
from runner.config.catalog import Part
from runner.config.run_config import Config
from runner.contracts import SPLITS, Data, Split
from runner.engine.best import directions
from runner.errors import ConfigError

MOST_CLASSES = 3  # in a message


def check_measurable(config: Config, data: Data, rows: Split, metrics: Mapping[str, Any]) -> None:
    """Tries every metric on answers drawn at random for the true targets of each split that has rows.

    Raises ConfigError where one has no value there, or the monitored one is no single number.
    """
    faults = []
    for split in SPLITS:
        y_N = data.y[getattr(rows, split)]
        for name, metric in metrics.items() if len(y_N) else ():
            value = try_metric(metric, y_N, data)
            if isinstance(value, str):
                why = missing_classes(y_N, data) or too_few_rows(config.metric[name], len(y_N)) or value
                turn = advice(config, data, split, name)
                faults.append(f"metric={name}: has no value on the {split} split: {why}\n  {turn}")
            elif value.ndim and config.monitor == f"{split}/{name}":
                faults.append(f"monitor={config.monitor}: is not one number, so it cannot choose an epoch")
    if faults:
        raise ConfigError(faults)


def check_monitor(config: Config, metrics: Mapping[str, Any]) -> None:
    """Raises ConfigError where no end of the monitor is the better one, by which a new run could choose its epoch."""
    said = directions(metrics)
    split, _, name = config.monitor.partition("/")
    if said[name] is None:
        others = [f"{split}/{other}" for other in ("loss", *metrics) if said[other] is not None]
        raise ConfigError(
            f"monitor={config.monitor}: {type(metrics[name]).__name__} does not say whether high or low is better: "
            f"its higher_is_better is {metrics[name].higher_is_better!r}\n"
            f"  choose {' or '.join(others)}; a class of your own can say higher_is_better = True, or False"
        )


def is_thin(data: Data, rows: Split) -> bool:
    """Whether some split that has rows is of a single one, or without one of the classes."""
    splits = [y_N for split in SPLITS if len(y_N := data.y[getattr(rows, split)])]
    return any(len(y_N) == 1 or missing_classes(y_N, data) for y_N in splits)


def try_metric(metric: Any, y_N: Tensor, data: Data) -> Tensor | str:
    """The metric of random answers; in words, why it has none.

    A row of each class is enough to know. What torchmetrics only warns of is a value that it has made up.
    """
    y_n = y_N if data.task == "regression" else torch.bincount(y_N).nonzero().flatten()
    shape = (len(y_n), len(data.class_names)) if data.task == "multiclass" else (len(y_n),)
    scores = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    scores = scores.softmax(1) if data.task == "multiclass" else scores
    inner = metric.metric if isinstance(metric, OfTwoClasses) else metric
    own = "error" if type(inner).__module__.startswith("torchmetrics.") else "ignore"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(own, UserWarning)  # type: ignore[arg-type]
            metric.update(scores.to(metric.device), y_n.to(metric.device))
            value = metric.compute()
    except Exception as fault:  # a class of a user's may raise anything
        return str(fault).strip().split("\n")[0] or type(fault).__name__
    finally:
        metric.reset()
    return value if isinstance(value, Tensor) else f"it gives a {type(value).__name__}, not a tensor"


def missing_classes(y_N: Tensor, data: Data) -> str:
    """In words: of which classes there is no row, or that a number stands alone; "" where nothing is missing."""
    if data.task == "regression":
        return "it is a single row" if len(y_N) == 1 else ""
    is_there_K = torch.bincount(y_N, minlength=len(data.class_names)) > 0
    lacking = [name for name, is_there in zip(data.class_names, is_there_K.tolist(), strict=True) if not is_there]
    more = ", ..." if len(lacking) > MOST_CLASSES else ""
    return f"it has no row of {', '.join(lacking[:MOST_CLASSES])}{more}" if lacking else ""


def too_few_rows(metric: Part, num_rows: int) -> str:
    """In words: that an adjusted r2 corrects for more features than the rows allow; "" where it does not."""
    adjusted = metric.knobs.get("adjusted", 0)
    if not adjusted or adjusted < num_rows - 1:
        return ""
    return f"with {num_rows} rows metric.{metric.option}.adjusted={adjusted} must be 0 to {max(0, num_rows - 2)}"


def advice(config: Config, data: Data, split: str, name: str) -> str:
    """What to turn."""
    usual = auto.REGRESSION_METRICS if data.task == "regression" else auto.CLASS_METRICS[:1]
    others = [other for other in config.metric if other != name] or [other for other in usual if other != name]
    more = larger(config, data, split)
    return f"{more}{', or ' if more else ''}leave it out: metric=[{','.join(others)}]"


def larger(config: Config, data: Data, split: str) -> str:
    """The setting that gives the split more rows, where there is one."""
    if config.max_eval_rows is not None:
        return f"raise max_eval_rows={config.max_eval_rows}"
    if split == "train":
        return ""
    if split == "test" and config.folds is not None:
        return f"lower folds={config.folds}"
    is_drawn = (data.official_val if split == "val" else data.official_test) is None
    fraction = config.val_fraction if split == "val" else config.test_fraction
    return f"raise {split}_fraction={fraction:g}, or set it to 0" if is_drawn else ""
