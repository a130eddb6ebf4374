"""What several devices cannot train is refused, with what to do instead."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from experiments import assembled
from runner import device
from runner.errors import ConfigError, DeviceError
from runner.experiment.assemble import Experiment
from runner.experiment.devices import with_devices_checked, with_launched

IRIS = ["dataset=iris", "model=linear", "devices=2"]
CUDA = device.Choice(torch.device("cuda"), "said")


@pytest.fixture(autouse=True)
def two_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "num_cores", lambda: 2)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


def fault(words: list[str], **changed: Any) -> str:
    experiment = replace(assembled(words), **changed)
    with pytest.raises((ConfigError, DeviceError)) as refused:
        with_devices_checked(experiment)
    return str(refused.value)


def note(words: list[str]) -> list[str]:
    return [line for line in with_devices_checked(assembled(words)).notes if line.startswith("devices")]


def test_one_device_is_left_as_it_is() -> None:
    alone = assembled(["dataset=iris", "model=linear"])
    assert with_devices_checked(alone) == alone


def test_more_devices_than_there_are_are_refused() -> None:
    three = [*IRIS, "devices=3"]
    assert fault(three) == "devices=3: this machine has 2 cores; set devices=2"
    assert fault(three, choice=CUDA) == "devices=3: this machine has 2 GPUs; set devices=2"


def test_a_device_that_was_named_is_one() -> None:
    experiment = assembled(IRIS)
    named = replace(experiment, config=replace(experiment.config, device="cuda:1"), choice=CUDA)
    with pytest.raises(DeviceError, match=r"^devices=2: device=cuda:1 is one device; set device=cuda or device=cpu$"):
        with_devices_checked(named)


def test_a_batch_has_a_row_for_each() -> None:
    assert fault([*IRIS, "batch_size=1"]) == (
        "devices=2: each takes a row of a batch at least; set batch_size=2 or more"
    )


def test_batch_normalisation_is_refused_on_the_cpu_alone() -> None:
    words = [*IRIS, "model=dnn", "model.normalisation=batch"]
    assert fault(words) == (
        "devices=2: batch normalisation takes its statistics from all rows of a batch, which torch gathers on GPUs "
        "alone\n"
        "  choose another normalisation, as model.normalisation=layer, or set devices=1"
    )
    on_gpus = replace(assembled(words), choice=CUDA)
    assert with_devices_checked(on_gpus).parts is on_gpus.parts


@pytest.mark.parametrize("words", [["loss.weight=[0,1,1]"], ["loss=nll", "loss.ignore_index=0"]])
def test_a_device_may_have_only_rows_that_the_loss_leaves_out(words: list[str]) -> None:
    told = fault([*IRIS, *words])
    assert "leaves out a class, and a device may have rows of no other; set devices=1" in told
    with_devices_checked(assembled([*IRIS, "loss.weight=[1,2,9]"]))


def test_what_is_for_one_device_is_refused() -> None:
    assert fault([*IRIS, "compile=true"]) == "devices=2: compile=true is for one device; leave one of them out"
    sparse = ["experiment=car_embedding", "optimizer=sparse_adam", "fold=0", "devices=2"]
    assert fault(sparse) == "devices=2: sparse gradients are not added up; choose dense ones, as optimizer=adam has"
    streaming = fault(IRIS, data=replace(assembled(IRIS).data, x=object()))
    assert streaming == "devices=2: each would read all rows of dataset=iris from the disk; set devices=1"


def test_pairs_of_rows_are_those_of_a_device() -> None:
    line = "devices: loss=triplet_margin looks for its pairs among the rows of a device, not of the batch"
    assert note([*IRIS, "loss=triplet_margin"]) == [line]
    assert note(IRIS) == []


def test_torchrun_says_how_many_devices_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    plain: Experiment = assembled(["dataset=iris", "model=linear"])
    assert with_devices_checked(plain).config.devices == 4
    with pytest.raises(ConfigError, match=r"^devices=2: torchrun has started 4 processes; leave devices out$"):
        with_launched(assembled(IRIS).config)
    with pytest.raises(
        ConfigError, match=r"^fold=all: torchrun trains one run; choose a fold, as fold=0, or set devic"
    ):
        with_launched(replace(plain.config, folds=3, fold="all"))
