"""The kind of every fixed step between the raw rows and the net."""

from collections.abc import Iterable

from torch import Tensor, nn

from runner.contracts import Column

Shape = tuple[int, ...]
Columns = tuple[Column, ...]


class Transform(nn.Module):
    """One step, float32 -> float32. What becomes of a row depends on that row and the buffers alone."""

    needs_fit = False

    def __init__(self, in_shape: Shape, columns: Columns):
        super().__init__()
        self.columns = columns  # of what comes out; () for images

    def fit(self, chunks: Iterable[Tensor]) -> None:
        """Sets the buffers from the train rows, which come a chunk at a time."""
