import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import DictConfig

from mirror import Mirror, publication
from runner.compose.hydra_bridge import Trees, editable
from runner.config.catalog import PRIMARY, packaged_conf
from runner.data.downloads import PUBLICATIONS

# tests run side by side, and threads of several that share the cores slow each other down; torch is imported after this
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their parameter: what is packed while tests are collected has the time in it, and two
    processes that share the tests would then name one test in two ways."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A mirror that has nothing yet; dataset=mnist is the small publication, served below /a/ and /b/."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Mirror() as mirror:
        addresses = (f"http://{mirror.host}/a/", f"http://localhost:{mirror.server.server_port}/b/")
        monkeypatch.setitem(PUBLICATIONS, "mnist", publication(addresses))
        yield mirror


@pytest.fixture(scope="session", autouse=True)
def options_composed_once() -> Iterator[dict[tuple[str, ...], DictConfig]]:
    """Hydra composes the program's own options once for all tests of a process, which half of a composition's time is.

    That a copy of what was composed is what Hydra would give again, test_compose asks.
    """
    known: dict[tuple[str, ...], DictConfig] = {}
    composed = Trees.composed

    def shared(self: Trees, hydra: object, config_name: str, lines: list[str]) -> DictConfig:
        has_file = any("/" in line for line in lines if not line.startswith("++"))  # a recipe, which may change
        if self.catalog.folders != (packaged_conf(),) or config_name != PRIMARY or has_file:
            return composed(self, hydra, config_name, lines)
        self.known = known
        tree = composed(self, hydra, config_name, lines)
        with editable(tree):
            tree.hydra.runtime.cwd = str(Path.cwd())
        return tree

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trees, "composed", shared)
        yield known
