"""What the text of a table means to a trained net: kept with every run of a table, enough to read new rows.

Shapes: n rows, F features.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from runner.contracts import Column, Data, Task
from runner.data.cells import is_empty, number
from runner.data.encodings import as_utf8, unpacked
from runner.data.layout import Reading, find_layout, first_record
from runner.data.table_text import TableText
from runner.errors import DataError


@dataclass(frozen=True)
class Schema:
    """The columns of a table as the train rows told them."""

    columns: tuple[Column, ...]  # the features, in the order of x
    target: str  # "" where it has no name
    task: Task
    class_names: tuple[str, ...]
    ignored: tuple[str, ...]  # columns that may be there and are not read

    def as_dict(self) -> dict[str, Any]:
        """Plain data: ``read_schema`` of it gives this Schema again."""
        return {**asdict(self), "columns": [asdict(column) for column in self.columns]}


@dataclass(frozen=True)
class CellFault:
    """Why a row cannot be read."""

    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {repr(self.value) if self.value else 'empty'} {self.reason}"


@dataclass(frozen=True)
class ReadRows:
    """Rows of text as numbers."""

    x_NF: Tensor  # [n, F] float32 raw codes, of the rows without a fault: what the preprocessing takes
    lines: tuple[int, ...]  # [n] where each of them stands
    faults: tuple[CellFault, ...]  # of the others


def schema_of(data: Data) -> Schema | None:
    """The schema of a table that was fitted; None for images and for tables without named columns."""
    if not data.columns:
        return None
    return Schema(data.columns, data.target, data.task, data.class_names, data.ignored)


def read_schema(plain: Any) -> Schema:
    """A stored schema. Raises DataError where it is none."""
    try:
        columns = tuple(
            Column(**{**column, "categories": tuple(map(str, column["categories"]))}) for column in plain["columns"]
        )
        names = {key: tuple(map(str, plain[key])) for key in ("class_names", "ignored")}
        return Schema(columns, str(plain["target"]), plain["task"], **names)
    except (KeyError, TypeError) as fault:
        raise DataError(f"the schema of the table is damaged: {fault}") from fault


def read_file(schema: Schema, path: Path, reading: Reading) -> ReadRows:
    """The rows of a file, whose columns may stand in any order, others among them; what is wrong with a row is told
    of it alone. Without a header the columns have to be those of the schema in their order.

    Raises DataError where the file is no table, or a column that the net needs is not there.
    """
    encoded = as_utf8(path, unpacked(path), reading.encoding)
    wanted = [column.name for column in schema.columns]
    layout = find_layout(path, encoded.utf8, reading, wanted)
    names: Sequence[str] = layout.names
    if not layout.has_header and reading.names is None and len(names) - len(wanted) in (0, 1):
        names = [*wanted, schema.target][: len(names)]
    lacking = [name for name in wanted if name not in names]
    if lacking:
        raise DataError(
            f"{path}: lacks {', '.join(lacking)}: the net was trained on {', '.join(wanted)}; line 1 has "
            f"{', '.join(map(repr, first_record(encoded.utf8, layout.delimiter)))}"
        )
    text = TableText(path, encoded.encoding, layout, encoded.utf8)
    text.check_widths()
    rows = ((line, dict(zip(names, cells, strict=False))) for line, cells in text.records())
    return read_rows(schema, rows, layout.decimal)


def read_rows(schema: Schema, rows: Iterable[tuple[int, Mapping[str, str]]], decimal: str = ".") -> ReadRows:
    """Rows that are given as (line, {column: text}). A column that is not among them is an empty cell."""
    x, lines, faults = [], [], []
    for line, cells in rows:
        values = [value_of(column, cells.get(column.name, "").strip(), decimal) for column in schema.columns]
        wrong = [
            CellFault(line, column.name, cells.get(column.name, "").strip(), value)
            for column, value in zip(schema.columns, values, strict=True)
            if isinstance(value, str)
        ]
        faults += wrong
        if not wrong:
            x.append(values)
            lines.append(line)
    x_NF = torch.tensor(x, dtype=torch.float32).view(len(x), len(schema.columns))
    return ReadRows(x_NF, tuple(lines), tuple(faults))


def value_of(column: Column, text: str, decimal: str = ".") -> float | str:
    """What a cell is to the net, as the table's reader made it of the train rows; in words, why it is nothing."""
    if column.categories:
        return _code_of(column, text)
    if is_empty(text):
        return float("nan") if column.missing != "refused" else "is no value: no train row lacked one"
    value = number(text, decimal)
    if value is None:
        return "is no number"
    return value if torch.tensor(value, dtype=torch.float32).isfinite() else "is too large for float32"


def _code_of(column: Column, text: str) -> float | str:
    if text in column.categories:
        return float(column.categories.index(text))
    if is_empty(text) and column.missing != "refused":
        return float("nan") if column.is_number else -1.0
    if column.takes_unknown and text:
        return -1.0
    some = ", ".join([*column.categories[:8], *["..."] * (len(column.categories) > 8)])
    return f"is none of {some}"
