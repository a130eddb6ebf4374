from dataclasses import replace

import pytest
import torch

from runner.contracts import Column, Data
from runner.data.checks import check_accumulate_steps, check_batch_size, check_data, check_transformed, digest
from runner.errors import ConfigError, DataError

TABLE = Data(
    x=torch.tensor([[1.5, 0], [2.5, 2], [3.5, 1]]),
    y=torch.tensor([0, 1, 0]),
    task="binary",
    class_names=("no", "yes"),
    columns=(Column("size"), Column("colour", ("red", "green", "blue"))),
)
IMAGES = Data(x=torch.zeros(3, 1, 2, 2), y=torch.tensor([0, 1, 2]), task="multiclass", class_names=("a", "b", "c"))
NUMBERS = Data(x=torch.zeros(3, 2), y=torch.tensor([0.5, 1, 2]), task="regression")


def with_value(data, place, value):
    x = data.x.clone()
    x[place] = value
    return replace(data, x=x)


LACKING = Data(
    x=torch.tensor([[float("nan"), -1, float("nan")], [2.5, 2, 1]]),
    y=torch.tensor([0.5, 1.5]),
    task="regression",
    columns=(
        Column("size", missing="marked"),
        Column("colour", ("red", "green", "blue"), missing="filled"),
        Column("rank", ("low", "high"), ordered=True, missing="filled"),
    ),
)


@pytest.mark.parametrize("data", [TABLE, LACKING, IMAGES, NUMBERS, replace(IMAGES, x=IMAGES.x.to(torch.uint8))])
def test_right_data_pass(data):
    check_data(data)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (with_value(TABLE, (2, 0), float("nan")), "row 2, column size: nan is not a finite number"),
        (with_value(IMAGES, (1, 0, 1, 0), float("-inf")), r"row 1, place \[0, 1, 0\]: -inf is not a finite number"),
        (with_value(TABLE, (1, 1), 3.0), "row 1, column colour: 3 is not the code of a category, 0..2"),
        (with_value(TABLE, (1, 1), 0.5), "row 1, column colour: 0.5 is not the code"),
        (with_value(TABLE, (0, 1), -1.0), "row 0, column colour: -1 is not the code"),
        (with_value(LACKING, (1, 0), float("inf")), "row 1, column size: inf is not a finite number"),
        (with_value(LACKING, (1, 1), float("nan")), "row 1, column colour: nan is not the code"),
        (with_value(LACKING, (1, 2), -1.0), "row 1, column rank: -1 is not the code"),
        (replace(IMAGES, y=torch.tensor([0, -100, 2])), "row 1: label -100 is not among 0..2"),
        (replace(IMAGES, y=torch.tensor([1, 2, 3])), "row 2: label 3 is not among 0..2"),
        (replace(IMAGES, y=torch.tensor([1, 1, 1])), "every row has label 1: with one class there is nothing to learn"),
        (replace(NUMBERS, y=torch.tensor([0, torch.inf, 1])), "row 1: the target inf is not a finite number"),
        (replace(NUMBERS, y=torch.full((3,), 3.5)), "every row has the target 3.5: with one value there is nothing to"),
        (
            replace(NUMBERS, y=torch.full((3,), 1e9), target="id"),
            "the target, id, 1,000,000,000, to the seven digits of float32: with one value there is nothing to learn",
        ),
        (replace(IMAGES, x=torch.zeros(3, 4, 4)), "x must be"),
        (replace(IMAGES, x=IMAGES.x.double()), "x must be"),
        (replace(IMAGES, y=torch.tensor([0, 1])), r"y must be \[3\] torch.int64 for multiclass"),
        (replace(NUMBERS, y=torch.tensor([0, 1, 2])), r"y must be \[3\] torch.float32 for regression"),
        (replace(TABLE, columns=TABLE.columns[:1]), "1 columns are named"),
        (replace(NUMBERS, x=torch.zeros(0, 2), y=torch.zeros(0)), "the data set is empty"),
        (replace(NUMBERS, x=torch.zeros(3, 0)), "the data set is empty"),
        (replace(NUMBERS, official_test=torch.tensor([3])), r"official splits name rows 3\.\.3 of 3 rows"),
        (replace(NUMBERS, official_test=torch.tensor([-1])), "official splits name rows -1"),
        (replace(NUMBERS, official_test=torch.tensor([1]), official_val=torch.tensor([1])), "must not share rows"),
    ],
)
def test_wrong_data_are_refused_with_the_place_and_the_value(data, fault):
    with pytest.raises(DataError, match=fault):
        check_data(data)


