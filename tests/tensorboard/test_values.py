"""What is counted for TensorBoard's plugins."""

import numpy as np

from runner.tensorboard.writer import histogram_value, pr_counts


def test_pr_counts_by_hand() -> None:
    """Of the class: 0.9 and 0.4; not of it: 0.6 and 0.1."""
    counts = pr_counts(np.array([0.9, 0.6, 0.4, 0.1]), np.array([True, False, True, False]))
    hits, alarms, rejections, misses, precision, recall = counts[:, 50]
    assert (hits, alarms, rejections, misses) == (1, 1, 1, 1)
    assert (precision, recall) == (0.5, 0.5)
    assert counts[:, 0].tolist() == [2, 2, 0, 0, 0.5, 1]
    assert counts[:, 100].tolist() == [0, 0, 2, 2, 0, 0]


def test_a_histogram_counts_every_value_once() -> None:
    value = histogram_value("w", np.array([0.0, 0.0, 8.0, 30.0], np.float32))
    content = np.frombuffer(value.tensor.tensor_content).reshape(30, 3)
    assert content[0].tolist() == [0.0, 1.0, 2.0]
    assert content[:, 2].sum() == 4 and content[-1, 1] == 30.0
