"""Rows that stream, as a person types it: pictures in folders and a Dataset of a user's own."""

import time

import pytest
import torch
from PIL import Image

import program
from runner.data.digits import Digits

PICTURES = ["dataset=image_folder", "dataset.path=pictures", "dataset.colour=false", "dataset.memory_mb=0"]
AUGMENT = "dataset.augment=[{shift: {pixels: 1}}, {rotation: {degrees: 10}}, {flip: {horizontal: 0.5}}]"
OWN_CLASS = ["dataset=module", "dataset.path=my_data.py", "dataset.name=Blobs", "trusted=[my_data]"]
SOURCES = {
    "pictures": [*PICTURES, AUGMENT, "dataset.transforms=[normalise]"],
    "own class": [*OWN_CLASS, "model=mlp", "dataset.transforms=[normalise]"],
}
SETTINGS = [
    "epochs=2",
    "log_every_steps=3",
    "checkpoint.every_steps=2",
    "threads=1",
    "batch_size=16",
    "tensorboard=off",
]
MY_DATA = """
import random
import torch
from torch.utils.data import Dataset

class Blobs(Dataset):
    def __init__(self, dies_at=None):
        self.targets = [row % 3 for row in range(300)]
        self.dies_at = dies_at

    def __len__(self):
        return 300

    def __getitem__(self, row):
        if row == self.dies_at and torch.utils.data.get_worker_info():
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.randn(4) * 0.3 + self.targets[row] + random.random(), self.targets[row]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with 400 of the digits as PNG files, and a Dataset class in a file."""
    place = tmp_path_factory.mktemp("place")
    data = Digits().load(place)
    for row in range(400):
        folder = place / "pictures" / f"digit {data.y[row]}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((data.x[row, 0] * 15).numpy()).save(folder / f"{row}.png")
    (place / "my_data.py").write_text(MY_DATA)
    return place


def call(place, *words):
    return program.run(words, place / "said", cwd=place)


def run_directory(output_dir):
    (summary,) = output_dir.rglob("summary.json")
    return summary.parent


def left_behind(directory):
    """What has to be the same to the bit: every logged value, the weights, the optimizer and the generators."""
    saved = torch.load(directory / "checkpoints/last.pt", weights_only=True)
    del saved["config"]  # where the run went and how many workers it had differs on purpose
    return (directory / "metrics.jsonl").read_text(), flat(saved)


def flat(state):
    """A nested state as text, every bit of it."""
    if isinstance(state, dict):
        return {key: flat(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [flat(value) for value in state]
    return (str(state.dtype), state.tolist()) if isinstance(state, torch.Tensor) else state


def train(place, output_dir, *words):
    done = call(place, "train", f"output_dir={output_dir}", *SETTINGS, *words)
    assert done.code == 0, done.err
    return run_directory(output_dir)


def killed_at(num_rows, place, output_dir, *words):
    """Start a run and kill it once that many rows are logged."""
    run = program.fork(["train", f"output_dir={output_dir}", *SETTINGS, *words], place / "said", cwd=place)
    begun = time.monotonic()
    while sum(path.read_text().count("\n") for path in output_dir.rglob("metrics.jsonl")) < num_rows:
        assert time.monotonic() - begun < 60
        time.sleep(0.002)
    run.send("SIGKILL")
    assert run.end().code == -9


@pytest.fixture(scope="module")
def whole(place, tmp_path_factory):
    """The directories of runs that nothing disturbed, without workers."""
    return {name: train(place, tmp_path_factory.mktemp(name), *words) for name, words in SOURCES.items()}


@pytest.mark.parametrize("name", SOURCES)
def test_workers_change_nothing(place, tmp_path, whole, name):
    assert left_behind(train(place, tmp_path, *SOURCES[name], "num_workers=2")) == left_behind(whole[name])


@pytest.mark.parametrize(("name", "num_rows"), [("pictures", 2), ("pictures", 9), ("own class", 7)])
def test_fault_6_a_killed_run_with_workers_and_augmentation_goes_on_to_the_bit(place, tmp_path, whole, name, num_rows):
    killed_at(num_rows, place, tmp_path, *SOURCES[name], "num_workers=2")
    done = call(place, "resume", str(run_directory(tmp_path)), "trusted=[my_data]")
    assert done.code == 0, done.err
    assert left_behind(run_directory(tmp_path)) == left_behind(whole[name])


def test_a_row_that_streams_is_predicted_from_the_run_directory(place, whole):
    done = call(place, "predict", str(whole["pictures"]), "--test-index", "3")
    assert done.code == 0, done.err
    assert "true      digit " in done.out


def test_fault_48_a_worker_that_dies_ends_the_run_with_its_cause_and_the_saved_state_kept(place, tmp_path):
    words = [*SOURCES["own class"], "dataset.arguments={dies_at: 5}", "num_workers=2"]
    done = call(place, "train", f"output_dir={tmp_path}", *SETTINGS, *words)
    assert done.code == 1
    assert "a worker that loads data died (killed by SIGKILL" in done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) <= 3


@pytest.mark.parametrize("num_workers", [0, 2])
def test_fault_48_a_broken_picture_is_named_and_ends_the_run(place, tmp_path, num_workers):
    broken = place / "pictures" / "digit 3" / "broken.png"
    broken.write_bytes(b"no picture")
    try:
        done = call(place, "train", f"output_dir={tmp_path}", *SOURCES["pictures"], f"num_workers={num_workers}")
    finally:
        broken.unlink()
    assert done.code == 3
    assert "digit 3/broken.png: cannot be read as a picture" in done.err
    assert "Traceback" not in done.err


def test_own_code_runs_only_when_it_is_trusted(place, tmp_path):
    done = call(place, "train", f"output_dir={tmp_path}", *SOURCES["own class"][:3])
    assert done.code == 2
    assert "trusted=[my_data]" in done.err
    assert not list(tmp_path.iterdir())
