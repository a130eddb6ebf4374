"""Cores, memory and GPUs as a container or a scheduler gives them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.config.catalog import Catalog, packaged_conf
from runner.config.clustering import cluster_of
from runner.sweep import machine
from runner.sweep.local import LocalJobs
from runner.sweep.machine import Machine, free_memory, kind_of, machine_for, places_for, usable_cores, visible_gpus


@pytest.mark.parametrize(("quota", "cores"), [("max 100000", 8), ("150000 100000", 1), ("400000 100000", 4)])
def test_cores_are_no_more_than_the_quota_gives(
    quota: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert usable_cores(tmp_path) == cores


def test_cores_by_the_first_kind_of_cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5, 7}, raising=False)
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000")
    assert usable_cores(tmp_path) == 3
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("200000")
    assert usable_cores(tmp_path) == 2


def test_free_memory_is_what_machine_and_container_both_have(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 4000 kB\nMemAvailable: 3000 kB\n")
    assert free_memory(tmp_path, meminfo) == 3_072_000
    (tmp_path / "memory.max").write_text("2000000")
    (tmp_path / "memory.current").write_text("500000")
    assert free_memory(tmp_path, meminfo) == 1_500_000
    assert free_memory(tmp_path / "none", tmp_path / "none") is None


def test_jobs_at_a_time_are_as_many_as_find_a_core_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: 9_000)
    four = Machine("cpu", (), cores=4)
    assert four.at_a_time("auto", num_jobs=10, memory=0) == 4
    assert four.at_a_time("auto", num_jobs=3, memory=0) == 3
    assert four.at_a_time("auto", num_jobs=10, memory=2_000) == 3  # each with half as much again
    assert four.at_a_time("auto", num_jobs=10, memory=1_000_000) == 1


def test_gpus_are_those_that_the_environment_shows() -> None:
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "2, GPU-ab"}) == ["2", "GPU-ab"]
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "-1"}) == visible_gpus({"CUDA_VISIBLE_DEVICES": ""}) == []


def test_auto_is_the_gpu_where_there_is_one() -> None:
    assert [kind_of("auto", ["0"]), kind_of("auto", []), kind_of("cuda:1", ["0"])] == ["cuda", "cpu", "cuda"]


def seen(task: int, folder: Path) -> str:
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_each_job_sees_one_of_four_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "visible_gpus", lambda: ["0", "1", "2", "3"])
    shared = Machine.here("auto", jobs_per_gpu=2)
    assert shared.slots == ("0", "1", "2", "3", "0", "1", "2", "3")  # a second job on a GPU when each has one
    assert shared.at_a_time("auto", 100, 0) == 8 and shared.at_a_time(99, 100, 0) == 8
    assert Machine.here("cpu", 2).slots == Machine.here("cuda:1", 2).slots == ()
    back_end = LocalJobs(seen, Machine.here("cuda", 1).slots)
    handles = [back_end.submit(number, tmp_path) for number in range(4)]
    answers = []
    for handle in handles:
        handle.process.join()
        ended = back_end.state(handle)
        assert ended is not None
        answers.append(ended.answer)
    assert answers == ["0", "1", "2", "3"]
    assert back_end.submit(4, tmp_path).slot == "0"  # it came back


def test_a_job_gets_the_gpu_with_the_fewest_jobs(tmp_path: Path) -> None:
    back_end = LocalJobs(seen, ("0", "1", "2", "3", "0", "1", "2", "3"))
    handles = [back_end.submit(number, tmp_path) for number in range(4)]
    handles[1].process.join()
    assert back_end.state(handles[1]) is not None
    assert [handle.slot for handle in handles] == ["0", "1", "2", "3"]
    assert back_end.submit(4, tmp_path).slot == "1"  # the others have a job each


def test_a_cluster_says_what_its_jobs_compute_on_and_takes_as_many_as_an_array_has() -> None:
    knobs = {name: knob.default for name, knob in Catalog([packaged_conf()]).option("cluster", "slurm").knobs.items()}
    slurm = cluster_of("slurm", {**knobs, "array_size": 7})
    machine = machine_for(slurm, "auto", 1)
    assert (machine.device, machine.slots) == ("cpu", ())
    assert machine_for(cluster_of("slurm", {**knobs, "gpus": 2}), "auto", 1).device == "cuda"
    assert machine_for(slurm, "cuda:0", 1).device == "cuda"
    assert [places_for(slurm, machine, wanted, 20, memory=0) for wanted in ("auto", 3)] == [7, 3]
    here = Machine("cpu", (), 2)
    assert places_for(cluster_of("slurm", {**knobs, "local": True}), here, "auto", 20, memory=0) == 2
