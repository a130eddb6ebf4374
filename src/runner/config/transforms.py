"""The list ``dataset.transforms`` as it may be written, checked without torch."""

from collections.abc import Callable
from typing import Any

from runner.config.steps import Kinds, Knob, Spec, is_count, is_number, is_positive, is_size, read_specs


def read_transforms(transforms: Any) -> tuple[Spec, ...]:
    """The transforms of a list such as ``[{scale: {divisor: 255}}, normalise]``.

    Raises ConfigError with every fault.
    """
    return read_specs("dataset.transforms", transforms, KNOBS)


def _null_or_each(accepts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A test for null, one value, or a list of values."""

    def test(value: Any) -> bool:
        return value is None or accepts(value) or (isinstance(value, list) and bool(value) and all(map(accepts, value)))

    return test


KNOBS: Kinds = {
    "scale": {"divisor": Knob(is_positive, "a number above 0", required=True)},
    "normalise": {
        "mean": Knob(_null_or_each(is_number), "a number, a list, or null: from the train rows", required=False),
        "std": Knob(_null_or_each(is_positive), "numbers above 0, or null: from the train rows", required=False),
    },
    "impute": {},
    "one_hot": {},
    "flatten": {},
    "resize": {"size": Knob(is_size, "[height, width] in pixels", required=True)},
    "grey": {},
    "colour": {},
    "pad": {"pixels": Knob(is_count, "a whole number of at least 1", required=True)},
}
