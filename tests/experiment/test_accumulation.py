"""Of a step of several batches it is said what one large batch would see otherwise."""

import pytest

from experiments import assembled
from runner.cli import main


def told(*words: str) -> list[str]:
    return [note for note in assembled([*words, "batch_size=16"]).notes if note.startswith("accumulate_steps")]


def test_batch_normalisation_is_told_to_see_the_rows_of_a_micro_batch() -> None:
    line = "accumulate_steps: batch normalisation takes its statistics from 16 rows at a time, not the 64 of a step"
    net = ("dataset=iris", "model=dnn", "model.normalisation=batch")
    assert told(*net, "accumulate_steps=4") == [line]
    assert told(*net) == told("dataset=iris", "model=linear", "accumulate_steps=4") == []


def test_a_loss_of_pairs_is_told_to_look_for_them_in_a_micro_batch() -> None:
    line = "accumulate_steps: loss=triplet_margin looks for its pairs among 16 rows at a time, not the 32 of a step"
    assert told("dataset=iris", "model=linear", "loss=triplet_margin", "accumulate_steps=2") == [line]


def test_more_batches_than_an_epoch_has_are_refused_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["train", "dataset=iris", "accumulate_steps=4"]) == 2
    assert capsys.readouterr().err.startswith("error: accumulate_steps=4: is more than the batches of an epoch: 108 ")
