"""TERM, INT and HUP end a run politely: its state is saved, and the command that goes on with it is printed."""

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import program
from program import TINY, contents, only_run, wait_for

LONG = [word for word in TINY if not word.startswith(("epochs", "early_stopping"))] + ["epochs=100000"]


def summary(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "summary.json").read_text()))


@pytest.fixture
def training(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A real ``python -m runner train`` that would take hours, some steps on its way."""
    process = program.spawn("train", *LONG, f"output_dir={tmp_path}/it's here", cwd=tmp_path)
    wait_for(tmp_path, "it's here/20*/*/checkpoints/last.pt", process)
    yield process
    process.kill()
    process.communicate()


def resume_command(told: str) -> list[str]:
    """The words of the command in a message, as a shell would take them."""
    found = re.search(r"resume with: (.*)", told)
    assert found, told
    return shlex.split(found[1])


def test_fault_8_a_real_run_answers_term_and_its_command_goes_on(
    tmp_path: Path, training: subprocess.Popen[str]
) -> None:
    training.terminate()
    _, err = training.communicate(timeout=program.PATIENCE_S)
    assert training.returncode == 143
    assert len(err.splitlines()) == 1 and "Traceback" not in err
    run = only_run(tmp_path / "it's here")
    said = re.search(r"saved .* \(step (\d+)\)", err)
    assert said and summary(run)["status"] == "interrupted"
    words = resume_command(err)
    assert words[:4] == ["python", "-m", "runner", "resume"] and tmp_path / words[4] == run
    again = program.run(["resume", str(run), "epochs=1"], tmp_path / "said")
    assert again.code == 0, again.err
    steps_per_epoch = 5  # an epoch that was begun is brought to its end
    assert summary(run)["status"] == "finished"
    assert summary(run)["best"]["step"] <= max(int(said[1]), steps_per_epoch)


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGHUP", 129), ("SIGTERM", 143)])
def test_fault_9_each_signal_has_its_exit_code(tmp_path: Path, name: str, code: int) -> None:
    forked = program.fork(["train", *LONG, f"output_dir={tmp_path}"], tmp_path / "said")
    wait_for(tmp_path, "20*/*/checkpoints/last.pt")
    forked.send(name)
    done = forked.end()
    assert done.code == code
    assert "resume with: python -m runner resume" in done.err
    assert summary(only_run(tmp_path))["status"] == "interrupted"


PLACES = {
    "within a step": ("runner.engine.step:Stepper.step", 7),
    "within a checkpoint's write": ("runner.runs.files:write_synced", 9),
    "within validation": ("runner.engine.fit:judge", 2),
    "at the first batch of validation": ("runner.engine.fit:predict", 2),
    "within the last scores": ("runner.experiment.scoring:predict", 2),
}


@pytest.mark.parametrize("place", PLACES)
def test_fault_8_a_run_interrupted_anywhere_goes_on_to_the_bit(tmp_path: Path, place: str) -> None:
    whole = contents(program.train(tmp_path / "whole"))
    argv = ["train", *TINY, f"output_dir={tmp_path}"]
    done = program.run(argv, tmp_path / "said", before="terminate_before", at=PLACES[place])
    assert done.code == 143, done.err
    words = resume_command(done.err)
    assert program.run(words[3:], tmp_path / "said").code == 0
    assert contents(only_run(tmp_path)) == whole


def test_an_interruption_within_evaluation_is_answered_within_a_batch(tmp_path: Path) -> None:
    argv = ["train", *LONG, f"output_dir={tmp_path}", "eval_batch_size=1"]
    done = program.run(argv, tmp_path / "said", before="slow_evaluation", at=0.4)  # 7 rows: 2.8 s
    assert done.code == 143
    seconds = float(done.out.rpartition("answered after ")[2])
    assert seconds < 1.5


def test_fault_8_the_second_signal_leaves_at_once_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    argv = ["train", *LONG, f"output_dir={tmp_path}"]
    done = program.run(
        argv, tmp_path / "said", before="terminate_twice_before", at=PLACES["within a checkpoint's write"]
    )
    assert done.code == 143
    run = only_run(tmp_path)
    assert program.run(["resume", str(run), "epochs=2"], tmp_path / "said").code == 0
    assert summary(run)["status"] == "finished"
    assert not list((run / "checkpoints").glob(".*"))


def test_nohup_is_respected(tmp_path: Path) -> None:
    forked = program.fork(["train", *TINY, f"output_dir={tmp_path}"], tmp_path / "said", before="ignore_hup")
    wait_for(tmp_path, "20*/*/config.yaml")
    forked.send("SIGHUP")
    assert forked.end().code == 0


def test_handlers_are_put_back(tmp_path: Path) -> None:
    from runner.engine.stop import interruption

    before = signal.getsignal(signal.SIGTERM)
    with interruption() as stop:
        assert not stop() and signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
