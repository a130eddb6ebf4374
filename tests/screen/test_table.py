"""Tables where there is little room: no cell is cut or broken over lines, and what is left out is said."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console, RenderableType

from runner.screen.first_step import whole
from runner.screen.table import Listing, bare_table, ranking
from terminal import in_terminal

HEADS = ["model", "optimizer.lr", "a long setting", "val/loss", "test/loss", "run"]
LINES = [["mlp", "0.1", "x" * 30, "0.2901", "3,669,244", "first"], ["cnn", "0.01", "y", "0.5", "1.0", "second"]]


def printed(width: int, *what: RenderableType) -> list[str]:
    console = Console(width=width, force_terminal=True, color_system=None, markup=False)
    with console.capture() as capture:
        console.print(*what, sep="\n")
    return [line.rstrip() for line in capture.get().splitlines()]


def test_columns_that_do_not_fit_are_named_below_and_those_that_rank_stay() -> None:
    table = ranking(HEADS, LINES, ["val/loss", "test/loss"], kept=["val/loss"], remedy=": --wide")
    assert printed(60, table) == [
        "model   optimizer.lr   val/loss   test/loss   run",
        "mlp     0.1              0.2901   3,669,244   first",
        "cnn     0.01                0.5         1.0   second",
        "1 column more: a long setting: --wide",
    ]
    assert printed(30, table) == [
        "model   val/loss   test/loss",
        "mlp       0.2901   3,669,244",
        "cnn          0.5         1.0",
        "3 columns more: optimizer.lr,",
        "a long setting, run: --wide",
    ]
    assert len(printed(120, table)) == 3


def test_a_list_with_long_meanings_gives_each_lines_of_its_own_where_there_is_no_room() -> None:
    meaning = "learning rate: the size of a step, which is what one tunes first"
    listing = Listing("optimizer=adam", ("parameter", "default", "meaning"), (("optimizer.lr", "0.001", meaning),))
    assert printed(44, listing) == [
        "optimizer=adam",
        "optimizer.lr  0.001",
        "    learning rate: the size of a step, which",
        "    is what one tunes first",
    ]
    assert "optimizer.lr   0.001     learning rate: the" in "\n".join(printed(72, listing))


def test_in_lines_of_their_own_numbers_keep_the_heads_of_their_columns_and_empty_cells_take_no_room() -> None:
    rows = (("cabin", "categorical", "225", "26", "C15 2, C23 2, C28 2"), ("ticket", "text", "", "", ""))
    listing = Listing("my.csv", ("column", "kind", "empty", "unknown", "in the train rows"), rows, numbers=(2, 3))
    assert printed(50, listing) == [
        "my.csv",
        "cabin  categorical  empty 225  unknown 26",
        "    C15 2, C23 2, C28 2",
        "ticket  text",
    ]


def test_in_a_file_a_letter_of_hangul_takes_two_columns() -> None:
    listing = Listing(
        "my.csv", ("column", "empty", "values"), (("구", "1,234", "강남"), ("floor", "2", "1 to 3")), numbers=(1,)
    )
    assert [*listing.lines()] == [
        "my.csv",
        "  column  empty  values",
        "  구      1,234  강남",
        "  floor       2  1 to 3",
    ]


def test_a_run_in_a_real_terminal_of_60_columns(tmp_path: Path) -> None:
    words = ("train", "dataset=wine", "epochs=1", "threads=1", "output_dir=out")
    text = in_terminal(60, tmp_path, "-m", "runner", *words)
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n").split("\n")
    told = [line.rpartition("\r")[2].rstrip() for line in lines]
    assert any("loading torch ...\r" in line for line in lines)
    scores = told[next(place for place, line in enumerate(told) if line.startswith("finished after")) :][:6]
    assert all(len(line) <= 60 for line in [*scores, *(line for line in told if line.startswith(("╭", "│", "╰")))])
    (run,) = (line.removeprefix("run  ") for line in told if line.startswith("run  "))
    assert (tmp_path / run / "summary.json").is_file()
    assert "3 columns more: linear on test, trees on test, val - train;" in told
    assert any(line.startswith("1 column more: train/accuracy; a wider terminal") for line in told)
    assert not any("…" in line for line in told)


def test_an_error_in_a_real_terminal_ends_its_lines_between_words(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("age,occupation,price\n1,a,2.5\n2,b,3.5\n")
    text = in_terminal(60, tmp_path, "-m", "runner", "train", "my.csv", "epochs=3")
    assert text.replace("\r\n", "\n") == (
        "\x1b[1;31merror:\x1b[0m my.csv: a table of yours is dataset=csv; its columns:\n"
        "age, occupation, price; did you mean:\n"
        "  python -m runner train dataset=csv dataset.path=my.csv dataset.target=COLUMN epochs=3\n"
    )


def test_the_layers_of_a_first_step_stand_in_a_line_each_with_their_shapes() -> None:
    cells = ("   block_1.0", "Conv2d(1, 32, kernel 3)", "64 x 32 x 8 x 8", "0.0182", "0.3317")
    heads = ["   layer", "what it is", "shape", "mean", "deviation"]
    assert printed(55, whole(bare_table(heads, [cells], numbers=(3, 4)), kept=("shape",))) == [
        "   layer       shape               mean   deviation",
        "   block_1.0   64 x 32 x 8 x 8   0.0182      0.3317",
        "1 column more: what it is; a wider terminal shows it",
    ]
