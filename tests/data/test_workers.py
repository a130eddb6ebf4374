import multiprocessing
import os
import random
import signal
import time

import numpy as np
import pytest
import torch

from runner.contracts import Batching, Data, Rows, Split
from runner.data import workers
from runner.data.batches import StreamedBatches, batches_of_splits
from runner.data.checks import digest
from runner.data.transforms import build_preprocess
from runner.data.workers import Reader, read_batches
from runner.errors import DataError, RunError


class Counted(Rows):
    """[N, 1]: the row number, and what ``happens`` at row 13."""

    dtype = torch.float32
    draws = False

    def __init__(self, num_rows=30, happens=None):
        self.shape = (num_rows, 1)
        self.happens = happens

    def __getitem__(self, rows):
        if self.happens and 13 in rows.tolist():
            self.happens()
        return rows.float().unsqueeze(1)

    def fingerprint(self):
        return "counted"


class Drawing(Counted):
    """[N, 3]: what each global generator gives while a row is read."""

    draws = True
    shape = (30, 3)

    def __init__(self):
        pass

    def __getitem__(self, rows):
        return torch.tensor([[torch.rand(()), random.random(), np.random.rand()] for _ in rows])


def break_down():
    raise DataError("row 13 is broken")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def leave():
    os._exit(7)


def sleep():
    time.sleep(60)


def batches_of(x, batch_size=4, num_workers=0, order_seed=0, rows=None):
    rows = torch.arange(x.shape[0]) if rows is None else rows
    return StreamedBatches(
        x,
        torch.arange(x.shape[0]) * 10,
        rows,
        batch_size,
        order_seed=order_seed,
        draw_seed=5,
        num_workers=num_workers,
        device="cpu",
    )


def seen(made, epoch=0, from_batch=0):
    return [chunk.x.tolist() for chunk in made.chunks(epoch, from_batch)]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_chunk_is_a_batch_that_knows_its_rows(num_workers):
    made = batches_of(Counted(), num_workers=num_workers, rows=torch.tensor([5, 1, 7, 2, 9]), order_seed=None)
    first, second = made.chunks(0)
    assert (len(made), made.num_rows) == (2, 5)
    assert (first.first_batch, first.rows.tolist(), first.y.tolist()) == (0, [5, 1, 7, 2], [50, 10, 70, 20])
    assert (second.first_batch, second.x.tolist(), second.batch_size) == (1, [[9.0]], 4)


@pytest.mark.parametrize("order_seed", [None, 3])
def test_rows_that_stream_come_in_the_order_of_rows_in_memory(order_seed):
    split = Split(train=torch.arange(3, 25), val=torch.arange(3), test=torch.arange(25, 25))
    batching = Batching(torch.device("cpu"), 4, 8, order_seed)
    data = Data(x=Counted(), y=torch.arange(30), task="multiclass")
    train, judged = batches_of_splits(data, split, batching)
    there = Data(x=torch.arange(30.0).view(30, 1), y=data.y, task="multiclass")
    resident, resident_judged = batches_of_splits(there, split, batching)
    assert list(judged) == list(resident_judged) == ["train", "val"]
    for mine, theirs in ((train, resident), *((judged[name], resident_judged[name]) for name in judged)):
        rows = [chunk.rows for chunk in theirs.chunks(2)]
        assert torch.equal(torch.cat([chunk.rows for chunk in mine.chunks(2)]), torch.cat(rows))


@pytest.mark.parametrize("num_workers", [0, 1, 2])
@pytest.mark.parametrize("x", [Counted(), Drawing()], ids=["fixed", "drawing"])
def test_fault_6_any_number_of_workers_and_any_entry_give_the_same_rows(x, num_workers):
    whole = seen(batches_of(x), epoch=1)
    made = batches_of(x, num_workers=num_workers)
    assert seen(made, epoch=1) == whole
    assert seen(made, epoch=1, from_batch=5) == whole[5:]
    assert seen(made, epoch=1, from_batch=8) == []


