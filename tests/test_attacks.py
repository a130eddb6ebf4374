"""What a received file or a pasted command may try: it is refused, and nothing on the disk is other than before."""

import os
import stat
from pathlib import Path

import pytest

import program
from program import TINY
from runner.cli.main import main

COPY = "{_target_: shutil.copyfile, src: victims/a.txt, dst: victims/b.txt}"
HUB = "{_target_: torch.hub.load, repo_or_dir: hub, model: mark, source: local}"
LOGGER = (
    "{version: 1, handlers: {h: {(): logging.FileHandler, filename: victims/b.txt, mode: w}}, root: {handlers: [h]}}"
)
GLOBAL = "# @package _global_\n"
OURS = "conf/experiment/x.yaml"  # a folder conf/ that came with a table is searched first

# name -> (files that stand there before, words after train)
ATTACKS: dict[str, tuple[dict[str, str], list[str]]] = {
    "a callback": ({}, [f"+hydra.callbacks.x={COPY}"]),
    "a callback forced": ({}, [f"++hydra.callbacks.x={COPY}"]),
    "a callback plain": ({}, [f"hydra.callbacks.x={COPY}"]),
    "all callbacks": ({}, [f"hydra.callbacks={{x: {COPY}}}"]),
    "the whole node": ({}, [f"+hydra={{callbacks: {{x: {COPY}}}}}"]),
    "a hub of torch": ({}, [f"+hydra.callbacks.x={HUB}"]),
    "a part of numpy": ({}, ["+hydra.callbacks.x={_target_: numpy.savetxt, fname: victims/b.txt, X: [1]}"]),
    "a callback in a sweep": ({}, ["-m", "seed=1,2", f"+hydra.callbacks.x={COPY}"]),
    "a log of jobs": ({}, [f"hydra.job_logging={LOGGER}"]),
    "a log of hydra": ({}, ["-m", f"hydra.hydra_logging={LOGGER}"]),
    "a log by name": ({}, ["hydra/job_logging=default"]),
    "callbacks by name": ({"conf/hydra/callbacks/x.yaml": f"x: {COPY}\n"}, ["hydra/callbacks=x"]),
    "callbacks taken out": ({}, ["~hydra.callbacks"]),
    "a launcher": ({}, ["-m", "hydra/launcher=joblib"]),
    "a launcher by class": ({}, ["-m", "hydra.launcher._target_=os.system"]),
    "a sweeper": ({}, ["-m", "hydra/sweeper=optuna"]),
    "a sweeper by class": ({}, ["-m", "hydra.sweeper={_target_: os.system, command: touch victims/b.txt}"]),
    "an environment": ({}, ["hydra/env=default"]),
    "variables": ({}, ["+hydra.job.env_set.LD_PRELOAD=x"]),
    "a search path": ({}, ["hydra.searchpath=[pkg://mine]"]),
    "a help text": ({}, ["hydra.help.template=x"]),
    "a part into the node": ({}, ["+model@hydra.callbacks.x=mlp"]),
    "case 32, another run": ({}, ["hydra.output_subdir=../../victims"]),
    "case 32, plus": ({}, ["+hydra.output_subdir=victims"]),
    "case 32, none": ({}, ["hydra.output_subdir=null"]),
    "fault 39, the directory": ({}, ["hydra.run.dir=victims"]),
    "fault 39, of a sweep": ({}, ["-m", "hydra.sweep.dir=victims"]),
    "fault 39, the name": ({}, ["name=../../victims"]),
    "an experiment's callback": ({OURS: f"{GLOBAL}hydra: {{callbacks: {{x: {COPY}}}}}\n"}, ["experiment=x"]),
    "an experiment of --config-dir": (
        {"more/experiment/x.yaml": f"{GLOBAL}hydra: {{callbacks: {{x: {HUB}}}}}\n"},
        ["--config-dir", "more", "experiment=x"],
    ),
    "an experiment in the node": ({OURS: f"# @package hydra\ncallbacks: {{x: {COPY}}}\n"}, ["experiment=x"]),
    "an experiment's log": ({OURS: f"{GLOBAL}hydra: {{job_logging: {LOGGER}}}\n"}, ["experiment=x"]),
    "an experiment's files": ({OURS: f"{GLOBAL}hydra: {{output_subdir: ../../victims}}\n"}, ["experiment=x"]),
    "an experiment's directory": ({OURS: f"{GLOBAL}hydra: {{run: {{dir: victims}}}}\n"}, ["experiment=x"]),
    "an experiment's variables": ({OURS: f"{GLOBAL}hydra: {{job: {{env_set: {{A: b}}}}}}\n"}, ["experiment=x"]),
    "a way of its own to launch": (
        {"conf/own.yaml": "defaults: [train, {override hydra/launcher: joblib}, _self_]\n"},
        ["-m", "--config-name", "own", "seed=1,2"],
    ),
    "an experiment that pulls": (
        {
            OURS: f"{GLOBAL}defaults: [{{/hydra/callbacks@hydra.callbacks: x}}]\n",
            "conf/hydra/callbacks/x.yaml": f"x: {COPY}\n",
        },
        ["experiment=x"],
    ),
    "an experiment above the folder": (
        {"x.yaml": f"{GLOBAL}hydra: {{callbacks: {{x: {COPY}}}}}\n", "conf/experiment/y.yaml": GLOBAL},
        ["experiment=../../x"],
    ),
    "an experiment's search path": ({OURS: f"{GLOBAL}hydra: {{searchpath: [pkg://mine]}}\n"}, ["experiment=x"]),
    "an option": ({"conf/model/x.yaml": f"# @package _global_\nhydra: {{callbacks: {{x: {COPY}}}}}\n"}, ["model=x"]),
    "an option of ours replaced": (
        {"conf/optimizer/adam.yaml": f"# @package _global_\nhydra: {{callbacks: {{x: {COPY}}}}}\n"},
        [],
    ),
    "a way of its own to begin": (
        {"conf/own.yaml": f"defaults: [train, _self_]\nhydra: {{callbacks: {{x: {COPY}}}}}\n"},
        ["--config-name", "own"],
    ),
    "its search path": (
        {"conf/own.yaml": "defaults: [train, _self_]\nhydra: {searchpath: [pkg://mine]}\n"},
        ["--config-name", "own"],
    ),
    "its search path in help": (
        {"conf/train.yaml": "defaults: [_self_]\nhydra: {searchpath: [pkg://mine]}\n"},
        ["--hydra-help"],
    ),
    "its search path in info": (
        {"conf/train.yaml": "defaults: [_self_]\nhydra: {searchpath: [pkg://mine]}\n"},
        ["--info", "all"],
    ),
    "its log in help": (
        {"conf/own.yaml": f"defaults: [train, _self_]\nhydra: {{hydra_logging: {LOGGER}}}\n"},
        ["--hydra-help", "--config-name", "own"],
    ),
    "trust": ({OURS: f"{GLOBAL}trusted: [mine]\nmodel: {{_target_: mine.net.Net}}\n"}, ["experiment=x"]),
    "trust, and a list of the line's": ({OURS: f"{GLOBAL}tags: [mine]\n"}, ["experiment=x", "trusted=${tags}"]),
    "trust in part": ({OURS: f"{GLOBAL}tags: [mine]\n"}, ["experiment=x", "trusted=['${tags.0}']"]),
    "trust of shutil": (
        {OURS: f"{GLOBAL}trusted: [shutil]\nmodel: {{_target_: shutil.copyfile}}\n"},
        ["experiment=x"],
    ),
    "fault 36, a class": ({"conf/model/x.yaml": f"{COPY}\n"}, ["model=x"]),
    "fault 36, inside another": ({OURS: f"{GLOBAL}model: {{hidden: {COPY}}}\n"}, ["experiment=x", "model=mlp"]),
    "fault 36, on the line": ({}, ["model._target_=os.system"]),
    "fault 36, a metric": ({}, [f"+metric.x={COPY}"]),
    "fault 37, a tag": ({OURS: f"{GLOBAL}name: !!python/object/apply:os.system [touch victims/c]\n"}, ["experiment=x"]),
}


