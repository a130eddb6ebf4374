"""The end of a run that did not come to its own: what its summary says, and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from runner.contracts import Progress
from runner.errors import Interrupted, RunError, RunnerError, memory_ran_out
from runner.experiment.assemble import Experiment
from runner.runs.directory import RunDirectory
from runner.runs.named import short_name
from runner.runs.summary import Summary
from runner.text import place, reason


@contextmanager
def record_failure(summary: Summary, experiment: Experiment) -> Iterator[None]:
    """Writes why the run failed into its summary before the fault goes on its way."""
    try:
        yield
    except Exception as fault:
        if memory_ran_out(fault):
            summary.close_failed(told := out_of_memory(experiment))
            raise told from fault
        if not isinstance(fault, RunnerError) and place(fault):
            summary.close_failed(RunError(reason(fault)))
            raise of_own_code(fault, experiment, summary.directory) from fault
        summary.close_failed(fault)
        raise


def of_own_code(fault: Exception, experiment: Experiment, directory: RunDirectory) -> RunError:
    """What a net, a loss or a data set of the user's raised in the middle of a run."""
    again = resume_command(experiment, directory)
    return RunError(f"{reason(fault)}; RUNNER_DEBUG=1 shows the traceback\n  once that is mended, go on with: {again}")


def out_of_memory(experiment: Experiment) -> RunError:
    size, batches = experiment.config.batch_size, experiment.config.accumulate_steps
    weights = sum(weight.numel() for weight in experiment.parts.model.parameters())
    as_before = f" accumulate_steps={2 * batches}" if size % 2 == 0 else ""
    smaller = f"try batch_size={size // 2}{as_before} (it was {size}), or" if size > 1 else "try"
    return RunError(
        f"out of memory on {experiment.choice.device}; {smaller} a net of fewer than {weights:,} parameters"
    )


def interrupted(experiment: Experiment, directory: RunDirectory, progress: Progress, number: int) -> Interrupted:
    """How to go on after the signal of that ``number``."""
    epoch, steps = progress.epoch, progress.step
    place = f"after epoch {epoch}" if steps == epoch * len(experiment.train) else f"in epoch {epoch + 1}"
    again = resume_command(experiment, directory)
    return Interrupted(f"interrupted, saved {place} (step {steps:,}); resume with: {again}", number)


def resume_command(experiment: Experiment, directory: RunDirectory) -> str:
    """Ready for a shell; who the run trusts is never read from its directory."""
    trusted = experiment.config.trusted
    words = [short_name(directory.whole.path), *([f"trusted=[{','.join(trusted)}]"] if trusted else [])]
    return f"python -m runner resume {shlex.join(words)}"
