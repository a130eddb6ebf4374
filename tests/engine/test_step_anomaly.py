import warnings

import pytest
import torch

from runner.engine.step import raise_on_anomaly
from runner.errors import RunError


def test_the_operation_behind_a_nan_gradient_is_named_with_the_line_that_called_it() -> None:
    weight = torch.zeros(1, requires_grad=True)
    told = (
        r"the gradient of Sqrt is NaN, called by .*test_step_anomaly\.py, line \d+: root = .*; the step was not taken"
    )
    with pytest.raises(RunError, match=told), raise_on_anomaly():
        root = (weight * 0).sqrt()
        (root * 0).sum().backward()


def test_other_errors_and_other_warnings_pass() -> None:
    with pytest.raises(RuntimeError, match="mine"), raise_on_anomaly():
        raise RuntimeError("mine")
    with pytest.warns(UserWarning, match="also mine"), raise_on_anomaly():
        warnings.warn("also mine", stacklevel=1)


def test_it_is_off_again_afterwards() -> None:
    with raise_on_anomaly():
        assert torch.is_anomaly_enabled()
    assert not torch.is_anomaly_enabled()
