"""schema.json: what a row of the run's data is and what the answers mean, so that a run answers without its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

import torch
from torch import Tensor

from runner.contracts import Column, Data, Notation, Task
from runner.data.picture import edges
from runner.errors import DataError
from runner.runs.directory import RunDirectory
from runner.runs.files import read_json, write_json

FORMAT = 1
ROWS_LOOKED_AT = 1000
BRIGHTEST = 255  # of a picture in a file
LARGEST_ROW = 10**8  # numbers: 0.4 GB
LONGEST_SHOWN = 60  # characters of a value that differs
LATER = (
    "source",
    "also",
    "notation",
    *(field.name for field in fields(Notation)),
)  # of a column; an older build has none


@dataclass(frozen=True)
class Schema:
    """Raw rows, as the data set gives them and the run's transforms take them."""

    task: Task
    class_names: tuple[str, ...]  # K; () for regression
    row_shape: tuple[int, ...]  # [C, H, W] or [F]
    columns: tuple[Column, ...]  # F of a table, named by their place where the data set does not; () for pictures
    black: float  # what a pixel is where a picture is darkest
    white: float  # ... and where it is brightest
    border: float  # brightness of the edge of the train pictures, 0 to 1: which of the two is their background

    @property
    def is_pictures(self) -> bool:
        return len(self.row_shape) == 3


def schema_of(data: Data, train_rows: Tensor) -> Schema:
    """The schema of a data set whose first train rows show which values it takes."""
    row_shape = tuple(data.x.shape[1:])
    columns = data.columns or tuple(Column(f"column_{i}") for i in range(row_shape[0]))
    plain = Schema(data.task, data.class_names, row_shape, columns, 0.0, 1.0, 0.0)
    if not plain.is_pictures:
        return plain
    if not isinstance(data.x, Tensor):  # streams: not read for this alone; bytes are 0..255, the rest is unknown
        return replace(plain, columns=(), white=float(BRIGHTEST) if data.x.dtype == torch.uint8 else 1.0)
    return _with_brightness(replace(plain, columns=()), data.x[train_rows[:ROWS_LOOKED_AT]])


def _with_brightness(schema: Schema, x_NCHW: Tensor) -> Schema:
    """Bytes that are all small are of fewer shades (digits: 0..16); others are meant to reach 255."""
    white, black = float(x_NCHW.max()), 0.0
    if x_NCHW.dtype != torch.uint8:
        black = float(x_NCHW.min())
    elif white > BRIGHTEST // 2:
        white = float(BRIGHTEST)
    mean = torch.cat([edge.flatten() for edge in edges(x_NCHW)]).float().mean().item()
    return replace(schema, black=black, white=white, border=(mean - black) / (white - black or 1.0))


def as_dict(schema: Schema) -> dict[str, Any]:
    """Plain data, for schema.json and for every checkpoint."""
    return {"format": FORMAT, **asdict(schema)}


def write_schema(directory: RunDirectory, schema: Schema) -> None:
    write_json(directory.schema, as_dict(schema))


def read_schema(directory: RunDirectory) -> Schema:
    """schema.json. Raises DataError when it is damaged or of another format."""
    return _checked(read_json(directory.schema), directory.schema)


def saved_schema(saved: Mapping[str, Any], where: Path) -> Schema | None:
    """The schema in a checkpoint, ``where`` it lies; None in one of an early build. Raises DataError."""
    return _checked(dict(saved["schema"]), where) if isinstance(saved.get("schema"), Mapping) else None


def check_same_schema(read: Schema, saved: Schema, path: Path) -> None:
    """Raise DataError, naming what differs, where schema.json is not what the net was trained with."""
    if read != saved:
        raise DataError(
            f"{path}: changed since the run was saved: {_difference('', saved, read)}\n"
            "  put it back, or take it away: the checkpoint has it too"
        )


def _difference(name: str, before: Any, now: Any) -> str:
    """The first thing that is not as it was, by its place: class_names[0] was cat, is dog."""
    if is_dataclass(before):
        field = next(field for field in vars(before) if getattr(before, field) != getattr(now, field))
        return _difference(f"{name}.{field}" if name else field, getattr(before, field), getattr(now, field))
    if isinstance(before, tuple) and len(before) == len(now):
        place = next(place for place, (old, new) in enumerate(zip(before, now, strict=True)) if old != new)
        return _difference(f"{name}[{place}]", before[place], now[place])
    old, new = (
        text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} ..." for text in map(str, (before, now))
    )
    return f"{name} was {old}, is {new}"


def _checked(content: dict[str, Any], path: Path) -> Schema:
    if content.pop("format", None) != FORMAT:
        raise DataError(f"{path}: of another format; this version reads format {FORMAT}")
    try:
        schema: Schema = _read(Schema, content)
        if unknown := {column.notation.decimal for column in schema.columns} - {"", ".", ","}:
            raise ValueError(f"decimal {', '.join(unknown)}")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as fault:
        raise DataError(f"{path}: damaged: {fault}") from fault
    if not schema.row_shape or min(schema.row_shape) <= 0 or prod(schema.row_shape) > LARGEST_ROW:
        raise DataError(f"{path}: damaged: task {schema.task}, row_shape {list(schema.row_shape)}")
    return schema


def _read(kind: Any, value: Any) -> Any:
    """What was stored of a field of that type. Raises KeyError, TypeError, ValueError and the like."""
    if is_dataclass(kind):
        names = {name: of for name, of in get_type_hints(kind).items() if name in value or name not in LATER}
        return cast(Any, kind)(**{name: _read(of, value[name]) for name, of in names.items()})
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], item) for item in value)
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{value} is none of {', '.join(map(repr, get_args(kind)))}")
        return value
    return kind(value)
