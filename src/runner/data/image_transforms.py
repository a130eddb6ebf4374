"""Fixed steps that only images take: size and colours. Shapes: N rows, C channels, H W pixels."""

from torch import Tensor
from torch.nn import functional

from runner.contracts import Column
from runner.data.transform import Transform
from runner.errors import ConfigError

LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look: ITU-R BT.601, what Pillow and torchvision take


class Resize(Transform):
    """[N, C, H, W] -> [N, C, *size], bilinear; where it shrinks, every pixel is an average of all it stands for."""

    def __init__(self, in_shape: tuple[int, ...], columns: tuple[Column, ...], *, size: list[int]):
        _check_images("resize", in_shape)
        super().__init__(columns)
        self.size = (size[0], size[1])

    def forward(self, x_NCHW: Tensor) -> Tensor:
        # contiguous: another memory layout takes another kernel, whose last bits differ
        x_NCHW = x_NCHW.contiguous()
        return functional.interpolate(x_NCHW, self.size, mode="bilinear", align_corners=False, antialias=True)


class Grey(Transform):
    """[N, 3, H, W] -> [N, 1, H, W], the brightness; images that are grey already stay as they are."""

    def __init__(self, in_shape: tuple[int, ...], columns: tuple[Column, ...]):
        _check_images("grey", in_shape, channels=(1, 3))
        super().__init__(columns)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        if x_NCHW.shape[1] == 1:
            return x_NCHW
        red, green, blue = x_NCHW.unbind(1)
        return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue).unsqueeze(1)


class Colour(Transform):
    """[N, 1, H, W] -> [N, 3, H, W], the same three times; images that have colours already stay as they are."""

    def __init__(self, in_shape: tuple[int, ...], columns: tuple[Column, ...]):
        _check_images("colour", in_shape, channels=(1, 3))
        super().__init__(columns)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return x_NCHW if x_NCHW.shape[1] == 3 else x_NCHW.repeat(1, 3, 1, 1)


class Pad(Transform):
    """[N, C, H, W] -> [N, C, H + 2 pixels, W + 2 pixels], zeros around."""

    def __init__(self, in_shape: tuple[int, ...], columns: tuple[Column, ...], *, pixels: int):
        _check_images("pad", in_shape)
        super().__init__(columns)
        self.pixels = pixels

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return functional.pad(x_NCHW, [self.pixels] * 4)


def _check_images(name: str, in_shape: tuple[int, ...], channels: tuple[int, ...] = ()) -> None:
    if len(in_shape) != 3:
        raise ConfigError(f"dataset.transforms: {name} needs images [C, H, W] and gets rows of shape {list(in_shape)}")
    if channels and in_shape[0] not in channels:
        raise ConfigError(f"dataset.transforms: {name} needs 1 or 3 channels and gets {in_shape[0]}")
