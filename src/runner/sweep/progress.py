"""How far a running job has come, by the files of its run."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from runner.runs.directory import RunDirectory
from runner.runs.files import parsed_json
from runner.runs.metric_log import EPOCH_END
from runner.runs.ranking import place
from runner.runs.saved_run import SavedRun
from runner.screen.sweep import RunningJob


class JobProgress:
    """Reads what was added to metrics.jsonl since it was looked at last; of a run that goes on there is some before."""

    def __init__(self, number: int, directory: RunDirectory):
        self.directory = directory
        self.state = RunningJob(number)
        self._offset = 0
        self._run: SavedRun | None = None  # of which the summary was read; a run writes it when it begins
        self._look()
        self._begun_at = self.state.epoch

    def after(self, seconds: float) -> RunningJob:
        """Where the job stands, ``seconds`` after it was begun here."""
        self._look()
        epochs = self._run.known.get("config", {}).get("epochs") if self._run is not None else None
        self.state = replace(self.state, epochs=epochs if isinstance(epochs, int) else None)
        self.state = replace(self.state, seconds_left=self._left(seconds))
        return self.state

    def _look(self) -> None:
        if self._run is None and self.directory.summary.exists():
            self._run = SavedRun(self.directory)
        if self._run is not None:
            for row in self._new_rows():
                self._count(self._run, row)

    def _new_rows(self) -> list[Mapping[str, Any]]:
        """The rows of epochs that have ended since the last look; a row that is being written comes with the next."""
        rows = []
        with suppress(OSError, ValueError), open(self.directory.metrics, "rb") as file:
            if os.fstat(file.fileno()).st_size < self._offset:  # a run goes on from where it was saved
                self._offset = 0
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                rows += [parsed_json(line)] if EPOCH_END in line else []
        return rows

    def _count(self, run: SavedRun, row: Mapping[str, Any]) -> None:
        monitor = str(run.known.get("monitor", ""))
        value, best = row.get(monitor), self.state.monitor
        higher = run.is_higher_better(monitor)
        if value is not None and (best is None or place(value, higher) < place(best, higher)):
            best = float(value)
        self.state = replace(self.state, epoch=int(row["epoch"]), monitor=best)

    def _left(self, seconds: float) -> float | None:
        """As long an epoch as those before."""
        epochs, done = self.state.epochs, self.state.epoch - self._begun_at
        return None if epochs is None or done <= 0 else max(0.0, seconds / done * (epochs - self.state.epoch))


def seconds_left(running: list[RunningJob], num_waiting: int, past: list[float], at_a_time: int) -> float | None:
    """For all jobs together, by those that have ended; None where nobody can say."""
    own = [job.seconds_left for job in running]
    if any(left is None for left in own) or (num_waiting and not past):
        return None
    waiting = num_waiting * (math.fsum(past) / len(past)) if past else 0.0
    return max([(math.fsum(left or 0.0 for left in own) + waiting) / at_a_time, *(left or 0.0 for left in own)])
