"""How every verb that reads a run is told which one."""

import json
import shutil
from pathlib import Path

import pytest

import program


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
    assert done.err == f"error: {argv[1]}: no such directory; did you mean {program.only_run(outputs)}?\n"


def test_of_a_run_without_its_settings_only_the_results_are_told(outputs: Path, tmp_path: Path) -> None:
    bare = Path(shutil.copytree(program.only_run(outputs), tmp_path / "bare"))
    (bare / "config.yaml").unlink()
    for argv in (["eval"], ["predict", "--test-index", "0"], ["resume"], ["view"]):
        done = program.run([argv[0], str(bare), *argv[1:]], tmp_path / "said")
        assert (done.code, done.out) == (3, "")
        assert "config.yaml: not there; of a run without its settings only its results can be told" in done.err
        assert f"  python -m runner report {bare}" in done.err
    assert program.run(["report", str(bare)], tmp_path / "said").code == 0
