import io
import random

import numpy as np
import torch

from runner import seed


def draw_from_every_stream():
    """Numbers whose states have to be carried on: gauss draws leave half a pair behind in each library."""
    return (
        torch.rand(5).tolist(),
        torch.randn(1).tolist(),
        random.random(),
        random.gauss(0, 1),
        np.random.rand(3).tolist(),
        float(np.random.standard_normal()),
    )


def through_a_file(states):
    file = io.BytesIO()
    torch.save(states, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def test_a_derived_seed_is_the_same_on_every_machine():
    # sha256 of the text "(0, 'order', 3)", first 8 bytes, without the top bit
    assert seed.derive(0, "order", 3) == 0xEB7581740468B35C & (2**63 - 1)


def test_each_purpose_has_its_own_seed():
    seeds = {seed.derive(0), seed.derive(1), seed.derive(0, "a"), seed.derive(0, "b"), seed.derive(0, "a", "b")}
    seeds |= {seed.derive(0, "1"), seed.derive(0, 1), seed.derive(0, "ab"), seed.derive(0, "a', 'b")}
    assert len(seeds) == 9
    assert all(0 <= s < 2**63 for s in seeds)


def test_a_private_generator_leaves_the_global_one_alone():
    before = torch.get_rng_state()
    first = torch.rand(4, generator=seed.generator(7, "order", 1))
    assert torch.equal(first, torch.rand(4, generator=seed.generator(7, "order", 1)))
    assert not torch.equal(first, torch.rand(4, generator=seed.generator(7, "order", 2)))
    assert torch.equal(before, torch.get_rng_state())


def test_the_same_seed_gives_the_same_numbers_in_every_library():
    seed.seed_everything(3)
    first = draw_from_every_stream()
    seed.seed_everything(3)
    assert draw_from_every_stream() == first
    seed.seed_everything(4)
    assert all(a != b for a, b in zip(draw_from_every_stream(), first, strict=True))


def test_weights_start_as_after_torch_manual_seed():
    seed.seed_everything(3)
    ours = torch.nn.Linear(2, 2).weight
    torch.manual_seed(3)
    assert torch.equal(ours, torch.nn.Linear(2, 2).weight)


def test_the_largest_seed_is_taken_by_every_library():
    seed.seed_everything(2**63 - 1)
    first = draw_from_every_stream()
    seed.seed_everything(2**63 - 1)
    assert draw_from_every_stream() == first


def test_captured_streams_go_on_bit_for_bit_after_a_weights_only_load():
    seed.seed_everything(0)
    draw_from_every_stream()  # leaves a gauss number waiting in python and in numpy
    states = through_a_file(seed.capture())
    expected = [draw_from_every_stream() for _ in range(300)]  # past one refill of 624 words
    seed.seed_everything(99)
    seed.restore(states)
    assert [draw_from_every_stream() for _ in range(300)] == expected


def test_capturing_draws_nothing():
    seed.seed_everything(0)
    expected = draw_from_every_stream()
    seed.seed_everything(0)
    seed.capture()
    assert draw_from_every_stream() == expected


def test_states_of_devices_that_are_not_here_are_left_out():
    states = seed.capture()
    states["cuda"] = [torch.zeros(16, dtype=torch.uint8)] * (torch.cuda.device_count() + 1)
    states["cuda"][: torch.cuda.device_count()] = [
        torch.cuda.get_rng_state(d) for d in range(torch.cuda.device_count())
    ]
    states["mps"] = states["mps"] if torch.backends.mps.is_available() else torch.zeros(16, dtype=torch.uint8)
    expected = draw_from_every_stream()
    seed.restore(states)
    assert draw_from_every_stream() == expected


def test_a_lent_seed_is_given_back():
    seed.seed_everything(1)
    expected = draw_from_every_stream()
    seed.seed_everything(7)
    lent = draw_from_every_stream()
    seed.seed_everything(1)
    with seed.lent(7):
        assert draw_from_every_stream() == lent
    assert draw_from_every_stream() == expected
