import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.contracts import Data
from runner.data.splits import SplitSettings, describe, evaluated, split
from runner.errors import ConfigError, DataError


def classified(*class_counts, **official):
    """Data whose rows of class 0 come first, then those of class 1, ..."""
    y = torch.arange(len(class_counts)).repeat_interleave(torch.tensor(class_counts))
    names = tuple(str(k) for k in range(len(class_counts)))
    return Data(x=torch.zeros(len(y), 1), y=y, task="multiclass", class_names=names, **official)


def regression(num_rows):
    return Data(x=torch.zeros(num_rows, 1), y=torch.rand(num_rows), task="regression")


def draw(data, *, split_seed=0, val_fraction=0.0, test_fraction=0.0, folds=None, fold=None, limit=None):
    return split(data, SplitSettings(split_seed, val_fraction, test_fraction, folds, fold, limit))


def class_counts(data, rows):
    return torch.bincount(data.y[rows], minlength=len(data.class_names)).tolist()


def all_rows(parts):
    return torch.cat([parts.train, parts.val, parts.test]).sort().values


def test_classes_keep_their_shares_in_every_split():
    data = classified(100, 60, 40)
    parts = draw(data, val_fraction=0.25, test_fraction=0.2)
    assert class_counts(data, parts.test) == [20, 12, 8]  # 0.2 of all
    assert class_counts(data, parts.val) == [20, 12, 8]  # 0.25 of the remaining 160
    assert class_counts(data, parts.train) == [60, 36, 24]


def test_a_row_that_cannot_be_shared_out_goes_to_the_class_with_the_largest_remainder():
    # 10 of 19 rows: quotas 10/19 * (9, 7, 3) = 4.74, 3.68, 1.58 -> 4 + 3 + 1, and two more for 0.74 and 0.68
    data = classified(9, 7, 3)
    assert class_counts(data, draw(data, test_fraction=10 / 19).test) == [5, 4, 1]


def test_totals_are_rounded_to_the_nearest_row():
    data = classified(1000, 797)
    parts = draw(data, val_fraction=0.1, test_fraction=0.2)
    assert [len(parts.train), len(parts.val), len(parts.test)] == [1294, 144, 359]  # 359.4; 0.1 * 1438 = 143.8
    notes = draw(classified(30_000, 30_000), val_fraction=1 / 6)
    assert [len(notes.train), len(notes.val)] == [50_000, 10_000]


def test_the_split_seed_alone_decides_the_rows():
    data = classified(50, 50)
    first = draw(data, val_fraction=0.2, test_fraction=0.2)
    torch.manual_seed(123)
    again = draw(data, val_fraction=0.2, test_fraction=0.2)
    other = draw(data, split_seed=1, val_fraction=0.2, test_fraction=0.2)
    assert torch.equal(first.val, again.val)
    assert torch.equal(first.test, again.test)
    assert not torch.equal(first.test, other.test)
    assert not torch.equal(first.val, other.val)


def test_drawing_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    draw(classified(50, 50), val_fraction=0.2, test_fraction=0.2)
    assert torch.equal(before, torch.get_rng_state())


def test_rows_are_drawn_from_the_whole_of_a_class():
    seen = torch.cat([draw(classified(10, 10), split_seed=s, test_fraction=0.5).test for s in range(20)])
    assert seen.unique().tolist() == list(range(20))


def test_official_rows_are_taken_as_they_are():
    data = classified(6, 6, official_val=torch.tensor([0, 6]), official_test=torch.tensor([1, 7, 11]))
    parts = draw(data, val_fraction=0.3, test_fraction=0.3)
    assert (parts.val.tolist(), parts.test.tolist()) == ([0, 6], [1, 7, 11])
    assert parts.train.tolist() == [2, 3, 4, 5, 8, 9, 10]


def test_validation_is_drawn_beside_an_official_test_set():
    data = classified(60, 60, official_test=torch.arange(100, 120))
    parts = draw(data, val_fraction=0.1, test_fraction=0.5)
    assert parts.test.tolist() == list(range(100, 120))
    assert class_counts(data, parts.val) == [6, 4]
    assert torch.equal(all_rows(parts), torch.arange(120))


def test_test_is_drawn_beside_official_validation_rows():
    data = classified(10, 10, official_val=torch.tensor([3]))
    parts = draw(data, val_fraction=0.5, test_fraction=0.2)
    assert (len(parts.test), parts.val.tolist(), len(parts.train)) == (4, [3], 15)
    assert 3 not in parts.test


