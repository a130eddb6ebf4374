import hashlib
import socket
from pathlib import Path

import pytest

from mirror import Mirror, hang, serve
from runner.errors import DataError
from runner.models.torchvision import fetch

BODY = b"weights"
NAME = f"net-{hashlib.sha256(BODY).hexdigest()[:8]}.pth"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub/checkpoints"


def test_a_file_is_downloaded_once_to_where_torch_looks_for_it(home: Path) -> None:
    with Mirror({f"/{NAME}": serve(BODY)}) as mirror:
        for _ in range(2):
            assert fetch(f"http://{mirror.host}/{NAME}", "model.weights=DEFAULT") == home / NAME
        assert mirror.asked == [f"/{NAME}"]
    assert (home / NAME).read_bytes() == BODY


def test_a_file_of_another_digest_is_not_kept(home: Path) -> None:
    with Mirror({"/net-00000000.pth": serve(BODY)}) as mirror, pytest.raises(DataError, match="cannot be downloaded"):
        fetch(f"http://{mirror.host}/net-00000000.pth", "model.weights=DEFAULT")
    assert list(home.iterdir()) == []


def test_without_a_network_the_message_says_which_file_goes_where(home: Path) -> None:
    url = f"http://127.0.0.1:9/{NAME}"
    with pytest.raises(DataError) as error:
        fetch(url, "model.weights=DEFAULT")
    first, second, third = str(error.value).splitlines()
    assert first.startswith(f"model.weights=DEFAULT: {home / NAME} is not there and cannot be downloaded (")
    assert second == f"  put the file there: {url}"
    assert third == "  or begin with random weights: model.weights=null"


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.models.torchvision.TIMEOUT_S", 0.2)
    with Mirror({f"/{NAME}": hang}) as mirror, pytest.raises(DataError, match="timed out"):
        fetch(f"http://{mirror.host}/{NAME}", "model.weights=DEFAULT")
    assert socket.getdefaulttimeout() is None


def test_a_damaged_file_is_named(home: Path) -> None:
    home.mkdir(parents=True)
    (home / NAME).write_bytes(b"weight")
    with pytest.raises(DataError, match=rf"{NAME} is damaged: its SHA-256 does not begin with .*; delete it"):
        fetch(f"http://127.0.0.1:9/{NAME}", "model.weights=DEFAULT")
