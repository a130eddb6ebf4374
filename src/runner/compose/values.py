"""A value as it is typed for another program, and what is meant: gpu, 64,64 for a list, 1e-3..1e-1, resnet, my.csv."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, get_args

from runner.compose import step_words
from runner.compose.line import IN_WORDS, NUMBER, Meant
from runner.compose.table_words import is_table, table
from runner.config.catalog import RECIPES, Catalog, Knob
from runner.config.layers import activation_names
from runner.config.spelling import another_name, nearest
from runner.config.types import choices, expected, faults, shown
from runner.config.validate import MISSING
from runner.config.yaml_file import spelled
from runner.models import torchvision_names

PICTURE = re.compile(r"\.(png|jpe?g|bmp|gif|tiff?|webp|pgm|ppm)", re.IGNORECASE)
MOST_FILES = 100  # that are looked at
FUNCTIONS = ("choice", "extend_list", "glob", "interval", "range", "shuffle", "sort", "tag")  # of Hydra's grammar
OF_MODULE = re.compile(r"(?:nn|optim|torch|torchvision)\.(?:\w+\.)*(\w+(?:\(.*\))?)")  # torch.optim.Adam
CALL = re.compile(r"(\w+)\((.*)\)")
RANGE = re.compile(rf"({NUMBER.pattern})(?:\.\.\.?|:|~|\bto\b)({NUMBER.pattern})")
AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3})*)([km]?)")  # 60k or 60,000
THOUSANDS = {"": 1, "k": 1_000, "m": 1_000_000}
MOST_LAYERS = 10  # that are written out
LEAST_PERCENT = 5  # a smaller number is no percentage, but one that is too large
USUAL_FOLDS = "5"
MOST_VALUES = 10  # of a range of whole numbers
PATIENCE = "early_stopping.patience_epochs"
USUAL_PATIENCE = 5  # epochs, where somebody asks for early stopping and no more
FORMULAS = ("scheduler.lr_lambda", "scheduler.scale_fn")
COUNTS = ("gpus", "n_gpu", "num_gpus")  # of devices, not their numbers
REFUSING = ("no_cuda", "cpu")
SWITCHES = ("cuda", "use_cuda", "use_gpu")
SEEDS = ("n_repeats", "n_runs", "n_seeds", "num_runs", "num_seeds", "repeat", "repeats", "seeds")


def known(name: str, key: str, value: str, catalog: Catalog) -> Meant | None:
    """What other programs write for a value of the setting ``key``, which they call ``name``."""
    if key == "device" and name.rpartition(".")[2] in COUNTS and value.isdecimal() and int(value) > 1:
        return Meant(("device=cuda", f"devices={value}"), "their number here is devices")
    if key == "device" and (here := device(name.rpartition(".")[2], value)) != value:
        return Meant((f"device={here}",), f"the name here is {here}")
    if key == "model.activation" and (layer := nearest(value, activation_names())) not in (None, value):
        return Meant((f"{key}={layer}",), f"the name in torch.nn is {layer}")
    if (key == "precision" or name in ("bf16", "fp16")) and value.lower() in IN_WORDS:
        half = "fp16" if name == "fp16" else "bf16"
        precision = half if IN_WORDS[value.lower()] else "float32"
        return Meant((f"precision={precision}",), "a precision is float32, bf16 or fp16")
    if key == "monitor" and (metric := _monitor(value, catalog)) != value:
        return Meant((f"{key}={metric}",), "a monitor is a split and a metric")
    if key in FORMULAS and "^" in value:
        return Meant((f"{key}={value.replace('^', ' ** ')}",), "a power is written **")
    if key in step_words.STEPS:
        return step_words.steps(key, value)
    if key == "model.normalisation" and value.lower() in IN_WORDS:
        return Meant((f"{key}={'batch' if IN_WORDS[value.lower()] else 'null'}",), "it names the kind")
    is_asked = name == "early_stopping" or (key == PATIENCE and not value[:1].isdecimal())
    fixed = _patience(value) if is_asked else None
    return Meant((fixed,), "it counts the epochs without a better monitor") if fixed else None


def device(name: str, value: str) -> str:
    """The device that ``name=value`` asks for, the name as another program has it: gpus=1, gpu=0, no_cuda."""
    text = value.lower()
    if name in REFUSING:
        return "cpu" if IN_WORDS.get(text, True) else "cuda"
    if name in COUNTS and text.isdecimal():
        return "cuda" if int(text) else "cpu"
    if text.isdecimal() and name not in SWITCHES:
        return f"cuda:{text}"
    if text in IN_WORDS or text in ("gpu", "cuda", "-1"):
        return "cuda" if IN_WORDS.get(text, True) else "cpu"
    return re.sub(r"^gpu(?=:?\d)", "cuda", text)


def holds_pictures(folder: Path) -> bool:
    """Whether it has a folder for each class, as far as the first files tell."""
    return any(PICTURE.fullmatch(file.suffix) for file in islice(folder.glob("*/*"), MOST_FILES))


def option(group: str, value: str, catalog: Catalog) -> Meant | None:
    """The option of a group, where ``value`` is none of them: Adam(lr=0.1), resnet, my.csv."""
    if value in (*catalog.options(group), "", "null") or value.startswith(("{", "${")):
        return None
    if (group in RECIPES and "/" in value) or value == "all":
        return None
    if group == "model" and (file := Path(value)).suffix == ".py" and file.stem.isidentifier():
        words = ("model=module", f"model.path={value}", "model.name=MyNet", f"trusted=[{file.stem}]")
        return Meant(words, "a net of yours is model=module, with the name of its class in the place of MyNet")
    if group == "debug" and (IN_WORDS.get(value.lower()) or value in ("debug", "default")):
        return Meant(("debug=ten_steps",), "the name here is ten_steps")
    if group in RECIPES and IN_WORDS.get(value.lower()) is False:
        return Meant((f"{group}=null",), "none is written null")
    if inside := OF_MODULE.fullmatch(value):
        return option(group, inside[1], catalog) or Meant((f"{group}={inside[1]}",), f"the name here is {inside[1]}")
    if (call := CALL.fullmatch(value)) and call[1] not in FUNCTIONS:
        return _called(group, call[1], call[2], catalog)
    if group == "dataset" and is_table(value):
        return table(value)
    if group == "dataset" and holds_pictures(Path(value)) and another_name(value, catalog.options(group)) is None:
        return Meant(("dataset=image_folder", f"dataset.path={value}"), "pictures in folders are dataset=image_folder")
    same = another_name(value, catalog.options(group))
    if group == "model" and not same and (net := torchvision_names.named(value)):
        return of_torchvision(net)
    if name := same or catalog.nearest_option(group, value):
        return Meant((f"{group}={name}",), f"the name here is {name}")
    return of_torchvision(net) if group == "model" and (net := torchvision_names.near(value)) else None


def options(group: str, text: str, catalog: Catalog, *, is_sweep: bool) -> Meant | None:
    """The option, or those of a sweep or a list."""
    names = text.strip("[]").split(",")
    if (len(names) == 1 and not text.startswith("[")) or "(" in text or is_table(text):
        return option(group, text, catalog)
    found = [option(group, name, catalog) for name in names]
    right = [meant.words[0].partition("=")[2] if meant else name for meant, name in zip(found, names, strict=True)]
    why = "; ".join(dict.fromkeys(meant.why for meant in found if meant))
    if text.startswith("["):
        return Meant((f"{group}=[{','.join(right)}]",), why) if why else None
    if group == "metric" and not is_sweep:
        return Meant((f"{group}=[{','.join(right)}]",), "write several metrics in brackets")
    one_by_one = "" if is_sweep else f"a run has one {group}; -m runs each of them"
    return Meant((f"{group}={','.join(right)}",), "; ".join(filter(None, [why, one_by_one])), not is_sweep)


def of_torchvision(net: str) -> Meant:
    return Meant(("model=torchvision", f"model.name={net}"), "a net of torchvision is model=torchvision")


def of_net(key: str, value: str) -> Meant | None:
    """What torchvision calls a net, ``model.name``, or its trained weights, ``model.weights``."""
    if key == "model.weights":
        name = "DEFAULT" if value.lower() in ("true", "yes", "1", "imagenet", "default") else None
    else:
        name = torchvision_names.named(value) or torchvision_names.near(value)
    return Meant((f"{key}={name}",), f"the name here is {name}") if name not in (None, value) else None


def _called(group: str, name: str, inside: str, catalog: Catalog) -> Meant | None:
    """``Adam(lr=0.1)``: the option and a word for each argument."""
    found = another_name(name, catalog.options(group)) or catalog.nearest_option(group, name)
    arguments = [part.strip() for part in re.split(r",(?![^(\[]*[)\]])", inside) if part.strip()]
    if found is None:
        return None
    known = catalog.knob_names(group, found)
    words = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals:
            return None
        value = re.sub(r"^\((.*)\)$", r"[\1]", value.strip()).replace(" ", "")
        words.append(f"{group}.{another_name(key.strip(), known) or key.strip()}={value}")
    return Meant((f"{group}={found}", *words), "write each argument as a word of its own")


def fitting(key: str, text: str, annotation: Any, knob: Knob | None, *, multirun: bool) -> Meant | None:
    """What suits the setting or knob of that type, where ``text`` does not; None where it does, or nothing is plain."""
    if annotation is None or not faults(spelled(text), annotation, key) or "${" in text or "{" in text:
        return None
    if text in get_args(annotation):  # tensorboard=off, which YAML reads as false
        return None
    return _respelled(key, text, annotation, multirun) or (_usual(key, text, annotation, knob) if knob else None)


def _respelled(key: str, text: str, annotation: Any, multirun: bool) -> Meant | None:
    """What ``text`` says, as it is written here."""
    if found := RANGE.fullmatch(text.strip("[]")):
        values = [value for value in between(found[1], found[4]) if not faults(spelled(value), annotation, key)]
        return Meant((f"{key}={','.join(values)}",), "write out the values of a sweep", True) if values else None
    parts = re.split(r"[-x\s]+", text)
    if len(parts) > 1 and all(map(str.isdecimal, parts)):  # 128-64, or 1-5 where one number is asked for
        if not faults([int(part) for part in parts], annotation, key):
            return Meant((f"{key}=[{','.join(parts)}]",), "write a list in brackets")
        return _respelled(key, "..".join(parts), annotation, multirun) if len(parts) == 2 else None
    items = text.strip("[]()").split(",")
    if text.startswith("["):
        if len({*items}) == 1 and not faults(spelled(items[0]), annotation, key):
            return Meant((f"{key}={items[0]}",), f"must be {expected(annotation)}")
        is_sweep = multirun and not any(faults(spelled(item), annotation, key) for item in items)
        return (
            Meant((f"{key}={','.join(items)}",), "write the values of a sweep without brackets") if is_sweep else None
        )
    if not multirun and not faults([spelled(item) for item in items], annotation, key):
        return Meant((f"{key}=[{','.join(items)}]",), "write a list in brackets")
    if not multirun and len(items) > 1 and not any(faults(spelled(item), annotation, key) for item in items):
        return Meant((f"{key}={','.join(items)}",), "several values are a run each, with -m", True)
    return _single(key, text, annotation)


def _usual(key: str, text: str, annotation: Any, knob: Knob) -> Meant | None:
    """The value that the option itself has; where that is 0, the last one that its comment calls usual."""
    are_several = "," in re.sub(r"\[[^][]*\]", "", text)  # outside of lists: a sweep's
    if are_several or "(" in text or expected(annotation).startswith("text") or knob.default in ([], MISSING):
        return None
    if knob.default is None and text != "0":  # by which others mean none
        return None
    _, _, usual = knob.meaning.partition("usual: ")
    numbers = [found[0] for found in NUMBER.finditer(usual.partition(";")[0])]
    value = numbers[-1] if knob.default == 0 and numbers else shown(knob.default)
    return Meant((f"{key}={value}",), f"must be {expected(annotation)}")


def seeds(name: str, value: str) -> Meant | None:
    """``seeds=5``: so many runs that differ by their seed."""
    if name not in SEEDS or not re.fullmatch(r"[2-9]|1\d|20", value):
        return None
    return Meant((f"seed={','.join(map(str, range(int(value))))}",), "several values are a run each, with -m", True)


def layers(count: str, key: str, widths: Knob | None) -> Meant | None:
    """``layers=2``: a list of so many widths, each the first of the net's own list."""
    number = int(count) if count.isdecimal() else 0
    if not (1 <= number <= MOST_LAYERS and widths and isinstance(widths.default, list)):
        return None
    each = ",".join([str(widths.default[0])] * number)
    return Meant((f"{key}=[{each}]",), f"{key} lists the width of each layer")


