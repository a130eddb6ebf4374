"""Downloads from a mirror on 127.0.0.1 that does everything a mirror can do wrong."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mirror import CONTENTS, GZIPPED, corrupt, hang, refuse, serve, stall, truncate, write
from runner.data import download as downloading
from runner.data.csv import fetch_table
from runner.data.download import damaged, download, missing
from runner.data.downloads import PUBLICATIONS
from runner.data.mnist import Mnist
from runner.errors import DataError

FIRST, *OTHERS = GZIPPED


@pytest.fixture
def small_timeouts(monkeypatch):
    monkeypatch.setattr(downloading, "ANSWER_TIMEOUT_S", 0.3)
    monkeypatch.setattr(downloading, "READ_TIMEOUT_S", 0.4)


def contents(folder: Path) -> dict[str, bytes]:
    """Everything in ``folder`` but the lock."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".fetch.lock"}


def test_what_is_missing_is_downloaded_checked_and_extracted(tmp_path, mirror, capsys):
    mirror.reply("a", GZIPPED)
    assert Mnist().load(tmp_path).y.tolist() == [0, 1, 2, 0, 1, 2, 2, 1, 0, 2]
    assert contents(tmp_path / "Small" / "raw") == CONTENTS
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"fetching mnist (at most 0.1 MB) into {tmp_path / 'Small' / 'raw'}\n")


def test_nothing_is_downloaded_twice(tmp_path, mirror, capsys):
    mirror.reply("a", GZIPPED)
    assert download("mnist", tmp_path, missing)
    assert not download("mnist", tmp_path, missing)
    assert not download("mnist", tmp_path, damaged)
    assert mirror.asked == [f"/a/{name}" for name in GZIPPED]
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_only_what_is_missing_is_downloaded(tmp_path, mirror):
    mirror.reply("a", GZIPPED)
    folder = write(tmp_path / "Small" / "raw", {FIRST: GZIPPED[FIRST], "t10k-labels-idx1-ubyte": b"anything"})
    download("mnist", tmp_path, missing)
    assert mirror.asked == [f"/a/{OTHERS[0]}", f"/a/{OTHERS[1]}"]
    assert contents(folder)["t10k-labels-idx1-ubyte"] == b"anything"


@pytest.mark.parametrize("spoil", [lambda content: content[:-1], lambda content: b"\1" + content[1:]])
def test_what_is_damaged_is_replaced_and_the_rest_left_alone(tmp_path, mirror, spoil):
    mirror.reply("a", GZIPPED)
    name = "t10k-images-idx3-ubyte"
    folder = write(tmp_path / "Small" / "raw", CONTENTS | {name: spoil(CONTENTS[name])})
    assert download("mnist", tmp_path, damaged)
    assert mirror.asked == [f"/a/{name}.gz"]
    assert contents(folder) == CONTENTS


def test_a_damaged_archive_is_replaced_by_the_extracted_file(tmp_path, mirror):
    mirror.reply("a", GZIPPED)
    folder = write(tmp_path / "Small" / "raw", GZIPPED | {FIRST: GZIPPED[FIRST][:-9]})
    assert download("mnist", tmp_path, damaged)
    assert mirror.asked == [f"/a/{FIRST}"]
    assert contents(folder)[FIRST.removesuffix(".gz")] == CONTENTS[FIRST.removesuffix(".gz")]
    assert len(Mnist().load(tmp_path).x) == 10


SPOILT = {
    "refuses": (refuse(404), "HTTP 404 Not Found"),
    "is broken": (refuse(500), "HTTP 500 Internal Server Error"),
    "hangs": (hang, "no answer within 0.3 s"),
    "falls silent": (stall(GZIPPED[FIRST]), "sent nothing for 0.4 s"),
    "truncates": (truncate(GZIPPED[FIRST]), rf"the connection ended after \d+ of {len(GZIPPED[FIRST])} bytes"),
    "corrupts": (corrupt(GZIPPED[FIRST]), r"the downloaded file is corrupt: expected md5:\w{32}, found md5:\w{32}"),
    "serves a page": (serve(b"<html>log in first</html>"), r"the downloaded file is corrupt: expected md5:"),
}


@pytest.mark.parametrize("reply", [reply for reply, _ in SPOILT.values()], ids=SPOILT)
def test_a_mirror_that_fails_is_not_asked_again_and_the_next_one_helps(tmp_path, mirror, small_timeouts, reply):
    mirror.reply("a", GZIPPED)
    mirror.reply("b", GZIPPED)
    mirror.replies[f"/a/{FIRST}"] = reply
    download("mnist", tmp_path, missing)
    assert mirror.asked == [f"/a/{FIRST}", *(f"/b/{name}" for name in GZIPPED)]
    assert contents(tmp_path / "Small" / "raw") == CONTENTS


