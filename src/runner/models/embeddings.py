"""Learned vectors for the categories of a table, in front of any net that takes one."""

# B batch, F columns, G features

from __future__ import annotations

from math import pow

import torch
from torch import Tensor, nn

from runner.contracts import Column


class Embeddings(nn.Module):
    """x_BF -> x_BG: the numbers as they are, then a learned vector for each category code.

    A missing or unknown category, code -1, gives zeros, which are never learned.
    """

    numeric: Tensor  # places of the columns that are numbers
    categorical: Tensor  # and of those that are codes

    def __init__(self, columns: tuple[Column, ...]):
        super().__init__()
        named = {place: column for place, column in enumerate(columns) if not column.is_number}
        for place, column in named.items():
            self.add_module(_name(place, column), _table(len(column.categories)))
        numeric = [place for place in range(len(columns)) if place not in named]
        self.register_buffer("numeric", torch.tensor(numeric, dtype=torch.int64), persistent=False)
        self.register_buffer("categorical", torch.tensor([*named], dtype=torch.int64), persistent=False)
        sizes = [embedding_size(len(column.categories)) for column in named.values()]
        self.out_shape = (len(numeric) + sum(sizes),)

    def forward(self, x_BF: Tensor) -> Tensor:
        rows_BC = x_BF.index_select(1, self.categorical).long() + 1  # row 0 is that of code -1
        vectors = [table(rows_B) for table, rows_B in zip(self.children(), rows_BC.unbind(1), strict=True)]
        return torch.cat([x_BF.index_select(1, self.numeric), *vectors], 1)


def embedding_size(num_categories: int) -> int:
    """Numbers of a category's vector: fastai's rule, found by trying many tables (fastai.tabular, emb_sz_rule)."""
    return min(600, round(1.6 * pow(num_categories, 0.56)))


def _table(num_categories: int) -> nn.Embedding:
    return nn.Embedding(num_categories + 1, embedding_size(num_categories), padding_idx=0)


def _name(place: int, column: Column) -> str:
    """Its name in the model: the place keeps apart what a dot, or a word of torch's own, would not."""
    return f"{place}_{column.name.replace('.', '_')}"
