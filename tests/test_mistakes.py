"""The mistakes of the study notes as recipes: each trains, and its end says what it cost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import program
from options import CONF

RECIPES = sorted((CONF / "experiment").glob("mistake_*.yaml"))
COSTS = {
    "mistake_gradients_kept": r"cure: test/accuracy 0.\d+ is OUTSIDE 0.86 to 1, 0.\d+ below",
    "mistake_id_column": r"cure: test/accuracy 0.\d+ is OUTSIDE 0.91 to 1, 0.\d+ below",
    "mistake_id_target": r"new flowers: test/r2 -\d+.\d+ is OUTSIDE 0 to 1, \d+.\d+ below",
    "mistake_relu_on_logits": r"ReLU on the logits: on test it cuts \d+% of them",
    "mistake_softmax_twice": r"cure: test/accuracy 0.\d+ is OUTSIDE 0.873 to 0.937, 0.\d+ below",
    "mistake_test_as_validation": r"the test rows would have chosen epoch \d+ and claimed 0.\d+, 0.\d+ too good",
}


def said(folder: Path, recipe: str, *words: str) -> tuple[str, dict[str, Any]]:
    """What the run shows, and its summary."""
    words = ("device=cpu", "threads=1", "tensorboard=off", f"output_dir={folder / 'outputs'}", *words)
    done = program.run(["train", f"experiment={recipe}", *words], folder / "said")
    assert done.code == 0, done.err
    return done.out, json.loads((program.only_run(folder / "outputs") / "summary.json").read_text())


def test_every_mistake_has_a_cost_to_look_for() -> None:
    assert [path.stem for path in RECIPES] == sorted(COSTS)


@pytest.mark.parametrize("recipe", COSTS)
def test_a_mistake_trains_and_the_end_says_what_it_cost(recipe: str, tmp_path: Path) -> None:
    out, summary = said(tmp_path, recipe)
    assert re.search(COSTS[recipe], out)
    if recipe in ("mistake_relu_on_logits", "mistake_test_as_validation"):
        assert any(re.search(COSTS[recipe], remark) for remark in summary["remarks"])


@pytest.mark.parametrize(
    "path", [path for path in RECIPES if "# cure: " in path.read_text()], ids=lambda path: path.stem
)
def test_its_cure_lies_within_the_spread_that_the_recipe_tells(path: Path, tmp_path: Path) -> None:
    (cure,) = re.findall(r"^# cure: (\S+)$", path.read_text(), re.MULTILINE)
    out, summary = said(tmp_path, path.stem, cure)
    assert re.search(r": test/accuracy \S+ is within", out)
    assert not any("ReLU on the logits" in line for line in summary["remarks"])


def test_an_id_as_target_looks_well_learned_until_rows_come_that_are_numbered_on(tmp_path: Path) -> None:
    out, summary = said(tmp_path, "mistake_id_target")
    assert "id, the target, numbers the rows" in " ".join(out.split())
    assert summary["best"]["val/r2"] > 0.6 and summary["best"]["test/r2"] < -50


def test_gradients_that_are_kept_are_momentum_1_to_the_bit() -> None:
    """A training loop in which zero_grad was forgotten, beside SGD with momentum 1."""

    def weights(momentum: float, *, forgets: bool) -> torch.Tensor:
        torch.manual_seed(0)
        net, x, y = nn.Linear(5, 3), torch.randn(40, 5), torch.arange(40) % 3
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=momentum)
        for rows in torch.arange(40).split(8):
            if not forgets:
                optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
        return net.weight.detach()

    assert torch.equal(weights(0.0, forgets=True), weights(1.0, forgets=False))
    assert not torch.equal(weights(0.0, forgets=False), weights(1.0, forgets=False))
