"""The entrypoint: compose, check, build, fit, record."""

from __future__ import annotations

from pathlib import Path

from runner.catalog import Catalog
from runner.compose import Composed, Request, answer, compose, parse, run_job
from runner.config import Config
from runner.records.run_directory import RunDirectory, check_writable, claim, claim_exactly


def run(argv: list[str]) -> int:
    """``train [-m] [key=value ...]``: the exit code. Raises RunnerError."""
    request = parse(argv)
    if answer(request):
        return 0
    if request.multirun:
        from runner.sweep import sweep

        return sweep(request)
    start(request, compose(request))
    return 0


def start(request: Request, composed: Composed) -> RunDirectory:
    """A new run, from its composed config to its last file. Everything is checked before its directory is made."""
    config = composed.config
    check_writable(Path(config.output_dir))
    from runner.experiment import assemble  # brings torch, which only a request known to be right has to wait for
    from runner.recording import record

    experiment = assemble(config, composed.catalog)
    directory = claim_for(composed)
    run_job(request, composed, directory.path, lambda: record(experiment, directory))
    return directory


def claim_for(composed: Composed) -> RunDirectory:
    config: Config = composed.config
    if composed.run_dir is not None:  # named by the user: hydra.run.dir=...
        return claim_exactly(Path(composed.run_dir))
    return claim(Path(config.output_dir), config.name)
