"""Chooses where a run computes, and says why."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from runner.errors import DeviceError

GIB = 2**30
CGROUP = Path("/sys/fs/cgroup")
AUTOCAST = {"float32": None, "bf16": torch.bfloat16, "fp16": torch.float16}  # of products in a net


@dataclass(frozen=True)
class Choice:
    """A device that was seen to compute, and the reason for it in a few words."""

    device: torch.device
    reason: str


def choose(name: str) -> Choice:
    """The device that ``name`` asks for: ``auto`` (cuda, then mps, then cpu), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises DeviceError for another name, and for a device that is not here: what was asked for is never replaced.
    """
    choice = _chosen(name)
    if choice.device.type == "cuda":
        torch.backends.cudnn.deterministic = True  # else a convolution's gradient has other bits each time
    return choice


def _chosen(name: str) -> Choice:
    if name == "auto":
        return _best()
    if name == "cpu":
        return Choice(torch.device("cpu"), f"asked for, {_threads_text()}")
    if not re.fullmatch(r"mps|cuda(:\d+)?", name):
        raise DeviceError(f"device={name}: no such device; choose auto, cpu, cuda, cuda:<number> or mps")
    fault = _mps_fault() if name == "mps" else _cuda_fault(_index(name))
    if fault:
        raise DeviceError(f"device={name}: {fault}; here: {', '.join(present())}. Set device=cpu or device=auto")
    return Choice(_device(name), f"asked for, {_describe(name)}")


def present() -> list[str]:
    """Names of the devices torch sees, the preferred first; cpu is always the last."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fault that is warned about is told by _cuda_fault
        num_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return [f"cuda:{index}" for index in range(num_cuda)] + mps + ["cpu"]


def threads(count: int | None, devices: int = 1) -> int:
    """How many CPU threads torch uses within an operation, once ``count`` is set; None leaves torch's choice.

    Where several processes train one run they share the cores, unless ``count`` says otherwise.
    """
    if count is None and devices > 1:
        count = min(torch.get_num_threads(), max(1, num_cores() // num_processes_here(devices)))
    if count is not None:
        torch.set_num_threads(count)
    return torch.get_num_threads()


@contextmanager
def threads_kept() -> Iterator[None]:
    """torch uses as many CPU threads afterwards as before."""
    count = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(count)


def num_cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def num_processes_here(devices: int) -> int:
    """Those of a run on this machine: all of them, unless torchrun says that others are elsewhere."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", devices))


def check_precision(precision: str, device: torch.device) -> None:
    """Raises DeviceError where a net cannot be trained in ``precision`` on ``device``."""
    if precision == "fp16" and device.type != "cuda":
        raise DeviceError(f"precision=fp16: needs a CUDA device, and this run is on {device}; set precision=bf16")
    if precision == "bf16" and not _has_bf16(device):
        other = "fp16 or " if device.type == "cuda" else ""
        raise DeviceError(f"precision=bf16: {device} has no bf16; set precision={other}float32")


def _has_bf16(device: torch.device) -> bool:
    """Whether it computes in bf16: a GPU that would only imitate it has not."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    try:
        number = torch.ones(1, 1, dtype=torch.bfloat16, device=device)
        (number @ number).item()
    except (RuntimeError, TypeError):
        return False
    return True


def circumstances(device: torch.device) -> dict[str, str | int]:
    """What the last bits of a result depend on besides the program and its seed."""
    return {
        "torch": str(torch.__version__),
        "device": device.type,
        "threads": torch.get_num_threads(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }


def _best() -> Choice:
    cuda_fault = _cuda_fault(0)
    if cuda_fault is None:
        return Choice(_device("cuda"), _describe("cuda"))
    if torch.backends.mps.is_available() and _mps_fault() is None:
        return Choice(_device("mps"), _describe("mps"))
    quiet = cuda_fault.startswith("no CUDA")  # nothing is broken: not worth more words
    reason = "no CUDA or MPS device here" if quiet else cuda_fault
    return Choice(torch.device("cpu"), f"{reason}, {_threads_text()}")


def _cuda_fault(index: int) -> str | None:
    """Why ``cuda:<index>`` cannot be used, in one line; None when it computes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    if not available:
        return _why_no_cuda([str(warning.message) for warning in caught])
    if index >= torch.cuda.device_count():
        return f"only {torch.cuda.device_count()} CUDA device(s) here"
    return _compute_fault(torch.device("cuda", index))


def _why_no_cuda(complaints: list[str]) -> str:
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return "no CUDA device is visible, CUDA_VISIBLE_DEVICES hides them all"
    if torch.version.cuda is None and torch.version.hip is None:
        return "no CUDA in this build of torch"
    if complaints:
        return f"the CUDA driver does not work ({_first_sentence(complaints[0])})"
    return "no CUDA device here"


def _mps_fault() -> str | None:
    if not torch.backends.mps.is_available():
        return "no MPS device here (it needs a Mac with Apple silicon)"
    return _compute_fault(torch.device("mps"))


def _compute_fault(device: torch.device) -> str | None:
    """Why a first sum on ``device`` failed: a listed device may be busy, or too old for this build of torch."""
    try:
        torch.ones(1, device=device).add(1).item()
    except RuntimeError as error:
        return f"{device} does not compute ({_first_sentence(str(error))})"
    return None


def _first_sentence(message: str) -> str:
    """The first sentence of the first line, without the full stop."""
    lines = message.strip().splitlines() or ["no reason given"]
    return re.split(r"\.\s", lines[0])[0].rstrip(". ")


def _index(name: str) -> int:
    return int(name.partition(":")[2] or 0)


def _device(name: str) -> torch.device:
    return torch.device("mps") if name == "mps" else torch.device("cuda", _index(name))


def _describe(name: str) -> str:
    if name == "mps":
        return "Apple GPU (MPS)"
    properties = torch.cuda.get_device_properties(_index(name))
    return f"{properties.name}, {properties.total_memory / GIB:.0f} GiB"


def _threads_text() -> str:
    count = torch.get_num_threads()
    return f"{count} thread" if count == 1 else f"{count} threads"


def memory_limit(cgroup: Path = CGROUP, meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Bytes that a process can have at most, those that are swapped among them; None where the system does not say."""
    known = memory_figures(meminfo)
    found = [known["MemTotal"]] if "MemTotal" in known else []
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            found.append(int((cgroup / name).read_text()))
    return min(found) + known.get("SwapTotal", 0) if found else None


def memory_figures(meminfo: Path) -> dict[str, int]:
    """The bytes of each line of the kernel's table of memory; {} where the system has none."""
    with suppress(OSError, ValueError, IndexError):
        lines = (line.split(":", 1) for line in meminfo.read_text().splitlines())
        return {name: 1024 * int(figure.split()[0]) for name, figure in lines}
    return {}
