"""What is said of the weights of a run: a ReLU behind the logits, set by hand, and what stands beside the scores."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from experiments import assembled
from runner.contracts import Parts
from runner.engine.predict import predict
from runner.experiment.scoring import judge, unanswered, without_last_relu

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


TOO_LARGE = "its weights grew too large: try a lower optimizer.lr; or these rows are too different from the others"


@pytest.mark.parametrize(
    ("precision", "why"), [("float32", TOO_LARGE), ("fp16", "fp16 ends at 65,504: try precision=bf16")]
)
def test_rows_without_an_answer_are_counted(precision: str, why: str) -> None:
    experiment = assembled([*WORDS, "model=linear", f"precision={precision}"])
    logits_NK = torch.zeros(5, 3)
    logits_NK[0, 1], logits_NK[3] = torch.inf, torch.nan
    far, near = (logits_NK, torch.zeros(5)), (torch.zeros(1, 3), torch.zeros(1))
    (line,) = unanswered(experiment, {"train": far, "val": near, "test": (logits_NK[:1], torch.zeros(1))})
    assert line == f"the net's output is not a number for 2 of 5 rows of train and 1 of 1 row of test;\n  {why}"
    assert unanswered(experiment, {"val": near}) == []


@pytest.mark.parametrize("words", [[], ["model.output_activation=Softmax"]])
def test_nothing_is_said_of_a_net_without_it(words: list[str]) -> None:
    parts, line = parts_and_line(*words)
    assert line is None
    relu_in_front = replace(parts, model=nn.Sequential(nn.ReLU(), parts.model))
    assert without_last_relu(relu_in_front.model) is None
