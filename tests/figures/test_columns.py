"""What the answers of a net come to over one column."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text

from runner.contracts import Column
from runner.experiment.importance import Dependence, Importance
from runner.figures.columns import draw_dependence, draw_importance
from runner.figures.dataset_view import Title
from runner.figures.style import style


@pytest.mark.parametrize(("names", "angle"), [(("no", "yes"), 0), (("Divorced", "Married-civ", "Never-married"), 30)])
def test_names_of_categories_that_would_overlap_are_tilted(names: tuple[str, ...], angle: int) -> None:
    axes = Figure(figsize=(2, 2)).add_subplot()
    moved = Dependence(Column("status", names), tuple(range(len(names))), {"net": (0.1, 0.2, 0.3)[: len(names)]}, None)
    draw_dependence(axes, moved, ())
    labels = axes.get_xticklabels()
    assert [label.get_rotation() for label in labels] == [angle] * len(names)
    ends = [label.get_window_extent() for label in labels]
    assert angle or all(left.x1 < right.x0 for left, right in pairwise(ends))


def test_bars_have_the_figures_of_the_table() -> None:
    lost = {"net": torch.tensor([[0.2, 0.1], [0.0006, 0.0004]])}
    with style():
        made = draw_importance(Title("x", "y", "z"), Importance(("area", "floor"), lost, (0, 1), (), 9, ""), ())
        assert {"0.1500", "0.0005"} <= {text.get_text() for text in made.figure.findobj(Text)}
