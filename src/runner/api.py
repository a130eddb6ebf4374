"""What a notebook calls: ``runner.run`` trains, ``runner.load_run`` opens what was trained.

Neither leaves anything behind in the process but the run: random generators, threads of torch and Hydra's state are
put back. Shapes: N rows, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.build import libraries
from runner.errors import ConfigError, DataError
from runner.runs.named import open_run
from runner.runs.saved_run import SavedRun
from runner.screen.console import RunConsole

if TYPE_CHECKING:
    import numpy as np
    from pandas import DataFrame
    from torch import nn

    from runner.experiment.rebuild import Predictor


def run(overrides: Sequence[str] = ()) -> Run:
    """The run that ``python -m runner train`` with these words makes, trained to its end.

    Raises RunnerError: what the command line would say, as an exception; Interrupted where the kernel was told to stop.
    """
    overrides = words_of("runner.run", overrides)
    flags = [word for word in overrides if word.startswith("-")]
    if flags:
        raise ConfigError(f"runner.run: {' '.join(flags)}: it makes one run from key=value words, and takes no flags")
    if "train" in overrides:
        raise ConfigError("runner.run: train: leave it out, it is what runner.run does")
    # Hydra is imported here: to open a run needs none of it
    from runner.compose.composition import compose
    from runner.compose.hydra_bridge import hydra_put_back
    from runner.compose.request import parse
    from runner.train import start

    with hydra_put_back():
        request = parse(overrides)
        composed = compose(request)
        libraries.load()
        with torch_put_back():
            directory = start(request, composed)
    return load_run(directory.path, [f"trusted=[{','.join(composed.config.trusted)}]"])


def load_run(path: str | PathLike[str], overrides: Sequence[str] = ()) -> Run:
    """The run in a directory, or ``"last"``; ``overrides`` as after ``eval``: device=cpu, data_dir=..., trusted=[...].

    Raises RunnerError where there is none, or where it cannot be read.
    """
    words = words_of("load_run", overrides)
    return Run(open_run("load_run", [str(path), *words], own=("checkpoint",)))


def words_of(function: str, overrides: Sequence[str]) -> list[str]:
    """Raises ConfigError where they come as one text, which is a sequence of letters."""
    if isinstance(overrides, str):
        raise ConfigError(f"{function}: the words come as a list: {overrides.split()}")
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
        import pandas as pd  # 0.4 s

        self._check_is_one()
        rows = [{key: value for key, value in row.items() if key != "nonfinite"} for row in self._saved.rows]
        return pd.DataFrame(rows or {"step": []}).set_index("step")

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
        import pandas as pd

        names = self._predictor.schema.class_names
        if not names:
            raise DataError(f"{self.path}: predicts numbers, not classes; use predict")
        return pd.DataFrame(self._predictor.scores(x).numpy(), columns=list(names))

    def _check_is_one(self) -> None:
        """Raises ConfigError above folds, which have measurements and a net each."""
        if folds := self._saved.folds:
            raise ConfigError(f"{self.path}: holds {len(folds)} folds; load one: load_run({str(folds[0].path)!r})")

    @cached_property
    def _predictor(self) -> Predictor:
        """The net with the checkpoint's weights in it; the data set need not be there."""
        self._check_is_one()
        libraries.load()
        from runner.experiment.rebuild import predictor_of  # brings torch

        with torch_put_back():
            return predictor_of(self._saved, RunConsole().warn)[0]


@contextmanager
def torch_put_back() -> Iterator[None]:
    """The global generators and the number of threads stand afterwards where they stood before."""
    import torch

    from runner import seed

    threads = torch.get_num_threads()
    try:
        with seed.kept():
            yield
    finally:
        torch.set_num_threads(threads)
