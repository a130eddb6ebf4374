"""The fingerprint of a data set, to notice that it changed between two runs."""

import hashlib
from dataclasses import astuple

from torch import Tensor

from runner.contracts import Data, Rows


def digest(data: Data) -> str:
    """SHA-256, 64 hex digits, of the rows and of what they mean: classes, columns and official splits.

    Of rows that stream, their own fingerprint stands for them.
    """
    meaning = (data.task, data.class_names, [astuple(column) for column in data.columns])
    total = hashlib.sha256(repr(meaning).encode())
    for tensor in (data.x, data.y, data.official_val, data.official_test):
        _add(total, tensor)
    return total.hexdigest()


def _add(total: "hashlib._Hash", tensor: Tensor | Rows | None) -> None:
    if tensor is None:
        total.update(b"none")
        return
    if isinstance(tensor, Rows):
        total.update(repr((tensor.dtype, tensor.shape, tensor.fingerprint())).encode())
        return
    total.update(repr((tensor.dtype, tuple(tensor.shape))).encode())
    total.update(tensor.contiguous().numpy().data)
