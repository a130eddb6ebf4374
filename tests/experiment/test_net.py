"""A net that cannot be trained in the memory there is, known before it is made."""

from __future__ import annotations

import pytest

from runner import device
from runner.build.model import num_bytes
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.errors import RunError
from runner.experiment.net import check_memory

WEIGHTS = 4 * (64 * 8 + 8 + 8 * 10 + 10)  # bytes of 64-8-10


@pytest.mark.parametrize(("words", "copies"), [(["optimizer=adam"], 4), (["optimizer=sgd"], 2)])
def test_weights_gradients_and_means_must_have_room(
    words: list[str], copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = compose(parse(["model=mlp", "model.hidden=[8]", "device=cpu", *words])).config
    assert num_bytes(config.model, (1, 8, 8), 10) == WEIGHTS
    monkeypatch.setattr(device, "memory_limit", lambda: copies * WEIGHTS)
    check_memory(config, WEIGHTS)  # just fits
    with pytest.raises(RunError, match=r"model=mlp: does not fit into memory: .* GB for weights and training"):
        check_memory(config, WEIGHTS + 1)
    monkeypatch.setattr(device, "memory_limit", lambda: None)
    check_memory(config, 10**15)
