"""What was typed after ``train``: Hydra's own flags and the overrides, made readable for Hydra's grammar."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Any, NoReturn

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import GrammarParseError

from runner.compose.command import quoted
from runner.compose.hydra_bridge import SETTABLE, hydra_parser, refusal
from runner.compose.line import num_open
from runner.compose.recipe import own_file, recipe_faults
from runner.config.catalog import GROUPS, RECIPES, Catalog, unknown_option
from runner.config.spelling import listed
from runner.errors import ConfigError

FORM = "write no spaces around the =, and a value with spaces in quotes"


@dataclass(frozen=True)
class Request:
    """One command line, the verb taken off."""

    argv: tuple[str, ...]  # as typed: children are started from it
    flags: argparse.Namespace  # Hydra's own
    overrides: tuple[str, ...]  # as typed

    @property
    def config_name(self) -> str:
        return self.flags.config_name or "train"

    @property
    def multirun(self) -> bool:
        """Whether every combination of several values is to be run."""
        return bool(self.flags.multirun) or "hydra.mode=MULTIRUN" in self.overrides

    def with_overrides(self, overrides: Sequence[str]) -> Request:
        """The same flags, without -m, and other overrides: one job of a sweep."""
        kept = [f"--{name}={value}" for name in ("config-dir", "config-name") if (value := self._flag(name))]
        return parse([*kept, *overrides])

    def _flag(self, name: str) -> str | None:
        value: str | None = getattr(self.flags, name.replace("-", "_"))
        return value


def parse(argv: Sequence[str]) -> Request:
    """The request in ``argv``. Raises ConfigError for a flag that nobody knows, or a value that the shell has cut."""
    if faults := list(_cut_values(argv)):
        raise ConfigError(faults)
    parser = hydra_parser()
    parser.error = _refuse  # type: ignore[method-assign]
    flags = parser.parse_intermixed_args(list(argv))
    if flags.config_path is not None:
        raise ConfigError("--config-path: cannot be set; to add a folder of options: --config-dir DIR")
    return Request(tuple(argv), flags, tuple(flags.overrides))


def _cut_values(argv: Sequence[str]) -> Iterator[str]:
    """A fault for each list or mapping that a shell has cut at its blanks, as model.hidden=[32, and 16]."""
    for place, word in enumerate(argv):
        value = word.partition("=")[2]
        if value.startswith(("[", "{")) and num_open(value) > 0:
            wholes = (" ".join(argv[place:end]) for end in range(place + 2, len(argv) + 1))
            if whole := next((whole for whole in wholes if num_open(whole) == 0), None):
                kind, whole = ("list", whole.replace(", ", ",")) if value[0] == "[" else ("mapping", whole)
                yield f"{word}: write a {kind} without spaces, or in quotes: {quote(whole)}"


def _refuse(message: str) -> NoReturn:
    unknown = message.removeprefix("unrecognized arguments: ")
    if unknown == message:
        raise ConfigError(f"{message}\n  see: python -m runner train --help")
    bare = unknown.split()[0].lstrip("-").partition("=")[0]
    advice = f"write settings without dashes, {bare}=..."
    raise ConfigError(f"{unknown}: no such flag; {advice}\n  see: python -m runner train --help")


@dataclass(frozen=True)
class Lines:
    """Overrides as Hydra is given them, and what is wrong with those that were left out or mended."""

    overrides: tuple[str, ...]
    faults: tuple[str, ...]


def readable(words: Sequence[str], catalog: Catalog, *, multirun: bool) -> Lines:
    """The typed words as overrides Hydra can take: quoted where its grammar needs it, settings as forced additions.

    A forced addition (++) never fails, so that one composition shows every wrong name at once to the check.
    """
    overrides: list[str] = []
    faults: list[str] = []
    own = {word: path for word in words if (path := own_file(word))}
    if wrong := [fault for path in own.values() for fault in recipe_faults(path, catalog)]:
        raise ConfigError(wrong)
    for word in words:
        for is_fault, text in _read(word, catalog, multirun) if word not in own else ():
            (faults if is_fault else overrides).append(text)
    if own:
        overrides = _with_recipes(overrides, own)
    return Lines(tuple(overrides), (*faults, *_mappings_lost(overrides)))


def _with_recipes(lines: Sequence[str], own: Mapping[str, Path]) -> list[str]:
    """The lines with the recipes at paths of their own, behind those that are chosen by name."""
    named = [line for line in lines if line.startswith("experiment=")]
    chosen = [override for line in named if (override := parsed(line, True))]
    if any(override.is_sweep_override() for override in chosen):
        raise ConfigError(f"{' '.join(own)} {' '.join(named)}: a file goes with one experiment, not with several")
    values = [override.value() for override in chosen]
    names = [str(name) for value in values for name in (value if isinstance(value, list) else [value])]
    paths = [*names, *(quoted(str(path)) for path in own.values())]
    chosen_now = paths[0] if len(paths) == 1 else f"[{','.join(paths)}]"
    return [*(line for line in lines if line not in named), f"experiment={chosen_now}"]


def _mappings_lost(overrides: Sequence[str]) -> Iterator[str]:
    """Hydra joins two mappings of one key, but of what came as text for its grammar's sake only the last would stay."""
    keys = [line.partition("=")[0] for line in overrides]
    for key, line in zip(keys, overrides, strict=True):
        if line.startswith(f"{key}='{{") and keys.count(key) > 1:
            name = key.lstrip("+")
            yield f"{line.lstrip('+')}: {name} is given twice; write it once: {name}={{a: b, c: d}}"


