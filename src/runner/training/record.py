"""A run on its way: what the engine reports goes to the files and the screen, and the state is saved."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from runner import device, seed
from runner.contracts import Outcome, Parts, Progress, Report, Status, Stops
from runner.engine import state
from runner.engine.fit import fit
from runner.engine.predict import Stopped
from runner.engine.step import raise_on_anomaly
from runner.engine.stop import Interruption, interruption
from runner.errors import RunError
from runner.experiment.assemble import Experiment
from runner.experiment.plan import outline
from runner.experiment.scoring import Scores, checkpoint_to_judge, judge
from runner.ranks import RankLost
from runner.runs.checkpoint import Checkpoints
from runner.runs.directory import RunDirectory
from runner.runs.files import write_whole
from runner.runs.metric_log import epoch_rows, last_epoch_row
from runner.runs.schema import as_dict, schema_of, write_schema
from runner.runs.summary import Summary
from runner.screen.advice import Records, advice
from runner.screen.result import flattery
from runner.tensorboard.dashboards import Dashboards
from runner.tensorboard.names import judges
from runner.training.companions import accompanied
from runner.training.compiling import with_compiled_net
from runner.training.ending import interrupted, record_failure, resume_command
from runner.training.profiling import profiled
from runner.training.writers import Views

NO_STOPS: Stops = {}
LASTING_S = 0.5  # an evaluation that takes less is not told of


@dataclass(frozen=True)
class Start:
    """A run about to be trained: built, and the state it goes on from; None for a fresh one."""

    experiment: Experiment
    saved: Mapping[str, Any] | None = None
    warnings: Sequence[str] = ()


def record(
    experiment: Experiment,
    directory: RunDirectory,
    saved: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
    *,
    brief: bool = False,
    is_fold: bool = False,
    begun: float | None = None,
    hint: str = "",
    stops: Stops = NO_STOPS,
) -> Scores | None:
    """Train to the end, from the start or from a ``saved`` state, and write everything a run directory holds.

    The scores are those of the weights that the experiment is left with; None where one of the ``stops`` of a search
    ended it, as it can be gone on with. The caller owns the directory. ``begun`` is
    when the run began, by ``time.perf_counter``, where that was before now; ``hint`` is shown beside what will run.
    Raises Interrupted after a signal and RunError when the run fails; what was saved last can be resumed.
    """
    with interruption() as stop:
        write_whole(directory.config, experiment.config.as_yaml().encode())
        write_schema(directory, schema_of(experiment.data, experiment.split.train))
        shown = replace(outline(experiment, directory.path), hint=hint)
        summary = Summary(directory, shown, experiment.data_digest, experiment.config.as_dict())
        with (
            record_failure(summary, experiment),
            Views(
                directory, experiment.config, shown, saved, experiment.catalog, brief=brief, is_fold=is_fold
            ) as views,
        ):
            for note in shown.notes if saved is None else ():
                views.note(note)
            for warning in warnings:
                views.warn(warning)
            begun = begun or time.perf_counter()
            run = Recording(with_compiled_net(experiment, views), directory, views, stop, begun, stops)
            outcome = run.to_the_end(saved)
            views.finish(outcome)
        summary.close(outcome, degraded=views.degraded)
    if outcome.status == "interrupted":
        assert stop.number is not None
        raise interrupted(experiment, directory, run.progress, stop.number)
    return run.scores


class Recording:
    """One pass over the engine's reports."""

    def __init__(
        self,
        experiment: Experiment,
        directory: RunDirectory,
        views: Views,
        stop: Interruption,
        begun: float,
        stops: Stops,
    ):
        self.experiment = experiment
        self.directory = directory
        self.views = views
        self.stop = stop
        self.stops = stops
        self.schema = as_dict(schema_of(experiment.data, experiment.split.train))
        self.monitor = experiment.new_monitor()
        self.dashboards = Dashboards(experiment, directory, views.tensorboard, views.warn, begun)
        self.checkpoints = Checkpoints(directory.checkpoints, warn=views.warn)
        self.progress = Progress()
        self.epoch = 0  # of the latest report
        self.is_saved = False  # what the latest report said
        self.evaluating_since = 0.0  # by time.perf_counter; 0.0 while it trains
        self.scores: Scores | None = None  # until the run has ended

    def to_the_end(self, saved: Mapping[str, Any] | None) -> Outcome:
        begun = time.perf_counter()
        self.begin(saved)
        status = self.train_with_others(saved)
        if status == "interrupted":
            outcome = Outcome("interrupted")
        else:
            outcome = self.pruned() if status == "pruned" else self.judged(status)
        return replace(outcome, seconds=time.perf_counter() - begun)

    def train_with_others(self, saved: Mapping[str, Any] | None) -> Status:
        """Alone on one device. Raises RunError, with the way to go on, where one of the other processes ends."""
        joining = accompanied(self.experiment, saved, self.directory.path, self.stop, self.views.warn)
        try:
            with joining as parts, self.watched():
                return self.train(parts)
        except Stopped:  # before all were there
            if not self.is_saved:
                self.save(best=False)
            return "interrupted"
        except RankLost as lost:
            again = resume_command(self.experiment, self.directory)
            raise RunError(f"{lost}\n  the run ended with it; go on from what was saved: {again}") from lost

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, the training steps are looked at as the config asks."""
        with ExitStack() as watchers:
            if self.experiment.config.profile:
                trace = self.directory.path / "profile.pt.trace.json"  # the ending TensorBoard looks for
                watchers.enter_context(profiled(trace, self.views.remark))
            if self.experiment.config.detect_anomaly:
                watchers.enter_context(raise_on_anomaly())
            yield

    def begin(self, saved: Mapping[str, Any] | None) -> None:
        if saved is None:
            self.dashboards.begin(self.views.outline.layers)
            seed.seed_everything(seed.derive(self.experiment.config.seed, "training"))
            return
        self.progress = state.restore(saved, self.experiment.parts, self.monitor)
        self.epoch, self.is_saved = saved["epoch"], True

    def train(self, parts: Parts) -> Status:
        """Follow the engine's reports to their end, writing and saving; what comes after what is this loop's order."""
        for report in self.reports(parts):
            best = report.epoch_end and self.monitor.update(report.epoch, report.progress.step, report.values)
            self.is_saved = self.is_saved and report.progress == self.progress
            self.progress, self.epoch, self.evaluating_since = report.progress, report.epoch, 0.0
            self.views.write(report, best=best)
            if report.epoch_end:
                self.dashboards.epoch(report)
            if self.is_due(report):
                self.save(best=best)
            elif best and self.experiment.has_validation:
                self.checkpoints.hold(self.snapshot())
            if report.epoch_end and (self.monitor.spent or self.is_stopped):
                break
        if not self.is_saved:
            self.save(best=False)
        return self.status()

    def reports(self, parts: Parts) -> Iterator[Report]:
        if self.monitor.spent or self.is_stopped:  # the last thing before a kill: nothing is left to train
            return iter(())
        experiment = self.experiment
        judged = {name: batches for name, batches in experiment.judged.items() if name != "train"}
        return fit(parts, experiment.train, judged, experiment.plan, self.progress, self.stop, self.tell)

    def tell(self, text: str) -> None:
        """Says how far the evaluation at the end of an epoch is, once it lasts."""
        now = time.perf_counter()
        self.evaluating_since = self.evaluating_since or now
        if now - self.evaluating_since >= LASTING_S:
            self.views.console.busy(f"scoring {text}")

    def status(self) -> Status:
        if self.monitor.spent:
            return "stopped_early"
        if self.experiment.plan.is_done(self.progress):
            return "finished"
        return "pruned" if self.is_stopped else "interrupted"

    @property
    def is_stopped(self) -> bool:
        """Whether a search ends the run at the end of the epoch that it has come to."""
        progress = self.progress
        if progress.batch or progress.unjudged or progress.epoch not in self.stops:
            return False
        needed = self.stops[progress.epoch]
        return needed is None or not self.monitor.has_reached(needed)

    def is_due(self, report: Report) -> bool:
        due = self.experiment.config.checkpoint
        if self.is_saved:
            return False
        if report.epoch_end and report.epoch % due.every_epochs == 0:
            return True
        return due.every_steps is not None and report.progress.step % due.every_steps == 0

    def save(self, *, best: bool) -> None:
        """The rows first, made to last, then the state that counts on them."""
        self.views.sync()
        self.checkpoints.save(self.snapshot(), best=best and self.experiment.has_validation)
        self.is_saved = True

    def snapshot(self) -> dict[str, Any]:
        """All that a checkpoint of now holds."""
        return state.capture(self.experiment.parts, self.progress, self.monitor) | {
            "epoch": self.epoch,
            "log_size": self.views.metric_log.size,
            "log_digest": self.views.metric_log.digest,
            "config": self.experiment.config.as_dict(),
            "data_digest": self.experiment.data_digest,
            "schema": self.schema,
            "circumstances": device.circumstances(self.experiment.choice.device),
        }

    def pruned(self) -> Outcome:
        """What its epochs said; it is judged when it has come to its own end."""
        rows = {row["epoch"]: row for row in epoch_rows(self.directory.metrics)}
        row = rows.get(self.monitor.best_epoch, {})
        best = {name: value for name, value in row.items() if name in ("step", "epoch") or judges(name)}
        return Outcome("pruned", best=best, final=last_epoch_row(self.directory.metrics))

    def judged(self, status: Status) -> Outcome:
        """The run's end: its best checkpoint scored on every split."""
        name, busy = checkpoint_to_judge(self.checkpoints), self.views.console.busy
        saved = self.checkpoints.load(name)
        try:
            self.scores = judge(
                self.experiment,
                saved,
                self.stop,
                lambda text: busy(f"scoring {name}.pt: {text}"),
                self.directory.sweep,
            )
        except Stopped:
            return Outcome("interrupted")
        self.views.tensorboard.conclude(self.progress.step)
        busy("drawing for TensorBoard")
        self.dashboards.finish(self.scores)
        self.views.lack(self.dashboards.left_out)
        outcome = replace(self.scores.outcome, status=status, final=last_epoch_row(self.directory.metrics))
        config, rows = self.experiment.config, list(epoch_rows(self.directory.metrics))
        is_higher = self.experiment.higher_is_better
        flattered = flattery(config.monitor, rows, outcome.best, higher_is_better=is_higher)
        models = self.experiment.catalog.options("model")
        tried = advice(Records(config, self.views.outline, outcome, rows, models))
        return replace(outcome, remarks=(*outcome.remarks, *flattered, *tried))
