"""The trials of a search on their way, without a training: a job that is run writes what it came to at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import ConfigError
from runner.runs.directory import make
from runner.search.halving import Rung
from runner.sweep.folder import Header, SweepFolder
from runner.sweep.line import GridJob
from runner.sweep.plan import Job, packed_config
from runner.sweep.rungs import Halving
from runner.sweep.search_plan import SearchPlan, plan_of_fact
from runner.sweep.trials import Trials

REDONE = ("waiting", "interrupted")
SPACE = {
    "space": {"optimizer.lr": {"kind": "interval", "low": 0.0, "high": 1.0, "log": False, "whole": False}},
    "only_with": {},
}
TPE = {"method": "tpe", "trials": 9, "seed": 0, "window": 3, "startup_trials": 2, "max_seconds": None}
RANDOM = {"method": "random", "trials": 9, "seed": 0, "max_seconds": None}
HALVING = {"method": "halving", "trials": 9, "seed": 0, "eta": 3, "min_epochs": 1, "max_seconds": None}


def plan(settings: dict[str, object], repeats: tuple[dict[str, str], ...] = ({},)) -> SearchPlan:
    words = {"optimizer.lr": None, "seed": None}
    return plan_of_fact({**SPACE, **settings, "repeats": repeats, "words": words, "epochs": 9})


def made(asked: GridJob) -> Job:
    words = tuple(word.lstrip("+") for word in asked.overrides)
    return Job(0, words, "", packed_config({}), identity=" ".join(words))


def opened(path: Path) -> SweepFolder:
    path.mkdir(exist_ok=True)
    header = Header("x", "now", (), None, 1, 2, 1, "cpu", "val/loss")
    return SweepFolder.opened(path, header)


def run(folder: SweepFolder, job: Job, status: str = "finished") -> None:
    """The job as if it had been trained to its end, or to where it is to stop; its loss is its rate."""
    directory, loss = folder.run_of(job).directory, float(job.settings["optimizer.lr"])
    make(directory.path)
    last = min(job.stops, default=9)
    rows = [{"step": epoch, "epoch": epoch, "train/loss": 1.0, "val/loss": loss} for epoch in range(1, last + 1)]
    directory.metrics.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    how = "pruned" if job.stops and status == "finished" else status
    directory.write_summary({"status": how, "best": {"val/loss": loss}, "final": rows[-1]})
    folder.write_begin(job)
    folder.write_end(job, how, "")


def all_run(trials: Trials, jobs: Iterator[Job | None]) -> list[int]:
    """Every job run when it is given out; their numbers."""
    numbers = []
    for job in jobs:
        assert job is not None
        run(trials.folder, job)
        numbers.append(job.number)
    return numbers


def facts(path: Path, kind: str) -> list[dict[str, object]]:
    lines = (path / "journal.jsonl").read_text().splitlines()
    return [fact for line in lines if kind in (fact := json.loads(line))]


def test_a_trial_waits_for_those_that_it_is_chosen_by_and_for_no_other(tmp_path: Path) -> None:
    folder = opened(tmp_path / "sweep")
    jobs = Trials(plan(TPE), folder, made).jobs(REDONE)
    first = [next(jobs) for _ in range(3)]
    assert [job.number for job in first if job] == [1, 2, 3] and next(jobs) is None
    assert first[1] and first[2] and first[0]
    run(folder, first[2])
    run(folder, first[1])
    assert next(jobs) is None  # the fourth needs the first
    run(folder, first[0], "failed")
    fourth = next(jobs)
    assert fourth and fourth.number == 4
    assert [fact["outcome"] for fact in facts(tmp_path / "sweep", "told")] == ["failed", "finished", "finished"]


def test_a_search_that_is_opened_again_goes_on_with_the_same_trials(tmp_path: Path) -> None:
    whole = Trials(plan(TPE), opened(tmp_path / "whole"), made)
    all_run(whole, whole.jobs(REDONE))
    cut = opened(tmp_path / "cut")
    jobs = Trials(plan(TPE), cut, made).jobs(REDONE)
    for _ in range(5):
        job = next(jobs)
        assert job
        run(cut, job)
    next(jobs)  # begun, and killed
    again = Trials(plan(TPE), opened(tmp_path / "cut"), made)
    assert all_run(again, again.jobs(REDONE)) == [6, 7, 8, 9]
    assert facts(tmp_path / "cut", "point") == facts(tmp_path / "whole", "point")
    assert again.num_to_come == 0


def test_what_was_told_stays_whatever_becomes_of_the_run_later(tmp_path: Path) -> None:
    folder = opened(tmp_path / "sweep")
    jobs = Trials(plan(TPE), folder, made).jobs(REDONE)
    for _ in range(3):
        job = next(jobs)
        assert job
        run(folder, job)
    next(jobs)
    folder.run_of(folder.jobs[0]).directory.write_summary({"status": "finished", "best": {"val/loss": 99.0}})
    again = Trials(plan(TPE), opened(tmp_path / "sweep"), made)
    assert again.trials[0].score == float(folder.jobs[0].settings["optimizer.lr"])


def test_the_seeds_of_a_trial_are_told_as_their_mean(tmp_path: Path) -> None:
    folder = opened(tmp_path / "sweep")
    seeds = ({"seed": "0"}, {"seed": "1"})
    trials = Trials(plan({**TPE, "window": 1}, seeds), folder, made)
    jobs = trials.jobs(REDONE)
    first, second = next(jobs), next(jobs)
    assert first and second and (first.folder[-6:], second.folder[-6:]) == ("seed=0", "seed=1")
    for job, loss in ((first, 1.0), (second, 4.0)):
        run(folder, job)
        folder.run_of(job).directory.write_summary({"status": "finished", "best": {"val/loss": loss}})
    assert next(jobs) is not None and trials.trials[0].score == 2.5
    assert trials.num_to_come == 7 * 2


def test_a_trial_that_cannot_be_composed_has_failed_and_the_next_goes_on(tmp_path: Path) -> None:
    folder, notes = opened(tmp_path / "sweep"), list[str]()

    def refusing(asked: GridJob) -> Job:
        if not folder.trials:
            raise ConfigError("optimizer.lr=0.5: no")
        return made(asked)

    trials = Trials(plan({**TPE, "window": 1}), folder, refusing, notes.append)
    job = next(trials.jobs(REDONE))
    assert job and job.number == 1 and folder.trials[0]["jobs"] == []
    assert trials.trials[0].outcome == "failed" and notes == ["trial 0 cannot be begun: optimizer.lr=0.5: no"]


def test_a_trial_without_a_finite_score_has_failed(tmp_path: Path) -> None:
    folder = opened(tmp_path / "sweep")
    trials = Trials(plan({**TPE, "window": 1}), folder, made)
    jobs = trials.jobs(REDONE)
    job = next(jobs)
    assert job
    run(folder, job)
    folder.run_of(job).directory.write_summary({"status": "finished", "best": {"val/loss": None}})
    assert next(jobs) is not None and (trials.trials[0].outcome, trials.trials[0].score) == ("failed", None)


def test_the_same_values_twice_are_one_job(tmp_path: Path) -> None:
    space = {"optimizer.lr": {"kind": "choice", "values": ["1", "2"], "words": ["optimizer.lr=1", "optimizer.lr=2"]}}
    folder = opened(tmp_path / "sweep")
    trials = Trials(plan_of_fact({**plan(RANDOM).as_fact(), "space": space}), folder, made)
    assert all_run(trials, trials.jobs(REDONE)) == [1, 2]
    assert len(folder.trials) == 9 and {number for fact in folder.trials.values() for number in fact["jobs"]} == {1, 2}


def test_after_its_seconds_no_other_trial_begins(tmp_path: Path) -> None:
    now = iter([0.0, 1.0, 2.0, 3.0])
    trials = Trials(plan({**RANDOM, "max_seconds": 2.0}), opened(tmp_path / "sweep"), made, clock=lambda: next(now))
    assert all_run(trials, trials.jobs(REDONE)) == [1] and trials.num_to_come == 0


def test_a_pruned_trial_was_asked_for_the_median_of_those_before(tmp_path: Path) -> None:
    folder = opened(tmp_path / "sweep")
    trials = Trials(plan({**TPE, "window": 1, "pruning": "median"}), folder, made)
    stops = []
    for job in trials.jobs(REDONE):
        assert job
        stops.append(job.stops)
        run(folder, replace(job, stops={}))
    rates = sorted(float(job.settings["optimizer.lr"]) for job in folder.jobs[:5])
    assert stops[:5] == [{}] * 5 and stops[5] == dict.fromkeys(range(1, 9), rates[2])
    assert trials.trials[0].by_epoch == (trials.trials[0].score,) * 9


def test_halving_holds_all_and_lets_the_better_ones_go_on(tmp_path: Path) -> None:
    folder = opened(tmp_path / "sweep")
    trials = Halving(plan(HALVING), folder, made)
    assert trials.plan.rungs == [Rung(9, 1), Rung(3, 3), Rung(1, 9)]
    stops = []
    for job in trials.jobs(REDONE):
        assert job
        run(folder, job)
        stops.append((job.number, job.stops))
    in_order = sorted(folder.jobs, key=lambda job: float(job.settings["optimizer.lr"]))
    best = sorted(job.number for job in in_order[:3])
    assert [number for number, _ in stops] == [*range(1, 10), *best, in_order[0].number]
    assert [stop for _, stop in stops] == [{1: None}] * 9 + [{3: None}] * 3 + [{}]
    assert sorted(map(folder.standing, folder.jobs)) == ["finished", *["pruned"] * 8]


def test_halving_waits_for_the_whole_rung_and_goes_on_after_a_kill(tmp_path: Path) -> None:
    folder = opened(tmp_path / "sweep")
    jobs = Halving(plan(HALVING), folder, made).jobs(REDONE)
    first = [job for job, _ in zip(jobs, range(9), strict=False) if job]
    for job in first[1:]:
        run(folder, job)
    assert next(jobs) is None
    again = Halving(plan(HALVING), opened(tmp_path / "sweep"), made)
    assert all_run(again, again.jobs(REDONE))[0] == 1
    assert all_run(again, again.jobs(REDONE)) == []


def test_a_run_that_failed_does_not_go_on_and_one_trained_by_hand_counts_as_it_was_at_the_rung(tmp_path: Path) -> None:
    folder = opened(tmp_path / "sweep")
    trials = Halving(plan(HALVING), folder, made)
    jobs = trials.jobs(REDONE)
    first = [job for job, _ in zip(jobs, range(9), strict=False) if job]
    by_rate = sorted(first, key=lambda job: float(job.settings["optimizer.lr"]))
    for job in first:
        run(folder, job, "failed" if job is by_rate[0] else "finished")
    trials.folder.run_of(by_rate[0]).directory.metrics.write_text("")
    run(folder, replace(by_rate[8], stops={}))
    rest = all_run(trials, jobs)
    assert rest[:3] == sorted(job.number for job in by_rate[1:4]) and rest[3] == by_rate[1].number


@pytest.mark.parametrize("settings", [RANDOM, TPE, HALVING])
def test_a_plan_of_each_kind_is_read_back(settings: dict[str, object]) -> None:
    assert plan_of_fact(json.loads(json.dumps(plan(settings).as_fact()))) == plan(settings)
