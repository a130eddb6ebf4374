import math

import pytest
import torch
from torch import Tensor

from runner.losses.embedding import MOST_ROWS, CosineEmbedding, EmbeddingLoss, HingeEmbedding, TripletMargin

# on a line: class 0 at 0 and 1, class 1 at 3 and 7
PLACES_BD = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [7.0, 0.0]])
Y_B = torch.tensor([0, 0, 1, 1])


def triplet_margin() -> TripletMargin:
    return TripletMargin(embedding_size=2, margin=1.0, p=2.0, eps=1e-6, swap=False)


def every_loss() -> list[EmbeddingLoss]:
    hinge, cosine = HingeEmbedding(embedding_size=2, margin=1.0), CosineEmbedding(embedding_size=2, margin=0.0)
    return [triplet_margin(), hinge, cosine]


def test_a_triplet_is_the_farthest_fellow_and_the_nearest_stranger() -> None:
    # 0: fellow 1, stranger 3; 1: 1, 2; 3: fellow 4 away, stranger 2 away; 7: 4, 6. Only the third lacks: 4 - 2 + 1
    assert triplet_margin()(PLACES_BD, Y_B).item() == pytest.approx(3 / 4, abs=1e-4)


def test_hinge_embedding_draws_fellows_together_and_pushes_strangers_to_the_margin() -> None:
    # fellows are 1 and 4 apart, strangers 3, 7, 2, 6: with margin 2.5 only the 2 lacks, by 0.5
    value = HingeEmbedding(embedding_size=2, margin=2.5)(PLACES_BD, Y_B)
    assert value.item() == pytest.approx((1 + 4 + 0.5) / 6, abs=1e-4)


def test_cosine_embedding_looks_at_directions_alone() -> None:
    places = torch.tensor([[1.0, 0.0], [5.0, 0.0], [1.0, 1.0]])
    value = CosineEmbedding(embedding_size=2, margin=0.0)(places, torch.tensor([0, 0, 1]))
    assert value.item() == pytest.approx(2 * math.cos(math.pi / 4) / 3)


@pytest.mark.parametrize("y", [[0, 0, 0], [0, 1, 2]])
def test_a_batch_without_a_triplet_teaches_nothing(y: list[int]) -> None:
    places = torch.randn(3, 2, requires_grad=True)
    value = triplet_margin()(places, torch.tensor(y))
    value.backward()
    assert value.item() == 0.0 and places.grad is not None and not places.grad.any()


@pytest.mark.parametrize("loss", every_loss(), ids=lambda loss: type(loss).__name__)
def test_a_last_batch_of_one_row_teaches_nothing(loss: EmbeddingLoss) -> None:
    places = torch.ones(1, 2, requires_grad=True)
    loss(places, torch.tensor([0])).backward()
    assert places.grad is not None and not places.grad.any()


@pytest.mark.parametrize("loss", every_loss(), ids=lambda loss: type(loss).__name__)
def test_rows_in_one_place_have_finite_gradients(loss: EmbeddingLoss) -> None:
    places = torch.zeros(4, 2, requires_grad=True)
    loss(places, Y_B).backward()
    assert places.grad is not None and places.grad.isfinite().all()


@pytest.mark.parametrize("loss", every_loss(), ids=lambda loss: type(loss).__name__)
def test_many_rows_are_taken_in_pieces_of_which_the_mean_is_that_of_all_pairs(loss: EmbeddingLoss) -> None:
    half = torch.randn(MOST_ROWS, 2, generator=torch.Generator().manual_seed(0))
    y: Tensor = torch.arange(MOST_ROWS) % 3
    assert loss(half.repeat(2, 1), y.repeat(2)).item() == pytest.approx(loss(half, y).item(), rel=1e-5)


@pytest.mark.parametrize("loss", every_loss(), ids=lambda loss: type(loss).__name__)
def test_threads_do_not_race_for_a_gradients_bits(loss: EmbeddingLoss) -> None:
    x_BD = torch.randn(64, 32, generator=torch.Generator().manual_seed(0))

    def gradient() -> bytes:
        places_BD = x_BD.clone().requires_grad_()
        loss(places_BD, torch.arange(64) % 3).backward()
        assert places_BD.grad is not None and places_BD.grad.any()
        return places_BD.grad.numpy().tobytes()

    assert len({gradient() for _ in range(20)}) == 1
