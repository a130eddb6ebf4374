"""One permanent line for each epoch: columns under a head in a terminal, every value with its name elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from runner.text import duration, figure

SPLITS = ("train", "val", "test")
VALUE_WIDTH = 7  # columns of a negative figure
GAP = "  "
BEST = "* best"
TAIL_WIDTH = len(GAP + "12.3 s" + GAP + BEST)
NO_VALUE = "-"
RATE = "lr"


class EpochTable:
    """The lines of a terminal. Where not every metric fits beside the others, the least telling are left out."""

    def __init__(self, epochs: int, monitor: str, width: int, remark_width: int = 0, *, with_rate: bool):
        self._with_rate = with_rate
        self._epochs = epochs
        self._monitor = monitor
        self._width = width - remark_width
        self._seen: list[str] = []
        self._columns: list[str] = []

    def lines(
        self, epoch: int, values: Mapping[str, float], seconds: float, *, best: bool, remark: str = ""
    ) -> list[Text]:
        """The line of ``epoch``; before it the head, where there is none yet or a metric is new."""
        new = [name for name in told(values, with_rate=self._with_rate) if name not in self._seen]
        if new:
            self._seen = told([*self._seen, *new], with_rate=self._with_rate)
            self._columns = self._fitting(self._seen)
        return [self._head()] * bool(new) + [self._line(epoch, values, seconds, best, remark)]

    def _head(self) -> Text:
        names = [name.rjust(_column_width(name)) for name in self._columns]
        return Text(GAP.join([self._epoch_head(), *names, "  time"]), style="dim")

    def _line(self, epoch: int, values: Mapping[str, float], seconds: float, best: bool, remark: str) -> Text:
        line = Text(f"{epoch}/{self._epochs}".rjust(len(self._epoch_head())))
        for name in self._columns:
            value = as_text(name, values[name]) if name in values else NO_VALUE
            style = "bold green" if best and name == self._monitor else ""
            line.append(GAP + value.rjust(_column_width(name)), style)
        line.append(GAP + duration(seconds).rjust(6), "dim")
        line.append(GAP + (BEST if best else " " * len(BEST)) if best or remark else "", "bold green")
        return line.append(GAP * bool(remark) + remark, "cyan")

    def _epoch_head(self) -> str:
        return "epoch".rjust(2 * len(str(self._epochs)) + 1)

    def _fitting(self, names: Sequence[str]) -> list[str]:
        """``names`` without the least telling ones: the monitor stays longest, then losses, then what is held out."""

        def place(name: str) -> tuple[bool, ...]:
            return name != self._monitor, name == RATE, not name.endswith("/loss"), name.startswith("train/")

        kept = sorted(names, key=place)
        room = self._width - len(self._epoch_head()) - TAIL_WIDTH
        while len(kept) > 1 and sum(len(GAP) + _column_width(name) for name in kept) > room:
            kept.pop()
        return [name for name in names if name in kept]


def plain_line(
    epoch: int,
    epochs: int,
    values: Mapping[str, float],
    seconds: float,
    *,
    best: bool,
    remark: str = "",
    with_rate: bool,
) -> str:
    """The line of ``epoch`` for a file: ``epoch  3/10  train/loss 0.1234  val/loss 0.1102  1.2 s  * best``."""
    number = f"epoch {epoch:>{len(str(epochs))}}/{epochs}"
    pairs = [f"{name} {as_text(name, values[name]):>6}" for name in told(values, with_rate=with_rate)]
    return GAP.join([number, *pairs, duration(seconds), *[BEST] * best, *[remark] * bool(remark)])


def told(names: Mapping[str, float] | Sequence[str], *, with_rate: bool) -> list[str]:
    """The metrics of a split among ``names``: train before val before test, the loss first; then the learning rate."""
    named = [name for name in names if name.partition("/")[0] in SPLITS and name != "train/batch_loss"]
    in_order = sorted(named, key=lambda name: (SPLITS.index(name.partition("/")[0]), not name.endswith("/loss")))
    return [*in_order, *[RATE] * (with_rate and RATE in names)]


def as_text(name: str, value: float) -> str:
    """The rate as it is typed, in three digits: 0.00095."""
    return f"{value:.3g}" if name == RATE else figure(value)


def _column_width(name: str) -> int:
    return max(len(name), VALUE_WIDTH)
