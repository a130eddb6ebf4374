"""Jobs that go on without their sweep: by submitit's executor on this machine for real, by a stand-in for SLURM.

There is no SLURM where the tests run. Its commands are small scripts on PATH which write down what they were called
with and answer as SLURM does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from submitit import SlurmExecutor

import program
from runner.config.catalog import Catalog, packaged_conf
from runner.config.clustering import Slurm
from runner.errors import ConfigError, Interrupted, RunError
from runner.experiment.assemble import read_data
from runner.runs.directory import RunDirectory
from runner.runs.saved_run import SavedRun
from runner.sweep.ending import stopped
from runner.sweep.folder import Header, SweepFolder
from runner.sweep.job import NodeTraining
from runner.sweep.local import Ended
from runner.sweep.plan import Job
from runner.sweep.record import other_torch
from runner.sweep.slurm import Handle, SlurmJobs
from runner.sweep.start import check_cluster_is_here
from sweeps import LEADERBOARDS, begun, facts, rows, typed, until

if sys.platform == "win32":
    pytest.skip("SLURM is of Linux", allow_module_level=True)
KNOBS = {name: knob.default for name, knob in Catalog([packaged_conf()]).option("cluster", "slurm").knobs.items()}
WORDS = ["dataset=iris", "model=linear", "optimizer.lr=0.1", "seed=0,1", "threads=1", "tensorboard=off", "epochs=400"]
LEAN = ["baselines.trees=[]", "sweep.check=false", "sweep.jobs=1", "sweep.dir=sweep"]


def test_a_killed_sweep_finds_its_jobs_again_and_a_preempted_job_goes_on_to_the_bit(tmp_path: Path) -> None:
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    assert program.run(["train", "-m", *WORDS, *LEAN], alone / "said", cwd=alone).code == 0
    argv = ["train", "-m", *WORDS, *LEAN, "cluster=slurm", "cluster.local=true", "checkpoint.every_epochs=100"]
    driver = program.fork(argv, killed / "said", cwd=killed)
    until(lambda: rows(killed / "sweep", "0001") >= 5)
    driver.send("SIGKILL")
    assert driver.end().code == -signal.SIGKILL
    assert [fact["submitted"] for fact in facts(killed / "sweep") if "submitted" in fact] == [1]
    before = rows(killed / "sweep", "0001")
    until(lambda: rows(killed / "sweep", "0001") > before)
    (owner,) = (killed / "sweep").glob("0001*/.owner")
    os.kill(int(owner.read_text()), signal.SIGUSR2)  # as SLURM does before the time of a job is over
    done = typed(killed, "resume", "sweep")
    assert done.code == 0, done.err
    assert begun(killed / "sweep") == [1, 2]
    (log,) = (killed / "sweep").glob("0001*/train.log")
    assert "this job is preempted" in log.read_text()
    histories = [f"{job}-seed={seed}/metrics.jsonl" for seed, job in enumerate(("0001", "0002"))]
    for name in (*LEADERBOARDS, *histories):
        assert (killed / "sweep" / name).read_bytes() == (alone / "sweep" / name).read_bytes(), name


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a stand-in for each command, what it was called with, and ``states``: what sacct answers."""
    scripts = {
        "sbatch": 'cat "$1" >> calls; echo "Submitted batch job 77"',
        "scancel": 'echo scancel "$@" >> calls',
        "sacct": "cat states",
        "srun": "exit 1",
    }
    for name, script in scripts.items():
        write_command(tmp_path / name, script)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("runner.sweep.slurm.LOOKED_AT_S", 0)
    monkeypatch.setattr("runner.sweep.slurm.SEEN_WITHIN_S", 0)
    answer(tmp_path, *["PENDING"] * 3)
    return tmp_path


