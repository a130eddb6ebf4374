"""``eval RUN``: score a run's checkpoint on every split."""

from __future__ import annotations

from runner import libraries
from runner.commands.stored_run import open_run


def run(argv: list[str]) -> int:
    """``eval RUN [checkpoint=best|last] [device=...]``: the exit code. Writes nothing. Raises RunnerError."""
    stored = open_run("eval", argv, own=("checkpoint",))
    libraries.load()
    from runner.commands.rebuilt_run import rebuild_to_read
    from runner.experiment import outline
    from runner.judgement import judge
    from runner.records.console import RunConsole

    console = RunConsole()
    rebuilt = rebuild_to_read(stored, console.warn)
    judgement = judge(rebuilt.experiment, rebuilt.saved)
    where = rebuilt.experiment.choice.device
    console.note(f"{rebuilt.checkpoint}.pt of step {judgement.step}, epoch {judgement.epoch}, on {where}")
    console.scores(outline(rebuilt.experiment, stored.directory.path), judgement.outcome("finished", {}))
    return 0