def folds(key: str, value: str) -> Meant | None:
    """Their number and the one that is the test split, where only one of the two is given."""
    is_number = re.fullmatch(r"([2-9]|[1-9]\d+)(,\d+)*", value) is not None
    number = value if key == "folds" and is_number else USUAL_FOLDS
    chosen = value if key == "fold" and value.isdecimal() else "all"
    return Meant((f"folds={number}", f"fold={chosen}"), "folds is their number, fold=0 runs one and fold=all every one")


def _monitor(value: str, catalog: Catalog) -> str:
    """``val_loss`` or ``acc`` as val/loss and val/accuracy; as it is where it names a split in our way."""
    split, _, metric = re.sub(r"^(train|val)(?:id|idation)?[_/]", r"\1/", value).rpartition("/")
    return f"{split or 'val'}/{another_name(metric, ['loss', *catalog.options('metric')]) or metric}"


def _patience(value: str) -> str | None:
    if value.startswith("{"):
        return None
    if value.isdecimal():
        return f"{PATIENCE}={value}"
    return f"{PATIENCE}={'null' if value.lower() in ('false', 'no', 'off', 'null', 'none') else USUAL_PATIENCE}"


def _single(key: str, text: str, annotation: Any) -> Meant | None:
    number = spelled(text)
    amount = AMOUNT.fullmatch(text.lower())
    candidates: list[Any] = [
        IN_WORDS.get(text.lower()),
        *([int(amount[1].replace(",", "")) * THOUSANDS[amount[2]]] if amount else []),
        *([int(number)] if isinstance(number, float) and number % 1 == 0 else []),
        *([number / 100] if isinstance(number, int) and LEAST_PERCENT <= number < 100 else []),
    ]
    if text.endswith("%") and NUMBER.fullmatch(text[:-1]):
        candidates.append(float(text[:-1]) / 100)
    for value in candidates:
        if value is not None and not faults(value, annotation, key):
            return Meant((f"{key}={shown(value)}",), f"it is written {shown(value)}")
    if text.lower() in ("none", "nil", "false", "off", "no") and not faults(None, annotation, key):
        return Meant((f"{key}=null",), "nothing is written null")
    word = _choice(text, choices(annotation))
    return Meant((f"{key}={word}",), f"must be {expected(annotation)}") if word else None


