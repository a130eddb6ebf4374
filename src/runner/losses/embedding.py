"""Losses over an embedding: rows of one class are to lie close together, those of different classes apart.

The net's outputs are a row's place; pairs and triplets are drawn within the batch, a function of the batch alone. Very
large batches are taken in pieces. Shapes: B batch, D embedding size, P pairs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

MOST_ROWS = 256  # whose pairs are looked at together: B * B distances, B * B / 2 pairs of places


class EmbeddingLoss(nn.Module, ABC):
    """(places_BD, y_B) -> scalar: the mean over the pairs or triplets, 0 where the batch has none."""

    embedding_size: int
    p = 2.0  # of the norm that measures distances
    on_sphere = False  # whether only the direction of a place counts

    def forward(self, places_BD: Tensor, y_B: Tensor) -> Tensor:
        pieces = zip(torch.split(places_BD, MOST_ROWS), torch.split(y_B, MOST_ROWS), strict=True)
        sums = [self.summed(places, y) for places, y in pieces]
        return torch.stack([total for total, _ in sums]).sum() / max(1, sum(count for _, count in sums))

    @abstractmethod
    def summed(self, places_BD: Tensor, y_B: Tensor) -> tuple[Tensor, int]:
        """The loss added up over all pairs or triplets, and how many there are."""


class TripletMargin(EmbeddingLoss):
    """Each row nearer to the farthest row of its class than to the nearest one of another, by ``margin``.

    The hardest triplet of each row of the batch (Hermans et al. 2017); a row without a fellow or a stranger has none.
    """

    def __init__(self, *, embedding_size: int, margin: float, p: float, eps: float, swap: bool):
        super().__init__()
        self.embedding_size, self.p = embedding_size, p
        self.loss = nn.TripletMarginLoss(margin=margin, p=p, eps=eps, swap=swap, reduction="sum")

    def summed(self, places_BD: Tensor, y_B: Tensor) -> tuple[Tensor, int]:
        anchors, positives, negatives = hardest_triplets(places_BD.detach(), y_B, self.p)
        total: Tensor = self.loss(taken(places_BD, anchors), taken(places_BD, positives), taken(places_BD, negatives))
        return total, len(anchors)


class HingeEmbedding(EmbeddingLoss):
    """Every pair of the batch: the distance of two rows of one class; of two classes, what it lacks to ``margin``."""

    def __init__(self, *, embedding_size: int, margin: float):
        super().__init__()
        self.embedding_size = embedding_size
        self.loss = nn.HingeEmbeddingLoss(margin=margin, reduction="sum")

    def summed(self, places_BD: Tensor, y_B: Tensor) -> tuple[Tensor, int]:
        first, second = pairs(y_B)
        distances_P = nn.functional.pairwise_distance(taken(places_BD, first), taken(places_BD, second))
        total: Tensor = self.loss(distances_P, alike(y_B, first, second))
        return total, len(first)


class CosineEmbedding(EmbeddingLoss):
    """Every pair of the batch: 1 - cosine of two rows of one class; of two classes, the cosine above ``margin``."""

    on_sphere = True

    def __init__(self, *, embedding_size: int, margin: float):
        super().__init__()
        self.embedding_size = embedding_size
        self.loss = nn.CosineEmbeddingLoss(margin=margin, reduction="sum")

    def summed(self, places_BD: Tensor, y_B: Tensor) -> tuple[Tensor, int]:
        first, second = pairs(y_B)
        total: Tensor = self.loss(taken(places_BD, first), taken(places_BD, second), alike(y_B, first, second))
        return total, len(first)


def taken(places_BD: Tensor, rows: Tensor) -> Tensor:
    """places_BD[rows], whose gradients are added up in one order: the threads of indexing race, and change bits."""
    return nn.functional.embedding(rows, places_BD)


def hardest_triplets(places_BD: Tensor, y_B: Tensor, p: float) -> tuple[Tensor, Tensor, Tensor]:
    """(anchors, positives, negatives), row numbers [T]: of each row its farthest fellow and its nearest stranger."""
    distances_BB = torch.cdist(places_BD, places_BD, p=p)
    same_BB = y_B[:, None] == y_B
    fellow_BB = same_BB & ~torch.eye(len(y_B), dtype=torch.bool, device=y_B.device)
    anchors = (fellow_BB.any(1) & ~same_BB.all(1)).nonzero().flatten()
    positives = distances_BB.masked_fill(~fellow_BB, -torch.inf).argmax(1)
    negatives = distances_BB.masked_fill(same_BB, torch.inf).argmin(1)
    return anchors, positives[anchors], negatives[anchors]


def pairs(y_B: Tensor) -> tuple[Tensor, Tensor]:
    """The row numbers [P] of both sides of every pair, each pair once."""
    first, second = torch.triu_indices(len(y_B), len(y_B), offset=1, device=y_B.device)
    return first, second


def alike(y_B: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """[P] 1 for a pair of one class, -1 for a pair of two."""
    return torch.where(y_B[first] == y_B[second], 1, -1)
