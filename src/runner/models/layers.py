"""What nets are made of besides torch's own layers by name: activations, and modules that add their input."""

from __future__ import annotations

from torch import Tensor, nn

from runner.config.spelling import nearest
from runner.errors import ConfigError

# What torch.nn files under activations and what cannot stand between two layers
UNFIT = {
    "AdaptiveLogSoftmaxWithLoss": "needs the labels: it is a last layer with its loss",
    "GLU": "halves the number of features",
    "LogSoftmax": "mixes the features of a row; the loss takes it of the last layer",
    "MultiheadAttention": "needs queries, keys and values",
    "Softmax": "mixes the features of a row; the loss takes it of the last layer",
    "Softmax2d": "mixes the channels of a pixel",
    "Softmin": "mixes the features of a row",
    "Threshold": "needs a threshold and a value; ReLU is the one at 0",
}


def activation(name: str) -> type[nn.Module]:
    """The class torch.nn calls ``name``: ReLU, GELU, ... Raises ConfigError with the nearest name, or why not."""
    names = activation_names()
    if name in names:
        return getattr(nn, name)  # type: ignore[no-any-return]
    if name in UNFIT:
        raise ConfigError(f"activation={name} {UNFIT[name]}; choices: {', '.join(names)}")
    meant = nearest(name, names)
    hint = f"did you mean {meant}?" if meant else f"choices: {', '.join(names)}"
    raise ConfigError(f"activation={name} is no activation of torch.nn; {hint}")


def activation_names() -> list[str]:
    """Every activation of torch.nn that works feature by feature and needs no argument, sorted."""
    return sorted(set(nn.modules.activation.__all__) - UNFIT.keys())


class Residual(nn.Sequential):
    """Its modules in a row, their input added to their output: x of any shape -> the same shape (He et al. 2016)."""

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for module in self:
            out = module(out)
        return x + out
