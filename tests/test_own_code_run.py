"""A net and data that stand ready in a file of a user's: the seed decides, and all that reads the run finds them."""

import json
from pathlib import Path

import pytest

import program

MY_CODE = """
import torch
from torch import nn
from torch.utils.data import TensorDataset, random_split

x = torch.randn(200, 4)
pair = random_split(TensorDataset(x, (x.sum(1) > 0).long()), [150, 50])
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
"""
OWN = ["dataset=module", "dataset.path=my_code.py", "dataset.name=pair", "model=module", "model.path=my_code.py"]
WORDS = [*OWN, "model.name=net", "trusted=[my_code]", "threads=1", "device=cpu", "tensorboard=off"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("place")
    (place / "my_code.py").write_text(MY_CODE)
    return place


def typed(place: Path, *argv: str) -> program.Done:
    done = program.run(argv, place / "said", cwd=place)
    assert done.code == 0, done.err
    return done


def history(place: Path, name: str, *words: str) -> str:
    typed(place, "train", *WORDS, f"output_dir={name}", *words)
    return (program.only_run(place / name) / "metrics.jsonl").read_text()


@pytest.fixture(scope="module")
def alone(place: Path) -> list[str]:
    """The history of a run of two epochs with seed 0 and with seed 1."""
    return [history(place, f"seed{seed}", "epochs=2", f"seed={seed}") for seed in (0, 1)]


def test_another_seed_draws_other_weights_and_the_same_one_the_same(place: Path, alone: list[str]) -> None:
    assert alone[0] != alone[1]
    assert history(place, "again", "epochs=2", "seed=0") == alone[0]


def test_jobs_of_a_sweep_are_the_runs_alone(place: Path, alone: list[str]) -> None:
    typed(place, "train", "-m", *WORDS, "output_dir=swept", "epochs=2", "seed=0,1")
    assert sorted(path.read_text() for path in (place / "swept").rglob("metrics.jsonl")) == sorted(alone)


def test_it_is_gone_on_with_to_the_same_bits(place: Path, alone: list[str]) -> None:
    history(place, "halved", "epochs=1")
    run = program.only_run(place / "halved")
    typed(place, "resume", str(run), "epochs=2", "trusted=[my_code]")
    assert (run / "metrics.jsonl").read_text() == alone[0]


def test_its_rows_are_predicted(place: Path, alone: list[str]) -> None:
    run = str(program.only_run(place / "seed0"))
    assert "test" in typed(place, "eval", run, "trusted=[my_code]").out
    assert "predicted" in typed(place, "predict", run, "--test-index", "3", "trusted=[my_code]").out


def test_a_script_shows_the_layers_of_a_net_that_is_there(place: Path) -> None:
    (place / "flowers.py").write_text("from torch import nn\n\nnet = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))\n")
    net = ["model=module", "model.path=flowers.py", "model.name=net", "trusted=[flowers]"]
    script = typed(place, "code", "dataset=iris", *net, "device=cpu").out
    assert "self.layers = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3))" in script


TIRED = """

class Tired(nn.Linear):
    steps = 0

    def forward(self, x):
        Tired.steps += self.training
        if Tired.steps > MOST:
            raise ValueError("tired")
        return super().forward(x)

MOST = 5
tired = Tired(4, 1)
"""


def test_what_it_raises_in_the_middle_is_told_in_a_line_and_gone_on_with_once_mended(place: Path) -> None:
    (place / "my_net.py").write_text(f"from torch import nn\n{TIRED}")
    own = ["model.path=my_net.py", "model.name=tired", "trusted=[my_code,my_net]", "epochs=9", "output_dir=tired"]
    broken = program.run(["train", *WORDS, *own], place / "said", cwd=place)
    run = program.only_run(place / "tired").relative_to(place)
    assert broken.code == 1 and broken.err.endswith(
        "error: ValueError: tired (my_net.py, line 10); RUNNER_DEBUG=1 shows the traceback\n"
        f"  once that is mended, go on with: python -m runner resume {run} 'trusted=[my_code,my_net]'\n"
    )
    assert json.loads((place / run / "summary.json").read_text())["reason"] == "ValueError: tired (my_net.py, line 10)"
    (place / "my_net.py").write_text((place / "my_net.py").read_text().replace("MOST = 5", "MOST = 500"))
    typed(place, "resume", str(run), "trusted=[my_code,my_net]")
