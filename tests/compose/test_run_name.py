"""name=auto: the net, what was typed, the data set; always the name of a folder."""

from __future__ import annotations

import re
import unicodedata

import pytest

from runner.compose.composition import compose
from runner.compose.request import parse
from runner.compose.run_name import is_made, part, told_apart
from runner.config.catalog import Catalog, packaged_conf

CATALOG = Catalog([packaged_conf()])
TABLE = ["dataset=csv", "dataset.target=y"]


def name(*words: str) -> str:
    return compose(parse(words)).config.name


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "cnn-digits"),
        (["dataset=iris"], "dnn-iris"),
        (["dataset=fashion_mnist", "optimizer.lr=0.01"], "cnn-lr=0.01-fashion_mnist"),
        (["optimizer.lr=1e-1", "optimizer=sgd", "optimizer.momentum=0.90"], "cnn-sgd-lr=0.1-momentum=0.9-digits"),
        (["model=mlp", "model.hidden=[64,32]", "epochs=3", "seed=7"], "mlp-hidden=64+32-epochs=3-seed=7-digits"),
        (["scheduler=one_cycle_lr", "scheduler.max_lr=0.3"], "cnn-one_cycle_lr-max_lr=0.3-digits"),
        (["early_stopping={min_delta:0.5}"], "cnn-min_delta=0.5-digits"),
        (["dataset.transforms=[{scale:{divisor:16}},flatten]"], "dnn-transforms=scale+flatten-digits"),
        (["model=torchvision", "model.name=vgg11", "dataset=cifar10"], "vgg11-cifar10"),
        (["epochs=1", "epochs=2"], "cnn-epochs=2-digits"),
        (["name=mine", "epochs=2"], "mine"),
    ],
)
def test_the_name_is_the_net_what_was_typed_and_the_data_set(words: list[str], told: str) -> None:
    assert name(*words) == told


def test_a_recipe_keeps_its_name_and_says_what_was_typed() -> None:
    assert name("experiment=digits_mlp") == "digits_mlp"
    assert name("experiment=digits_mlp", "model=dnn", "optimizer.lr=0.1") == "digits_mlp-dnn-lr=0.1"
    assert name("debug=one_batch", "dataset=random") == "cnn-one_batch-random"


def test_what_decides_nothing_that_is_learnt_is_left_out() -> None:
    places = ["output_dir=o", "data_dir=d", "device=cpu", "threads=1", "tags=[a]", "tensorboard=off", "num_workers=0"]
    others = ["checkpoint.every_steps=5", "log_every_steps=1", "detect_anomaly=true", "metric=[accuracy,f1]"]
    assert name(*places, *others, "metric.f1.average=micro") == "cnn-digits"


def test_a_table_is_called_by_its_file() -> None:
    assert name(*TABLE, "dataset.path=data/집값.csv", "dataset.limit=9") == "dnn-limit=9-집값"
    assert name(*TABLE, "dataset.path=https://a.b/houses of 2024.csv?x=1") == "dnn-houses_of_2024"


def test_the_end_of_a_key_that_two_parts_have_keeps_the_part() -> None:
    assert name("dataset=diabetes", "optimizer.eps=0.5") == "dnn-eps=0.5-diabetes"
    assert name("dataset=diabetes", "optimizer.eps=0.5", "loss=poisson_nll") == (
        "dnn-poisson_nll-optimizer.eps=0.5-diabetes"
    )


def test_a_name_fits_into_a_folder_whatever_was_typed() -> None:
    long = [
        "optimizer=sgd",
        "optimizer.momentum=0.9",
        "optimizer.dampening=0.25",
        "grad_clip_norm=1.5",
        "seed=12345678",
    ]
    told = name(
        *TABLE,
        f"dataset.path={'가' * 60}.csv",
        *long,
        "split_seed=3",
        "val_fraction=0.25",
        "epochs=100",
        "batch_size=128",
    )
    assert re.fullmatch(r"dnn-sgd-.+-and_\d_more-가{11}", told)
    assert len(f"12-34-56-123456-{told}".encode()) < 120


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a/b c", "a_b_c"),
        ("..", "_"),
        ("한글 표", "한글_표"),
        (unicodedata.normalize("NFD", "한글"), "한글"),
        ("x" * 99, "x" * 34),
    ],
)
def test_a_part_can_stand_in_the_name_of_a_folder(text: str, told: str) -> None:
    assert part(text) == told


@pytest.mark.parametrize("given", ["mine", "cnn-baseline-digits", "digits_mlp-lr=0.1"])
def test_a_name_that_somebody_gave_is_no_made_one(given: str) -> None:
    assert not made(given)


@pytest.mark.parametrize("words", [[], ["optimizer=sgd", "optimizer.lr=1e-5"], ["debug=one_batch", "epochs=2"]])
def test_a_made_name_is_known_again(words: list[str]) -> None:
    assert made(name(*words)) and made("digits-cnn-adam")  # as earlier builds made it


def made(told: str) -> bool:
    config = compose(parse([])).config
    return is_made(told, config.as_dict()["options"], config.model, config.dataset, CATALOG)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"model": "cnn", "optimizer.lr": "0.01"}, "cnn-lr=0.01"),
        ({"optimizer.lr": "1e-05", "seed": "3"}, "lr=1e-05-seed=3"),
        ({"model.hidden": "[64,32]", "tensorboard": "off"}, "hidden=64+32-tensorboard=off"),
        ({"dataset.path": "tables/집 값.csv"}, "path=집_값.csv"),
        ({"model.dropout": "0.10", "other.dropout": "{a"}, "model.dropout=0.1-other.dropout=_a"),
        ({}, ""),
    ],
)
def test_what_a_job_has_for_itself_is_told_as_a_run_is_named(settings: dict[str, str], told: str) -> None:
    assert told_apart(settings) == told


def test_what_a_job_has_for_itself_fits_into_a_folders_name() -> None:
    name = told_apart({f"setting_{number}": "가" * 40 for number in range(9)})
    assert len(name.encode()) <= 96 and name.endswith("_more")
