"""The pages of docs/ taken at their word: each is typed from top to bottom in a folder of its own.

What is said to be printed is printed; a training that shows nothing is checked and not run, or, where runs are read
below it, an epoch long.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

import program
from pages import RUNNER, Example, File, furnish, missing, steps, typed
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.sweep.plan import check_jobs

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TOPICS = [
    "configuration",
    "tables",
    "table_nets",
    "large_tables",
    "larger-runs",
    "pictures",
    "models",
    "optimizers",
    "sweeps",
    "search",
    "cluster",
    "sweep_pictures",
    "runs",
    "notebooks",
    "reproducibility",
    "mistakes",
]
LONGEST = 180  # lines of a page
# typed by other tests
ELSEWHERE = ("tensorboard --logdir outputs", "tensorboard --logdir outputs/wine", 'eval "$(runner completion bash)"')
VERBS = {"train", "resume", "eval", "predict", "report", "explain", "find", "code", "show", "view"}
READERS = {"resume", "eval", "predict", "report"}  # of runs that were made


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def commands(text: str) -> list[str]:
    return [line for step in steps(text) if isinstance(step, Example) for line in step.typed]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a reader works in."""
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", TOPICS)
def test_a_page_works_as_it_is_typed_from_top_to_bottom(name: str, home: Path) -> None:
    for step in steps(page(name)):
        if isinstance(step, File):
            (home / step.name).parent.mkdir(parents=True, exist_ok=True)
            (home / step.name).write_text(step.text, encoding="utf-8")
        else:
            printed = [line for command in step.typed for line in answered(command, step, home)]
            assert missing(step.printed, printed) == [], (step.typed, "\n".join(printed))


def answered(command: str, step: Example, home: Path) -> list[str]:
    """The lines that a command prints; none of a training of which nothing is seen."""
    if step.printed or not is_training(command):
        return said(command, home)
    if any(map(reads_runs, step.typed)):
        return said(command if "epochs=" in command else command.replace(" train ", " train epochs=1 ", 1), home)
    check(command)
    return []


def reads_runs(line: str) -> bool:
    verb, *words = line.split()[3:] if line.startswith(" ".join(RUNNER)) else [""]
    return verb in READERS or "last" in words


def is_training(line: str) -> bool:
    return line.split()[:4] == [*RUNNER, "train"] and "--cfg" not in line


def said(command: str, home: Path) -> list[str]:
    """The lines that a command prints, or writes into a file behind ``>``."""
    if command.partition("  #")[0] in ELSEWHERE:
        return []
    done = typed(command.partition(" > ")[0], home)
    assert (command, done.code, program.amiss(done.err)) == (command, 0, "")
    assert done.out.strip()
    return done.out.splitlines()


def check(command: str) -> None:
    """A training of which nothing is shown: its words are checked, of a sweep those of every job."""
    request = parse(shlex.split(command, comments=True)[4:])
    check_jobs(request) if request.multirun else compose(request)


def test_the_python_of_the_notebook_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    block = "".join(re.findall(r"^```python\n(.*?)^```$", page("notebooks"), re.M | re.S))
    settings = "import os, matplotlib; matplotlib.use('agg'); os.environ.pop('RUNNER_OUTPUTS', None)\n"
    (tmp_path / "page.py").write_text(f"{settings}{block}print(*run.predict([[5.1, 3.5, 1.4, 0.2]]))\n")
    done = program.run_script(tmp_path / "page.py", tmp_path / "said")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == "setosa"


def test_the_pages_show_every_verb_that_needs_no_network() -> None:
    lines = [line for name in TOPICS for line in commands(page(name)) if line.startswith(" ".join(RUNNER))]
    assert {line.split()[3] for line in lines} == VERBS
    assert len(lines) >= 60


@pytest.mark.parametrize("name", TOPICS)
def test_a_page_is_short_and_its_lines_end_in_no_blank(name: str) -> None:
    lines = page(name).split("\n")
    assert len(lines) - 1 <= LONGEST
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *DOCS.glob("*.md")], ids=lambda path: path.name)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading_that_are_there(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", path.read_text(encoding="utf-8"))
    for file, anchor in links:
        there = path.parent / file if file else path
        assert there.is_file(), file
        assert not anchor or anchor in headings(there), (file, anchor)


def headings(path: Path) -> set[str]:
    """As GitHub names the places that a link can lead to."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    lines = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def test_the_page_of_configuration_names_every_group() -> None:
    (told,) = re.findall(r"six groups: (.*?)\.", page("configuration"))
    groups = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()}
    assert {*re.findall(r"`(\w+)`", told)} == groups - {"debug", "experiment", "search", "cluster"} and len(
        groups
    ) == 10


def test_the_errors_of_the_page_are_those_of_the_program(tmp_path: Path) -> None:
    ((command, told),) = re.findall(r"^```\n\$ (python -m runner .*?)\n(.*?)^```$", page("configuration"), re.M | re.S)
    done = program.run(shlex.split(command)[3:], tmp_path)
    assert (done.code, done.out, done.err) == (2, "", told)


def test_the_page_of_runs_names_every_file_and_measurement_of_a_run(tmp_path: Path) -> None:
    run = program.train(tmp_path, "optimizer.groups=[{pattern: 1.*, lr: 0.01}]", "grad_clip_norm=5")
    files = set(re.findall(r"^(\S+) {2,}", page("runs").partition("```\nconfig.yaml")[2], re.M)) | {"config.yaml"}
    found = {path.name + "/" * path.is_dir() for path in run.iterdir() if not path.name.startswith((".lock", ".owner"))}
    assert {re.sub(r"^events\.out\..*", "events.out.*", name) for name in found} <= files
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    names = {re.sub(r"^lr/.*", "lr/<pattern>", name) for row in rows for name in row} - {"step", "epoch"}
    assert [name for name in sorted(names) if f"`{name}`" not in page("runs")] == []
