"""The plain fully connected net."""

from __future__ import annotations

from runner.models.dnn import Dnn


class Mlp(Dnn):
    """x of any shape, flattened, through hidden layers (linear, activation) -> logits_BK: Dnn with all switches off."""

    def __init__(self, in_shape: tuple[int, ...], num_outputs: int, *, hidden: list[int], activation: str):
        super().__init__(
            in_shape,
            num_outputs,
            hidden=hidden,
            activation=activation,
            normalisation=None,
            dropout=0.0,
            residual=False,
            output_activation=None,
        )
