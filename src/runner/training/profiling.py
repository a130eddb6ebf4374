"""Where the time of a training goes, operation by operation, by torch's profiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from runner.text import counted

MOST_OPERATIONS = 15  # in the table
NAME_WIDTH = 44


@contextmanager
def profiled(trace: Path, say: Callable[[Sequence[str]], None]) -> Iterator[None]:
    """What runs inside is timed, operation by operation; then ``trace`` is written and the table said."""
    with_cuda = [ProfilerActivity.CUDA] if torch.cuda.is_available() else []
    with profile(activities=[ProfilerActivity.CPU, *with_cuda], acc_events=True) as profiler:
        yield
    profiler.export_chrome_trace(str(trace))
    times = {event.key: (event.count, time_us(event)) for event in profiler.key_averages()}
    say([*operation_lines(times), f"the trace, for TensorBoard, chrome://tracing or ui.perfetto.dev: {trace}"])


def time_us(event: object) -> float:
    """Microseconds in the operation itself, without those it calls: on the device where it ran there."""
    return float(getattr(event, "self_device_time_total", 0) or getattr(event, "self_cpu_time_total", 0))


def operation_lines(times: dict[str, tuple[int, float]]) -> list[str]:
    """The operations that took longest, from their (calls, microseconds), and what all others took."""
    total = sum(us for _, us in times.values()) or 1.0
    longest = sorted(times.items(), key=lambda item: -item[1][1])
    shown, rest = longest[:MOST_OPERATIONS], longest[MOST_OPERATIONS:]
    if rest:
        others = (sum(calls for _, (calls, _) in rest), sum(us for _, (_, us) in rest))
        shown.append((counted(len(rest), "other operation"), others))
    head = f"{'operation':{NAME_WIDTH}}  {'calls':>7}  {'time':>10}  share"
    return [head, *(_line(name, calls, us, total) for name, (calls, us) in shown)]


def _line(name: str, calls: int, us: float, total_us: float) -> str:
    short = name[:NAME_WIDTH]
    return f"{short:{NAME_WIDTH}}  {calls:>7,}  {us / 1000:>7.1f} ms  {us / total_us:>5.1%}"
