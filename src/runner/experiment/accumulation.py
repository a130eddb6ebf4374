"""What a step of several batches does not share with one large batch."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from runner.config.run_config import Config
from runner.losses.embedding import EmbeddingLoss


def accumulation_notes(config: Config, net: nn.Module, loss: nn.Module) -> Iterator[str]:
    """A line for each part that looks at the rows of a batch together, where a step has several."""
    if config.accumulate_steps == 1:
        return
    size = config.batch_size
    rows = f"{size:,} rows at a time, not the {size * config.accumulate_steps:,} of a step"
    if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules()):
        yield f"accumulate_steps: batch normalisation takes its statistics from {rows}"
    if any(isinstance(module, EmbeddingLoss) for module in loss.modules()):
        yield f"accumulate_steps: loss={config.loss.option} looks for its pairs among {rows}"
