"""A net is compiled for the batches of one size; torch's compiler itself is left out, for it takes a minute."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.utils import counters

from experiments import assembled, trained
from runner.engine.compiling import compiled
from runner.experiment.first_step import first_batch

IRIS = ["dataset=iris", "model=dnn", "model.hidden=[4]", "model.normalisation=batch", "model.dropout=0.5", "epochs=2"]
torchs_compile = torch.compile


@pytest.fixture
def without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch finds the graph of a net as ever, and runs its operations as they are."""

    def traced(model: Callable[..., Any], *, dynamic: bool, options: dict[str, Any]) -> Callable[..., Any]:
        return torchs_compile(model, dynamic=dynamic, backend="eager")

    monkeypatch.setattr(torch, "compile", traced)


class Counting(nn.Module):
    """Notes how many rows it is given. Like a compiled net, it has a length only if the net has."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model
        self.sizes: list[int] = []

    def __len__(self) -> int:
        raise TypeError

    def forward(self, x: Tensor) -> Tensor:
        self.sizes.append(len(x))
        outputs: Tensor = self.model(x)
        return outputs


def test_the_trial_leaves_the_net_and_the_generators_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda model, dynamic, options: Counting(model))
    run = assembled(IRIS)
    before, generator = {k: v.clone() for k, v in run.parts.model.state_dict().items()}, torch.get_rng_state()
    assert isinstance(net := compiled(run.parts, first_batch(run)[0]), Counting) and net.sizes == [64]
    assert all(torch.equal(before[name], tensor) for name, tensor in run.parts.model.state_dict().items())
    assert torch.equal(generator, torch.get_rng_state())
    assert all(weight.grad is None for weight in run.parts.model.parameters())


@pytest.mark.parametrize("size", [["batch_size=40"], ["batch_size=20", "accumulate_steps=2"]])
def test_batches_of_full_size_alone_go_through_the_compiled_net(size: list[str]) -> None:
    run = assembled([*IRIS, *size])  # 108 train rows: 40 + 40 + 28, or 20 five times and 8
    net = Counting(run.parts.model)
    plain = trained(assembled([*IRIS, *size]))
    assert trained(replace(run, parts=replace(run.parts, compiled=net))) == plain
    assert net.sizes == ([40] * 4 if len(size) == 1 else [20] * 10)


@pytest.mark.usefixtures("without_kernels")
def test_one_graph_is_compiled_whatever_else_the_net_is_given() -> None:
    counters.clear()
    run, plain = assembled(IRIS), trained(assembled(IRIS))
    net = compiled(run.parts, first_batch(run)[0])
    assert trained(replace(run, parts=replace(run.parts, compiled=net))) == plain
    assert counters["stats"]["unique_graphs"] == 1  # not for the last 44 rows, nor for the 12 of validation
    assert not [name for name in run.parts.model.state_dict() if name.startswith("_orig_mod")]
