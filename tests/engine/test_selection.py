"""Which members answer: losses by hand."""

import torch
from torch import Tensor, nn

from runner.contracts import Parts
from runner.data.batches import ResidentBatches
from runner.engine.selection import MOST_PICKS, greedy, select
from runner.losses.readout import Values
from runner.models.tabular import Tabular


def mean(outputs_NMK: Tensor, picks_M: Tensor) -> Tensor:
    return torch.einsum("nmk,m->nk", outputs_NMK, picks_M / picks_M.sum())


def distance_to(goal: float, members: list[float]) -> Tensor:
    """Picks of members that say ``members``, by how far their mean is from ``goal``."""
    said = torch.tensor(members).view(1, -1, 1)
    return greedy(mean, lambda answer: float((answer - goal).abs()), said)


def test_members_are_added_as_long_as_the_loss_falls() -> None:
    assert distance_to(2.0, [1.0, 4.0, 9.0]).tolist() == [2, 1, 0]  # 1, then 1 and 4: 2.5, then 1, 1 and 4: 2
    assert distance_to(1.0, [0.0, 1.0, 9.0]).tolist() == [0, 1, 0]
    assert distance_to(2.0, [0.0, 1.0, 9.0]).tolist() == [0, 1, 0]  # with any other its mean is farther


def test_no_more_than_so_many_are_added() -> None:
    calls = iter(range(10_000, 0, -1))
    assert greedy(mean, lambda answer: float(next(calls)), torch.zeros(1, 2, 1)).sum() == MOST_PICKS


def test_a_member_without_a_number_is_not_picked() -> None:
    assert distance_to(2.0, [float("nan"), 3.0]).tolist() == [0, 1]


def regression(num_rows: int) -> tuple[Parts, ResidentBatches]:
    torch.manual_seed(0)
    columns = torch.tensor([True])
    knobs = {"scales": [], "num_frequencies": 1, "embedding_size": 1, "num_piecewise": 0, "num_plain": 2}
    net = Tabular((1,), 1, task="regression", two_valued=columns, hidden=[], dropout=0.0, **knobs)
    set_slopes(net, 0.9, 3.0)
    x = torch.linspace(-1, 1, num_rows).view(-1, 1)
    loss, readout = Squares(), Values(torch.tensor(0.0), torch.tensor(1.0))
    parts = Parts(nn.Identity(), net, loss, readout, (), (), {}, "regression")
    return parts, ResidentBatches(x, x[:, 0], torch.arange(num_rows), 64, order_seed=None)


class Squares(nn.Module):
    def forward(self, outputs_N1: Tensor, y_N: Tensor) -> Tensor:
        return (outputs_N1[:, 0] - y_N).square().mean()


def set_slopes(net: Tabular, *slopes: float) -> None:
    with torch.no_grad():
        net.members.output.weight.copy_(torch.tensor(slopes).view(2, 1, 1))
        net.members.output.bias.zero_()


def slopes_kept(net: Tabular) -> list[float]:
    return [round(float(slope), 2) for slope in net.kept_output_weight.flatten()]


def test_the_best_epoch_of_each_member_is_kept_and_the_best_of_them_picked() -> None:
    parts, val = regression(400)
    net = parts.model
    assert isinstance(net, Tabular)
    select(parts, val, lambda: False)
    assert (slopes_kept(net), net.picks.tolist()) == ([0.9, 3.0], [1, 0])
    set_slopes(net, 0.5, 1.2)  # the first member gets worse, the second better
    select(parts, val, lambda: False)
    assert slopes_kept(net) == [0.9, 1.2]
    assert net.picks.tolist() == [2, 1]  # (2 * .9 + 1.2) / 3 = 1
    before = {name: value.clone() for name, value in net.state_dict().items()}
    select(parts, val, lambda: False)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_few_validation_rows_choose_no_members() -> None:
    parts, val = regression(20)
    select(parts, val, lambda: False)
    assert parts.model.picks.tolist() == [1, 1]  # type: ignore[union-attr, operator]


def test_without_validation_rows_nothing_is_kept() -> None:
    parts, _ = regression(20)
    select(parts, None, lambda: False)
    assert parts.model.picks.tolist() == [0, 0]  # type: ignore[union-attr, operator]
