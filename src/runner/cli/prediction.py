"""What ``predict`` answers: for pictures, the rows of a table, a typed row or a row of the test split."""

from __future__ import annotations

import gc
import shlex
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from runner.config.part_types import DATASET
from runner.config.types import faults
from runner.data.batches import ResidentBatches
from runner.data.new_rows import Rows, picture_rows
from runner.data.picture import Shades
from runner.data.table.dialect import Reading
from runner.data.table.new_table import table_rows
from runner.data.table.typed_row import bare_row, single_row
from runner.data.transforms import fill_of
from runner.engine.predict import predict
from runner.engine.state import load_weights
from runner.errors import ConfigError, DataError, RunError
from runner.experiment.assemble import Experiment
from runner.experiment.rebuild import (
    NO_ANSWER,
    Predictor,
    measure,
    predictor_of,
    probabilities,
    rebuild_to_read,
)
from runner.figures.run_view import called
from runner.losses.readout import is_answer
from runner.runs.files import write_whole
from runner.runs.saved_run import SavedRun
from runner.runs.schema import Schema, schema_of
from runner.screen.console import RunConsole
from runner.screen.predictions import Answers, csv_text, json_lines, lines, single_lines
from runner.text import counted, say, shape_text

if TYPE_CHECKING:
    from runner.cli.answer_picture import AnswerPicture

NO_PROBABILITIES = "scores, which rank the classes: the run's loss learns no probabilities (loss=cross_entropy does)"
MOST_FAULTS = 50  # told one by one
OF_FILES = ("delimiter", "names", "encoding", "decimal")


def answer_inputs(stored: SavedRun, wanted: Namespace) -> None:
    """The answers for what was given, by the run directory alone: the data set need not be there."""
    console = RunConsole()
    net, checkpoint = predictor_of(stored, console.warn)
    gc.freeze()  # else each search through all that torch has made costs more than a block of rows
    writer = AnswerWriter(
        wanted, console, net.schema, f"{checkpoint}.pt", picture_of(stored, wanted, checkpoint, net.schema)
    )
    try:
        for rows in inputs(wanted, net, stored):
            answers, x, faults = answered(rows, net)
            writer.write(answers, x, faults, rows.notes)
            writer.num_unseen += rows.num_unseen
    finally:
        gc.unfreeze()  # what is left out of the last search, libraries call a leak
    writer.finish()


def answer_test_row(stored: SavedRun, wanted: Namespace) -> None:
    """The answer for a row of the test split, beside the truth. The data set has to be there."""
    console, index = RunConsole(), wanted.test_index
    rebuilt = rebuild_to_read(stored, console.warn)
    experiment, rows = rebuilt.experiment, rebuilt.experiment.split.test
    name = f"row {index} of the test split"
    schema, by = schema_of(experiment.data, experiment.split.train), f"{rebuilt.checkpoint}.pt, {name}"
    writer = AnswerWriter(wanted, console, schema, by, picture_of(stored, wanted, rebuilt.checkpoint, schema))
    if index >= len(rows):
        have = f"rows 0 to {len(rows) - 1}" if len(rows) else "no rows; give a file or a row of yours"
        raise ConfigError(f"--test-index {index}: the test split has {have}")
    load_weights(rebuilt.saved, experiment.parts)
    row = rows[index : index + 1]
    writer.write(answer_with_truth(experiment, row, name), experiment.data.x[row])
    writer.finish()


def picture_of(stored: SavedRun, wanted: Namespace, checkpoint: str, schema: Schema) -> AnswerPicture | None:
    """The picture to be drawn; None where none is wanted."""
    if not wanted.picture:
        return None
    from runner.cli.answer_picture import AnswerPicture  # brings matplotlib, which other answers do without

    return AnswerPicture(wanted.out, f"{called(stored.config)}, {checkpoint}.pt", schema.columns)


def reading_of(stored: SavedRun) -> Reading:
    """How files are read: as the run's own was said to be, or as is said now. Raises ConfigError."""
    said = {key: stored.changes[f"dataset.{key}"] for key in OF_FILES if f"dataset.{key}" in stored.changes}
    if wrong := [fault for key in said for fault in faults(said[key], DATASET[key], f"dataset.{key}")]:
        raise ConfigError(wrong)
    heeded: dict[str, Any] = {key: {**stored.config.dataset.knobs, **said}.get(key) for key in OF_FILES}
    return Reading(**heeded)


