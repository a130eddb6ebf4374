"""What a job is: composed once, packed, told apart from others by what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.compose.request import parse
from runner.sweep.plan import (
    Job,
    check_jobs,
    folder_name,
    job_of_fact,
    numbered_on,
    sweep_name,
    with_identity,
    with_threads,
)


def identity(*words: str, digest: str = "d", device: str = "cpu", threads: int = 1) -> str:
    jobs = check_jobs(parse(["-m", "dataset=iris", "sweep.dir=x", *words])).jobs
    return with_identity(with_threads(jobs[0], threads), digest, device).identity


@pytest.mark.parametrize("words", [["name=x"], ["tags=[a]"], ["output_dir=o"], ["data_dir=d"], ["sweep.jobs=1"]])
def test_a_job_is_the_same_whatever_it_is_called_and_wherever_it_lies(words: list[str]) -> None:
    assert identity(*words) == identity()


def test_a_job_is_another_with_other_settings_data_threads_or_device() -> None:
    others = [identity("seed=1"), identity("optimizer.lr=0.2"), identity("max_eval_rows=9")]
    others += [identity(digest="e"), identity(device="cuda"), identity(threads=2)]
    assert len({identity(), *others}) == 7
    assert identity("threads=3", threads=2) == identity("threads=3", threads=1)  # what was typed stays


def test_a_job_comes_out_of_the_journal_as_it_went_in() -> None:
    planned = check_jobs(parse(["-m", "dataset=iris", "model=mlp,linear", "seed=0,1"]))
    jobs, configs, num_skipped = planned.jobs, planned.configs, planned.num_skipped
    assert [job.number for job in jobs] == [0, 1, 2, 3] and num_skipped == 0
    assert jobs[3].settings == {"dataset": "iris", "model": "linear", "seed": "1"}
    job = replace(jobs[3], folder="0003-linear-seed=1", identity="a")
    read = job_of_fact(job.as_fact())
    assert read == job and read.config({}) == replace(configs[3], trusted=[])
    assert read.config({}).said == configs[3].said
    assert len(jobs[3].packed) < 3000  # bytes: of thousands of jobs there are megabytes


def test_new_jobs_are_numbered_behind_the_known_and_none_is_there_twice() -> None:
    def job(identity: str, lr: str) -> Job:
        return Job(0, ("model=mlp", f"optimizer.lr={lr}"), "", b"", identity)

    first = numbered_on([job("a", "0.1"), job("b", "0.2"), job("a", "0.1")], [])
    assert [(each.number, each.folder) for each in first] == [(1, "0001-lr=0.1"), (2, "0002-lr=0.2")]
    more = numbered_on([job("b", "0.2"), job("c", "0.3")], first)
    assert [(each.number, each.folder) for each in more] == [(3, "0003-lr=0.3")]


def test_a_folder_is_named_by_what_differs() -> None:
    assert folder_name(3, {"model": "cnn", "optimizer.lr": "0.01"}) == "0003-cnn-lr=0.01"
    assert folder_name(12, {}) == "0012"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["cnn-lr=1e-05-epochs=3-digits", "cnn-lr=0.1-epochs=3-digits"], "cnn-epochs=3-digits"),
        (["overfit-lr=0.1", "overfit"], "overfit"),
        (["one", "two"], "cnn-digits"),
    ],
)
def test_a_sweep_is_named_by_what_its_jobs_have_in_common(names: list[str], told: str) -> None:
    (config,) = check_jobs(parse(["-m", "sweep.dir=x"])).configs
    assert sweep_name([replace(config, name=name) for name in names]) == told
