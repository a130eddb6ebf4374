"""What can be chosen: the groups, options and knobs found in the YAML files, read without Hydra and without torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from runner.config.spelling import bare, listed, nearest
from runner.config.yaml_file import YamlFile, read_yaml
from runner.errors import ConfigError
from runner.text import expanded

PARTS = ("dataset", "model", "loss", "optimizer", "scheduler", "metric")
RECIPES = ("experiment", "debug")  # they change settings and parts, and are no part themselves
SEARCH, CLUSTER = "search", "cluster"
OF_A_SWEEP = (SEARCH, CLUSTER)  # how train -m chooses its jobs and where they run; they are no part of a run
GROUPS = (*PARTS, *RECIPES, *OF_A_SWEEP)
PRIMARY = "train"
FEWEST_ROWS = 2_000  # of a table for model=tabular, which gains nothing on fewer and takes longer
# What loss=auto comes to, by the task of the data
AUTO_LOSSES = {"multiclass": "cross_entropy", "binary": "bce_with_logits", "regression": "mse"}


@dataclass(frozen=True)
class Knob:
    """One key of an option or of the run: its default and what it means."""

    default: Any
    meaning: str


@dataclass(frozen=True)
class Option:
    """One file of a group."""

    group: str
    name: str
    path: Path
    header: tuple[str, ...]  # the comment lines at the top
    target: str | None  # dotted path of its class
    parts: Mapping[str, str]  # group -> option that it chooses along with itself
    knobs: Mapping[str, Knob]  # by dotted name, in the file's order
    brings: Mapping[str, Knob]  # of a part: what it sets of other groups and of the run, by dotted name

    @property
    def description(self) -> str:
        return " ".join(self.header)


@dataclass(frozen=True)
class Part:
    """A part as the config names it: an option with its arguments, checked, not yet built."""

    group: str  # dataset, model, ...
    option: str  # the file it came from: adam
    target: str | None  # dotted path of its class; None: to be chosen by the data (auto), or none at all
    knobs: Mapping[str, Any]  # its arguments, plain data
    chosen_for: str = field(default="", compare=False)  # why auto took it: pictures; "" where somebody did; not stored


def packaged_conf() -> Path:
    """The conf folder that came with the program: inside the wheel, or beside src in a working copy."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent.parent / "conf"


def conf_folders(config_dir: str | None = None) -> tuple[Path, ...]:
    """Where options are looked for, first folder wins: ./conf, --config-dir, ours."""
    packaged = packaged_conf()
    own = Path.cwd() / "conf"
    folders = [own] if own.is_dir() and own.resolve() != packaged else []
    if config_dir is not None:
        extra = expanded(config_dir).absolute()
        if not extra.is_dir():
            raise ConfigError(f"--config-dir {config_dir}: no such folder")
        folders.append(extra)
    return (*folders, packaged)


