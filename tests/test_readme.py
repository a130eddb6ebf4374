"""README.md taken at its word: what it tells to type is typed, what it says is there is there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

import program
from pages import RUNNER, Example, File, furnish, steps
from runner.compose.request import parse
from runner.sweep.plan import check_jobs

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 180  # lines
LINES = [line for step in steps(PAGE) if isinstance(step, Example) for line in step.typed]
INSTALL, TEST = (line for line in LINES if "pip install" in line)
FIRST = INSTALL.rpartition("&& ")[2]
TYPED = [line.partition("#")[0].strip() for line in LINES if line.startswith(" ".join(RUNNER))]


def start(words: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=environment(cwd),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def environment(cwd: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT / "src"), "RUNNER_OUTPUTS": str(cwd / "outputs")}


def shortened(line: str) -> list[str]:
    """The words of a command of the page, with fewer epochs where it trains."""
    words = shlex.split(line)[1:]
    few = [re.sub(r"^epochs=\d+$", "epochs=2", word) for word in words]
    return few if "train" not in words or few != words else [*few, "epochs=1"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of the first command in it, one epoch long, so that there is a last one; and the files."""
    folder = tmp_path_factory.mktemp("home")
    furnish(folder)
    for step in steps(PAGE):
        if isinstance(step, File):
            (folder / step.name).write_text(step.text, encoding="utf-8")
    done = start(shortened(FIRST), folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("line", TYPED)
def test_a_command_of_the_page_works(line: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, runner, *words = shortened(line)
    if "-m" in words:  # a sweep of docs/sweeps.md is run
        monkeypatch.chdir(home)
        assert len(check_jobs(parse(words[1:])).jobs) >= 3
        return
    done = program.run(words, tmp_path, before="be_a_reader", cwd=home)
    assert (runner, done.code, program.amiss(done.err)) == ("runner", 0, "")
    assert done.out.strip()


def test_the_page_shows_ten_commands_and_is_short() -> None:
    assert len(TYPED) >= 10
    assert len(PAGE.splitlines()) <= LONGEST


def test_the_first_line_installs_and_trains() -> None:
    assert FIRST == "python -m runner train"
    assert INSTALL.split(" && ")[:-1] == ["python3 -m venv .venv", ". .venv/bin/activate", "pip install -e ."]


def test_the_second_line_is_what_ci_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == TEST


def test_the_errors_of_the_page_are_those_of_the_page_of_configuration() -> None:
    (errors,) = re.findall(r"^```\n(\$ .*?)^```$", PAGE, re.M | re.S)
    assert errors in (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def test_a_run_directory_holds_what_the_page_says_and_nothing_else(home: Path) -> None:
    told = re.findall(r"^(\S+) {2,}", block_with("metrics.jsonl      "), re.M)
    run = min(path.parent for path in home.glob("outputs/2*/*/summary.json"))
    found = {path.name + "/" * path.is_dir() for path in run.iterdir() if not path.name.startswith((".lock", ".owner"))}
    found = {re.sub(r"^events\.out\..*", "events.out.*", name) for name in found}
    assert found | {"projector/", "projector_config.pbtxt"} == set(told)
    assert re.fullmatch(r"[\d-]+-cnn-epochs=1-digits", run.name)


def test_tensorboard_serves_the_runs_under_the_names_of_their_directories(home: Path) -> None:
    assert "tensorboard --logdir outputs " in PAGE
    runs = {str(path.parent.relative_to(home / "outputs")) for path in home.glob("outputs/**/events.out.*")}
    with tensorboard(home) as address:
        for _ in range(100):
            with urlopen(f"{address}/data/runs", timeout=30) as reply:
                served = set(json.load(reply))
            if served >= runs:
                return
            time.sleep(0.2)
        assert served >= runs


@contextmanager
def tensorboard(cwd: Path) -> Iterator[str]:
    """The address of ``tensorboard --logdir outputs``, on a free port, while it is needed."""
    words = ["-m", "tensorboard.main", "--logdir", "outputs", "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=cwd,
        env=environment(cwd),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        told = "".join(iter_until(process.stderr, "http://"))
        found = re.search(r"http://[\w.:]+", told)
        assert found, told
        yield found[0]
    finally:
        process.kill()
        process.communicate()


def iter_until(lines: Iterable[str], text: str) -> Iterator[str]:
    """The lines up to the first that holds ``text``."""
    for line in lines:
        yield line
        if text in line:
            return


def test_every_file_the_page_points_at_is_there() -> None:
    named = re.findall(r"\]\(([\w./]+)\)", PAGE)
    assert len(named) >= 3
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert all((ROOT / name).stat().st_size < 300_000 for name in named)


def block_with(text: str) -> str:
    (block,) = (block for block in re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.M | re.S) if text in block)
    return block
