"""The entrypoint: compose, check, build, fit, record."""

from __future__ import annotations

from pathlib import Path

from runner import libraries
from runner.answers import answer
from runner.catalog import Catalog, conf_folders
from runner.compose import Composed, compose
from runner.launch import run_job
from runner.records.run_directory import RunDirectory, check_writable, claim, claim_exactly
from runner.request import Request, parse


def run(argv: list[str]) -> int:
    """``train [-m] [key=value ...]``: the exit code. Raises RunnerError."""
    request = parse(argv)
    if answer(request):
        return 0
    if request.flags.multirun:
        from runner.multirun import sweep

        return sweep(request)
    start(request, compose(request))
    return 0


def job(argv: list[str], folder: str) -> int:
    """One job of a sweep, in ``folder``: the exit code. Raises RunnerError."""
    request = parse(argv)
    start(request, compose(request), Path(folder))
    return 0


def start(request: Request, composed: Composed, folder: Path | None = None) -> RunDirectory:
    """A new run, from its composed config to its last file. Everything is checked before its directory is made."""
    config = composed.config
    output_dir = Path(config.output_dir).expanduser()
    check_writable(output_dir)
    libraries.load()
    from runner.experiment import assemble  # brings torch: only a request known to be right has to wait for it
    from runner.recording import record

    experiment = assemble(config, Catalog(conf_folders(request.flags.config_dir)))
    directory = claim(output_dir, config.name) if folder is None else claim_exactly(folder)
    run_job(request, composed, directory.path, lambda tree: record(experiment, directory))
    return directory
