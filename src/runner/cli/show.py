"""show: what can be chosen, from the YAML files alone; or a net, layer by layer, where a model and data are named."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.build import libraries
from runner.cli.arguments import Parser, composed
from runner.config.catalog import GROUPS, RECIPES, Catalog, Knob, conf_folders
from runner.config.spelling import bare, listed, nearest
from runner.config.types import shown
from runner.errors import ConfigError
from runner.screen.console import draw
from runner.screen.table import Listing
from runner.text import here

SETTINGS = ("settings", "train")
WIDEST = 80  # characters of a default: seventeen figures of a recipe would push the meanings out of sight


def run(argv: Sequence[str]) -> int:
    """Prints the groups, the options of one, the parameters of an option, the settings, a net or a table."""
    wanted = parser().parse_args(list(argv))
    words, catalog = wanted.what, Catalog(conf_folders(wanted.config_dir))
    if asks_for_a_net(words) or asks_for_data(words):
        found = built(words, wanted.config_dir, catalog)
    else:
        found = [tables(catalog, word) for word in words] or [overview(catalog)]
    for number, table in enumerate(found):
        if number:
            print()
        draw(table)
    return 0


HELP = """\
What can be chosen: groups, the options of one, the parameters of an option, the settings. With dataset=csv \
dataset.path=... dataset.target=...: what that table is taken for. With a model and a data set, model=cnn \
dataset=mnist: the net, its layers and its parameters."""


def parser() -> Parser:
    made = Parser("show", "[GROUP[=OPTION] | settings]", HELP, (*GROUPS, SETTINGS[0]), allow_abbrev=True)
    made.usage = None  # argparse has a fuller one for --help
    made.add_argument("what", nargs="*", metavar="GROUP | GROUP=OPTION | settings")
    made.add_config_dir("a folder with options of yours (./conf is searched anyway)")
    return made


def asks_for_a_net(words: Sequence[str]) -> bool:
    """Whether a model is named together with the data or with values: model=cnn dataset=mnist, model.hidden=[8]."""
    keys = [word.partition("=")[0] for word in words if "=" in word]
    of_model = any(key.partition(".")[0] == "model" for key in keys)
    return of_model and any(key == "dataset" or key not in GROUPS for key in keys)


def asks_for_data(words: Sequence[str]) -> bool:
    """Whether a data set is named and something of it is set: dataset=csv dataset.path=prices.csv."""
    return any(word.startswith("dataset=") for word in words) and any(word.startswith("dataset.") for word in words)


def built(words: Sequence[str], config_dir: str | None, catalog: Catalog) -> list[Listing]:
    """The net or the table that the words describe, as a run would have it. Raises RunnerError as ``train`` would."""
    config = composed(words, config_dir)
    libraries.load()
    from runner.screen.preview import data_listings, net_listings

    return net_listings(config, catalog) if asks_for_a_net(words) else data_listings(config, words)


def overview(catalog: Catalog) -> Listing:
    """Every option of every group with its one sentence."""
    rows = [
        (group if i == 0 else "", name, _described(catalog, group, name))
        for group in GROUPS
        for i, name in enumerate(catalog.options(group))
    ]
    notes = (
        "the parameters of one: python -m runner show optimizer=adam",
        "the settings of a run: python -m runner show settings",
    )
    return Listing("What can be chosen", ("group", "option", "what it is"), tuple(rows), notes)


def tables(catalog: Catalog, word: str) -> Listing:
    """The table that ``word`` asks for. Raises ConfigError when there is no such group or option."""
    group, equals, option = word.partition("=")
    if not equals:
        group, _, option = word.partition("/")
    if group in SETTINGS and not option:
        return _settings(catalog)
    if group not in GROUPS:
        raise ConfigError(_unknown(catalog, word))
    return _option(catalog, group, option) if option else _options(catalog, group)


def _options(catalog: Catalog, group: str) -> Listing:
    default = catalog.defaults.get(group)
    rows = [
        (f"{group}={name}", "default" if name == default else "", _described(catalog, group, name))
        for name in catalog.options(group)
    ]
    named = default or next(iter(catalog.options(group)), "...")
    note = f"the parameters of one: python -m runner show {group}={named}"
    return Listing(group, ("option", "", "what it is"), tuple(rows), (note,))


def _option(catalog: Catalog, group: str, name: str) -> Listing:
    option = catalog.option(group, name)
    where = f"metric.{name}" if group == "metric" else group
    prefix = "" if group in RECIPES else f"{where}."
    net = f"its layers and sizes: python -m runner show model={name} dataset=digits" if group == "model" else ""
    notes = (*option.header, f"class {option.target}" if option.target else "", here(option.path), net)
    title = f"{group}={name}" if option.knobs or option.parts else f"{group}={name}: nothing to set"
    rows = (*((part, chosen, "") for part, chosen in option.parts.items()), *_rows(option.knobs, prefix))
    return Listing(title, ("parameter", "default", "meaning"), rows, tuple(filter(None, notes)))


def _settings(catalog: Catalog) -> Listing:
    return Listing("Settings of a run", ("setting", "default", "meaning"), _rows(catalog.settings, ""))


def _rows(knobs: Mapping[str, Knob], prefix: str) -> tuple[tuple[str, ...], ...]:
    return tuple((f"{prefix}{name}", _default(knob), knob.meaning) for name, knob in knobs.items())


def _described(catalog: Catalog, group: str, name: str) -> str:
    """The option's sentence; one broken file does not hide the others."""
    try:
        return sentence(catalog.option(group, name).description)
    except ConfigError as error:
        return f"(broken) {error}"


def sentence(description: str) -> str:
    """The first one; behind it a recipe has its command and its scores, which only fill the line of a list."""
    return re.split(r"(?<=\.) (?=[A-Z]|python -m )", description, maxsplit=1)[0]


def _default(knob: Knob) -> str:
    text = "(required)" if knob.default == "???" else shown(knob.default)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 4]} ..."


def _unknown(catalog: Catalog, word: str) -> str:
    if Path(word).is_dir():
        return f"show {word}: tells what can be chosen; the scores of a run: python -m runner eval {shlex.quote(word)}"
    owned = [f"{group}={name}" for group in GROUPS for name in catalog.options(group) if bare(name) == bare(word)]
    meant = owned[0] if owned else nearest(word.partition("=")[0], [*GROUPS, *SETTINGS])
    advice = f"; did you mean: python -m runner show {meant}" if meant else ""
    return f"show {word}: there is no such group{advice}\n  groups: {listed(GROUPS)}; or settings"
