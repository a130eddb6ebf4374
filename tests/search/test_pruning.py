"""How far a trial must have come at which epoch, by those that ended before it; scores are the smaller the better."""

from __future__ import annotations

from runner.search.pruning import limits
from runner.search.trial import Trial, seen


def ended(*scores: float, num_epochs: int = 3) -> list[Trial]:
    """Trials that had one score from their first epoch on."""
    return [Trial(number, {}, "finished", score, (score,) * num_epochs) for number, score in enumerate(scores)]


def test_the_median_of_five_trials_is_asked_for_at_each_epoch_but_the_last() -> None:
    assert limits("median", 9, ended(5.0, 1.0, 4.0, 2.0, 3.0), epochs=3) == {1: 3.0, 2: 3.0}
    assert limits("median", 9, ended(5.0, 1.0, 4.0, 2.0), epochs=3) == {}


def test_trials_that_were_pruned_before_an_epoch_do_not_count_there() -> None:
    pruned = [Trial(9, {}, "pruned", 9.0, (9.0,))]
    assert limits("median", 10, [*ended(1.0, 2.0, 3.0, 4.0), *pruned], epochs=3) == {1: 3.0}


def test_one_of_three_goes_on_at_the_rungs_of_its_bracket() -> None:
    trials = [Trial(number, {}, "finished", number, (number,) * 9) for number in range(0, 18, 3)]  # 0, 3, ... 15
    assert limits("hyperband", 18, trials, epochs=9) == {1: 3, 3: 3}  # (6 + 1) // 3 = 2: the second best
    assert limits("hyperband", 19, trials, epochs=9) == {}  # nobody was in its bracket yet
    own = [Trial(1, {}, "finished", 4.0, (4.0,) * 9)]
    assert limits("hyperband", 19, own, epochs=9) == {3: 4.0}
    assert limits("hyperband", 20, [Trial(2, {}, "finished", 4.0, (4.0,) * 9)], epochs=9) == {}  # the third prunes none


def test_without_pruning_there_are_no_limits_and_inside_the_window_nothing_is_known() -> None:
    trials = ended(1.0, 2.0, 3.0, 4.0, 5.0)
    assert limits(None, 9, trials, epochs=3) == {}
    assert limits("median", 5, seen(trials, 5, window=4), epochs=3) == {}
