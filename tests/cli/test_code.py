"""``code RUN``: the script of a run that was made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import program
from as_script import losses
from runner.cli import main
from runner.runs.metric_log import read_rows

# what a plain script can show of a run with dropout, a schedule and early stopping
SHOWN = ["checkpoint.every_steps=null", "optimizer.lr=0.05"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program.train(tmp_path_factory.mktemp("place") / "outputs", *SHOWN)


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main.main(["code", *words]) in (2, 3)
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_the_script_of_a_run_has_its_losses(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["code", str(run)]) == 0
    script = capsys.readouterr().out
    assert script.startswith(
        f"# The same losses as\n# the run {run.name}: python -m runner train dataset=random model=dnn"
    )
    epochs, _ = losses(script, tmp_path)
    rows = [row for row in read_rows(run / "metrics.jsonl") if "val/loss" in row]
    assert len(epochs) == len(rows) == 4
    for found, row in zip(epochs, rows, strict=True):
        assert found == pytest.approx([row["train/loss"], row["val/loss"]], abs=1e-6)


def test_which_run_last_is_does_not_stand_in_the_script(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["code", "last", f"output_dir={run.parents[1]}"]) == 0
    out, err = capsys.readouterr()
    assert err == f"last is {run}\n"
    compile(out, "script", "exec")


def test_the_script_goes_to_a_file(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "script.py"
    assert main.main(["code", str(run), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"written to {out}\n"
    assert main.main(["code", str(run)]) == 0
    assert capsys.readouterr().out == out.read_text()
    out.write_text("mine")
    assert f"{out}: there already; replace it with --overwrite" in refused([str(run), "--out", str(out)], capsys)
    assert main.main(["code", "dataset=wine", "seed=3", "--out", str(out), "--overwrite"]) == 0
    assert out.read_text().startswith("# The same losses as python -m runner train dataset=wine seed=3\n")


def test_a_run_is_taken_as_it_is(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused([str(run), "epochs=3"], capsys)
    assert "epochs=3: code takes the run as it is\n  it can change baselines.size" in told
    assert told.endswith(f"python -m runner code {run}/config.yaml epochs=3\n")


def test_a_folder_that_is_no_run_is_said(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"{run.parent}: not a run directory" in refused([str(run.parent)], capsys)
    assert "there/is/none: no such directory; give a run directory, or last" in refused(["there/is/none"], capsys)
    (tmp_path / "multirun.yaml").touch()
    again = f"{tmp_path}: is a sweep without a finished job\n  to see them: python -m runner report {tmp_path}"
    assert again in refused([str(tmp_path)], capsys)


def test_where_no_script_can_show_a_run_its_words_are_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = program.train(tmp_path / "outputs", "max_steps=3")
    told = refused([str(cut)], capsys)
    assert "error: code: max_steps=3: a plain script has no such thing; leave it out\n" in told
    assert "\n  the run was made by: python -m runner train dataset=random model=dnn" in told
    assert told.count("error: ") == told.count("error: code: ") == told.count("leave it out")


def test_a_run_whose_checkpoints_are_gone_is_not_guessed_at(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = Path(shutil.copytree(run, tmp_path / "bare"))
    shutil.rmtree(bare / "checkpoints")
    assert "last.pt: not there; the run had saved it" in refused([str(bare)], capsys)
