"""What last is, and what is taken where a sweep is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from past_runs import CONFIG, make_run, make_sweep
from runner.errors import ConfigError, DataError
from runner.runs.named import find, folder_of_runs, newest, newest_first, open_run, open_run_or_sweep, short_name
from runner.runs.origin import located
from runner.runs.ranking import read_runs
from runner.runs.saved_sweep import SavedSweep

JOBS = ("0000-lr=0.1", "0001-lr=0.01")
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of two jobs, the second the better one, begun after a run that lies beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_OUTPUTS", raising=False)
    (make_run(tmp_path / "outputs" / "day" / "run") / "config.yaml").touch()
    folder = make_sweep(tmp_path / "outputs" / "sweeps" / "day" / "10-00-00-000000-lr", JOBS)
    for name, loss in zip(JOBS, (0.5, 0.25), strict=True):
        (make_run(folder / name, loss) / "config.yaml").touch()
    told = {"format": 1, "kind": "sweep", "status": "finished", "started": "2026", "winner": JOBS[1]}
    (folder / "summary.json").write_text(json.dumps(told))
    return folder


def test_last_is_the_sweep_where_it_was_started_last_and_never_one_of_its_jobs(sweep: Path) -> None:
    outputs = sweep.parents[2]
    assert newest(outputs) == SavedSweep(sweep)
    assert [found.path for found in newest_first(outputs)] == [sweep, outputs / "day" / "run"]
    assert short_name(sweep) == "last" and short_name(sweep / JOBS[1]) == f"outputs/sweeps/day/{sweep.name}/{JOBS[1]}"
    head = json.loads((sweep / "sweep.json").read_text()) | {"started": "2025-12-31T00:00:00.000000"}
    (sweep / "sweep.json").write_text(json.dumps(head))
    assert newest(outputs).path == outputs / "day" / "run"


def test_the_summary_of_a_sweep_makes_it_no_run(sweep: Path) -> None:
    runs, left_out = read_runs([sweep])
    assert ([run.path.name for run in runs], left_out) == ([*JOBS], [])


def test_a_verb_that_reads_one_run_takes_the_best_job_and_says_so(
    sweep: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.runs.saved_run.load_stored", lambda path, trusted: CONFIG)
    here = f"outputs/sweeps/day/{sweep.name}"
    assert open_run("eval", ["last"]).path == sweep / JOBS[1]
    assert capsys.readouterr() == ("", f"last is the sweep {here}; its best job 0001-lr=0.01\n")
    assert open_run("eval", [here, "output_dir=outputs"]).changes == {"output_dir": "outputs"}
    assert capsys.readouterr() == ("", f"{here} is a sweep; its best job 0001-lr=0.01\n")


def test_a_verb_that_takes_a_sweep_is_given_it_whole(sweep: Path, capsys: Capture) -> None:
    found = open_run_or_sweep("resume", ["last", "retry=failed"], own=["retry"])
    assert isinstance(found, SavedSweep) and (found.path, found.changes) == (sweep, {"retry": "failed"})
    assert folder_of_runs("report", "last", Path("outputs")) == sweep
    assert capsys.readouterr().err == f"last is the sweep outputs/sweeps/day/{sweep.name}\n" * 2


def test_weights_come_from_the_best_job(sweep: Path) -> None:
    with pytest.raises(DataError, match="no checkpoint is there"):
        located("last", Path("outputs"))


def test_of_a_sweep_of_which_no_job_is_finished_no_run_can_be_taken(sweep: Path) -> None:
    for name in JOBS:
        (sweep / name / "summary.json").unlink()
    with pytest.raises(DataError) as fault:
        open_run("eval", ["last"])
    here = f"outputs/sweeps/day/{sweep.name}"
    assert str(fault.value) == (
        f"{here}: is a sweep without a finished job\n  to see them: python -m runner report {here}"
    )


def test_a_sweep_given_by_its_name_is_answered_with_its_folder(sweep: Path) -> None:
    with pytest.raises(ConfigError, match=rf"lr: no such directory; did you mean outputs/sweeps/day/{sweep.name}\?"):
        find("lr", Path("outputs"))
