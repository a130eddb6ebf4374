"""What must hold of rows and labels before a step is trained on them, and their fingerprint."""

import hashlib
from dataclasses import astuple
from math import ceil, prod

import torch
from torch import Tensor

from runner.contracts import Column, Data, Rows, TargetTransform
from runner.errors import ConfigError, DataError
from runner.text import LARGEST_EXACT, figure


def check_data(data: Data) -> None:
    """Raises DataError naming the first row, column and value that cannot be trained on."""
    _check_form(data)
    if isinstance(data.x, Tensor):  # rows that stream are checked as they are read
        _check_finite(data, data.x)
        _check_codes(data.x, data.columns)
    _check_y(data)
    _check_official(data)


def check_batch_size(batch_size: int, num_train_rows: int) -> None:
    """Raises ConfigError where not even one full batch can be made."""
    if batch_size > num_train_rows:
        most = num_train_rows
        raise ConfigError(f"batch_size={batch_size} is more than the {most} train rows; set batch_size={most} or less")


def check_accumulate_steps(accumulate_steps: int, batch_size: int, num_train_rows: int) -> None:
    """Raises ConfigError where a step would take more batches than an epoch has."""
    most = ceil(num_train_rows / batch_size)
    if accumulate_steps > most:
        smaller = max(1, num_train_rows // accumulate_steps)
        raise ConfigError(
            f"accumulate_steps={accumulate_steps}: is more than the batches of an epoch: "
            f"{num_train_rows:,} train rows make {most:,} of {batch_size:,}\n"
            f"  set accumulate_steps={most} or less, or a smaller batch, as batch_size={smaller}"
        )


def _check_form(data: Data) -> None:
    """The promises of contracts.Data, which a source of a user's own may break."""
    form = f"x is {data.x.dtype} {list(data.x.shape)}, y is {data.y.dtype} {list(data.y.shape)}"
    y_dtype = torch.float32 if data.task == "regression" else torch.int64
    if len(data.x.shape) not in (2, 4) or data.x.dtype not in (torch.uint8, torch.float32):
        raise DataError(f"{form}: x must be [N, F] or [N, C, H, W], uint8 or float32")
    if tuple(data.y.shape) != tuple(data.x.shape[:1]) or data.y.dtype != y_dtype:
        raise DataError(f"{form}: y must be [{data.x.shape[0]}] {y_dtype} for {data.task}")
    if data.columns and len(data.columns) != data.x.shape[1]:
        raise DataError(f"{form}: {len(data.columns)} columns are named")
    if not prod(data.x.shape):
        raise DataError(f"{form}: the data set is empty")


def _check_finite(data: Data, x: Tensor) -> None:
    if x.dtype == torch.uint8 or torch.stack(x.aminmax()).isfinite().all():  # at once: NaN is its own extreme
        return
    wrong = ~torch.isfinite(x)
    if fillable := [place for place, column in enumerate(data.columns) if column.missing != "refused"]:
        wrong[:, fillable] = x[:, fillable].isinf()  # NaN is an empty cell
    if first := _first(wrong):
        row, *place = first
        where = f"column {data.columns[place[0]].name}" if data.columns else f"place {place}"
        raise DataError(f"row {row}, {where}: {x[row, *place].item()} is not a finite number")


def _check_codes(x_NF: Tensor, columns: tuple[Column, ...]) -> None:
    for codes_N, column in ((x_NF[:, place], column) for place, column in enumerate(columns) if column.categories):
        last = len(column.categories) - 1
        wrong = (codes_N < 0) | (codes_N > last) | (codes_N != codes_N.round())
        if column.missing != "refused" or column.takes_unknown:
            wrong &= ~(codes_N.isnan() if column.is_number else codes_N == -1)
        if first := _first(wrong):
            value = codes_N[first].item()
            raise DataError(
                f"row {first[0]}, column {column.name}: "
                f"{figure(value, is_short=True)} is not the code of a category, 0..{last}"
            )


def _check_y(data: Data) -> None:
    y_N, num_classes = data.y, len(data.class_names)
    if data.task == "regression":
        if first := _first(~torch.isfinite(y_N)):
            raise DataError(f"row {first[0]}: the target {y_N[first].item()} is not a finite number")
        if (y_N == y_N[0]).all():
            value, column = figure(y_N[0].item(), is_short=True), f", {data.target}," if data.target else ""
            close = ", to the seven digits of float32" if abs(y_N[0].item()) > LARGEST_EXACT else ""
            raise DataError(
                f"every row has the target{column} {value}{close}: with one value there is nothing to learn"
            )
    elif first := _first((y_N < 0) | (y_N >= num_classes)):  # -100 too, which cross entropy would leave out in silence
        label = y_N[first].item()
        raise DataError(f"row {first[0]}: label {label} is not among 0..{num_classes - 1}, the codes of the classes")
    elif (y_N == y_N[0]).all():
        raise DataError(f"every row has label {y_N[0].item()}: with one class there is nothing to learn")


def check_transformed(data: Data, transform: TargetTransform | None) -> None:
    """Raises ConfigError where classes are to be predicted, DataError where a target has no logarithm."""
    if transform is None:
        return
    if data.task != "regression":
        raise ConfigError(
            f"dataset.target_transform={transform}: is for a number to predict, and this data has "
            f"{len(data.class_names)} classes; leave it out"
        )
    if first := _first(wrong := data.y <= -1):
        column = f", column {data.target}" if data.target else ""
        many = f", as of {int(wrong.sum()):,} rows" if wrong.sum() > 1 else ""
        value = figure(float(data.y[first]), is_short=True)
        raise DataError(
            f"row {first[0]}{column}: the target {value} has no log1p{many}: it has to be above -1; "
            f"leave out dataset.target_transform={transform}"
        )


def _check_official(data: Data) -> None:
    parts = [rows for rows in (data.official_val, data.official_test) if rows is not None and len(rows)]
    if not parts:
        return
    rows = torch.cat(parts)
    if rows.min() < 0 or rows.max() >= len(data.y):
        raise DataError(f"official splits name rows {rows.min()}..{rows.max()} of {len(data.y)} rows")
    if (rows.bincount() > 1).any():
        raise DataError("official splits name a row twice: validation and test must not share rows")


def _first(wrong: Tensor) -> list[int]:
    """The index of the first true element; [] where none is."""
    place: list[int] = wrong.nonzero()[0].tolist() if wrong.any() else []
    return place


def digest(data: Data) -> str:
    """SHA-256, 64 hex digits, of the rows and of what they mean: classes, columns and official splits.

    Of rows that stream, their own fingerprint stands for them.
    """
    meaning = (data.task, data.class_names, [astuple(column) for column in data.columns])
    total = hashlib.sha256(repr(meaning).encode())
    for tensor in (data.x, data.y, data.official_val, data.official_test):
        if tensor is None:
            total.update(b"none")
        elif isinstance(tensor, Rows):
            total.update(repr((tensor.dtype, tensor.shape, tensor.fingerprint())).encode())
        else:
            total.update(repr((tensor.dtype, tuple(tensor.shape))).encode())
            total.update(tensor.contiguous().numpy().data)
    return total.hexdigest()
