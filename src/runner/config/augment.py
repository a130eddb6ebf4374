"""The list ``dataset.augment`` as it may be written, checked without torch."""

from typing import Any

from runner.config.steps import Kinds, Knob, Spec, is_count, is_number, is_share, is_size, read_specs


def read_augment(augment: Any) -> tuple[Spec, ...]:
    """The steps of a list such as ``[{flip: {horizontal: 0.5}}, {shift: {pixels: 2}}]``.

    Raises ConfigError with every fault.
    """
    return read_specs("dataset.augment", augment, KNOBS)


def _is_angle(value: Any) -> bool:
    return is_number(value) and 0 < value <= 180


PROBABILITY = Knob(is_share, "a probability, 0..1", required=True)
PIXELS = Knob(is_count, "a whole number of at least 1", required=True)
KNOBS: Kinds = {
    "flip": {"horizontal": PROBABILITY, "vertical": Knob(is_share, "a probability, 0..1", required=False)},
    "shift": {"pixels": PIXELS},
    "crop": {"padding": PIXELS},
    "rotation": {"degrees": Knob(_is_angle, "a number above 0, up to 180", required=True)},
    "erasing": {"probability": PROBABILITY, "size": Knob(is_size, "[height, width] in pixels", required=True)},
}
