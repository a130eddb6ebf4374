"""A run that stands on disk: what its files say of it. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Any

from runner.config.run_config import Config, changed, settings_with
from runner.config.stored import load_stored
from runner.config.types import shown
from runner.config.validate import leaves
from runner.engine.best import is_higher_better, stored_directions
from runner.errors import DataError
from runner.runs.directory import RunDirectory, results_digest
from runner.runs.files import read_json
from runner.runs.metric_log import read_rows
from runner.text import here

FORMATS = (1,)  # of summary.json; the last is what this build writes
DONE = ("finished", "stopped_early")  # what a summary says of a run that came to its end
LENGTHS = settings_with("is_length", True)
ANYWHERE = settings_with("changes", "anywhere")  # none of them changes what a run is
NEUTRAL = settings_with("is_neutral", True)  # they decide nothing that is learnt
MAY_DIFFER = settings_with("changes", "anywhere", "on resume")
EDITS = frozenset(MAY_DIFFER) - {"trusted", "output_dir"}
KINDS: dict[str, Any] = {  # of what a summary says
    **dict.fromkeys(("status", "started", "name", "reason", "monitor", "judged_split"), str),
    **dict.fromkeys(("data", "final", "baseline", "calibration", "linear", "trees", "trees_seconds", "sd"), dict),
    **dict.fromkeys(("class_names", "confusion", "remarks"), list),
    "seconds": int | float,
}


@dataclass(frozen=True)
class SavedRun:
    """A run directory and what its files say, each read once, when it is first asked for.

    Whatever is missing, damaged or asks for what it may not raises DataError.
    """

    directory: RunDirectory
    changes: Mapping[str, Any] = field(default_factory=dict)  # what a user says of it now, and the verb's own arguments
    whole_config: Config | None = None  # of a fold: what the command above it, with its changes, says of it

    @property
    def path(self) -> Path:
        return self.directory.path

    @cached_property
    def as_written(self) -> Config:
        """The run's own config, to be read without a look at the options; of a fold not begun that from above."""
        if self.whole_config is not None and not self.directory.config.exists():
            return self.whole_config
        return load_stored(self.directory.config, self.changes.get("trusted", ()))

    @cached_property
    def config(self) -> Config:
        """With the changes; of a fold only what its rows decide is its own. Raises ConfigError too."""
        written = self.as_written
        if self.whole_config is not None:
            return replace(self.whole_config, batch_size=written.batch_size, dataset=written.dataset)
        edits = {key: value for key, value in self.changes.items() if key in EDITS}
        return changed(written, edits) if edits else written

    def changed(self, *settings: str) -> list[str]:
        """Those of ``settings`` that are not as they were."""
        return [key for key in settings if getattr(self.config, key) != getattr(self.as_written, key)]

    @property
    def folds(self) -> list[SavedRun]:
        """Every fold, done or not begun yet, of a command that trains them all; [] of any other run."""
        if self.config.fold != "all" or self.config.folds is None:
            return []
        return [self.of_fold(number) for number in range(self.config.folds)]

    def of_fold(self, number: int) -> SavedRun:
        return SavedRun(self.directory.fold(number), self.changes, replace(self.config, fold=number))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """summary.json."""
        path = self.directory.summary
        if not path.exists():
            raise DataError(self.no_summary)
        content = read_json(path)
        for name, kind in KINDS.items():
            if name in content and not isinstance(content[name], kind):
                raise DataError(f"{path}: damaged: {name} is {str(content[name])[:40]!r}")
        if not math.isfinite(content.get("seconds", 0)):
            raise DataError(f"{path}: damaged: seconds is {content['seconds']}")
        return content

    @property
    def no_summary(self) -> str:
        """What is told in a line where summary.json is not there."""
        if not self.directory.config.exists():
            return f"{self.path}: is not a run directory: it has no summary.json"
        is_lost = any(self.directory.checkpoints.glob("*.pt"))
        told = "it was lost; to write it again" if is_lost else "the run ended before its first step; to begin again"
        return f"{self.path}: no summary.json: {told}: python -m runner resume {quote(here(self.path))}"

    @property
    def known(self) -> dict[str, Any]:
        """summary.json; {} where a run did not come so far, or a kill tore the file."""
        try:
            return self.summary
        except DataError:
            return {}

    @cached_property
    def results(self) -> dict[str, Any]:
        """summary.json, where its results are told or counted: edited ones are refused.

        A summary of an older build has no digest of them.
        """
        if self.summary.get("digest", digest := results_digest(self.summary)) != digest:
            raise DataError(
                f"{self.directory.summary}: its results are not those that the run wrote: they were changed since"
            )
        return self.summary

    @property
    def status(self) -> str:
        """How the run stands, by its summary; "" where a kill came before there was one."""
        return str(self.summary.get("status", "")) if self.directory.summary.exists() else ""

    @cached_property
    def standing(self) -> str:
        """Its status now; stopped, where its summary says running and no process owns it: it was killed."""
        if self.status != "running" or self.directory.is_in_use or self.directory.whole.is_in_use:
            return self.status
        now = replace(self).status  # it may have ended since
        return "stopped" if now == "running" else now

    @property
    def is_done(self) -> bool:
        return self.status in DONE

    @property
    def is_begun(self) -> bool:
        """Whether a run came so far that its config was written; folds, rows and results come after it."""
        is_written = self.directory.config.exists() or self.directory.metrics.exists()
        return is_written or self.status not in ("", "running")

    @property
    def reason(self) -> str:
        return str(self.summary.get("reason", "")).partition("\n")[0]

    @property
    def started(self) -> str:
        return str(self.summary.get("started", ""))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """metrics.jsonl."""
        if not self.directory.metrics.exists():
            is_lost = self.known.get("status") in DONE
            why = "the run had written it: put it back" if is_lost else "the run has measured nothing yet"
            raise DataError(f"{self.directory.metrics}: not there; {why}")
        return read_rows(self.directory.metrics)

    @cached_property
    def plain_config(self) -> Mapping[str, Any]:
        """config.yaml, by summary.json where it holds it too: JSON is read thirty times faster."""
        return self.results.get("config") or load_stored(self.directory.config).as_dict()

    @cached_property
    def settings(self) -> dict[str, str]:
        """Dotted name -> value, as text, as it is typed: those that decide what is learnt."""
        return settings_of(self.plain_config, besides=NEUTRAL)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Of the best checkpoint."""
        best = self.results.get("best", {})
        return {name: float(value) for name, value in best.items() if isinstance(value, int | float)}

    @property
    def monitor(self) -> str:
        return str(self.plain_config["monitor"])

    def is_higher_better(self, metric: str) -> bool | None:
        """Whether a higher value of ``metric`` is the better one; None where the run does not say."""
        return is_higher_better(metric, stored_directions(self.summary))


def settings_of(config: Mapping[str, Any], *, besides: Collection[str] = ()) -> dict[str, str]:
    """The options chosen, then every knob and every setting besides these, as text by dotted name."""
    options = {group: shown(option) for group, option in config["options"].items()}
    others = {key: value for key, value in config.items() if key not in ("options", *besides)}
    plain = ((name, value) for name, value in leaves(others, ()) if not name.endswith("_target_"))
    knobs = {name: value if isinstance(value, str) else shown(value) for name, value in plain}
    return options | knobs
