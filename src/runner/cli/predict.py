"""``predict RUN INPUT...``: what a trained run says of pictures, of the rows of a table, of a row of its test split."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.build import libraries
from runner.cli.arguments import Parser, check_out, whole_number
from runner.cli.picture_files import picture_file
from runner.config.spelling import listed, near_file
from runner.errors import ConfigError, DataError
from runner.runs.named import in_each_fold, is_run, open_run
from runner.runs.saved_run import ANYWHERE, SavedRun

USAGE = """\
RUN (FILE | FOLDER | column=value ... | - | --test-index 7)
    [--parity] [--invert] [--top K] [--json | --csv OUT.csv]
    [--picture [--out FILE]] [--overwrite]
    [checkpoint=best|last] [device=...]
    [dataset.encoding=cp949] [dataset.decimal=','] for a file that is misread"""
HELP = "Predict pictures, rows of CSV files, a row typed as column=value, or a row of the test split."
OWN = ("checkpoint", "dataset.encoding", "dataset.decimal")


def parser() -> Parser:
    made = Parser("predict", USAGE, HELP, keys=(*OWN, *ANYWHERE), reads_run=True)
    row = "a row of the test split, from 0; needs the data"
    made.add_argument("--test-index", type=whole_number, metavar="N", help=row)
    parity = "compare the scores of the answers to the test rows with the run's summary; needs the data"
    made.add_argument("--parity", action="store_true", help=parity)
    made.add_argument("--invert", action="store_true", help="swap dark and bright in pictures")
    made.add_argument("--top", type=whole_number, metavar="K", help="show this many classes, the likeliest first")
    made.add_argument("--json", action="store_true", help="a JSON object for each input, on standard output")
    made.add_out("OUT.csv", "a table of all the probabilities or scores, into this file", flag="--csv")
    made.add_argument("--picture", action="store_true", help="draw the examples with their answers")
    made.add_out("FILE", "the picture, a .png, .svg or .pdf; by default prediction.png in this folder")
    made.add_overwrite("OUT.csv and the picture where they are")
    return made


def run(argv: list[str]) -> int:
    """The exit code of ``predict``. Raises RunnerError, at the end too where some inputs could not be predicted."""
    stored, wanted = read(argv)
    if stored.folds:
        raise ConfigError(in_each_fold(stored, "predict", "..."))
    libraries.load()
    from runner.cli import parity, prediction  # bring torch

    if wanted.parity:
        parity.show_parity(stored)
    elif wanted.test_index is None:
        prediction.answer_inputs(stored, wanted)
    else:
        prediction.answer_test_row(stored, wanted)
    return 0


def read(argv: Sequence[str]) -> tuple[SavedRun, argparse.Namespace]:
    """The run, and what is wanted of it: the flags, the ``files`` and the ``cells`` of a row, by column.

    Raises ConfigError or DataError.
    """
    wanted, words = parser().parse_known(argv)
    allowed = [*OWN, *ANYWHERE]
    named = next((word for word in words if is_run(word, allowed) and word != "-"), None)
    if not argv:
        parser().error("give a run directory, or last")
    if named is None or is_input(named):
        check_is_there([word for word in argv if is_input(word)], "last")
        line = shlex.join(["predict", "last", *argv])
        raise ConfigError(f"predict: name the run first, or last; did you mean:\n  python -m runner {line}")
    words.remove(named)
    changes = [word for word in words if "=" in word and word.partition("=")[0] in allowed]
    others = [word for word in words if word not in changes]
    stored = open_run("predict", [named, *map(as_text, changes)], own=OWN)
    wanted.files = [word for word in others if "=" not in word or Path(word).exists()]
    typed = [word.split("=", 1) for word in others if word not in wanted.files]
    check(wanted, [name for name, _ in typed])
    wanted.cells = dict(typed)
    check_is_there(wanted.files, named)
    return stored, wanted


def is_input(word: str) -> bool:
    """Whether a word in the place of the run is a file, there or not: digit.png, flowers.csv."""
    ending = Path(word).suffix
    return Path(word).is_file() or (ending != ".pt" and re.fullmatch(r"\.[A-Za-z]\w{1,4}", ending) is not None)


def check_is_there(words: Sequence[str], run: str) -> None:
    """Raises DataError where the inputs are files, and none of them is there: before torch is imported."""
    if not words or not all(is_input(word) and not Path(word).exists() for word in words):
        return
    near = near_file(Path(words[0])) if len(words) == 1 else None
    meant = ["did you mean:", str(near)] if near else ["a row of the test split instead:", "--test-index", "0"]
    line = shlex.join(["predict", run, *meant[1:]])
    raise DataError(f"{listed(words)}: no such file; {meant[0]}\n  python -m runner {line}")


def as_text(word: str) -> str:
    """``dataset.key=,`` as YAML reads a text."""
    key, _, text = word.partition("=")
    return f"{key}={json.dumps(text)}" if key.startswith("dataset.") else word


def check(wanted: argparse.Namespace, columns: Sequence[str]) -> None:
    """Raises ConfigError where the words do not go together, or the file to write is there."""
    refuse = parser().error
    if unknown := next((word for word in wanted.files if word.startswith("-") and word != "-"), None):
        refuse(parser().no_such_flag(unknown))
    kinds = [bool(wanted.files), bool(columns), wanted.test_index is not None, wanted.parity]
    if not any(kinds):
        refuse("say what to predict")
    first = wanted.files[0] if len(wanted.files) == 1 else ""
    if first.isdecimal() and not Path(first).exists():
        refuse(f"{first}: no such file; a row of the test split is --test-index {first}")
    if first.isidentifier() and not Path(first).exists():
        refuse(f"{first}: no such file or folder")
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        refuse(f"{twice}=...: is given twice; keep one")
    if sum(kinds) > 1:
        refuse("choose one of files, column=value, --test-index and --parity")
    if wanted.parity and (wanted.json or wanted.csv or wanted.picture or wanted.invert or wanted.top is not None):
        refuse("--parity takes no other flag")
    if wanted.json and wanted.csv:
        refuse("choose one of --json and --csv")
    if wanted.top == 0:
        refuse("--top 0: must be at least 1")
    if wanted.csv is not None:
        check_out("--csv", wanted.csv, overwrite=wanted.overwrite)
    if wanted.out is not None and not wanted.picture:
        refuse(f"--out {wanted.out}: is the file of a picture; add --picture")
    if wanted.picture:
        if wanted.json:
            refuse("choose one of --json and --picture")
        wanted.out = picture_file(wanted, "prediction")
