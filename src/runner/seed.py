"""Every source of randomness: private generators made for a purpose, and the global ones saved and put back."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

MAX_SEED = 2**63 - 1


def derive(seed: int, *purpose: str | int) -> int:
    """A seed in 0..2**63-1 that belongs to ``purpose`` alone: another purpose or seed gives an unrelated one."""
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "big") & MAX_SEED


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """A private generator on the CPU, so that its draws are the same whatever the device of the run."""
    return torch.Generator().manual_seed(derive(seed, *purpose))


def seed_everything(seed: int) -> None:
    """Seeds the global generators of torch (every device), python and numpy."""
    torch.manual_seed(seed)
    random.seed(derive(seed, "python"))
    np.random.seed(derive(seed, "numpy") % 2**32)  # numpy takes 32 bits


@contextmanager
def kept() -> Iterator[None]:
    """The global generators stand afterwards where they stood before, whatever draws from them in between."""
    states = capture()
    try:
        yield
    finally:
        restore(states)


@contextmanager
def lent(seed: int) -> Iterator[None]:
    """Inside, the global generators draw what ``seed`` gives; afterwards they stand where they stood before."""
    with kept():
        seed_everything(seed)
        yield


def capture() -> dict[str, Any]:
    """The state of every global generator, made of what ``torch.load(weights_only=True)`` reads back."""
    numpy_state: Any = np.random.get_state(legacy=False)
    return {
        "torch": torch.get_rng_state(),
        # A CUDA that was never started has drawn nothing, and starting it takes seconds.
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],  # type: ignore[no-untyped-call]
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
        "python": random.getstate(),
        "numpy": {
            "key": torch.from_numpy(numpy_state["state"]["key"].astype(np.int64)),
            "pos": int(numpy_state["state"]["pos"]),
            "has_gauss": int(numpy_state["has_gauss"]),
            "gauss": float(numpy_state["gauss"]),
        },
    }


def restore(states: dict[str, Any]) -> None:
    """Puts ``capture``'s states back; those of devices this machine lacks are left out."""
    torch.set_rng_state(states["torch"])
    if torch.cuda.is_available():
        for device, state in zip(range(torch.cuda.device_count()), states["cuda"], strict=False):
            torch.cuda.set_rng_state(state, device)
    if states["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])
    random.setstate(states["python"])
    saved = states["numpy"]
    key = saved["key"].numpy().astype(np.uint32)
    np.random.set_state(("MT19937", key, saved["pos"], saved["has_gauss"], saved["gauss"]))
