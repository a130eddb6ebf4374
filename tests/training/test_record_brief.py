"""A job among others: its train.log says what its terminal would."""

from __future__ import annotations

from pathlib import Path

import pytest

from program import TINY
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, conf_folders
from runner.runs.directory import RunDirectory
from runner.training.folds import prepare
from runner.training.record import record


@pytest.mark.parametrize("folds", [[], ["folds=3", "fold=all"]])
def test_a_brief_run_prints_nothing_at_all(folds: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = compose(parse([*TINY, *folds, f"output_dir={tmp_path}"])).config
    prepared = prepare(config, Catalog(conf_folders(None)))
    directory = RunDirectory(tmp_path / "run")
    directory.path.mkdir()
    with directory.owned():
        if folds:
            prepared.record(directory, brief=True, begun=0.0, hint="try more")
        else:
            record(prepared.first, directory, None, ["metrics.jsonl lacks a row"], brief=True)
            assert " WARNING metrics.jsonl lacks a row\n" in directory.log.read_text()
    assert directory.summary.exists()
    assert capfd.readouterr() == ("", "")
