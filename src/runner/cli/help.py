"""What ``train`` answers without training: --help, --cfg, --info, --hydra-help."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from textwrap import wrap

from runner.compose.composition import compose, shown_config
from runner.compose.hydra_bridge import hydra_for, hydra_parser
from runner.compose.request import Request
from runner.config.catalog import GROUPS, Catalog, conf_folders
from runner.config.run_config import settings_with
from runner.config.types import shown
from runner.errors import ConfigError


def answer(request: Request) -> bool:
    """Prints what a flag asks for; whether there was one."""
    flags = request.flags
    asked = [name for name in ("multirun", "cfg", "info", "shell_completion") if getattr(flags, name)]
    if len(asked) > 1:
        raise ConfigError(f"--{asked[0]} and --{asked[1]} exclude each other".replace("_", "-"))
    if flags.help:
        print(train_help(Catalog(conf_folders(flags.config_dir))))
    elif flags.cfg:
        print(shown_config(compose(request), flags.cfg, flags.package, flags.resolve), end="")
    elif flags.hydra_help or flags.info:
        _ask_hydra(request)
    elif flags.shell_completion:
        raise ConfigError('--shell-completion: the tab key is told by: eval "$(runner completion bash)"')
    else:
        return False
    return True


def train_help(catalog: Catalog) -> str:
    """Usage, the groups with their options, the settings used most, examples; * marks what is chosen by default."""
    return "\n".join(
        [
            "python -m runner train [GROUP=OPTION ...] [KEY=VALUE ...] [-m]",
            "",
            "Groups (* is the default)",
            *_group_lines(catalog),
            "",
            "Settings (all of them: python -m runner show settings)",
            *_setting_lines(catalog),
            "",
            "Examples",
            "  python -m runner train model=mlp optimizer=sgd optimizer.lr=0.1 epochs=20",
            "  python -m runner train -m optimizer.lr=0.1,0.01 model=mlp,cnn     one run for every combination",
            "  python -m runner show optimizer=adam                              what its parameters are",
            "",
            "Flags",
            "  -m, --multirun      run every combination of values given as a,b,c",
            "  --cfg job           print the composed configuration; --resolve looks up ${...}; -p KEY one part of it",
            "  --config-dir DIR    a folder with options of yours (./conf is searched anyway)",
            "  --info, --hydra-help: Hydra's own",
        ]
    )


def _group_lines(catalog: Catalog) -> Iterator[str]:
    width = max(map(len, GROUPS))
    for group in GROUPS:
        names = [f"{name}*" if catalog.defaults.get(group) == name else name for name in catalog.options(group)]
        lines = wrap(" ".join(names), 100 - width, break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(lines or ["-"]):
            yield f"  {'' if number else group:{width}}  {line}"


def _setting_lines(catalog: Catalog) -> Iterator[str]:
    explained = settings_with("in_help", True)
    known = {name: knob for name, knob in catalog.settings.items() if name in explained}
    cells = {name: f"{name}={shown(knob.default)}" for name, knob in known.items()}
    width = max(map(len, cells.values()), default=0)
    for name, knob in known.items():
        yield f"  {cells[name]:{width}}  {knob.meaning}"


def _ask_hydra(request: Request) -> None:
    flags = request.flags
    compose(request)  # says what is wrong in our words, before Hydra makes the loggers that a file names
    logging.raiseExceptions = False  # Hydra prints by logging; a reader that went away (| head) is no fault
    hydra = hydra_for(Catalog(conf_folders(flags.config_dir)))
    if flags.hydra_help:
        hydra.hydra_help(request.config_name, hydra_parser(), flags)
    else:
        hydra.show_info(flags.info, request.config_name, list(request.overrides))
