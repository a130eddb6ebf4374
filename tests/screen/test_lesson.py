"""A lesson on the screen, in wide and narrow terminals."""

from __future__ import annotations

from functools import cache
from io import StringIO

import pytest
import torch
from rich.console import Console
from rich.text import Text

from runner.lessons.lesson import Lesson, Result
from runner.lessons.topics import LESSONS
from runner.screen.lesson import lesson_lines, result_lines


@cache
def told(topic: str) -> list[Text]:
    with torch.random.fork_rng():
        return list(lesson_lines(topic, LESSONS[topic]))


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("topic", LESSONS)
def test_nothing_but_a_sentence_is_broken_in_a_narrow_terminal(topic: str, columns: int) -> None:
    shown = StringIO()
    screen = Console(file=shown, width=columns, markup=False, highlight=False)
    for line in told(topic):
        screen.print(line)
    narrow = shown.getvalue().splitlines()
    whole = {row for line in told(topic) for row in str(line).split("\n")}
    assert max(map(len, narrow)) <= columns and len(narrow) > 20
    assert whole - set(narrow) <= {sentence for sentence, _ in LESSONS[topic].steps}


def test_a_result_stands_below_its_line_and_the_shape_beside_it_where_there_is_room() -> None:
    result = Result("x = [\n    1,\n]", "tensor([1])", "shape 1, int64")
    assert [str(line) for line in result_lines(result)] == [
        ">>> x = [\n...     1,\n... ]",
        "tensor([1])   shape 1, int64",
    ]
    long = Result("y", "tensor(" + "1" * 40 + ")", "one number, int64")
    assert [str(line) for line in result_lines(long)][1:] == [long.text, long.shape]
    assert [str(line) for line in result_lines(Result("z", "", "shape 50, int64"))][1:] == ["shape 50, int64"]
    assert [str(line) for line in result_lines(Result("import torch", "", ""))] == [">>> import torch"]


def test_a_step_without_a_sentence_follows_an_empty_line_and_a_drawing_stands_at_the_end() -> None:
    lines = [str(line) for line in lesson_lines("conv", Lesson("sizes", "1 + 1", ("2 -> 1", "oo")))]
    assert lines == ["conv  sizes", "", ">>> 1 + 1", "2", "", "2 -> 1", "oo"]
