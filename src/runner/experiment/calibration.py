"""One temperature for the outputs of a classifier, fitted on validation rows once it is trained (Guo et al. 2017).

N rows, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log

import torch
from torch import Tensor, nn

from runner.config.run_config import Config
from runner.contracts import Data, Split
from runner.errors import ConfigError
from runner.losses.readout import Probabilities, Ranking

TEMPERATURES = (0.05, 20.0)  # of rows that are all told right the best would be 0
BINS = 15  # of the expected calibration error, as Guo et al. have it


def check_calibration(config: Config, data: Data, rows: Split, readout: nn.Module) -> None:
    """Raises ConfigError where a run that asks for it has no probabilities, or no rows to fit a temperature on."""
    if not config.calibrate:
        return
    if data.task == "regression":
        raise ConfigError("calibrate=true: a number to predict has no probabilities; leave it out")
    if not len(rows.val):
        raise ConfigError("calibrate=true: is fitted on validation rows, and there are none; set val_fraction=0.1")
    if not isinstance(readout, Probabilities) or isinstance(readout, Ranking):
        raise ConfigError(
            f"calibrate=true: loss={config.loss.option} gives no probabilities to be scaled; choose loss=cross_entropy"
        )


def calibrate(readout: Probabilities, val: tuple[Tensor, Tensor], judged: tuple[Tensor, Tensor]) -> dict[str, float]:
    """The temperature that ``val`` asks for, which the readout has from now on; what it changes on ``judged``.

    Both are (logits_NK, y_N): log loss, and expected calibration error of the likeliest class, before and after.
    """
    before = reliability(readout, *judged)
    temperature = fitted_temperature(readout, *val)
    after = reliability(readout, *judged)
    return {
        "temperature": temperature,
        **{f"{name}_before": value for name, value in before.items()},
        **{f"{name}_after": value for name, value in after.items()},
    }


def fitted_temperature(readout: Probabilities, logits_NK: Tensor, y_N: Tensor) -> float:
    """That of the least log loss on these rows; the readout has it."""
    from scipy.optimize import minimize_scalar

    def loss(exponent: float) -> float:
        readout.temperature.fill_(exp(exponent))
        return log_loss(shares(readout, logits_NK), y_N)

    best = minimize_scalar(loss, bounds=tuple(map(log, TEMPERATURES)), method="bounded")
    readout.temperature.fill_(exp(best.x))
    return float(readout.temperature)


def reliability(readout: nn.Module, logits_NK: Tensor, y_N: Tensor) -> dict[str, float]:
    """Log loss and expected calibration error."""
    from torchmetrics.functional.classification import multiclass_calibration_error

    shares_NK = shares(readout, logits_NK)
    error = multiclass_calibration_error(shares_NK, y_N, shares_NK.shape[1], n_bins=BINS)
    return {"ece": float(error), "log_loss": log_loss(shares_NK, y_N)}


def shares(readout: nn.Module, logits_NK: Tensor) -> Tensor:
    """[N, K] probabilities in float64, also of two classes by one number."""
    scores: Tensor = readout(logits_NK.double())
    return scores if scores.ndim == 2 else torch.stack([1 - scores, scores], 1)


def log_loss(shares_NK: Tensor, y_N: Tensor) -> float:
    own_N = shares_NK.gather(1, y_N[:, None].long())
    return float(-own_N.clamp(min=torch.finfo(own_N.dtype).tiny).log().mean())


def line(calibration: Mapping[str, float], split: str) -> str:
    """What calibration came to on the judged ``split``."""
    ece, loss = (f"{calibration[f'{n}_before']:.4f} -> {calibration[f'{n}_after']:.4f}" for n in ("ece", "log_loss"))
    return (
        f"calibrated on val by temperature {calibration['temperature']:.3f}; on {split}: expected calibration error\n"
        f"  {ece}, log loss {loss}"
    )
