"""``predict RUN INPUT...``: what a trained run says of pictures, of the rows of a table, of a row of its test split."""

from __future__ import annotations

import argparse
import gc
import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from runner.build import libraries
from runner.cli.arguments import check_out, whole_number
from runner.config.part_types import DATASET
from runner.config.types import faults
from runner.errors import ConfigError, DataError, RunError
from runner.runs.files import write_whole
from runner.runs.saved_run import ANYWHERE, StoredRun, in_each_fold, is_run, open_run
from runner.text import counted, say

if TYPE_CHECKING:
    from torch import Tensor

    from runner.data.new_rows import Rows
    from runner.data.pictures.picture import Shades
    from runner.data.table.dialect import Reading
    from runner.experiment.assemble import Experiment
    from runner.experiment.predictor import Predictor
    from runner.runs.schema import Schema
    from runner.screen.console import RunConsole
    from runner.screen.predictions import Answers, Measure

USAGE = (
    "python -m runner predict RUN (FILE | FOLDER | column=value ... | - | --test-index 7)\n"
    "    [--invert] [--top K] [--json | --csv OUT.csv] [--overwrite] [checkpoint=best|last] [device=...]\n"
    "    [dataset.encoding=cp949] [dataset.decimal=','] where a file's own cannot be found"
)
SAID = ("encoding", "decimal")  # of a file, where it cannot be found: dataset.encoding=cp949
OWN = ("checkpoint", *(f"dataset.{key}" for key in SAID))
NO_PROBABILITIES = "scores, which rank the classes: the run's loss learns no probabilities (loss=cross_entropy does)"
MOST_FAULTS = 50  # told one by one


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
    from runner.screen.console import RunConsole

    console = RunConsole()
    if wanted.test_index is not None:
        tell_test_row(stored, wanted, wanted.test_index, console)
    else:
        tell_inputs(stored, wanted, console)
    return 0


def tell_inputs(stored: StoredRun, wanted: Wanted, console: RunConsole) -> None:
    """The answers for what was given, by the run directory alone: the data set need not be there."""
    from runner.experiment.predictor import measure
    from runner.experiment.rebuild import predictor_of

    predictor, checkpoint = predictor_of(stored, console.warn)
    check_top(wanted, predictor.schema.class_names)
    gc.freeze()  # else each search through all that torch has made costs more than a block of rows
    teller = Teller(wanted, console, predictor.schema.class_names, measure(predictor.parts), f"{checkpoint}.pt")
    try:
        for rows in inputs(wanted, predictor.schema, reading_of(stored), shades_of(stored)):
            teller.take(rows, predictor)
    finally:
        gc.unfreeze()  # what is left out of the last search, libraries call a leak
    teller.finish()


def tell_test_row(stored: StoredRun, wanted: Wanted, index: int, console: RunConsole) -> None:
    """The answer for a row of the test split, beside the truth. The data set has to be there."""
    from runner.engine.state import load_weights
    from runner.experiment.predictor import measure
    from runner.experiment.rebuild import rebuild_to_read

    rebuilt = rebuild_to_read(stored, console.warn)
    check_top(wanted, rebuilt.experiment.data.class_names)
    experiment, rows = rebuilt.experiment, rebuilt.experiment.split.test
    if index >= len(rows):
        have = f"rows 0 to {len(rows) - 1}" if len(rows) else "no rows"
        raise ConfigError(f"--test-index {index}: the test split has {have}")
    load_weights(rebuilt.saved, experiment.parts)
    name = f"row {index} of the test split"
    by = f"{rebuilt.checkpoint}.pt, {name}"
    teller = Teller(wanted, console, experiment.data.class_names, measure(experiment.parts), by)
    teller.tell(answer_with_truth(experiment, rows[index : index + 1], name))
    teller.finish()


def read(argv: Sequence[str]) -> tuple[StoredRun, Wanted]:
    """The run and the request. Raises ConfigError or DataError."""
    own, words = own_flags(argv)
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


