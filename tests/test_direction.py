"""Imports flow one way: argv -> cli -> config -> build -> engine -> records; the parts know none of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "runner"

# what each room may import of the others; errors, contracts, specs, the two files on what comes from outside are open
OPEN = {"", "errors", "contracts", "specs", "regular_file", "control_characters"}
PARTS = {"data", "models", "losses", "optimizers", "schedulers", "metrics"}
MAY = {
    "contracts": set(),
    "errors": set(),
    "specs": set(),
    "regular_file": set(),
    "control_characters": set(),
    "libraries": set(),
    "seed": set(),
    "device": set(),
    "monitor": set(),
    "layers": set(),
    "interruption": set(),
    "anomaly": set(),
    "tally": set(),
    **{part: {"seed"} for part in PARTS},
    "config": set(),
    "parts": {"config", *PARTS},
    "engine": {"tally"},
    "records": {"config", "monitor"},
    "pictures": {"records", "seed"},
    "state": {"monitor", "seed"},
    "measurable": {"config", "monitor", "parts"},
    "length": {"config", "data", "layers", "parts"},
    "experiment": {
        "config",
        "data",
        "device",
        "engine",
        "layers",
        "length",
        "losses",
        "measurable",
        "monitor",
        "parts",
        "seed",
    },
    "clipping": {"engine"},
    "inputs": {"config", "data", "records"},
    "predictor": {"config", "data", "device", "engine", "experiment", "losses", "parts", "records", "state"},
    "portraits": {"data", "engine", "experiment", "monitor", "pictures", "predictor", "records"},
    "dashboards": {"engine", "experiment", "pictures", "portraits", "predictor", "records", "seed"},
    "linear_fit": set(),
    "baselines": {"data", "engine", "experiment", "linear_fit"},
    "judgement": {"baselines", "clipping", "engine", "experiment", "records", "state"},
    "recording": {
        "anomaly",
        "dashboards",
        "device",
        "engine",
        "experiment",
        "interruption",
        "judgement",
        "records",
        "seed",
        "state",
    },
    "first_step": {"engine", "experiment", "layers", "losses", "predictor", "seed", "tally"},
    "script": {"config", "data", "experiment", "monitor", "parts", "records", "seed"},
    "folds": {"config", "data", "engine", "experiment", "interruption", "length", "measurable", "recording", "records"},
    "compose": {"config", "folds", "libraries", "monitor", "records"},
    "cli": {"compose", "config"},  # the commands are imported by name, when they are used
    "__main__": {"cli"},
}
FREE = {"train", "commands", "api"}  # they put everything together; nothing may import them


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """data for runner/data/images.py, cli for runner/cli.py, "" for runner/__init__.py."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imported_rooms(path: Path) -> Iterator[str]:
    """The rooms of runner that a file imports, also inside functions; what only a type checker reads is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports from runner in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            root, _, rest = name.partition(".")
            if root == "runner":
                inside = rest.partition(".")[0]
                yield inside if (PACKAGE / inside).is_dir() or (PACKAGE / f"{inside}.py").exists() else ""


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_runs_back(path: Path) -> None:
    own = room(path)
    if own in FREE or own == "":
        return
    assert own in MAY, f"{own} is a new room: say in MAY what it may import"
    wrong = set(imported_rooms(path)) - MAY[own] - OPEN - {own}
    assert not wrong, f"{path.relative_to(PACKAGE)} imports {sorted(wrong)}"


def test_the_arrows_themselves_make_no_circle() -> None:
    def above(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join([*path, name])}"
        for other in MAY.get(name, ()):
            above(other, (*path, name))

    for name in MAY:
        above(name, ())


def test_no_part_knows_another_part_the_config_or_the_device() -> None:
    for part in PARTS:
        assert MAY[part] == {"seed"}


def test_an_arrow_that_runs_back_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "cnn.py"
    file.write_text(
        "import torch\nfrom runner.config.settings import Config\n"
        "import runner.data.images\nfrom runner import errors\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from runner.parts.build import x\n"
        "def f():\n    from runner.cli import main\n"
    )
    assert sorted(imported_rooms(file)) == ["cli", "config", "data", "errors"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_a_drawer(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "core", "base", "manager", "misc"}
