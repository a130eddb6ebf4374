"""The lines that steps leave within an epoch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import program
from runner.contracts import Progress, Report
from runner.screen.steps import StepLines, rows_of_an_epoch


def shown(lines: StepLines, *reports: Report) -> list[str]:
    return [str(line) for report in reports for line in lines.lines(report)]


def at(step: int, epoch: int = 0, *, loss_sum: float, hits: int, seen: int) -> Report:
    return Report(Progress(step, epoch, loss_sum=loss_sum, hits=hits, seen=seen), epoch + 1)


def test_a_line_is_of_the_rows_since_the_one_before_and_a_new_epoch_begins_anew() -> None:
    reports = [
        at(100, loss_sum=6400.0, hits=1600, seen=6400),
        at(100, loss_sum=6400.0, hits=1600, seen=6400),  # the end of a chunk: the same step again
        at(150, loss_sum=7000.0, hits=2000, seen=9600),
        at(200, loss_sum=9600.0, hits=4800, seen=12800),  # 3,200 / 6,400 and 3,200 / 6,400 since the first
        at(300, epoch=1, loss_sum=10.0, hits=75, seen=100),
    ]
    assert shown(StepLines(100, 60_000), *reports) == [
        "step 100  6,400/60,000 rows  loss 1.0000  accuracy 0.2500",
        "step 200  12,800/60,000 rows  loss 0.5000  accuracy 0.5000",
        "step 300  100/60,000 rows  loss 0.1000  accuracy 0.7500",
    ]


def test_where_hits_are_not_counted_no_accuracy_is_said() -> None:
    report = Report(Progress(2, loss_sum=3.0, seen=6, window_hits=None), 1)
    assert shown(StepLines(2, 12), report) == ["step 2  6/12 rows  loss 0.5000"]


def test_no_line_is_left_unless_asked_for_or_at_the_end_of_an_epoch() -> None:
    report = at(4, loss_sum=1.0, hits=1, seen=4)
    assert shown(StepLines(None, 12), report) == []
    assert shown(StepLines(4, 12), Report(report.progress, 1, epoch_end=True)) == []


@pytest.mark.parametrize(
    ("train", "steps", "rows"), [(90, 7, 90), (91, 7, 91), (92, 8, 92), (90, 50, 650), (90, 3, 39)]
)
def test_an_epoch_has_the_train_rows_or_those_of_a_repeated_batch(train: int, steps: int, rows: int) -> None:
    assert rows_of_an_epoch(train, steps, step_rows=13) == rows


def test_train_prints_them_and_learns_the_same(tmp_path: Path) -> None:
    histories = []
    for name, words in (("plain", []), ("lines", ["print_every_steps=3"])):
        argv = ["train", *program.TINY, "epochs=1", f"output_dir={tmp_path / name}", *words]
        done = program.run(argv, tmp_path / f"said-{name}")
        assert done.code == 0, done.err
        histories.append((program.only_run(tmp_path / name) / "metrics.jsonl").read_text())
        assert len(re.findall(r"^step 3  39/65 rows  loss \d\.\d{4}  accuracy 0\.\d{4}$", done.out, re.M)) == len(words)
    assert histories[0] == histories[1] != ""


def test_less_than_a_step_is_refused(tmp_path: Path) -> None:
    done = program.run(["train", "print_every_steps=0"], tmp_path / "said")
    assert done.code == 2 and "print_every_steps=0: must be a whole number >= 1 or null" in done.err
