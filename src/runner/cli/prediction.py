"""What ``predict`` answers: for pictures, the rows of a table, a typed row or a row of the test split."""

from __future__ import annotations

import gc
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from runner.cli.predict import SAID, Wanted
from runner.config.part_types import DATASET
from runner.config.types import faults
from runner.data.batches import ResidentBatches
from runner.data.new_rows import Rows, picture_rows
from runner.data.picture import Shades
from runner.data.table.dialect import Reading
from runner.data.table.new_table import bare_row, single_row, table_rows
from runner.engine.fit import predict
from runner.engine.state import load_weights
from runner.errors import ConfigError, DataError, RunError
from runner.experiment.assemble import Experiment
from runner.experiment.predictor import NO_ANSWER, Predictor, is_answer, measure, probabilities
from runner.experiment.rebuild import predictor_of, rebuild_to_read
from runner.runs.files import write_whole
from runner.runs.saved_run import StoredRun
from runner.runs.schema import Schema
from runner.screen.console import RunConsole
from runner.screen.predictions import Answers, CsvText, Measure, json_lines, lines, single_lines
from runner.text import counted, say

NO_PROBABILITIES = "scores, which rank the classes: the run's loss learns no probabilities (loss=cross_entropy does)"
MOST_FAULTS = 50  # told one by one


def tell_inputs(stored: StoredRun, wanted: Wanted) -> None:
    """The answers for what was given, by the run directory alone: the data set need not be there."""
    console = RunConsole()
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


def tell_test_row(stored: StoredRun, wanted: Wanted, index: int) -> None:
    """The answer for a row of the test split, beside the truth. The data set has to be there."""
    console = RunConsole()
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


def check_top(wanted: Wanted, class_names: Sequence[str]) -> None:
    """Raises ConfigError where the likeliest classes are asked for and there are none."""
    if wanted.top is not None and not class_names:
        raise ConfigError(f"--top {wanted.top}: this run predicts a number, there are no classes to rank; leave it out")


def reading_of(stored: StoredRun) -> Reading:
    """How files are read: as the run's own was said to be, or as is said now. Raises ConfigError."""
    knobs = stored.config.dataset.knobs
    said = {key: stored.changes[f"dataset.{key}"] for key in SAID if f"dataset.{key}" in stored.changes}
    if wrong := [fault for key in said for fault in faults(said[key], DATASET[key], f"dataset.{key}")]:
        raise ConfigError(wrong)
    heeded: dict[str, Any] = {key: {**knobs, **said}.get(key) for key in ("delimiter", "names", *SAID)}
    return Reading(**heeded)


def shades_of(stored: StoredRun) -> Shades:
    """How pictures are read: as the run's own were."""
    knobs = stored.config.dataset.knobs
    return Shades(knobs.get("background", "white"), knobs.get("brightest"))


def inputs(wanted: Wanted, schema: Schema, reading: Reading, shades: Shades) -> Iterator[Rows]:
    """What came in, block by block. Raises ConfigError where it is of another kind than the run's data."""
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
    try:
        yield from blocks
    except DataError as fault:
        yield Rows((), torch.empty(0), [str(fault)])


def answered(rows: Rows, predictor: Predictor) -> tuple[Tensor, Rows]:
    """What the net says of the rows; those of which it says no number are faults."""
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
    data, where = experiment.data, experiment.choice.device
    one = ResidentBatches(data.x[row].to(where), data.y[row].to(where), torch.tensor([0]), 1, order_seed=None)
    y = data.y[row].item()
    truth = data.class_names[int(y)] if data.class_names else y
    scores = probabilities(experiment.parts, predict(experiment.parts, one)[0])
    return Answers([name], scores, data.class_names, [truth], measure(experiment.parts))


class Teller:
    """Tells answers as they were asked for, and counts what could not be answered."""

    def __init__(self, wanted: Wanted, console: RunConsole, class_names: tuple[str, ...], measure: Measure, by: str):
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