def write_command(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\ncd {path.parent}\n{script}\n")
    path.chmod(0o755)


def answer(slurm: Path, *states: str) -> None:
    """From now on sacct says so of the jobs of the array."""
    lines = [f"77_{number}|{state}|node1" for number, state in enumerate(states)]
    (slurm / "states").write_text("\n".join(["JobID|State|NodeList", *lines]))
    SlurmExecutor.job_class.watcher.clear()


def jobs_of(slurm: Path, **knobs: object) -> SlurmJobs:
    header = Header("iris", "now", ["-m"], None, 1, 2, 1, "cpu", "val/loss")
    cluster = Slurm(**{**KNOBS, **knobs})
    return SlurmJobs(cluster, print, SweepFolder.opened(slurm / "sweep", header))


def handed_over(jobs: SlurmJobs, count: int) -> list[Handle]:
    handles = []
    for number in range(1, count + 1):
        job = Job(number, (), f"{number:04}", b"")
        (jobs.folder.path / job.folder).mkdir()
        handles.append(jobs.submit(job, jobs.folder.path / job.folder))
    jobs.wait(handles, 0)
    return handles


@pytest.fixture
def sweep(slurm: Path) -> Path:
    (slurm / "sweep").mkdir()
    return slurm


def test_what_was_submitted_together_is_one_array_that_asks_for_what_was_said(sweep: Path) -> None:
    knobs = {"partition": "gpu", "account": "vision", "time_min": 90, "mem_gb": 1.5, "cpus": 2, "gpus": 1}
    jobs = jobs_of(sweep, **knobs, setup=["module load cuda"], array_size=8)
    handles = handed_over(jobs, 3)
    asked = set((sweep / "calls").read_text().splitlines())
    assert {f"#SBATCH --{line}" for line in SBATCH} | {"module load cuda"} <= asked
    assert [handle.id for handle in handles] == ["77_0", "77_1", "77_2"]
    assert jobs.folder.submitted == {1: "77_0", 2: "77_1", 3: "77_2"}
    assert jobs.farewell(handles) == "scancel 77_0 77_1 77_2"


SBATCH = (
    "array=0-2%3",
    "partition=gpu",
    "account=vision",
    "time=90",
    "mem=1536M",
    "cpus-per-task=2",
    "gpus-per-node=1",
    "job-name=iris",
    "signal=USR2@90",
)


def test_a_job_waits_runs_ends_or_is_gone(sweep: Path) -> None:
    jobs = jobs_of(sweep)
    waiting, running, gone = handed_over(jobs, 3)
    answer(sweep, "PENDING", "COMPLETED", "NODE_FAIL")
    waiting.began = running.began = 0.0
    assert jobs.state(waiting) is None and waiting.began > 0 and not waiting.has_run
    with RunDirectory(running.folder).owned():
        assert jobs.state(running) is None and running.began == 0 and running.has_run
    assert jobs.state(gone) == Ended(-9, "its process ended without a result (NODE_FAIL)")
    (running.folder / "ended.json").write_text(json.dumps({"id": "77_1", "exit_code": 1, "reason": "the loss is nan"}))
    assert jobs.state(running) == Ended(1, "the loss is nan")


def test_a_job_that_is_queued_again_is_waited_for(sweep: Path) -> None:
    jobs = jobs_of(sweep)
    (job,) = handed_over(jobs, 1)
    for state in ("PREEMPTED", "REQUEUED", "COMPLETING"):
        (sweep / "states").write_text(f"JobID|State|NodeList\n77|{state}|node1")
        SlurmExecutor.job_class.watcher.clear()
        assert jobs.state(job) is None


def test_a_later_sweep_finds_what_waits_and_begins_anew_what_is_gone(sweep: Path) -> None:
    handed_over(jobs_of(sweep), 2)
    answer(sweep, "PENDING", "CANCELLED")
    later = jobs_of(sweep)
    first, second = (Job(number, (), f"{number:04}", b"") for number in (1, 2))
    found = later.under_way(first, sweep / "sweep" / first.folder)
    assert found is not None and found.id == "77_0"
    assert later.under_way(second, sweep / "sweep" / second.folder) is None
    later.cancel(found)
    assert (sweep / "calls").read_text().splitlines()[-1] == "scancel 77_0"


def test_a_job_that_a_killed_sweep_could_not_write_down_is_waited_for_while_it_runs(sweep: Path) -> None:
    jobs, folder = jobs_of(sweep), sweep / "sweep" / "0001"
    folder.mkdir()
    with RunDirectory(folder).owned():
        found = jobs.under_way(Job(1, (), "0001", b""), folder)
        assert found is not None and jobs.state(found) is None
    assert jobs.state(found) == Ended(-9, "its process ended without a result")


def test_what_slurm_refuses_is_said_once_in_its_own_words(sweep: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_command(sweep / "sbatch", 'echo "sbatch: error: invalid partition specified: gppu" >&2; exit 1')
    with pytest.raises(ConfigError) as error:
        handed_over(jobs_of(sweep, partition="gppu"), 2)
    first, second = str(error.value).splitlines()
    assert first == "cluster=slurm: sbatch: error: invalid partition specified: gppu"
    assert second.startswith("  go on with: ") and second.endswith("sweep cluster.partition=...")
    assert capfd.readouterr() == ("", "")


def test_a_machine_without_slurm_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigError) as error:
        check_cluster_is_here(Slurm(**KNOBS))
    assert str(error.value) == (
        "cluster=slurm: there is no sbatch and no srun and no scancel and no sacct on this machine; start the sweep "
        "where SLURM is\n  cluster.local=true tries it out without SLURM"
    )
    check_cluster_is_here(Slurm(**{**KNOBS, "local": True}))


def test_after_ctrl_c_stands_what_goes_on_how_to_come_back_and_how_to_end_it(sweep: Path) -> None:
    jobs = jobs_of(sweep)
    ended_by = jobs.farewell(handed_over(jobs, 2))
    with pytest.raises(Interrupted) as told:
        stopped(jobs.folder, Counter(interrupted=2, waiting=1), signal.SIGINT, "", ended_by)
    first, second = str(told.value).splitlines()
    assert first.startswith("interrupted; 2 on the way, 1 of 3 jobs not started; go on with: ")
    assert second == "  the jobs on the way go on by themselves; to end them: scancel 77_0 77_1"


def test_a_run_that_another_torch_began_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "0001"
    folder.mkdir()
    monkeypatch.setattr("runner.sweep.job.versions", lambda: {"torch": "2.12.0"})
    RunDirectory(folder).write_summary({"status": "running", "versions": {"torch": "2.11.0"}})
    with pytest.raises(RunError, match=r"has torch 2\.12\.0, and the run was begun with 2\.11\.0"):
        NodeTraining((), {}, read_data)(Job(1, (), "0001", b""), folder)


def test_a_job_that_ran_with_another_torch_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.sweep.record.versions", lambda: {"torch": "2.12.0"})
    directory = RunDirectory(tmp_path)
    assert list(other_torch(SavedRun(directory))) == []
    directory.write_summary({"status": "finished", "versions": {"torch": "2.11.0"}})
    (told,) = other_torch(SavedRun(directory))
    assert told == "a job ran with torch 2.11.0, and here is 2.12.0: its bits may be others"


def test_submitit_and_ray_are_imported_for_their_clusters_alone() -> None:
    code = "import sys, runner.sweep.start, runner.cli.resume; sys.exit(bool({'submitit', 'ray'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], env=program.environment(), check=False).returncode == 0