def tree(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Everything below the folder: the kind of each entry, and its content, or where a link points."""
    entries: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        kind = stat.S_IFMT(path.lstat().st_mode)
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        entries[str(path.relative_to(folder))] = (kind, content)
    return entries


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A current folder that was downloaded: victims beside the outputs, and code that marks where it was run."""
    here = tmp_path / "here"
    marks = "from pathlib import Path\nPath('victims/marked').write_text('')\n"
    files = {
        "victims/a.txt": "other\n",
        "victims/b.txt": "good\n",
        "victims/overrides.yaml": "good\n",
        "outputs/.keep": "",
        "mine/__init__.py": marks,
        "mine/net.py": marks,
        "hub/hubconf.py": marks,
        "hydra_plugins/__init__.py": marks,
        "hydra_plugins/x.py": marks,
    }
    for name, text in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    return here


@pytest.mark.parametrize("attack", ATTACKS)
def test_cases_31_and_32_an_attack_is_refused_and_changes_nothing(
    here: Path, attack: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files, words = ATTACKS[attack]
    for name, text in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    before = tree(here)
    monkeypatch.chdir(here)
    assert main(["train", *TINY, "output_dir=outputs", *words]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert tree(here) == before


def test_case_31_plugins_of_the_current_folder_are_not_imported(here: Path) -> None:
    before = tree(here)
    done = program.run(["train", "--cfg", "job"], here.parent / "said", cwd=here)
    assert done.code == 0 and tree(here) == before
