"""``explain TOPIC``: plain lines of PyTorch, run in front of the reader."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from runner.build import libraries
from runner.cli.arguments import Parser
from runner.config.spelling import listed, nearest
from runner.errors import ConfigError
from runner.lessons import conv
from runner.lessons.conv_sizes import ConvSizes
from runner.lessons.lesson import Lesson
from runner.lessons.topics import LESSONS
from runner.screen.console import console
from runner.screen.lesson import lesson_lines
from runner.text import AS_MODULE, say

WITH_SIZES = "conv"
# argument -> how many numbers it may have, the least of them, an example
ARGUMENTS = {
    "kernel_size": ((1, 2), 1, "[3,5]"),
    "stride": ((1, 2), 1, "[2,1]"),
    "padding": ((1, 2), 0, "[4,2]"),
    "dilation": ((1, 2), 1, "[3,1]"),
    "input": ((3,), 1, "[16,50,100]"),
}
MEANT = {(1, 2): "a number, or two for height and width", (3,): "channels, height and width"}
EXAMPLE = " ".join(f"{name}={example}" for name, (_, _, example) in ARGUMENTS.items())
MOST = 10_000  # torch counts bytes in 64 bits
NUMBERS = re.compile(r"\[?(\d+(?:,\d+)*)\]?|\((\d+(?:,\d+)*)\)")


def parser(words: Sequence[str]) -> Parser:
    """The words that stand beside a topic, or topics where none is among ``words``."""
    usage = f"TOPIC [--code], {WITH_SIZES} [{EXAMPLE}]" if WITH_SIZES in words else "TOPIC [--code]"
    keys = tuple(ARGUMENTS) if WITH_SIZES in words else ()
    made = Parser("explain", usage, f"Each topic runs plain lines of PyTorch:\n{topics()}", keys=keys)
    made.add_argument("--code", action="store_true", help="print the lines alone, to paste them into Python")
    return made


def topics() -> str:
    """A line for each topic."""
    width = max(map(len, LESSONS))
    return "\n".join(f"  {topic:{width}}  {lesson.title}" for topic, lesson in LESSONS.items())


def is_meant(word: str) -> bool:
    """Whether the word is a topic, or near to one."""
    return nearest(word, LESSONS) is not None


def run(argv: Sequence[str]) -> int:
    """The exit code. Raises ConfigError for a wrong topic or argument, RunError where torch cannot be imported."""
    own, words = parser(argv).parse_words(argv)
    topic, lesson = asked(words)
    if own.code:
        say(*lesson.code.split("\n"))
        return 0
    libraries.load()
    screen = console(sys.stdout)
    for line in lesson_lines(topic, lesson):
        screen.print(line)
    return 0


def asked(words: Sequence[str]) -> tuple[str, Lesson]:
    """(topic, lesson). Raises ConfigError with every fault."""
    named = [word for word in words if "=" not in word]
    arguments = [word for word in words if "=" in word]
    if not named:
        raise ConfigError(f"explain --code: name a lesson\n  lessons: {listed(LESSONS)}")
    topic, *others = named
    if topic not in LESSONS:
        meant = nearest(topic, LESSONS)
        advice = f"; did you mean: {AS_MODULE} explain {meant}" if meant else f"\n  lessons: {listed(LESSONS)}"
        raise ConfigError(f"explain {topic}: there is no such lesson{advice}")
    if others:
        raise ConfigError(f"explain {' '.join(named)}: one lesson at a time")
    if not arguments:
        return topic, LESSONS[topic]
    if topic != WITH_SIZES:
        raise ConfigError(f"explain {topic} {arguments[0]}: this lesson takes no arguments; {WITH_SIZES} does")
    return topic, conv.lesson(sizes(arguments))


def sizes(words: Sequence[str]) -> ConvSizes:
    """What Conv2d is asked for. Raises ConfigError with every fault."""
    if faults := list(filter(None, map(argument_fault, words))):
        raise ConfigError(faults)
    given = {name: numbers(value) for name, _, value in (word.partition("=") for word in words)}
    asked = replace(conv.PLAIN, **{name: found * 2 if len(found) == 1 else found for name, found in given.items()})
    if faults := list(room_faults(asked)):
        raise ConfigError(faults)
    return asked


def argument_fault(word: str) -> str | None:
    name, _, value = word.partition("=")
    if name not in ARGUMENTS:
        meant = nearest(name, ARGUMENTS)
        advice = f"did you mean {meant}" if meant else f"there are {listed(ARGUMENTS)}"
        return f"explain conv {word}: no such argument; {advice}"
    counts, least, example = ARGUMENTS[name]
    found = numbers(value)
    if len(found) in counts and all(least <= number <= MOST for number in found):
        return None
    return f"explain conv {word}: must be {MEANT[counts]}, from {least} to {MOST:,}, as in {name}={example}"


def numbers(text: str) -> tuple[int, ...]:
    """3, [3,5] and (3, 5) as numbers; () of all else."""
    found = NUMBERS.fullmatch("".join(text.split()))
    return tuple(int(number) for number in (found[1] or found[2]).split(",")) if found else ()


def room_faults(asked: ConvSizes) -> Iterator[str]:
    for side in asked.sides:
        if side.room < 0:
            yield (
                f"explain conv: the kernel covers {side.span} pixels of the {side.name}, and with its padding it has "
                f"{side.padded}; take a larger input or padding, or a smaller kernel_size or dilation"
            )
