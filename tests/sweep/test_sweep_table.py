"""The order of a sweep's jobs and what is said of them, by hand-made numbers."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from runner.runs.directory import RunDirectory
from runner.runs.saved_run import SavedRun
from runner.sweep.jobs import Job, sweep_table


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def job(number, reason="", metrics=None, said=None, **overrides):
    folder = Path("outputs/sweeps/day/now") / str(number)
    folder.mkdir(parents=True)
    told = {"higher_is_better": said} if said else {}
    (folder / "summary.json").write_text(json.dumps({"status": "finished", "best": metrics or {}, **told}))
    return Job(number, overrides, SavedRun(RunDirectory(folder)), int(bool(reason)), reason)


def by(metric, values, **more):
    return [job(number, metrics={metric: value}, **more) for number, value in enumerate(values)]


def numbers(jobs, monitor):
    """Of those that are done, as they are ranked."""
    return [int(line.split()[0]) for line in printed(jobs, monitor)[2 : 2 + sum(not job.exit_code for job in jobs)]]


def printed(jobs, monitor, width=120):
    console = Console(width=width, markup=False)
    with console.capture() as capture:
        console.print(*sweep_table(jobs, monitor), sep="\n")
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_smallest_loss_comes_first():
    assert numbers(by("val/loss", [0.5, 0.1, 0.3]), "val/loss") == [1, 2, 0]


def test_the_largest_accuracy_comes_first():
    assert numbers(by("val/accuracy", [0.5, 0.9, 0.7]), "val/accuracy") == [1, 2, 0]


def test_case_04_the_metric_says_which_job_is_the_best_not_its_name():
    values = [{"val/my_error": value, "val/brier": value} for value in (0.5, 0.9, 0.7)]
    said = {"my_error": True, "brier": False}
    jobs = [job(number, metrics=found, said=said) for number, found in enumerate(values)]
    assert printed(jobs, "val/my_error")[0] == "3 jobs; largest val/my_error first"
    assert numbers(jobs, "val/my_error") == [1, 2, 0]
    assert printed(jobs, "val/brier")[0] == "3 jobs; smallest val/brier first"
    assert numbers(jobs, "val/brier") == [0, 2, 1]


def test_equal_jobs_stay_in_the_order_of_their_numbers():
    assert numbers(by("val/loss", [0.5, 0.1, 0.1]), "val/loss") == [1, 2, 0]


def test_a_job_without_a_number_to_rank_comes_after_those_with_one():
    jobs = [*by("val/loss", [math.nan, 0.2]), job(2), job(3, metrics={"val/loss": math.inf})]
    assert numbers(jobs, "val/loss") == [1, 0, 2, 3]


def test_jobs_that_did_not_finish_are_kept_apart():
    jobs = [job(0, "killed"), job(1), job(2, "interrupted"), job(3)]
    lines = printed(jobs, "val/loss")
    assert numbers(jobs, "val/loss") == [1, 3]
    assert [line.split()[:2] for line in lines if line.startswith("job ")][1:] == [["job", "0"], ["job", "2"]]


def test_only_settings_that_differ_are_shown():
    jobs = [job(0, lr="0.1", epochs="3"), job(1, lr="0.01", epochs="3"), job(2, lr="0.01", epochs="3", width="64")]
    assert printed(jobs, "val/loss")[1].split() == ["job", "lr", "width", "val/loss", "folder"]


def test_the_whole_table():
    metrics = [{"train/loss": 0.1, "val/loss": loss, "test/accuracy": 0.97} for loss in (0.3, 0.08)]
    jobs = [
        job(0, metrics=metrics[0], lr="0.1", model="mlp"),
        job(1, metrics=metrics[1], lr="0.01", model="mlp"),
        job(2, "loss is not finite at step 12", lr="9", model="mlp"),
    ]
    assert printed(jobs, "val/loss") == [
        "3 jobs, 1 not finished; smallest val/loss first",
        "job   lr     val/loss   test/accuracy   folder",
        "  1   0.01     0.0800          0.9700   1",
        "  0   0.1      0.3000          0.9700   0",
        "job 2  lr=9",
        "  failed: loss is not finite at step 12",
        "  outputs/sweeps/day/now/2",
    ]


def test_brackets_in_a_value_are_text():
    jobs = [job(0, metrics={"val/loss": 1.0}, hidden="[64]"), job(1, metrics={"val/loss": 2.0}, hidden="[bold]")]
    assert "[bold]" in "\n".join(printed(jobs, "val/loss"))


def test_a_sweep_in_which_everything_failed_shows_every_failure():
    lines = printed([job(0, "no space left"), job(1, "killed")], "val/loss")
    assert lines[0] == "2 jobs, 2 not finished; smallest val/loss first"
    assert "  failed: no space left" in lines
    assert "  failed: killed" in lines


def test_it_imports_no_torch():
    program = "import runner.sweep.jobs, sys; print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stdout.strip() == "False", ended.stderr
