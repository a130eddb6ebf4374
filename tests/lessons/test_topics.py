"""What the lessons come to: the numbers of the notes, each out of lines that ran."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch

from runner.lessons.topics import LESSONS

ROOM = Path(__file__).parents[2] / "src" / "runner" / "lessons"
THIRDS = "[1.3333, 1.3333, 1.3333]"
NINE_THIRDS = f"tensor([{THIRDS},\n        {THIRDS},\n        {THIRDS}])"
# topic -> a line of the lesson, and what it comes to; a line that stands twice comes to both
NOTES = {
    "tensors": [
        ("torch.tensor([1, 2, 3])", "tensor([1, 2, 3])", "shape 3, int64"),
        ("torch.ones(2, 3)", "tensor([[1., 1., 1.],\n        [1., 1., 1.]])", "shape 2 x 3, float32"),
        ("shared", "tensor([50.,  2.,  3.], dtype=torch.float64)", "shape 3, float64"),  # changed through the array
        ("array", "array([50., 60.,  3.])", ""),  # changed through the tensor
        ("x.int()", "tensor([ 1, -1,  0], dtype=torch.int32)", "shape 3, int32"),
        ("x.size()", "torch.Size([4, 3, 28, 28])", ""),
        ("x", "tensor([[2., 3.],\n        [4., 5.]])", "shape 2 x 2, float32"),  # after add_
        ("x[1:, :2]", "tensor([[4, 5],\n        [8, 9]])", "shape 2 x 2, int64"),
        ("torch.rand(3, 1, 28, 28).flatten(1).shape", "torch.Size([3, 784])", ""),
        ("torch.stack([a, b]).shape", "torch.Size([2, 2, 3])", ""),
        ("torch.cat([a, b]).shape", "torch.Size([4, 3])", ""),
        ("torch.arange(5).chunk(2)", "(tensor([0, 1, 2]), tensor([3, 4]))", ""),
        ("torch.arange(5).split(2)", "(tensor([0, 1]), tensor([2, 3]), tensor([4]))", ""),
        ("torch.zeros(1, 3, 1).squeeze().shape", "torch.Size([3])", ""),
        ("picture.permute(1, 2, 0).shape", "torch.Size([28, 28, 3])", ""),
        ("torch.tensor([2.5]).item()", "2.5", ""),
        ("x.stride()", "(3, 1)", ""),
        ("t.stride()", "(1, 3)", ""),
        ("t.untyped_storage().data_ptr() == x.data_ptr()", "True", ""),
    ],
    "autograd": [
        ("mean = z.mean()", "tensor(8., grad_fn=<MeanBackward0>)", "one number, float32"),
        ("x.grad", "tensor([[2., 2.],\n        [2., 2.]])", "shape 2 x 2, float32"),
        ("mean = ((x + 5) ** 2).mean()", "tensor(36., grad_fn=<MeanBackward0>)", "one number, float32"),
        ("x.grad", NINE_THIRDS, "shape 3 x 3, float32"),
        ("w.grad", "tensor(3.)", "one number, float32"),
        ("w.grad", "tensor(6.)", "one number, float32"),
        ("w.grad.zero_()", "tensor(0.)", "one number, float32"),
        ("y.requires_grad, y.detach().requires_grad", "(True, False)", ""),
    ],
    "conv": [
        ("conv(torch.rand(100, 1, 28, 28)).shape", "torch.Size([100, 20, 24, 24])", ""),
        ("nn.Conv2d(3, 20, 5)(torch.rand(4, 3, 28, 28)).shape", "torch.Size([4, 20, 24, 24])", ""),
        ("nn.Conv2d(16, 33, 3, stride=2)(x).shape", "torch.Size([20, 33, 24, 49])", ""),
        ("conv(x).shape", "torch.Size([20, 33, 26, 100])", ""),
    ],
    "pool": [
        ("x = nn.Conv2d(1, 20, 5)(torch.rand(4, 1, 28, 28))", "", "shape 4 x 20 x 24 x 24, float32"),
        ("x = nn.functional.max_pool2d(x, 2)", "", "shape 4 x 20 x 12 x 12, float32"),
        ("layer(torch.rand(128, 20)).shape", "torch.Size([128, 30])", ""),
        ("x = nn.Flatten()(torch.rand(3, 28, 28))", "", "shape 3 x 784, float32"),
        ("nn.Linear(784, 20)(x).shape", "torch.Size([3, 20])", ""),
    ],
    "loss": [
        ("nn.MSELoss()(outputs, targets)", "tensor(1.4167)", "one number, float32"),  # 4.25 / 3
        ("logits.argmax(dim=1), shares.argmax(dim=1)", "(tensor([0, 1]), tensor([0, 1]))", ""),
        ("nn.CrossEntropyLoss()(logits, labels)", "tensor(1.5569)", "one number, float32"),
        ("nn.NLLLoss()(torch.log_softmax(logits, dim=1), labels)", "tensor(1.5569)", "one number, float32"),
        ("nn.BCELoss()(output.sigmoid(), truth)", "tensor(0.3172)", "one number, float32"),
        ("nn.PoissonNLLLoss()(output, count)", "tensor(0.3591)", "one number, float32"),  # (1 + e - 3) / 2
        ("hinge(distances, alike)", "tensor([0.3000, 0.7000, 0.0000])", "shape 3, float32"),
        ("nn.TripletMarginLoss()(anchor, same, other)", "tensor(0.5000)", "one number, float32"),
    ],
    "optimizer": [
        ("descend(lambda p: optim.SGD(p, lr=0.1))", "3.0", ""),
        ("descend(lambda p: optim.LBFGS(p, lr=0.1))", "3.0", ""),
        ("(table.weight != before).any(dim=1)", "tensor([False,  True, False])", "shape 3, bool"),
        ('[part["lr"] for part in optimizer.param_groups]', "[0.01, 0.001]", ""),
        ("left = descend(slow, -2.0, curve)", "-1.473", ""),  # the global minimum of w^4 - 4 w^2 + w
        ("right = descend(slow, 2.0, curve)", "1.347", ""),  # the local one
    ],
    "schedule": [
        (
            "rates(lambda o: schedule.LambdaLR(o, lambda e: 0.95**e))",
            "[0.1, 0.095, 0.0902, 0.0857, 0.0815, 0.0774]",
            "",
        ),
        ("rates(lambda o: schedule.ExponentialLR(o, gamma=0.95))", "[0.1, 0.095, 0.0902, 0.0857, 0.0815, 0.0774]", ""),
        ("rates(lambda o: schedule.StepLR(o, 2, gamma=0.5))", "[0.1, 0.1, 0.05, 0.05, 0.025, 0.025]", ""),
        ("rates(lambda o: schedule.MultiStepLR(o, [1, 4]))", "[0.1, 0.01, 0.01, 0.01, 0.001, 0.001]", ""),
        ("rates(lambda o: schedule.CosineAnnealingLR(o, T_max=5))", "[0.1, 0.0905, 0.0655, 0.0345, 0.0095, 0.0]", ""),
    ],
    "overfitting": [
        ("x, y = points(10)", "", ""),
        ("drop.eval()(torch.ones(8))", "tensor([1., 1., 1., 1., 1., 1., 1., 1.])", "shape 8, float32"),
    ],
}
OF_TORCH = [
    "SGD",
    "momentum",
    "Adagrad",
    "RMSprop",
    "Adam",
    "Adadelta",
    "SparseAdam",
    "Adamax",
    "ASGD",
    "LBFGS",
    "Rprop",
]
SCHEDULERS = ["LambdaLR", "StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "ReduceLROnPlateau"]


@cache
def ran(topic: str) -> list[tuple[str, str, str]]:
    """(line, what it came to, shape), from top to bottom."""
    with torch.random.fork_rng():
        return [(done.line, done.text, done.shape) for _, results in LESSONS[topic].run() for done in results]


@pytest.mark.parametrize("topic", NOTES)
def test_every_number_of_the_notes_comes_out_in_their_order(topic: str) -> None:
    found: Iterator[tuple[str, str, str]] = iter(ran(topic))
    for expected in NOTES[topic]:
        assert expected in found, expected


def test_there_is_a_lesson_of_each_topic_of_the_notes() -> None:
    assert list(LESSONS) == list(NOTES)
    assert all(name in LESSONS["optimizer"].text for name in OF_TORCH)
    assert all(name in LESSONS["schedule"].text for name in SCHEDULERS)


def test_a_plateau_takes_the_rate_down_after_a_second_epoch_that_is_no_better() -> None:
    told = ran("schedule")[-1][1].splitlines()
    assert [line.split()[-1] for line in told] == ["0.1", "0.1", "0.1", "0.01", "0.01"]


def test_more_freedom_fits_the_known_points_better_and_the_new_ones_worse() -> None:
    (told,) = (text for line, text, _ in ran("overfitting") if line.startswith("for degree"))
    known, new = zip(*((float(words[2]), float(words[4])) for words in map(str.split, told.splitlines())), strict=True)
    assert list(known) == sorted(known, reverse=True) and new[-1] > 10 * new[1] > 0


def test_a_decay_more_data_and_an_early_stop_help() -> None:
    told = {line: text for line, text, _ in ran("overfitting")}
    (decays,) = (text for line, text in told.items() if line.startswith("for decay"))
    none, _, some, _ = (float(line.split()[-1]) for line in decays.splitlines())
    assert some < none / 10 and float(told["errors(*points(100), 7)"].strip("'").split()[-1]) < none / 10
    best, last = map(float, told["min(history), history[-1]"].strip("()").split(", "))
    assert best < last


@pytest.mark.parametrize("topic", LESSONS)
def test_a_lesson_is_as_wide_as_a_narrow_terminal_and_has_a_sentence_for_each_step(topic: str) -> None:
    assert all(sentence.endswith((".", ":")) for sentence, _ in LESSONS[topic].steps)
    told = [
        row for line, text, _ in ran(topic) for row in (*(f">>> {row}" for row in line.split("\n")), *text.split("\n"))
    ]
    assert [row for row in told if len(row) > 60] == []
    assert [row for row in LESSONS[topic].drawing if len(row) > 60] == []


def test_the_lines_of_every_lesson_run_in_a_plain_python_as_typed_at_the_keyboard(tmp_path: Path) -> None:
    typed = "\n\n".join(lesson.code for lesson in LESSONS.values())
    assert "#" not in typed
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-i", "-q", "-"]
    done = subprocess.run(
        command, input=f"{typed}\n", capture_output=True, text=True, cwd=tmp_path, env=plain, timeout=120
    )
    assert "Error" not in done.stderr and "Warning" not in done.stderr, done.stderr
    assert "torch.Size([20, 33, 26, 100])" in done.stdout and done.stdout.endswith("1., 1., 1.])\n")


def test_the_room_is_small() -> None:
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in ROOM.glob("*.py")) <= 700
