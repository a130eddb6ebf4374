"""What goes wrong around a run is said in a line, with an exit code, and harms nothing that was good."""

import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import torch

import program
from program import TINY, only_run
from runner.runs.checkpoint import COMMENT, COMMENT_SIZE, unpack


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program.train(tmp_path_factory.mktemp("outputs"))


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def summary(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "summary.json").read_text()))


def loaded(path: Path) -> dict[str, Any]:
    return unpack(path.read_bytes(), path)


def train(folder: Path, *words: str, before: str = "", at: Any = None) -> program.Done:
    return program.run(["train", *TINY, f"output_dir={folder}", *words], folder / "said", before=before, at=at)


def said_in_a_line(done: program.Done, *words: str) -> None:
    assert "Traceback" not in done.err
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.err
    assert all(word in done.err for word in words), done.err


@pytest.mark.parametrize(("batches", "steps_kept"), [(3, None), (8, 6)])
def test_fault_46_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_good_state(
    tmp_path: Path, batches: int, steps_kept: int | None
) -> None:
    done = train(tmp_path, before="spoil_the_loss", at=batches)
    assert done.code == 1
    said_in_a_line(done, f"the loss is nan at step {batches} (epoch {1 + (batches - 1) // 5}", "Lower optimizer.lr")
    run = only_run(tmp_path)
    assert summary(run)["status"] == "failed" and "the loss is nan" in summary(run)["reason"]
    last = run / "checkpoints" / "last.pt"
    assert (loaded(last)["progress"]["step"] if last.exists() else None) == steps_kept


def test_fault_46_a_rate_that_is_far_too_high_is_said(tmp_path: Path) -> None:
    words = ["optimizer=sgd", "optimizer.lr=1e30", "model.normalisation=null"]
    settings = [word for word in TINY if not word.startswith("model.normal")]
    done = program.run(["train", *settings, *words, f"output_dir={tmp_path}"], tmp_path / "said")
    assert done.code == 1
    said_in_a_line(done, "Lower optimizer.lr")


def test_fault_46_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    done = train(tmp_path, before="spoil_the_weights", at=9)
    assert done.code == 1
    said_in_a_line(done, "the weights are not finite after step 9", "they were not saved")
    assert loaded(only_run(tmp_path) / "checkpoints" / "last.pt")["progress"]["step"] == 6


def test_fault_49_out_of_memory_names_the_batch_size(tmp_path: Path) -> None:
    done = train(tmp_path, before="run_out_of_memory", at=8)
    assert done.code == 1
    said_in_a_line(done, "out of memory on cpu; try batch_size=6 (it was 13)")  # an odd size has no half
    run = only_run(tmp_path)
    assert "out of memory" in summary(run)["reason"]
    assert program.run(["resume", str(run)], tmp_path / "said").code == 0


def test_case_49_a_net_too_large_for_memory_is_told_in_a_line_before_anything_is_written(tmp_path: Path) -> None:
    wide = ["dataset=iris", "model=mlp", "model.hidden=[1000000,1000000000]", f"output_dir={tmp_path / 'outputs'}"]
    done = program.run(["train", *wide], tmp_path / "said")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: model=mlp: does not fit into memory")
    assert done.err.endswith("; choose fewer or narrower layers\n")
    assert not (tmp_path / "outputs").exists()


def test_case_49_more_threads_than_any_machine_starts_are_refused(tmp_path: Path) -> None:
    done = program.run(["train", "threads=100000", f"output_dir={tmp_path / 'outputs'}"], tmp_path / "said")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: threads=100000: must be a whole number >= 1 and <= 1024 or null\n"


