"""``predict RUN INPUT...``: what a trained run says of pictures, of the rows of a table, of a row of its test split."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.build import libraries
from runner.cli.arguments import Parser, check_out, whole_number
from runner.errors import ConfigError
from runner.runs.saved_run import ANYWHERE, SavedRun, in_each_fold, is_run, open_run

USAGE = (
    "python -m runner predict RUN (FILE | FOLDER | column=value ... | - | --test-index 7)\n"
    "    [--invert] [--top K] [--json | --csv OUT.csv] [--overwrite] [checkpoint=best|last] [device=...]\n"
    "    [dataset.encoding=cp949] [dataset.decimal=','] where a file's own cannot be found"
)
SAID = ("encoding", "decimal")  # of a file, where it cannot be found: dataset.encoding=cp949
OWN = ("checkpoint", *(f"dataset.{key}" for key in SAID))


@dataclass(frozen=True)
class Wanted:
    """What is to be predicted, and how it is to be told."""

    files: tuple[str, ...]
    cells: dict[str, str]  # of a single row
    test_index: int | None
    invert: bool
    top: int | None
    as_json: bool
    csv: Path | None


def run(argv: list[str]) -> int:
    """The exit code of ``predict``. Raises RunnerError, at the end too where some inputs could not be predicted."""
    stored, wanted = read(argv)
    if stored.folds:
        raise ConfigError(in_each_fold(stored, "predict"))
    libraries.load()
    from runner.cli.prediction import tell_inputs, tell_test_row

    if wanted.test_index is not None:
        tell_test_row(stored, wanted, wanted.test_index)
    else:
        tell_inputs(stored, wanted)
    return 0


def read(argv: Sequence[str]) -> tuple[SavedRun, Wanted]:
    """The run and the request. Raises ConfigError or DataError."""
    own, words = parser().parse_known(argv)
    allowed = [*OWN, *ANYWHERE]
    named = next((word for word in words if is_run(word, allowed) and word != "-"), None)
    if named is None:
        raise ConfigError(f"predict: give a run directory, or last\n  {USAGE}")
    rest = list(words)
    rest.remove(named)
    changes = [word for word in rest if word.partition("=")[0] in allowed and "=" in word]
    rest = [word for word in rest if word not in changes]
    changes = [as_text(word) if word.startswith("dataset.") else word for word in changes]
    files = tuple(word for word in rest if "=" not in word or Path(word).exists())
    typed = [word.split("=", 1) for word in rest if word not in files]
    stored = open_run("predict", [named, *changes], own=OWN)
    check(own, files, [name for name, _ in typed])
    out = None if own.csv is None else Path(own.csv).expanduser()
    cells = {name: cell for name, cell in typed}
    return stored, Wanted(files, cells, own.test_index, own.invert, own.top, own.json, out)


def as_text(word: str) -> str:
    """``key=,`` as YAML reads a text."""
    key, _, text = word.partition("=")
    return f"{key}={json.dumps(text)}"


def parser() -> Parser:
    """The flags of this verb."""
    made = Parser(
        "predict",
        USAGE,
        "Answers for pictures, rows of CSV files, a row typed as column=value, or a row of the test split.",
    )
    made.add_argument(
        "--test-index", type=whole_number, metavar="N", help="a row of the test split, from 0; needs the data"
    )
    made.add_argument("--invert", action="store_true", help="pictures with dark and bright turned round")
    made.add_argument("--top", type=whole_number, metavar="K", help="how many classes are told, the likeliest first")
    made.add_argument("--json", action="store_true", help="a JSON object for each input, on standard output")
    made.add_argument("--csv", metavar="OUT.csv", help="a table of all the probabilities or scores, into this file")
    made.add_overwrite("OUT.csv where it is")
    return made


def check(own: argparse.Namespace, files: Sequence[str], columns: Sequence[str]) -> None:
    """Raises ConfigError where the words do not go together, or the file to write is there."""
    refuse = parser().error
    for word in files:
        if word.startswith("-") and word != "-":
            refuse(f"{word}: no such flag")
    kinds = [bool(files), bool(columns), own.test_index is not None]
    if sum(kinds) == 0:
        refuse("say what to predict")
    if len(files) == 1 and files[0].isdecimal() and not Path(files[0]).exists():
        refuse(f"{files[0]}: no such file; a row of the test split is --test-index {files[0]}")
    if twice := [name for name in dict.fromkeys(columns) if columns.count(name) > 1]:
        refuse(f"{twice[0]}=...: there twice; which one is meant?")
    if sum(kinds) > 1:
        refuse("files, column=value and --test-index are one or the other")
    if own.json and own.csv:
        refuse("--json and --csv are one or the other")
    if own.top == 0:
        refuse("--top 0: at least 1")
    if own.csv is not None:
        check_out("--csv", Path(own.csv).expanduser(), overwrite=own.overwrite)
