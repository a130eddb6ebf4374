"""What a sweep tried, without files: a line for each candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from runner.figures.sweep_view import SweepView
from runner.runs.candidates import Candidate, Candidates


def candidates(
    *told: tuple[str, tuple[float, ...], str], higher: bool | None = False, log: Mapping[str, bool] | None = None
) -> Candidates:
    """(settings "a=1 b=x", values of its jobs, status) of each."""
    found = tuple(
        Candidate(dict(word.split("=") for word in words.split()), status, values, ()) for words, values, status in told
    )
    names = tuple(dict.fromkeys(name for each in found for name in each.settings))
    jobs = Counter(each.status for each in found for _ in each.values or (0,))
    return Candidates("val/loss", higher, names, log or {}, found, jobs, ())


def sweep_view(*told: tuple[str, tuple[float, ...], str], higher: bool | None = False) -> SweepView:
    return SweepView("my-sweep", candidates(*told, higher=higher))
