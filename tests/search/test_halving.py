"""The rungs of successive halving, counted by hand."""

from __future__ import annotations

from runner.search.halving import Rung, num_epochs, rungs, table


def test_each_rung_has_a_third_of_the_trials_for_three_times_the_epochs() -> None:
    assert rungs(27, 9, eta=3, min_epochs=1) == [Rung(27, 1), Rung(9, 3), Rung(3, 9)]
    assert rungs(81, 10, eta=3, min_epochs=1) == [Rung(81, 1), Rung(27, 3), Rung(9, 10)]
    assert rungs(8, 8, eta=2, min_epochs=2) == [Rung(8, 2), Rung(4, 4), Rung(2, 8)]
    assert rungs(3, 100, eta=3, min_epochs=1) == [Rung(3, 33), Rung(1, 100)]
    assert rungs(2, 9, eta=3, min_epochs=1) == [Rung(2, 9)] and rungs(9, 2, eta=3, min_epochs=1) == [Rung(9, 2)]


def test_a_trial_that_goes_on_costs_what_is_left_to_its_rung() -> None:
    assert num_epochs(rungs(27, 9, eta=3, min_epochs=1)) == 27 * 1 + 9 * 2 + 3 * 6


def test_the_rungs_are_shown_with_what_they_cost() -> None:
    assert table(rungs(27, 9, eta=3, min_epochs=1)) == [
        "settings   to epoch   epochs",
        "      27          1       27",
        "       9          3       18",
        "       3          9       18",
        "63 epochs, 26% of the 243 of all settings",
    ]
