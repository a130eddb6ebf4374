"""A step for pictures that a line names as a setting: resize=16, --rotation 15, normalize=0.5,1.0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runner.compose.line import NUMBER, Meant
from runner.config.catalog import Option
from runner.config.spelling import bare
from runner.config.step_knobs import AUGMENT_KNOBS, OURS
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
STEPS = {bare(name): step for step, names in NAMES.items() for name in names.split()}
NOT = ("0", "false", "no", "none", "null", "off")


def with_step(name: str, value: str, option: Option, said: dict[str, list[Any]]) -> Meant | None:
    """The steps of a data set with the one that ``name`` stands for; None where it is none, or not wanted.

    ``said`` holds the lists of steps that the line has come to so far, by knob, and takes this one.
    """
    step = STEPS.get(bare(name))
    numbers = [spelled(found[0]) for found in NUMBER.finditer(value)]
    if step is None or value.lower() in NOT or (not numbers and value.lower() not in ("true", "yes", "on")):
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
