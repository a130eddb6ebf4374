"""Cross-validation: every fold of one command, trained one after the other, and what they come to together."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from runner.config.catalog import Catalog
from runner.config.run_config import Config
from runner.contracts import Data, Outline, Stops
from runner.data.splits import describe, evaluated
from runner.engine.stop import Interruption, interruption
from runner.errors import Interrupted, RunError
from runner.experiment.assemble import Experiment, ReadOnce, assemble, read_split, split_settings
from runner.experiment.devices import with_devices_checked, with_launched
from runner.experiment.metric_checks import check_measurable, check_monitor
from runner.experiment.plan import outline
from runner.experiment.precision import check_precision
from runner.experiment.scoring import Scores
from runner.experiment.settings import with_batch_size
from runner.runs.directory import RunDirectory, make
from runner.runs.files import write_whole
from runner.runs.named import short_name
from runner.runs.summary import PREDICTIONS, FoldsSummary, join_predictions, write_predictions
from runner.screen.folds import FoldConsole
from runner.training.record import NO_STOPS, Start, record

Begin = Callable[[int], Start | None]  # the fold of a number, built; None where it is done


@dataclass(frozen=True)
class Prepared:
    """A run that is built and checked; with ``begin``, the first of the folds of ``config``."""

    first: Experiment
    config: Config
    begin: Begin | None

    def record(self, directory: RunDirectory, *, brief: bool, begun: float, hint: str, stops: Stops = NO_STOPS) -> None:
        """Train it to its end, into ``directory``, or to one of the ``stops``, which are for a run without folds."""
        if self.begin is None:
            record(self.first, directory, brief=brief, begun=begun, hint=hint, stops=stops)
        else:
            record_folds(self.config, self.begin, directory, brief=brief, begun=begun, hint=hint)


def prepare(config: Config, catalog: Catalog, read: Callable[[Config], Data] | None = None) -> Prepared:
    """The run that ``config`` describes, or each of its folds; ``read`` as ``assemble`` takes it.

    Raises ConfigError, DataError or DeviceError before anything is written.
    """
    read, config = read or ReadOnce(), with_launched(config)
    is_one = config.fold != "all"
    first = assemble(config if is_one else replace(config, fold=0), catalog, read)
    check_monitor(first.config, first.parts.metrics)
    check_precision(first)
    first = with_devices_checked(first)
    if is_one:
        return Prepared(first, first.config, None)
    whole = replace(first.config, fold="all", batch_size=config.batch_size)  # each fold has rows of its own
    check_other_folds(first, whole, read)

    def begin(fold: int) -> Start:
        return Start(first if fold == 0 else assemble(replace(whole, fold=fold), catalog, read))

    return Prepared(first, whole, begin)


def check_other_folds(first: Experiment, whole: Config, read: Callable[[Config], Data]) -> None:
    """Folds differ by some rows: what suits the first may not suit the last, and should be known before the hour."""
    assert whole.folds is not None
    for fold in range(1, whole.folds):
        config = replace(whole, fold=fold)
        data, rows = read_split(config, read)
        with_batch_size(config, first.parts.model, first.in_shape, len(rows.train))
        judged_rows = evaluated(data, rows, config.max_eval_rows, config.split_seed)
        check_measurable(config, data, judged_rows, first.parts.metrics)


def record_folds(
    config: Config,
    begin: Begin,
    directory: RunDirectory,
    *,
    brief: bool = False,
    begun: float | None = None,
    hint: str = "",
) -> None:
    """Train every fold that is not done, each in a directory below, and write what they come to above them.

    The caller owns the directory. Raises Interrupted after a signal and RunError when a fold fails; the folds done so
    far stay, and the one under way can be resumed.
    """
    assert config.folds is not None
    write_whole(directory.config, config.as_yaml().encode())  # before the summary, which says that there is a run
    summary = FoldsSummary(directory, config.name, config.folds)
    console = FoldConsole(config, directory, brief=brief)
    with interruption() as stop, record_ending(summary):
        for fold in range(config.folds):
            check_stop(stop, directory)
            start = begin(fold)
            if start is not None:
                console.introduce(replace(whole_outline(start.experiment, directory.path), hint=hint))
                record_fold(start, directory.fold(fold), begun if fold == 0 else None, brief=brief)
                summary.tell("running")
            console.fold(fold)
        join_predictions(directory, config.folds)
    summary.tell("finished")
    console.finish()


def whole_outline(experiment: Experiment, path: Path) -> Outline:
    note = describe(experiment.data, replace(split_settings(experiment.config), fold="all"))
    return replace(outline(experiment, path), split_note=note)


def record_fold(start: Start, directory: RunDirectory, begun: float | None, *, brief: bool) -> None:
    """Train one fold to its end, and answer its test rows."""
    make(directory.path)
    with directory.owned():
        (directory.path / PREDICTIONS).unlink(missing_ok=True)  # of a shorter training, which a kill would leave here
        try:
            scores = record(
                start.experiment, directory, start.saved, start.warnings, brief=brief, is_fold=True, begun=begun
            )
        except RunError as fault:
            raise RunError(f"{directory.path.name}: {fault}") from fault
        assert scores is not None
        answer_test_rows(start.experiment, directory, scores)


def answer_test_rows(experiment: Experiment, directory: RunDirectory, scores: Scores) -> None:
    """What the net that was judged says of them."""
    answers = experiment.parts.readout(scores.logits_NK)
    fold = int(directory.path.name.removeprefix("fold-"))
    write_predictions(directory.path / PREDICTIONS, experiment.data, fold, experiment.split.test, answers)


def check_stop(stop: Interruption, directory: RunDirectory) -> None:
    """A signal that came between two folds."""
    if stop.number is not None:
        again = f"python -m runner resume {shlex.quote(short_name(directory.path))}"
        raise Interrupted(f"interrupted between two folds; resume with: {again}", stop.number)


@contextmanager
def record_ending(summary: FoldsSummary) -> Iterator[None]:
    """Writes why the folds ended early into their summary before the fault goes on its way."""
    try:
        yield
    except Interrupted:
        summary.tell("interrupted")
        raise
    except Exception as fault:
        summary.tell("failed", str(fault) or type(fault).__name__)
        raise