def _choice(text: str, words: Sequence[str]) -> str | None:
    """The one of several words that is meant: Batch or batchnorm for batch, relative for rel, false for off."""
    if text.lower() in IN_WORDS:
        return "off" if "off" in words and not IN_WORDS[text.lower()] else None
    begun = [word for word in words if len(word) > 2 and text.lower().startswith(word.lower())]
    return nearest(text, words) or next(iter(begun), None)


def between(low: str, high: str) -> list[str]:
    """Values of a range that are worth a run: decades, doublings, whole numbers, or both ends and the middle."""
    first, last = sorted((float(low), float(high)))
    whole = all("." not in end and "e" not in end.lower() for end in (low, high))
    for factor in (10, 2):
        values = [first]
        while first > 0 and values[-1] * factor <= last * 1.0001 and len(values) < MOST_VALUES:
            values.append(values[-1] * factor)
        if len(values) > 2 and abs(values[-1] - last) <= 1e-6 * last and not (whole and last - first < MOST_VALUES):
            return [f"{value:.6g}" for value in values]
    if whole and last - first < MOST_VALUES:
        return [str(value) for value in range(int(first), int(last) + 1)]
    middle = (first * last) ** 0.5 if first > 0 and last / first >= 10 else (first + last) / 2
    return [f"{value:.3g}" for value in (first, middle, last)]
