"""What the last layer of a net decides on: its inputs for some rows, as points, and the files of the Projector.

Shapes: N rows, n of them shown, D features, d of what is left of them, C channels, H W pixels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from runner.figures.activations import run_with
from runner.figures.pixels import png, to_rgb
from runner.figures.run_view import RunView
from runner.runs.directory import RunDirectory
from runner.runs.files import write_whole
from runner.text import figure

MOST_POINTS = 1000
AT_A_TIME = 256
MOST_DIMENSIONS = 200  # of a point; of more, TensorBoard's PCA begins with a random projection
LARGEST_THUMBNAIL, SMALLEST_THUMBNAIL = 40, 16  # pixels


def write_embedding(run: RunView, directory: RunDirectory) -> None:
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
def features(run: RunView, head: nn.Linear, rows_n: Tensor) -> Tensor:
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


def said(run: RunView, count: int) -> tuple[list[str], list[list[str]]]:
    """(headings, a line for each point); TensorBoard labels points by the first of no numbers, or else the first."""
    scores, y_N = run.answers
    names = run.data.data.class_names
    if not names:
        pairs = zip(y_N[:count].tolist(), scores[:count].tolist(), strict=True)
        return ["true", "predicted"], [[figure(y), figure(value)] for y, value in pairs]
    predictions = run.predictions
    triples = zip(y_N[:count].tolist(), predictions.predicted_N.tolist(), predictions.hits_N.tolist(), strict=False)
    lines = [
        [f"is {names[y]}" + ("" if hit else f", taken for {names[k]}"), names[y], names[k], "yes" if hit else "no"]
        for y, k, hit in triples
    ]
    return ["row", "true", "predicted", "right"], lines


def sprite(run: RunView, rows_n: Tensor) -> Sprite | None:
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


CONFIG = "projector_config.pbtxt"  # the name that TensorBoard looks for in a run directory
FOLDER = "projector"


@dataclass(frozen=True)
class Sprite:
    """Thumbnails of one size side by side in one picture, row by row, as many across as down."""

    png: bytes
    width: int  # of one of them, in pixels
    height: int


def write_projector(
    run_dir: Path,
    name: str,
    points_nD: NDArray[np.float32],
    heads: Sequence[str],
    lines: Sequence[Sequence[str]],
    sprite: Sprite | None,
) -> None:
    """``lines`` says of each point what ``heads`` names. Raises RunError where the disk refuses."""
    folder = run_dir / FOLDER
    folder.mkdir(exist_ok=True)
    points = "\n".join("\t".join(f"{value:.5g}" for value in point) for point in points_nD.tolist())
    write_whole(folder / "points.tsv", f"{points}\n".encode(), last=False)
    listed = lines if len(heads) == 1 else [heads, *lines]  # of one column TensorBoard wants no heading
    names = "\n".join("\t".join(map(cell, line)) for line in listed)
    write_whole(folder / "names.tsv", f"{names}\n".encode(), last=False)
    if sprite is not None:
        write_whole(folder / "thumbnails.png", sprite.png, last=False)
    write_whole(run_dir / CONFIG, config(name, sprite).encode())


def config(name: str, sprite: Sprite | None) -> str:
    """The ProjectorConfig in protobuf's own text form."""
    thumbnails = ""
    if sprite is not None:
        size = f"single_image_dim: {sprite.width} single_image_dim: {sprite.height}"
        thumbnails = f'  sprite {{ image_path: "{FOLDER}/thumbnails.png" {size} }}\n'
    return (
        "embeddings {\n"
        f"  tensor_name: {json.dumps(name)}\n"
        f'  tensor_path: "{FOLDER}/points.tsv"\n'
        f'  metadata_path: "{FOLDER}/names.tsv"\n'
        f"{thumbnails}}}\n"
    )


def cell(text: str) -> str:
    return " ".join(text.split()) or "-"
