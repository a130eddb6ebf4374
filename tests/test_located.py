"""A run of files that were named from one folder is gone on with, and measured, from any other."""

import shutil
from pathlib import Path

import pytest

import program
from tables import HEADER, ROWS, write

NET = """
from torch import nn

class Net(nn.Linear):
    def __init__(self, in_shape, num_outputs):
        super().__init__(*in_shape, num_outputs)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a project: a table, a net, and a run of both."""
    folder = tmp_path_factory.mktemp("project")
    write(folder / "my.csv", HEADER, *ROWS)
    (folder / "my_net.py").write_text(NET)
    words = ["dataset=csv", "dataset.path=my.csv", "dataset.target=price", "batch_size=8", "epochs=1"]
    words += ["model=module", "model.path=my_net.py", "model.name=Net", "trusted=[my_net]", "output_dir=out"]
    done = program.run(["train", *words, "data_dir=data", "tensorboard=off"], folder / "said", cwd=folder)
    assert done.code == 0, done.err
    return folder


@pytest.mark.parametrize("words", [["eval"], ["resume", "epochs=2"], ["predict", "--test-index", "0"]])
def test_files_are_found_from_another_folder(folder: Path, tmp_path: Path, words: list[str]) -> None:
    verb, *more = words
    run = program.only_run(folder / "out")
    done = program.run([verb, str(run), "trusted=[my_net]", *more], tmp_path)
    assert (done.code, done.err) == (0, "")


def test_a_table_that_was_moved_is_found_in_data_dir(folder: Path, tmp_path: Path) -> None:
    run = program.only_run(folder / "out")
    (tmp_path / "there").mkdir()
    shutil.move(folder / "my.csv", tmp_path / "there")
    missing = program.run(["eval", str(run), "trusted=[my_net]"], tmp_path)
    assert missing.code == 3
    told = f"no such file; looked for {folder / 'my.csv'} and {folder / 'data' / 'my.csv'}"
    assert f"{told}\n  in another folder: data_dir=...\n" in missing.err
    found = program.run(["eval", str(run), "trusted=[my_net]", f"data_dir={tmp_path / 'there'}"], tmp_path)
    assert (found.code, found.err) == (0, "")
