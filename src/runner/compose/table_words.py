"""A table of one's own as a line names it: by its path, with the column to predict."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runner.compose.line import YAML, Meant, Piece
from runner.config.catalog import RECIPES
from runner.config.spelling import listed
from runner.data.table.file import is_address
from runner.data.table.head import column_names
from runner.text import expanded

TABLE = re.compile(r".+\.(csv|tsv|tab|dat|data|txt|xlsx?|ods|parquet|feather)(\.(gz|bz2|xz|zst|zip))?", re.IGNORECASE)
NAME_COLUMN = "name the column to predict"
MOST_COLUMNS = 12  # named in a message
CSV = "dataset=csv"
COLUMN = "dataset.target=COLUMN"  # in the place of one that is not known


def is_table(word: str) -> bool:
    return is_address(word) or (TABLE.fullmatch(word) is not None and "=" not in word and "," not in word)


def table(path: str) -> Meant:
    """A table of one's own, by its file or address."""
    words = (CSV, f"dataset.path={path}", COLUMN)
    return Meant(words, f"a table of yours is {CSV}; {_about_columns(path) or NAME_COLUMN}")


def untargeted(path: str) -> Meant:
    """The path of a table of which nobody has said what is to be predicted."""
    return Meant((f"dataset.path={path}", COLUMN), "; ".join(filter(None, [NAME_COLUMN, _about_columns(path)])))


def columns(path: str) -> tuple[str, ...]:
    return () if is_address(path) else column_names(expanded(path))


def _about_columns(path: str) -> str:
    names = columns(path)
    if not names:
        is_here = is_address(path) or expanded(path).exists()
        return "" if is_here else "there is no such file here"
    more = len(names) - MOST_COLUMNS
    return f"its columns: {listed(names[:MOST_COLUMNS])}" + (f" and {more} more" if more > 0 else "")


def lacking(line: Sequence[Piece]) -> tuple[str, ...]:
    """The words that the path of a table needs and that no word and no file may have said."""
    keys = {piece.key for piece in line}
    if keys & {*RECIPES} or any(YAML.fullmatch(piece.text) for piece in line):
        return ()
    if "dataset" in keys and all(piece.text != CSV for piece in line):
        return ()
    return (*(() if "dataset" in keys else (CSV,)), *(() if any("target" in key for key in keys) else (COLUMN,)))
