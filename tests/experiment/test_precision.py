"""What cannot be trained in half the bits is refused."""

import pytest
import torch

from experiments import assembled
from runner import device
from runner.errors import ConfigError
from runner.experiment.precision import check_precision
from runner.experiment.rebuild import Predictor

IRIS = ["dataset=iris", "model=linear"]


def test_a_closure_is_refused_in_fp16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "check_precision", lambda precision, device: None)
    check_precision(assembled([*IRIS, "precision=fp16"]))
    with pytest.raises(ConfigError, match="precision=fp16: optimizer=lbfgs asks for the loss several times a step"):
        check_precision(assembled([*IRIS, "precision=fp16", "optimizer=lbfgs"]))


def test_a_net_answers_in_the_precision_that_it_was_trained_in() -> None:
    rows = torch.tensor([[5.1, 3.5, 1.4, 0.2]])
    exact, half = (Predictor.of(assembled([*IRIS, f"precision={name}"])).logits(rows) for name in ("float32", "bf16"))
    assert half.dtype == torch.float32 and torch.equal(half.bfloat16().float(), half)
    assert not torch.equal(exact, half) and torch.allclose(exact, half, rtol=0.02, atol=0.02)
