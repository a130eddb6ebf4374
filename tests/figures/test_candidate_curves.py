"""The curves of the candidates."""

import json
from itertools import pairwise
from pathlib import Path

from matplotlib.collections import LineCollection

from past_runs import make_jobs
from runner.figures.candidate_curves import MOST_POINTS, draw_candidate_curves, read_curves, thinned
from runner.figures.style import Picture, style
from runner.figures.sweep_view import SweepView
from runner.runs.candidates import read_candidates
from runner.runs.saved_sweep import SavedSweep


def test_long_curves_are_thinned_evenly_with_their_ends() -> None:
    points = [(epoch, 1 / epoch) for epoch in range(1, 1001)]
    found = thinned(points)
    assert len(found) == MOST_POINTS and (found[0], found[-1]) == (points[0], points[-1])
    gaps = {right - left for (left, _), (right, _) in pairwise(found)}
    assert gaps <= {16, 17}
    assert thinned(points[:60]) == points[:60]


def test_a_curve_goes_from_epoch_to_epoch_and_the_best_lies_on_top(tmp_path: Path) -> None:
    jobs = [(f"optimizer.lr={lr}", lr, "finished") for lr in (0.1, 0.2, 0.3, 0.4)]
    sweep = make_jobs(tmp_path / "sweep", *jobs)
    for number, losses in enumerate([(0.3, 0.1), (0.5, 0.2)], start=1):
        rows = [{"step": n, "epoch": n, "train/loss": 1.0, "val/loss": loss} for n, loss in enumerate(losses, start=1)]
        (sweep / f"000{number}-job" / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (sweep / "0003-job" / "metrics.jsonl").write_text("no row\n")
    view = SweepView("sweep", read_candidates(SavedSweep(sweep)))
    curves = read_curves(view)
    assert [(each.settings["optimizer.lr"], points) for each, points in curves] == [
        ("0.2", [(1, 0.5), (2, 0.2)]),
        ("0.1", [(1, 0.3), (2, 0.1)]),
    ], "the third is damaged, the fourth has measured nothing"
    with style():
        picture = Picture(view.title("x"), 744, 400)
        draw_candidate_curves(picture, view, curves, 0)
    (lines,) = (found for found in picture.figure.axes[0].collections if isinstance(found, LineCollection))
    assert [[round(y, 6) for _, y in line] for line in lines.get_segments()] == [[1, 0.25], [0.5, 0]]
