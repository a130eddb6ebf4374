"""What the last layer of a net decides on: its inputs for some rows, as points for the Projector.

Shapes: N rows, n of them shown, D features, d of what is left of them, C channels, H W pixels.
"""

from __future__ import annotations

from functools import partial
from math import ceil, sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from runner.figures.activations import run_with
from runner.figures.pixels import png, to_rgb
from runner.figures.run import Sitter
from runner.runs.directory import RunDirectory
from runner.tensorboard.projector import Sprite, write_projector
from runner.text import figure

MOST_POINTS = 1000
AT_A_TIME = 256
MOST_DIMENSIONS = 200  # of a point; of more, TensorBoard's PCA begins with a random projection
LARGEST_THUMBNAIL, SMALLEST_THUMBNAIL = 40, 16  # pixels


def write_embedding(run: Sitter, directory: RunDirectory) -> None:
    """The judged split in the projector. Raises RunError where the disk refuses."""
    head = last_linear(run.data.parts.model)
    if head is None:
        return
    rows_n = run.rows_N[:MOST_POINTS]
    points_nD = features(run, head, rows_n)
    name = f"{run.split} rows"
    if points_nD.shape[1] > MOST_DIMENSIONS:
        points_nD = main_directions(points_nD)
        name += f", {points_nD.shape[1]} main directions"
    heads, lines = said(run, len(rows_n))
    write_projector(directory.path, name, points_nD.numpy(), heads, lines, sprite(run, rows_n))


def last_linear(net: nn.Module) -> nn.Linear | None:
    return next((module for module in reversed(list(net.modules())) if isinstance(module, nn.Linear)), None)


@torch.no_grad()
def features(run: Sitter, head: nn.Linear, rows_n: Tensor) -> Tensor:
    """[n, D] what ``head`` is fed, one vector a row."""
    seen: list[Tensor] = []
    for rows in torch.split(rows_n, AT_A_TIME):
        keep = partial(keep_input, seen)
        run_with(run.data.parts.model, run.prepared(rows), keep, [head])
    return torch.cat(seen)


def main_directions(points_nD: Tensor) -> Tensor:
    """[n, d] the points in the d directions in which they differ most, which all but keeps their distances."""
    points_nD = points_nD.nan_to_num(0, 0, 0).double()
    points_nD -= points_nD.mean(0)
    squares_n, axes_nn = torch.linalg.eigh(points_nD @ points_nD.T)  # of n x n numbers: D may be far more
    points_nn: Tensor = (axes_nn * squares_n.clamp(min=0).sqrt()).flip(1)
    return points_nn[:, :MOST_DIMENSIONS].float()


def keep_input(seen: list[Tensor], module: nn.Module, args: Any, made: Any) -> None:
    seen.append(args[0].flatten(1).float().cpu())


def said(run: Sitter, count: int) -> tuple[list[str], list[list[str]]]:
    """(headings, a line for each point); TensorBoard labels points by the first of no numbers, or else the first."""
    scores, y_N = run.answers
    names = run.data.data.class_names
    if not names:
        pairs = zip(y_N[:count].tolist(), scores[:count].tolist(), strict=True)
        return ["true", "predicted"], [[figure(y), figure(value)] for y, value in pairs]
    verdicts = run.verdicts
    triples = zip(y_N[:count].tolist(), verdicts.predicted_N.tolist(), verdicts.hits_N.tolist(), strict=False)
    lines = [
        [f"is {names[y]}" + ("" if hit else f", taken for {names[k]}"), names[y], names[k], "yes" if hit else "no"]
        for y, k, hit in triples
    ]
    return ["row", "true", "predicted", "right"], lines


def sprite(run: Sitter, rows_n: Tensor) -> Sprite | None:
    """Thumbnails of the rows, large enough to be seen; None for a table."""
    data = run.data.data
    if len(data.x.shape) != 4:
        return None
    images = to_rgb(data.x[rows_n])
    times = max(1, ceil(SMALLEST_THUMBNAIL / max(images.shape[1:3])))
    step = max(1, ceil(max(images.shape[1:3]) / LARGEST_THUMBNAIL))
    images = images[:, ::step, ::step].repeat(times, 1).repeat(times, 2)
    across = ceil(sqrt(len(images)))
    height, width = images.shape[1:3]
    sheet = np.full((across * height, across * width, 3), 255, np.uint8)
    for place, image in enumerate(images):
        y, x = place // across * height, place % across * width
        sheet[y : y + height, x : x + width] = image
    return Sprite(png(sheet), width, height)
