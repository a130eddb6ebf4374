"""How a table was read is said once, whether one run reads it or many."""

from pathlib import Path

import pytest

import program
from tables import write

NOTE = "column id is left out: it numbers the rows"
ROWS = [f"{i},{i % 7},{'abc'[i % 3]}" for i in range(60)]


@pytest.mark.parametrize("words", [[], ["folds=3", "fold=all"], ["-m", "seed=0,1"], ["-m", "folds=3", "fold=all"]])
def test_a_note_is_said_once_and_kept_by_every_run(tmp_path: Path, words: list[str]) -> None:
    path = write(tmp_path / "a.csv", "id,size,y", *ROWS)
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=y", "model=linear", "epochs=1"]
    done = program.run([*argv, "tensorboard=off", "batch_size=4", f"output_dir={tmp_path / 'out'}", *words], tmp_path)
    assert done.code == 0, done.err
    assert done.out.count(NOTE) == 1
    logs = [log.read_text() for log in (tmp_path / "out").rglob("train.log")]
    kept = [log for log in logs if "started" in log]
    assert len(kept) == (3 if "fold=all" in words else 2 if "-m" in words else 1)
    assert all(log.count(NOTE) == 1 for log in kept)
