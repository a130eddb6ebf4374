"""What was meant by the words of a line: each as it is written here, with the reason where it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from runner.compose import step_words, table_words, values
from runner.compose.auto_model import AUTO, likely_net
from runner.compose.line import YAML, Meant, Piece, is_of_a_sweep, knobs_said, pieces, settings_file
from runner.compose.table_words import COLUMN, CSV
from runner.config.catalog import GROUPS, OF_A_SWEEP, PARTS, RECIPES, Catalog, Option
from runner.config.elsewhere import KNOBS
from runner.config.part_types import EVERY_OPTION, RUN_TIME
from runner.config.run_config import annotation_at, setting_types
from runner.config.setting_faults import near_setting, same_setting
from runner.config.spelling import another_name, bare, listed, nearest
from runner.config.usual import usual_options
from runner.data.table.head import near_column
from runner.models import torchvision_names

SWEEP = ("-m", "--multirun")
SOUGHT = ("optimizer", "model", "scheduler", "dataset", "loss")  # where a knob without its group is looked for
LAYER_COUNTS = ("depth", "layers", "n_layers", "num_hidden_layers", "num_layers")
ALONE = ("amp", "autocast", "dry_run", "fast_dev_run", "pretrained", "smoke_test", "use_amp")  # without a value
OF_WEIGHTS = ("checkpoint", "load", "model", "pretrained", "weights")
WEIGHTS = re.compile(r".+\.(pt|pth|ckpt)")
OPTION = re.compile(r"([A-Za-z]\w*)(\(.*\))?")


@dataclass(frozen=True)
class Mend:
    """A piece of the line, and the words in its place."""

    typed: str
    words: tuple[str, ...]
    reasons: tuple[str, ...] = ()  # why it is not right as it is; () where it is


def mended(words: Sequence[str], catalog: Catalog, flags: Mapping[str, bool]) -> list[Mend]:
    """The line, piece by piece. ``flags`` are those of the verb: whether a value follows."""
    return list(_Line(words, catalog, flags).mends())


class _Line:
    """The pieces of a line, and what they choose."""

    def __init__(self, words: Sequence[str], catalog: Catalog, flags: Mapping[str, bool]):
        self.catalog, self.knobs = catalog, knobs_said(words, catalog)
        self.pieces = list(pieces(words, flags, self._is_setting, self._is_switch))
        self.is_sweep = any(piece.typed[0] in SWEEP for piece in self.pieces)
        self.steps: dict[str, list[Any]] = {}  # of pictures, as the words so far want them
        self.choices = {place: meant for place, piece in enumerate(self.pieces) if (meant := self._choice(piece))}

    def mends(self) -> Iterator[Mend]:
        known = set(self.typed)
        for place, piece in enumerate(self.pieces):
            file = settings_file(piece, self.catalog.folders)
            meant = self.choices.get(place) or file or self._meant(piece)
            reasons = tuple(filter(None, ["" if file else piece.fault, meant.why]))
            added = ["-m"] if meant.is_sweep and not self.is_sweep else []
            self.is_sweep = self.is_sweep or meant.is_sweep
            groups = [word for word in meant.words if word.partition("=")[0] in known and place not in self.choices]
            yield Mend(piece.text, (*added, *(w for w in meant.words if w not in groups)), reasons)
            known |= {word.partition("=")[0] for word in meant.words if word != f"model={AUTO}"} & set(GROUPS)

    @cached_property
    def typed(self) -> dict[str, str]:
        """The option of each group that the line names, or a recipe that it names."""
        found: dict[str, str] = {}
        for meant in self.choices.values():
            group, _, name = meant.words[0].partition("=")
            if group == "experiment" and name in self.catalog.options(group):
                found |= self.catalog.option(group, name).parts
            if (group, name) != ("model", AUTO):
                found[group] = name
        if any(YAML.fullmatch(piece.text) for piece in self.pieces):
            found["experiment"] = ""  # of one's own, by its path
        return found

    @cached_property
    def options(self) -> dict[str, Option]:
        """The chosen option of each part, as far as there is one of that name."""
        lines = [f"{group}={name}" for group, name in self.typed.items()]
        lines += [word for meant in self.choices.values() for word in meant.words[1:]]
        lines += [f"{piece.key}={piece.value}" for piece in self.pieces if "." in piece.key or piece.key == "data_dir"]
        net = likely_net(lines, self.catalog)
        named = {**({"model": net} if net else {}), **self.typed}
        names = {**usual_options(self.catalog, named.get("model", "")), **named}
        known = {group: name for group, name in names.items() if name in self.catalog.options(group)}
        return {group: self.catalog.option(group, name) for group, name in known.items() if group in PARTS}

    def _is_setting(self, word: str) -> bool:
        """Whether a word that stands alone names one; a letter does not."""
        names = [*setting_types(), *GROUPS, *KNOBS, *self.knobs, "optimizer.lr"]
        return bare(word) in step_words.BY_NAME or (len(word) > 1 and another_name(word, names) is not None)

    def _is_switch(self, word: str) -> bool:
        knob, name = self.knobs.get(word), another_name(word, setting_types())
        is_bool = setting_types().get(name or "") is bool or (knob is not None and isinstance(knob.default, bool))
        return is_bool or word in ALONE or word.startswith("no_") or "cuda" in word or word == "cpu"

    def _choice(self, piece: Piece) -> Meant | None:
        """What the piece says where that is an option of a group; None where it says something else."""
        if piece.typed[0].startswith("-") and not piece.key:
            return None
        if not piece.key:
            return self._bare(piece.text)
        if piece.key == "dataset.path" and table_words.is_table(str(piece.value)) and CSV in self._lacking:
            return table_words.table(str(piece.value))
        group, value = self._group(piece.key.lstrip("+")), piece.value
        value = "true" if value is None and group == "debug" else value
        if group is None or value is None or WEIGHTS.fullmatch(value):
            return None
        why = "" if piece.key.lstrip("+") == group else f"{piece.key} is called {group} here"
        meant = values.options(group, value, self.catalog, is_sweep=self.is_sweep) or Meant((f"{group}={value}",))
        return self._fitted(Meant(meant.words, "; ".join(filter(None, [why, meant.why])), meant.is_sweep))

    @cached_property
    def _lacking(self) -> tuple[str, ...]:
        """The words that a table's path needs beside it; those of one's own train.yaml may have them."""
        usual = self.catalog.defaults["dataset"]
        return () if "path" in self.catalog.knob_names("dataset", usual) else table_words.lacking(self.pieces)

    def _group(self, key: str) -> str | None:
        """The group whose option a key chooses: optimizer, or trainer.optim of another program."""
        head, dot, _ = key.partition(".")
        is_ours = dot and (head in (*GROUPS, "hydra") or any(name.startswith(f"{head}.") for name in setting_types()))
        return None if is_ours else another_name(key.rpartition(".")[2], GROUPS)

    def _fitted(self, meant: Meant) -> Meant:
        """With the knobs that came with an option as their types want them."""
        if len(meant.words) == 1:
            return meant
        first, *others = meant.words
        group, _, name = first.partition("=")
        words, is_sweep = [first], False
        for word in others:
            key, _, text = word.partition("=")
            fit = self._fitting(key, text, {group: name})
            words += fit.words if fit else (word,)
            is_sweep = is_sweep or (fit is not None and fit.is_sweep)
        return Meant(tuple(words), meant.why, is_sweep)

    def _bare(self, word: str) -> Meant | None:
        """The option, the net or the file that stands there alone."""
        if word == "debug":
            return values.option(word, word, self.catalog)
        name = OPTION.fullmatch(word)
        groups = [group for group in GROUPS if name and another_name(name[1], self.catalog.options(group))]
        if len(groups) == 1 and (group := groups[0]):
            meant = values.option(group, word, self.catalog)
            words = meant.words if meant else (f"{group}={word}",)
            return self._fitted(Meant(words, f"write an option behind its group, {group}="))
        if table_words.is_table(word):
            return table_words.table(word)
        if re.search(r"\d", word) and (net := torchvision_names.named(word)) and bare(net) == bare(word):
            return values.of_torchvision(net)
        if values.holds_pictures(Path(word)) and word != ".":
            return values.option("dataset", word, self.catalog)
        return None

    def _meant(self, piece: Piece) -> Meant:
        if not piece.key or re.search(r"[^\w.+-]", piece.key) or Path(piece.text).exists():
            filler = Meant((), "it is no setting") if piece.text in ("and", "on", "using", "with") else None
            return self._target(piece.text) or self._epochs(piece.text) or filler or Meant(piece.typed)
        name = piece.key.lstrip("+")
        if name.startswith("no_") and piece.value is None and self._is_switch(name.removeprefix("no_")):
            name, value = name.removeprefix("no_"), "false"
        else:
            value = piece.value if piece.value is not None else "true"
        return self._setting(piece, name, value)

    def _setting(self, piece: Piece, name: str, value: str) -> Meant:
        if whole := self._whole(name, value):
            return whole
        key, added, why = self._key(name)
        if key == "dataset.target" and (column := near_column(value, self._columns)) not in (None, value):
            return Meant((*added, f"{key}={column}"), f"there is no column {value}; the nearest is {column}")
        if key == "dataset.path" and self._lacking == (COLUMN,):
            return table_words.untargeted(value)
        if known := self._known(name, key, value):
            return Meant((*added, *known.words), "; ".join(filter(None, [why, known.why])), known.is_sweep)
        plus = "+" * (len(piece.key) - len(piece.key.lstrip("+"))) if key == name else ""
        chosen = {group: option.name for group, option in self.options.items()}
        chosen |= {word.partition("=")[0]: word.partition("=")[2] for word in added}
        fit = self._fitting(key, value, chosen) if key != "device" else None
        if fit and why.startswith("there is no") and fit.why.startswith("must be"):  # neither name nor value is near
            return Meant(piece.typed)
        words = (f"{plus}{key}={value}",) if fit is None else fit.words
        of_a_sweep = "it is for the jobs of a sweep, with -m" if "." in key and is_of_a_sweep(key) else ""
        reasons = [why, fit.why if fit else "", "" if self.is_sweep else of_a_sweep]
        is_sweep = of_a_sweep != "" or (fit is not None and fit.is_sweep)
        return Meant((*added, *words), "; ".join(filter(None, reasons)), is_sweep)

    def _whole(self, name: str, value: str) -> Meant | None:
        """What a name stands for that is no setting here: layers, seeds, a step of pictures, weights to begin with."""
        if name in LAYER_COUNTS and (of_layers := self._layers(value)):
            return of_layers
        if WEIGHTS.fullmatch(value) and name in OF_WEIGHTS:
            return Meant((f"start_from={value}",), "the weights that a run begins with are start_from")
        data = self.options.get("dataset") if not self._is_right(name) else None
        of_steps = step_words.with_step(name, value, data, self.steps) if data else None
        return of_steps or values.seeds(name, value)

    def _layers(self, value: str) -> Meant | None:
        key, added, _ = self._key("channels" if self.typed.get("model", "").startswith("cnn") else "hidden")
        net = added[0].partition("=")[2] if added else self.options["model"].name
        found = values.layers(value, key, self.catalog.option("model", net).knobs.get(key.partition(".")[2]))
        return replace(found, words=(*added, *found.words)) if found else None

    def _known(self, name: str, key: str, value: str) -> Meant | None:
        """What other programs write for a value, and a setting that is nothing without another."""
        if key in ("model.name", "model.weights") and self.options["model"].name == "torchvision":
            return values.of_net(key, value)
        if key in ("folds", "fold") and value != "null" and not {*RECIPES} & self.typed.keys():
            said = {self._key(piece.key.lstrip("+"))[0] for piece in self.pieces if piece.key}
            return values.folds(key, value) if not {"folds", "fold"} <= said else None
        return values.known(name, key, value, self.catalog)

    def _target(self, word: str) -> Meant | None:
        """A column that stands beside its table: the one to predict."""
        is_column = word in self._columns
        return Meant((f"dataset.target={word}",), "the column to predict is dataset.target") if is_column else None

    def _epochs(self, word: str) -> Meant | None:
        """A number that stands alone."""
        is_number = word.isdecimal() and all(self._key(piece.key)[0] != "epochs" for piece in self.pieces if piece.key)
        return Meant((f"epochs={word}",), "a number alone is taken for epochs") if is_number else None

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        """Of the table that the line names."""
        words = [*(piece.text for piece in self.pieces), *(w for m in self.choices.values() for w in m.words)]
        paths = [word.partition("=")[2] for word in words if word.startswith("dataset.path=")]
        return tuple(column for path in paths for column in table_words.columns(path))

    def _fitting(self, key: str, text: str, chosen: Mapping[str, str]) -> Meant | None:
        known, knob = annotation_at(key, chosen, self.catalog), self.catalog.knob_named(key, chosen)
        return values.fitting(key, text, known, knob, multirun=self.is_sweep)

    def _key(self, name: str) -> tuple[str, tuple[str, ...], str]:
        """The setting or knob that ``name`` stands for, the choice that it needs, and the reason."""
        if self._is_right(name):
            return name, (), ""
        group, _, knob = name.partition(".")
        if group in PARTS and group in self.options:
            return self._knob(name, group, knob)
        own = [f"{part}.{name}" for part in SOUGHT if part in self.typed and name in self.options[part].knobs]
        if same := own[0] if len(own) == 1 else same_setting(name, setting_types(), self.options):
            return same, (), f"{name} is called {same} here"
        if owned := self._owned(name.rpartition(".")[2], SOUGHT):
            return owned
        near = near_setting(name, setting_types(), self.options)
        return (near, (), f"there is no {name}; the nearest is {near}") if near else (name, (), "")

    def _is_right(self, name: str) -> bool:
        group, _, knob = name.partition(".")
        if name in GROUPS or group in ("hydra", "metric", *OF_A_SWEEP):
            return True
        if group in PARTS:
            first = knob.partition(".")[0]
            free = {*EVERY_OPTION.get(group, ()), *RUN_TIME.get(group, ()), "_target_"}
            option = self.options[group].name if group in self.options else None
            is_left_open = option == AUTO and self.catalog.knob(group, AUTO, knob) is not None
            return option is None or is_left_open or first in self.catalog.knob_names(group, option) | free
        known = setting_types()
        return name in known or any(other.startswith(f"{name}.") or name.startswith(f"{other}.") for other in known)

    def _knob(self, name: str, group: str, knob: str) -> tuple[str, tuple[str, ...], str]:
        option = self.options[group]
        if same := another_name(knob, option.knobs):
            return f"{group}.{same}", (), f"{knob} is called {same} here"
        if "." in knob and (same := same_setting(knob, setting_types(), self.options)):
            return same, (), f"{name} is called {same} here"
        if group not in self.typed and (owned := self._owned(knob, (group,))):
            return owned
        owners = self.catalog.owners(group, knob)
        if not owners and (near := nearest(knob, option.knobs)):
            return f"{group}.{near}", (), f"{group}={option.name} has no {knob}; the nearest is {near}"
        return name, (), ""

    def _owned(self, knob: str, groups: Sequence[str]) -> tuple[str, tuple[str, ...], str] | None:
        """The knob of an option that is not chosen; of several options the one with the fewest knobs."""
        for group in groups:
            names = {
                name: another_name(knob, self.catalog.knob_names(group, name)) for name in self.catalog.options(group)
            }
            owners = [name for name, found in names.items() if found]
            if owners and group in self.typed:
                return f"{group}.{names[owners[0]]}", (), f"{knob} is of {group}"
            if owners and not any(recipe in self.typed for recipe in RECIPES):
                simplest = min(owners, key=lambda name: len(self.catalog.option(group, name).knobs))
                why = f"{knob} belongs to {listed(f'{group}={owner}' for owner in owners)}"
                return f"{group}.{names[simplest]}", (f"{group}={simplest}",), why
        return None
