import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.contracts import Batching, Data, Split
from runner.data import batches
from runner.data.batches import OneBatch, ResidentBatches, aligned, batches_of_splits

CPU = torch.device("cpu")
X = torch.arange(100, dtype=torch.uint8).view(100, 1)  # torch allocates at cache lines
Y = torch.arange(100) * 10


def rows_seen(made, epoch=0, from_batch=0):
    """Every batch of an epoch as lists of row numbers; x and y must belong together."""
    seen = []
    for chunk in made.chunks(epoch, from_batch):
        assert (chunk.x[:, 0].long() * 10).tolist() == chunk.y.tolist()
        parts = [part[:, 0].tolist() for part in chunk.x.split(chunk.batch_size)]
        seen += parts[max(0, from_batch - chunk.first_batch) :]
    return seen


def joined(seen):
    return [row for batch in seen for row in batch]


def test_without_a_seed_rows_come_in_their_order():
    made = ResidentBatches(X, Y, torch.tensor([5, 6, 7, 8, 9]), 2, order_seed=None)
    assert rows_seen(made) == [[5, 6], [7, 8], [9]]
    assert rows_seen(made, epoch=3) == [[5, 6], [7, 8], [9]]
    assert (len(made), made.num_rows) == (3, 5)
    scattered = ResidentBatches(X, Y, torch.tensor([9, 2, 30]), 2, order_seed=None)
    assert rows_seen(scattered) == [[9, 2], [30]]


def test_a_plain_range_in_order_is_not_copied():
    (chunk,) = ResidentBatches(X, Y, torch.arange(10, 20), 5, order_seed=None).chunks(0)
    assert chunk.x.data_ptr() == X[10:].data_ptr()
    assert chunk.y.data_ptr() == Y[10:].data_ptr()


@pytest.mark.parametrize("rows", [torch.arange(30), torch.arange(40, 70), torch.arange(0, 90, 3)])
def test_a_shuffled_epoch_has_every_row_once(rows):
    made = ResidentBatches(X, Y, rows, 7, order_seed=0)
    seen = rows_seen(made)
    assert [len(batch) for batch in seen] == [7, 7, 7, 7, 2]
    assert sorted(joined(seen)) == rows.tolist()
    assert joined(seen) != rows.tolist()


def test_the_order_is_a_function_of_seed_and_epoch():
    first = rows_seen(ResidentBatches(X, Y, torch.arange(30), 7, order_seed=4), epoch=2)
    torch.manual_seed(123)
    made = ResidentBatches(X, Y, torch.arange(30), 7, order_seed=4)
    rows_seen(made, epoch=0)
    assert rows_seen(made, epoch=2) == first
    assert rows_seen(made, epoch=3) != first
    assert rows_seen(ResidentBatches(X, Y, torch.arange(30), 7, order_seed=5), epoch=2) != first


def test_the_order_does_not_depend_on_the_batch_size():
    small, large = (ResidentBatches(X, Y, torch.arange(30), size, order_seed=4) for size in (3, 30))
    assert joined(rows_seen(small)) == joined(rows_seen(large))


def test_reading_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    rows_seen(ResidentBatches(X, Y, torch.arange(30), 7, order_seed=0))
    assert torch.equal(before, torch.get_rng_state())


def test_chunks_are_whole_and_begin_at_multiples_of_sixteen_batches():
    made = ResidentBatches(X, Y, torch.arange(100), 2, order_seed=0)  # 50 batches
    assert [(chunk.first_batch, len(chunk.y)) for chunk in made.chunks(0)] == [(0, 32), (16, 32), (32, 32), (48, 4)]
    assert [(chunk.first_batch, len(chunk.y)) for chunk in made.chunks(0, from_batch=17)] == [
        (16, 32),
        (32, 32),
        (48, 4),
    ]
    assert [(chunk.first_batch, len(chunk.y)) for chunk in made.chunks(0, from_batch=49)] == [(48, 4)]


def test_rows_begin_at_a_cache_line_whoever_allocated_them():
    off = torch.zeros(17)[1:]
    assert off.data_ptr() % 64 and aligned(off).data_ptr() % 64 == 0
    assert aligned(X) is X


def test_large_rows_make_smaller_chunks(monkeypatch):
    monkeypatch.setattr(batches, "CHUNK_BYTES", 24)  # three batches of two float32
    made = ResidentBatches(X, Y, torch.arange(20), 2, order_seed=0)
    assert [len(chunk.y) for chunk in made.chunks(0)] == [6, 6, 6, 2]
    monkeypatch.setattr(batches, "CHUNK_BYTES", 1)
    assert [len(chunk.y) for chunk in ResidentBatches(X, Y, torch.arange(4), 2, order_seed=0).chunks(0)] == [2, 2]


def test_rows_that_preprocessing_makes_larger_make_smaller_chunks(monkeypatch):
    monkeypatch.setattr(batches, "CHUNK_BYTES", 24)
    made = ResidentBatches(X, Y, torch.arange(6), 2, order_seed=0, row_shape=(1, 3, 1))  # two rows of three float32
    assert [len(chunk.y) for chunk in made.chunks(0)] == [2, 2, 2]


