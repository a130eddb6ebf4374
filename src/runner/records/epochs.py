"""One permanent line for each epoch: columns under a head in a terminal, every value with its name elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from runner.records.numerals import duration, figure

SPLITS = ("train", "val", "test")
VALUE_WIDTH = 7  # columns of a negative figure
GAP = "  "
BEST = "* best"
TAIL_WIDTH = len(GAP + "12.3 s" + GAP + BEST)
NO_VALUE = "-"


class EpochTable:
    """The lines of a terminal. Where not every metric fits beside the others, the least telling are left out."""

    def __init__(self, epochs: int, monitor: str, width: int, remark_width: int = 0):
        self._epochs = epochs
        self._monitor = monitor
        self._width = width - remark_width
        self._seen: list[str] = []
        self._columns: list[str] = []

    def lines(
        self, epoch: int, values: Mapping[str, float], seconds: float, *, best: bool, remark: str = ""
    ) -> list[Text]:
        """The line of ``epoch``; before it the head, where there is none yet or a metric is new."""
        new = [name for name in split_metrics(values) if name not in self._seen]
        if new:
            self._seen = split_metrics([*self._seen, *new])
            self._columns = self._fitting(self._seen)
        return [self._head()] * bool(new) + [self._line(epoch, values, seconds, best, remark)]

    def _head(self) -> Text:
        names = [name.rjust(_column_width(name)) for name in self._columns]
        return Text(GAP.join([self._epoch_head(), *names, "  time"]), style="dim")

    def _line(self, epoch: int, values: Mapping[str, float], seconds: float, best: bool, remark: str) -> Text:
        line = Text(f"{epoch}/{self._epochs}".rjust(len(self._epoch_head())))
        for name in self._columns:
            value = figure(values[name]) if name in values else NO_VALUE
            style = "bold green" if best and name == self._monitor else ""
            line.append(GAP + value.rjust(_column_width(name)), style)
        line.append(GAP + duration(seconds).rjust(6), "dim")
        line.append(GAP + (BEST if best else " " * len(BEST)) if best or remark else "", "bold green")
        return line.append(GAP * bool(remark) + remark, "cyan")

    def _epoch_head(self) -> str:
        return "epoch".rjust(2 * len(str(self._epochs)) + 1)

    def _fitting(self, names: Sequence[str]) -> list[str]:
        """``names`` without the least telling ones: the monitor stays longest, then losses, then what is held out."""
        kept = sorted(names, key=lambda n: (n != self._monitor, not n.endswith("/loss"), n.startswith("train/")))
        room = self._width - len(self._epoch_head()) - TAIL_WIDTH
        while len(kept) > 1 and sum(len(GAP) + _column_width(name) for name in kept) > room:
            kept.pop()
        return [name for name in names if name in kept]


def plain_line(
    epoch: int, epochs: int, values: Mapping[str, float], seconds: float, *, best: bool, remark: str = ""
) -> str:
    """The line of ``epoch`` for a file: ``epoch  3/10  train/loss 0.1234  val/loss 0.1102  1.2 s  * best``."""
    number = f"epoch {epoch:>{len(str(epochs))}}/{epochs}"
    pairs = [f"{name} {figure(values[name]):>6}" for name in split_metrics(values)]
    return GAP.join([number, *pairs, duration(seconds), *[BEST] * best, *[remark] * bool(remark)])


def split_metrics(names: Mapping[str, float] | Sequence[str]) -> list[str]:
    """The metrics of a split among ``names``, without rates and norms: train before val before test, the loss first."""
    named = [name for name in names if name.partition("/")[0] in SPLITS and name != "train/batch_loss"]
    return sorted(named, key=lambda name: (SPLITS.index(name.partition("/")[0]), not name.endswith("/loss")))


def _column_width(name: str) -> int:
    return max(len(name), VALUE_WIDTH)