def test_what_a_row_draws_is_new_each_epoch_and_the_same_in_any_batch():
    by_row = []
    for batch_size, epoch in ((4, 1), (7, 1), (4, 2)):
        chunks = list(batches_of(Drawing(), batch_size).chunks(epoch))
        order = torch.cat([chunk.rows for chunk in chunks]).argsort()
        by_row.append(torch.cat([chunk.x for chunk in chunks])[order])
    assert torch.equal(by_row[0], by_row[1])
    assert not (by_row[0] == by_row[2]).any()
    assert len(by_row[0].flatten().unique()) == 90


@pytest.mark.parametrize("num_workers", [0, 2])
def test_fault_5_reading_leaves_the_global_generators_alone(num_workers):
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    seen(batches_of(Drawing(), num_workers=num_workers))
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_row_that_cannot_be_read_is_told_as_if_there_were_no_workers(num_workers):
    with pytest.raises(DataError) as caught:
        seen(batches_of(Counted(happens=break_down), num_workers=num_workers))
    assert str(caught.value) == "row 13 is broken"
    assert "break_down" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("happens", "how"), [(die, "killed by SIGKILL: most often because memory ran out"), (leave, "exit code 7")]
)
def test_fault_48_a_worker_that_dies_is_told_with_its_cause(monkeypatch, happens, how):
    monkeypatch.setattr(workers, "POLL_S", 0.5)
    handler = signal.getsignal(signal.SIGCHLD)
    with pytest.raises(RunError, match=rf"a worker that loads data died \({how}\)\n .*num_workers=0"):
        seen(batches_of(Counted(happens=happens), num_workers=2))
    assert signal.getsignal(signal.SIGCHLD) == handler


def test_a_worker_that_dies_does_not_disturb_what_the_main_process_does_meanwhile(monkeypatch):
    monkeypatch.setattr(workers, "POLL_S", 0.5)
    chunks = batches_of(Counted(happens=die), num_workers=1, order_seed=None).chunks(0)
    next(chunks)
    time.sleep(0.5)  # torch's own handler would raise here
    with pytest.raises(RunError, match="died"):
        list(chunks)


def test_workers_that_hang_are_given_up_in_the_end(monkeypatch):
    monkeypatch.setattr(workers, "POLL_S", 0.1)
    monkeypatch.setattr(workers, "PATIENCE_S", 0.3)
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.1)  # how long one that hangs may end
    with pytest.raises(RunError, match="have sent nothing for 0 s"):
        seen(batches_of(Counted(happens=sleep), num_workers=1, order_seed=None))


def test_waiting_longer_than_one_look_loses_no_batch(monkeypatch):
    monkeypatch.setattr(workers, "POLL_S", 0.1)
    slow = Counted(num_rows=16, happens=lambda: time.sleep(0.5))
    assert seen(batches_of(slow, num_workers=1, order_seed=None)) == seen(batches_of(Counted(16), order_seed=None))


def test_leaving_an_epoch_early_ends_its_workers():
    chunks = batches_of(Counted(), num_workers=2).chunks(0)
    next(chunks)
    assert len(multiprocessing.active_children()) == 2
    chunks.close()
    assert multiprocessing.active_children() == []


def test_no_rows_make_no_batches():
    empty = torch.tensor([], dtype=torch.int64)
    assert seen(batches_of(Counted(), rows=empty)) == []
    assert list(read_batches(Reader(Counted(), draw_seed=0, epoch=0), [], num_workers=2)) == []


def test_the_normaliser_is_fitted_on_streamed_train_rows_alone():
    data = Data(x=Counted(1000), y=torch.zeros(1000), task="regression")
    state = build_preprocess(["normalise"], data, torch.arange(0, 1000, 3), num_workers=2).state_dict()
    assert state["0_normalise.mean"].item() == pytest.approx(499.5)  # of 0, 3, ..., 999
    assert state["0_normalise.std"].item() == pytest.approx(3 * ((334**2 - 1) / 12) ** 0.5)


def test_the_digest_of_rows_that_stream_is_that_of_their_fingerprint():
    one = Data(x=Counted(30), y=torch.zeros(30), task="regression")
    assert digest(one) == digest(Data(x=Counted(30), y=torch.zeros(30), task="regression"))
    assert digest(one) != digest(Data(x=Counted(31), y=torch.zeros(31), task="regression"))
