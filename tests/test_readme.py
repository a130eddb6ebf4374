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

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.M | re.S)
LINES = [line for block in BLOCKS for line in block.splitlines()]
INSTALL, TEST = (line for line in LINES if "pip install" in line)
RUNNER = "python -m runner "
TYPED = [line.partition("#")[0].strip() for line in LINES if line.startswith(RUNNER)]
VERBS = {"train", "resume", "eval", "predict", "report", "explain", "code", "show", "view"}


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
    """A folder with one run of the first command in it, one epoch long, so that there is a last one; and a table."""
    folder = tmp_path_factory.mktemp("home")
    rows = [f"{i % 17},{('Seoul', 'Busan')[i % 2]},{i % 17 * 3 + i % 2}" for i in range(120)]
    (folder / "my.csv").write_text("\n".join(["size,city,price", *rows]))
    done = start(shortened(TYPED[0]), folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("line", TYPED[1:])
def test_a_command_of_the_page_works(line: str, home: Path, tmp_path: Path) -> None:
    _, runner, *words = shortened(line)
    done = program.run(words, tmp_path, before="forget_the_settings", cwd=home)
    assert (runner, done.code, program.amiss(done.err)) == ("runner", 0, "")
    assert done.out.strip()


def test_the_python_of_the_page_works(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    script = tmp_path / "page.py"
    script.write_text(f"import matplotlib; matplotlib.use('agg')\n{block}print(*run.predict([[5.1, 3.5, 1.4, 0.2]]))\n")
    done = start([str(script)], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "setosa"


def test_the_page_shows_every_verb_that_needs_no_network() -> None:
    assert {line.split()[3] for line in TYPED} == VERBS
    assert len(TYPED) >= 10


def test_the_first_line_ends_with_a_command_of_the_program_that_works(home: Path) -> None:
    command = INSTALL.rpartition("&& ")[2]
    assert INSTALL.split(" && ")[:-1] == ["python3 -m venv .venv", ". .venv/bin/activate", "pip install -e ."]
    assert start(shortened(command), home).returncode == 0


def test_the_second_line_is_what_ci_runs() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == TEST


def test_the_faults_of_the_page_are_those_of_the_program(tmp_path: Path) -> None:
    (command, told) = re.findall(r"^```\n\$ (python -m runner .*?)\n(.*?)^```$", PAGE, re.M | re.S)[0]
    done = start(shlex.split(command)[1:], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)
    assert list(tmp_path.iterdir()) == []


def test_a_run_directory_holds_what_the_page_says_and_nothing_else(home: Path) -> None:
    told = re.findall(r"^(\S+) {2,}", block_with("metrics.jsonl      "), re.M)
    run = min(path.parent for path in home.glob("outputs/2*/*/summary.json"))
    found = {path.name + "/" * path.is_dir() for path in run.iterdir() if not path.name.startswith((".lock", ".owner"))}
    found = {re.sub(r"^events\.out\..*", "events.out.*", name) for name in found}
    assert found | {"projector/", "projector_config.pbtxt"} == set(told)
    assert re.fullmatch(r"[\d-]+-cnn-epochs=1-digits", run.name)


def test_the_page_names_every_measurement(home: Path) -> None:
    run = min(path.parent for path in home.glob("outputs/2*/*/summary.json"))
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    names = {name for row in rows for name in row} - {"step", "epoch"}
    assert names >= {"train/loss", "val/accuracy"}
    assert [name for name in names if f"`{name}`" not in PAGE] == []
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert summary["best"].keys() >= {"train/loss", "val/loss", "test/loss"}
    assert summary["final"].keys() - {"step", "epoch"} == rows[-1].keys() - {"step", "epoch"}


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


def test_the_tree_of_the_page_is_the_tree() -> None:
    told = set(re.findall(r"^  ([\w.]+/?) ", block_with("src/runner/\n").partition("src/runner/\n")[2], re.M))
    package = ROOT / "src" / "runner"
    found = {path.name + "/" * path.is_dir() for path in package.iterdir()} - {
        "__pycache__/",
        "__init__.py",
        "py.typed",
    }
    assert told == found
    options = next(line for line in PAGE.splitlines() if line.startswith("  dataset/"))
    groups = {path.name + "/" for path in (ROOT / "conf").iterdir() if path.is_dir()}
    assert groups == {*re.findall(r"\w+/", options), "debug/", "experiment/"}


def test_every_file_the_page_points_at_is_there() -> None:
    named = re.findall(r"\]\(([\w./]+)\)", PAGE)
    assert len(named) >= 3
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert all((ROOT / name).stat().st_size < 300_000 for name in named)


def block_with(text: str) -> str:
    (block,) = (block for block in re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.M | re.S) if text in block)
    return block
