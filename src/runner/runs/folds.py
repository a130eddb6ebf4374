"""The folds of one command, read from their run directories: their scores averaged, their test rows put together."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from torch import Tensor

from runner.config import regular_file
from runner.contracts import Data, Outcome
from runner.errors import DataError
from runner.runs.directory import DONE, RunDirectory
from runner.runs.files import csv_cells, write_whole
from runner.runs.summary import FORMAT

PREDICTIONS = "predictions.csv"
OF_EVERY_FOLD = (
    *("options", "task", "class_names", "in_shape", "num_parameters", "monitor", "higher_is_better"),
    *("device", "versions", "git"),
)


class FoldsSummary:
    """summary.json above the folds: how they stand, the mean of every metric, its deviation, and each fold's own."""

    def __init__(self, directory: RunDirectory, name: str, num_folds: int):
        self.directory = directory
        self.num_folds = num_folds
        try:
            started = directory.read_summary().get("started")
        except DataError:  # a new run, or the kill tore the file
            started = None
        started = started or datetime.now().isoformat(timespec="microseconds")
        self.head = {"format": FORMAT, "name": name, "started": started, "folds": num_folds}
        self.tell("running")

    def tell(self, status: str, reason: str = "") -> None:
        """Write how they stand now."""
        told = {"status": status} | ({"reason": reason} if reason else {})
        self.directory.write_summary(self.head | told | summed_up(self.directory, self.num_folds))


def summed_up(directory: RunDirectory, num_folds: int) -> dict[str, Any]:
    """What the folds that are done come to; {} while there is none."""
    summaries = {fold: directory.fold(fold).read_results() for fold in done_folds(directory, num_folds)}
    if not summaries:
        return {}
    of_all = next(iter(summaries.values()))
    outcomes = [read_outcome(directory.fold(fold)) for fold in summaries]
    mean = mean_outcome(outcomes)
    return {
        **{key: of_all[key] for key in OF_EVERY_FOLD if key in of_all},
        "data": {"digest": of_all["data"]["digest"]},
        "seconds": round(mean.seconds, 3),
        "best": dict(mean.best),
        "sd": deviations(outcomes),
        "per_fold": [{"fold": fold, **summary["best"]} for fold, summary in summaries.items()],
        "baseline": dict(mean.baseline),
        "linear": dict(mean.linear),
        "judged_split": mean.judged_split,
        "confusion": [list(row) for row in mean.confusion],
    }


def done_folds(directory: RunDirectory, num_folds: int) -> list[int]:
    """The folds that were trained to their end and whose test rows are answered."""
    return [fold for fold in range(num_folds) if is_done(directory.fold(fold))]


def is_done(fold: RunDirectory) -> bool:
    return (fold.path / PREDICTIONS).exists() and fold.status in DONE


def read_outcome(directory: RunDirectory) -> Outcome:
    """How a run ended, as its summary.json has it. Raises DataError where that is damaged or was edited."""
    summary = directory.read_results()
    try:
        return Outcome(
            status=summary["status"],
            best={name: float(value) for name, value in summary["best"].items()},
            final=summary["final"],
            baseline={name: float(value) for name, value in summary["baseline"].items()},
            linear={name: float(value) for name, value in summary["linear"].items()},
            confusion=tuple(tuple(map(int, row)) for row in summary["confusion"]),
            judged_split=summary["judged_split"],
            seconds=summary["seconds"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise DataError(f"{directory.summary}: damaged: {type(fault).__name__} in its results: {fault}") from fault


def mean_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """The mean of every metric over the folds, their seconds and counts [true][predicted] in all."""
    by_fold = zip(*(outcome.confusion for outcome in outcomes), strict=True)
    return replace(
        outcomes[0],
        status="finished",
        best={name: statistics.fmean(values) for name, values in by_metric(outcomes)},
        final={},
        baseline=_means([outcome.baseline for outcome in outcomes]),
        linear=_means([outcome.linear for outcome in outcomes]),
        confusion=tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in by_fold),
        seconds=sum(outcome.seconds for outcome in outcomes),
    )


def deviations(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The sample standard deviation of every metric over the folds; nothing of a single one."""
    return {name: statistics.stdev(values) for name, values in by_metric(outcomes) if len(values) > 1}


def by_metric(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[float]]]:
    """(metric, its value in each fold), of the metrics that every fold has; step and epoch are none."""
    for name in outcomes[0].best:
        if "/" in name and all(name in outcome.best for outcome in outcomes):
            yield name, [outcome.best[name] for outcome in outcomes]


def _means(maps: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: statistics.fmean(values[name] for values in maps) for name in maps[0]}


def write_predictions(path: Path, data: Data, fold: int, rows_N: Tensor, scores: Tensor) -> None:
    """A line for each of the rows: its number, its fold, the truth and what was predicted, by name or value.

    ``scores`` are the probabilities [N, K], or [N] of the second of two classes, or values [N].
    """
    table = [["row", "fold", "true", "predicted", *(f"p({name})" for name in data.class_names)]]
    answers = zip(rows_N.tolist(), scores.tolist(), strict=True)
    _write_csv(path, [*table, *([str(row), str(fold), *_answer(data, row, score)] for row, score in answers)])


def _answer(data: Data, row: int, score: float | list[float]) -> list[str]:
    if data.task == "regression":
        return [f"{float(data.y[row]):.9g}", f"{score:.9g}"]
    shares = score if isinstance(score, list) else [1 - score, score]
    predicted = shares.index(max(shares))
    names = data.class_names
    return [names[int(data.y[row])], names[predicted], *(f"{share:.6g}" for share in shares)]


def join_predictions(directory: RunDirectory, num_folds: int) -> None:
    """The answers for the test rows of all folds in one file, by row number: each given by a net that never saw it.

    Raises DataError where those of a fold are damaged.
    """
    lines = []
    for fold in range(num_folds):
        path = directory.fold(fold).path / PREDICTIONS
        try:
            head, *answers = _read_csv(path)
            lines += [(int(answer[0]), answer) for answer in answers]
        except (ValueError, IndexError, csv.Error) as fault:
            raise DataError(f"{path}: damaged: {fault}; take it away and resume: the fold answers again") from fault
    _write_csv(directory.path / PREDICTIONS, [head, *(answer for _, answer in sorted(lines, key=lambda line: line[0]))])


def _read_csv(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(regular_file.content(path).decode(), newline="")))


def _write_csv(path: Path, lines: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(csv_cells, lines))
    write_whole(path, text.getvalue().encode())
