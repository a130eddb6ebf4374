"""A torch and a torchvision that were not built for each other are named, with the command that mends it."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from pathlib import Path

import pytest

from runner.build import libraries
from runner.errors import RunError


def test_the_libraries_are_there_after_loading_and_garbage_is_collected_again() -> None:
    libraries.load()
    assert {"torch", "torchvision", "torchmetrics"} <= sys.modules.keys()
    assert gc.isenabled()


def test_what_python_warns_of_stays_as_it_was() -> None:
    before = list(warnings.filters)
    libraries.load()
    assert list(warnings.filters) == before


@pytest.mark.parametrize(
    ("given", "wanted"),
    [({}, "3000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "passive"}, None)],
)
def test_threads_that_wait_spin_briefly_unless_the_user_has_said_how(
    given: dict[str, str], wanted: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(given))
    libraries.calm_threads()
    assert os.environ.get("GOMP_SPINCOUNT") == wanted


def test_a_torchvision_of_another_build_is_an_error_with_versions_and_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = 'raise RuntimeError("operator torchvision::nms does not exist")'
    (tmp_path / "torchvision.py").write_text(broken, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    with pytest.raises(RunError) as caught:
        libraries.load()
    told = str(caught.value).splitlines()
    assert len(told) == 2
    assert told[0].startswith("torch 2.") and ", torchvision 0." in told[0]
    assert told[0].endswith("operator torchvision::nms does not exist")
    assert "pip install --force-reinstall torch torchvision" in told[1]
    assert gc.isenabled()
