"""The wheel: built without a network, unpacked elsewhere, complete."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import program

ROOT = Path(__file__).parent.parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "conf", "src")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is written into the checkout."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        source, target = ROOT / name, copy / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(copy / "dist")]
    done = subprocess.run(build, cwd=copy, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = (copy / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH with the wheel unpacked, as pip would."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def forked(*argv: str, site: Path, cwd: Path) -> str:
    """What the unpacked program says on stdout, in a process that had torch already."""
    done = program.run(argv, site / "said", before="be_another_program", at=str(site), cwd=cwd)
    assert done.code == 0, done.err
    return done.out


def typed(*argv: str, site: Path, cwd: Path) -> str:
    """What the unpacked program says on stdout, typed in ``cwd``."""
    done = subprocess.run(
        [sys.executable, "-m", "runner", *argv],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_module_and_option_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.py")}
    options = {f"runner/{path.relative_to(ROOT)}" for path in (ROOT / "conf").rglob("*.yaml")}
    assert {"runner/conf/train.yaml", "runner/conf/model/cnn.yaml"} <= held
    assert held == modules | options | {"runner/py.typed", "runner/figures/sweep_page.html"}


def test_the_wheel_brings_the_runner_command_and_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        assert (
            archive.read(f"{info}/entry_points.txt").decode() == "[console_scripts]\nrunner = runner.cli.main:entry\n"
        )
        assert b"MIT" in archive.read(f"{info}/licenses/LICENSE")


def test_the_installed_program_knows_its_options_in_any_folder(site: Path, tmp_path: Path) -> None:
    told = forked("show", "model", site=site, cwd=tmp_path)
    assert "model=cnn " in told
    assert "model=mlp " in told


def test_the_installed_program_composes_a_run_in_any_folder(site: Path, tmp_path: Path) -> None:
    told = forked("train", "--cfg", "job", "optimizer=sgd", site=site, cwd=tmp_path)
    assert "_target_: torch.optim.SGD" in told
    assert list(tmp_path.iterdir()) == []


def test_a_conf_in_the_current_folder_comes_before_the_installed_one(site: Path, tmp_path: Path) -> None:
    own = tmp_path / "conf" / "optimizer" / "sgd.yaml"
    own.parent.mkdir(parents=True)
    packaged = (site / "runner" / "conf" / "optimizer" / "sgd.yaml").read_text(encoding="utf-8")
    own.write_text(packaged.replace("lr: 0.001", "lr: 0.25"), encoding="utf-8")
    assert "lr: 0.25" in forked("train", "--cfg", "job", "optimizer=sgd", site=site, cwd=tmp_path)
    shown = forked("show", "optimizer=sgd", site=site, cwd=tmp_path).splitlines()
    assert shown[1].split()[:2] == ["optimizer.lr", "0.25"]
    assert "_target_: torch.optim.Adam" in forked("train", "--cfg", "job", site=site, cwd=tmp_path)


def test_the_installed_program_trains_in_any_folder(site: Path, tmp_path: Path) -> None:
    typed("train", "model=linear", "epochs=1", "output_dir=here", site=site, cwd=tmp_path)
    assert len(list(tmp_path.glob("here/*/*/summary.json"))) == 1


def test_case_20_every_package_asked_for_says_the_lowest_version_that_the_suite_is_run_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *extras["search"], *extras["slurm"], *extras["ray"], *extras["test"]]
    asked.remove("runner[search,slurm,ray]")
    assert len(asked) >= 20
    assert [text for text in asked if not re.match(r"[\w-]+>=\d[\d.]*(,<[\d.]+)?$", text)] == []
