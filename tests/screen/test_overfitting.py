import pytest

from runner.screen.remarks import overfit_verdict


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ([2.0, 1.0, 0.01], "from 2 to 0.01 in 30 steps: it went down; model, loss and optimizer can learn"),
        ([2.0, 1.0], "from 2 to 1 in 20 steps: it went down, but NOT near 0; try another optimizer.lr"),
        (
            [2.0, 2.0],
            "it did NOT go down; look at optimizer.lr, at the labels, and for a softmax",
        ),
        ([2.0, 3.0], "it did NOT go down"),
        ([0.5, -4.0], "from 0.5 to -4 in 20 steps: it went down; model"),
    ],
)
def test_the_verdict_compares_the_last_loss_with_the_first(losses: list[float], told: str) -> None:
    rows = [{"step": 10 * (i + 1), "train/batch_loss": loss} for i, loss in enumerate(losses)]
    assert told in overfit_verdict(rows)
