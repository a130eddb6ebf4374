"""How many jobs this machine takes at a time: cores and memory that may be used, GPUs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import torch

CGROUP = Path("/sys/fs/cgroup")
SPARE = 1.5  # times the memory that a job was seen to take


def usable_cores(cgroup: Path = CGROUP) -> int:
    """Those that this process may run on, and no more than its quota of time gives."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = (cgroup / "cpu.max").read_text().split()
        cores = min(cores, max(1, int(quota) // int(period)))
    with suppress(OSError, ValueError):  # of the first kind of cgroups
        quota, period = ((cgroup / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        if int(quota) > 0:
            cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def free_memory(cgroup: Path = CGROUP, meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Bytes that may be taken; None where the system does not say."""
    found = []
    with suppress(OSError, ValueError, KeyError):
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        found.append(int(lines["MemAvailable"].split()[0]) * 1024)
    for most, now in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):
            found.append(int((cgroup / most).read_text()) - int((cgroup / now).read_text()))
    return min(found, default=None)


def visible_gpus(environment: Mapping[str, str] = os.environ) -> list[str]:
    """What CUDA_VISIBLE_DEVICES of a job may name. CUDA is not begun here: a process forked later could not use it."""
    if "CUDA_VISIBLE_DEVICES" in environment:
        names = environment["CUDA_VISIBLE_DEVICES"].split(",")
        return [name.strip() for name in names if name.strip() not in ("", "-1")]
    return [str(number) for number in range(torch.cuda.device_count())]


def kind_of(device: str, gpus: Sequence[str]) -> str:
    """cuda, mps or cpu: what ``device=auto`` comes to here."""
    if device != "auto":
        return device.partition(":")[0]
    if gpus:
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def jobs_at_a_time(num_jobs: int, num_slots: int, memory: int) -> int:
    """As many as there are ``num_slots`` (cores, or places on GPUs) and memory for, at least one."""
    free = free_memory()
    fit = num_slots if not memory or free is None else int(free // (memory * SPARE))
    return max(1, min(num_jobs, num_slots, fit))
