"""A sweep on its way: in a real terminal live, elsewhere two lines a job."""

from __future__ import annotations

import re
import sys
from io import StringIO
from itertools import product
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from runner.screen.sweep import EndedJob, LiveTable, RunningJob, SweepConsole, SweepPlan, SweepState, shared_and_own
from terminal import in_terminal, screen_of

TYPED = {
    number: {"optimizer.lr": lr, "model": model, "dataset": "digits", "epochs": "10"}
    for number, (lr, model) in enumerate(product(("0.1", "0.001"), ("mlp", "cnn")), start=1)
}
COMMON, JOBS = shared_and_own(TYPED)
FOLDER = Path("outputs/sweeps/2026-11-26/19-27-00-097030-epochs=10-digits")
PLAN = SweepPlan(JOBS, COMMON, "val/loss", FOLDER, threads=1, jobs_at_a_time=2, size="about 24 MB")
TWO = (RunningJob(1, 3, 10, 0.4385, 65.0), RunningJob(2))
INTRODUCTION = [
    "sweep     4 jobs  2 at a time  1 thread each  compared by val/loss  about 24 MB on disk",
    "all with  dataset=digits epochs=10",
    f"folder    {FOLDER}",
    "",
]


def test_a_file_that_all_jobs_share_is_said_as_it_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    screen = Screen()
    shared = {"experiment": "'/study/my wine.yaml'", "epochs": "2"}
    screen.console.begin(SweepPlan(JOBS, shared, "val/loss", FOLDER, threads=1, jobs_at_a_time=2))
    assert screen.lines()[1] == "all with  study/my wine.yaml epochs=2"


def finished(number: int, folder: str = "") -> EndedJob:
    return EndedJob(number, "finished", 3.7, FOLDER / folder, 0.4385)


def failed(number: int) -> EndedJob:
    reason = "the loss is not finite (nan) at step 12\n  try a smaller optimizer.lr than 0.1"
    return EndedJob(number, "failed", 2.0, FOLDER / "0002-lr=0.1-model=cnn", reason=reason)


class Screen:
    """A SweepConsole over text in memory."""

    def __init__(self, *, terminal: bool = False, width: int = 200, height: int = 40) -> None:
        self.stream, self.errors = StringIO(), StringIO()
        out = Console(
            file=self.stream, force_terminal=terminal, width=width, height=height, highlight=False, markup=False
        )
        self.console = SweepConsole(out, Console(file=self.errors, width=200), clock=lambda: next(self._times))
        self._times = iter(range(1000))  # a second between two drawings

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    def drawn(self, state: SweepState) -> list[str]:
        """What stands on the screen then, but for the introduction."""
        self.console.show(state)
        standing = screen_of(re.sub(r"\x1b\[[0-9;]*m", "", self.stream.getvalue()) + "\n")
        return standing[standing.index("") + 1 :]


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_what_all_jobs_say_is_told_from_what_differs_and_names_are_as_short_as_is_clear() -> None:
    assert COMMON == {"dataset": "digits", "epochs": "10"}
    assert JOBS[2] == {"lr": "0.1", "model": "cnn"}
    alike = {0: {"model.dropout": "0", "dataset.dropout": "0"}, 1: {"model.dropout": "1", "dataset.dropout": "1"}}
    assert shared_and_own(alike)[1][1] == {"model.dropout": "1", "dataset.dropout": "1"}
    assert shared_and_own({0: {"seed": "1"}}) == ({"seed": "1"}, {0: {}})


