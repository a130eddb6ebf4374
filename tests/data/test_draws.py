import pytest
import torch

from runner.data.augment import Draws

ROWS = torch.arange(100_000)


def test_a_rows_number_does_not_depend_on_its_company():
    numbers = Draws(7, 3, ROWS).uniform("shift")
    places = torch.randperm(len(ROWS), generator=torch.Generator().manual_seed(0))
    assert torch.equal(Draws(7, 3, ROWS[places]).uniform("shift"), numbers[places])
    assert torch.equal(Draws(7, 3, torch.tensor([99_999])).uniform("shift"), numbers[-1:])


def test_numbers_stay_what_they_are_from_release_to_release():
    assert Draws(0, 0, torch.tensor([0, 1, 2**31])).integer(1000, "x").tolist() == [567, 776, 747]


def test_numbers_are_spread_evenly():
    numbers = Draws(0, 0, ROWS).uniform()
    assert numbers.min() >= 0 and numbers.max() < 1
    counts = torch.bincount((numbers * 256).long(), minlength=256).double()
    expected = len(ROWS) / 256
    chi_squared = ((counts - expected).square() / expected).sum()
    assert 160 < chi_squared < 360  # 255 +- 4.6 deviations


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Draws(0, 0, ROWS).uniform("x"), Draws(0, 1, ROWS).uniform("x")),
        (Draws(0, 0, ROWS).uniform("x"), Draws(1, 0, ROWS).uniform("x")),
        (Draws(0, 0, ROWS).uniform("x"), Draws(0, 0, ROWS).uniform("y")),
        (Draws(0, 0, ROWS).uniform("x"), Draws(0, 0, ROWS + 1).uniform("x")),
        (Draws(0, 0, ROWS).uniform("x"), Draws(0, 0, ROWS + 4096).uniform("x")),
    ],
    ids=["epochs", "seeds", "purposes", "neighbours", "rows 4096 apart"],
)
def test_numbers_of_two_have_nothing_to_do_with_each_other(one, other):
    assert abs(torch.corrcoef(torch.stack([one, other]))[0, 1]) < 5 / len(ROWS) ** 0.5


def test_whole_numbers_take_every_value_as_often():
    counts = Draws(0, 0, ROWS).integer(9).bincount()
    assert len(counts) == 9
    assert (counts - len(ROWS) / 9).abs().max() < 5 * (len(ROWS) / 9) ** 0.5


def test_drawing_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    Draws(0, 0, ROWS).uniform()
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.gpu
def test_numbers_are_the_same_on_the_accelerator():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    assert torch.equal(Draws(0, 0, ROWS.cuda()).uniform().cpu(), Draws(0, 0, ROWS).uniform())