def test_fractions_of_zero_leave_splits_empty():
    parts = draw(classified(3, 3))
    assert (len(parts.val), len(parts.test), parts.train.tolist()) == (0, 0, [0, 1, 2, 3, 4, 5])
    assert parts.val.dtype == parts.test.dtype == torch.int64


def test_an_official_test_set_may_be_empty():
    data = classified(5, 5, official_test=torch.tensor([], dtype=torch.int64))
    assert len(draw(data, test_fraction=0.2).test) == 0


def test_folds_meet_in_no_row_and_cover_all_of_them():
    data = classified(13, 7, 3)
    tests = [draw(data, folds=5, fold=i).test for i in range(5)]
    assert torch.equal(torch.cat(tests).sort().values, torch.arange(23))
    assert sorted(len(t) for t in tests) == [4, 4, 5, 5, 5]
    counts = torch.tensor([class_counts(data, t) for t in tests])
    assert (counts.max(0).values - counts.min(0).values).tolist() == [1, 1, 1]


def test_a_fold_keeps_its_own_validation_rows_out_of_training():
    data = classified(50, 50)
    parts = draw(data, val_fraction=0.25, folds=5, fold=2)
    assert (class_counts(data, parts.test), class_counts(data, parts.val)) == ([10, 10], [10, 10])
    assert torch.equal(all_rows(parts), torch.arange(100))


def test_folds_never_touch_official_rows():
    data = classified(10, 10, official_test=torch.tensor([0, 1, 10, 11]), official_val=torch.tensor([2, 12]))
    all_parts = [draw(data, val_fraction=0.1, folds=7, fold=i) for i in range(7)]
    assert all(parts.val.tolist() == [2, 12] for parts in all_parts)
    assert sorted(torch.cat([p.test for p in all_parts]).tolist()) == [3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 18, 19]
    assert all(not set(p.train.tolist()) & {0, 1, 10, 11, 2, 12} for p in all_parts)


def test_classes_smaller_than_the_number_of_folds_are_spread():
    data = classified(20, 2)
    assert sorted(class_counts(data, draw(data, folds=4, fold=i).test)[1] for i in range(4)) == [0, 0, 1, 1]


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=5).filter(lambda counts: sum(counts) > 3),
    val_fraction=st.floats(0, 0.9),
    test_fraction=st.floats(0, 0.9),
    seed=st.integers(0, 2**63 - 1),
    is_regression=st.booleans(),
)
def test_splits_are_disjoint_complete_and_fair(counts, val_fraction, test_fraction, seed, is_regression):
    data = regression(sum(counts)) if is_regression else classified(*counts)
    knobs = {"split_seed": seed, "val_fraction": val_fraction, "test_fraction": test_fraction}
    try:
        parts = draw(data, **knobs)
    except ConfigError as fault:
        assert "less than one row" in str(fault) or "leaves none for training" in str(fault)
        return
    assert torch.equal(all_rows(parts), torch.arange(sum(counts)))
    assert len(parts.test) == int(test_fraction * sum(counts) + 0.5)
    assert len(parts.val) == int(val_fraction * (sum(counts) - len(parts.test)) + 0.5)
    assert all(torch.equal(rows, rows.sort().values) for rows in (parts.train, parts.val, parts.test))
    assert torch.equal(draw(data, **knobs).train, parts.train)
    if not is_regression:
        taken = torch.bincount(data.y[parts.test], minlength=len(counts))
        quota = torch.tensor(counts) * len(parts.test) / sum(counts)
        assert ((taken - quota).abs() < 1).all()


@settings(max_examples=30, deadline=None)
@given(
    counts=st.lists(st.integers(0, 15), min_size=2, max_size=4), folds=st.integers(2, 6), data_seed=st.integers(0, 9)
)
def test_every_row_is_tested_in_exactly_one_fold(counts, folds, data_seed):
    counts[0] += folds
    data = classified(*counts)
    all_parts = [draw(data, split_seed=data_seed, folds=folds, fold=i) for i in range(folds)]
    assert torch.equal(torch.cat([p.test for p in all_parts]).sort().values, torch.arange(sum(counts)))
    assert all(torch.equal(all_rows(p), torch.arange(sum(counts))) for p in all_parts)


