"""Nets of a user's own that would train badly without a word: each says so in a line before it is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from experiments import assembled, trained
from runner.build import own_net
from runner.errors import ConfigError
from runner.experiment.plan import outline

NETS = """
from math import prod
import torch
from torch import nn

class Plain(nn.Module):
    def __init__(self, in_shape, num_outputs):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(prod(in_shape), 8), nn.ReLU(), nn.Dropout(0.5),
                                 nn.BatchNorm1d(8), nn.Linear(8, num_outputs))
    def forward(self, x): return self.net(x)

class Softmax(Plain):
    def forward(self, x): return self.net(x).softmax(1)
class SoftmaxInEvaluation(Plain):
    def forward(self, x): return self.net(x) if self.training else self.net(x).softmax(1)
class SoftmaxOverRows(Plain):
    def forward(self, x): return self.net(x).softmax(0)
class LogSoftmax(Plain):
    def forward(self, x): return self.net(x).log_softmax(1)
class Sigmoid(Plain):
    def forward(self, x): return self.net(x).sigmoid()
class Relu(Plain):
    def forward(self, x): return self.net(x).relu()
class Tanh(Plain):
    def forward(self, x): return self.net(x).tanh()
class Zero(Plain):
    def forward(self, x): return self.net(x) * 0

class Detached(Plain):
    def forward(self, x): return self.net(x).detach()
class NoGrad(Plain):
    @torch.no_grad()
    def forward(self, x): return self.net(x)
class Compared(Plain):
    def forward(self, x): return self.net(x) > 0
class Frozen(Plain):
    def __init__(self, in_shape, num_outputs):
        super().__init__(in_shape, num_outputs)
        self.requires_grad_(False)

class Listed(nn.Module):
    def __init__(self, in_shape, num_outputs):
        super().__init__()
        self.hidden = [nn.Linear(prod(in_shape), 8), nn.Linear(8, 8)]
        self.head = nn.Linear(8, num_outputs)
    def forward(self, x):
        x = x.flatten(1)
        for layer in self.hidden:
            x = layer(x).relu()
        return self.head(x)
class Nested(nn.Module):
    def __init__(self, in_shape, num_outputs):
        super().__init__()
        self.block = Listed(in_shape, num_outputs)
    def forward(self, x): return self.block(x)
class Mapped(nn.Module):
    def __init__(self, in_shape, num_outputs):
        super().__init__()
        self.layers = {"only": nn.Linear(prod(in_shape), num_outputs)}
    def forward(self, x): return self.layers["only"](x.flatten(1))
class Tensors(nn.Module):
    def __init__(self, in_shape, num_outputs):
        super().__init__()
        self.weight = torch.ones(prod(in_shape), num_outputs, requires_grad=True)
        self.biases = (torch.zeros(num_outputs, requires_grad=True),)
        self.scale = nn.Parameter(torch.ones(()))
    def forward(self, x): return (x.flatten(1) @ self.weight + self.biases[0]) * self.scale
class InForward(Plain):
    def forward(self, x): return self.net(nn.Linear(4, 4)(x))
class OfClass(Plain):
    stem = nn.Linear(4, 4)
    def forward(self, x): return self.net(self.stem(x))
class Dropped(Plain):
    def __init__(self, in_shape, num_outputs):
        super().__init__(in_shape, num_outputs)
        self.drops = [nn.Dropout(0.5), nn.ReLU()]
    def forward(self, x): return self.net(self.drops[0](x))

class HeldTwice(Plain):
    def __init__(self, in_shape, num_outputs):
        super().__init__(in_shape, num_outputs)
        self.all = [*self.net]
class Unused(Plain):
    def __init__(self, in_shape, num_outputs):
        super().__init__(in_shape, num_outputs)
        self.old = [nn.Linear(2, 2)]
class Teacher(Plain):
    def __init__(self, in_shape, num_outputs):
        super().__init__(in_shape, num_outputs)
        self.teacher = [nn.Linear(prod(in_shape), num_outputs).requires_grad_(False).eval()]
    def forward(self, x): return self.net(x) + self.teacher[0](x.flatten(1))
class Start(Plain):
    def forward(self, x): return self.net(x) + torch.zeros(len(x), 1).requires_grad_()
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("nets") / "nets_of_mine.py"
    path.write_text(NETS)
    return ["model=module", f"model.path={path}", "trusted=[nets_of_mine]", "threads=1"]


def told(words: list[str], name: str, *more: str) -> str:
    """The lines on a net, without which model it is."""
    data = () if any(word.startswith("dataset=") for word in more) else ("dataset=iris",)
    notes = assembled([*words, f"model.name={name}", *data, *more]).notes
    own = "model=module: "
    return "; ".join(line.removeprefix(own) for line in notes if line.startswith(own))


SUMS = "its outputs sum to 1 in each row, as after a softmax; "
SHARES = "its outputs stay between 0 and 1, as after a sigmoid; "
RAW = "wants raw outputs (logits): leave the"


