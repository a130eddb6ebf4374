import os
from collections.abc import Iterator

import pytest

from mirror import Mirror, publication
from options import Known, composing_once
from runner.compose.hydra_bridge import Trees
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
def options_composed_once() -> Iterator[Known]:
    """What is composed of the program's own options, for all tests of a process."""
    with pytest.MonkeyPatch.context() as patch:
        known: Known = {}
        patch.setattr(Trees, "composed", composing_once(known))
        yield known