def own_flags(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    return parser().parse_known_args(list(argv))


def parser() -> argparse.ArgumentParser:
    """The flags of this verb."""
    made = argparse.ArgumentParser(
        prog="python -m runner predict",
        usage=USAGE.removeprefix("python -m runner "),
        description="Answers for pictures, rows of CSV files, a row typed as column=value, or a row of the test split.",
        allow_abbrev=False,
    )
    made.add_argument(
        "--test-index", type=whole_number, metavar="N", help="a row of the test split, from 0; needs the data"
    )
    made.add_argument("--invert", action="store_true", help="pictures with dark and bright turned round")
    made.add_argument("--top", type=whole_number, metavar="K", help="how many classes are told, the likeliest first")
    made.add_argument("--json", action="store_true", help="a JSON object for each input, on standard output")
    made.add_argument("--csv", metavar="OUT.csv", help="a table of all the probabilities or scores, into this file")
    made.add_argument("--overwrite", action="store_true", help="replace OUT.csv where it is there already")
    made.error = refuse  # type: ignore[method-assign]
    return made


def refuse(message: str) -> NoReturn:
    raise ConfigError(f"predict: {message}\n  {USAGE}")


def check(own: argparse.Namespace, files: Sequence[str], columns: Sequence[str]) -> None:
    """Raises ConfigError where the words do not go together, or the file to write is there."""
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


def check_top(wanted: Wanted, class_names: Sequence[str]) -> None:
    """Raises ConfigError where the likeliest classes are asked for and there are none."""
    if wanted.top is not None and not class_names:
        raise ConfigError(f"--top {wanted.top}: this run predicts a number, there are no classes to rank; leave it out")


def reading_of(stored: StoredRun) -> Reading:
    """How files are read: as the run's own was said to be, or as is said now. Raises ConfigError."""
    from runner.data.table.dialect import Reading

    knobs = stored.config.dataset.knobs
    said = {key: stored.changes[f"dataset.{key}"] for key in SAID if f"dataset.{key}" in stored.changes}
    if wrong := [fault for key in said for fault in faults(said[key], DATASET[key], f"dataset.{key}")]:
        raise ConfigError(wrong)
    heeded: dict[str, Any] = {key: {**knobs, **said}.get(key) for key in ("delimiter", "names", *SAID)}
    return Reading(**heeded)


def shades_of(stored: StoredRun) -> Shades:
    """How pictures are read: as the run's own were."""
    from runner.data.pictures.picture import Shades

    knobs = stored.config.dataset.knobs
    return Shades(knobs.get("background", "white"), knobs.get("brightest"))


def inputs(wanted: Wanted, schema: Schema, reading: Reading, shades: Shades) -> Iterator[Rows]:
    """What came in, block by block. Raises ConfigError where it is of another kind than the run's data."""
    from runner.data.pictures.new_pictures import picture_rows
    from runner.data.table.new_table import bare_row, single_row, table_rows

    if schema.is_pictures:
        if wanted.cells:
            shape = " x ".join(map(str, schema.row_shape))
            raise ConfigError(f"{next(iter(wanted.cells))}=...: this run reads pictures ({shape}); give files")
        yield from picture_rows(
            wanted.files,
            schema.row_shape,
            shades,
            invert=wanted.invert,
            black=schema.black,
            white=schema.white,
            border=schema.border,
        )
        return
    if wanted.invert:
        raise ConfigError("--invert: this run reads the rows of a table, not pictures")
    if wanted.cells:
        yield single_row(wanted.cells, schema.columns, reading.decimal)
    if meant := bare_row(wanted.files, schema.columns):
        raise ConfigError(
            f"predict: {shlex.join(wanted.files)}: no such file; a row is typed with its columns: {meant}"
        )
    for word in wanted.files:
        yield from table_or_fault(table_rows(word, schema.columns, reading))


def table_or_fault(blocks: Iterator[Rows]) -> Iterator[Rows]:
    """The blocks; where a whole file cannot be read that is one fault, and other files are read."""
    import torch

    from runner.data.new_rows import Rows

    try:
        yield from blocks
    except DataError as fault:
        yield Rows((), torch.empty(0), [str(fault)])


def answered(rows: Rows, predictor: Predictor) -> tuple[Tensor, Rows]:
    """What the net says of the rows; those of which it says no number are faults."""
    from runner.experiment.predictor import NO_ANSWER, is_answer

    if not len(rows.names):
        return rows.x, rows
    scores = predictor.probabilities(rows.x)
    is_told = is_answer(scores)
    if is_told.all():
        return scores, rows
    told = list(zip(rows.names, is_told.tolist(), strict=True))
    faults = [*rows.faults, *(f"{name}: {NO_ANSWER}" for name, is_one in told if not is_one)]
    return scores[is_told], replace(rows, names=[name for name, is_one in told if is_one], faults=faults)


def answer_with_truth(experiment: Experiment, row: Tensor, name: str) -> Answers:
    """The answer for one row of the data, whose number is ``row`` [1]."""
    import torch

    from runner.data.batches.resident import ResidentBatches
    from runner.engine.fit import predict
    from runner.experiment.predictor import measure, probabilities
    from runner.screen.predictions import Answers

    data, where = experiment.data, experiment.choice.device
    one = ResidentBatches(data.x[row].to(where), data.y[row].to(where), torch.tensor([0]), 1, order_seed=None)
    y = data.y[row].item()
    truth = data.class_names[int(y)] if data.class_names else y
    scores = probabilities(experiment.parts, predict(experiment.parts, one)[0])
    return Answers([name], scores, data.class_names, [truth], measure(experiment.parts))


class Teller:
    """Tells answers as they were asked for, and counts what could not be answered."""

    def __init__(self, wanted: Wanted, console: RunConsole, class_names: tuple[str, ...], measure: Measure, by: str):
        from runner.screen.predictions import CsvText

        self.wanted = wanted
        self.console = console
        self.class_names = class_names
        self.measure: Measure = measure
        self.by = by  # the checkpoint
        self.sheet = CsvText(class_names, measure, truths=wanted.test_index is not None) if wanted.csv else None
        self.told = 0
        self.failed = 0
        self.notes: set[str] = set()

    def take(self, rows: Rows, predictor: Predictor) -> None:
        """Answer for some rows; wrong ones are told one by one."""
        from runner.screen.predictions import Answers

        scores, rows = answered(rows, predictor)
        for note in rows.notes:
            if note not in self.notes:
                self.console.warn(note)
            self.notes.add(note)
        for number, fault in enumerate(rows.faults, start=self.failed):
            if number < MOST_FAULTS:
                self.console.wrong(fault)
        self.failed += len(rows.faults)
        if len(rows.names):
            self.tell(Answers(rows.names, scores, self.class_names, (), self.measure))

    def tell(self, answers: Answers) -> None:
        from runner.screen.predictions import json_lines, lines, single_lines

        if not self.told and not self.wanted.as_json:
            print(self.by, *[NO_PROBABILITIES] * (self.measure == "score"), sep="\n")
        if self.sheet is not None:
            self.sheet.add(answers)
        elif self.wanted.as_json:
            print(*json_lines(answers, self.wanted.top), sep="\n")
        elif self.wanted.cells or self.wanted.test_index is not None:
            say(*single_lines(answers, self.wanted.top))
        else:
            say(*lines(answers, self.wanted.top, heading=self.told == 0))
        self.told += len(answers.names)

    def finish(self) -> None:
        """Raises DataError where nothing could be answered, RunError where a part could not."""
        if self.failed > MOST_FAULTS:
            self.console.wrong(f"and {self.failed - MOST_FAULTS:,} more that cannot be predicted")
        if self.sheet is not None and self.wanted.csv is not None and self.told:
            write_whole(self.wanted.csv, self.sheet.content())
            self.console.note(f"{counted(self.told, 'answer')} written to {self.wanted.csv}")
        if not self.told:
            raise DataError("predict: nothing could be predicted")
        if self.failed:
            raise RunError(f"{self.failed:,} of {self.failed + self.told:,} inputs could not be predicted")
