"""The best epoch and the end of patience, by hand-made numbers."""

import math

import pytest

from runner.engine.best import Monitor, directions, is_higher_better, stored_directions
from runner.errors import ConfigError

NAN = math.nan


def followed(values, name="val/loss", min_delta=0.0, patience=None, higher_is_better=False):
    monitor = Monitor(name, min_delta, patience, higher_is_better=higher_is_better)
    improved = [monitor.update(epoch, epoch * 10, {name: value}) for epoch, value in enumerate(values, start=1)]
    return monitor, improved


class Named:
    """A metric that says so much of itself."""

    def __init__(self, higher_is_better):
        self.higher_is_better = higher_is_better


def test_case_04_a_metric_says_by_itself_which_end_is_better_its_name_says_nothing():
    said = directions({"my_error": Named(True), "top_score": Named(False), "curve": Named(None), "odd": Named("min")})
    assert is_higher_better("val/my_error", said) is True
    assert is_higher_better("test/top_score", said) is False
    assert is_higher_better("val/curve", said) is None
    assert is_higher_better("val/odd", said) is None
    assert (is_higher_better("train/loss", said), is_higher_better("train/accuracy", said)) == (False, True)


def test_case_04_a_summary_says_it_and_one_of_an_older_build_means_the_metrics_of_the_program():
    assert stored_directions({"higher_is_better": {"brier": False, "gap": None}}) == {"brier": False}
    older = stored_directions({})
    assert [older[name] for name in ("loss", "rmse", "mae")] == [False] * 3
    assert [older[name] for name in ("accuracy", "auroc", "f1", "precision", "recall", "r2")] == [True] * 6
    assert is_higher_better("val/brier", older) is None


@pytest.mark.parametrize(("is_higher", "best_epoch"), [(True, 3), (False, 1)])
def test_case_04_patience_waits_for_the_end_that_the_metric_names(is_higher, best_epoch):
    rising = [0.1, 0.2, 0.3]
    monitor, _ = followed(rising, name="val/x", patience=2, higher_is_better=is_higher)
    assert (monitor.best_epoch, monitor.spent) == (best_epoch, not is_higher)


def test_the_smallest_loss_is_best():
    monitor, improved = followed([0.5, 0.3, 0.4])
    assert improved == [True, True, False]
    assert (monitor.best_value, monitor.best_epoch, monitor.best_step) == (0.3, 2, 20)


def test_the_largest_accuracy_is_best():
    monitor, improved = followed([0.5, 0.9, 0.8], name="val/accuracy", higher_is_better=True)
    assert improved == [True, True, False]
    assert (monitor.best_value, monitor.best_epoch) == (0.9, 2)


def test_a_tie_keeps_the_earlier_epoch():
    monitor, improved = followed([0.3, 0.3])
    assert improved == [True, False]
    assert monitor.best_epoch == 1


def test_nan_is_never_best_and_does_not_hide_what_follows():
    monitor, improved = followed([NAN, 0.5, NAN, 0.4])
    assert improved == [False, True, False, True]
    assert monitor.best_value == 0.4


def test_an_infinite_loss_is_beaten_by_any_number():
    monitor, improved = followed([math.inf, 1e30])
    assert improved == [True, True]
    assert monitor.best_epoch == 2


def test_patience_is_spent_after_that_many_epochs_without_a_better_value():
    assert not followed([0.5, 0.6], patience=2)[0].spent
    assert followed([0.5, 0.6, 0.5], patience=2)[0].spent


def test_patience_starts_again_with_a_better_value():
    assert not followed([0.5, 0.6, 0.4, 0.6], patience=2)[0].spent


def test_patience_runs_out_on_nan_from_the_start():
    assert followed([NAN, NAN, NAN], patience=3)[0].spent


def test_without_patience_it_is_never_spent():
    assert not followed([0.5] * 1000)[0].spent


def test_small_gains_make_a_best_epoch_but_do_not_extend_patience():
    # 0.50 counts; 0.45 and 0.41 are less than 0.1 better than it, and yet each is the best so far
    monitor, improved = followed([0.50, 0.45, 0.41], min_delta=0.1, patience=2)
    assert improved == [True, True, True]
    assert monitor.spent


def test_small_gains_that_add_up_to_min_delta_count():
    assert not followed([0.50, 0.45, 0.39], min_delta=0.1, patience=2)[0].spent


def test_a_monitor_goes_on_from_its_saved_state_as_if_never_stopped():
    values = [0.5, 0.6, NAN, 0.4, 0.4, 0.45]
    whole, improved = followed(values, patience=2)
    for cut in range(len(values) + 1):
        first, before = followed(values[:cut], patience=2)
        second = Monitor("val/loss", 0.0, 2, higher_is_better=False)
        second.load(first.state())
        after = [second.update(e, e * 10, {"val/loss": values[e - 1]}) for e in range(cut + 1, len(values) + 1)]
        assert before + after == improved
        assert second.state() == whole.state()
        assert second.spent == whole.spent


def test_a_metric_the_run_does_not_have_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"monitor=val/acc: .* only train/loss, val/accuracy"):
        Monitor("val/acc", 0.0, None, higher_is_better=True).update(1, 10, {"train/loss": 0.5, "val/accuracy": 0.9})


@pytest.mark.parametrize(("is_higher", "reached"), [(False, [True, True, False]), (True, [False, True, True])])
def test_a_monitor_has_reached_what_is_as_good_as_its_best(is_higher, reached):
    monitor = Monitor("val/x", 0.0, None, higher_is_better=is_higher)
    assert not monitor.has_reached(0.5)
    monitor.update(1, 10, {"val/x": 0.5})
    assert [monitor.has_reached(value) for value in (0.6, 0.5, 0.4)] == reached
