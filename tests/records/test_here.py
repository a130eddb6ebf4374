from pathlib import Path

import pytest

from runner.records.here import here


def test_a_path_is_told_from_the_current_folder_on_where_it_is_below(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert here(tmp_path / "outputs" / "run") == "outputs/run"
    assert here(Path("outputs")) == "outputs"
    assert here(tmp_path.parent / "elsewhere") == str(tmp_path.parent / "elsewhere")
