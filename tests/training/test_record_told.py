"""What a run says beside its bar while no step is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from program import TINY
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, conf_folders
from runner.runs.directory import RunDirectory
from runner.screen.console import RunConsole
from runner.training.folds import prepare
from runner.training.record import record


@pytest.mark.parametrize(("lasting_s", "told"), [(0.0, ["scoring val 1/1"]), (60.0, [])])
def test_an_evaluation_is_told_of_once_it_lasts(
    lasting_s: float, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("runner.training.record.LASTING_S", lasting_s)
    monkeypatch.setattr(RunConsole, "busy", lambda self, text: said.append(text))
    config = compose(parse([*TINY, "epochs=1", "max_steps=1", f"output_dir={tmp_path}"])).config
    directory = RunDirectory(tmp_path / "run")
    directory.path.mkdir()
    with directory.owned():
        record(prepare(config, Catalog(conf_folders(None))).first, directory)
    assert [text for text in said if not text.startswith(("scoring best.pt", "drawing"))] == told
