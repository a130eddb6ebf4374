"""The pictures of a run: what it measured, where it errs, what its net looks like inside.

Each is drawn from what a run directory holds; some need the run's data set too. A picture that does not suit the run
raises ConfigError, one that lacks something DataError.

Shapes: N rows of a split, n examples, C channels, H W pixels, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from torch import nn

from runner.data.transform import Transform
from runner.errors import ConfigError, DataError
from runner.experiment.importance import REPEATS
from runner.experiment.rebuild import Predictor
from runner.figures.activations import filter_images, filtered, first_convolution, first_layer, saliency, stages
from runner.figures.class_predictions import calibration_of
from runner.figures.columns import draw_importance
from runner.figures.curves import curves_of, draw_curves
from runner.figures.net import (
    draw_columns,
    draw_convolution,
    draw_features,
    draw_filters,
    draw_saliency,
    draw_units,
)
from runner.figures.pixels import Pixels, to_rgb
from runner.figures.predictions import (
    MOST_IMAGES,
    MOST_ROWS,
    draw_confusion,
    draw_image_mistakes,
    draw_reliability,
    draw_residuals,
    draw_row_mistakes,
)
from runner.figures.run_view import RunView
from runner.figures.style import Picture, part
from runner.losses.readout import is_answer
from runner.text import counted, figure

IN_TERMINAL = 8  # mistakes
EXAMPLES = 6  # of saliency
MOST_STAGES = 12  # of the layers of a deep net
TABLE_ROWS = 2048  # whose gradients are averaged


def curves(run: RunView) -> Picture:
    found = curves_of(run.rows)
    if not found:
        has_ended = any("train/loss" in row for row in run.rows)
        raise DataError("metrics.jsonl " + ("has no measure that is a number" if has_ended else "has no epoch yet"))
    best = run.best_epoch
    epochs = counted(max(row["epoch"] for row in run.rows), "epoch")
    note = f"dashed and in numbers: epoch {best}, the best by {run.monitor}"
    if best is None:
        note = "in numbers: the last epoch; nothing was monitored"
    return draw_curves(run.title(f"Curves over {epochs}", note, by=False), found, best)


def confusion(run: RunView) -> Picture:
    counts, names, split = counts_and_names(run)
    hits, total = sum(row[k] for k, row in enumerate(counts)), sum(map(sum, counts))
    note = f"{hits:,} of {total:,} rows right: {100 * hits / total:.2f} %; blue right, red wrong"
    return draw_confusion(run.title(f"Confusion matrix, {split} split", note), names, counts)


def counts_and_names(run: RunView) -> tuple[list[list[int]], Sequence[str], str]:
    """(counts [true][predicted], classes, split); by the summary where the data set is not here."""
    if not isinstance(run.experiment, DataError):
        return run.predictions.counts, run.predictions.class_names, run.split
    counts, names, split = (run.summary.get(key) for key in ("confusion", "class_names", "judged_split"))
    if not counts or not names:
        raise run.experiment
    return counts, names, str(split)


def mistakes(run: RunView) -> Picture:
    predictions, data = run.predictions, run.data.data
    is_images = len(data.x.shape) == 4
    shown = predictions.mistakes[: MOST_IMAGES if is_images else MOST_ROWS]
    total = len(predictions.mistakes)
    which = f"; here the {len(shown)} it was surest of" if len(shown) < total else ", the surest first"
    note = f"{total:,} of {counted(len(predictions.rows_N), 'row')} wrong{which}"
    title, x = run.title(f"Mistakes, {run.split} split", note), data.x[predictions.rows_N[shown]]
    if is_images:
        return draw_image_mistakes(title, predictions, x, shown.tolist())
    return draw_row_mistakes(title, predictions, x, shown.tolist(), run.net.schema.columns)


def first_mistakes(run: RunView) -> list[tuple[str, Pixels]]:
    """(heading, [1, H, W, 3]) of those that fit into a terminal; [] for a table."""
    data, predictions = run.data.data, run.predictions
    shown = predictions.mistakes[:IN_TERMINAL]
    if len(data.x.shape) != 4 or not len(shown):
        return []
    images = to_rgb(data.x[predictions.rows_N[shown]])
    return [("\n".join(predictions.caption(place)), images[i : i + 1]) for i, place in enumerate(shown.tolist())]


def weights(run: RunView) -> Picture:
    layer = first_layer(run.net.parts.model)
    if layer is None:
        raise ConfigError("this net has neither a linear layer nor a convolution to look at")
    in_shape = run.net.in_shape
    images = filter_images(layer, in_shape)
    noun = "filter" if isinstance(layer, nn.Conv2d) else "unit"
    most = figure(float(layer.weight.detach().abs().max()))
    scale = "red, green and blue" if images and layer.weight.shape[1] == 3 else f"blue -{most} to red {most}"
    if images:
        size = " x ".join(map(str, layer.weight.shape[1:] if noun == "filter" else in_shape))
        note = f"{part(len(images), len(layer.weight), noun)} of {size}; {scale}"
        return draw_filters(run.title(f"The {noun}s of the first layer", note), images)
    names = input_names(run.net)
    if not isinstance(layer, nn.Linear) or len(names) != layer.in_features:
        raise ConfigError("the first layer is fed neither pictures nor the columns of a table")
    return draw_units(run.title("Weights of the first layer", scale), layer, names)


def input_names(net: Predictor) -> list[str]:
    """What the net is fed, number by number: the columns as the last transform leaves them."""
    *_, last = net.parts.preprocess.children()
    assert isinstance(last, Transform)
    return [column.name for column in last.columns] or [f"input {i}" for i in range(prod(net.in_shape))]


def convolution(run: RunView) -> Picture:
    layer = first_convolution(run.net.parts.model)
    if layer is None:
        raise ConfigError("this net has no convolution")
    work = filtered(run.net.parts.model, layer, run.prepared(run.example_row))
    note = f"{run.example_name()}; blue below 0, red above; outputs from their least to their greatest"
    return draw_convolution(run.title("The first convolution at work", note), work)


def features(run: RunView) -> Picture:
    made = stages(run.data.parts.model, run.prepared(run.example_row))
    if not made or len(run.data.data.x.shape) != 4:  # members of a net for tables are stacked as pictures are
        raise ConfigError("no layer of this net makes pictures")
    picture = to_rgb(run.data.data.x[run.example_row])[0]
    shown = [made[round(i * (len(made) - 1) / (MOST_STAGES - 1))] for i in range(MOST_STAGES)]
    shown = shown if len(made) > MOST_STAGES else made
    note = (
        f"{run.example_name()}; {part(len(shown), len(made), 'layer')}; grey from 0 up, or blue below 0 and red above"
    )
    return draw_features(run.title("What the layers make of an example", note), picture, shown)


def reliability(run: RunView) -> Picture:
    calibration = calibration_of(run.predictions)
    error = f"expected calibration error {100 * calibration.error:.2f} % over {counted(len(run.rows_N), 'row')}"
    note = f"{error}; red: right less often than it is sure, pale blue: more often"
    return draw_reliability(run.title(f"Reliability, {run.split} split", note), calibration)


def input_gradients(run: RunView) -> Picture:
    data = run.data.data
    if len(data.x.shape) == 4:
        return picture_gradients(run)
    rows_n = run.rows_N[:TABLE_ROWS]
    strength_nF = saliency(run.data.parts.model, run.prepared(rows_n))
    names = input_names(run.net)
    note = f"as the net gets them; mean |gradient| over {counted(len(rows_n), 'row')}"
    return draw_columns(run.title("How strongly each column counts", note), strength_nF, names)


def picture_gradients(run: RunView) -> Picture:
    places = example_places(run)
    rows_n = run.rows_N[places]
    strength_nCHW = saliency(run.data.parts.model, run.prepared(rows_n))
    scores, y_N = run.answers
    names = run.data.data.class_names
    if names:
        captions = [run.predictions.caption(place) for place in places]
    else:
        captions = [(figure(float(scores[place])), f"is {figure(float(y_N[place]))}") for place in places]
    note = f"{counted(len(places), f'{run.split} row')}: the picture, |d answer / d pixel|, and both"
    return draw_saliency(
        run.title("Where the net looks", note), to_rgb(run.data.data.x[rows_n]), strength_nCHW, captions
    )


def example_places(run: RunView) -> list[int]:
    """The first row of each of the first classes, or the first rows where a number is predicted."""
    y_N = run.answers[1]
    if not run.data.data.class_names:
        return list(range(min(EXAMPLES, len(y_N))))
    firsts = [(y_N == k).nonzero()[:1, 0].tolist() for k in range(len(run.data.data.class_names))]
    return [place for first in firsts for place in first][:EXAMPLES]


def residuals(run: RunView) -> Picture:
    if run.net.schema.task != "regression":
        raise ConfigError("this run tells classes apart: it has no residuals")
    is_told_N = is_answer(run.answers[0])
    predicted_n, true_n = (numbers_N[is_told_N] for numbers_N in run.answers)
    if not len(true_n):
        raise DataError(f"the net's output is not a number for any row of {run.split}")
    error_n = (predicted_n - true_n).double()
    rmse, mae = float(error_n.square().mean().sqrt()), float(error_n.abs().mean())
    others = int((~is_told_N).sum())
    left_out = f"; {others:,} without an answer left out" if others else ""
    note = f"{counted(len(true_n), 'row')}: RMSE {figure(rmse)}, MAE {figure(mae)}{left_out}"
    return draw_residuals(run.title(f"Predicted and true, {run.split} split", note), predicted_n, true_n, run.split)


def columns(run: RunView) -> Picture:
    if len(run.net.schema.row_shape) != 1:
        raise ConfigError("columns: the rows of this run are pictures; saliency shows where the net looks")
    found, names = run.importance, run.net.schema.class_names
    times = f"mean and deviation of {REPEATS} times, {counted(found.num_rows, 'row')}"
    alone = f"; no trees: {found.left_out}" if found.left_out else ""
    note = f"{loses(run)} with a column shuffled, {times}{alone}"
    title = run.title(f"Which columns matter, {run.split} split", note)
    return draw_importance(title, found, names)


def loses(run: RunView) -> str:
    """What a net loses whose columns are shuffled."""
    return "accuracy lost" if run.net.schema.class_names else "RMSE gained"


DRAW: Mapping[str, Callable[[RunView], Picture]] = {
    "curves": curves,
    "confusion": confusion,
    "mistakes": mistakes,
    "reliability": reliability,
    "residuals": residuals,
    "weights": weights,
    "convolution": convolution,
    "features": features,
    "saliency": input_gradients,
    "columns": columns,
}
