"""The entrypoint: compose, check, build, fit, record; and what ``train`` answers without training."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from textwrap import wrap

from omegaconf import DictConfig

from runner.build import libraries
from runner.cli.arguments import answered
from runner.compose.composition import Composed, compose
from runner.compose.hydra_bridge import hydra_for, hydra_parser, run_job
from runner.compose.request import Request, parse
from runner.compose.tree import shown_tree
from runner.config.catalog import GROUPS, Catalog, conf_folders
from runner.config.run_config import Config, settings_with
from runner.config.types import shown
from runner.errors import ConfigError
from runner.runs.directory import RunDirectory, check_writable, claim
from runner.sweep.plan import check_jobs
from runner.text import as_called, counted, expanded, say, waiting

HELP = """\
python -m runner train [FILE.yaml] [GROUP=OPTION ...] [KEY=VALUE ...] [-m]

Groups (* is the default)
{groups}

Settings (all of them: python -m runner show settings)
{settings}

Examples
  python -m runner train model=mlp optimizer=sgd optimizer.lr=0.1 epochs=20
  python -m runner train my.yaml epochs=20            the settings of a file
  python -m runner train -m seed=0,1 model=mlp,cnn    every combination
  python -m runner show optimizer=adam                the parameters of adam

Flags
  -m, --multirun      run every combination of values given as a,b,c
  --cfg job           print the composed configuration; -p KEY: one part of it;
                      --resolve: replace ${{...}} by what it stands for
  --config-dir DIR    a folder with options of yours (./conf is searched anyway)
  --info, --hydra-help: Hydra's own"""


def run(argv: list[str]) -> int:
    """``train [-m] [key=value ...]``: the exit code. Raises RunnerError."""
    with answered("train", argv):
        request = parse(argv)
        if answer(request):
            return 0
        if request.multirun:
            planned = check_jobs(request)
            if planned.num_skipped:
                say(f"{counted(planned.num_skipped, 'combination')} left out by sweep.skip")
            libraries.load()
            from runner.sweep.start import sweep  # brings torch

            return sweep(request, planned)
        start(request, compose(request))
    return 0


def start(request: Request, composed: Composed) -> RunDirectory:
    """A new run, from its composed config to its last file. Everything is checked before its directory is made."""
    begun = time.perf_counter()
    config = composed.config
    output_dir = expanded(config.output_dir)
    check_writable(output_dir)
    libraries.load_torch()
    from runner.training.folds import prepare  # brings torch: only a request known to be right has to wait for it

    with waiting(f"reading {config.dataset.option}"):
        prepared = prepare(config, Catalog(conf_folders(request.flags.config_dir)))
    directory = claim(output_dir, config.name)

    def train(tree: DictConfig) -> None:
        prepared.record(directory, brief=False, begun=begun, hint=hint(request, config))

    with directory.owned():
        run_job(request, composed, directory.path, train)
    return directory


def hint(request: Request, config: Config) -> str:
    """What else could be tried, for somebody who has chosen no data set; empty for others."""
    chosen = {word.lstrip("+").partition("=")[0] for word in request.overrides}
    if config.dataset.option != "digits" or chosen & {"dataset", "experiment"}:
        return ""
    return "digits is bundled; dataset=mnist downloads 12 MB"


def answer(request: Request) -> bool:
    """Prints what a flag asks for; whether there was one."""
    flags = request.flags
    asked = [name for name in ("multirun", "cfg", "info", "shell_completion") if getattr(flags, name)]
    if len(asked) > 1:
        raise ConfigError(f"--{asked[0]} and --{asked[1]} exclude each other".replace("_", "-"))
    if flags.help:
        catalog = Catalog(conf_folders(flags.config_dir))
        print(
            as_called(HELP).format(groups="\n".join(_group_lines(catalog)), settings="\n".join(_setting_lines(catalog)))
        )
    elif flags.cfg:
        print(shown_tree(compose(request).tree, flags.cfg, flags.package, flags.resolve), end="")
    elif flags.hydra_help or flags.info:
        _ask_hydra(request)
    elif flags.shell_completion:
        raise ConfigError('--shell-completion: the tab key is told by: eval "$(runner completion bash)"')
    else:
        return False
    return True


def _group_lines(catalog: Catalog) -> Iterator[str]:
    width = max(map(len, GROUPS))
    for group in GROUPS:
        names = [f"{name}*" if catalog.defaults.get(group) == name else name for name in catalog.options(group)]
        lines = wrap(" ".join(names), 76 - width, break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(lines or ["-"]):
            yield f"  {'' if number else group:{width}}  {line}"


def _setting_lines(catalog: Catalog) -> Iterator[str]:
    explained = settings_with("in_help", True)
    settings = [(name, knob) for name, knob in catalog.settings.items() if name in explained]
    cells = [f"{name}={shown(knob.default)}" for name, knob in settings]
    width = max(map(len, cells), default=0)
    for cell, (_, knob) in zip(cells, settings, strict=True):
        for number, line in enumerate(wrap(knob.meaning, 76 - width)):
            yield f"  {'' if number else cell:{width}}  {line}"


def _ask_hydra(request: Request) -> None:
    flags = request.flags
    compose(request)  # says what is wrong in our words, before Hydra makes the loggers that a file names
    logging.raiseExceptions = False  # Hydra prints by logging; a reader that went away (| head) is no fault
    hydra = hydra_for(Catalog(conf_folders(flags.config_dir)))
    if flags.hydra_help:
        hydra.hydra_help(request.config_name, hydra_parser(), flags)
    else:
        hydra.show_info(flags.info, request.config_name, list(request.overrides))
