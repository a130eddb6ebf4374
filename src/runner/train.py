"""The entrypoint: compose, check, build, fit, record."""

from __future__ import annotations

import time
from pathlib import Path

from omegaconf import DictConfig

from runner.build import libraries
from runner.cli.help import answer
from runner.compose.composition import Composed, compose
from runner.compose.hydra_bridge import run_job
from runner.compose.request import Request, parse
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config
from runner.runs.directory import RunDirectory, check_writable, claim, claim_exactly


def run(argv: list[str]) -> int:
    """``train [-m] [key=value ...]``: the exit code. Raises RunnerError."""
    request = parse(argv)
    if answer(request):
        return 0
    if request.multirun:
        from runner.sweep.jobs import sweep

        return sweep(request)
    start(request, compose(request))
    return 0


def job(argv: list[str], folder: str) -> int:
    """One job of a sweep, in ``folder``: the exit code. Raises RunnerError."""
    request = parse(argv)
    start(request, compose(request), Path(folder))
    return 0


def start(request: Request, composed: Composed, folder: Path | None = None) -> RunDirectory:
    """A new run, from its composed config to its last file. Everything is checked before its directory is made.

    In a ``folder`` of a sweep it is one job among others and says little.
    """
    begun = time.perf_counter()
    config = composed.config
    output_dir = Path(config.output_dir).expanduser()
    check_writable(output_dir)
    libraries.load()
    from runner.training.folds import prepare  # brings torch: only a request known to be right has to wait for it

    prepared = prepare(config, Catalog(conf_folders(request.flags.config_dir)))
    directory = claim(output_dir, config.name) if folder is None else claim_exactly(folder)

    def train(tree: DictConfig) -> None:
        prepared.record(directory, brief=folder is not None, begun=begun, hint=hint(request, config))

    with directory.owned():
        run_job(request, composed, directory.path, train)
    return directory


def hint(request: Request, config: Config) -> str:
    """What else could be tried, for somebody who has chosen no data set; empty for others."""
    chosen = {word.lstrip("+").partition("=")[0] for word in request.overrides}
    if config.dataset.option != "digits" or chosen & {"dataset", "experiment"}:
        return ""
    return "digits is bundled; dataset=mnist downloads 12 MB"
