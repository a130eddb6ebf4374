"""A sweep that stands on disk: its folder, what its files say of it, and its jobs, each a run. Imports no torch."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from runner.errors import DataError
from runner.runs.directory import JOURNAL, SWEEP, RunDirectory
from runner.runs.files import parsed_json, read_json
from runner.runs.metric_log import numbered_lines
from runner.runs.ranking import Contest, entries, read_runs
from runner.runs.saved_run import DONE, SavedRun
from runner.text import here

JOB = re.compile(r"(\d+)(-[^/]*)?")  # the name of a job's folder
CLAIMED_AT = re.compile(r"(\d{4}-\d\d-\d\d)/(\d\d)-(\d\d)-(\d\d)-(\d{6})-")  # the end of a sweep's path


@dataclass(frozen=True)
class SavedSweep:
    """The folder of a sweep and what its files say, each read once; what is missing or damaged says nothing."""

    path: Path
    changes: Mapping[str, Any] = field(default_factory=dict)  # what a user says of it now

    @cached_property
    def head(self) -> dict[str, Any]:
        """sweep.json; {} of a sweep of an older build."""
        with suppress(DataError):
            return read_json(self.path / SWEEP)
        return {}

    @cached_property
    def summary(self) -> dict[str, Any]:
        """summary.json, of the time when it was written; {} before that."""
        with suppress(DataError):
            content = read_json(RunDirectory(self.path).summary)
            return content if content.get("kind") == "sweep" else {}
        return {}

    @property
    def is_in_use(self) -> bool:
        """Whether a process leads it now."""
        return RunDirectory(self.path).is_in_use

    @cached_property
    def started(self) -> str:
        """When, as its runs say it: 2026-11-26T19:27:12.373041."""
        if said := self.head.get("started") or self.summary.get("started"):
            return str(said)
        if found := CLAIMED_AT.search(f"{self.path.parent.name}/{self.path.name}"):
            date, hour, minute, second, fraction = found.groups()
            return f"{date}T{hour}:{minute}:{second}.{fraction}"
        return min((str(job.known.get("started", "")) for job in self.jobs), default="")

    @cached_property
    def jobs(self) -> list[SavedRun]:
        """Each of its runs, in the order of the jobs, begun or not."""
        names = list(self._journal[0]) or sorted(self._on_disk(), key=_number)
        return [SavedRun(RunDirectory(self.path / name)) for name in names]

    def typed(self, job: SavedRun) -> dict[str, str]:
        """The settings of a job as they were typed: {"optimizer.lr": "0.1"}; {} in a sweep of an older build."""
        words = self._journal[0].get(job.path.name, {}).get("words")
        told = words if isinstance(words, list) else []
        return dict(word.split("=", 1) for word in told if isinstance(word, str) and "=" in word)

    def ended(self, job: SavedRun) -> Mapping[str, Any]:
        """How the process of the job ended last, by the journal: ``how`` and ``reason``; {} where it did not."""
        return self._journal[1].get(self._journal[0].get(job.path.name, {}).get("job"), {})

    def standing(self, job: SavedRun) -> str:
        """That of the run; of one whose files do not say, how the process of the job ended last, or not started.

        Raises DataError where its summary is damaged.
        """
        said = str(self.ended(job).get("how"))
        if job.is_done or job.standing == "running" or said not in ("failed", "interrupted"):
            return job.standing or "not started"
        return said

    @cached_property
    def _journal(self) -> tuple[dict[str, Mapping[str, Any]], dict[Any, Mapping[str, Any]]]:
        """(what is said of each job that belongs, by its folder; by number how it ended). Older builds kept none."""
        facts = list(self._facts())
        named = [(fact.get("folder"), fact) for fact in facts]
        jobs = {name: fact for name, fact in named if isinstance(name, str) and JOB.fullmatch(name)}
        return jobs, {end: fact for fact in facts if isinstance(end := fact.get("ended"), int)}

    @property
    def nothing_done(self) -> DataError:
        """For who needs a job that is finished."""
        path = here(self.path)
        how = f"to see them: python -m runner report {shlex.quote(path)}"
        has_ended = any(run.known.get("status") in DONE for run in self.jobs)
        why = (
            "no finished job has a monitor that is a finite number"
            if has_ended
            else "is a sweep without a finished job"
        )
        return DataError(f"{path}: {why}\n  {how}")

    def origin_of(self, word: str) -> str | None:
        """The checkpoint that this word of its command line came to when it began; None where no job has the word."""
        for fact in self._facts():
            words, config = fact.get("words"), fact.get("config")
            if isinstance(words, list) and word in words and isinstance(config, dict) and config.get("start_from"):
                return str(config["start_from"])
        return None

    def _facts(self) -> Iterator[Mapping[str, Any]]:
        """What its journal says; damaged lines say nothing here."""
        with suppress(OSError, DataError):
            for _, line in numbered_lines(self.path / JOURNAL):
                with suppress(ValueError):
                    if isinstance(fact := parsed_json(line), dict):
                        yield fact

    def _on_disk(self) -> Iterator[str]:
        with suppress(OSError):
            yield from (entry.name for entry in os.scandir(self.path) if entry.is_dir() and JOB.fullmatch(entry.name))

    @cached_property
    def winner(self) -> SavedRun | None:
        """The best of the jobs that are done, by the monitor; None while none is.

        What its summary says, as soon as it is no longer running.
        """
        said = self.summary.get("winner") if self.summary.get("status") != "running" else None
        named = next((job for job in self.jobs if job.path.name == said and job.known), None)
        return named if named is not None and named.is_done else self._best()

    def _best(self) -> SavedRun | None:
        """The best run of the best setting: a setting that was lucky once is not taken for the better one."""
        runs = [run for run in read_runs(job.path for job in self.jobs)[0] if run.is_done]
        if not runs:
            return None
        monitor = str(self.head.get("monitor", runs[0].monitor))
        higher = runs[0].is_higher_better(monitor)
        contest = Contest("", monitor, higher, tuple(entries(runs, monitor, higher)))
        return SavedRun(contest.best_run(contest.entries[0]).directory.whole)


def _number(name: str) -> tuple[int, str]:
    found = JOB.fullmatch(name)
    return int(found[1]) if found else 0, name