def _read(word: str, catalog: Catalog, multirun: bool) -> Iterator[tuple[bool, str]]:
    """(is a fault, text) for one word; a wrong option gives its fault and, to look further, the nearest right one."""
    override = parsed(word, multirun)
    if override is None or not override.key_or_group:
        yield True, _unreadable(word, catalog)
        return
    key, line = override.key_or_group, str(override.input_line)
    if fault := _refused(override, word, catalog, multirun):
        yield True, fault
    elif key in SETTABLE:
        yield False, line.lstrip("+")
    elif key not in GROUPS:
        yield False, f"++{line.lstrip('+')}"
    elif override.is_sweep_override():
        yield False, line.lstrip("+")
    else:
        yield from _choice(key, override.value(), line.lstrip("+"), catalog)


def _choice(group: str, value: Any, line: str, catalog: Catalog) -> Iterator[tuple[bool, str]]:
    names = value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        yield True, f"{line}: choose an option by its name; its knobs are set one by one, {group}.key=value"
    elif value in (None, []):
        if group not in RECIPES:
            yield True, f"{line}: a run needs one of the {group} options: {listed(catalog.options(group))}"
    elif group == "experiment" and "/" in str(value):
        yield False, line
    elif isinstance(value, list) and group not in ("metric", *RECIPES):
        yield True, f"{line}: a run has one {group}; to run each of them: -m {group}={','.join(map(str, value))}"
    else:
        mended = [_mended(group, str(name), catalog) for name in names]
        yield from ((True, fault) for _, fault in mended if fault)
        known = [name for name, _ in mended if name]
        if known:
            yield False, f"{group}=[{','.join(known)}]" if isinstance(value, list) else f"{group}={known[0]}"


def _mended(group: str, name: str, catalog: Catalog) -> tuple[str | None, str | None]:
    """The option, or the nearest one and the fault."""
    if name in catalog.options(group):
        return name, None
    return catalog.nearest_option(group, name), unknown_option(catalog, group, name)


def _refused(override: Override, word: str, catalog: Catalog, multirun: bool) -> str | None:
    key = override.key_or_group
    if refused := refusal(key):
        return f"{word}: {refused}"
    if override.is_delete():
        instead = "write scheduler=none" if key == "scheduler" else "set another value instead"
        return f"{word}: a setting cannot be removed; {instead}"
    if override.package is not None:
        return f"{word}: a part has a fixed place; write {key}=..."
    if override.is_sweep_override() and not multirun:
        return _ambiguous(word, key)
    if "${" in word and not _is_interpolation(str(override.input_line)):
        return f"{word}: cannot be read: ${{...}} names another setting, or oc.env:VARIABLE"
    return None


def _is_interpolation(text: str) -> bool:
    try:
        OmegaConf.create([text])
    except GrammarParseError:
        return False
    return True


def _ambiguous(word: str, key: str) -> str:
    name, _, values = word.partition("=")
    text = f"{word}: several values for one run; to run each of them add -m"
    return text if "(" in values else f"{text}; a list is written {name}=[{values}]"


def _unreadable(word: str, catalog: Catalog) -> str:
    key, equals, _ = word.partition("=")
    if equals and not key:
        return f"{word}: is not of the form key=value; {FORM}"
    holder, dot, name = key.partition("columns.")
    if equals and dot:
        return f"{word}: cannot be read; write {quote(f'{holder}columns={{{name}: {word[len(key) + 1 :]}}}')}"
    if equals and not key.isascii():
        return f"{word}: there is no setting {key}; see them: python -m runner show settings"
    if equals:
        return f"{word}: cannot be read; put the value in quotes: \"{key}='...'\""
    groups = [group for group in GROUPS if word in catalog.options(group)]
    if groups:
        return f"{word}: is not of the form key=value; did you mean {listed(f'{g}={word}' for g in groups)}?"
    if word == "help":
        return f"{word}: is not of the form key=value; did you mean --help?"
    if word == "last" or Path(word).is_dir():
        return (
            f"{word}: is a folder or a run; write settings, such as model=cnn\n"
            f"  pictures in folders: {quote(f'dataset.path={word}')} dataset=image_folder; "
            "the settings of a run: its config.yaml"
        )
    if Path(word).is_file():
        return (
            f"{word}: is a file; a table of yours is dataset=csv {quote(f'dataset.path={word}')} dataset.target=COLUMN"
        )
    return f"{word}: is not of the form key=value; {FORM}"


OF_COLUMNS = ("dataset.target", "dataset.split_column")  # whose names may hold a comma; only -m parts them at it


def parsed(word: str, multirun: bool) -> Override | None:
    """The override in a word, its value quoted where Hydra's grammar refuses it bare; None when nothing helps."""
    override = _attempt(word)
    key, equals, value = word.partition("=")
    if override is not None and override.is_choice_sweep() and key in OF_COLUMNS and not multirun and "(" not in value:
        return _attempt(f"{key}={quoted(value)}")
    if override is not None:
        return override
    if not equals or not re.fullmatch(r"[+~]{0,2}[\w./@-]+", key):
        return None
    for text in _quotings(value, multirun):
        override = _attempt(f"{key}={text}")
        if override is not None:
            return override
    return None


@cache
def _attempt(text: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(text)
    except HydraException:
        return None


def _quotings(value: str, multirun: bool) -> Iterator[str]:
    """A list, or the values of a sweep, are quoted one by one; anything else as a whole."""
    plain_list = re.fullmatch(r"\[([^\[\]{}'\"]*)\]", value)
    if plain_list:
        yield f"[{','.join(_quoted_if_needed(item) for item in plain_list[1].split(','))}]"
    if multirun and "," in value and not re.search(r"[\[\]{}'\"]", value):
        yield ",".join(_quoted_if_needed(item) for item in value.split(","))
    yield quoted(value)


def _quoted_if_needed(item: str) -> str:
    return item if _attempt(f"key={item}") is not None else quoted(item.strip())
