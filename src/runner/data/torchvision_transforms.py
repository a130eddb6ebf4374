"""The fixed transforms of torchvision.transforms.v2, on float32 pictures [N, C, H, W] in front of the net."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from runner.config.step_knobs import TORCHVISION
from runner.data.numeric import Normalise
from runner.data.transform import Columns, Shape, Transform
from runner.errors import ConfigError


class ToUnit(Transform):
    """Bytes become 0..1; other numbers stay, as ``ToTensor`` leaves them."""

    divisor: Tensor  # 255 for bytes, 1 for other numbers

    def __init__(self, in_shape: Shape, columns: Columns):
        super().__init__(in_shape, columns)
        self.register_buffer("divisor", torch.tensor(255.0))

    def forward(self, x: Tensor) -> Tensor:
        return x.div_(self.divisor)


class AsItIs(Transform):
    """What changes the kind of a picture where the rows are float32 tensors already."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def to_dtype(in_shape: Shape, columns: Columns, *, dtype: str, scale: bool | None) -> Transform:
    """``ToDtype(float32)``; the rows are float32 already."""
    return ToUnit(in_shape, columns) if scale else AsItIs(in_shape, columns)


NEEDS = {
    "GaussianBlur": "kernel_size must be less than twice a side",
    "Pad": "with padding_mode reflect or symmetric, padding must be less than a side",
    "Resize": "max_size must be larger than size, which must be one number",
}


class Torchvision(Transform):
    """The class ``name`` of torchvision with the arguments that are given. Raises ConfigError where it cannot work."""

    def __init__(self, in_shape: Shape, columns: Columns, *, name: str, **arguments: Any):
        super().__init__(in_shape, columns)
        from torchvision.transforms import v2

        given = {key: value for key, value in arguments.items() if value is not None}
        try:
            self.change = getattr(v2, name)(**given)
            self(torch.zeros(1, *in_shape))
        except (RuntimeError, ValueError, TypeError) as fault:
            sizes = f"pictures of {in_shape[1]} x {in_shape[2]}"
            needs = NEEDS.get(name, str(fault))
            raise ConfigError(f"dataset.transforms: {name} does not work on {sizes}: {needs}") from fault

    def forward(self, x_NCHW: Tensor) -> Tensor:
        changed: Tensor = self.change(x_NCHW.contiguous())  # another memory layout takes another kernel
        return changed


OWN: Mapping[str, Any] = {
    "ToTensor": ToUnit,
    "ToImage": AsItIs,
    "ToDtype": to_dtype,
    "Normalize": Normalise,
}
TRANSFORMS: Mapping[str, Any] = {name: OWN.get(name) or partial(Torchvision, name=name) for name in TORCHVISION}
CHANNELS: Mapping[str, Shape] = {  # of pictures; (): any
    name: (1, 3) if name in ("Grayscale", "RGB") else () for name in TORCHVISION if name not in OWN
}
