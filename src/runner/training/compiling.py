"""The net of a run compiled before its first step, as far as torch can."""

from __future__ import annotations

from dataclasses import replace

from runner.engine.compiling import compiled
from runner.errors import memory_ran_out
from runner.experiment.assemble import Experiment
from runner.experiment.first_step import first_batch
from runner.training.writers import Views


def with_compiled_net(experiment: Experiment, views: Views) -> Experiment:
    """The experiment as its steps are to run; where torch cannot compile the net, as it is, with a warning."""
    if not experiment.config.compile:
        return experiment
    views.console.busy("compiling the net")
    parts = experiment.parts
    x_B, _ = first_batch(experiment)
    try:
        net = compiled(parts, x_B[: len(x_B) // experiment.config.accumulate_steps])
    except Exception as fault:  # torch's compiler may raise anything; of a wrong net the first step tells
        if memory_ran_out(fault):
            raise
        why = next(iter(str(fault).strip().splitlines()), type(fault).__name__)
        views.warn(f"compile=true: torch cannot compile this net here, it runs as it is: {why}")
        return experiment
    return replace(experiment, parts=replace(parts, compiled=net))
