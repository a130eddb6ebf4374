"""Products in half the bits: hand-made numbers, of which float32 would keep more."""

import pytest
import torch
from torch import Tensor, nn
from torch.amp import GradScaler

from experiments import assembled
from runner.contracts import Parts, Progress
from runner.engine import state
from runner.engine.best import Monitor
from runner.engine.epoch_sums import Tally
from runner.engine.fit import fit
from runner.engine.forward import forward
from runner.engine.step import SMALLEST_SCALE, Stepper
from runner.errors import RunError
from runner.losses.readout import Values


def parts_of(autocast: torch.dtype | None, scaler: GradScaler | None = None, lr: float = 0.5) -> Parts:
    """y = x, to be learned as something else."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.ones_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    readout = Values(torch.tensor(0.0), torch.tensor(1.0))
    return Parts(
        *(nn.Identity(), model, nn.MSELoss(), readout, (optimizer,), (), {}, "regression"),
        autocast=autocast,
        scaler=scaler,
    )


def weight(parts: Parts) -> Tensor:
    (found,) = parts.model.parameters()
    return found.detach()


def test_products_are_rounded_and_outputs_are_float32_again() -> None:
    x = torch.tensor([[1 + 2.0**-9, 1 + 2.0**-7]]).T
    assert forward(parts_of(None), x).flatten().tolist() == [1 + 2.0**-9, 1 + 2.0**-7]
    rounded = forward(parts_of(torch.bfloat16), x)  # a bf16 has 7 bits behind the point
    assert rounded.dtype == torch.float32 and rounded.flatten().tolist() == [1.0, 1 + 2.0**-7]


def test_nothing_is_reported_while_numbers_are_cut() -> None:
    run = assembled(["dataset=iris", "model=linear", "precision=bf16", "epochs=1"])
    for _ in fit(run.parts, run.train, run.judged, run.plan, Progress()):
        assert not torch.is_autocast_enabled("cpu")


def stepped(parts: Parts, x: Tensor, target: float) -> Tally:
    tally = Tally(Progress(), counts_hits=False)
    Stepper(parts, None).step(x, torch.full_like(x, target), tally)
    return tally


def test_a_gradient_that_overflows_takes_no_step_and_halves_the_scale_of_the_loss() -> None:
    parts = parts_of(torch.float16, scaler := GradScaler("cpu", init_scale=2.0**16))
    stepped(parts, torch.ones(1, 1), target=0.0)  # 2 * 2 ** 16 is more than a float16 holds
    assert (weight(parts).item(), scaler.get_scale()) == (1.0, 2.0**15)
    stepped(parts, torch.ones(1, 1), target=0.5)  # 1 * 2 ** 15 is not
    assert (weight(parts).item(), scaler.get_scale()) == (0.5, 2.0**15)


def test_the_norm_of_gradients_is_clipped_as_without_a_scale() -> None:
    parts = parts_of(torch.float16, GradScaler("cpu", init_scale=2.0**10))
    Stepper(parts, 0.5).step(torch.ones(1, 1), torch.zeros(1, 1), Tally(Progress(), counts_hits=False))
    assert weight(parts).item() == pytest.approx(0.75)  # 1 - 0.5 * 0.5


def test_gradients_that_overflow_at_any_scale_end_the_run() -> None:
    parts = parts_of(torch.float16, GradScaler("cpu", init_scale=SMALLEST_SCALE / 2))
    tally = stepped(parts, torch.full((1, 1), 6e4), target=0.0)
    assert tally.losses[0].isfinite() and weight(parts).item() == 1.0
    with pytest.raises(RunError, match="a loss or gradient was not finite between steps 1 and 1"):
        tally.read()


def test_the_scale_of_the_loss_is_saved_and_put_back() -> None:
    def monitor() -> Monitor:
        return Monitor("train/loss", 0.0, None, higher_is_better=False)

    saved = state.capture(parts_of(torch.float16, GradScaler("cpu", init_scale=8.0)), Progress(step=3), monitor())
    other = parts_of(torch.float16, scaler := GradScaler("cpu"))
    assert state.restore(saved, other, monitor()).step == 3
    assert scaler.get_scale() == 8.0
    assert "scaler" not in state.capture(parts_of(None), Progress(), monitor())
