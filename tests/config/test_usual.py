"""What is usual beside a net that brings something along."""

from pathlib import Path

import pytest

from bringing import with_wide
from runner.config.catalog import Catalog, conf_folders
from runner.config.usual import idle, usual_knobs, usual_options, usual_settings

CHOICES = {"dataset": "wine", "model": "wide", "loss": "cross_entropy", "optimizer": "adamw", "scheduler": "none"}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(conf_folders(str(with_wide(tmp_path / "mine"))))


def test_options_and_settings_are_those_of_train_yaml_and_what_the_net_brings(catalog: Catalog) -> None:
    assert usual_options(catalog, "wide")["optimizer"] == "adamw"
    assert usual_settings(catalog, "wide")["batch_size"].default == 128
    for model in ("dnn", "one_that_is_gone"):
        assert usual_options(catalog, model) == catalog.defaults
        assert usual_settings(catalog, model) == catalog.settings


def test_a_knob_is_brought_for_the_option_that_comes_along_and_for_no_other(catalog: Catalog) -> None:
    assert usual_knobs(catalog, "optimizer", "adamw", "wide")["lr"].default == 0.004
    for option in ("adam", "sgd"):
        assert usual_knobs(catalog, "optimizer", option, "wide") == catalog.option("optimizer", option).knobs
    assert usual_knobs(catalog, "loss", "cross_entropy", "wide")["label_smoothing"].default == 0.1


def test_knobs_for_options_that_were_not_chosen_are_idle(catalog: Catalog) -> None:
    assert list(idle(catalog, CHOICES)) == ["scheduler.milestones", "scheduler.interval"]
    assert list(idle(catalog, {**CHOICES, "scheduler": "warmup_cosine"})) == []
    assert "loss.label_smoothing" in idle(catalog, {**CHOICES, "loss": "mse"})
    assert list(idle(catalog, {**CHOICES, "model": "dnn"})) == []
