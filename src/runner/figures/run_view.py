"""A run as far as it could be opened: what its pictures are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from runner.config.run_config import Config
from runner.engine.best import is_higher_better, stored_directions
from runner.engine.predict import predict
from runner.errors import ConfigError, DataError
from runner.experiment.assemble import Experiment
from runner.experiment.importance import Importance, importance
from runner.experiment.rebuild import Predictor, probabilities
from runner.figures.class_predictions import ClassPredictions
from runner.figures.dataset_view import Title
from runner.runs.metric_log import best_epoch
from runner.text import figure

T = TypeVar("T")


@dataclass(frozen=True)
class RunView:
    """A run as far as it could be opened."""

    name: str
    by: str  # best.pt, epoch 3
    monitor: str
    measured: Sequence[Mapping[str, Any]] | DataError  # the rows of metrics.jsonl, or why there are none
    ended: Mapping[str, Any] | DataError  # summary.json, or why there is none
    predictor: Predictor | DataError  # or why there is none
    experiment: Experiment | DataError  # with the weights of its checkpoint, or why there is none
    example: int = 0  # of the judged split: what pictures of one example show
    outputs: tuple[Tensor, Tensor] | None = None  # (logits_NK, y_N) of the judged split, where they are known

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        return given(self.measured)

    @property
    def summary(self) -> Mapping[str, Any]:
        return given(self.ended)

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher value of the monitor is the better one: as its class says, else the summary."""
        if not isinstance(self.experiment, DataError):
            return self.experiment.higher_is_better
        said = {} if isinstance(self.ended, DataError) else self.ended
        return is_higher_better(self.monitor, stored_directions(said)) is not False

    @property
    def best_epoch(self) -> int | None:
        return best_epoch(self.rows, self.monitor, higher_is_better=self.higher_is_better)

    @property
    def net(self) -> Predictor:
        return given(self.predictor)

    @property
    def data(self) -> Experiment:
        return given(self.experiment)

    @property
    def split(self) -> str:
        """test; val where there is no test, train where there is neither."""
        return next(split for split in ("test", "val", "train") if split in self.data.judged)

    @property
    def rows_N(self) -> Tensor:
        rows_N: Tensor = getattr(self.data.split, self.split)
        return rows_N

    @cached_property
    def answers(self) -> tuple[Tensor, Tensor]:
        """(probabilities_NK or predicted numbers, y_N) of the judged split, on the host."""
        logits_NK, y_N = self.outputs or predict(self.data.parts, self.data.judged[self.split])
        return probabilities(self.data.parts, logits_NK), y_N.cpu()

    @cached_property
    def importance(self) -> Importance:
        return importance(self.data, self.net, self.split)

    @cached_property
    def predictions(self) -> ClassPredictions:
        if self.net.schema.task == "regression":
            raise ConfigError("this run predicts numbers: it has no classes to mistake")
        scores_NK, y_N = self.answers
        return ClassPredictions(self.split, self.rows_N, scores_NK, y_N, self.data.data.class_names)

    def title(self, what: str, note: str, *, by: bool = True) -> Title:
        """What a picture is, the run and its checkpoint where that counts, what is to be known of the picture."""
        return Title(what, f"{self.name}, {self.by}" if by else self.name, note)

    def check_example(self) -> None:
        """Raises ConfigError where there is no such row; DataError where the data cannot be read."""
        if self.example >= len(self.rows_N):
            have = f"rows 0 to {len(self.rows_N) - 1}"
            raise ConfigError(f"--test-index {self.example}: the {self.split} split has {have}")

    @property
    def example_row(self) -> Tensor:
        """[1] the number of the example in the data."""
        self.check_example()
        return self.rows_N[self.example : self.example + 1]

    def example_name(self) -> str:
        y, names = self.data.data.y[self.example_row].item(), self.data.data.class_names
        return f"row {self.example} of the {self.split} split, {names[int(y)] if names else figure(y)}"

    def prepared(self, rows_n: Tensor) -> Tensor:
        """[n, ...] rows of the data as the net gets them."""
        x: Tensor = self.data.parts.preprocess(self.data.data.x[rows_n].to(self.data.choice.device))
        return x


def called(config: Config) -> str:
    """What stands above a run's pictures: its name, and its net and data where the name does not say them."""
    name = config.name if config.fold is None else f"{config.name}, fold {config.fold}"
    net, file = config.model.knobs.get("name"), config.dataset.knobs.get("path")
    parts = str(net or config.model.option), Path(str(file)).name if file else config.dataset.option
    return name if all(part in config.name for part in parts) else f"{name} ({' on '.join(parts)})"


def checkpoint_name(kind: str, epoch: float) -> str:
    """best.pt, epoch 4"""
    return f"{kind}.pt, epoch {epoch:.0f}"


def given(value: T | DataError) -> T:
    if isinstance(value, DataError):
        raise value
    return value
