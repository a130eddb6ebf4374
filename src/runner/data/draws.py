"""Random numbers that belong to a row: any row's can be had alone, in any company and on any device."""

from dataclasses import dataclass

import torch
from torch import Tensor

from runner.seed import derive

WORD = 2**32 - 1  # the hash works on 32 bits, held in int64 so that no product overflows
BITS = 24  # of a number drawn: as many as float32 holds


@dataclass(frozen=True)
class Draws:
    """The numbers of ``rows_N`` in one epoch of one seed: another purpose gives numbers that have nothing in common."""

    seed: int
    epoch: int
    rows_N: Tensor  # int64, below 2**32

    def uniform(self, *purpose: str | int) -> Tensor:
        """[N] float32 in 0..1, 1 not included; the same bits on every device."""
        return self._bits(*purpose).float() * 2.0**-BITS

    def integer(self, below: int, *purpose: str | int) -> Tensor:
        """[N] int64 in 0..below - 1."""
        return (self._bits(*purpose) * below) >> BITS

    def _bits(self, *purpose: str | int) -> Tensor:
        high, low = divmod(derive(self.seed, self.epoch, *purpose), WORD + 1)
        return _mixed(_mixed((self.rows_N + low) & WORD) ^ high) >> (32 - BITS)


def _mixed(word_N: Tensor) -> Tensor:
    """A permutation of the 32-bit words in which each bit depends on all: two rounds of multiply and fold."""
    for _ in range(2):
        word_N = ((word_N >> 16) ^ word_N) * 0x45D9F3B & WORD  # Mueller's factor; the product stays below 2**59
    return (word_N >> 16) ^ word_N


def chosen(uniform_N: Tensor, probability: float) -> Tensor:
    """[N, 1, 1, 1] which rows something of that probability happens to."""
    return (uniform_N < probability).view(-1, 1, 1, 1)


def arange_like(x: Tensor, count: int) -> Tensor:
    """[count] int64 0, 1, ... where ``x`` lies."""
    return torch.arange(count, device=x.device)
