"""show: what can be chosen, from the YAML files alone; a data set, as a run would read it; a net, layer by layer."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import wrap

from runner.build import libraries
from runner.cli.arguments import Parser, answered, composed
from runner.compose.table_words import COLUMN
from runner.config.catalog import CLUSTER, GROUPS, RECIPES, SEARCH, Catalog, Knob, conf_folders
from runner.config.clustering import LOCAL
from runner.config.searching import GRID
from runner.config.spelling import bare, listed, nearest
from runner.config.types import shown
from runner.config.usual import usual_options
from runner.data.download import is_here
from runner.errors import ConfigError
from runner.screen.console import draw
from runner.screen.table import Listing
from runner.text import expanded, here, program, say

HELP = """\
What can be chosen: groups, the options of one, the parameters of an option, the settings. With dataset=csv \
dataset.path=... dataset.target=...: what that table is taken for; without a target, its columns. With a model and \
a data set, model=cnn dataset=mnist: the net, its layers and its parameters."""
SETTINGS = ("settings", "train")
FIRST = ("show dataset", "show optimizer=adam", "show settings", "train dataset=digits")
FROM_VARIABLE = re.compile(r"\$\{oc\.env:\w+,([^}]*)\}")  # what holds where the variable is not set
CUT = " ..."
WIDEST = 24  # characters of a default: a longer one would push the meanings out of sight
TRIES = 4  # lines that differ in nothing but the target


def run(argv: Sequence[str]) -> int:
    """Prints what can be chosen, or what the words build, and what to type next."""
    with answered("show", argv, parser(), lambda words: {COLUMN: ""}):  # without it, the columns are shown
        wanted = parser().parse_args(list(argv))
        found, commands = asked(wanted.what, wanted.config_dir)
    for table in found:
        draw(table)
        print()
    say("next", *(f"  {program()} {command}" for command in commands))
    return 0


def asked(words: Sequence[str], config_dir: str | None) -> tuple[list[Listing], list[str]]:
    """(what the words ask for, what to type next). Raises RunnerError."""
    catalog, folder = Catalog(conf_folders(config_dir)), [f"--config-dir={config_dir}"] if config_dir else []
    if lacks_target(words):
        return columns_alone(words, config_dir, [*words, *folder])
    if asks_for_a_net(words) or asks_for_data(words):
        return built(words, config_dir, catalog), [shlex.join(["train", *words, *folder])]
    pages = list(dict.fromkeys(page(catalog, word, words) for word in words))
    found = [tables(catalog, word) for word in pages] or [overview(catalog)]
    found += [table for word in pages for table in data_at_hand(word, config_dir, catalog)]
    if any("=" in word and word not in pages for word in words):
        return found, [shlex.join(["train", *words, *folder])]
    return found, list(dict.fromkeys(line for word in pages for line in following(catalog, word))) or [*FIRST]


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
    """Whether a data set is named and what it holds is set: dataset=csv dataset.path=prices.csv, data_dir=tables."""
    is_set = any(word.startswith(("dataset.", "data_dir=")) for word in words)
    return is_set and any(word.startswith("dataset=") for word in words)


def lacks_target(words: Sequence[str]) -> bool:
    """Whether a table of a user's own is named, and not what is to be predicted: dataset=csv dataset.path=my.csv."""
    keys = {word.partition("=")[0] for word in words}
    return "dataset=csv" in words and "dataset.path" in keys and "dataset.target" not in keys


def columns_alone(
    words: Sequence[str], config_dir: str | None, typed: Sequence[str]
) -> tuple[list[Listing], list[str]]:
    """(the columns of a table, a line for each of some that can be the target). Raises RunnerError."""
    config = composed([*words, "dataset.target=-1"], config_dir)
    libraries.load_torch()
    from runner.screen.data_preview import glimpse_listing

    listing, names = glimpse_listing(config)
    note = "which column is to be predicted? name it with dataset.target=..."
    lines = [shlex.join(["show", *typed, f"dataset.target={name}"]) for name in names[:TRIES]]
    return [replace(listing, notes=(note,))], lines


def data_at_hand(word: str, config_dir: str | None, catalog: Catalog) -> list[Listing]:
    """The rows and classes of a data set that needs nothing more to be said, and no download."""
    group, _, name = word.partition("=")
    if group != "dataset" or not name or "???" in (knob.default for knob in catalog.option(group, name).knobs.values()):
        return []
    config = composed([word], config_dir)
    if not is_here(name, expanded(config.data_dir)):
        return []
    return built([word], config_dir, catalog)


def built(words: Sequence[str], config_dir: str | None, catalog: Catalog) -> list[Listing]:
    """The net or the table that the words describe, as a run would have it. Raises RunnerError as ``train`` would."""
    config = composed(words, config_dir)
    libraries.load_torch()
    from runner.screen import data_preview, preview

    return preview.net_listings(config, catalog) if asks_for_a_net(words) else data_preview.data_listings(config)


def page(catalog: Catalog, word: str, words: Sequence[str]) -> str:
    """The word, or the page of what it sets: epochs=5 -> settings, optimizer.lr=0.1 -> optimizer=adam."""
    key = word.partition("=")[0]
    group, dot, knob = key.partition(".")
    if key in catalog.settings:
        return SETTINGS[0]
    if not dot or group not in catalog.defaults:
        return word
    chosen = dict(other.split("=", 1) for other in words if other.partition("=")[0] in catalog.defaults)
    named = f"{group}={({**usual_options(catalog, chosen.get('model', '')), **chosen})[group]}"
    return named if knob in catalog.knob_names(group, named.partition("=")[2]) else word


