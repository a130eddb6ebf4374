"""The files that TensorBoard's Projector shows: points, what they are called, and a thumbnail of each.

Shapes: n points, D dimensions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runner.runs.files import write_whole

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