def inputs(wanted: Namespace, net: Predictor, stored: SavedRun) -> Iterator[Rows]:
    """What came in, block by block. Raises ConfigError where it is of another kind than the run's data."""
    reading, knobs, schema = reading_of(stored), stored.config.dataset.knobs, net.schema
    if schema.is_pictures:
        if wanted.cells:
            shape = shape_text(schema.row_shape)
            raise ConfigError(f"{next(iter(wanted.cells))}=...: this run reads pictures ({shape}); give files")
        yield from picture_rows(
            wanted.files,
            schema.row_shape,
            Shades(knobs.get("background", "white"), knobs.get("brightest")),
            invert=wanted.invert,
            black=schema.black,
            white=schema.white,
            border=schema.border,
        )
        return
    if wanted.invert:
        raise ConfigError("--invert: this run reads the rows of a table, not pictures")
    if wanted.cells:
        yield single_row(wanted.cells, schema.columns, reading.decimal, partial(fill_of, net.parts.preprocess))
    if meant := bare_row(wanted.files, schema.columns):
        raise ConfigError(
            f"predict: {shlex.join(wanted.files)}: no such file; a row is typed with its columns: {meant}"
        )
    for word in wanted.files:
        yield from table_or_fault(table_rows(word, schema.columns, reading))


def table_or_fault(blocks: Iterator[Rows]) -> Iterator[Rows]:
    """The blocks; where a whole file cannot be read that is one fault, and other files are read."""
    try:
        yield from blocks
    except DataError as fault:
        yield Rows((), torch.empty(0), [str(fault)])


def answered(rows: Rows, net: Predictor) -> tuple[Answers, Tensor, list[str]]:
    """What the net says of the rows, those it says it of, and the faults: also where it says no number."""
    scores = net.probabilities(rows.x) if len(rows.names) else rows.x
    is_told = is_answer(scores)
    told = list(zip(rows.names, is_told.tolist(), strict=True))
    names = [name for name, is_one in told if is_one]
    answers = Answers(names, scores[is_told], net.schema.class_names, (), measure(net.parts))
    return answers, rows.x[is_told], [*rows.faults, *(f"{name}: {NO_ANSWER}" for name, is_one in told if not is_one)]


def answer_with_truth(experiment: Experiment, row: Tensor, name: str) -> Answers:
    """The answer for one row of the data, whose number is ``row`` [1]."""
    data, where = experiment.data, experiment.choice.device
    one = ResidentBatches(data.x[row].to(where), data.y[row].to(where), torch.tensor([0]), 1, order_seed=None)
    y = data.y[row].item()
    truth = data.class_names[int(y)] if data.class_names else y
    scores = probabilities(experiment.parts, predict(experiment.parts, one)[0])
    return Answers([name], scores, data.class_names, [truth], measure(experiment.parts))


class AnswerWriter:
    """Writes answers as they were asked for, and counts what could not be answered.

    Raises ConfigError where the likeliest classes are asked for and there are none.
    """

    def __init__(self, wanted: Namespace, console: RunConsole, schema: Schema, by: str, picture: AnswerPicture | None):
        if wanted.top is not None and not schema.class_names:
            fault = "this run predicts a number, there are no classes to rank; leave it out"
            raise ConfigError(f"--top {wanted.top}: {fault}")
        self.wanted = wanted
        self.console = console
        self.by = by  # the checkpoint
        self.picture = picture
        self.table: list[str] = []  # a CSV file in the making
        self.written = 0
        self.failed = 0
        self.num_unseen = 0  # rows that hold a category that no train row has
        self.notes: set[str] = set()

    def write(self, answers: Answers, x: Tensor, faults: Sequence[str] = (), notes: Sequence[str] = ()) -> None:
        """Answers for the raw rows ``x``, and what is wrong with others of them, one by one."""
        for note in notes:
            if note not in self.notes:
                self.console.warn(note)
            self.notes.add(note)
        for fault in faults[: max(0, MOST_FAULTS - self.failed)]:
            self.console.wrong(fault)
        self.failed += len(faults)
        if answers.names:
            self.write_answers(answers)
            if self.picture:
                self.picture.keep(answers, x)

    def write_answers(self, answers: Answers) -> None:
        wanted = self.wanted
        if not self.written and not wanted.json:
            print(self.by)
            if answers.measure == "score":
                print(NO_PROBABILITIES)
        if wanted.csv:
            self.table.append(csv_text(answers, heading=self.written == 0))
        elif wanted.json:
            print(*json_lines(answers, wanted.top), sep="\n")
        elif wanted.test_index is not None or wanted.cells:
            say(*single_lines(answers, wanted.top))
        else:
            say(*lines(answers, wanted.top, heading=self.written == 0))
        self.written += len(answers.names)

    def finish(self) -> None:
        """Raises DataError where nothing could be answered, RunError where a part could not."""
        if self.failed > MOST_FAULTS:
            self.console.wrong(f"and {self.failed - MOST_FAULTS:,} more that cannot be predicted")
        if self.num_unseen:
            verb = "holds" if self.num_unseen == 1 else "hold"
            self.console.warn(
                f"{self.num_unseen:,} of {counted(self.written, 'row')} {verb} a category that no train row has"
            )
        if not self.written:
            raise DataError("predict: nothing could be predicted")
        if self.table:
            write_whole(self.wanted.csv, "".join(self.table).encode())
            self.console.note(f"{counted(self.written, 'answer')} written to {self.wanted.csv}")
        if self.picture:
            self.picture.write(self.console)
        if self.failed:
            raise RunError(f"{self.failed:,} of {self.failed + self.written:,} inputs could not be predicted")
