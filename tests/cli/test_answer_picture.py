"""``predict RUN ... --picture`` as typed."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import program
import runner.cli.answer_picture as answer_picture
from runner.cli import main
from runner.contracts import Column
from runner.screen.console import RunConsole
from runner.screen.predictions import Answers

Capture = pytest.CaptureFixture[str]
QUICK = ["epochs=1", "max_steps=3", "device=cpu", "threads=1", "tensorboard=off"]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    done = program.run(["train", "model=linear", *QUICK, f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return program.only_run(folder)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_test_row_is_drawn_beside_its_answer(digits: Path, here: Path, capsys: Capture) -> None:
    assert main.main(["predict", str(digits), "--test-index", "2", "--picture"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "best.pt, row 2 of the test split" and out[-1] == "picture written to prediction.png"
    assert (here / "prediction.png").read_bytes().startswith(b"\x89PNG")


def test_a_file_is_drawn_where_out_says_and_never_over_another_picture_unasked(
    digits: Path, here: Path, capsys: Capture
) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(here / "a.png")
    words = ["predict", str(digits), "a.png", "--picture", "--out", "seen.svg"]
    assert main.main(words) == 0
    assert b"<svg" in (here / "seen.svg").read_bytes()
    assert main.main(words) == 2
    assert "seen.svg: there already; replace it with --overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--picture", "--json"], "predict: choose one of --json and --picture"),
        (["--out", "a.png"], "predict: --out a.png: is the file of a picture; add --picture"),
        (["--picture", "--out", "a.jpg"], "--out a.jpg: pictures are drawn as .png, .svg or .pdf"),
    ],
)
def test_a_wrong_request_is_told(digits: Path, capsys: Capture, words: list[str], told: str) -> None:
    assert main.main(["predict", str(digits), "--test-index", "2", *words]) == 2
    assert told in capsys.readouterr().err


def test_of_many_rows_of_a_table_the_first_twenty_are_kept(here: Path, capsys: Capture) -> None:
    picture = answer_picture.AnswerPicture(here / "rows.png", "dnn-iris", [Column("rooms")])
    for first in (0, 15, 30):
        names = [f"t.csv:{row}" for row in range(first, first + 15)]
        picture.keep(Answers(names, torch.arange(15.0), ()), torch.full((15, 1), float(first)))
    answers, x = picture.joined()
    assert answers.names == [f"t.csv:{row}" for row in range(20)]
    assert x[:, 0].tolist() == [0.0] * 15 + [15.0] * 5 and answers.scores[15:].tolist() == [0, 1, 2, 3, 4]
    picture.write(RunConsole())
    assert (here / "rows.png").exists() and "rows.png" in capsys.readouterr().out


def test_a_terminal_with_colours_shows_the_image(
    digits: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main.main(["predict", str(digits), "--test-index", "2", "--picture"]) == 0
    assert capsys.readouterr().out.count("▀") == 8 * 16  # 8 x 8 pixels of four each, one above the other in a character
