"""A lesson on the screen: each sentence, the lines as they are typed, what they come to, the shape of a tensor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from runner.lessons.lesson import Lesson, Result

WIDEST = 60  # columns of a line with the shape behind it


def lesson_lines(topic: str, lesson: Lesson) -> Iterator[Text]:
    """The lines one after the other, while the lesson runs."""
    yield Text.assemble((topic, "bold cyan"), f"  {lesson.title}")
    for sentence, results in lesson.run():
        yield Text(f"\n{sentence}" if sentence else "")
        for result in results:
            yield from result_lines(result)
    yield from map(Text, ("", *lesson.drawing) if lesson.drawing else ())


def result_lines(result: Result) -> Iterator[Text]:
    """The line behind >>> and what it came to; the shape beside its last line where there is room."""
    yield Text(">>> " + result.line.replace("\n", "\n... "), style="cyan")
    *lines, last = result.text.split("\n")
    is_beside = len(last) + 3 + len(result.shape) <= WIDEST
    yield from map(Text, lines)
    if last and result.shape and is_beside:
        yield Text.assemble(f"{last}   ", (result.shape, "dim"))
    else:
        yield from (Text(text, style) for text, style in ((last, ""), (result.shape, "dim")) if text)
