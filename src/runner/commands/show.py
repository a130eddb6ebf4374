"""show: what can be chosen. Reads the YAML files alone; neither Hydra nor torch is imported."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.config.catalog import GROUPS, Catalog, Knob, conf_folders
from runner.config.limits import shown
from runner.config.spelling import listed, nearest
from runner.errors import ConfigError

SETTINGS = ("settings", "train")


@dataclass(frozen=True)
class Table:
    """Rows of text under a title; the last column may be long."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def run(argv: Sequence[str]) -> int:
    """Prints the groups, a group's options, an option's parameters or the settings, as ``argv`` asks."""
    parser = argparse.ArgumentParser(
        prog="python -m runner show",
        description="What can be chosen: groups, the options of one, the parameters of an option, the settings.",
    )
    parser.add_argument("what", nargs="*", metavar="GROUP | GROUP=OPTION | settings")
    parser.add_argument(
        "--config-dir", metavar="DIR", help="a folder with options of yours (./conf is searched anyway)"
    )
    parser.error = _refuse  # type: ignore[assignment,method-assign]
    wanted = parser.parse_args(list(argv))
    catalog = Catalog(conf_folders(wanted.config_dir))
    for number, table in enumerate([tables(catalog, word) for word in wanted.what] or [overview(catalog)]):
        if number:
            print()
        draw(table)
    return 0


def overview(catalog: Catalog) -> Table:
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
    return Table("What can be chosen", ("group", "option", "what it is"), tuple(rows), notes)


def tables(catalog: Catalog, word: str) -> Table:
    """The table that ``word`` asks for. Raises ConfigError when there is no such group or option."""
    group, equals, option = word.partition("=")
    if not equals:
        group, _, option = word.partition("/")
    if group in SETTINGS and not option:
        return _settings(catalog)
    if group not in GROUPS:
        raise ConfigError(_unknown(catalog, word))
    return _option(catalog, group, option) if option else _options(catalog, group)


def draw(table: Table) -> None:
    """The table on stdout: with rich in a terminal, as aligned plain lines otherwise."""
    if sys.stdout.isatty():
        _draw_rich(table)
        return
    print(table.title)
    widths = [max(len(row[i]) for row in (table.columns, *table.rows)) for i in range(len(table.columns))]
    for row in table.rows:
        print("  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    for note in table.notes:
        print(note)


def _draw_rich(table: Table) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(title=table.title, title_justify="left", box=SIMPLE_HEAD)
    for column in table.columns:
        drawn.add_column(column, no_wrap=column != table.columns[-1])
    for row in table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console = Console()
    console.print(drawn)
    for note in table.notes:
        console.print(Text(note, style="dim"))


def _options(catalog: Catalog, group: str) -> Table:
    default = catalog.defaults.get(group)
    rows = [
        (f"{group}={name}", "default" if name == default else "", _described(catalog, group, name))
        for name in catalog.options(group)
    ]
    note = f"the parameters of one: python -m runner show {group}={default or '...'}"
    return Table(group, ("option", "", "what it is"), tuple(rows), (note,))


def _option(catalog: Catalog, group: str, name: str) -> Table:
    option = catalog.option(group, name)
    where = f"metric.{name}" if group == "metric" else group
    prefix = "" if group == "experiment" else f"{where}."
    notes = (option.description, f"class {option.target}" if option.target else "", str(_short(option.path)))
    title = f"{group}={name}" if option.knobs else f"{group}={name}: nothing to set"
    return Table(
        title, ("parameter", "default", "meaning"), _rows(option.knobs.items(), prefix), tuple(filter(None, notes))
    )


def _settings(catalog: Catalog) -> Table:
    return Table("Settings of a run", ("setting", "default", "meaning"), _rows(catalog.settings.items(), ""))


def _rows(knobs: object, prefix: str) -> tuple[tuple[str, str, str], ...]:
    pairs: list[tuple[str, Knob]] = list(knobs)  # type: ignore[call-overload]
    return tuple((f"{prefix}{name}", _default(knob), knob.meaning) for name, knob in pairs)


def _described(catalog: Catalog, group: str, name: str) -> str:
    """The option's sentence; one broken file does not hide the others."""
    try:
        return catalog.option(group, name).description
    except ConfigError as error:
        return f"(broken) {error}"


def _default(knob: Knob) -> str:
    return "(required)" if knob.default == "???" else shown(knob.default)


def _short(path: Path) -> Path:
    """The path from here where it is below, else as it is."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _unknown(catalog: Catalog, word: str) -> str:
    if Path(word).is_dir():
        return f"show {word}: tells what can be chosen; the scores of a run: python -m runner eval {shlex.quote(word)}"
    owners = [group for group in GROUPS if word in catalog.options(group)]
    meant = f"{owners[0]}={word}" if owners else nearest(word.partition("=")[0], [*GROUPS, *SETTINGS])
    advice = f"; did you mean: python -m runner show {meant}" if meant else ""
    return f"show {word}: there is no such group{advice}\n  groups: {listed(GROUPS)}; or settings"


def _refuse(message: str) -> None:
    raise ConfigError(f"show: {message}\n  python -m runner show [GROUP[=OPTION] | settings]")