def overview(catalog: Catalog) -> Listing:
    """The options of every group."""
    rows = tuple((group, ", ".join(names)) for group in GROUPS if (names := catalog.options(group)))
    note = "chosen as group=option; its own page: show group=option; what the options of a group are: show group"
    return Listing("What can be chosen", ("group", "options"), rows, (note,))


def tables(catalog: Catalog, word: str) -> Listing:
    """The table that ``word`` asks for. Raises ConfigError when there is no such group or option."""
    group, equals, option = word.partition("=")
    if not equals:
        group, _, option = word.partition("/")
    if group in SETTINGS and not option:
        return Listing("Settings of a run", ("setting", "default", "meaning"), _rows(catalog.settings, ""))
    if group not in GROUPS:
        raise ConfigError(_unknown(catalog, word))
    return _option(catalog, group, option) if option else _options(catalog, group)


def _options(catalog: Catalog, group: str) -> Listing:
    default = {SEARCH: GRID, CLUSTER: LOCAL}.get(group, catalog.defaults.get(group))
    rows = [
        (f"{group}={name}", "default" if name == default else "", _described(catalog, group, name))
        for name in catalog.options(group)
    ]
    return Listing(group, ("option", "", "what it is"), tuple(rows))


def _option(catalog: Catalog, group: str, name: str) -> Listing:
    option = catalog.option(group, name)
    where = f"metric.{name}" if group == "metric" else group
    prefix = "" if group in RECIPES else f"{where}."
    notes = (*option.header, f"class {option.target}" if option.target else "", here(option.path))
    title = f"{group}={name}" if option.knobs or option.parts else f"{group}={name}: nothing to set"
    own, why = _rows(option.knobs, prefix), "" if group in RECIPES else f"comes along with {group}={name}"
    parts = tuple((part, chosen, why) for part, chosen in option.parts.items())
    brought = tuple((key, _default(knob), knob.meaning or why) for key, knob in option.brings.items())
    rows = (*parts, *own) if group in RECIPES else (*own, *parts, *brought)
    notes = (*notes, *whole_defaults(option.knobs, prefix))
    return Listing(title, ("parameter", "default", "meaning"), rows, tuple(filter(None, notes)))


def whole_defaults(knobs: Mapping[str, Knob], prefix: str) -> Iterator[str]:
    """Lines of at most 80 columns with each default that its cell cuts."""
    for name, knob in knobs.items():
        if _default(knob).endswith(CUT):
            text = f"{prefix}{name}={shown(knob.default)}".replace(",", ", ")
            yield from wrap(text, 80, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def following(catalog: Catalog, word: str) -> list[str]:
    """What to type after a look at a group, an option or the settings."""
    group, _, name = word.replace("/", "=", 1).partition("=")
    if group in SETTINGS:
        return ["train epochs=5 batch_size=32"]
    if group == SEARCH:
        space = "optimizer.lr=0.1,0.01" if name == GRID else "'optimizer.lr=tag(log,interval(1e-4,1e-1))'"
        return [*([] if name else ["show search=tpe"]), f"train -m search={name or 'tpe'} {space}"]
    if group == CLUSTER:
        return [*([] if name else ["show cluster=slurm"]), f"train -m cluster={name or 'slurm'} optimizer.lr=0.1,0.01"]
    if not name:
        named = catalog.defaults.get(group) or next(iter(catalog.options(group)), "...")
        return [f"show {group}={named}", f"train {group}={named}"]
    required = [key for key, knob in catalog.option(group, name).knobs.items() if knob.default == "???"]
    typed = [f"{group}={name}", *(f"{group}.{key}=..." for key in required)]
    if group == "model":
        return [" ".join(["show", *typed, "dataset=digits"]), " ".join(["train", *typed])]
    if name == "csv":
        return ["show dataset=csv dataset.path=my.csv", " ".join(["train", *typed])]
    data_dir = expanded(os.environ.get("RUNNER_DATA") or "data")
    to_fetch = [] if group != "dataset" or is_here(name, data_dir) else [f"fetch {name}"]
    return [*to_fetch, " ".join(["train", *typed])]


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
    text = "(required)" if knob.default == "???" else FROM_VARIABLE.sub(r"\1", shown(knob.default))
    return text if len(text) <= WIDEST else f"{text[: WIDEST - len(CUT)]}{CUT}"


def _unknown(catalog: Catalog, word: str) -> str:
    if Path(word).is_dir():
        return f"show {word}: is a folder; for the scores of a run: python -m runner eval {shlex.quote(word)}"
    if Path(word).suffix.lower() in (".yaml", ".yml"):
        return f"show {word}: is a file of settings; to see them: python -m runner train {shlex.quote(word)} --cfg job"
    owned = [f"{group}={name}" for group in GROUPS for name in catalog.options(group) if bare(name) == bare(word)]
    owned += [f"{group}={name}" for group, name in catalog.defaults.items() if word in catalog.knob_names(group, name)]
    meant = owned[0] if owned else nearest(word.partition("=")[0], [*GROUPS, *SETTINGS])
    runs = "python -m runner report" if word in ("last", "runs", "run") else "python -m runner show"
    advice = f"; did you mean: python -m runner show {meant}" if meant else f"; did you mean: {runs}"
    return f"show {word}: there is no such group{advice}\n  groups: {listed(GROUPS)}; or settings"
