"""A table of a user's own: CSV, TSV or the like, with a header or without, packed or not, or at an address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from runner.contracts import Column, Data, Source, Task
from runner.data.download import is_address, received
from runner.data.table.column_kinds import Kind
from runner.data.table.dialect import Reading
from runner.data.table.given_splits import Official
from runner.data.table.table import Goal, Meaning, find_file, read_table
from runner.data.table.text import composed
from runner.errors import ConfigError

SAID: tuple[Kind, ...] = ("numeric", "binary", "categorical", "date", "ignored")  # an ordinal is said by its order


class Csv(Source):
    """The rows of the file ``path``; a relative path counts from the current folder, else from ``data_dir``."""

    def __init__(
        self,
        *,
        path: str,
        target: str | int,
        task: Task | None,
        columns: dict[str, Any],
        strict: bool,
        missing: Literal["refuse", "impute"] | None,
        unknown: Literal["refuse", "zeros"] | None,
        missing_values: list[str | float],
        split: Literal["official", "random", "time"] | None,
        split_column: str | None,
        split_rows: tuple[int, int] | None,
        header: bool | None,
        names: tuple[str, ...] | None,
        delimiter: str | None,
        decimal: str | None,
        thousands: str | None,
        encoding: str | None,
        skip_last: int,
    ):
        columns = {composed(str(name)): said for name, said in columns.items()}
        target = composed(target) if isinstance(target, str) else target
        split_column, names = split_column and composed(split_column), names and tuple(map(composed, names))
        _check_apart(str(target), split_column, columns)
        if decimal is not None and decimal == thousands:
            raise ConfigError(f"dataset.thousands={thousands}: is dataset.decimal too; one mark cannot be both")
        self.path = path
        self.goal = Goal(target, task, drops_empty=not strict)
        missing = missing or ("refuse" if strict else "impute")
        unknown = unknown or ("refuse" if strict else "zeros")
        self.meaning = Meaning(said_columns(columns), missing, unknown, tuple(map(spelled, missing_values)))
        self.official = Official(split_column, split_rows, split)
        self.reading = Reading(delimiter, decimal, thousands, encoding, header, names, skip_last)

    def load(self, data_dir: Path) -> Data:
        path = received(self.path, data_dir) if is_address(self.path) else find_file(self.path, data_dir)
        return read_table(path, self.reading, self.meaning, self.goal, self.official)


def spelled(value: str | float) -> str:
    """A value as a cell has it: -200, not -200.0."""
    return value if isinstance(value, str) else f"{value:.15g}"


def said_columns(columns: Mapping[str, Any]) -> dict[str, Column | Kind]:
    """``dataset.columns`` read: a kind, or the categories of an ordinal in order. Raises ConfigError."""
    wrong = [name for name, said in columns.items() if said not in SAID and not _is_order(said)]
    if wrong:
        choices = f"give {', '.join(SAID)}, or the categories of an ordinal in their order, as [S,M,L]"
        raise ConfigError(
            [f"dataset.columns.{name}={columns[name]}: {choices}{_hint(columns[name])}" for name in wrong]
        )
    return {str(name): _said(str(name), said) for name, said in columns.items()}


def _check_apart(target: str, split_column: str | None, columns: Mapping[str, Any]) -> None:
    """Raises ConfigError where something is said of a column that is no feature, which nobody would heed."""
    if target == split_column:
        raise ConfigError(f"dataset.split_column={split_column}: is the target; a column cannot be both")
    if target in columns:
        raise ConfigError(
            f"dataset.columns.{target}={columns[target]}: is the target; how to take it: dataset.task=..."
        )
    if split_column is not None and split_column in columns:
        raise ConfigError(
            f"dataset.columns.{split_column}={columns[split_column]}: is dataset.split_column, no feature"
        )


def _said(name: str, said: Any) -> Column | Kind:
    if isinstance(said, list):
        return Column(name, tuple(composed(str(category)) for category in said), ordered=True)
    kind: Kind = said
    return kind


def _is_order(said: Any) -> bool:
    return isinstance(said, list) and not _has_switch(said) and len(set(map(str, said))) == len(said) >= 2


def _has_switch(said: list[Any]) -> bool:
    return any(isinstance(category, bool) for category in said)


def _hint(said: Any) -> str:
    """True and False are no longer as they were written, and could not be told from "True" and "TRUE"."""
    is_list = isinstance(said, list)
    return "\n  put true and false, yes and no in quotes, as ['true','false']" if is_list and _has_switch(said) else ""
