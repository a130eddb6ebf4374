"""One run on two devices: processes of this machine, which add up their gradients by gloo."""

import json
import re
import shlex
import time
from pathlib import Path
from typing import Any

import pytest

import program
from program import Done, contents, only_run, wait_for
from runner.device import num_cores
from runner.runs.metric_log import read_rows

TINY = [word for word in program.TINY if not word.startswith(("model.normalisation", "dataset.num_rows"))]
PAIR = ["train", *TINY, "model.normalisation=layer", "dataset.num_rows=91", "devices=2"]
IN_A_STEP = "runner.engine.step:Stepper.step"
KILLED = r"error: rank 1 \(process \d+\) was killed by SIGKILL\n  the run ended with it; go on from what was saved: "


def pair(tmp_path: Path, argv: list[str], **at: Any) -> Done:
    """What the command of two ranks says; ``zero`` and ``one`` are done before each."""
    ranks = {{"zero": "0", "one": "1"}[name]: act for name, act in at.items()}
    return program.run(argv, tmp_path / "said", before="have_a_second_rank", at=ranks)


def trained(tmp_path: Path, *words: str) -> Path:
    done = pair(tmp_path, [*PAIR, f"output_dir={tmp_path}", *words])
    assert done.code == 0, done.err
    return only_run(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return contents(trained(tmp_path_factory.mktemp("undisturbed")))


ALIKE = {
    "a last batch with a row for one of them": [*TINY, "model.normalisation=layer", "dataset.num_rows=91"],
    "members, weights of classes and parts of a batch": [
        *["dataset=wine", "model=tabular", "loss.weight=[1,2,9]", "grad_clip_norm=0.1", "batch_size=16", "epochs=2"],
        *["accumulate_steps=2", "log_every_steps=1", "tensorboard=scalars", "baselines.trees=[]", "threads=1"],
    ],
}


@pytest.mark.parametrize("words", ALIKE.values(), ids=ALIKE.keys())
def test_two_ranks_say_what_one_says(tmp_path: Path, words: list[str]) -> None:
    found = []
    for count in (1, 2):
        place = tmp_path / str(count)
        done = pair(tmp_path, ["train", *words, "model.dropout=0", f"devices={count}", f"output_dir={place}"])
        assert done.code == 0, done.err
        found.append(read_rows(only_run(place) / "metrics.jsonl"))
    one, two = found
    assert len(two) == len(one) >= 8
    for row, other in zip(two, one, strict=True):
        assert row == pytest.approx(other, rel=0, abs=1e-6)


def test_a_signal_saves_once_and_the_run_goes_on_to_the_bit(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    at = ["terminate_before", [IN_A_STEP, 7]]
    done = pair(tmp_path, [*PAIR, f"output_dir={tmp_path}"], zero=at)
    assert done.code == 143 and len(done.err.splitlines()) == 1
    run = only_run(tmp_path)
    assert json.loads((run / "summary.json").read_text())["status"] == "interrupted"
    again = pair(tmp_path, shlex.split(done.err.partition("resume with: ")[2])[3:])
    assert again.code == 0, again.err
    assert contents(run) == undisturbed


def test_a_signal_before_the_ranks_have_met_is_answered(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    forked = program.fork(
        [*PAIR, f"output_dir={tmp_path}"], tmp_path / "said", before="have_a_second_rank", at={"1": ["hang", None]}
    )
    wait_for(tmp_path, "20*/*/events*")
    forked.send("SIGTERM")
    done = forked.end()
    assert done.code == 143 and "saved after epoch 0 (step 0)" in done.err
    run = only_run(tmp_path)
    assert pair(tmp_path, ["resume", str(run)]).code == 0
    assert contents(run) == undisturbed


def test_a_rank_that_is_killed_ends_the_run_which_can_be_gone_on_with(
    tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    done = pair(tmp_path, [*PAIR, f"output_dir={tmp_path}"], one=["kill_before", [IN_A_STEP, 8]])
    found = re.fullmatch(rf"{KILLED}python -m runner (.*)\n", done.err)
    assert done.code == 1 and found, done.err
    run = only_run(tmp_path)
    assert json.loads((run / "summary.json").read_text())["status"] == "failed"
    again = pair(tmp_path, shlex.split(found[1]))
    assert again.code == 0, again.err
    assert contents(run) == undisturbed


def test_a_rank_that_is_killed_before_the_ranks_have_met_ends_the_run(tmp_path: Path) -> None:
    at = ["kill_before", ["runner.training.follower:check_same_rows", 1]]
    done = pair(tmp_path, [*PAIR, f"output_dir={tmp_path}"], one=at)
    assert done.code == 1 and re.match(KILLED, done.err), done.err


def test_a_rank_that_is_killed_ends_the_run_where_torch_does_not_notice(tmp_path: Path) -> None:
    at = {"one": ["kill_before", [IN_A_STEP, 8]], "zero": ["wait_for_ever_at_a_sum", 8]}
    done = pair(tmp_path, [*PAIR, f"output_dir={tmp_path}"], **at)
    told = r"error: rank 1 \(process \d+\) was killed by SIGKILL; the run ended with it, and resume goes on from .*\n"
    assert done.code == 1 and re.fullmatch(told, done.err), done.err


def test_another_number_of_devices_goes_on_and_says_so(tmp_path: Path) -> None:
    run = trained(tmp_path, "epochs=1")
    alone = program.run(["resume", str(run), "devices=1", "epochs=2"], tmp_path / "said")
    assert (alone.code, alone.err) == (0, "warning: the last bits of the results may differ: devices 2 -> 1\n")


def test_a_rank_that_does_not_see_the_run_says_so(tmp_path: Path) -> None:
    done = pair(tmp_path, [*PAIR, f"output_dir={tmp_path}", "epochs=1"], one=["see_no_folder", None])
    told = r"warning: rank 1 on \S+ does not see \S+: the run is on the machine of rank 0 alone; set an output_dir .*"
    assert done.code == 0 and re.fullmatch(told, " ".join(done.err.split())), done.err


def test_a_rank_that_fails_says_why(tmp_path: Path) -> None:
    done = pair(tmp_path, [*PAIR, f"output_dir={tmp_path}"], one=["change_a_row", None])
    assert done.code == 1 and "Traceback" not in done.err
    assert re.search(r"error: rank 1: dataset=random has other rows in \S+ here than on rank 0\n  the run", done.err)


def test_after_the_first_rank_was_killed_the_run_goes_on_to_the_bit(
    tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    done = pair(tmp_path, [*PAIR, f"output_dir={tmp_path}"], zero=["kill_before", [IN_A_STEP, 8]])
    assert done.code == -9
    again = pair(tmp_path, ["resume", str(only_run(tmp_path))])
    assert again.code == 0, again.err
    assert contents(only_run(tmp_path)) == undisturbed


@pytest.mark.skipif(num_cores() < 2, reason="devices=2 needs two cores")
def test_a_first_rank_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    """The second one a process of its own, as a user has it."""
    process = program.spawn(*PAIR, f"output_dir={tmp_path}", "epochs=100000", cwd=tmp_path)
    wait_for(tmp_path, "20*/*/checkpoints/last.pt", process)
    (second,) = children(process.pid)
    process.kill()
    process.communicate()
    until = time.monotonic() + 5
    while is_alive(second) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(second)


def children(pid: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