def test_a_file_gets_a_line_when_a_job_starts_and_one_when_it_ends_and_nothing_else() -> None:
    screen = Screen()
    screen.console.begin(PLAN)
    screen.console.begun(RunningJob(1))
    screen.console.begun(RunningJob(2, epoch=3))
    screen.console.show(SweepState(TWO, waiting=2, finished=0, seconds_left=9.0))
    screen.console.ended(finished(1))
    screen.console.ended(failed(2))
    screen.console.ended(EndedJob(3, "interrupted", 1.5, FOLDER / "0003", reason="killed by SIGKILL"))
    screen.console.close()
    assert screen.lines() == [
        *INTRODUCTION,
        "job 1 of 4  lr=0.1 model=mlp    started",
        "job 2 of 4  lr=0.1 model=cnn    goes on after epoch 3",
        "job 1 of 4  lr=0.1 model=mlp    val/loss 0.4385  3.7 s",
        "job 2 of 4  lr=0.1 model=cnn    failed after 2.0 s: the loss is not finite (nan) at step 12; "
        f"try a smaller optimizer.lr than 0.1  {FOLDER}/0002-lr=0.1-model=cnn",
        f"job 3 of 4  lr=0.001 model=mlp  interrupted after 1.5 s: killed by SIGKILL  {FOLDER}/0003",
    ]


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("CI", "true"), ("TERM", "dumb")])
def test_who_wants_no_colours_and_a_job_of_ci_get_lines_that_stay(name: str, value: str, monkeypatch) -> None:
    monkeypatch.setenv(name, value)
    screen = Screen(terminal=True)
    screen.console.begin(PLAN)
    screen.console.begun(RunningJob(1))
    screen.console.show(SweepState(TWO, waiting=2, finished=0))
    told = re.sub(r"\x1b\[[0-9;]*m", "", screen.stream.getvalue())
    assert told.splitlines() == [*INTRODUCTION, "job 1 of 4  lr=0.1 model=mlp    started"]


def test_a_terminal_shows_what_runs_and_what_is_left_to_do() -> None:
    screen = Screen(terminal=True, width=80)
    screen.console.begin(PLAN)
    screen.console.begun(RunningJob(1))
    assert screen.drawn(SweepState(TWO, waiting=2, finished=0, seconds_left=125.0)) == [
        "",
        "job   lr      model   epoch   val/loss          left",
        "  1   0.1     mlp      3/10     0.4385    1 min 05 s",
        "  2   0.1     cnn         -          -             -",
        "2 running  2 waiting  0 done  0 failed  2 min 05 s left",
    ]
    screen.console.ended(finished(1))
    after = SweepState((RunningJob(2, 1, 10, 12.3456),), waiting=1, finished=1, failed=1, interrupted=1)
    assert screen.drawn(after) == [
        "job 1 of 4  lr=0.1 model=mlp    val/loss 0.4385  3.7 s",
        "",
        "job   lr      model   epoch   val/loss          left",
        "  2   0.1     cnn      1/10     12.346             -",
        "1 running  1 waiting  1 done  1 failed  1 interrupted",
    ]


def test_a_failed_job_is_told_in_red_with_its_reason_and_folder() -> None:
    screen = Screen(terminal=True, width=80)
    screen.console.begin(PLAN)
    screen.console.ended(failed(2))
    raw = screen.stream.getvalue()
    assert raw.count("\x1b[31m") == 4
    assert screen.drawn(SweepState((), waiting=3, finished=0, failed=1)) == [
        "job 2 of 4  lr=0.1 model=cnn    failed after 2.0 s",
        "  the loss is not finite (nan) at step 12",
        "    try a smaller optimizer.lr than 0.1",
        f"  {FOLDER}/0002-lr=0.1-model=cnn",
        "",
        "0 running  3 waiting  0 done  1 failed",
    ]


def test_a_short_reason_stands_behind_the_job() -> None:
    screen = Screen(terminal=True, width=80)
    screen.console.begin(PLAN)
    screen.console.ended(EndedJob(3, "interrupted", 1.5, FOLDER / "0003", reason="killed by SIGKILL"))
    told = screen.drawn(SweepState((), waiting=3, finished=0, interrupted=1))
    assert told[:2] == [
        "job 3 of 4  lr=0.001 model=mlp  interrupted after 1.5 s: killed by SIGKILL",
        f"  {FOLDER}/0003",
    ]


def test_where_a_line_is_too_narrow_the_score_and_the_seconds_stay_together() -> None:
    screen = Screen(terminal=True, width=50)  # 28 columns before the score, 52 with the seconds
    screen.console.begin(PLAN)
    screen.console.ended(finished(1))
    told = screen.drawn(SweepState((), waiting=3, finished=1))
    assert told[:2] == ["job 1 of 4  lr=0.1 model=mlp", "  val/loss 0.4385  3.7 s"]


def test_in_one_line_a_reason_of_sentences_reads_as_sentences() -> None:
    screen = Screen()
    screen.console.begin(PLAN)
    reason = "the step was not taken.\n  Lower optimizer.lr"
    screen.console.ended(EndedJob(1, "failed", 1.5, FOLDER, reason=reason))
    assert "failed after 1.5 s: the step was not taken. Lower optimizer.lr  " in screen.lines()[-1]


