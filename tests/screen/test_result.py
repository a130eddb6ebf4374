"""What is computed for the last table, by hand-made counts."""

import math

import pytest
from rich.cells import cell_len
from rich.console import Console

from runner.screen.result import ClassScore, _gap_text, class_table, confusion_table, per_class
from runner.text import shortened


def text_of(table, width=80):
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_precision_recall_and_f1_of_each_class():
    # true 0: 6 right, 2 taken for 1; true 1: 3 taken for 0, 9 right
    zero, one = per_class([[6, 2], [3, 9]])
    assert zero == ClassScore(precision=6 / 9, recall=6 / 8, f1=12 / 17, support=8)
    assert one == ClassScore(precision=9 / 11, recall=9 / 12, f1=18 / 23, support=12)


def test_a_class_never_predicted_and_a_class_without_rows_score_zero():
    never_predicted, without_rows, _ = per_class([[0, 0, 4], [0, 0, 0], [0, 2, 5]])
    assert never_predicted == ClassScore(precision=0.0, recall=0.0, f1=0.0, support=4)
    assert without_rows == ClassScore(precision=0.0, recall=0.0, f1=0.0, support=0)


def test_the_class_table_ends_with_the_plain_mean():
    lines = text_of(class_table(("cat", "dog"), per_class([[1, 0], [1, 0]]), "test"))
    assert lines == [
        "test split",
        "class  precision  recall     F1  rows",
        "cat        0.500   1.000  0.667     1",
        "dog        0.000   0.000  0.000     1",
        "mean       0.250   0.500  0.333     2",
    ]


def test_the_confusion_matrix_has_true_rows_and_predicted_columns():
    lines = text_of(confusion_table(("cat", "dog"), [[7, 0], [2, 11]], width=80))
    assert lines == [
        "   predicted",
        "true cat dog",
        "cat    7   .",
        "dog    2  11",
    ]


def test_the_head_of_a_narrow_confusion_matrix_stands_whole():
    lines = text_of(confusion_table(("a", "b"), [[7, 0], [2, 11]], width=80))
    assert [line.split() for line in lines[:2]] == [["predicted"], ["true", "a", "b"]]


FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
COUNTS = [[900 if i == j else 11 for j in range(10)] for i in range(10)]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_names_stand_whole_above_the_confusion_matrix_or_classes_are_numbered(width):
    lines = text_of(confusion_table(FASHION, COUNTS, width), width=200)
    assert max(map(len, lines)) <= width and len(lines) == 12
    if width == 120:
        assert lines[1].split() == ["true", *" ".join(FASHION).split()]
    else:
        assert lines[1].split() == ["true", *map(str, range(10))]
        assert [line[:13].rstrip() for line in lines[2:4]] == ["0 T-shirt/top", "1 Trouser"]


def test_long_names_that_begin_alike_become_numbers():
    names = tuple(f"norway_spruce_tree_{kind}" for kind in "abc")
    lines = text_of(confusion_table(names, [[1, 0, 0]] * 3, width=80))
    assert lines[1].split() == ["true", "0", "1", "2"]
    assert lines[2].startswith("0 norway_spruce...")


def test_how_far_train_is_ahead_is_no_number_where_both_are_infinite():
    assert (_gap_text(math.inf, math.inf), _gap_text(math.inf, 1.0), _gap_text(1.0, 3.0)) == ("-", "+inf", "-2.0000")


def test_a_matrix_that_fits_no_way_is_left_out():
    assert confusion_table(FASHION, COUNTS, width=40) is None


def test_a_hangul_name_is_cut_by_the_columns_it_takes():
    assert shortened("강아지", 4) == "강아"
    assert cell_len(shortened("강아지", 5)) <= 5
