"""``model=wide`` brings an optimizer, a schedule and settings along: what of it a request has."""

from pathlib import Path

import pytest
import torch

from bringing import WIDE, with_wide
from runner.compose.command import words
from runner.compose.composition import Composed, compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config
from runner.contracts import Data
from runner.errors import ConfigError
from runner.experiment.settings import resolve_auto


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return with_wide(tmp_path / "mine")


def composed(folder: Path, text: str) -> Composed:
    return compose(parse([f"--config-dir={folder}", "dataset=wine", "model=wide", *text.split()]))


def config(folder: Path, text: str = "") -> Config:
    return composed(folder, text).config


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        composed(folder, text)
    return list(raised.value.faults)


def test_a_net_brings_an_optimizer_a_schedule_and_settings_along(folder: Path) -> None:
    found = config(folder)
    assert (found.optimizer.option, found.optimizer.knobs["lr"]) == ("adamw", 0.004)
    assert found.optimizer.knobs["betas"] == [0.9, 0.95]
    assert (found.scheduler.option, found.scheduler.knobs["milestones"]) == ("warmup_cosine", [100])
    assert (found.batch_size, found.model.knobs["hidden"]) == (128, [8])


def test_what_is_brought_does_not_fill_the_name_of_a_run(folder: Path) -> None:
    assert config(folder).name == "wide-wine"
    assert config(folder, "optimizer.lr=0.01").name == "wide-lr=0.01-wine"


def test_what_is_brought_was_said_by_nobody_and_may_be_fitted_to_the_data(folder: Path) -> None:
    assert "batch_size" not in config(folder).said
    assert "batch_size" in config(folder, "batch_size=64").said  # which is usual for other nets


def test_what_is_typed_wins(folder: Path) -> None:
    found = config(folder, "optimizer.lr=0.001 batch_size=64 scheduler.milestones=[9]")
    assert (found.optimizer.knobs["lr"], found.optimizer.knobs["betas"]) == (0.001, [0.9, 0.95])
    assert (found.batch_size, found.scheduler.knobs["milestones"]) == (64, [9])


def test_a_typed_part_has_its_own_values(folder: Path) -> None:
    found = config(folder, "optimizer=sgd scheduler=none")
    assert (found.optimizer.option, found.optimizer.knobs["lr"]) == ("sgd", 0.001)
    assert "betas" not in found.optimizer.knobs
    assert (found.scheduler.option, found.scheduler.knobs) == ("none", {})
    tree = composed(folder, "optimizer=sgd scheduler=none").tree
    assert (tree.optimizer.lr, list(tree.scheduler)) == (0.001, ["_target_"])


def test_a_typed_value_for_a_typed_part_wins_over_both(folder: Path) -> None:
    assert config(folder, "optimizer=sgd optimizer.lr=0.004").optimizer.knobs["lr"] == 0.004


def test_a_recipe_wins_even_with_the_value_that_is_brought(folder: Path) -> None:
    (folder / "experiment").mkdir()
    recipe = "model: wide\noptimizer: sgd\noptimizer.lr: 0.004\nbatch_size: 32\n"
    (folder / "experiment" / "own.yaml").write_text(recipe)
    found = compose(parse([f"--config-dir={folder}", "dataset=wine", "experiment=own"])).config
    assert (found.optimizer.option, found.optimizer.knobs["lr"], found.batch_size) == ("sgd", 0.004, 32)
    assert "betas" not in found.optimizer.knobs


def test_a_fault_is_only_of_what_was_typed(folder: Path) -> None:
    (fault,) = faults(folder, "optimizer=sgd optimizer.betas=[0.9,0.95]")
    assert fault.startswith("optimizer.betas=[0.9,0.95]: optimizer=sgd has no betas")


def smoothing(found: Config, folder: Path, data: Data) -> object:
    return resolve_auto(found, Catalog(conf_folders(str(folder))), data).loss.knobs.get("label_smoothing")


def rows(task: str, names: tuple[str, ...]) -> Data:
    y_N = torch.tensor([0.0, 1.0]) if task == "regression" else torch.arange(max(2, len(names)))
    return Data(torch.zeros(len(y_N), 1), y_N, task=task, class_names=names)  # type: ignore[arg-type]


def test_a_knob_of_the_loss_waits_until_the_data_has_chosen_one(folder: Path) -> None:
    found = composed(folder, "")
    assert found.tree.loss.label_smoothing == 0.1
    assert found.config.loss.knobs == {}
    assert smoothing(found.config, folder, rows("multiclass", ("a", "b", "c"))) == 0.1
    assert smoothing(found.config, folder, rows("binary", ("a", "b"))) is None
    assert smoothing(found.config, folder, rows("regression", ())) is None


