"""The files of a sweep: byte for byte what its jobs say, in whatever order and wherever they were run."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest

from past_runs import make_run
from runner.runs.leaderboard import CSV, MARKDOWN, JobResult, write_leaderboard
from runner.runs.ranking import read_run

HEAD = {"name": "mlp-iris", "started": "2026-01-01T00:00:00.000000", "monitor": "val/loss"}
FILES = (CSV, MARKDOWN)


def result(sweep: Path, number: int, lr: float, seed: int, loss: float | None) -> JobResult:
    """A job of ``sweep``; one without a loss has failed."""
    folder = f"{number:04}-lr={lr}-seed={seed}"
    settings = {"optimizer.lr": str(lr), "seed": str(seed), "output_dir": str(sweep)}
    if loss is None:
        return JobResult(number, folder, settings, "failed", None, "killed after 3.2 s, pid 77")
    run = make_run(sweep / folder, loss, seed=seed, optimizer__lr=lr)
    return JobResult(number, folder, settings, "finished", read_run(run))


def results(sweep: Path) -> list[JobResult]:
    values = {(0.1, 0): 0.4, (0.1, 1): 0.5, (0.01, 0): 0.1, (0.01, 1): 0.2, (9.0, 0): None}
    return [result(sweep, number, *key, loss) for number, (key, loss) in enumerate(values.items())]


def told(sweep: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (sweep / "summary.json").read_text(), parse_constant=lambda name: pytest.fail(name)
    )
    return content


def test_a_line_for_each_job_by_number(tmp_path: Path) -> None:
    write_leaderboard(tmp_path, reversed(results(tmp_path)), "failed", HEAD)
    assert (tmp_path / CSV).read_text() == (
        "job,folder,optimizer.lr,seed,status,step,epoch,val/loss,test/accuracy\n"
        "0,0000-lr=0.1-seed=0,0.1,0,finished,4,2,0.4,0.6\n"
        "1,0001-lr=0.1-seed=1,0.1,1,finished,4,2,0.5,0.5\n"
        "2,0002-lr=0.01-seed=0,0.01,0,finished,4,2,0.1,0.9\n"
        "3,0003-lr=0.01-seed=1,0.01,1,finished,4,2,0.2,0.8\n"
        "4,0004-lr=9.0-seed=0,9.0,0,failed,,,,\n"
    )


def test_the_groups_and_the_conclusion_as_markdown(tmp_path: Path) -> None:
    jobs = results(tmp_path)
    jobs[1] = result(tmp_path, 5, 0.1, 1, 0.6)
    write_leaderboard(tmp_path, jobs, "failed", HEAD)
    # differences 0.3 and 0.4: mean 0.35, sd 0.0707, error 0.05; limit for 1 freedom 12.706: 0.6353
    assert (tmp_path / MARKDOWN).read_text() == (
        "## iris: 4 runs; smallest val/loss first\n\n"
        "| optimizer.lr | runs | val/loss | test/accuracy | best run |\n"
        "| --- | --- | ---: | ---: | --- |\n"
        "| 0.01 | 2 seeds | 0.1500 ± 0.0707 | 0.8500 ± 0.0707 | 0002-lr=0.01-seed=0 |\n"
        "| 0.1 | 2 seeds | 0.5000 ± 0.1414 | 0.5000 ± 0.1414 | 0000-lr=0.1-seed=0 |\n"
        "\n"
        "optimizer.lr=0.01 is ahead of optimizer.lr=0.1 by 0.3500 in val/loss, 95 % interval -0.2853 to 0.9853 "
        "(paired t test over 2 seeds, p = 0.09). "
        "2 seeds do not tell them apart; about 1 more would show a difference of this size.\n"
        "\n"
        "Being the best of 2, optimizer.lr=0.01 likely owes some of its val/loss to luck.\n"
        "\n"
        "## 1 job not finished\n\n"
        "- job 4, `0004-lr=9.0-seed=0`: failed\n"
    )


def test_the_summary_says_it_for_programs(tmp_path: Path) -> None:
    write_leaderboard(tmp_path, results(tmp_path), "failed", HEAD)
    found = told(tmp_path)
    assert {name: found[name] for name in ("format", "kind", "status", *HEAD)} == {
        "format": 1,
        "kind": "sweep",
        "status": "failed",
        **HEAD,
    }
    assert found["winner"] == "0002-lr=0.01-seed=0" and found["conclusion"].startswith("optimizer.lr=0.01 is ahead of ")
    assert found["jobs"][4] == {
        "job": 4,
        "folder": "0004-lr=9.0-seed=0",
        "status": "failed",
        "reason": "killed after 3.2 s, pid 77",
        "settings": {"optimizer.lr": "9.0", "seed": "0"},
        "metrics": {},
    }
    best, _ = found["groups"]
    assert best["settings"] == {"optimizer.lr": "0.01"} and best["runs"] == 2
    assert best["mean"]["val/loss"] == pytest.approx(0.15) and best["sd"]["val/loss"] == pytest.approx(0.5**0.5 / 10)


def test_equal_sweeps_have_equal_leaderboards_to_the_byte_and_no_place_or_time_in_them(tmp_path: Path) -> None:
    write_leaderboard(tmp_path / "a", results(tmp_path / "a"), "failed", HEAD)
    write_leaderboard(tmp_path / "b", reversed(results(tmp_path / "b")), "interrupted", {**HEAD, "started": "later"})
    for name in FILES:
        content = (tmp_path / "a" / name).read_bytes()
        assert content == (tmp_path / "b" / name).read_bytes()
        assert str(tmp_path).encode() not in content and b"pid" not in content and b"3.2 s" not in content


def test_a_value_that_is_no_number_and_text_that_a_spreadsheet_would_compute(tmp_path: Path) -> None:
    jobs = [result(tmp_path, 0, 0.1, 0, math.nan), result(tmp_path, 1, 0.2, 0, 0.5)]
    jobs = [JobResult(job.number, job.folder, {"name": f"=1+{job.number}"}, "finished", job.run) for job in jobs]
    write_leaderboard(tmp_path, jobs, "finished", HEAD)
    rows = list(csv.DictReader((tmp_path / CSV).read_text().splitlines()))
    assert [(row["name"], row["val/loss"]) for row in rows] == [("'=1+0", "nan"), ("'=1+1", "0.5")]
    assert told(tmp_path)["jobs"][0]["metrics"]["val/loss"] is None
    assert told(tmp_path)["winner"] == "0001-lr=0.2-seed=0"


def test_of_several_data_sets_each_is_told_and_none_has_won(tmp_path: Path) -> None:
    wine = {"dataset": "wine", "model": "mlp", "optimizer": "adam", "metric": ["accuracy"]}
    runs = [make_run(tmp_path / "0000-iris"), make_run(tmp_path / "0001-wine", options=wine)]
    jobs = [JobResult(n, run.name, {"dataset": run.name[5:]}, "finished", read_run(run)) for n, run in enumerate(runs)]
    write_leaderboard(tmp_path, jobs, "finished", HEAD)
    text = (tmp_path / MARKDOWN).read_text()
    assert "## iris: 1 run" in text and "## wine: 1 run" in text
    assert told(tmp_path)["winner"] is None
    assert [group["settings"]["dataset"] for group in told(tmp_path)["groups"]] == ["iris", "wine"]


def test_a_sweep_of_which_nothing_is_done_says_so(tmp_path: Path) -> None:
    write_leaderboard(tmp_path, [result(tmp_path, 0, 0.1, 0, None)], "failed", HEAD)
    assert (tmp_path / MARKDOWN).read_text() == "## 1 job not finished\n\n- job 0, `0000-lr=0.1-seed=0`: failed\n"
    assert (told(tmp_path)["winner"], told(tmp_path)["conclusion"], told(tmp_path)["groups"]) == (None, "", [])


def test_a_table_is_named_by_its_file_wherever_it_lies(tmp_path: Path) -> None:
    table = {"dataset": "csv", "model": "mlp", "optimizer": "adam", "metric": ["accuracy"]}
    run = make_run(tmp_path / "0000", options=table, dataset__path=str(tmp_path / "my prices.csv"))
    write_leaderboard(tmp_path, [JobResult(0, run.name, {}, "finished", read_run(run))], "finished", HEAD)
    assert (tmp_path / MARKDOWN).read_text().startswith("## csv my prices.csv: 1 run; smallest val/loss first\n")
