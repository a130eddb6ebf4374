"""A step over micro-batches: hand-made rows and gradients."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from experiments import assembled, trained
from runner.contracts import Ensemble, Parts, Progress, Task
from runner.engine.epoch_sums import Tally
from runner.engine.step import Stepper
from runner.losses.readout import Probabilities

STILL: Callable[..., torch.optim.Optimizer] = lambda weights: torch.optim.SGD(weights, lr=0.0)  # noqa: E731
ACCUMULATED = ["batch_size=16", "accumulate_steps=4"]


def stepped(model: nn.Module, loss: nn.Module, x: Tensor, y: Tensor, batch_size: int | None, task: Task) -> Tally:
    """What a step that leaves the weights where they are tells of the rows."""
    parts = Parts(nn.Identity(), model, loss, Probabilities(task), (STILL(model.parameters()),), (), {}, task)
    tally = Tally(Progress(), counts_hits=task != "regression")
    Stepper(parts, None, batch_size).step(x, y, tally)
    return tally


def weighing(value: float) -> nn.Linear:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, value)
    return model


def test_a_short_micro_batch_counts_as_much_as_its_rows() -> None:
    model, x = weighing(1.0), torch.tensor([[1.0], [2.0], [3.0]])
    tally = stepped(model, nn.MSELoss(), x, torch.zeros(3, 1), 2, "regression")
    assert tally.losses[0].item() == pytest.approx(14 / 3)  # not (5/2 + 9) / 2, the mean of the two means
    assert model.weight.grad is not None and model.weight.grad.item() == pytest.approx(28 / 3)
    assert (tally.step, tally.batch, tally.sizes) == (1, 1, [3])


def test_rows_of_heavy_classes_weigh_as_in_the_large_batch() -> None:
    x, y = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([0, 1, 1])

    def gradient(batch_size: int | None) -> list[list[float]]:
        model = nn.Linear(1, 2, bias=False)
        nn.init.zeros_(model.weight)
        stepped(model, nn.CrossEntropyLoss(weight=torch.tensor([1.0, 9.0])), x, y, batch_size, "binary")
        assert model.weight.grad is not None
        return model.weight.grad.tolist()

    # of class 0: (1 * -1/2 * 1 + 9 * 1/2 * 2 + 9 * 1/2 * 3) / 19
    assert gradient(2)[0] == pytest.approx([22 / 19])
    assert gradient(None)[0] == pytest.approx([22 / 19])


class TwoMembers(Ensemble):
    """Each answers for its half of the rows: the first with x, the second with ten times x."""

    num_members, shares_batches = 2, True

    def __init__(self) -> None:
        super().__init__()
        self.factors = nn.Parameter(torch.tensor([1.0, 10.0]))

    def forward(self, x_AF: Tensor) -> Tensor:
        return (x_AF.view(2, -1) * self.factors[:, None]).view(-1, 1)


def test_each_member_gets_its_own_rows_of_a_micro_batch() -> None:
    x_AF = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
    tally = stepped(TwoMembers(), nn.BCEWithLogitsLoss(), x_AF, torch.ones(6, 1), 2, "binary")
    assert tally.logits[0].tolist() == [[1.0], [2.0], [3.0], [40.0], [50.0], [60.0]]


@pytest.mark.parametrize(
    "words",
    [
        ["dataset=iris", "model=mlp", "model.hidden=[8]"],
        ["dataset=iris", "model=linear", "optimizer=lbfgs", "optimizer.max_iter=2"],
        ["dataset=wine", "model=tabular", "model.dropout=0", "optimizer.lr=0.01"],
        ["dataset=iris", "model=linear", "loss.weight=[1,2,9]", "loss=nll", "grad_clip_norm=0.1"],
    ],
    ids=["rows left over", "a closure", "members", "weights and a clipped norm"],
)
def test_several_small_batches_train_as_one_large_one(words: list[str]) -> None:
    """108 or 128 train rows: the last step of an epoch has 44 or 64."""
    settings = [*words, "epochs=2", "log_every_steps=1", "threads=1"]
    large, small = (trained(assembled([*settings, *size])) for size in (["batch_size=64"], ACCUMULATED))
    assert [report.progress.step for report in small] == [report.progress.step for report in large]
    assert small[-1].progress.step == 4
    for one, other in zip(large, small, strict=True):
        assert dict(other.values) == pytest.approx(dict(one.values), rel=2e-5, abs=1e-6)
