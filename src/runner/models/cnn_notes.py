"""The two-block convolutional net of the study notes."""

from __future__ import annotations

from torch import nn

from runner.models.cnn import Cnn


class CnnNotes(Cnn):
    """x_BCHW of 16 pixels a side or more -> logits_BK, through 64 and 30 channels of 5x5 kernels without padding.

    ``output_relu`` cuts negative logits off, as the notes do; it costs accuracy.
    """

    def __init__(self, in_shape: tuple[int, ...], num_outputs: int, *, output_relu: bool):
        super().__init__(
            in_shape,
            num_outputs,
            channels=[64, 30],
            kernel_size=5,
            padding=0,
            pool_size=2,
            activation="ReLU",
            normalisation=None,
            dropout=0.0,
            residual=False,
        )
        if output_relu:
            self.append(nn.ReLU())
