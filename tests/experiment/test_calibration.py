"""One temperature: by hand on a few rows, and as a run, an evaluation and a prediction have it."""

import json
import math
from pathlib import Path

import pytest
import torch

from experiments import assembled
from program import only_run, run
from runner.errors import ConfigError
from runner.experiment.calibration import TEMPERATURES, calibrate, fitted_temperature, reliability
from runner.experiment.rebuild import predictor_of
from runner.losses.readout import Probabilities
from runner.runs.directory import RunDirectory
from runner.runs.saved_run import SavedRun

WORDS = ["dataset=iris", "model=linear", "epochs=2", "max_steps=4", "tensorboard=off"]


def test_rows_that_are_right_as_often_as_the_sigmoid_of_half_their_logit_ask_for_temperature_2():
    logits_N1, y_N = torch.full((4, 1), 2 * torch.log(torch.tensor(3.0)).item()), torch.tensor([1, 1, 1, 0])
    readout = Probabilities("binary")
    assert fitted_temperature(readout, logits_N1, y_N) == pytest.approx(2, rel=1e-3)  # 3 of 4 are the odds of log 3
    assert readout(logits_N1).tolist() == pytest.approx([0.75] * 4, rel=1e-3)


def test_it_says_the_reliability_before_and_after():
    logits_NK, y_N = torch.tensor([[0.0, 2 * 1.0986123]] * 4), torch.tensor([1, 1, 1, 0])
    found = calibrate(Probabilities("binary"), (logits_NK, y_N), (logits_NK, y_N))
    assert found["ece_before"] == pytest.approx(0.9 - 0.75, abs=1e-4) and found["ece_after"] < 1e-3
    assert found["log_loss_before"] == pytest.approx(0.654667, abs=1e-4)  # (3 * 0.105361 + 2.302585) / 4
    assert found["log_loss_after"] == pytest.approx(0.562335, abs=1e-4)  # (3 * 0.287682 + 1.386294) / 4


def test_rows_that_are_all_told_right_give_the_smallest_temperature_there_is():
    found = fitted_temperature(
        Probabilities("multiclass"), torch.tensor([[3.0, 0, 0], [0, 3, 0]]), torch.tensor([0, 1])
    )
    assert TEMPERATURES[0] <= found < 0.5


def test_the_temperature_is_not_among_the_weights():
    assert Probabilities("binary").state_dict() == {}
    assert reliability(Probabilities("binary"), torch.zeros(2, 1), torch.tensor([0, 1]))["ece"] == 0


def test_a_calibrated_run_learns_the_same_and_predicts_with_its_temperature(tmp_path: Path) -> None:
    for folder, words in (("plain", []), ("scaled", ["calibrate=true"])):
        assert run(["train", *WORDS, *words, f"output_dir={tmp_path / folder}"], tmp_path / "said").code == 0
    plain, scaled = only_run(tmp_path / "plain"), only_run(tmp_path / "scaled")
    assert (plain / "metrics.jsonl").read_bytes() == (scaled / "metrics.jsonl").read_bytes()
    before, after = (json.loads((folder / "summary.json").read_text()) for folder in (plain, scaled))
    assert before["best"] == after["best"] and "calibration" not in before
    temperature = after["calibration"]["temperature"]
    odds, scaled_odds = (log_odds(folder) for folder in (plain, scaled))
    assert temperature != 1 and scaled_odds * temperature == pytest.approx(odds, rel=1e-4)
    told = run(["eval", str(scaled)], tmp_path / "said")
    assert told.code == 0 and f"by temperature {temperature:.3f}" in told.out


def log_odds(folder: Path) -> float:
    """Of the first two classes for one flower, as the stored run predicts them."""
    predictor, _ = predictor_of(SavedRun(RunDirectory(folder)), print)
    first, second, _ = predictor.probabilities(torch.tensor([[5.1, 3.5, 1.4, 0.2]]))[0].tolist()
    return math.log(first / second)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dataset=diabetes"], "a number to predict has no probabilities"),
        (["dataset=iris", "val_fraction=0"], "is fitted on validation rows, and there are none"),
        (["dataset=iris", "loss=multi_margin"], "loss=multi_margin gives no probabilities"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_in_a_line(words: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=f"^calibrate=true: {told}"):
        assembled([*words, "model=linear", "calibrate=true"])
