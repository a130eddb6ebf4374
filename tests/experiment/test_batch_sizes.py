"""Batches of growing size: hand-made times, and a net that is tried."""

from math import inf

import pytest
import torch

from experiments import assembled
from runner.experiment import batch_sizes as tested
from runner.experiment.batch_sizes import BatchSize, BatchSizes, batch_of, growing_sizes, too_much

GB = 10**9


def test_sizes_double_and_end_with_all_rows() -> None:
    assert list(growing_sizes(100)) == [16, 32, 64, 100]
    assert list(growing_sizes(64)) == [16, 32, 64]
    assert list(growing_sizes(5)) == [5]


def test_the_fastest_is_the_smallest_of_those_that_are_as_fast() -> None:
    tried = (BatchSize(16, 0.016, 0), BatchSize(32, 0.0205, 0), BatchSize(64, 0.04, 0))  # 1,000, 1,561, 1,600 rows/s
    assert BatchSizes(tried, "").fastest.rows == 32
    assert BatchSizes(tried, "").largest.rows == 64


def test_a_size_that_would_take_long_or_too_much_memory_is_not_tried() -> None:
    assert too_much(64, BatchSize(32, 1.1, 0), 0, inf) == "a step of 64 would take more than 2 s"
    grown = BatchSize(1024, 0.1, 3 * GB)
    assert too_much(2048, grown, 2 * GB, 1.9 * GB) == "2,048 would need more than the 1.9 GB of free memory"
    assert too_much(2048, grown, 2 * GB, 2.1 * GB) == ""


def test_rows_are_those_of_the_first_batch_again_and_again() -> None:
    run = assembled(["dataset=iris", "model=linear", "batch_size=20"])
    x_B, y_B = batch_of(run, 50)
    assert x_B.shape == (50, 4) and torch.equal(x_B[:20], x_B[20:40]) and torch.equal(y_B[:10], y_B[40:])


def test_each_member_of_an_ensemble_gets_that_many_rows() -> None:
    run = assembled(["dataset=iris", "model=tabular", "batch_size=20"])
    assert batch_of(run, 50)[0].shape == (12 * 50, 4)


def test_the_size_that_does_not_fit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(run: object, rows: int) -> BatchSize:
        if rows > 32:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return BatchSize(rows, 0.001, 0)

    monkeypatch.setattr(tested, "measured", measured)
    found = tested.batch_sizes(assembled(["dataset=iris", "model=linear"]), 108, inf)
    assert (found.largest.rows, found.end) == (32, "64 do not fit into memory")
