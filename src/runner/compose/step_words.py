"""Steps of a data set as they are typed: [flip], or named as settings, as resize=16 or --rotation 15."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from runner.compose.line import IN_WORDS, NUMBER, Meant
from runner.config.catalog import Option
from runner.config.spelling import bare, listed
from runner.config.step_knobs import AUGMENT_KNOBS, OURS, TRANSFORM_KNOBS
from runner.config.steps import is_known_elsewhere, nearest_step, with_examples
from runner.config.types import faults, shown
from runner.config.yaml_file import spelled

# here -> elsewhere
NAMES = {
    "resize": "image_size img_size imgsz input_size resize",
    "normalise": "normalisation normalise normalization normalize",
    "grey": "gray grayscale grey greyscale",
    "flatten": "flatten",
    "pad": "pad",
    "flip": "flip hflip horizontal_flip random_flip random_horizontal_flip",
    "shift": "random_shift shift translate",
    "rotation": "random_rotation rotate rotation",
    "erasing": "cutout erasing random_erasing",
}
BY_NAME = {bare(name): step for step, names in NAMES.items() for name in names.split()}
STEPS = {"dataset.augment": AUGMENT_KNOBS, "dataset.transforms": TRANSFORM_KNOBS}


def with_step(name: str, value: str, option: Option, said: dict[str, list[Any]]) -> Meant | None:
    """The steps of a data set with the one that ``name`` stands for; None where it is none, or not wanted.

    ``said`` holds the lists of steps that the line has come to so far, by knob, and takes this one.
    """
    step, is_wanted = BY_NAME.get(bare(name)), IN_WORDS.get(value.lower())
    numbers = [] if is_wanted else [spelled(found[0]) for found in NUMBER.finditer(value)]
    if step is None or is_wanted is False or not (is_wanted or numbers):
        return None
    if step == "resize" and "size" in option.knobs:
        return Meant((f"dataset.size={shown(_sides(numbers))}",), f"{name} is called dataset.size here")
    knob = "augment" if step in AUGMENT_KNOBS else "transforms"
    if knob not in option.knobs:
        return None
    steps = said.setdefault(knob, list(option.knobs[knob].default))
    known = _knobs(step, numbers)
    entry = {step: known} if known else step
    place = next((at for at, other in enumerate(steps) if step in other), len(steps))
    if place < len(steps) and not numbers:
        return Meant((), f"dataset.{knob} has {step} already")
    steps[place : place + 1] = [entry]
    return Meant((f"dataset.{knob}={shown(steps)}",), f"{step} is a step of dataset.{knob}")


def _knobs(step: str, numbers: Sequence[Any]) -> dict[str, Any]:
    """What the step takes: the first number where it fits, else an example."""
    if step == "resize":
        return {"size": _sides(numbers)}
    if step == "normalise":
        half = len(numbers) // 2
        return {"mean": list(numbers[:half]), "std": list(numbers[half:])} if len(numbers) in (2, 6) else {}
    wanted = {key: knob for key, knob in {**OURS, **AUGMENT_KNOBS}[step].items() if knob.example}
    first = next(iter(wanted), "")
    fits = first and numbers and not faults(numbers[0], wanted[first].type, first)
    return {key: numbers[0] if fits and key == first else knob.example for key, knob in wanted.items()}


def _sides(numbers: Sequence[Any]) -> list[Any]:
    """[height, width] of one number or two; an example of none."""
    sides = [int(number) for number in numbers[:2] if number >= 1] or OURS["resize"]["size"].example
    return [sides[0], sides[-1]]


def steps(key: str, text: str) -> Meant | None:
    """Steps that are named alone, with an example of what each needs: flip, for ``[{flip: {horizontal: 0.5}}]``."""
    if re.search(r":\s*[^\s{]", text):  # knobs are given: no examples are wanted
        return _renamed(key, text)
    if key == "dataset.augment" and text.lower() in (*IN_WORDS, "none", "null"):
        usual = with_examples(["rotation"], AUGMENT_KNOBS) if IN_WORDS.get(text.lower()) else []
        return Meant((f"{key}={shown(usual)}",), f"it lists the changes: {listed(filter(str.islower, AUGMENT_KNOBS))}")
    names = [name.strip() for name in text.strip("[]").split(",")]
    near = [nearest_step(name, STEPS[key]) or name for name in names]
    entries = with_examples(names, STEPS[key]) or with_examples(near, STEPS[key]) or []
    needs = [
        f"{step} needs {listed(own)}" for entry in entries if isinstance(entry, dict) for step, own in entry.items()
    ]
    return Meant((f"{key}={shown(entries)}",), "; ".join(needs)) if needs else _renamed(key, text)


def _renamed(key: str, text: str) -> Meant | None:
    """Steps by the names that they have here: rotation for rotate."""
    found = spelled(re.sub(r":(?=\S)", ": ", text if text[:1] == "[" else f"[{text}]"))
    entries = [entry if isinstance(entry, dict) else {str(entry): None} for entry in found]
    wrong = [name for entry in entries for name in entry if name not in STEPS[key]]
    names = {name: nearest_step(name, STEPS[key]) for name in wrong if not is_known_elsewhere(name)}
    if not names or None in names.values():
        return None
    renamed = [{names.get(name, name): knobs for name, knobs in entry.items()} for entry in entries]
    steps = [entry if any(entry.values()) else next(iter(entry)) for entry in renamed]
    reasons = (f"there is no {name}; the nearest is {step}" for name, step in names.items())
    return Meant((f"{key}={shown(steps)}",), "; ".join(reasons))
