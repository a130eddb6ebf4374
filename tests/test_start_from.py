"""What ``start_from`` promises of runs that are killed, gone on with, folded and swept; typed."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

import program
from sweeps import begun, typed

NET = ["dataset=iris", "model=linear", "epochs=3", "threads=1", "tensorboard=off"]
SWEEP = ["train", "-m", *NET, "start_from=last", "seed=1,2", "sweep.check=false"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with one run, the source of the others."""
    done = typed(tmp_path, "train", *NET, "output_dir=outputs")
    assert done.code == 0, done.err
    return tmp_path


@pytest.fixture(autouse=True)
def usual_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_OUTPUTS", "outputs")


def source(home: Path) -> Path:
    return min(home.glob("outputs/20*/*"))


def history(run: Path) -> bytes:
    return (run / "metrics.jsonl").read_bytes()


def config(run: Path) -> str:
    return str(json.loads((run / "summary.json").read_text())["config"]["start_from"])


def test_a_run_goes_on_without_the_run_that_it_began_with(home: Path) -> None:
    words = [*NET, f"start_from={source(home)}", "seed=1"]
    for name, at in (("whole", 10**6), ("halved", 4)):  # of 6 steps, two an epoch
        program.run(
            ["train", *words, f"output_dir={name}"],
            home / name,
            before="kill_before",
            at=("runner.engine.step:Stepper.step", at),
            cwd=home,
        )
    (whole,), (halved,) = home.glob("whole/20*/*"), home.glob("halved/20*/*")
    shutil.rmtree(home / "outputs")
    assert typed(home, "resume", str(halved)).code == 0
    assert history(halved) == history(whole)


def test_a_run_killed_before_its_first_checkpoint_begins_with_the_same_weights_again(home: Path) -> None:
    words = ["train", *NET, f"start_from={source(home)}", "seed=1"]
    at = ("runner.engine.step:Stepper.step", 1)
    done = program.run([*words, "output_dir=a"], home / "a", before="kill_before", at=at, cwd=home)
    assert done.code == -signal.SIGKILL
    (killed,) = home.glob("a/20*/*")
    assert not list(killed.glob("checkpoints/*.pt"))
    assert typed(home, "resume", str(killed)).code == typed(home, *words, "output_dir=b").code == 0
    (whole,) = home.glob("b/20*/*")
    assert history(killed) == history(whole)


def test_jobs_and_folds_begin_with_the_weights_that_a_run_begins_with(home: Path) -> None:
    first = str(source(home))
    for argv in (
        [*SWEEP, "sweep.dir=x"],
        ["train", *NET, f"start_from={first}", "seed=2", "output_dir=one"],
        ["train", "-m", *NET, f"start_from={first}", "folds=2", "fold=all", "sweep.dir=folds"],
        ["train", *NET, f"start_from={first}", "folds=2", "fold=all", "output_dir=all"],
    ):
        done = typed(home, *argv)
        assert done.code == 0, done.err
    (one,), (folded,) = home.glob("one/20*/*"), home.glob("all/20*/*")
    assert history(home / "x/0002-seed=2") == history(one)
    for number in range(2):
        (job,) = home.glob(f"folds/000{number + 1}*")
        assert history(job) == history(folded / f"fold-{number}")


def test_a_sweep_keeps_the_source_that_was_last_when_it_began(home: Path) -> None:
    folder = home / "outputs/x"  # where the sweep itself is the last now
    assert typed(home, *SWEEP, "sweep.dir=outputs/x").code == 0
    more = [word.replace("seed=1,2", "seed=1,2,3") for word in SWEEP]
    assert typed(home, *more, "sweep.dir=outputs/x").code == 0
    assert begun(folder) == [1, 2, 3]
    origins = {config(job) for job in folder.glob("000*")}
    assert len(origins) == 1 and origins.pop().startswith(f"{source(home)}/checkpoints/")
    assert typed(home, *SWEEP, "sweep.dir=outputs/y").code == 0  # another begins with the best job of the first
    assert config(home / "outputs/y/0001-seed=1").startswith(f"{folder}/000")