@pytest.mark.parametrize(
    ("name", "more", "line"),
    [
        ("Softmax", (), f"{SUMS}loss=cross_entropy {RAW} softmax out"),
        ("Softmax", ("loss=nll",), f"{SUMS}loss=nll {RAW} softmax out"),
        ("SoftmaxInEvaluation", (), f"in evaluation {SUMS}loss=cross_entropy {RAW} softmax out"),
        ("SoftmaxOverRows", (), f"{SHARES}loss=cross_entropy {RAW} sigmoid out"),
        ("Sigmoid", (), f"{SHARES}loss=cross_entropy {RAW} sigmoid out"),
        ("Sigmoid", ("dataset=breast_cancer",), f"{SHARES}loss=bce_with_logits {RAW} sigmoid out"),
        ("Sigmoid", ("dataset=breast_cancer", "loss=bce"), f"{SHARES}loss=bce {RAW} sigmoid out"),
        ("Softmax", ("dataset=breast_cancer",), f"{SUMS}loss=bce_with_logits {RAW} softmax out"),
        (
            "Sigmoid",
            ("dataset=diabetes",),
            f"{SHARES}loss=mse is given targets of mean 0 and deviation 1: leave the sigmoid out",
        ),
    ],
)
def test_case_28_outputs_that_the_loss_does_not_expect_are_told(
    name: str, more: tuple[str, ...], line: str, words: list[str]
) -> None:
    assert told(words, name, *more) == line


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Listed", "hidden.0, hidden.1 are not registered, so they do not train: use nn.ModuleList"),
        ("Nested", "block.hidden.0, block.hidden.1 are not registered, so they do not train: use nn.ModuleList"),
        (
            "Tensors",
            "weight is not registered, so it does not train: use nn.Parameter; "
            "biases.0 is not registered, so it does not train: use nn.ParameterList",
        ),
        ("OfClass", "stem is not registered, so it does not train: set it in __init__, on self"),
        (
            "InForward",
            "forward uses weights that are not the net's own ([4, 4], [4]), so they do not train: "
            "make their layers in __init__, as self.name = ...",
        ),
        ("Dropped", "drops.0 is not registered, so it does not leave training mode: use nn.ModuleList"),
    ],
)
def test_case_28_a_layer_that_no_optimizer_sees_is_told(name: str, line: str, words: list[str]) -> None:
    assert told(words, name) == line


@pytest.mark.parametrize(
    "name", ["Plain", "LogSoftmax", "Relu", "Tanh", "Zero", "HeldTwice", "Unused", "Teacher", "Start"]
)
def test_case_28_nothing_is_said_of_a_net_that_learns(name: str, words: list[str]) -> None:
    assert told(words, name) == ""


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (
            "Detached",
            "model=module: its outputs (float32) have no gradient: its weights would not train\n  r",
        ),
        (
            "NoGrad",
            "model=module: its outputs (float32) have no gradient: its weights would not train\n  remo",
        ),
        (
            "Compared",
            "model=module: its outputs (bool) have no gradient: its weights would not train\n  remov",
        ),
        ("Frozen", "optimizer=adam has nothing to do: the model has no weights to learn"),
        (
            "Mapped",
            "model=module: none of its weights would train: layers.only is not registered, so it does not train: use",
        ),
    ],
)
def test_case_28_a_net_that_would_learn_nothing_is_refused(name: str, fault: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        told(words, name)
    assert refused.value.faults[0].startswith(fault)


def test_case_28_looking_leaves_the_bits_of_a_run_as_they_were(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*words, "model.name=Plain", "dataset=iris", "epochs=2"]

    def run() -> list[object]:
        experiment = assembled(words)
        statistics = experiment.parts.model.net[4].running_mean.clone()  # type: ignore[index,union-attr]
        return [statistics.tolist(), torch.get_rng_state().tolist(), [r.values for r in trained(experiment)]]

    looked = run()
    monkeypatch.setattr(own_net, "is_own", lambda net: False)
    assert run() == looked


def test_case_28_the_lines_are_shown_before_training(words: list[str], tmp_path: Path) -> None:
    experiment = assembled([*words, "model.name=Softmax", "dataset=iris"])
    assert outline(experiment, tmp_path).notes[-1].startswith(f"model=module: {SUMS}")


def test_case_28_a_net_of_the_program_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> list[str]:
        raise AssertionError

    monkeypatch.setattr(own_net, "remarks", never)
    assert assembled(["dataset=digits", "model=cnn", "threads=1"]).notes == ()


def test_case_28_outputs_that_no_longer_stay_so_with_larger_weights_are_no_probabilities() -> None:
    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(0.3))

        def forward(self, x: Tensor) -> Tensor:
            return x * self.scale

    rows = torch.rand(8, 3)
    assert own_net.squeezed(Small(), nn.CrossEntropyLoss(), "cross_entropy", rows) == []
