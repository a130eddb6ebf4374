"""How every verb that reads a run is told which one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import program
from past_runs import CONFIG, make_run
from runner.errors import DataError
from runner.runs.directory import RunDirectory
from runner.runs.named import short_name
from runner.runs.ranking import read_runs
from runner.runs.saved_run import NEUTRAL, SavedRun, settings_of


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outputs = tmp_path_factory.mktemp("place") / "outputs"
    program.train(outputs, "name=c")
    return outputs


@pytest.mark.parametrize("argv", [["eval"], ["predict", "--test-index", "0"], ["resume"], ["view", "curves"]])
def test_which_run_last_is_is_said(outputs: Path, tmp_path: Path, argv: list[str]) -> None:
    verb, *words = argv
    done = program.run([verb, "last", *words, f"output_dir={outputs}"], tmp_path)
    assert (done.code, done.err) == (0, f"last is {program.only_run(outputs)}\n")
    here = program.run([verb, "last", *words, "output_dir=outputs"], tmp_path / "said", cwd=outputs.parent)
    assert here.err.startswith(f"last is {program.only_run(outputs).relative_to(outputs.parent)}\n")


def test_which_run_last_is_does_not_stand_in_data(outputs: Path, tmp_path: Path) -> None:
    done = program.run(["predict", "last", "--test-index", "0", "--json", f"output_dir={outputs}"], tmp_path)
    assert json.loads(done.out)["input"] and done.err.startswith("last is ")


def test_a_run_named_by_its_directory_needs_no_word_on_which_it_is(outputs: Path, tmp_path: Path) -> None:
    assert program.run(["eval", str(program.only_run(outputs))], tmp_path).err == ""


@pytest.mark.parametrize("argv", [["eval", "c"], ["predict", "c", "--test-index", "0"], ["resume", "outputs/c"]])
def test_a_run_given_by_its_name_is_answered_with_its_directory(outputs: Path, tmp_path: Path, argv: list[str]) -> None:
    done = program.run([*argv, f"output_dir={outputs}"], tmp_path)
    assert done.code == 2
    assert done.err.startswith(f"error: {argv[1]}: no such directory; did you mean:\n  python -m runner {argv[0]} ")
    assert str(program.only_run(outputs)) in done.err


def test_of_a_run_without_its_settings_only_the_results_are_told(outputs: Path, tmp_path: Path) -> None:
    bare = Path(shutil.copytree(program.only_run(outputs), tmp_path / "bare"))
    (bare / "config.yaml").unlink()
    for argv in (["eval"], ["predict", "--test-index", "0"], ["resume"], ["view"]):
        done = program.run([argv[0], str(bare), *argv[1:]], tmp_path / "said")
        assert (done.code, done.out) == (3, "")
        assert "config.yaml: not there; without its settings a run can only be reported" in done.err
        assert f"  python -m runner report {bare}" in done.err
    assert program.run(["report", str(bare)], tmp_path / "said").code == 0


def test_the_last_run_is_called_so_and_others_by_their_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_OUTPUTS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    early, late = (make_run(tmp_path / name) for name in ("a", "bb"))  # made later, the longer its name
    for folder in (early, late):
        (folder / "config.yaml").touch()
    assert [short_name(folder) for folder in (early, late)] == ["a", "last"]


def names(folder: Path) -> list[str]:
    runs, left_out = read_runs([folder])
    assert left_out == []
    return [str(run.path.relative_to(folder)) for run in runs]


def test_runs_are_found_at_any_depth_each_once(tmp_path: Path) -> None:
    make_run(tmp_path / "day" / "a")
    make_run(tmp_path / "sweeps" / "day" / "now" / "0-lr=0.1")
    assert names(tmp_path) == ["day/a", "sweeps/day/now/0-lr=0.1"]
    assert len(read_runs([tmp_path, tmp_path / "day", tmp_path / "day" / "a"])[0]) == 2


def test_links_are_followed_but_not_round_and_round(tmp_path: Path) -> None:
    found = make_run(tmp_path / "elsewhere" / "run")
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "there").symlink_to(tmp_path / "elsewhere")
    (runs / "above").symlink_to("..")
    (tmp_path / "elsewhere" / "back").symlink_to(runs)
    (runs / "itself").symlink_to("itself")
    assert [run.path for run in read_runs([runs])[0]] == [found.resolve()]


def test_of_a_run_made_of_folds_the_folds_are_the_runs(tmp_path: Path) -> None:
    parent = make_run(tmp_path / "parent")
    for fold in range(2):
        make_run(parent / f"fold-{fold}", folds=2, fold=fold)
    assert names(tmp_path) == ["parent/fold-0", "parent/fold-1"]


def test_what_decides_what_is_learnt_is_a_setting_and_nothing_else() -> None:
    config = {
        "options": {"model": "mlp", "metric": ["accuracy", "f1"]},
        "model": {"_target_": "x.Mlp", "hidden": [512, 512], "dropout": 0.0},
        "epochs": 10,
        "folds": None,
        "data_dir": "/data",
        "tags": ["try"],
        "reference": {"source": "notes"},
        "checkpoint": {"every_epochs": 1},
    }
    assert settings_of(config, besides=NEUTRAL) == {
        "model": "mlp",
        "metric": "[accuracy,f1]",
        "model.hidden": "[512,512]",
        "model.dropout": "0.0",
        "epochs": "10",
        "folds": "null",
    }


def spoil(folder: Path, **changes: object) -> None:
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def lose_summary(folder: Path) -> None:
    (folder / "summary.json").rename(folder / "config.yaml")
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "last.pt").touch()


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (lambda run: (run / "summary.json").write_text('{"status": "fin'), "summary.json: damaged: "),
        (lambda run: (run / "summary.json").write_text("[]"), "damaged: not a JSON object"),
        (lambda run: (run / "summary.json").write_text('{"loss": 1}'), "its summary.json is not one of this program"),
        (lambda run: spoil(run, format=9), "format 9, this version reads format 1"),
        (lambda run: spoil(run, config={"options": 3}), "damaged: AttributeError in config or best"),
        (lambda run: spoil(run, config=7), "damaged: TypeError in config or best"),
        (lambda run: spoil(run, best=[1]), "damaged: AttributeError in config or best"),
        (
            lambda run: spoil(run, config=CONFIG | {"model": 7}),
            "damaged: TypeError in config or best: model is no part",
        ),
        (lambda run: spoil(run, config=CONFIG | {"options": {}}), "damaged: KeyError in config or best: 'dataset'"),
        (lambda run: spoil(run, digest="0"), "its results are not those that the run wrote"),
        (lambda run: spoil(run, config=None), "config.yaml: cannot be read: No such file or directory"),
        (lambda run: (run / "summary.json").rename(run / "config.yaml"), "no summary.json: the run ended before"),
        (lambda run: lose_summary(run), "no summary.json: it was lost; to write it again: python -m runner resume "),
    ],
)
def test_what_cannot_be_read_is_told_in_a_line_and_hides_nothing(how, told: str, tmp_path: Path) -> None:
    make_run(tmp_path / "good")
    how(make_run(tmp_path / "bad"))
    runs, (line,) = read_runs([tmp_path])
    assert [run.path.name for run in runs] == ["good"]
    assert told in line and str(tmp_path / "bad") in line and "\n" not in line


def test_measurements_that_are_not_there_were_lost_where_the_run_has_ended(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    with pytest.raises(DataError, match=r"metrics\.jsonl: not there; the run had written it: put it back"):
        _ = SavedRun(RunDirectory(run)).rows
    spoil(run, status="running")
    with pytest.raises(DataError, match="the run has measured nothing yet"):
        _ = SavedRun(RunDirectory(run)).rows


def test_folders_of_others_are_passed_through(tmp_path: Path) -> None:
    (tmp_path / "photos" / ".git").mkdir(parents=True)
    (tmp_path / "photos" / "cat.txt").write_text("cat")
    make_run(tmp_path / "photos" / "run")
    assert names(tmp_path) == ["photos/run"]
