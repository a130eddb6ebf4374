"""The share of a run's time that its dashboards may take."""

from runner.tensorboard.dashboards import Budget


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_fits_into_a_twentieth_of_the_run_is_allowed() -> None:
    clock = Clock()
    budget = Budget(begun=100.0, limited=True, clock=clock)
    clock.now = 113.0  # 13 s: 0.65 s may go, a picture takes 0.7 s at first
    assert not budget.allows("confusion")
    clock.now = 114.0
    assert budget.allows("confusion")
    with budget.charged("confusion"):
        clock.now = 114.1  # it took 0.1 s
    assert budget.allows("confusion")  # 0.2 s in all


def test_what_was_spent_counts() -> None:
    clock = Clock()
    budget = Budget(begun=100.0, limited=True, clock=clock)
    with budget.charged("embedding"):
        clock.now = 110.0
    assert not budget.allows("filters")


def test_what_did_not_fit_is_remembered_until_it_does() -> None:
    clock = Clock()
    budget = Budget(begun=100.0, limited=True, clock=clock)
    assert not budget.allows("graph") and list(budget.refused) == ["graph"]
    clock.now = 200.0
    assert budget.allows("graph") and not budget.refused


def test_without_a_limit_everything_is_allowed() -> None:
    assert Budget(begun=100.0, limited=False, clock=Clock()).allows("confusion")