@pytest.mark.parametrize(("reply", "told"), SPOILT.values(), ids=SPOILT)
def test_where_no_mirror_helps_the_error_says_why_and_what_to_do(tmp_path, mirror, small_timeouts, reply, told):
    mirror.reply("a", {OTHERS[0]: GZIPPED[OTHERS[0]]})
    mirror.replies[f"/a/{FIRST}"] = mirror.replies[f"/b/{FIRST}"] = reply
    folder = write(tmp_path / "Small" / "raw", {OTHERS[0]: GZIPPED[OTHERS[0]]})
    with pytest.raises(DataError, match=told) as raised:
        Mnist().load(tmp_path)
    what, put, then = str(raised.value).splitlines()
    assert what.startswith(f"dataset=mnist is not in {folder} and cannot be downloaded ({mirror.host}: ")
    assert f"; localhost:{mirror.server.server_port}: " in what
    lacking = [archive for archive in PUBLICATIONS["mnist"].archives if archive.name != OTHERS[0]]
    assert put == "  put there, as they are or extracted: " + ", ".join(f"{a.name} ({a.digest})" for a in lacking)
    assert then.startswith(f"  where there is a network: python -m runner fetch mnist data_dir={tmp_path}; ")
    assert "dataset=digits works without" in then
    assert raised.value.exit_code == 3
    assert contents(folder) == {OTHERS[0]: GZIPPED[OTHERS[0]]}


def test_what_a_server_says_of_a_circle_is_told_in_a_line(tmp_path, mirror):
    def lead_back(handler, closing):
        handler.send_response(302)
        handler.send_header("Location", handler.path)
        handler.end_headers()

    mirror.replies["/my.csv"] = lead_back
    with pytest.raises(DataError, match=r"HTTP 302 .* error message was: Found\)\n  or put it"):
        fetch_table(f"http://{mirror.host}/my.csv", tmp_path)


def test_a_closed_port_answers_at_once(tmp_path, mirror):
    mirror.server.server_close()
    begun = time.perf_counter()
    with pytest.raises(DataError, match="Connection refused"):
        download("mnist", tmp_path, missing)
    assert time.perf_counter() - begun < 2


def test_what_came_before_a_failure_is_kept(tmp_path, mirror, small_timeouts):
    mirror.reply("a", {FIRST: GZIPPED[FIRST]})
    with pytest.raises(DataError, match="HTTP 404") as raised:
        download("mnist", tmp_path, missing)
    assert FIRST not in str(raised.value)
    assert list(contents(tmp_path / "Small" / "raw")) == [FIRST.removesuffix(".gz")]


def in_another_process(tmp_path: Path) -> subprocess.Popen[str]:
    code = (
        "import sys, pathlib; from runner.data.downloads import *; from runner.data.download import *\n"
        f"PUBLICATIONS['mnist'] = {PUBLICATIONS['mnist']!r}\n"
        "download('mnist', pathlib.Path(sys.argv[1]), missing)"
    )
    return subprocess.Popen([sys.executable, "-c", code, tmp_path], stderr=subprocess.DEVNULL, text=True)


def wait_until(happens, seconds=20):
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_process_killed_in_the_middle_leaves_nothing_half_written_for_good(tmp_path, mirror):
    mirror.reply("a", GZIPPED)
    mirror.replies[f"/a/{OTHERS[1]}"] = stall(GZIPPED[OTHERS[1]])
    folder = tmp_path / "Small" / "raw"
    with in_another_process(tmp_path) as process:
        wait_until(lambda: f"/a/{OTHERS[1]}" in mirror.asked)
        wait_until(lambda: (folder / f".{OTHERS[1]}.part").exists())
        process.kill()
    finished = {name: content for name, content in contents(folder).items() if not name.startswith(".")}
    assert finished == dict(list(CONTENTS.items())[:2])
    mirror.reply("a", GZIPPED)
    assert download("mnist", tmp_path, missing)
    assert contents(folder) == CONTENTS
    assert mirror.asked.count(f"/a/{FIRST}") == 1


def test_two_processes_at_once_download_once(tmp_path, mirror):
    mirror.reply("a", GZIPPED)
    go_on = threading.Event()

    def slowly(handler, closing):
        go_on.wait(20)
        serve(GZIPPED[FIRST])(handler, closing)

    mirror.replies[f"/a/{FIRST}"] = slowly
    with in_another_process(tmp_path) as first:
        wait_until(lambda: mirror.asked)
        second = threading.Thread(target=download, args=("mnist", tmp_path, missing))
        second.start()
        time.sleep(0.2)
        go_on.set()
        second.join()
        first.wait()
    assert first.returncode == 0
    assert mirror.asked == [f"/a/{name}" for name in GZIPPED]
    assert contents(tmp_path / "Small" / "raw") == CONTENTS


def test_a_place_that_cannot_be_written_is_named(tmp_path, mirror):
    (tmp_path / "Small").write_text("a file in the way")
    with pytest.raises(DataError, match=rf"{tmp_path}/Small/raw: .* cannot be written: .*\n  choose another data_dir"):
        download("mnist", tmp_path, missing)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, mirror, monkeypatch):
    mirror.reply("a", GZIPPED)

    def full(source, target, size):
        target.write(b"begun")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runner.data.download.shutil.copyfileobj", full)
    with pytest.raises(DataError, match="cannot be written: No space left on device"):
        download("mnist", tmp_path, missing)
    assert contents(tmp_path / "Small" / "raw") == {}


def test_in_a_terminal_a_bar_shows_how_far_it_is(tmp_path, mirror, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    mirror.reply("a", GZIPPED)
    download("mnist", tmp_path, missing)
    assert "train-images-idx3-ubyte.gz" in capsys.readouterr().err
