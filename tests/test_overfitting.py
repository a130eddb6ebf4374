"""The recipes against overfitting: one change each to a training that overfits."""

import pytest

from experiments import assembled, trained
from options import CONF
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.validate import leaves

CHANGES = {
    "overfit_augmented": {"dataset.augment"},
    "overfit_dropout": {"model.dropout"},
    "overfit_early_stopping": {"early_stopping.patience_epochs"},
    "overfit_folds": {"folds", "fold"},
    "overfit_smaller": {"model.hidden"},
    "overfit_weight_decay": {"optimizer.weight_decay"},
}


def settings(recipe: str) -> dict[str, object]:
    request = compose(parse([f"experiment={recipe}"]))
    return dict(leaves(request.config.as_dict(), ()))


def test_every_recipe_against_overfitting_is_named_here() -> None:
    assert sorted(path.stem for path in (CONF / "experiment").glob("overfit_*.yaml")) == sorted(CHANGES)


@pytest.mark.parametrize("recipe", CHANGES)
def test_a_recipe_against_overfitting_changes_one_thing(recipe: str) -> None:
    plain, against = settings("overfit"), settings(recipe)
    changed = {key for key in plain if plain[key] != against[key]}
    assert changed - {"name", "reference.expected.test/accuracy"} == CHANGES[recipe]


def test_the_recipe_that_overfits_learns_its_rows_by_heart_while_validation_turns_round() -> None:
    rows = [report.values for report in trained(assembled(["experiment=overfit", "threads=1"])) if report.epoch_end]
    assert rows[-1]["train/loss"] < 0.001
    assert rows[-1]["val/loss"] > 1.15 * min(row["val/loss"] for row in rows)
