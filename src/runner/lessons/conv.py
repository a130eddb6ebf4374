"""Convolution: its kernel on numbers, the sizes of the notes, and how one size comes about."""

from __future__ import annotations

from runner.lessons.conv_sizes import ConvSizes, drawing
from runner.lessons.lesson import Lesson

PLAIN = ConvSizes(kernel_size=(3, 3), stride=(1, 1), padding=(0, 0), dilation=(1, 1), input=(16, 50, 100))
NOTES = ConvSizes(kernel_size=(3, 5), stride=(2, 1), padding=(4, 2), dilation=(3, 1), input=(16, 50, 100))
WHOLE = """
# A kernel slides over the picture; at each place its weights are multiplied by the pixels below, and added up.
import torch
from torch import nn
picture = torch.tensor([[[[0.0, 0.0, 1.0, 1.0]] * 3]])
kernel = torch.tensor([[[[-1.0, 1.0]]]])
nn.functional.conv2d(picture, kernel)

# That kernel finds where it gets brighter to the right. A layer learns its kernels, one for each channel it gives.
conv = nn.Conv2d(1, 20, kernel_size=5)
conv.weight.shape, conv.bias.shape

# A kernel of 5 has 28 - 5 + 1 places on a side of 28 pixels.
conv(torch.rand(100, 1, 28, 28)).shape
nn.Conv2d(3, 20, 5)(torch.rand(4, 3, 28, 28)).shape

# A stride of 2 takes every second place. The sizes are batch, channels, height, width.
x = torch.rand(20, 16, 50, 100)
nn.Conv2d(16, 33, 3, stride=2)(x).shape

# padding puts zeros around the picture: with half a kernel at each side it keeps its size.
nn.Conv2d(16, 33, 3, padding=1)(x).shape

# groups let each output see a part of the channels only; the fewer it sees, the fewer weights there are.
nn.Conv2d(16, 32, 3).weight.shape
nn.Conv2d(16, 32, 3, groups=16).weight.shape
"""
IMPORTS = """
import torch
from torch import nn
"""
SIZED = """
# A pair is for height and width; dilation leaves gaps in the kernel. The device "meta" computes shapes alone.
conv = nn.Conv2d(
    {channels}, 33, kernel_size={kernel_size},
    stride={stride}, padding={padding},
    dilation={dilation}, device="meta",
)
x = torch.empty(20, {channels}, {height}, {width}, device="meta")
conv(x).shape
"""


def lesson(sizes: ConvSizes | None = None) -> Lesson:
    """The whole lesson, or what ``sizes`` come to; the drawing of one size stands below either."""
    if sizes is None:
        return Lesson("one small pattern, looked for everywhere", WHOLE + sized(NOTES), drawing(NOTES))
    return Lesson("how the size comes about", IMPORTS + sized(sizes), drawing(sizes))


def sized(sizes: ConvSizes) -> str:
    channels, height, width = sizes.input
    return SIZED.format(**vars(sizes), channels=channels, height=height, width=width)
