"""What may follow the words typed so far, for the tab key. Reads the YAML files alone: no Hydra, no torch, 0.1 s."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress

from runner.config.catalog import GROUPS, PARTS, Catalog, conf_folders
from runner.errors import ConfigError
from runner.records.past_run import run_paths
from runner.records.run_directory import usual_output_dir

COMPOSING = ("train", "view", "explain", "code")  # verbs followed by group=option key=value
READING = ("resume", "eval", "predict", "view", "report")  # verbs followed by a run
CHANGEABLE = ("data_dir=", "device=", "threads=", "trusted=", "output_dir=")  # beside a run that is there
OWN = {
    "resume": ("epochs=", "max_steps=", "num_workers=", *CHANGEABLE),
    "eval": ("checkpoint=", *CHANGEABLE),
    "predict": ("checkpoint=", *CHANGEABLE),
    "completion": ("bash", "zsh"),
}
NEWEST = 20  # runs offered where nothing of a path is typed yet


def candidates(line: str, verbs: Collection[str]) -> list[str]:
    """The whole words that the last word of ``line`` may become; what ends in = or . goes on."""
    _, *words, begun = shell_words(line)
    found = following(words[0], words[1:], begun) if words else verbs
    return [word for word in dict.fromkeys(found) if word.startswith(begun) and word.isprintable()]


def shell_words(line: str) -> list[str]:
    """The words as a shell takes them, the last of which is still being typed: "" where it is not begun."""
    for open_quote in ("", "'", '"'):
        with suppress(ValueError):
            *words, begun = shlex.split(f"{line}|{open_quote}")  # the mark makes a word of what is not begun
            return [*words, begun.removesuffix("|")]
    return line.split(" ")


def following(verb: str, words: Sequence[str], begun: str) -> Iterator[str]:
    yield from OWN.get(verb, ())
    if verb == "show":
        yield from showable(begun)
    if verb == "fetch":
        yield from Catalog(conf_folders()).options("dataset")
    if verb in COMPOSING:
        yield from overrides(words, begun)
    if verb in READING:
        yield from run_names(begun)


def showable(begun: str) -> Iterable[str]:
    catalog = Catalog(conf_folders())
    group, equals, _ = begun.partition("=")
    return [f"{group}={name}" for name in catalog.options(group)] if equals else [*GROUPS, "settings"]


def overrides(words: Sequence[str], begun: str) -> Iterator[str]:
    """Groups and settings; of a group that is typed out its options, or the knobs of the one that is chosen."""
    catalog = Catalog(conf_folders())
    group, equals, _ = begun.partition("=")
    if equals:
        listed = begun[: max(map(begun.rfind, "=[,")) + 1]  # of several only the last is still being typed
        yield from (f"{listed}{name}" for name in catalog.options(group) if group in GROUPS)
        return
    yield from (f"{name}=" for name in GROUPS)
    yield from (f"{name}=" for name in catalog.settings)
    chosen = catalog.defaults | dict(word.split("=", 1) for word in words if word.partition("=")[0] in GROUPS)
    for part, option in chosen.items():
        if part in PARTS:
            yield from knobs(catalog, part, option) if begun.startswith(part) else [f"{part}."]


def knobs(catalog: Catalog, group: str, option: str) -> Iterator[str]:
    where = f"metric.{option}" if group == "metric" else group
    try:
        yield from (f"{where}.{knob}=" for knob in catalog.option(group, option).knobs)
    except ConfigError:
        return  # a name that is wrong is told when the line is entered


def run_names(begun: str) -> Iterator[str]:
    """``last``, and the run directories: the newest, or those of which the beginning is typed."""
    yield "last"
    paths = sorted(map(str, run_paths(usual_output_dir())))
    yield from paths if begun else paths[-NEWEST:]