def test_a_batch_larger_than_the_train_split_is_refused():
    check_batch_size(50, 50)
    with pytest.raises(ConfigError, match="batch_size=64 is more than the 50 train rows; set batch_size=50 or less"):
        check_batch_size(64, 50)


def test_a_step_of_more_batches_than_an_epoch_has_is_refused():
    check_accumulate_steps(4, 16, 50)  # 16 + 16 + 16 + 2 rows
    told = (
        "accumulate_steps=5: is more than the batches of an epoch: 50 train rows make 4 of 16\n"
        "  set accumulate_steps=4 or less, or a smaller batch, as batch_size=10"
    )
    with pytest.raises(ConfigError, match=f"^{told}$"):
        check_accumulate_steps(5, 16, 50)


DATA = Data(
    x=torch.arange(12, dtype=torch.uint8).view(6, 2),
    y=torch.tensor([0, 1, 0, 1, 0, 1]),
    task="binary",
    class_names=("no", "yes"),
    columns=(Column("a"), Column("b", ("p", "q"))),
    official_test=torch.tensor([5]),
)


def test_the_digest_does_not_depend_on_where_the_rows_lie():
    assert digest(replace(DATA, x=DATA.x.t().contiguous().t())) == digest(DATA)
    assert len(digest(DATA)) == 64


def test_any_change_of_the_data_changes_the_digest():
    one_byte = DATA.x.clone()
    one_byte[3, 1] += 1
    changed = [
        replace(DATA, x=one_byte),
        replace(DATA, x=DATA.x.view(6, 2, 1, 1)),
        replace(DATA, x=DATA.x.float()),
        replace(DATA, y=DATA.y.flip(0)),
        replace(DATA, class_names=("yes", "no")),
        replace(DATA, columns=(Column("a"), Column("b", ("q", "p")))),
        replace(DATA, columns=(Column("a"), Column("b", ("p", "q"), ordered=True))),
        replace(DATA, columns=(Column("a", missing="marked"), Column("b", ("p", "q")))),
        replace(DATA, official_test=torch.tensor([4])),
        replace(DATA, official_test=None),
        replace(DATA, official_test=torch.tensor([], dtype=torch.int64)),
        replace(DATA, official_test=None, official_val=torch.tensor([5])),
    ]
    assert len({digest(data) for data in [DATA, *changed]}) == 13


def test_a_target_without_a_logarithm_is_told_with_its_row_and_how_many_there_are():
    data = Data(x=torch.zeros(4, 1), y=torch.tensor([0.0, -0.5, -1.0, -7.0]), task="regression", target="price")
    with pytest.raises(
        DataError, match=r"^row 2, column price: the target -1 has no log1p, as of 2 rows: .*; leave out"
    ):
        check_transformed(data, "log1p")
    check_transformed(data, None)
    check_transformed(replace(data, y=torch.tensor([0.0, -0.5, 1.0, 7.0])), "log1p")


def test_a_logarithm_is_not_taken_of_classes():
    data = Data(x=torch.zeros(2, 1), y=torch.tensor([0, 1]), task="binary", class_names=("no", "yes"))
    with pytest.raises(
        ConfigError, match=r"target_transform=log1p: is for a number to predict, and this data has 2 classes"
    ):
        check_transformed(data, "log1p")