def test_a_typed_knob_beside_the_automatic_loss_is_given_to_the_loss_that_the_data_chooses(folder: Path) -> None:
    found = config(folder, "loss.label_smoothing=0")
    assert found.loss.knobs == {"label_smoothing": 0}
    assert smoothing(found, folder, rows("multiclass", ("a", "b", "c"))) == 0
    with pytest.raises(ConfigError) as refused:
        smoothing(found, folder, rows("regression", ()))
    assert str(refused.value) == (
        "loss.label_smoothing=0: loss=auto takes mse for data with numbers to predict, and mse has no label_smoothing; "
        "leave it out, or choose another loss: python -m runner show loss"
    )


def test_a_knob_of_another_loss_is_refused_beside_the_automatic_one(folder: Path) -> None:
    (fault,) = faults(folder, "loss.delta=1")
    assert fault.startswith("loss.delta=1: loss=auto has no delta; delta belongs to huber: choose loss=huber")


def test_a_typed_loss_has_the_knob_where_it_knows_it(folder: Path) -> None:
    assert config(folder, "loss=cross_entropy").loss.knobs["label_smoothing"] == 0.1
    assert config(folder, "loss=cross_entropy loss.label_smoothing=0").loss.knobs["label_smoothing"] == 0
    assert "label_smoothing" not in config(folder, "loss=nll").loss.knobs


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        ("optimizer: {lrr: 1}", "optimizer.lrr=1: optimizer=adamw has no lrr; did you mean optimizer.lr=1?"),
        ("optimizer: {lr: -1}", "optimizer.lr=-1: must be a number > 0"),
        ("loss: {label_smoothing: 2}", "loss.label_smoothing=2: must be a number >= 0 and < 1"),
        ("bach_size: 3", "bach_size=3: there is no setting bach_size; did you mean batch_size=3?"),
    ],
)
def test_a_fault_in_what_is_brought_names_the_file(tmp_path: Path, own: str, fault: str) -> None:
    head = WIDE.partition("optimizer:\n")[0]
    folder = with_wide(tmp_path / "mine", text=f"{head}{own}\n")
    (found,) = faults(folder, "")
    assert found == f"{folder / 'model/wide.yaml'}: {fault}"


def test_a_net_may_be_made_of_one_that_brings_something(folder: Path) -> None:
    text = "# Narrower.\ndefaults:\n  - wide\nhidden: [4]\n"
    (folder / "model" / "narrow.yaml").write_text(text)
    found = compose(parse([f"--config-dir={folder}", "dataset=wine", "model=narrow"])).config
    assert (found.model.knobs["hidden"], found.optimizer.knobs["lr"], found.batch_size) == ([4], 0.004, 128)


def test_the_command_of_a_run_says_only_what_is_not_brought(folder: Path) -> None:
    catalog = Catalog(conf_folders(str(folder)))
    assert words(config(folder).as_dict(), catalog)[:2] == ["dataset=wine", "model=wide"]
    said = words(config(folder, "optimizer.lr=0.01 batch_size=64").as_dict(), catalog)
    assert {"optimizer.lr=0.01", "batch_size=64"} <= set(said)
    other = words(config(folder, "optimizer=sgd scheduler=none").as_dict(), catalog)
    assert other == ["dataset=wine", "model=wide", "optimizer=sgd", "scheduler=none"]


def test_tabular_is_all_that_is_typed_for_a_table() -> None:
    found = compose(parse(["dataset=iris", "model=tabular"])).config
    assert (found.optimizer.option, found.optimizer.knobs["lr"], found.optimizer.knobs["betas"]) == (
        "adamw",
        0.004,
        [0.9, 0.95],
    )
    assert (found.scheduler.option, found.scheduler.knobs["milestones"]) == ("warmup_cosine", [100])
    assert (found.dataset.knobs["numeric"], found.batch_size, found.name) == ("quantile", 128, "tabular-iris")


def test_what_tabular_brings_for_columns_is_left_out_beside_pictures() -> None:
    assert "numeric" not in compose(parse(["dataset=digits", "model=tabular"])).config.dataset.knobs


@pytest.mark.parametrize("text", ["", "optimizer=sgd scheduler=none batch_size=32"])
def test_the_config_of_a_run_makes_the_same_run_again(text: str, folder: Path, tmp_path: Path) -> None:
    found = config(folder, text)
    (tmp_path / "config.yaml").write_text(found.as_yaml())
    again = compose(parse([f"--config-dir={folder}", str(tmp_path / "config.yaml")])).config
    assert {**again.as_dict(), "name": ""} == {**found.as_dict(), "name": ""}
