"""A table of the user's own as the text with which pandas reads it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from runner.contracts import Column, Data
from runner.data.table.cells import EMPTY, in_order
from runner.data.table.dialect import BLANKS, Reading, find_layout
from runner.data.table.file import find_file, is_address
from runner.data.table.packing import unpacked
from runner.data.table.text import as_utf8
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment
from runner.export.net import WIDEST, code, joined
from runner.text import here

READING = ("delimiter", "decimal", "encoding", "header", "names")
Arrays = tuple[NDArray[Any], NDArray[Any]]
KNOBS = {"path", "target", "task", "columns", "missing", *READING}  # that are shown; others are as they always are


def table_lines(experiment: Experiment, *, as_numbers: bool) -> list[str]:
    """``x`` [N, F] with the codes of categories, and ``y`` [N]."""
    data = experiment.data
    dropped = [data.target, *data.ignored]
    return [
        f"table = pd.read_csv({joined(*reading(experiment))})",
        *category_lines([column for column in data.columns if column.categories]),
        *empty_lines(data),
        target_line(data, as_numbers=as_numbers),
        f'x = torch.tensor(table.drop(columns={code(dropped)}).to_numpy("float32"))  # {list(data.x.shape)}',
    ]


def reading(experiment: Experiment) -> Iterator[str]:
    """The file, and what pandas has to be told of it where it is not as pandas expects."""
    knobs = experiment.config.dataset.knobs
    if is_address(knobs["path"]):
        raise ConfigError(f"dataset.path={knobs['path']}: a script reads a file; save it and give its path")
    path = find_file(knobs["path"], Path(experiment.config.data_dir))
    text = as_utf8(path, unpacked(path), knobs["encoding"])
    layout = find_layout(path, text.utf8, Reading(**{name: knobs[name] for name in READING}), [experiment.data.target])
    yield code(here(path))
    separator = r"\s+" if layout.delimiter == BLANKS else layout.delimiter
    yield from [f"sep={code(separator)}"] * (separator != ",")
    yield from [f"decimal={code(layout.decimal)}"] * (layout.decimal != ".")
    yield from [f"encoding={code(text.encoding)}"] * (text.encoding != "utf-8")
    yield from ["skiprows=1"] * text.utf8.startswith((b"\r", b"\n"))  # where the file may have a line for Excel
    yield from ["skipinitialspace=True"] * (layout.delimiter != BLANKS and f"{layout.delimiter} ".encode() in text.utf8)
    words = chain(experiment.data.class_names, *(column.categories for column in experiment.data.columns))
    yield from ["keep_default_na=False"] * (not EMPTY.isdisjoint(words))  # a category may be called None
    if knobs["names"] is not None or not layout.has_header:
        yield f"header={0 if layout.has_header else None}"
        numbered = [f"c{i}" for i in range(1, len(layout.names) + 1)]
        counted = f'[f"c{{i}}" for i in range(1, {len(numbered) + 1})]'
        yield f"names={counted if list(layout.names) == numbered else code(list(layout.names))}"


def category_lines(columns: Sequence[Column]) -> Iterator[str]:
    """Words become their numbers in the order that pandas finds too; where another was given, in that one."""
    plain = [column.name for column in columns if column.categories == in_order(column.categories)]
    if plain:
        yield f"words = {code(plain)}"
        yield 'table[words] = table[words].apply(lambda column: column.astype("category").cat.codes)'
    for column in columns:
        if column.name not in plain:
            cells = f"table[{code(column.name)}]"
            yield f"{cells} = pd.Categorical({cells}, {code(list(column.categories))}).codes"


def empty_lines(data: Data) -> Iterator[str]:
    """What counts as a number, and of which pandas makes -1 where the cell is empty."""
    cells = zip(data.columns, data.x.T, strict=True) if isinstance(data.x, torch.Tensor) else ()
    if lacking := [column.name for column, x_N in cells if column.ordered and x_N.isnan().any()]:
        yield f"codes = table[{code(lacking)}]"
        yield f"table[{code(lacking)}] = codes.where(codes >= 0)  # an empty cell is no number"


def target_line(data: Data, *, as_numbers: bool) -> str:
    cells, dtype = f"table[{code(data.target)}]", "float32" if as_numbers else "int64"
    if data.task == "regression":
        return f'y = torch.tensor({cells}.to_numpy("{dtype}"))'
    line = f'y = torch.tensor({cells}.astype("category").cat.codes.to_numpy("{dtype}"))'
    with_names = f"{line}  # {', '.join(data.class_names)}"
    return with_names if len(with_names) <= WIDEST and with_names.isprintable() else line


def check_table(reading_lines: Sequence[str], preparing_lines: Sequence[str], experiment: Experiment) -> None:
    """Raises ConfigError where the lines, run in a process of their own, do not bring the rows that the net gets.

    Pandas knows other empty cells and other categories than this program: to run it is to know.
    """
    data, train_rows = experiment.data, experiment.split.train.numpy()
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            y, rows = pool.submit(_arrays, reading_lines, preparing_lines, train_rows).result()
        x = experiment.parts.preprocess(data.x).cpu().numpy()
        is_same = np.array_equal(y, data.y) and rows.shape == x.shape and np.allclose(rows, x, rtol=1e-6, atol=1e-6)
        why = "" if is_same else "other values"
    except Exception as fault:  # whatever pandas or torch say of a file that they read otherwise
        why = (str(fault) or type(fault).__name__).splitlines()[0][:80]
    if why:
        path = experiment.config.dataset.knobs["path"]
        raise ConfigError(f"dataset.path={path}: pandas, which a script has, reads it otherwise: {why}")


def _arrays(reading_lines: Sequence[str], preparing_lines: Sequence[str], train_rows: NDArray[Any]) -> Arrays:
    """([N] the targets that the lines read, the rows that they prepare); run in a process of its own."""
    import pandas as pd

    names: dict[str, Any] = {"torch": torch, "nn": nn, "pd": pd, "train_rows": torch.from_numpy(train_rows)}
    with warnings.catch_warnings(action="ignore"):
        exec("\n".join(reading_lines), names)
        y = names["y"].numpy()
        exec("\n".join(preparing_lines), names)
    return y, names["x"].numpy()
