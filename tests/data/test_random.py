import pytest
import torch

from runner.data.random import Random
from runner.errors import ConfigError


def test_rows_have_the_shape_and_classes_asked_for(tmp_path):
    data = Random(shape=[3, 4, 5], num_classes=3, num_rows=7, seed=0).load(tmp_path)
    assert (data.x.shape, data.x.dtype, data.task) == ((7, 3, 4, 5), torch.float32, "multiclass")
    assert sorted(data.y.bincount().tolist()) == [2, 2, 3]
    assert data.class_names == ("class_0", "class_1", "class_2")


def test_two_classes_are_binary_and_none_is_regression(tmp_path):
    assert Random(shape=[4], num_classes=2, num_rows=8, seed=0).load(tmp_path).task == "binary"
    regression = Random(shape=[4], num_classes=0, num_rows=8, seed=0).load(tmp_path)
    assert (regression.task, regression.y.dtype, regression.class_names) == ("regression", torch.float32, ())
    assert [column.name for column in regression.columns] == ["x0", "x1", "x2", "x3"]


def test_the_seed_alone_decides_the_rows(tmp_path):
    rows = [Random(shape=[2], num_classes=2, num_rows=9, seed=s).load(tmp_path).x for s in (5, 5, 6)]
    assert torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[0], rows[2])


def test_the_nearest_class_mean_beats_guessing(tmp_path):
    data = Random(shape=[8], num_classes=4, num_rows=400, seed=0).load(tmp_path)
    means = torch.stack([data.x[:200][data.y[:200] == k].mean(0) for k in range(4)])
    right = torch.cdist(data.x[200:], means).argmin(1) == data.y[200:]
    assert right.float().mean() > 0.6  # guessing: 0.25


def test_the_target_of_regression_is_nearly_linear(tmp_path):
    data = Random(shape=[2, 2, 2], num_classes=0, num_rows=500, seed=0).load(tmp_path)
    weights = torch.linalg.lstsq(data.x.flatten(1), data.y[:, None]).solution
    residual = data.y - (data.x.flatten(1) @ weights)[:, 0]
    assert residual.std() == pytest.approx(0.1, abs=0.02)
    assert data.y.std() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("knobs", "fault"),
    [
        ({"shape": []}, r"dataset\.shape=\[\]: give \[features\] or \[channels, height, width\]"),
        ({"shape": [8, 8]}, r"dataset\.shape=\[8, 8\]"),
        ({"shape": [1, 0, 8]}, r"dataset\.shape=\[1, 0, 8\]"),
        ({"num_classes": 1}, r"dataset\.num_classes=1: give 2 or more, or 0 for regression"),
        ({"num_classes": -2}, r"dataset\.num_classes=-2"),
        ({"num_rows": 2}, r"dataset\.num_rows=2: give at least one row for each class"),
        ({"num_rows": 0, "num_classes": 0}, r"dataset\.num_rows=0"),
    ],
)
def test_impossible_knobs_are_named(knobs, fault):
    with pytest.raises(ConfigError, match=fault):
        Random(**({"shape": [4], "num_classes": 3, "num_rows": 10, "seed": 0} | knobs))


def test_all_faults_come_at_once():
    with pytest.raises(ConfigError) as caught:
        Random(shape=[0], num_classes=1, num_rows=0, seed=0)
    assert len(caught.value.faults) == 3
