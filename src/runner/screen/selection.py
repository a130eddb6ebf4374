"""What a report would claim had the test rows chosen the epoch: the price of validation = test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.text import figure


def flattery(
    monitor: str, rows: Sequence[Mapping[str, Any]], best: Mapping[str, float], *, higher_is_better: bool
) -> list[str]:
    """A line where the test split was looked at in several epochs of a run that validation rows decided.

    ``rows`` are the run's measurements, ``best`` the scores of the epoch that was chosen.
    """
    name = monitor.replace("val/", "test/")
    seen = [(row[name], row["epoch"]) for row in rows if row.get(name) is not None]
    if not monitor.startswith("val/") or len(seen) < 2 or name not in best:
        return []
    claimed, epoch = (max if higher_is_better else min)(seen, key=lambda pair: pair[0])
    chosen = f"validation chose epoch {best['epoch']:.0f}, {name} {figure(best[name])}; the test rows would have"
    if claimed == best[name]:
        return [f"{chosen} claimed no more"]
    too_good = figure(abs(claimed - best[name]))
    return [f"{chosen} chosen epoch {epoch} and claimed {figure(claimed)}, {too_good} too good"]
