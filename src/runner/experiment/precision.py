"""Whether a run can be trained in its precision: evaluation takes any."""

from __future__ import annotations

from torch.optim import LBFGS

from runner import device
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment


def check_precision(experiment: Experiment) -> None:
    """Raises DeviceError or ConfigError where the device or an optimizer cannot."""
    device.check_precision(experiment.config.precision, experiment.choice.device)
    if experiment.parts.scaler and any(isinstance(each, LBFGS) for each in experiment.parts.optimizers):
        raise ConfigError(
            f"precision=fp16: optimizer={experiment.config.optimizer.option} asks for the loss several times a step, "
            "between which its scale may not change; set precision=bf16, or choose optimizer=adam"
        )
