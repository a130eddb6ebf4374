"""A run whose processes torchrun has started: here without torchrun, which takes seconds, by what it sets."""

from collections.abc import Sequence
from pathlib import Path

import yaml

import program
from program import TINY, Done, only_run
from runner import ranks

WORDS = ["train", *(word for word in TINY if not word.startswith("model.normalisation"))]


def launched(tmp_path: Path, *lines: Sequence[str]) -> list[Done]:
    """How the two ranks end, each with the words of a line."""
    store, port = ranks.opened_store()  # that of torchrun, which outlives them
    forked = [
        program.fork(
            words,
            tmp_path / f"said {number}",
            before="be_launched",
            at={"words": words, "places": {"RANK": str(number), "LOCAL_RANK": str(number), "MASTER_PORT": str(port)}},
        )
        for number, words in enumerate(lines)
    ]
    ended = [each.end() for each in forked]
    del store
    return ended


def test_the_first_of_two_launched_processes_writes_the_run(tmp_path: Path) -> None:
    words = [*WORDS, f"output_dir={tmp_path}"]
    first, second = launched(tmp_path, words, words)
    assert (first.code, first.err) == (0, "") and second == Done(0, "", "")
    assert "device    2 x cpu" in first.out
    assert yaml.safe_load((only_run(tmp_path) / "config.yaml").read_text())["devices"] == 2


def test_words_that_differ_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    first, second = launched(tmp_path, [*WORDS, f"output_dir={tmp_path}"], [*WORDS, f"output_dir={tmp_path}/b c"])
    assert (first.code, second) == (2, Done(0, "", ""))
    told, *lines = first.err.splitlines()
    assert told == "error: torchrun: all processes of a run need the same words, also of output_dir, which they share"
    assert lines[0].endswith(f" output_dir={tmp_path}") and lines[1].startswith("  rank 1: train dataset=random ")
    assert lines[1].endswith(f" 'output_dir={tmp_path}/b c'")
    assert not list(tmp_path.glob("20*"))


def test_a_command_that_trains_nothing_lets_the_others_go(tmp_path: Path) -> None:
    first, second = launched(tmp_path, ["train", "--help"], ["train", "--help"])
    assert first.code == 0 and first.out and second == Done(0, "", "")


def test_sweeps_are_refused(tmp_path: Path) -> None:
    words = [*WORDS, "-m", "seed=0,1", f"output_dir={tmp_path}"]
    first, second = launched(tmp_path, words, words)
    assert first.code == 2 and second == Done(0, "", "")
    assert (
        first.err.splitlines()[-1]
        == "error: torchrun trains one run; leave it out for a sweep, whose jobs share the devices, one each"
    )
