"""What jobs run on, and how many at a time: cores and memory that may be used, GPUs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from runner.config.clustering import Cluster, Slurm
from runner.device import CGROUP, memory_figures, num_cores

SPARE = 1.5  # times the memory that a job was seen to take


@dataclass(frozen=True)
class Machine:
    """What jobs run on."""

    device: str  # cpu, cuda, mps
    slots: tuple[str, ...]  # the GPUs, each as often as jobs share it; () where jobs have none to themselves
    cores: int

    @classmethod
    def here(cls, device: str, jobs_per_gpu: int) -> Machine:
        gpus = visible_gpus()
        kind = kind_of(device, gpus)
        slots = tuple(gpus * jobs_per_gpu) if kind == "cuda" and ":" not in device else ()
        return cls(kind, slots, usable_cores())

    @property
    def places(self) -> int:
        """How many jobs find one, on GPUs or cores."""
        return len(self.slots) or self.cores

    def at_a_time(self, wanted: int | str, num_jobs: int, memory: int) -> int:
        """``wanted`` as typed, but no more than there are GPUs for; ``auto`` as many as find a place and memory."""
        if isinstance(wanted, int):
            return min(wanted, len(self.slots)) if self.slots else wanted
        free = free_memory()
        fit = self.places if not memory or free is None else int(free // (memory * SPARE))
        return max(1, min(num_jobs, self.places, fit))


def machine_for(cluster: Cluster | None, device: str, jobs_per_gpu: int) -> Machine:
    """What the jobs run on; those of a cluster compute on what they ask it for."""
    if cluster is None:
        return Machine.here(device, jobs_per_gpu)
    kind = device.partition(":")[0] if device != "auto" else "cuda" if cluster.gpus else "cpu"
    return Machine(kind, (), usable_cores())


def places_for(cluster: Cluster | None, machine: Machine, wanted: int | str, num_jobs: int, memory: int) -> int:
    """SLURM has a queue of its own: ``auto`` hands it as many jobs as it takes at once."""
    if isinstance(cluster, Slurm) and not cluster.local:
        return wanted if isinstance(wanted, int) else cluster.array_size
    return machine.at_a_time(wanted, num_jobs, memory)


def usable_cores(cgroup: Path = CGROUP) -> int:
    """Those that this process may run on, and no more than its quota of time gives."""
    cores = num_cores()
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
    known = memory_figures(meminfo)
    found = [known["MemAvailable"]] if "MemAvailable" in known else []
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
