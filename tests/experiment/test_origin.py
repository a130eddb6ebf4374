"""Nets that begin with the weights of another run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

import program
from experiments import assembled
from runner.errors import DataError
from runner.runs.checkpoint import unpack

# the net of program.TINY, on rows of its own
NET = [
    *["model=dnn", "model.hidden=[16,8]", "model.normalisation=batch", "model.dropout=0.3"],
    *["batch_size=13", "epochs=1", "threads=1"],
    *["dataset=random", "dataset.shape=[6]", "dataset.num_rows=90"],
]
OTHERS = [*NET, "dataset.seed=5"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program.train(tmp_path_factory.mktemp("outputs"), "epochs=2")


@pytest.fixture(scope="module")
def weights(run: Path) -> dict[str, Tensor]:
    path = run / "checkpoints/best.pt"
    return dict(unpack(path.read_bytes(), path)["model"])


def test_weights_and_statistics_are_those_of_the_run_and_constants_those_of_the_new_data(
    run: Path, weights: dict[str, Tensor]
) -> None:
    begun = assembled([*OTHERS, "dataset.num_classes=3", f"start_from={run}", "dataset.transforms=[normalise]"])
    found = begun.parts.model.state_dict()
    assert found.keys() == weights.keys() and {name for name in found if "running_var" in name}
    assert all(torch.equal(found[name], weights[name]) for name in weights)
    fresh = assembled([*OTHERS, "dataset.num_classes=3", "dataset.transforms=[normalise]"])
    constants, expected = (each.parts.preprocess.state_dict() for each in (begun, fresh))
    assert constants.keys() == expected.keys() and len(constants) == 3
    assert all(torch.equal(constants[name], expected[name]) for name in constants)
    assert begun.notes[0] == f"weights from {run.name}/best.pt, epoch 2: all 5 layers"


def test_another_head_stays_as_it_was_drawn_and_is_said(run: Path, weights: dict[str, Tensor]) -> None:
    words = [*OTHERS, "dataset.num_classes=2", "loss=cross_entropy"]
    begun, fresh = assembled([*words, f"start_from={run}"]), assembled(words)
    found, drawn = begun.parts.model.state_dict(), fresh.parts.model.state_dict()
    head = {name for name in drawn if drawn[name].shape != weights[name].shape}
    assert len(head) == 2
    assert all(torch.equal(found[name], (drawn if name in head else weights)[name]) for name in found)
    (told,) = begun.notes
    assert told.endswith(": 4 of 5 layers (1, 2, 5, 6); new: 9 (3 x 8 there, 2 x 8 here)")


def test_layers_that_only_one_of_the_nets_has_are_said(run: Path) -> None:
    deeper = assembled([*OTHERS, "dataset.num_classes=3", "model.hidden=[16,8,8]", f"start_from={run}"])
    assert deeper.notes[0].endswith(": 4 of 7 layers (1, 2, 5, 6); new: 9 (3 x 8 there, 8 x 8 here), 10, 13")
    flatter = assembled([*OTHERS, "dataset.num_classes=3", "model.hidden=[16]", f"start_from={run}"])
    told = ": 2 of 3 layers (1, 2); new: 5 (8 x 16 there, 3 x 16 here); left there: 6, 9"
    assert flatter.notes[0].endswith(told)


def test_dropout_in_between_moves_no_layer(run: Path, weights: dict[str, Tensor]) -> None:
    begun = assembled([*OTHERS, "dataset.num_classes=3", "model.dropout=0", f"start_from={run}"])
    assert begun.notes[0].endswith("all 5 layers")
    found = begun.parts.model.state_dict()
    assert list(found) != list(weights)
    assert all(map(torch.equal, found.values(), weights.values()))


@pytest.mark.parametrize(
    ("words", "net", "advice"),
    [
        (["model.hidden=[5]"], "this net has 1 (5 x 6), 2 (5), 5 (3 x 5)", "choose its net: model.hidden=[16,8]"),
    ],
)
def test_a_net_of_which_nothing_fits_is_refused_with_the_words_for_the_right_one(
    run: Path, words: list[str], net: str, advice: str
) -> None:
    with pytest.raises(DataError) as fault:
        assembled([*NET, "dataset.num_classes=3", f"start_from={run}", *words])
    told, last = str(fault.value).splitlines()
    has = "nothing of it fits: it has 1 (16 x 6), 2 (16), 5 (8 x 16), 6 (8) and 1 more"
    assert told == f"start_from={run}/checkpoints/best.pt: {has}; {net}"
    assert last == f"  {advice}"


def test_a_damaged_file_is_refused(run: Path, tmp_path: Path) -> None:
    content = bytearray((run / "checkpoints/last.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "torn.pt").write_bytes(content)
    with pytest.raises(DataError) as fault:
        assembled([*NET, "dataset.num_classes=3", f"start_from={tmp_path}/torn.pt"])
    told = f"start_from={tmp_path}/torn.pt: not loaded: damaged, its content does not match its checksum"
    assert str(fault.value) == told


def test_a_run_on_another_split_of_the_data_may_have_learnt_from_its_test_rows(run: Path) -> None:
    words = [*NET, "dataset.num_classes=3", f"start_from={run}"]
    assert len(assembled(words).notes) == 1
    told = assembled([*words, "split_seed=4", "test_fraction=0.3"]).notes[1]
    assert told == (
        f"{run.name}/best.pt was trained on another split of this data (split_seed=0, test_fraction=0.2): "
        f"rows of val and test may be among those it has learnt from, and flatter"
    )


def test_of_another_net_nothing_fits_and_its_own_is_named(run: Path) -> None:
    words = [word for word in NET if not word.startswith("model")]
    with pytest.raises(DataError, match="choose its net, model=dnn, or begin with another run"):
        assembled([*words, "dataset.num_classes=3", "model=linear", f"start_from={run}"])
