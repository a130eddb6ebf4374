"""Imports flow one way, from a room to those that stand above it in one list; and the figures of the house."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "runner"
PAGE = Path(__file__).parent.parent / "docs" / "rooms.md"

PARTS = ("data", "models", "losses", "optimizers", "schedulers", "metrics")  # the last three where torch has none
# a room may import those that stand before it
ROOMS = (
    *("errors", "text", "contracts", "seed", "device", "ranks", "config"),
    *(*PARTS, "build", "engine", "runs", "experiment"),
    *("lessons", "screen", "figures", "tensorboard", "compose", "training", "search", "sweep", "export"),
    *("cli", "train", "api", "__main__"),
)
# parts do not see each other, and of config what follows alone
OPEN_TO_PARTS = ("steps", "step_knobs", "layers", "spelling", "regular_file")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """data for runner/data/images.py, train for runner/train.py, "" for runner/__init__.py."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(path: Path) -> Iterator[str]:
    """What a file imports of runner, also inside functions, as config.steps.read; not what only mypy reads."""
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
        yield from (name.removeprefix("runner.") for name in names if name.startswith("runner."))


def imported_rooms(path: Path) -> Iterator[str]:
    """The rooms that a file imports; the version number of runner/__init__.py is free."""
    yield from (name.partition(".")[0] for name in imports(path) if name.partition(".")[0] in ROOMS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_runs_back(path: Path) -> None:
    own = room(path)
    if own == "":
        return
    assert own in ROOMS, f"{own} is a new room: say in ROOMS what it may import"
    behind = set(ROOMS[ROOMS.index(own) + 1 :])
    wrong = set(imported_rooms(path)) & behind
    assert not wrong, f"{path.relative_to(PACKAGE)} imports {sorted(wrong)}"


@pytest.mark.parametrize("part", PARTS)
def test_no_part_knows_another_part_the_config_or_the_device(part: str) -> None:
    for path in sorted((PACKAGE / part).rglob("*.py")):
        for name in imports(path):
            first, _, rest = name.partition(".")
            assert first not in {"device", *PARTS} - {part}, f"{path} imports {name}"
            assert first != "config" or rest.partition(".")[0] in OPEN_TO_PARTS, f"{path} imports {name}"


def test_an_arrow_that_runs_back_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "cnn.py"
    file.write_text(
        "import torch\nfrom runner.config.run_config import Config\n"
        "import runner.data.images\nfrom runner import errors\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from runner.build.model import x\n"
        "def f():\n    from runner.cli.main import main\n"
    )
    assert sorted(imported_rooms(file)) == ["cli", "config", "data", "errors"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_is_a_drawer(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "core", "base", "manager", "misc"}


def test_the_page_of_the_rooms_draws_the_house() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page, re.M)
    rooms = re.findall(r"`(\w+)`", " ".join(rows))
    assert tuple(rooms) == tuple(name for name in ROOMS if name != "__main__")
    assert len(page.splitlines()) <= 80
    files = set(re.findall(r"`(\w+\.py)`", page))
    assert not files - {path.name for path in PACKAGE.rglob("*.py")}