@settings(max_examples=50, deadline=None)
@given(
    num_rows=st.integers(1, 90),
    batch_size=st.integers(1, 20),
    from_batch=st.integers(0, 90),
    order_seed=st.none() | st.integers(0, 2**63 - 1),
    start=st.integers(0, 10),
)
def test_an_epoch_entered_later_goes_on_with_the_same_batches(num_rows, batch_size, from_batch, order_seed, start):
    made = ResidentBatches(X, Y, torch.arange(start, start + num_rows), batch_size, order_seed=order_seed)
    whole = rows_seen(made, epoch=1)
    assert len(whole) == len(made)
    assert len(whole[-1]) == (num_rows - 1) % batch_size + 1
    assert rows_seen(made, epoch=1, from_batch=from_batch) == whole[from_batch:]


def test_no_rows_make_no_batches():
    made = ResidentBatches(X, Y, torch.tensor([], dtype=torch.int64), 4, order_seed=None)
    assert (len(made), made.num_rows, list(made.chunks(0))) == (0, 0, [])
    assert list(ResidentBatches(X, Y, torch.tensor([], dtype=torch.int64), 4, order_seed=0).chunks(0)) == []


def test_the_splits_share_one_copy_of_the_rows_and_keep_bytes_bytes():
    data = Data(x=X, y=Y, task="multiclass", class_names=("a", "b"))
    split = Split(train=torch.arange(6), val=torch.arange(6, 9), test=torch.arange(0))
    train, judged = batches_of_splits(data, split, Batching(CPU, 4, 8, 0))
    assert (train.num_rows, train.batch_size) == (6, 4)
    assert {name: (b.num_rows, b.batch_size) for name, b in judged.items()} == {"train": (6, 8), "val": (3, 8)}
    (val,) = judged["val"].chunks(0)
    assert val.x.data_ptr() == X[6:].data_ptr()
    assert val.x.dtype == torch.uint8
    assert joined(rows_seen(train)) != list(range(6)) == joined(rows_seen(judged["train"]))
    in_order, _ = batches_of_splits(data, split, Batching(CPU, 4, 8, None))
    assert rows_seen(in_order) == [[0, 1, 2, 3], [4, 5]]


@pytest.mark.gpu
def test_batches_on_the_accelerator_are_those_on_the_cpu():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    data = Data(x=X, y=Y, task="multiclass", class_names=("a", "b"))
    split = Split(train=torch.arange(0, 90, 2), val=torch.arange(1, 90, 2), test=torch.arange(90, 100))
    devices = (CPU, torch.device("cuda"))
    here, there = (batches_of_splits(data, split, Batching(device, 4, 8, 0)) for device in devices)
    for mine, theirs in ((here[0], there[0]), *((here[1][name], there[1][name]) for name in here[1])):
        for a, b in zip(mine.chunks(1), theirs.chunks(1), strict=True):
            assert b.x.is_cuda
            assert torch.equal(a.x, b.x.cpu())
            assert torch.equal(a.y, b.y.cpu())


def repeated(times: int) -> OneBatch:
    rows = torch.arange(10)
    batches = ResidentBatches(rows[:, None].float(), rows, rows, batch_size=4, order_seed=3)
    return OneBatch(batches, times)


def test_every_batch_of_every_epoch_is_the_first_one() -> None:
    chunks = [chunk for epoch in (0, 1) for chunk in repeated(3).chunks(epoch)]
    assert [chunk.first_batch for chunk in chunks] == [0, 1, 2, 0, 1, 2]
    assert all(torch.equal(chunk.rows, chunks[0].rows) and torch.equal(chunk.x[:, 0], chunk.y) for chunk in chunks)
    assert len(chunks[0].y) == 4


def test_an_epoch_can_be_entered_in_its_middle() -> None:
    assert [chunk.first_batch for chunk in repeated(5).chunks(0, from_batch=3)] == [3, 4]


def test_its_length_and_rows_count_every_time() -> None:
    assert (len(repeated(3)), repeated(3).num_rows) == (3, 12)


def of_members(rows, batch_size, **knobs):
    return ResidentBatches(X, Y, rows, batch_size, num_members=3, **knobs)


def test_a_step_holds_a_batch_of_each_member_and_each_sees_every_row_once():
    made = of_members(torch.arange(10), 4, order_seed=0)
    seen = rows_seen(made)
    assert (len(made), made.num_rows, [len(batch) for batch in seen]) == (3, 30, [12, 12, 6])
    orders = [joined(batch[len(batch) // 3 * m :][: len(batch) // 3] for batch in seen) for m in range(3)]
    assert [sorted(order) for order in orders] == [list(range(10))] * 3
    assert orders[0] != orders[1] != orders[2]
    assert orders[0] == joined(rows_seen(ResidentBatches(X, Y, torch.arange(10), 4, order_seed=0)))


def test_members_that_share_their_batches_see_the_same_rows():
    for batch in rows_seen(of_members(torch.arange(10), 4, order_seed=0, shares_batches=True)):
        third = len(batch) // 3
        assert batch[:third] == batch[third : 2 * third] == batch[2 * third :]


def test_without_a_seed_members_see_the_rows_in_their_order():
    assert rows_seen(of_members(torch.arange(3), 2, order_seed=None)) == [[0, 1] * 3, [2] * 3]


def test_an_epoch_of_members_goes_on_from_any_batch():
    made = of_members(torch.arange(60), 2, order_seed=0)  # more than a chunk
    assert rows_seen(made, from_batch=20) == rows_seen(made)[20:]
