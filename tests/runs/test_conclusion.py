"""What is said of the best setting and the next; the expected numbers are worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from past_runs import CONFIG, make_run
from runner.runs.conclusion import Conclusion, conclude
from runner.runs.ranking import contests, read_runs

NAN, INF = math.nan, math.inf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def runs(folder: Path, width: int, losses: list[float | None], **more: Any) -> None:
    """A run for each loss, with the seeds 0, 1, ...; None leaves a seed out."""
    for seed, loss in enumerate(losses):
        if loss is not None:
            make_run(folder / f"{width}-{seed}-{more.get('fold')}", loss, seed=seed, model__hidden=[width], **more)


def concluded(folder: Path, metric: str | None = None) -> Conclusion:
    (contest,) = contests(read_runs([folder])[0], metric)
    return conclude(contest)


def test_a_difference_that_luck_does_not_explain_is_said_with_its_interval(folder: Path) -> None:
    # differences 0.1, 0.3, 0.2, 0.2: mean 0.2, sd 0.081650, error 0.040825; t = 4.899, limit for 3 freedoms 3.18245
    runs(folder, 8, [0.1, 0.1, 0.1, 0.1])
    runs(folder, 9, [0.2, 0.4, 0.3, 0.3])
    found = concluded(folder)
    assert found.is_better
    assert found.verdict == (
        "model.hidden=[8] is better than model.hidden=[9] by 0.2000 in val/loss, "
        "95 % interval 0.0701 to 0.3299 (paired t test over 4 seeds, p = 0.016)."
    )
    assert found.caution == "Being the best of 2, model.hidden=[8] likely owes some of its val/loss to luck."


def test_a_long_name_is_cut_between_settings_and_once(folder: Path) -> None:
    for width, loss in ((8, 0.1), (9, 0.2)):
        more = {"model__hidden": [width] * 20, "optimizer__lr": loss, "batch_size": width, "epochs": width}
        make_run(folder / str(width), loss, **more)
    told = concluded(folder).verdict
    assert told.startswith(f"model.hidden=[{'8,' * 19}8] ... is ahead of model.hidden=[9,9")
    assert told.count("...") == 2


def test_what_too_few_seeds_leave_open_is_said_with_how_many_more_would_do(folder: Path) -> None:
    # differences 0, 0.2, 0.1: mean 0.1, sd 0.1, error 0.057735; limit for 2 freedoms 4.30265; t = 1.732
    # 11 runs: (2.228 + 0.879) x 0.1 / sqrt(11) = 0.0937 < 0.1; 10 runs: (2.262 + 0.883) x 0.1 / sqrt(10) = 0.0995 < 0.1
    # 9 runs: (2.306 + 0.889) x 0.1 / sqrt(9) = 0.1065 > 0.1; so 10, which is 7 more
    runs(folder, 8, [0.1, 0.1, 0.1])
    runs(folder, 9, [0.1, 0.3, 0.2])
    found = concluded(folder)
    assert not found.is_better
    assert found.verdict == (
        "model.hidden=[8] is ahead of model.hidden=[9] by 0.1000 in val/loss, "
        "95 % interval -0.1484 to 0.3484 (paired t test over 3 seeds, p = 0.23). "
        "3 seeds do not tell them apart; about 7 more would show a difference of this size."
    )


def test_a_difference_that_a_hundred_seeds_would_not_show_is_none_to_look_for(folder: Path) -> None:
    runs(folder, 8, [0.1, 0.3, 0.2])
    runs(folder, 9, [0.3, 0.1, 0.201])
    assert concluded(folder).verdict.endswith(
        "3 seeds do not tell them apart; even 100 more would not show a difference of this size."
    )


def test_of_folds_the_test_rows_in_common_are_counted_in(folder: Path) -> None:
    # differences 0.1, 0.3, 0.2: sd 0.1; error 0.1 x sqrt(1/3 + 1/2) = 0.091287; limit 4.30265: 0.3928
    for fold, losses in enumerate([(0.1, 0.2), (0.1, 0.4), (0.1, 0.3)]):
        for width, loss in zip((8, 9), losses, strict=True):
            runs(folder, width, [loss], folds=3, fold=fold)
    # 210 runs: (1.971 + 0.843) x 0.1 x sqrt(1/210 + 1/2) = 0.2000; no number of seeds brings the root below 0.7071
    assert concluded(folder).verdict == (
        "model.hidden=[8] is ahead of model.hidden=[9] by 0.2000 in val/loss, "
        "95 % interval -0.1928 to 0.5928 (paired t test over 3 folds, p = 0.16). "
        "3 folds do not tell them apart; about 69 more seeds of each would show a difference of this size."
    )


def test_seeds_of_folds_are_told_as_such(folder: Path) -> None:
    # 6 differences, mean 0.7333, sd 0.4274; error 0.4274 x sqrt(1/6 + 1/4) = 0.2759, t = 2.658
    for fold in range(2):
        runs(folder, 8, [0.1, 0.2, 0.3], folds=5, fold=fold)
        runs(folder, 9, [0.6, 0.8, 0.9 + fold], folds=5, fold=fold)
    assert "over 3 seeds x 2 folds, p = 0.045" in concluded(folder).verdict


def test_folds_of_which_nobody_says_how_many_there_are_are_those_there_are(folder: Path) -> None:
    for fold, (left, right) in enumerate([(0.1, 0.2), (0.1, 0.4), (0.1, 0.3)]):
        runs(folder, 8, [left], fold=fold)
        runs(folder, 9, [right], fold=fold)
    assert "interval -0.1928 to 0.5928 (paired t test over 3 folds" in concluded(folder).verdict


def test_one_run_each_says_nothing_about_luck(folder: Path) -> None:
    runs(folder, 8, [0.1])
    runs(folder, 9, [0.4])
    assert concluded(folder).verdict == (
        "model.hidden=[8] is ahead of model.hidden=[9] by 0.3000 in val/loss. "
        "One run each says nothing about luck; seeds do: seed=0,1,2,3,4."
    )


def test_only_the_seeds_that_both_have_are_compared(folder: Path) -> None:
    runs(folder, 8, [0.1, 0.1, 0.1, 0.1, 0.9])
    runs(folder, 9, [0.4, 0.5, 0.4, 0.5])
    found = concluded(folder)
    assert found.is_better and "by 0.3500 in val/loss over the 4 seeds that both have, 95 %" in found.verdict


def test_what_the_two_share_and_others_do_not_is_said_before_them(folder: Path) -> None:
    runs(folder / "a", 8, [0.1, 0.1, 0.1])
    runs(folder / "b", 8, [0.2, 0.4, 0.3], optimizer__lr=0.1)
    runs(folder / "c", 9, [0.9, 0.9, 0.9])
    assert concluded(folder).verdict.startswith(
        "With model.hidden=[8], optimizer.lr=0.001 is ahead of optimizer.lr=0.1 by 0.2000 in val/loss, 95 %"
    )


def test_a_net_is_told_with_the_knobs_in_which_others_of_its_kind_differ(folder: Path) -> None:
    linear = {**CONFIG["options"], "model": "linear"}
    runs(folder / "a", 8, [0.1])
    runs(folder / "b", 9, [0.9])
    make_run(folder / "c", 0.2, options=linear, model={"_target_": "runner.models.linear.Linear"})
    assert concluded(folder).verdict.startswith("model=mlp model.hidden=[8] is ahead of model=linear by 0.1000")


def test_who_is_first_by_other_seeds_alone_is_not_called_better(folder: Path) -> None:
    runs(folder, 8, [0.5, 0.6, 0.5, 0.0, 0.0])
    runs(folder, 9, [0.4, 0.501, 0.4])
    found = concluded(folder)
    assert not found.is_better and found.verdict.startswith(
        "model.hidden=[8] is first by its mean, but model.hidden=[9] is better than it by 0.0997 in val/loss over the "
        "3 seeds that both have, 95 % interval "
    )


def test_settings_without_a_seed_in_common_are_told_apart_by_none(folder: Path) -> None:
    runs(folder, 8, [0.1, 0.2])
    runs(folder, 9, [None, None, 0.4, 0.5])
    assert concluded(folder).verdict == (
        "model.hidden=[8] and model.hidden=[9] have no seed in common; train both with the same: seed=0,1,2."
    )


def test_values_equal_in_every_seed_are_told_as_no_effect(folder: Path) -> None:
    runs(folder, 8, [0.1, 0.2, 0.3])
    runs(folder, 9, [0.1, 0.2, 0.3])
    assert concluded(folder).verdict == (
        "model.hidden=[8] and model.hidden=[9] have the same val/loss in each of 3 seeds: "
        "what differs between them has no effect on it."
    )


def test_the_same_difference_everywhere_has_no_spread_to_judge_it_by(folder: Path) -> None:
    runs(folder, 8, [0.25, 0.25, 0.25])
    runs(folder, 9, [0.75, 0.75, 0.75])
    found = concluded(folder)
    assert not found.is_better
    assert found.verdict == (
        "model.hidden=[8] is ahead of model.hidden=[9] by 0.5000 in val/loss, by the same in each of 3 seeds: "
        "there is no spread to judge it by; other seeds or rows tell more: folds=5 fold=all."
    )


def test_equal_means_are_no_lead(folder: Path) -> None:
    runs(folder, 8, [0.25, 0.75])
    runs(folder, 9, [0.75, 0.25])
    assert concluded(folder).verdict.startswith("model.hidden=[8] and model.hidden=[9] have the same val/loss, 95 %")


@pytest.mark.parametrize("lost", [NAN, INF])
def test_a_setting_in_which_a_run_came_to_no_number_is_not_the_next(folder: Path, lost: float) -> None:
    runs(folder, 8, [0.1, 0.1, 0.1])
    runs(folder, 9, [0.4, lost, 0.5])
    told = "model.hidden=[8] alone came to a finite val/loss in each of its runs."
    assert concluded(folder) == Conclusion(told)
    runs(folder, 7, [0.3, 0.4, 0.3])
    assert "model.hidden=[8] is better than model.hidden=[7]" in concluded(folder).verdict


def test_where_nothing_came_to_a_number_nothing_is_concluded(folder: Path) -> None:
    runs(folder, 8, [NAN, 0.2])
    runs(folder, 9, [INF])
    told = "Nothing is concluded: no setting has a finite val/loss in each of its runs."
    assert concluded(folder) == Conclusion(told)


def test_nothing_is_concluded_from_test_rows(folder: Path) -> None:
    runs(folder, 8, [0.1, 0.12, 0.1])
    runs(folder, 9, [0.4, 0.41, 0.4])
    told = "Nothing is concluded from test rows: settings are chosen on validation rows, as without --by."
    assert concluded(folder, "test/accuracy") == Conclusion(told)


def test_runs_judged_on_other_rows_are_not_compared(folder: Path) -> None:
    runs(folder / "a", 8, [0.1, 0.1], val_fraction=0.1)
    runs(folder / "b", 8, [0.3001, 0.3], val_fraction=0.3)
    assert not concluded(folder).is_better and concluded(folder).verdict == (
        "val_fraction=0.1 and val_fraction=0.3 cannot be told apart: they are judged on different rows (val_fraction)."
    )


def test_a_single_setting_has_nothing_to_stand_against(folder: Path) -> None:
    runs(folder, 8, [0.1, 0.2])
    assert concluded(folder) == Conclusion()
