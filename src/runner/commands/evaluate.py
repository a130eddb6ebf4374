"""``eval RUN``: score a run's checkpoint on every split."""

from __future__ import annotations

from runner.commands.stored_run import open_run
from runner.errors import ConfigError


def run(argv: list[str]) -> int:
    """``eval RUN [checkpoint=best|last] [device=...]``: the exit code. Writes nothing. Raises RunnerError."""
    stored = open_run("eval", argv, own=("checkpoint",))
    which = stored.changes.get("checkpoint")
    if which not in (None, "best", "last"):
        raise ConfigError(f"checkpoint={which}: choose best or last")
    from runner.config.catalog import Catalog, conf_folders
    from runner.experiment import assemble, outline
    from runner.judgement import checkpoint_to_judge, judge
    from runner.records.checkpoint import Checkpoints
    from runner.records.console import RunConsole

    console = RunConsole()
    experiment = assemble(stored.config, Catalog(conf_folders()))
    which = which or checkpoint_to_judge(experiment)
    judgement = judge(experiment, Checkpoints(stored.directory.checkpoints, console.warn), which)
    console.note(f"{which}.pt: step {judgement.step}, epoch {judgement.epoch}, on {experiment.choice.device}")
    console.scores(outline(experiment, stored.directory.path), judgement.as_outcome("finished"))
    return 0
