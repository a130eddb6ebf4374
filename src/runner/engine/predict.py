"""What the net says of the rows of a split.

Shapes: B batch, N rows of a split, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from runner.contracts import Batches, Chunk, Parts
from runner.engine.forward import forward


class Stopped(Exception):
    """``stop`` turned true during an evaluation; nothing has changed by it."""


def never() -> bool:
    return False


@torch.no_grad()
def predict(parts: Parts, batches: Batches, stop: Callable[[], bool] = never) -> tuple[Tensor, Tensor]:
    """(logits_NK, y_N) of every row, in the batches' own order, in evaluation mode. Raises Stopped once asked to."""
    parts.model.eval()
    # Written into place: what is kept between two forward passes would cut the freed memory between them into pieces
    # that the next pass does not fit into, and the process would grow by a batch of activations each time.
    logits_NK, y_N = torch.empty(0), torch.empty(0)
    done = 0
    for chunk in batches.chunks(epoch=0):
        for x_B, y_B in rows_to_predict(parts, chunk):
            if stop():
                raise Stopped
            logits_BK = forward(parts, x_B)
            if done == 0:
                logits_NK = logits_BK.new_empty(batches.num_rows, *logits_BK.shape[1:])
                y_N = y_B.new_empty(batches.num_rows)
            here = slice(done, done + len(x_B))
            logits_NK[here], y_N[here] = logits_BK, y_B
            done = here.stop
    return logits_NK, y_N


def rows_to_predict(parts: Parts, chunk: Chunk) -> Iterator[tuple[Tensor, Tensor]]:
    """(x_B, y_B) of a chunk, each as many rows as the model is to be given at once."""
    size = min(chunk.batch_size, parts.max_eval_batch or chunk.batch_size)
    return zip(torch.split(parts.preprocess(chunk.x), size), torch.split(chunk.y, size), strict=True)
