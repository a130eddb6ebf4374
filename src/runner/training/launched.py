"""A run whose processes torchrun has started, each with the words of one and the same command."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from runner import ranks
from runner.errors import ConfigError
from runner.training.companions import ORDER, name_of
from runner.training.follower import follow


def run(verb: Callable[[list[str]], int], argv: list[str]) -> int:
    """The exit code of one of the processes that torchrun has started: the first does as its words say, others follow.

    Raises ConfigError where their words are not the same.
    """
    if os.environ["RANK"] != "0":
        return follow()
    store = ranks.reached_store()
    try:
        for number in range(1, ranks.num_launched()):
            with ranks.noticing_loss():
                words = json.loads(store.get(f"words of {name_of(number)}"))
            check_same_words(number, words)
        return verb(argv)
    finally:
        with suppress(RuntimeError):
            store.compare_set(ORDER, "", "")  # where there is no order the others need not wait


def check_same_words(number: int, words: Sequence[str]) -> None:
    if words != sys.argv[1:]:
        ours, theirs = (shlex.join(given) for given in (sys.argv[1:], words))
        raise ConfigError(
            "torchrun: all processes of a run need the same words, also of output_dir, which they share\n"
            f"  rank 0: {ours}\n  {name_of(number)}: {theirs}"
        )
