"""How large the output of a convolution is: the formula (torch.nn.Conv2d) with its numbers, and a drawing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

END = 20  # characters drawn of each end of a side that is longer than both
GAP = " ... "
ROOM = "room = in + 2 x padding - dilation x (kernel - 1) - 1"
SIZE = "size = room / stride, rounded down, + 1"


@dataclass(frozen=True)
class Side:
    """The height or the width of a picture, and the convolution along it."""

    name: str
    size: int
    kernel: int
    stride: int
    padding: int
    dilation: int

    @property
    def padded(self) -> int:
        return self.size + 2 * self.padding

    @property
    def span(self) -> int:
        return self.dilation * (self.kernel - 1) + 1

    @property
    def room(self) -> int:
        """By how much the kernel can move; negative where it does not fit."""
        return self.padded - self.span

    @property
    def places(self) -> int:
        """The size that comes out."""
        return self.room // self.stride + 1


@dataclass(frozen=True)
class ConvSizes:
    """The arguments of a Conv2d, height before width, and its ``input``: channels, height, width."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    input: tuple[int, ...]

    @property
    def sides(self) -> tuple[Side, Side]:
        numbers = zip(self.input[1:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        height, width = (Side(name, *values) for name, values in zip(("height", "width"), numbers, strict=True))
        return height, width


def drawing(sizes: ConvSizes) -> tuple[str, ...]:
    """The formula, and for each side its numbers in it and the kernel at its first, second and last place."""
    height, width = sizes.sides
    head = f"{height.size} x {width.size} -> {height.places} x {width.places}"
    return (head, "", ROOM, SIZE, *(line for side in sizes.sides for line in side_lines(side)))


def side_lines(side: Side) -> Iterator[str]:
    yield from ("", side.name)
    yield f"room = {side.size} + 2 x {side.padding} - {side.dilation} x ({side.kernel} - 1) - 1 = {side.room}"
    yield f"size = {side.room} / {side.stride}, rounded down, + 1 = {side.places}"
    yield f"  {cut('.' * side.padding + 'o' * side.size + '.' * side.padding)}"
    for place in sorted({1, min(2, side.places), side.places}):
        if place == side.places > 3:
            yield "  :"
        yield f"  {cut(at_place(side, place)).rstrip()}  place {place}"
    if left := side.room % side.stride:
        yield f"  left over at the end: {left}"


def at_place(side: Side, place: int) -> str:
    """The kernel's weights as # at its place, its gaps as -, in a line as long as the padded side."""
    kernel = ("#" + "-" * (side.dilation - 1)) * (side.kernel - 1) + "#"
    return (" " * (place - 1) * side.stride + kernel).ljust(side.padded)


def cut(line: str) -> str:
    """The two ends of a line that is too long; dots between them where something is left out."""
    if len(line) <= 2 * END + len(GAP):
        return line
    return line[:END] + (GAP if line[END:-END].strip() else " " * len(GAP)) + line[-END:]
