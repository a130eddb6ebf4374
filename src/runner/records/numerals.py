"""Numbers as people read them, for the console and the leaderboard."""

from __future__ import annotations

import math


def figure(value: float) -> str:
    """``value`` in about five significant digits and, wherever it can be, six characters: 0.1234, 12.340, 1.2e-05."""
    if not math.isfinite(value):
        return str(value)  # nan, inf, -inf
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e6):
        return f"{value:.1e}"
    decimals = next((d for d, limit in ((4, 10), (3, 100), (2, 1000), (1, 10_000)) if size < limit), 0)
    return f"{value:.{decimals}f}"


def duration(seconds: float) -> str:
    """``seconds`` in the two largest units that say something: 0.16 s, 12.3 s, 4 min 05 s, 2 h 10 min."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def counted(count: int, noun: str) -> str:
    """1 epoch, 1,294 epochs."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
