"""The command line that makes a run again, from its config: what differs from what is usual."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from runner.compose.run_name import is_made
from runner.config.catalog import Catalog, Knob, Part
from runner.config.run_config import settings_with
from runner.config.schedule import abridged
from runner.config.types import shown
from runner.config.usual import usual_knobs, usual_options, usual_settings
from runner.config.validate import leaves
from runner.errors import ConfigError
from runner.runs.ranking import Contest

BARE = re.compile(r"[A-Za-z_/.][\w/.@:-]*")
# of a whole setting, which the program itself quotes for Hydra's grammar; no function of that is called in Hangul
PLAIN = re.compile(r"[A-Za-z_/.][\w/.@:=+-]*|[^\x00-\x7f][\w/.@:=+() -]*")
KEY = re.compile(r"[A-Za-z_]\w*", re.ASCII)
READ_AS_OTHERS = ("true", "false", "null", "nan", "inf")


def command(config: Mapping[str, Any], catalog: Catalog, *flags: str) -> str:
    """``python -m runner train ...`` for a shell; ``config`` is a run's config.yaml as plain data."""
    return shlex.join(["python", "-m", "runner", "train", *flags, *words(config, catalog)])


def command_of_best(contest: Contest, catalog: Catalog, config_dir: str | None = None) -> str:
    """The command of a contest's best run, to the same bits; of all folds at once where its entry is of folds.

    Sums are split among threads, so that their number is said also where it was left to the machine.
    """
    entry = contest.entries[0]
    best = contest.best_run(entry)
    threads = best.plain_config.get("threads") or best.summary.get("threads")
    folds = {"fold": "all"} if entry.is_folded else {}
    flags = ["--config-dir", config_dir] if config_dir else []
    return command({**best.plain_config, "threads": threads, **folds}, catalog, *flags)


def words(config: Mapping[str, Any], catalog: Catalog) -> list[str]:
    """The overrides: options that are not the default ones, then knobs and settings."""
    options = {group: _single(option) for group, option in config["options"].items()}
    usual = usual_options(catalog, config["options"]["model"])
    chosen = {group: option for group, option in options.items() if option != usual.get(group)}
    named = [f"{group}={_value(option)}" for group, option in chosen.items()]
    return [*named, *_knob_words(config, catalog), *_setting_words(config, catalog)]


def _single(option: str | list[str]) -> str | list[str]:
    """accuracy for the only one of a list of metrics."""
    return option[0] if isinstance(option, list) and len(option) == 1 else option


def _knob_words(config: Mapping[str, Any], catalog: Catalog) -> Iterator[str]:
    for group, option in config["options"].items():
        parts = {option: config[group]} if group != "metric" else config[group]
        for name, part in parts.items():
            where = group if group != "metric" else f"metric.{name}"
            knobs = _knobs(catalog, group, name, config["options"]["model"])
            own = {key: value for key, value in part.items() if key != "_target_"}
            yield from _changed(abridged(Part(group, name, None, own), catalog).knobs, knobs, f"{where}.")


def _setting_words(config: Mapping[str, Any], catalog: Catalog) -> Iterator[str]:
    known = (*settings_with("is_typed", False), "options", *config["options"])
    own = {key: value for key, value in config.items() if key not in known}
    if is_made(own["name"], config["options"], _part(config, "model"), _part(config, "dataset"), catalog):
        del own["name"]
    yield from _changed(own, usual_settings(catalog, config["options"]["model"]), "")


def _part(config: Mapping[str, Any], group: str) -> Part:
    return Part(group, config["options"][group], config[group].get("_target_"), config[group])


def _changed(values: Mapping[str, Any], knobs: Mapping[str, Knob], prefix: str) -> Iterator[str]:
    for name, value in leaves(values, knobs):
        if name not in knobs or knobs[name].default != value:
            is_plain = isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in READ_AS_OTHERS
            yield f"{prefix}{name}={value if is_plain else _value(value)}"


def _knobs(catalog: Catalog, group: str, option: str, model: str) -> Mapping[str, Knob]:
    """None where the option is another program's, or was taken away: then every knob is said."""
    try:
        return usual_knobs(catalog, group, option, model)
    except ConfigError:
        return {}


def _value(value: Any) -> str:
    """As Hydra's grammar reads it back."""
    if isinstance(value, list):
        return f"[{','.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        if not all(map(KEY.fullmatch, value)):
            return json.dumps(value, ensure_ascii=False)  # which is read as YAML
        return "{" + ",".join(f"{key}:{_value(item)}" for key, item in value.items()) + "}"
    if not isinstance(value, str):
        return shown(value)
    return value if BARE.fullmatch(value) and value.lower() not in READ_AS_OTHERS else quoted(value)


def quoted(text: str) -> str:
    """The text as Hydra's grammar takes it, whatever is in it."""
    from hydra.core.override_parser.types import Quote, QuotedString  # 0.2 s, and few words need it

    return QuotedString(text, Quote.single).with_quotes()
