import io

import numpy as np
import torch
from rich.console import Console

from exhibits import images, shades, split, table, targets
from runner.experiment.importance import Importance
from runner.figures.dataset_view import Balance, DatasetView, Group
from runner.figures.terminal import balance_table, half_blocks, importance_table, plain_lines, show, sparkline, tiles


def said(made: DatasetView, width: int = 100, *, colours: bool = True) -> str:
    system = "truecolor" if colours else None
    screen = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=system, highlight=False)  # type: ignore[arg-type]
    show(screen, made)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_a_half_block_has_the_upper_pixel_in_front_and_the_lower_behind() -> None:
    text = half_blocks(np.array([[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]], np.uint8))
    assert text.plain == "▀\n▀"
    assert [str(span.style) for span in text.spans] == ["rgb(1,2,3) on rgb(4,5,6)", "rgb(7,8,9)"]


def test_tiles_are_spread_evenly_over_as_many_lines_as_they_need() -> None:
    groups = tuple(Group(str(i), np.zeros((1, 2, 2, 3), np.uint8)) for i in range(10))
    assert [len(line.columns) for line in tiles(groups, 80)] == [4, 4, 2]
    assert [len(line.columns) for line in tiles(groups, 100)] == [5, 5]
    assert [len(line.columns) for line in tiles(groups, 5)] == [1] * 10


def test_a_class_without_images_has_no_tile() -> None:
    groups = tuple(Group(str(n), np.zeros((n, 2, 2, 3), np.uint8)) for n in (0, 1))
    assert [len(line.columns) for line in tiles(groups, 80)] == [1]


def test_a_heading_of_two_lines_stands_in_two_lines() -> None:
    screen = Console(file=io.StringIO(), width=40)
    screen.print(*tiles((Group("3, 98.2 %\nis 5", np.zeros((1, 2, 2, 3), np.uint8)),), 40))
    assert isinstance(screen.file, io.StringIO)
    assert [line.strip() for line in screen.file.getvalue().splitlines()][8:10] == ["3, 98.2 %", "is 5"]


def test_a_terminal_shows_images_names_and_counts_within_its_width() -> None:
    text = said(shades(), 60)
    assert "▀" in text and "\x1b[38;2;" in text
    assert "class 0" in text and "train" in text and "━" * 20 in text
    plain = said(shades(), 60, colours=False)
    assert max(map(len, plain.splitlines())) <= 60


def test_without_colours_there_are_no_images() -> None:
    text = said(shades(), colours=False)
    assert "▀" not in text
    assert "class 1" in text


def test_bars_are_as_long_as_their_counts_and_give_way_in_a_narrow_terminal() -> None:
    balance = Balance(("a", "b", "c"), {"train": (2000, 1000, 0), "test": (7, 8, 9)})
    for width, lengths in ((80, [30, 15, 0]), (33, [10, 5, 0])):
        screen = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
        with screen.capture() as capture:
            screen.print(balance_table(balance))
        lines = capture.get().splitlines()[1:]
        assert [line.count("━") for line in lines] == lengths
        assert [line.split()[0] for line in lines] == ["a", "b", "c"]


def test_a_sparkline_is_as_high_as_its_counts() -> None:
    values = torch.tensor([0.0] * 8 + [1.0] * 4 + [0.5])
    assert sparkline(values, 0.0, 1.0) == "█" + " " * 11 + "▁" + " " * 10 + "▄"
    assert sparkline(torch.tensor([3.0]), 3.0, 3.0) == "█"


def test_targets_are_told_by_least_mean_and_greatest() -> None:
    train, test = said(targets(), colours=False).splitlines()[-3:-1]
    assert train.split()[:5] == ["train", "6", "0.0000", "2.5000", "5.0000"]
    assert test.split()[:5] == ["test", "2", "6.0000", "6.5000", "7.0000"]


def test_where_blocks_do_not_fit_the_numbers_stay_whole() -> None:
    spread = "least to greatest of all"
    assert spread in said(targets(), 80, colours=False)
    narrow = said(targets(), 40, colours=False)
    assert spread not in narrow and max(map(len, narrow.splitlines())) <= 40
    assert narrow.splitlines()[-2].split() == ["test", "2", "6.0000", "6.5000", "7.0000"]


def test_plain_lines_have_every_class_and_numbers_to_the_right() -> None:
    assert list(plain_lines(table())) == [
        "hand_made: 6 rows, 2 columns, 3 classes",
        "drawn by hand",
        "  class  train  val  test",
        "  a          1    1     0",
        "  b          1    0     1",
        "  c          2    0     0",
    ]
    assert list(plain_lines(targets()))[2:] == ["  split  rows", "  train     6", "  test      2"]


def test_a_name_in_hangul_takes_two_columns_a_letter() -> None:
    made = images(torch.zeros(2, 1, 1, 1, dtype=torch.uint8), [0, 1], split([0, 1], [], []))
    object.__setattr__(made.data, "class_names", ("고양이", "x"))
    assert list(plain_lines(made))[2:] == ["  class   train", "  고양이      1", "  x           1"]


def test_what_columns_are_worth_is_told_whole_or_named_below() -> None:
    lost = {"net": torch.tensor([[0.2, 0.1]]), "hist": torch.tensor([[0.3, 0.3]])}
    found = Importance(("contract",), lost, (0,), (), 9, "")
    out = io.StringIO()
    Console(file=out, width=60).print(importance_table(found, "accuracy lost"))
    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        "column shuffled   the net: accuracy lost",
        "contract                 0.1500 ± 0.0707",
        "1 column more: trees: accuracy lost; a wider terminal shows",
        "it",
    ]


def test_of_very_many_columns_the_last_ones_are_counted() -> None:
    lost = {"net": torch.arange(50.0, 0, -1)[:, None].expand(50, 2)}
    found = Importance(tuple(f"f{number}" for number in range(50)), lost, tuple(range(50)), (), 9, "")
    out = io.StringIO()
    Console(file=out, width=60).print(importance_table(found, "accuracy lost"))
    lines = [line.split()[0] for line in out.getvalue().splitlines()]
    assert lines == ["column", *(f"f{number}" for number in range(40)), "10"]
