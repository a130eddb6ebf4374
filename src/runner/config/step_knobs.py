"""The steps of ``dataset.transforms`` and ``dataset.augment``, and what each takes. torch is not imported.

Names in capitals are those of torchvision.transforms.v2, with its arguments and its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from runner.config.part_types import Count, Positive, Share
from runner.config.types import NotEmpty, Odd, Range


@dataclass(frozen=True)
class Knob:
    """What a knob takes. One without an ``example`` may be left out, and is null then."""

    type: Any  # with its range
    wants: str
    example: Any


Kinds = Mapping[str, Mapping[str, Knob]]  # step -> its knobs

Pixels = Annotated[int, Range(low=1, high=8192)]  # of a side: more do not fit into memory, picture by picture
COUNT = Knob(Count, "a whole number of at least 1", 2)
PROBABILITY = Knob(Share, "a probability, 0..1", 0.5)
BORDER_WIDTH = Knob(Pixels, "a whole number, 1 to 8192", 2)
SIZE = Knob(tuple[Pixels, Pixels], "[height, width] in pixels, each 1 to 8192", [8, 8])
SIDE = Knob(tuple[Pixels, Pixels] | Pixels, "[height, width] or the shorter side alone, 1 to 8192 pixels", [8, 8])
ANGLE = Knob(Annotated[float, Range(above=0, high=180)], "a number above 0, up to 180", 15)
CONSTANTS = float | Annotated[list[float], NotEmpty()]
DEVIATIONS = Positive | Annotated[list[Positive], NotEmpty()]
OURS: Kinds = {
    "scale": {"divisor": Knob(Positive, "a number above 0", 255)},
    "normalise": {
        "mean": Knob(CONSTANTS | None, "a number, a list, or null: from the train rows", None),
        "std": Knob(DEVIATIONS | None, "numbers above 0, or null: from the train rows", None),
    },
    "impute": {},
    "one_hot": {},
    "flatten": {},
    "resize": {"size": SIDE},
    "grey": {},
    "colour": {},
    "pad": {"pixels": BORDER_WIDTH},
    "quantile": {},
    "robust": {},
}
INTERPOLATIONS = Literal["nearest", "nearest-exact", "bilinear", "bicubic"]
BORDER = Annotated[int, Range(low=0, high=8192)]
BORDERS = BORDER | tuple[BORDER, BORDER] | tuple[BORDER, BORDER, BORDER, BORDER]
MODES = Literal["constant", "edge", "reflect", "symmetric"]
TORCHVISION: Kinds = {
    "ToTensor": {},
    "ToImage": {},
    "ToDtype": {
        "dtype": Knob(Literal["float32"], "float32, what a net takes", "float32"),
        "scale": Knob(bool, "true: bytes become 0..1, or false", None),
    },
    "Normalize": {
        "mean": Knob(CONSTANTS, "a number, or one for each channel", 0.5),
        "std": Knob(DEVIATIONS, "a number above 0, or one for each channel", 0.5),
    },
    "Resize": {
        "size": SIDE,
        "interpolation": Knob(INTERPOLATIONS, "nearest, nearest-exact, bilinear or bicubic", None),
        "max_size": Knob(Count, "a whole number of at least 1", None),
        "antialias": Knob(bool, "true or false", None),
    },
    "CenterCrop": {"size": Knob(tuple[Pixels, Pixels] | Pixels, "[height, width] or one number, 1 to 8192 pixels", 8)},
    "Grayscale": {"num_output_channels": Knob(Literal[1, 3], "1 or 3", None)},
    "RGB": {},
    "Pad": {
        "padding": Knob(BORDERS, "0 to 8192 pixels: one number, [x, y], or [left, top, right, bottom]", 2),
        "fill": Knob(float, "a number", None),
        "padding_mode": Knob(MODES, "constant, edge, reflect or symmetric", None),
    },
    "GaussianBlur": {
        "kernel_size": Knob(Annotated[int, Range(low=1), Odd()], "an odd whole number", 3),
        "sigma": Knob(Positive, "one number above 0: a range would be drawn anew for each picture", 1.0),
    },
}
TRANSFORM_KNOBS: Kinds = {**OURS, **TORCHVISION}
AUGMENT_KNOBS: Kinds = {
    "flip": {"horizontal": PROBABILITY, "vertical": Knob(Share, "a probability, 0..1", None)},
    "shift": {"pixels": COUNT},
    "crop": {"padding": COUNT},
    "rotation": {"degrees": ANGLE},
    "erasing": {"probability": PROBABILITY, "size": SIZE},
    "RandomHorizontalFlip": {"p": Knob(Share, "a probability, 0..1", None)},
    "RandomVerticalFlip": {"p": Knob(Share, "a probability, 0..1", None)},
    "RandomCrop": {
        "size": Knob(tuple[Count, Count] | Count, "the pictures' own [height, width] in pixels", 8),
        "padding": COUNT,
        "padding_mode": Knob(Literal["constant", "reflect"], "constant or reflect", None),
    },
    "RandomRotation": {"degrees": ANGLE},
}
