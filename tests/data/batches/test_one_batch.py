import torch

from runner.data.batches.resident import OneBatch, ResidentBatches


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
