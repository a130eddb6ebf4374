"""What is said of the weights of a run: a ReLU behind the logits, set by hand, and what stands beside the scores."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from torch import nn

import program
from experiments import assembled
from program import TINY, only_run
from runner.contracts import Data, Parts, Split
from runner.engine.predict import predict
from runner.experiment.scoring import constant, judge, linear_scores, without_last_relu

WORDS = ["dataset=random", "dataset.shape=[2]", "dataset.num_classes=3", "dataset.num_rows=60", "batch_size=8"]
SAID = (
    "ReLU on the logits: on test it cuts 100% of them to 0, in 100% of the rows that of the right class, to which no "
    "gradient comes back; the same weights have test/accuracy 0.0000 with it, 1.0000 without; trained without it they "
    "would be others"
)


def parts_and_line(*words: str) -> tuple[Parts, str | None]:
    """The parts, and what is said of them on rows that are all of the last class."""
    experiment = assembled([*WORDS, "model=dnn", "model.hidden=[]", "threads=1", *words])
    linear = experiment.parts.model[1]  # type: ignore[index]
    with torch.no_grad():
        linear.weight.zero_()
        linear.bias.copy_(torch.tensor([-2.0, -3.0, -1.0])[-linear.out_features :])
    experiment.data.y.fill_(len(experiment.data.class_names) - 1)
    experiment = replace(experiment, parts=replace(experiment.parts, metrics={}))  # which rows of one class do not suit
    saved = {
        "progress": {"step": 0},
        "epoch": 0,
        "model": experiment.parts.model.state_dict(),
        "preprocess": experiment.parts.preprocess.state_dict(),
    }
    scores = judge(experiment, saved)
    direct_NK, _ = predict(experiment.parts, experiment.judged["test"])
    assert torch.equal(scores.logits_NK, direct_NK)
    return experiment.parts, next(iter(scores.outcome.remarks), None)


def test_logits_that_are_all_cut_off_lose_the_class_that_was_ahead() -> None:
    _, line = parts_and_line("model.output_activation=ReLU")
    assert line is not None and " ".join(line.split()) == SAID


def test_one_output_keeps_its_sign_and_nothing_is_said() -> None:
    assert parts_and_line("model.output_activation=ReLU", "dataset.num_classes=2")[1] is None


@pytest.mark.parametrize("words", [[], ["model.output_activation=Softmax"]])
def test_nothing_is_said_of_a_net_without_it(words: list[str]) -> None:
    parts, line = parts_and_line(*words)
    assert line is None
    relu_in_front = replace(parts, model=nn.Sequential(nn.ReLU(), parts.model))
    assert without_last_relu(relu_in_front.model) is None


def train(folder: Path, *words: str) -> tuple[program.Done, dict]:
    done = program.run(["train", *words, "device=cpu", "threads=1", f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return done, json.loads((only_run(folder) / "summary.json").read_text())


def test_the_constant_answer_is_that_of_the_train_rows_scored_on_the_others():
    rows = Split(
        train=torch.tensor([0, 1, 2]), val=torch.tensor([], dtype=torch.int64), test=torch.tensor([3, 4, 5, 6])
    )
    classes = Data(torch.zeros(7, 1), torch.tensor([1, 1, 0, 0, 0, 0, 1]), "binary", ("a", "b"))
    assert constant(classes, rows, "test") == {"accuracy": 0.25}
    numbers = Data(torch.zeros(7, 1), torch.tensor([1.0, 2, 3, 2, 2, 6, 2]), "regression")
    assert constant(numbers, rows, "test") == {"rmse": 2.0, "mae": 1.0}  # the mean is 2; one row is 4 off


def test_a_linear_net_trained_to_the_end_comes_to_the_linear_model(tmp_path):
    words = ["dataset=diabetes", "model=linear", "optimizer=lbfgs", "batch_size=354", "epochs=3", "val_fraction=0"]
    _, summary = train(tmp_path, *words)
    assert summary["linear"].keys() == {"rmse", "mae", "r2"}
    assert summary["best"]["test/rmse"] == pytest.approx(summary["linear"]["rmse"], rel=1e-4)
    assert summary["baseline"]["rmse"] > summary["linear"]["rmse"]


def test_the_end_shows_both_beside_the_scores(tmp_path):
    done, summary = train(tmp_path, "dataset=iris", "model=mlp", "epochs=1", "metric=[accuracy,f1]")
    assert summary["linear"].keys() == {"accuracy", "f1"}
    assert summary["linear"]["accuracy"] > 0.9
    (head,) = (line for line in done.out.splitlines() if line.strip().startswith("majority class "))
    assert head.split() == ["majority", "class", "linear"]
    (line,) = (line.split() for line in done.out.splitlines() if line.startswith("accuracy "))
    assert line[4:6] == [f"{summary[key]['accuracy']:.4f}" for key in ("baseline", "linear")]


def test_where_it_would_take_long_it_is_left_out_and_the_end_says_so(tmp_path):
    words = ["dataset=random", "dataset.shape=[600]", "dataset.num_rows=1400", "dataset.num_classes=10"]
    done, summary = train(tmp_path, *words, "model=linear", "max_steps=1", "epochs=1")
    told = "1,008 x 600 x 10 (rows, columns, classes) is more than 5,000,000"
    assert (summary["linear"], summary["linear_left_out"]) == ({}, told)
    assert f"no linear model beside it: {told}" in done.out


def test_embedded_categories_are_told_apart_by_the_linear_model_as_one_hot_ones_are(tmp_path):
    words = ["dataset=car", "model=linear", "max_steps=1", "epochs=1"]
    _, one_hot = train(tmp_path / "a", *words)
    _, embedded = train(tmp_path / "b", *words, "dataset.categorical=embedding")
    assert one_hot["linear"] == embedded["linear"]
    assert one_hot["linear"]["accuracy"] > 0.88


def test_a_run_that_is_judged_by_no_rows_has_none(tmp_path):
    words = [word for word in TINY if not word.startswith(("threads", "device"))]
    _, summary = train(tmp_path, *words, "val_fraction=0", "test_fraction=0")
    assert summary["baseline"] == summary["linear"] == {}
    assert "linear_left_out" not in summary


def test_numbers_are_predicted_by_the_least_squares_line():
    # through (0, 1), (1, 3), (2, 4): slope 1.5, intercept 7/6
    x_NF, y_N = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([1.0, 3.0, 4.0])
    values = linear_scores(x_NF, y_N, torch.tensor([[0.0], [10.0]]), "regression", 0)
    assert values.tolist() == pytest.approx([7 / 6, 7 / 6 + 15])


def test_columns_that_say_the_same_do_no_harm():
    x_NF = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0], [1.0, 0.0, 2.0]])  # one_hot, and twice the first
    values = linear_scores(x_NF, torch.tensor([5.0, 7.0, 5.0]), x_NF, "regression", 0)
    assert values.tolist() == pytest.approx([5, 7, 5])


@pytest.mark.parametrize("num_classes", [3, 4])
def test_probabilities_are_those_of_scikit_learn(num_classes):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(120, 5)), draw.integers(num_classes, size=120)
    x[np.arange(120), y] += 2
    expected = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(x, y).predict_proba(x)
    found = linear_scores(torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(x), "multiclass", num_classes)
    assert np.abs(found.numpy() - expected).max() < 1e-3


@pytest.mark.parametrize("bunch", [load_breast_cancer, load_iris, load_wine])
def test_case_18_two_and_three_classes_have_the_probabilities_of_scikit_learn(bunch):
    x, y = bunch(return_X_y=True)
    x = (x - x.mean(0)) / x.std(0)
    classes = int(y.max()) + 1
    # its default tolerance stops up to 5e-3 before the end
    expected = LogisticRegression(tol=1e-8, max_iter=10_000).fit(x[::2], y[::2]).predict_proba(x[1::2])
    given = map(torch.from_numpy, (x[::2], y[::2], x[1::2]))
    found = linear_scores(*given, "binary" if classes == 2 else "multiclass", classes)
    assert np.abs(found.numpy() - (expected[:, 1] if classes == 2 else expected)).max() < 1e-3


def test_case_18_few_rows_of_two_classes_are_held_back_as_much_as_by_scikit_learn():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(30, 4)), np.arange(30) % 2
    x[np.arange(30), y] += 2
    expected = LogisticRegression(tol=1e-8).fit(x, y).predict_proba(x)[:, 1]
    found = linear_scores(torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(x), "binary", 2)
    assert np.abs(found.numpy() - expected).max() < 1e-4


def test_of_two_classes_the_probability_of_the_second_comes_back():
    x_NF, y_N = torch.tensor([[-3.0], [-2.0], [2.0], [3.0]]), torch.tensor([0, 0, 1, 1])
    shares = linear_scores(x_NF, y_N, torch.tensor([[-1.0], [0.0], [1.0]]), "binary", 2)
    assert shares.tolist() == pytest.approx([1 - float(shares[2]), 0.5, float(shares[2])], abs=1e-4)
    assert shares[2] > 0.6


def test_no_random_number_is_drawn_and_no_gradient_left_on():
    before = torch.get_rng_state()
    linear_scores(torch.randn(20, 3, generator=torch.Generator()), torch.arange(20) % 2, torch.zeros(1, 3), "binary", 2)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.is_grad_enabled()
