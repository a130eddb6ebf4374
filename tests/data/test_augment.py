import pytest
import torch

from runner.config.step_knobs import AUGMENT_KNOBS
from runner.data import batches
from runner.data.augment import STEPS, Draws, build_augment, crop, erase, flip, rotate, shift
from runner.data.batches import ResidentBatches
from runner.errors import ConfigError

EVERY = [
    {"flip": {"horizontal": 0.5, "vertical": 0.5}},
    {"shift": {"pixels": 2}},
    {"crop": {"padding": 3}},
    {"rotation": {"degrees": 30}},
    {"erasing": {"probability": 0.5, "size": [3, 2]}},
    {"RandomHorizontalFlip": {"p": 0.5}},
    {"RandomVerticalFlip": {"p": 0.5}},
    {"RandomCrop": {"size": [9, 7], "padding": 2}},
    {"RandomRotation": 30},
]
X = torch.randint(0, 256, (100, 3, 9, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
ROWS = torch.randperm(5000, generator=torch.Generator().manual_seed(1))[:100]


class Drawn:
    """Numbers given by hand instead of drawn: by purpose, or the same for all."""

    def __init__(self, number, **by_purpose):
        self.number, self.by_purpose = number, by_purpose

    def uniform(self, *purpose):
        return torch.tensor([self.number])

    def integer(self, below, *purpose):
        number = self.by_purpose.get(str(purpose[-1]), self.number)
        assert 0 <= number < below
        return torch.tensor([number])


def picture(*rows):
    return torch.tensor([[rows]], dtype=torch.uint8)


def test_every_step_has_its_knobs_listed():
    assert set(STEPS) == set(AUGMENT_KNOBS) == {next(iter(entry)) for entry in EVERY}


@pytest.mark.parametrize("entries", [*([entry] for entry in EVERY), EVERY], ids=[*STEPS, "all"])
@pytest.mark.parametrize("size", [1, 7, 32])
def test_an_image_is_changed_the_same_in_any_company(entries, size):
    augment = build_augment(entries, (3, 9, 7), seed=5)
    pieces = [augment(x, rows, 2) for x, rows in zip(X.split(size), ROWS.split(size), strict=True)]
    assert torch.equal(torch.cat(pieces), augment(X, ROWS, 2))


@pytest.mark.parametrize("entry", EVERY, ids=STEPS)
def test_each_epoch_and_seed_changes_images_anew_and_none_the_raw_rows(entry):
    before = X.clone()
    first, again, epoch, seed = (
        build_augment([entry], (3, 9, 7), seed=s)(X, ROWS, e) for s, e in ((5, 0), (5, 0), (5, 1), (6, 0))
    )
    assert torch.equal(first, again)
    assert first.shape == X.shape
    assert not any(torch.equal(a, b) for a, b in [(first, X), (first, epoch), (first, seed)])
    assert torch.equal(X, before)


def test_the_same_step_twice_draws_twice():
    once = build_augment([{"flip": {"horizontal": 0.5}}], (3, 9, 7), seed=5)(X, ROWS, 0)
    twice = build_augment([{"flip": {"horizontal": 0.5}}] * 2, (3, 9, 7), seed=5)(X, ROWS, 0)
    assert not torch.equal(once, twice) and not torch.equal(twice, X)


def test_a_flip_mirrors_left_to_right_or_top_to_bottom():
    x = picture([1, 2], [3, 4])
    assert flip(x, Drawn(0.5), 1.0, None).tolist() == [[[[2, 1], [4, 3]]]]
    assert flip(x, Drawn(0.5), 0.0, 1.0).tolist() == [[[[3, 4], [1, 2]]]]
    assert flip(x, Drawn(0.5), 0.4, 0.4).tolist() == x.tolist()


def test_flips_happen_as_often_as_asked_for():
    x = picture([0, 1]).expand(10_000, -1, -1, -1)
    flipped = flip(x, Draws(0, 0, torch.arange(10_000)), 0.25, None)[:, 0, 0, 0]
    assert 2300 < flipped.sum() < 2700


def test_a_shift_brings_in_black():
    x = picture([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert shift(x, Drawn(1), 1).tolist() == x.tolist()  # the middle of 0 1 2
    assert shift(x, Drawn(0), 1).tolist() == [[[[0, 0, 0], [0, 1, 2], [0, 4, 5]]]]
    assert shift(x, Drawn(1, left=2), 1).tolist() == [[[[2, 3, 0], [5, 6, 0], [8, 9, 0]]]]


def test_a_crop_brings_in_the_mirror_image():
    x = picture([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert crop(x, Drawn(1), 1).tolist() == x.tolist()
    assert crop(x, Drawn(0), 1).tolist() == [[[[5, 4, 5], [2, 1, 2], [5, 4, 5]]]]
    assert crop(x, Drawn(2, top=4), 2).tolist() == [[[[7, 8, 9], [4, 5, 6], [1, 2, 3]]]]


def test_a_rotation_turns_about_the_middle():
    x = torch.arange(25.0).view(1, 1, 5, 5)
    turned = rotate(x, Drawn(1.0), 90)
    assert torch.allclose(turned, torch.rot90(x, -1, (2, 3)), atol=1e-4)
    assert torch.equal(rotate(x, Drawn(0.5), 90), x)
    oblong = torch.arange(15.0).view(1, 1, 3, 5)
    assert torch.allclose(rotate(oblong, Drawn(1.0), 180), oblong.flip(2, 3), atol=1e-4)


def test_erasing_blackens_a_rectangle_inside():
    x = picture([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert erase(x, Drawn(0), 1.0, [1, 2]).tolist() == [[[[0, 0, 3], [4, 5, 6], [7, 8, 9]]]]
    assert erase(x, Drawn(1), 1.0, [2, 2]).tolist() == x.tolist()  # the number drawn is 1, not below the probability
    erased = erase(X, Draws(0, 0, ROWS), 1.0, [3, 2]) != X
    assert all(mask.any(0).sum() <= 2 and mask.any(1).sum() <= 3 for mask in erased[:, 0])


@pytest.mark.parametrize("batches_a_chunk", [1, 3])
def test_however_rows_are_batched_an_epoch_shows_the_same_images(monkeypatch, batches_a_chunk):
    monkeypatch.setattr(batches, "CHUNK_BATCHES", batches_a_chunk)
    augment = build_augment(EVERY, (3, 9, 7), seed=5)
    y = torch.arange(100)
    seen = {}
    for batch_size in (4, 9):
        made = ResidentBatches(X, y, torch.arange(10, 90), batch_size, order_seed=3)
        changed = [augment(chunk.x, chunk.rows, 1) for chunk in made.chunks(1)]
        order = torch.cat([chunk.rows for chunk in made.chunks(1)])
        assert torch.equal(order, torch.cat([chunk.y for chunk in made.chunks(1)]))
        seen[batch_size] = torch.cat(changed)[order.argsort()]
    assert torch.equal(seen[4], seen[9])


def test_chunks_say_which_rows_they_hold():
    y = torch.arange(100)
    for rows, order_seed in [(torch.arange(20, 50), None), (torch.tensor([9, 2, 30]), None), (torch.arange(50), 1)]:
        for chunk in ResidentBatches(X, y, rows, 4, order_seed=order_seed).chunks(0):
            assert torch.equal(chunk.rows, chunk.y)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("RandomHorizontalFlip", {"flip": {"horizontal": 0.5}}),
        ({"RandomVerticalFlip": 1.0}, {"flip": {"horizontal": 0, "vertical": 1.0}}),
        ({"RandomCrop": {"size": [9, 7], "padding": 3}}, {"shift": {"pixels": 3}}),
        ({"RandomCrop": {"size": [9, 7], "padding": 3, "padding_mode": "reflect"}}, {"crop": {"padding": 3}}),
        ({"RandomRotation": 15}, {"rotation": {"degrees": 15}}),
    ],
)
def test_torchvisions_name_draws_as_ours(theirs, ours):
    changed, same = (build_augment([entry], (3, 9, 7), seed=5)(X, ROWS, 2) for entry in (theirs, ours))
    assert torch.equal(changed, same)


def test_without_a_step_there_is_nothing_to_call():
    assert build_augment([], (3, 9, 7), seed=0) is None
    assert build_augment([], (4,), seed=0) is None


@pytest.mark.parametrize(
    ("entries", "shape", "fault"),
    [
        (
            [{"flip": {"horizontal": 0.5}}],
            (4,),
            r"augment: changes images \[C, H, W\], and the rows here .* \[4\]; take",
        ),
        ([{"shift": {"pixels": 7}}], (3, 9, 7), r"augment\[0\]\.shift\.pixels=7: images are 9 x 7; give less"),
        (["flip"], (3, 9, 7), r"augment\[0\]\.flip\.horizontal is missing: give a probability, 0\.\.1"),
        ([{"flip": {"horizontal": 1.5}}], (3, 9, 7), r"flip\.horizontal=1\.5: give a probability"),
        ([{"rotation": {"degrees": 0}}], (3, 9, 7), r"rotation\.degrees=0: give a number above 0, up to 180"),
        ([{"crop": {"padding": 8}}], (3, 9, 9), None),
        ([{"RandomCrop": {"size": 9, "padding": 2}}], (3, 9, 9), None),
        ([{"RandomCrop": {"size": 9, "padding": 2}}], (3, 9, 7), r"RandomCrop\.size=9: images are 9 x 7 and stay so"),
        ([{"RandomCrop": {"size": [9, 7], "padding": 7}}], (3, 9, 7), r"padding=7: images are 9 x 7; give less"),
        ([{"crop": {"padding": 9}}], (3, 9, 9), r"crop\.padding=9: images are 9 x 9; give less"),
        ([{"erasing": {"probability": 1, "size": [9, 8]}}], (3, 9, 7), r"erasing\.size=\[9, 8\]: .* give no more"),
        (["rotate"], (3, 9, 7), r"there is no augment 'rotate'; did you mean rotation\? choices: flip, shift, crop"),
    ],
)
def test_what_cannot_be_done_is_refused(entries, shape, fault):
    if fault is None:
        assert build_augment(entries, shape, seed=0) is not None
        return
    with pytest.raises(ConfigError, match=fault):
        build_augment(entries, shape, seed=0)


EVERY_ROW = torch.arange(100_000)


def test_a_rows_number_does_not_depend_on_its_company():
    numbers = Draws(7, 3, EVERY_ROW).uniform("shift")
    places = torch.randperm(len(EVERY_ROW), generator=torch.Generator().manual_seed(0))
    assert torch.equal(Draws(7, 3, EVERY_ROW[places]).uniform("shift"), numbers[places])
    assert torch.equal(Draws(7, 3, torch.tensor([99_999])).uniform("shift"), numbers[-1:])


def test_numbers_stay_what_they_are_from_release_to_release():
    assert Draws(0, 0, torch.tensor([0, 1, 2**31])).integer(1000, "x").tolist() == [567, 776, 747]


def test_numbers_are_spread_evenly():
    numbers = Draws(0, 0, EVERY_ROW).uniform()
    assert numbers.min() >= 0 and numbers.max() < 1
    counts = torch.bincount((numbers * 256).long(), minlength=256).double()
    expected = len(EVERY_ROW) / 256
    chi_squared = ((counts - expected).square() / expected).sum()
    assert 160 < chi_squared < 360  # 255 +- 4.6 deviations


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Draws(0, 0, EVERY_ROW).uniform("x"), Draws(0, 1, EVERY_ROW).uniform("x")),
        (Draws(0, 0, EVERY_ROW).uniform("x"), Draws(1, 0, EVERY_ROW).uniform("x")),
        (Draws(0, 0, EVERY_ROW).uniform("x"), Draws(0, 0, EVERY_ROW).uniform("y")),
        (Draws(0, 0, EVERY_ROW).uniform("x"), Draws(0, 0, EVERY_ROW + 1).uniform("x")),
        (Draws(0, 0, EVERY_ROW).uniform("x"), Draws(0, 0, EVERY_ROW + 4096).uniform("x")),
    ],
    ids=["epochs", "seeds", "purposes", "neighbours", "rows 4096 apart"],
)
def test_numbers_of_two_have_nothing_to_do_with_each_other(one, other):
    assert abs(torch.corrcoef(torch.stack([one, other]))[0, 1]) < 5 / len(EVERY_ROW) ** 0.5


def test_whole_numbers_take_every_value_as_often():
    counts = Draws(0, 0, EVERY_ROW).integer(9).bincount()
    assert len(counts) == 9
    assert (counts - len(EVERY_ROW) / 9).abs().max() < 5 * (len(EVERY_ROW) / 9) ** 0.5


def test_drawing_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    Draws(0, 0, EVERY_ROW).uniform()
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.gpu
def test_numbers_are_the_same_on_the_accelerator():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    assert torch.equal(Draws(0, 0, EVERY_ROW.cuda()).uniform().cpu(), Draws(0, 0, EVERY_ROW).uniform())
