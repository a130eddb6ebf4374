"""A run on its way: what the engine reports goes to the files and the screen, and the state is saved."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from runner import device, seed, state
from runner.contracts import Outcome, Progress, Report, Status
from runner.engine import fit
from runner.errors import Interrupted, RunError
from runner.experiment import Experiment, outline
from runner.interruption import Interruption, interruption
from runner.judgement import checkpoint_to_judge, judge
from runner.records.checkpoint import Checkpoints
from runner.records.files import write_whole
from runner.records.metric_log import last_epoch_row
from runner.records.run_directory import RunDirectory
from runner.records.summary import Summary
from runner.records.views import Views


def record(
    experiment: Experiment,
    directory: RunDirectory,
    saved: Mapping[str, Any] | None = None,
    warnings: Sequence[str] = (),
    *,
    brief: bool = False,
) -> Outcome:
    """Train to the end, from the start or from a ``saved`` state, and write everything a run directory holds.

    Raises Interrupted after a signal and RunError when the run fails; what was saved last can be resumed.
    """
    shown = outline(experiment, directory.path)
    with directory.lock(), interruption() as stop:
        write_whole(directory.config, experiment.config.as_yaml().encode())
        summary = Summary(directory, shown, experiment.data_digest)
        with Views(directory, experiment.config, shown, saved, brief=brief) as views:
            for warning in warnings:
                views.warn(warning)
            run = Recording(experiment, directory, views)
            try:
                outcome = run.to_the_end(saved, stop)
                views.finish(outcome)
            except Exception as fault:
                summary.close_failed(fault)
                if memory_ran_out(fault):
                    raise out_of_memory(experiment) from fault
                raise
        summary.close(outcome, degraded=views.degraded)
    if outcome.status == "interrupted":
        again = f"python -m runner resume {shlex.quote(str(directory.path))}"
        raise Interrupted(f"interrupted at step {run.progress.step}, saved; resume with: {again}", stop.number or 0)
    return outcome


def memory_ran_out(fault: Exception) -> bool:
    return isinstance(fault, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(fault)


def out_of_memory(experiment: Experiment) -> RunError:
    size = experiment.config.batch_size
    return RunError(f"out of memory on {experiment.choice.device}; try batch_size={max(1, size // 2)} (it was {size})")


class Recording:
    """One pass over the engine's reports."""

    def __init__(self, experiment: Experiment, directory: RunDirectory, views: Views):
        self.experiment = experiment
        self.directory = directory
        self.views = views
        self.monitor = experiment.new_monitor()
        self.checkpoints = Checkpoints(directory.checkpoints, warn=views.warn)
        self.progress = Progress()
        self.epoch = 0  # of the latest report
        self.saved_step = -1

    def to_the_end(self, saved: Mapping[str, Any] | None, stop: Interruption) -> Outcome:
        begun = time.perf_counter()
        self.begin(saved)
        status = self.follow(stop)
        outcome = self.judged(status) if status != "interrupted" else Outcome(status="interrupted")
        return replace(outcome, seconds=time.perf_counter() - begun)

    def begin(self, saved: Mapping[str, Any] | None) -> None:
        if saved is None:
            seed.seed_everything(seed.derive(self.experiment.config.seed, "training"))
            return
        self.progress = state.restore(saved, self.experiment.parts, self.monitor)
        self.epoch, self.saved_step = saved["epoch"], self.progress.step

    def follow(self, stop: Interruption) -> Status:
        """Read the engine's reports to their end, writing and saving; what comes after what is this loop's order."""
        if self.monitor.spent:
            return "stopped_early"
        for report in self.reports(stop):
            self.progress, self.epoch = report.progress, report.epoch
            best = report.epoch_end and self.monitor.update(report.epoch, report.progress.step, report.values)
            self.views.write(report, best=best)
            if best or self.is_due(report):
                self.save(best=best)
            if report.epoch_end and self.monitor.spent:
                self.save_if_new()
                return "stopped_early"
        self.save_if_new()
        return "finished" if self.experiment.plan.is_done(self.progress) else "interrupted"

    def reports(self, stop: Interruption) -> Iterator[Report]:
        experiment = self.experiment
        judged = {name: batches for name, batches in experiment.judged.items() if name != "train"}
        return fit(experiment.parts, experiment.train, judged, experiment.plan, self.progress, stop)

    def is_due(self, report: Report) -> bool:
        due = self.experiment.config.checkpoint
        step = report.progress.step
        if report.epoch_end and report.epoch % due.every_epochs == 0:
            return True
        return due.every_steps is not None and step % due.every_steps == 0 and step != self.saved_step

    def save_if_new(self) -> None:
        if self.progress.step != self.saved_step:
            self.save(best=False)

    def save(self, *, best: bool) -> None:
        """The rows first, made to last, then the state that counts on them."""
        self.views.sync()
        kept = state.capture(self.experiment.parts, self.progress, self.monitor) | {
            "epoch": self.epoch,
            "log_size": self.views.log_size,
            "data_digest": self.experiment.data_digest,
            "circumstances": device.circumstances(self.experiment.choice.device),
        }
        self.checkpoints.save(kept, best=best and self.experiment.has_validation)
        self.saved_step = self.progress.step

    def judged(self, status: Status) -> Outcome:
        """The run's end: its best checkpoint scored on every split."""
        judgement = judge(self.experiment, self.checkpoints, checkpoint_to_judge(self.experiment))
        return judgement.outcome(status, last_epoch_row(self.directory.metrics))
