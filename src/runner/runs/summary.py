"""summary.json: how a run stands, or the folds of one command, whose test rows are put together in predictions.csv."""

from __future__ import annotations

import csv
import io
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from runner import __version__
from runner.config import regular_file
from runner.contracts import Data, Outcome, Outline
from runner.errors import DataError, RunError
from runner.runs.directory import RunDirectory
from runner.runs.files import csv_cells, write_whole
from runner.runs.saved_run import FORMATS, SavedRun

MAY_LACK = ("linear_left_out", "trees_left_out", "picked", "calibration")  # said where something is
COUNTED = [field.name for field in fields(Outcome) if field.name not in ("final", "remarks", *MAY_LACK)]
WHAT_RAN = ("options", "task", "class_names", "in_shape", "num_parameters", "monitor", "higher_is_better", "device")
OF_EVERY_FOLD = (*WHAT_RAN, "versions", "git")
PREDICTIONS = "predictions.csv"
PACKAGES = ("torch", "torchvision", "torchmetrics", "hydra-core", "numpy")


class Summary:
    """Says ``running`` from the moment it is made, and how the run ended when it is closed."""

    def __init__(self, directory: RunDirectory, outline: Outline, data_digest: str, config: Mapping[str, Any]):
        self.directory = directory
        self.begun = time.perf_counter()
        earlier = SavedRun(directory).known
        self.seconds_before = earlier.get("seconds", 0.0)
        self.content: dict[str, Any] = {
            "format": FORMATS[-1],
            "status": "running",
            "name": outline.name,
            "started": earlier.get("started", now()),
            "seconds": self.seconds_before,
            "pid": os.getpid(),
            **{name: getattr(outline, name) for name in (*WHAT_RAN, "device_reason")},
            "threads": torch.get_num_threads(),
            "data": {"digest": data_digest, "splits": dict(outline.split_sizes), "notes": list(outline.notes)},
            "versions": versions(),
            "git": git_state(),
            "config": dict(config),  # config.yaml again: JSON is read thirty times faster, and reports read thousands
        }
        self.write()

    def write(self) -> None:
        self.directory.write_summary(self.content)

    def close(self, outcome: Outcome, *, degraded: bool) -> None:
        ended = asdict(outcome) | {"seconds": round(self.seconds_before + outcome.seconds, 3)}
        self.content |= {name: value for name, value in ended.items() if value or name not in MAY_LACK}
        if degraded:
            self.content["degraded"] = "TensorBoard's events could not be written; metrics.jsonl is complete"
        self.write()

    def close_failed(self, fault: Exception) -> None:
        """Say why, if the disk still takes it: the fault that is under way must not be hidden by another."""
        seconds = self.seconds_before + time.perf_counter() - self.begun
        self.content |= {"status": "failed", "reason": str(fault) or type(fault).__name__, "seconds": round(seconds, 3)}
        try:
            self.write()
        except RunError as refusal:
            fault.add_note(str(refusal))


def now() -> str:
    return datetime.now().isoformat(timespec="microseconds")


def read_outcome(run: SavedRun) -> Outcome:
    """How a run ended. Raises DataError where its summary is damaged or was edited."""
    results = {"trees": {}, "trees_seconds": {}, **run.results}  # of an older build there are none
    try:
        return Outcome(**{name: _as_it_was(results[name]) for name in COUNTED})
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        told = f"{type(fault).__name__} in its results: {fault}"
        raise DataError(f"{run.directory.summary}: damaged: {told}") from fault


def _as_it_was(value: Any) -> Any:
    """The numbers of metrics, also of each of several, the counts of a confusion, or a single value."""
    if isinstance(value, Mapping):
        return {name: _as_it_was(part) if isinstance(part, Mapping) else float(part) for name, part in value.items()}
    return tuple(tuple(map(int, row)) for row in value) if isinstance(value, list) else value


def versions() -> dict[str, str]:
    found = {"runner": __version__, "python": platform.python_version()}
    return found | {package: version(package) for package in PACKAGES}


def git_state() -> dict[str, Any] | None:
    """The commit of the folder the run was started in, and whether files differ from it; None outside a checkout."""
    try:
        commit = ask_git("rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(ask_git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return None


def ask_git(*words: str) -> str:
    answer = subprocess.run(["git", *words], capture_output=True, text=True, timeout=5, check=True)
    return answer.stdout.strip()


class FoldsSummary:
    """summary.json above the folds: how they stand, the mean of every metric, its deviation, and each fold's own."""

    def __init__(self, directory: RunDirectory, name: str, num_folds: int):
        self.directory = directory
        self.num_folds = num_folds
        started = SavedRun(directory).known.get("started", now())
        self.head = {"format": FORMATS[-1], "name": name, "started": started, "folds": num_folds}
        self.tell("running")

    def tell(self, status: str, reason: str = "") -> None:
        """Write how they stand now."""
        told = {"status": status} | ({"reason": reason} if reason else {})
        self.directory.write_summary(self.head | told | summed_up(self.directory, self.num_folds))


def summed_up(directory: RunDirectory, num_folds: int) -> dict[str, Any]:
    """What the folds that are done come to; {} while there is none."""
    folds = {number: SavedRun(directory.fold(number)) for number in range(num_folds)}
    done = {number: fold for number, fold in folds.items() if is_done(fold)}
    if not done:
        return {}
    of_all = next(iter(done.values())).results
    outcomes = list(map(read_outcome, done.values()))
    mean = asdict(mean_outcome(outcomes))
    return {
        **{key: of_all[key] for key in OF_EVERY_FOLD if key in of_all},
        "data": {"digest": of_all["data"]["digest"]},
        **{name: mean[name] for name in COUNTED if name != "status"},
        "seconds": round(mean["seconds"], 3),
        "sd": deviations(outcomes),
        "per_fold": [{"fold": number, **fold.results["best"]} for number, fold in done.items()],
    }


def is_done(fold: SavedRun) -> bool:
    """Whether it was trained to its end and its test rows are answered."""
    return (fold.path / PREDICTIONS).exists() and fold.is_done


def mean_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """The mean of every metric over the folds, their seconds and counts [true][predicted] in all."""
    in_all = [name for name in outcomes[0].trees if all(name in outcome.trees for outcome in outcomes)]
    by_fold = zip(*(outcome.confusion for outcome in outcomes), strict=True)
    return replace(
        outcomes[0],
        status="finished",
        best={name: statistics.fmean(values) for name, values in by_metric(outcomes)},
        final={},
        baseline=_means([outcome.baseline for outcome in outcomes]),
        linear=_means([outcome.linear for outcome in outcomes]),
        trees={name: _means([outcome.trees[name] for outcome in outcomes]) for name in in_all},
        trees_seconds={name: sum(outcome.trees_seconds[name] for outcome in outcomes) for name in in_all},
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
            head, *answers = csv.reader(io.StringIO(regular_file.content(path).decode(), newline=""))
            lines += [(int(answer[0]), answer) for answer in answers]
        except (ValueError, IndexError, csv.Error) as fault:
            raise DataError(f"{path}: damaged: {fault}; take it away and resume: the fold answers again") from fault
    _write_csv(directory.path / PREDICTIONS, [head, *(answer for _, answer in sorted(lines, key=lambda line: line[0]))])


def _write_csv(path: Path, lines: Sequence[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(csv_cells, lines))
    write_whole(path, text.getvalue().encode())
