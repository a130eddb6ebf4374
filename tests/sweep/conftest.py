from pathlib import Path

import pytest

import program
from sweeps import SWEEP


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep that nobody disturbed."""
    home = tmp_path_factory.mktemp("alone")
    done = program.run([*SWEEP, "sweep.dir=sweep"], home / "said", cwd=home)
    assert done.code == 0, done.err
    return home / "sweep"
