"""What a notebook opens: ``runner.load_run`` a run, with its net; a sweep. Neither brings Hydra.

Shapes: N rows, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.build import libraries
from runner.errors import ConfigError, DataError
from runner.runs.directory import RunDirectory
from runner.runs.files import read_json
from runner.runs.named import open_run
from runner.runs.saved_run import SavedRun
from runner.screen.console import RunConsole

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame
    from torch import nn

    from runner.experiment.rebuild import Predictor


def load_run(path: str | PathLike[str], overrides: Sequence[str] = ()) -> Run:
    """The run in a directory, or ``"last"``; ``overrides`` as after ``eval``: device=cpu, data_dir=..., trusted=[...].

    Raises RunnerError where there is none, or where it cannot be read.
    """
    words = words_of("load_run", overrides)
    return Run(open_run("load_run", [str(path), *words], own=("checkpoint",)))


def words_of(function: str, overrides: Sequence[str]) -> list[str]:
    """Raises ConfigError where they come as one text, which is a sequence of letters."""
    if isinstance(overrides, str):
        raise ConfigError(f"{function}: give the words as a list: {overrides.split()}")
    return list(map(str, overrides))


class Run:
    """A run directory: its settings and results, and the net with the weights that ``eval`` measures."""

    def __init__(self, saved: SavedRun):
        self._saved = saved

    def __repr__(self) -> str:
        return f"<Run {self.path}: {replace(self._saved).standing or 'not begun'}>"

    @property
    def path(self) -> Path:
        return self._saved.path

    @property
    def config(self) -> dict[str, Any]:
        """config.yaml as plain data: ``run.config["optimizer"]["lr"]``."""
        return self._saved.config.as_dict()

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json: status, best, final, seconds, versions ... Raises DataError where it is missing or damaged."""
        return replace(self._saved).summary  # as it is now: the run may have gone on

    @property
    def metrics(self) -> DataFrame:
        """metrics.jsonl: a row for each logged step, which is the index, a column for each metric; NaN where it was not
        measured. ``run.metrics["val/loss"].dropna().plot()``."""
        self._check_is_one()
        rows = [{key: value for key, value in row.items() if key != "nonfinite"} for row in self._saved.rows]
        return frame(rows or {"step": []}).set_index("step")

    @property
    def model(self) -> nn.Module:
        """The net with the trained weights, in evaluation mode: rows after ``preprocess`` -> raw outputs."""
        return self._predictor.parts.model

    @property
    def preprocess(self) -> nn.Module:
        """Raw rows, as the data set has them -> what ``model`` takes: ``run.model(run.preprocess(x))``."""
        return self._predictor.parts.preprocess

    def predict(self, x: Any) -> np.ndarray[Any, Any]:
        """[N] the name of each row's likeliest class, or the number; ``x`` is [N, ...], raw, as the data set has it.

        An array, a tensor, nested lists, or a DataFrame with the data set's columns, categories by their names. Raises
        DataError where ``x`` does not fit.
        """
        return self._predictor.answers(x)

    def predict_proba(self, x: Any) -> DataFrame:
        """The probability of each class: a row for each row of ``x``, a column for each class.

        After a margin loss, or an embedding's, they are scores, which rank the classes and no more.
        """
        names = self._predictor.schema.class_names
        if not names:
            raise DataError(f"{self.path}: predicts numbers, not classes; use predict")
        return frame(self._predictor.scores(x).numpy(), columns=list(names))

    def _check_is_one(self) -> None:
        """Raises ConfigError above folds, which have measurements and a net each."""
        if folds := self._saved.folds:
            raise ConfigError(f"{self.path}: holds {len(folds)} folds; load one: load_run({str(folds[0].path)!r})")

    @cached_property
    def _predictor(self) -> Predictor:
        """The net with the checkpoint's weights in it; the data set need not be there."""
        self._check_is_one()
        libraries.load()
        from runner import device, seed  # bring torch
        from runner.experiment.rebuild import predictor_of

        with seed.kept(), device.threads_kept():
            return predictor_of(self._saved, RunConsole().warn)[0]


class Sweep:
    """The folder of a sweep, by its summary.json: its jobs, those alike but for seed and fold together, the best."""

    def __init__(self, path: Path):
        self.path = path

    def __repr__(self) -> str:
        return f"<Sweep {self.path}: {self.summary['status']}>"

    @property
    def summary(self) -> dict[str, Any]:
        """status, jobs, groups, winner, conclusion ... Raises DataError where it is missing or damaged."""
        return read_json(RunDirectory(self.path).summary)

    @property
    def conclusion(self) -> str:
        """Whether the best setting is better than the next, in words."""
        return str(self.summary["conclusion"])

    @property
    def jobs(self) -> DataFrame:
        """A row for each job, by number: the settings that differ, how it stands, the metrics of its best epoch."""
        rows = [
            {
                "job": job["job"],
                **as_numbers(job["settings"]),
                "status": job["status"],
                **job["metrics"],
                "folder": job["folder"],
            }
            for job in self.summary["jobs"]
        ]
        return frame(rows).set_index("job")

    @property
    def groups(self) -> DataFrame:
        """A row for each setting, best first: ``n`` runs, and of each metric the mean and its ``sd``."""
        rows = []
        for group in self.summary["groups"]:
            scores = dict[str, float | None]()
            for name, mean in group["mean"].items():
                if "/" in name:
                    scores |= {name: mean, f"{name} sd": group["sd"].get(name)}
            rows.append({**as_numbers(group["settings"]), "n": group["runs"], **scores})
        return frame(rows)

    @property
    def best(self) -> Run:
        """The best run of the best setting, by the monitor. Raises DataError where there is none."""
        if (winner := self.summary["winner"]) is None:
            raise DataError(f"{self.path}: no job is the best: none has finished, or not all can be compared")
        return load_run(self.path / winner)


def frame(rows: Any, **more: Any) -> DataFrame:
    import pandas as pd  # 0.4 s

    return pd.DataFrame(rows, **more)


def as_numbers(settings: Mapping[str, str]) -> dict[str, Any]:
    """The settings, numbers as numbers, so that they can be drawn."""
    return {name: as_number(value) for name, value in settings.items()}


def as_number(text: str) -> int | float | str:
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text