@pytest.mark.parametrize(
    ("knobs", "fault"),
    [
        ({"val_fraction": 0.99}, r"val_fraction=0\.99 of 20 rows leaves none for training: lower it"),
        ({"test_fraction": 0.98}, r"test_fraction=0\.98 of 20 rows leaves none for training: lower it"),
        (
            {"val_fraction": 0.02},
            r"val_fraction=0\.02 of 20 rows is less than one row: raise it \(one row is 0\.05\), or set val_fraction",
        ),
        ({"test_fraction": 1e-9}, r"test_fraction=1e-09 of 20 rows is less than one row"),
        ({"folds": 21, "fold": 0}, r"folds=21: give 2 to 20, the number of rows to cut"),
        ({"folds": 1, "fold": 0}, r"folds=1: give 2 to 20"),
        ({"folds": 5, "fold": 5}, r"fold=5: give 0 to 4, as folds=5"),
        ({"folds": 5, "fold": -1}, r"fold=-1: give 0 to 4"),
        ({"folds": 5}, r"fold=null: give 0 to 4"),
        ({"fold": 1}, r"fold=1 needs folds"),
    ],
)
def test_impossible_splits_name_the_setting_to_change(knobs, fault):
    with pytest.raises(ConfigError, match=fault):
        draw(classified(12, 8), **knobs)


def test_a_limit_keeps_some_train_rows_class_by_class_and_leaves_the_other_splits_alone():
    data = classified(100, 60, 40)
    whole = draw(data, val_fraction=0.25, test_fraction=0.2)
    few = draw(data, val_fraction=0.25, test_fraction=0.2, limit=10)
    assert class_counts(data, few.train) == [5, 3, 2]
    assert set(few.train.tolist()) < set(whole.train.tolist())
    assert torch.equal(few.val, whole.val) and torch.equal(few.test, whole.test)
    other = draw(data, val_fraction=0.25, test_fraction=0.2, limit=10, split_seed=1)
    assert class_counts(data, other.train) == [5, 3, 2] and not torch.equal(other.train, few.train)


def test_a_limit_of_all_train_rows_changes_nothing_and_a_larger_one_is_refused():
    data = classified(12, 8)
    assert torch.equal(draw(data, limit=20).train, draw(data).train)
    with pytest.raises(ConfigError, match=r"dataset\.limit=21: there are 20 train rows; give less, or null for all"):
        draw(data, limit=21)


def test_of_a_split_with_more_rows_than_are_to_be_evaluated_some_are_drawn_class_by_class():
    data = classified(100, 60, 40)
    whole = draw(data, val_fraction=0.25, test_fraction=0.01)
    few = evaluated(data, whole, 10, split_seed=0)
    assert class_counts(data, few.train) == [5, 3, 2] and class_counts(data, few.val) == [5, 3, 2]
    assert torch.equal(few.test, whole.test)  # two rows
    assert evaluated(data, whole, None, split_seed=0) is whole


def test_no_rows_and_no_free_rows_are_refused():
    with pytest.raises(DataError, match="no rows"):
        draw(regression(0))
    with pytest.raises(DataError, match="take every row"):
        draw(classified(2, official_val=torch.tensor([0]), official_test=torch.tensor([1])))
    with pytest.raises(DataError, match="take every row"):
        draw(classified(2, official_test=torch.tensor([0, 1])), val_fraction=0.1)


@pytest.mark.parametrize(
    ("data", "knobs", "line"),
    [
        (
            classified(5, 5, official_test=torch.tensor([0])),
            {"val_fraction": 0.1},
            "10 % of train for validation; official test set; stratified, split_seed 7",
        ),
        (
            regression(9),
            {"val_fraction": 0.125, "test_fraction": 0.2},
            "12.5 % of train for validation; 20 % of all rows for test; split_seed 7",
        ),
        (classified(5), {}, "no validation; no test set"),
        (regression(5), {"limit": 4}, "no validation; no test set; train limited to 4 rows; split_seed 7"),
        (
            classified(5, official_val=torch.tensor([0]), official_test=torch.tensor([1])),
            {"val_fraction": 0.1},
            "official validation set; official test set",
        ),
        (
            classified(5, official_test=torch.tensor([1])),
            {"folds": 3, "fold": 1},
            "no validation; fold 1 of 3 for test, official test set unused; stratified, split_seed 7",
        ),
        (
            classified(5),
            {"val_fraction": 0.2, "folds": 3, "fold": "all"},
            "20 % of train for validation; each of 3 folds for test; stratified, split_seed 7",
        ),
    ],
)
def test_a_line_says_how_the_rows_were_split(data, knobs, line):
    settings = {"split_seed": 7, "val_fraction": 0, "test_fraction": 0, "folds": None, "fold": None} | knobs
    assert describe(data, SplitSettings(**settings)) == line
