"""How many rows of each class each split has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from runner.contracts import SPLITS, Data, Split

MAX_CLASSES = 20  # that are shown one by one; an even number


@dataclass(frozen=True)
class Balance:
    """Rows of each class; the splits are those that have rows, ``train`` among them."""

    class_names: tuple[str, ...]  # K
    counts: Mapping[str, tuple[int, ...]]  # split -> K counts

    @property
    def shown(self) -> tuple[int, ...]:
        """The classes to show, in the order of their labels; of more than MAX_CLASSES, the commonest and the rarest."""
        ranked = self._ranked
        return ranked if not self.hidden else ranked[: MAX_CLASSES // 2] + ranked[-MAX_CLASSES // 2 :]

    @property
    def hidden(self) -> tuple[int, ...]:
        """The classes between the commonest and the rarest shown."""
        return self._ranked[MAX_CLASSES // 2 : -MAX_CLASSES // 2] if len(self.class_names) > MAX_CLASSES else ()

    @property
    def hidden_note(self) -> str:
        """As "80 classes between, 12 to 40 train rows each"; "" where every class is shown."""
        if not self.hidden:
            return ""
        counts = [self.counts["train"][k] for k in self.hidden]
        span = f"{min(counts):,} to {max(counts):,}" if min(counts) < max(counts) else f"{counts[0]:,}"
        noun = "1 class" if len(counts) == 1 else f"{len(counts):,} classes"
        return f"{noun} between, {span} train rows each"

    @property
    def _ranked(self) -> tuple[int, ...]:
        labels = range(len(self.class_names))
        if len(self.class_names) <= MAX_CLASSES:
            return tuple(labels)
        return tuple(sorted(labels, key=lambda k: -self.counts["train"][k]))


def balance_of(data: Data, split: Split) -> Balance:
    """The balance of a classified data set."""
    rows = {name: getattr(split, name) for name in SPLITS}
    counts = {
        name: tuple(torch.bincount(data.y[numbers], minlength=len(data.class_names)).tolist())
        for name, numbers in rows.items()
        if len(numbers)
    }
    return Balance(data.class_names, counts)
