"""``predict RUN --test-index N``: what a trained run says of one row of its test split."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runner import libraries
from runner.commands.stored_run import StoredRun, open_run
from runner.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from runner.experiment import Experiment

USAGE = "python -m runner predict RUN --test-index 7"
TOP = 5  # classes shown, the most probable first


def run(argv: list[str]) -> int:
    """``predict RUN --test-index N [checkpoint=best|last]``: the exit code. Raises RunnerError."""
    words, index = split_index(argv)
    stored = open_run("predict", words, own=("checkpoint",))
    if stored.folds:
        raise ConfigError(in_each_fold(stored))
    libraries.load()
    from runner.commands.rebuilt_run import rebuild_to_read
    from runner.records.console import RunConsole
    from runner.state import load_weights

    console = RunConsole()
    rebuilt = rebuild_to_read(stored, console.warn)
    row = test_row(rebuilt.experiment, index)
    load_weights(rebuilt.saved, rebuilt.experiment.parts)
    console.note(f"{rebuilt.checkpoint}.pt, row {index} of the test split")
    for line in answer(rebuilt.experiment, row):
        print(line)
    return 0


def in_each_fold(stored: StoredRun) -> str:
    """Why the directory above the folds cannot answer, and which of those below it can."""
    first, last = (shlex.quote(str(fold.directory.path)) for fold in (stored.folds[0], stored.folds[-1]))
    return (
        f"{stored.directory.path}: holds a trained net in each of its {len(stored.folds)} folds; choose one\n"
        f"  python -m runner predict {first} ..., or any to {last}"
    )


def split_index(argv: list[str]) -> tuple[list[str], int]:
    """The words without ``--test-index N``, and N."""
    words = [part for word in argv for part in (word.split("=", 1) if word.startswith("--test-index=") else [word])]
    if "--test-index" not in words[:-1]:
        raise ConfigError(f"predict: say which row of the test split: {USAGE}")
    at = words.index("--test-index")
    if not words[at + 1].isdecimal():
        raise ConfigError(f"--test-index {words[at + 1]}: a row number from 0: {USAGE}")
    return words[:at] + words[at + 2 :], int(words[at + 1])


def test_row(experiment: Experiment, index: int) -> int:
    """The row of the data that is number ``index`` of the test split."""
    rows = experiment.split.test
    if index >= len(rows):
        have = f"rows 0 to {len(rows) - 1}" if len(rows) else "no rows"
        raise ConfigError(f"--test-index {index}: the test split has {have}")
    return int(rows[index])


def answer(experiment: Experiment, row: int) -> Iterator[str]:
    """The prediction in lines: classes by their probability, or the value; the truth at the end."""
    from torch import tensor

    from runner.data.batches import ResidentBatches
    from runner.engine import predict

    data, where = experiment.data, experiment.choice.device
    x, y = data.x[tensor([row])].to(where), data.y[row : row + 1].to(where)
    one = ResidentBatches(x, y, tensor([0]), batch_size=1, order_seed=None)
    scores = experiment.parts.readout(predict(experiment.parts, one)[0])[0]
    if data.task == "regression":
        yield f"predicted {float(scores):.6g}"
        yield f"true      {float(data.y[row]):.6g}"
        return
    width = max(map(len, data.class_names))
    for place, (name, probability) in enumerate(ranked(scores, data.class_names)):
        yield f"{'predicted' if place == 0 else '':9} {name:{width}}  {probability:7.2%}"
    yield f"true      {data.class_names[int(data.y[row])]}"


def ranked(scores: Tensor, names: tuple[str, ...]) -> list[tuple[str, float]]:
    """The likeliest classes with their probabilities; a single score is that of the second of two classes."""
    shares = [1 - float(scores), float(scores)] if scores.ndim == 0 else scores.tolist()
    return sorted(zip(names, shares, strict=True), key=lambda pair: -pair[1])[:TOP]