class Catalog:
    """The options in ``folders``; where two hold the same name the first folder wins."""

    def __init__(self, folders: Sequence[Path]):
        self.folders = tuple(folders)
        self.option = cache(self._option)  # a file is read once
        self.options = cache(self._options)

    def _options(self, group: str) -> tuple[str, ...]:
        """The names in a group, sorted."""
        names = {path.stem for folder in self.folders for path in (folder / group).glob("*.y*ml") if path.is_file()}
        return tuple(sorted(names))

    @cached_property
    def settings(self) -> dict[str, Knob]:
        """The settings of the run itself, by dotted name, in the order of train.yaml."""
        file = read_yaml(self._path("", PRIMARY))
        return dict(_knobs({k: v for k, v in file.data.items() if k not in ("defaults", "hydra")}, file.comments))

    @cached_property
    def defaults(self) -> dict[str, str]:
        """Which option each group has when none is chosen."""
        entries = read_yaml(self._path("", PRIMARY)).data.get("defaults", [])
        chosen = {k: v for entry in entries if isinstance(entry, dict) for k, v in entry.items()}
        return {group: str(chosen[group]) for group in PARTS if chosen.get(group) is not None}

    def owners(self, group: str, key: str) -> list[str]:
        """The options of a group that have this knob. A file that cannot be read owns nothing."""
        return [name for name in self.options(group) if key in self.knob_names(group, name)]

    def knob_names(self, group: str, name: str) -> set[str]:
        """Of an option, also those that hold others. A file that is not there, or cannot be read, has none."""
        try:
            knobs = self.option(group, name).knobs
        except ConfigError:
            return set()
        return {*knobs, *(knob.partition(".")[0] for knob in knobs)}

    def knob(self, group: str, option: str, key: str) -> Knob | None:
        """The knob of an option; of ``loss=auto`` one of those losses that it may come to. None where there is none."""
        names = AUTO_LOSSES.values() if (group, option) == ("loss", "auto") else (option,)
        knobs = (self.option(group, name).knobs.get(key) for name in names if name in self.options(group))
        return next(filter(None, knobs), None)

    def knob_named(self, name: str, choices: Mapping[str, Any]) -> Knob | None:
        """The setting or knob of that dotted name, ``choices`` the option of each group; None where there is none."""
        group, option, key = knob_place(name, choices)
        try:
            return self.knob(group, option, key) if group in PARTS else self.settings.get(name)
        except ConfigError:
            return None

    def nearest_option(self, group: str, word: str) -> str | None:
        """The option meant by a wrong name, or by the name of its class: CrossEntropyLoss -> cross_entropy."""
        for name in self.options(group):
            if bare(word) == bare(self._target(group, name).rpartition(".")[2]):
                return name
        return nearest(word, self.options(group))

    def _option(self, group: str, name: str) -> Option:
        if name not in self.options(group) and not (group in RECIPES and Path(name).is_absolute()):
            raise ConfigError(unknown_option(self, group, name))
        path = self._path(group, name)
        file = self._with_parents(group, _whole(group, read_yaml(path)), {name})
        header = tuple(line for line in file.header if line and not line.startswith("@package"))
        parts = dict(_parts(file.data.pop("defaults")))
        if group in RECIPES:
            return Option(group, name, path, header, None, parts, dict(_knobs(file.data, file.comments)), {})
        own = file.data.pop(group, None)
        node = dict(own) if isinstance(own, dict) else {}
        target = node.pop("_target_", None)
        knobs = {key.removeprefix(f"{group}."): knob for key, knob in _knobs(node, file.comments, f"{group}.")}
        return Option(group, name, path, header, target, parts, knobs, dict(_knobs(file.data, file.comments)))

    def _with_parents(self, group: str, file: YamlFile, seen: set[str]) -> YamlFile:
        """The file with what it takes from other options of its group by a defaults list."""
        data: dict[str, Any] = {}
        comments: dict[str, str] = {}
        chosen: list[Any] = []
        own = _entries(file.data.get("defaults"))
        for parent in _parents(group, own):
            if parent in seen or parent not in self.options(group):
                continue  # Hydra's composition says so
            above = self._with_parents(group, _whole(group, read_yaml(self._path(group, parent))), {*seen, parent})
            data = _merged(data, above.data)
            comments |= above.comments
            chosen += _entries(above.data.get("defaults"))
        comments |= {key: comment for key, comment in file.comments.items() if comment}
        return YamlFile({**_merged(data, file.data), "defaults": [*chosen, *own]}, comments, file.header)

    def _path(self, group: str, name: str) -> Path:
        endings = ("",) if Path(name).is_absolute() else (".yaml", ".yml")
        places = (folder / group / f"{name}{ending}" for folder in self.folders for ending in endings)
        if path := next(filter(Path.is_file, places), None):
            return path
        raise ConfigError(f"{Path(group, name)}.yaml: not found in {listed(map(str, self.folders))}")

    def _target(self, group: str, name: str) -> str:
        try:
            return self.option(group, name).target or ""
        except ConfigError:
            return ""


def knob_place(name: str, choices: Mapping[str, Any]) -> tuple[str, str, str]:
    """(group, option, knob) of the dotted name of a knob: metric.f1.average names its option itself."""
    group, _, knob = name.partition(".")
    if group != "metric":
        return group, str(choices.get(group)), knob
    option, _, key = knob.partition(".")
    return group, option, key


def unknown_option(catalog: Catalog, group: str, name: str) -> str:
    """The fault of an option that is not there, with the nearest and all choices."""
    meant = catalog.nearest_option(group, name)
    advice = f"did you mean {group}={meant}?" if meant else f"see them: python -m runner show {group}"
    return f"{group}={name}: no such option; {advice}\n  choices: {listed(catalog.options(group))}"


def _whole(group: str, file: YamlFile) -> YamlFile:
    """The file with its keys as they stand in the whole configuration, model.width: only some are written so."""
    if group in RECIPES or "@package _global_" in file.header:
        return file
    own = {key: value for key, value in file.data.items() if key != "defaults"}
    comments = {f"{group}.{key}": comment for key, comment in file.comments.items()}
    return YamlFile({group: own, "defaults": file.data.get("defaults")}, comments, file.header)


def _merged(data: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Both, as Hydra puts them together: mappings key by key, of anything else the second."""
    alike = {key for key, value in more.items() if isinstance(value, dict) and isinstance(data.get(key), dict)}
    return {**data, **more, **{key: _merged(data[key], more[key]) for key in alike}}


def _knobs(data: Mapping[str, Any], comments: Mapping[str, str], prefix: str = "") -> Iterator[tuple[str, Knob]]:
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            yield from _knobs(value, comments, f"{name}.")
        else:
            yield name, Knob(value, comments.get(name, ""))


def _entries(defaults: Any) -> list[Any]:
    return defaults if isinstance(defaults, list) else []


def _parents(group: str, defaults: Any) -> Iterator[str]:
    for entry in _entries(defaults):
        if isinstance(entry, str) and entry != "_self_":
            yield entry.removeprefix(f"/{group}/")


def _parts(defaults: Any) -> Iterator[tuple[str, str]]:
    """(group, option) of each line as ``- override /dataset: mnist``."""
    for entry in _entries(defaults):
        for key, option in entry.items() if isinstance(entry, dict) else ():
            if (group := str(key).removeprefix("override /")) in PARTS:
                yield group, str(option)