def in_a_small_disk(folder: Path, size: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs ``command`` while ``folder`` is a disk of its own, then leaves there what was on it."""
    disk, kept = folder / "disk", folder / "kept"
    disk.mkdir()
    script = f'mount -t tmpfs -o {size} tmpfs "{disk}" || exit 99; "$@"; code=$?; cp -a "{disk}" "{kept}"; exit $code'
    words = ["unshare", "-m", "sh", "-c", script, "sh", *command]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    done = subprocess.run(words, capture_output=True, text=True, timeout=program.PATIENCE_S, env=program.environment())
    if done.returncode == 99 or "unshare failed" in done.stderr:
        pytest.skip("mounting a small disk needs root")
    return done


def test_fault_15_a_disk_that_fills_up_during_a_checkpoint_keeps_the_one_before(tmp_path: Path) -> None:
    """Each checkpoint takes 380 kB of 1 MB: the third does not fit beside two others."""
    settings = [f"output_dir={tmp_path}/disk", "model=mlp", "model.hidden=[170,170]", "dataset.shape=[6]"]
    words = ["dataset=random", *settings, "epochs=9", "monitor=train/loss", "val_fraction=0", "threads=1"]
    done = in_a_small_disk(tmp_path, "size=1m", program.command("train", *words))
    assert done.returncode == 1
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 1, done.stderr
    assert "last.pt: not written: no space left on the device" in done.stderr and "bytes needed" in done.stderr
    run = only_run(tmp_path / "kept")
    steps = [loaded(run / "checkpoints" / f"{name}.pt")["progress"]["step"] for name in ("last", "previous-last")]
    assert steps[0] > steps[1] > 0
    assert not list((run / "checkpoints").glob(".*"))
    again = program.run(["resume", str(run)], tmp_path / "said")
    assert again.code == 0, again.err
    assert summary(run)["final"]["epoch"] == 9


def test_fault_17_a_full_disk_for_the_metrics_ends_the_run(tmp_path: Path) -> None:
    done = train(tmp_path, before="fill_the_disk_of_metrics", at=8)
    assert done.code == 1
    said_in_a_line(done, "metrics.jsonl: not written: no space left on the device")
    run = only_run(tmp_path)
    assert "no space left" in summary(run)["reason"]
    assert program.run(["resume", str(run)], tmp_path / "said").code == 0


def test_fault_17_a_full_disk_for_tensorboard_alone_degrades_the_run(tmp_path: Path) -> None:
    done = train(tmp_path, before="fill_the_disk_of_tensorboard")
    assert done.code == 0
    assert done.err.count("no more points for TensorBoard, training goes on") == 1
    assert "degraded" in summary(only_run(tmp_path)) and summary(only_run(tmp_path))["status"] == "finished"


def test_fault_17_a_full_disk_for_the_log_is_said_once(tmp_path: Path) -> None:
    done = train(tmp_path, before="fill_the_disk_of_the_log")
    assert done.code == 0
    assert done.err.count("it lacks lines from now on, the run goes on") == 1 and "Traceback" not in done.err


def without_torch(folder: Path) -> dict[str, str]:
    """An environment in which importing torch ends the program."""
    modules = Path("torch") / "nn" / "modules"
    (folder / modules).mkdir(parents=True)
    (folder / "torch" / "__init__.py").write_text("raise SystemExit('torch was imported')")
    (folder / modules / "activation.py").symlink_to(Path(torch.__file__).parent.parent / modules / "activation.py")
    return program.environment() | {"PYTHONPATH": f"{folder}{os.pathsep}{program.REPOSITORY / 'src'}"}


def test_fault_18_outputs_that_are_a_file_are_refused_before_torch(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("mine")
    command = program.command("train", f"output_dir={tmp_path}/outputs")
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, env=without_torch(tmp_path / "fake"))
    assert time.monotonic() - begun < 5  # 0.5 s where nothing else runs
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "outputs is not a directory; choose another output_dir=" in done.stderr
    assert (tmp_path / "outputs").read_text() == "mine"


def test_fault_18_outputs_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    done = in_a_small_disk(tmp_path, "ro", program.command("train", f"output_dir={tmp_path}/disk"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "disk is not writable; choose another output_dir=" in done.stderr


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()  # the other names of the file stay good
    path.write_bytes(content)


class Bomb:
    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self) -> Any:
        return (os.system, (f"touch '{self.marker}'",))


def hostile(path: Path, marker: Path) -> None:
    """The checkpoint with code in its optimizer, signed as ours are."""
    buffer = io.BytesIO()
    torch.save(loaded(path) | {"optimizers": [{"state": Bomb(marker)}]}, buffer)
    body = buffer.getvalue()[:-2] + struct.pack("<H", COMMENT_SIZE)
    path.unlink()
    path.write_bytes(body + COMMENT + hashlib.sha256(body).hexdigest().encode())


@pytest.mark.parametrize("verb", ["eval", "resume"])
def test_fault_20_a_damaged_checkpoint_is_replaced_by_the_one_before_with_a_warning(run: Path, verb: str) -> None:
    name = {"eval": "best", "resume": "last"}[verb]
    flipped(run / "checkpoints" / f"{name}.pt")
    words = ["epochs=5"] if verb == "resume" else []
    done = program.run([verb, str(run), *words], run.parent / "said")
    assert done.code == 0, done.err
    assert f"warning: {run}/checkpoints/{name}.pt: not loaded: damaged" in done.err
    assert f"going on with previous-{name}.pt of step" in done.err


def test_fault_20_a_run_resumed_from_the_generation_before_equals_the_others(run: Path, tmp_path: Path) -> None:
    flipped(run / "checkpoints" / "last.pt")
    assert program.run(["resume", str(run), "epochs=5"], tmp_path / "said").code == 0
    assert program.contents(run) == program.contents(program.train(tmp_path / "fresh", "epochs=5"))


@pytest.mark.parametrize("verb", ["eval", "resume"])
@pytest.mark.parametrize("harm", [flipped, hostile])
def test_fault_35_with_no_good_generation_left_nothing_runs(run: Path, tmp_path: Path, verb: str, harm: Any) -> None:
    marker = tmp_path / "marker"
    for path in sorted((run / "checkpoints").iterdir()):
        harm(path, marker) if harm is hostile else harm(path)
    words = ["epochs=5"] if verb == "resume" else []
    done = program.run([verb, str(run), *words], tmp_path / "said")
    assert done.code == 3
    said_in_a_line(done, "contains code" if harm is hostile else "damaged")
    assert not marker.exists()


@pytest.mark.parametrize(
    "part", ["progress", "monitor", "optimizers", "config", "random", "circumstances", "data_digest"]
)
@pytest.mark.parametrize("value", [None, 5, []])
def test_a_checkpoint_of_other_content_is_refused(run: Path, part: str, value: Any) -> None:
    from runner.runs.checkpoint import pack

    for path in sorted((run / "checkpoints").iterdir()):
        state = loaded(path) | {part: value}
        path.unlink()
        path.write_bytes(pack(state))
    done = program.run(["resume", str(run), "epochs=5"], run.parent / "said")
    assert done.code == 3, (done.out, done.err)
    said_in_a_line(done)


EDITS = {
    "another program": ("_target_: runner.models.dnn.Dnn", "_target_: os.system"),
    "a way through torch": ("_target_: runner.models.dnn.Dnn", "_target_: torch.os.system"),
    "a loader": ("_target_: runner.models.dnn.Dnn", "_target_: torch.load"),
    "a hub": ("_target_: torch.optim.Adam", "_target_: torch.hub.load"),
    "a builtin": ("_target_: runner.data.random.Random", "_target_: builtins.open"),
    "a partial": ("_target_: torch.nn.CrossEntropyLoss", "_target_: functools.partial"),
    "the environment": ("name: dnn-", "name: ${oc.env:SECRET}"),
    "a tag": ("seed: 0\nstart", "seed: !!python/object/apply:os.system ['touch marker']\nstart"),
    "who is trusted": ("trusted: []", "trusted: [os]\nmore: 1"),
    "a key twice": ("epochs: 4", "epochs: 4\nepochs: 5"),
    "an alias bomb": ("tags: []", "tags: [&a [x, x], &b [*a, *a], [*b, *b]]"),
    "ten megabytes": ("name: dnn-", f"name: {'x' * 10_000_000}"),
    "a way out": ("name: dnn-", "name: ../../x"),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("verb", ["eval", "resume"])
def test_fault_36_a_hostile_config_is_data_and_refused(run: Path, monkeypatch: Any, verb: str, edit: str) -> None:
    monkeypatch.setenv("SECRET", "the secret")
    old, new = EDITS[edit]
    config = run / "config.yaml"
    assert config.read_text().count(old) == 1
    config.write_text(config.read_text().replace(old, new))
    before = program.fingerprints(run)
    words = ["epochs=9"] if verb == "resume" else []
    done = program.run([verb, str(run), *words], run.parent / "said", cwd=run)
    assert done.code == 3, (done.out, done.err)
    assert "Traceback" not in done.err and "the secret" not in done.err
    assert program.fingerprints(run).keys() - {".lock", ".owner"} == before.keys() - {".lock", ".owner"}


def test_a_fault_with_runner_debug_shows_where(tmp_path: Path) -> None:
    command = program.command("resume", str(tmp_path / "nowhere"))
    env = program.environment(RUNNER_DEBUG="1")
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 2 and "Traceback" in done.stderr and "error: " in done.stderr
    env = program.environment(RUNNER_DEBUG="")
    assert "Traceback" not in subprocess.run(command, capture_output=True, text=True, env=env).stderr


@pytest.mark.parametrize(
    "name", ["metrics.jsonl", "train.log", "summary.json", "config.yaml", "checkpoints", "checkpoints/best.pt", ".lock"]
)
def test_case_33_nothing_is_written_through_a_link_of_a_run_that_came_from_elsewhere(run: Path, name: str) -> None:
    elsewhere = run.parent / "elsewhere"
    (run / name).rename(elsewhere)
    (run / name).symlink_to(elsewhere)
    before = program.fingerprints(run), program.fingerprints(elsewhere), elsewhere.is_file() and elsewhere.read_bytes()
    done = program.run(["resume", str(run), "epochs=6"], run.parent / "said")
    assert done.code == 3
    said_in_a_line(done, f"{run}/{name}: is a link to {elsewhere}; a run directory must not hold links")
    after = program.fingerprints(run), program.fingerprints(elsewhere), elsewhere.is_file() and elsewhere.read_bytes()
    assert after == before
