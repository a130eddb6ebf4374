"""Jobs in processes of their own; the jobs here are the functions of tests/sweep/sweep_jobs.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from runner.compose.composition import compose
from runner.compose.request import parse
from runner.errors import ConfigError
from runner.sweep import jobs
from runner.sweep.jobs import Job, run_jobs, sweep, sweep_name


@pytest.fixture(autouse=True)
def light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "PRELOAD", [])  # these jobs need no torch
    monkeypatch.setattr(jobs, "JOB", "sweep_jobs:job")
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def outcomes(tmp_path: Path, *jobs: list[str]) -> list[Job]:
    return run_jobs(parse(["-m"]), jobs, tmp_path / "sweep")


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_failing_job_stops_no_other_and_says_why(tmp_path: Path) -> None:
    words = [["name=well"], ["name=raises"], ["name=refuses"], ["name=killed"], ["name=vanishes"], ["name=exits"]]
    found = outcomes(tmp_path, *words, ["name=well"])
    assert [(job.number, job.exit_code, job.reason) for job in found] == [
        (0, 0, ""),
        (1, 1, "ValueError: no luck"),
        (2, 3, "no data here"),
        (3, 137, "killed by SIGKILL"),
        (4, 1, "its process ended without a result"),
        (5, 7, "not finite"),
        (6, 0, ""),
    ]
    assert found[1].run.path == tmp_path / "sweep/1-name=raises"
    assert found[1].overrides == {"name": "raises"}


def test_no_job_starts_when_one_of_them_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="epochs=0"):
        sweep(parse(["-m", "epochs=1,0"]))
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_numbers_its_jobs_and_keeps_what_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(parse(["-m", "name=well,refuses", "output_dir=outputs"])) == 1
    (folder,) = tmp_path.glob("outputs/sweeps/*/*-cnn-digits")
    asked = yaml.safe_load((folder / "multirun.yaml").read_text())["hydra"]
    assert asked["overrides"]["task"][0].endswith("name=well,refuses") and asked["sweep"]["dir"] == str(folder)
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["job 0: name=well output_dir=outputs", "  finished after 0.0 s"]
    assert told[2:4] == ["job 1: name=refuses output_dir=outputs", "  no data here"]
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["0-name=well", "1-name=refuses"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["cnn-lr=1e-05-epochs=3-digits", "cnn-lr=0.1-epochs=3-digits"], "cnn-epochs=3-digits"),
        (["overfit-lr=0.1", "overfit"], "overfit"),
        (["one", "two"], "cnn-digits"),
    ],
)
def test_a_sweep_is_named_by_what_its_jobs_have_in_common(names: list[str], told: str) -> None:
    config = compose(parse([])).config
    assert sweep_name([replace(config, name=name) for name in names]) == told


def test_a_signal_ends_the_running_job_and_the_sweep(tmp_path: Path) -> None:
    def press() -> None:
        until((tmp_path / "sweep/0-name=waits/started").exists)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    before = signal.getsignal(signal.SIGINT)
    found = outcomes(tmp_path, ["name=waits"], ["name=well"])
    assert [(job.exit_code, job.reason) for job in found] == [
        (130, "interrupted"),
        (130, "not started: the sweep was interrupted"),
    ]
    assert signal.getsignal(signal.SIGINT) is before


SWEEP = """
import sys
from dataclasses import replace
from pathlib import Path
from runner.sweep import jobs
from runner.compose.composition import compose
from runner.compose.request import parse
jobs.PRELOAD, jobs.JOB = [], "sweep_jobs:job"
jobs.run_jobs(parse(["-m"]), [["name=waits"]], Path("sweep"))
"""


def test_a_killed_sweep_leaves_no_job_behind(tmp_path: Path) -> None:
    paths = [str(Path(__file__).parent), str(Path(jobs.__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    parent = subprocess.Popen([sys.executable, "-c", SWEEP], cwd=tmp_path, env=environment)
    try:
        until((tmp_path / "sweep/0/started").exists)
    finally:
        parent.kill()
        parent.wait()
    job = int((tmp_path / "sweep/0/pid").read_text())
    until(lambda: not alive(job))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_imports_no_torch() -> None:
    program = "import runner.sweep.jobs, sys; print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stdout.strip() == "False", ended.stderr