def test_a_setting_that_is_wider_than_the_terminal_is_named_below() -> None:
    jobs = {1: {"path": "data/" + "long/" * 20}, 2: {"path": "data"}}
    screen = Screen(terminal=True, width=80)
    screen.console.begin(SweepPlan(jobs, {}, "val/loss", FOLDER, 1, 1))
    shown = screen.drawn(SweepState((RunningJob(1, 3, 10, 0.4385, 65.0),), waiting=1, finished=0))
    assert shown[1:4] == [
        "job   epoch   val/loss          left",
        "  1    3/10     0.4385    1 min 05 s",
        "1 column more: path; a wider terminal shows it",
    ]


def test_more_running_jobs_than_the_terminal_is_high_are_counted() -> None:
    jobs = {number: {"seed": str(number)} for number in range(30)}
    screen = Screen(terminal=True, width=80, height=24)
    screen.console.begin(SweepPlan(jobs, {}, "val/loss", FOLDER, 1, 28))
    shown = screen.drawn(SweepState([RunningJob(number) for number in range(28)], waiting=2, finished=0))
    assert shown[-3].split() == ["15", "15", "-", "-", "-"]
    assert shown[-2:] == ["12 more running", "28 running  2 waiting  0 done  0 failed"]
    assert len(shown) < 24


def test_a_drawing_that_is_too_fresh_for_an_eye_is_left_out() -> None:
    out = Console(file=StringIO(), force_terminal=True, width=80)
    table = LiveTable(out, PLAN, clock=iter((0.0, 0.1, 0.21)).__next__)
    state = SweepState(TWO, waiting=2, finished=0)
    sizes = []
    for _ in range(3):
        table.update(state)
        sizes.append(out.file.tell())
    table.stop()
    assert sizes[0] == sizes[1] < sizes[2]


def test_a_job_that_is_forked_beside_the_table_does_not_print_through_it() -> None:
    own = sys.stdout, sys.stderr
    screen = Screen(terminal=True, width=80)
    screen.console.begin(PLAN)
    screen.console.show(SweepState(TWO, waiting=2, finished=0))
    assert (sys.stdout, sys.stderr) == own
    screen.console.close()


def test_what_cannot_be_written_any_more_ends_the_show_and_not_the_sweep(tmp_path: Path) -> None:
    errors = StringIO()
    with open("/dev/full", "w") as full:
        out = Console(file=full, width=80)
        shown = SweepConsole(out, Console(file=errors, width=200))
        shown.begin(PLAN)
        shown.ended(finished(1))
        shown.close()
    assert errors.getvalue().count("No space left on device") == 1


FEED = f"""
import sys
from pathlib import Path
sys.path[:0] = {sys.path!r}
from test_sweep import *
shown = SweepConsole(clock=iter(range(100)).__next__)
shown.begin(PLAN)
shown.begun(TWO[0])
shown.show(SweepState(TWO, waiting=2, finished=0, seconds_left=125.0))
shown.warn("said by the driver")
shown.ended(finished(1))
shown.show(SweepState(TWO[1:], waiting=2, finished=1))
shown.ended(failed(2))
shown.close()
"""


@pytest.mark.parametrize("columns", [80, 60, 44])
def test_in_a_real_terminal_no_cell_is_broken_and_only_what_has_ended_stays(columns: int, tmp_path: Path) -> None:
    (tmp_path / "feed.py").write_text(f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n{FEED}")
    text = in_terminal(columns, tmp_path, "feed.py")
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n").split("\n")
    assert all(cell_len(line) <= columns for line in drawn if str(FOLDER) not in line)
    assert ("1 column more: model; a wider terminal" in " ".join(drawn)) == (columns == 44)
    assert any(re.fullmatch(r"  1 .* 3/10     0\.4385    1 min 05 s", line) for line in drawn)
    standing = screen_of(text)
    assert "warning: said by the driver" in standing
    assert standing[-1] == f"  {FOLDER}/0002-lr=0.1-model=cnn"
    assert not any("running" in line for line in standing)
    score = "val/loss 0.4385  3.7 s"
    told = [f"job 1 of 4  lr=0.1 model=mlp    {score}"]
    assert all(line in standing for line in (told if columns > 54 else [told[0][:28], f"  {score}"]))
