"""The pictures of weights and of what layers make of an example.

Shapes: C channels, H W pixels, F features, O units or filters.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from runner.figures.activations import Filtered, First, Stage
from runner.figures.heading import Title
from runner.figures.pixels import GAP, Pixels, diverging, fitted, mosaic, to_rgb
from runner.figures.style import FAINT, MARGIN, NORMAL, SMALL, TITLE_HEIGHT, Sheet, shortened, text_width, titled_sheet
from runner.text import figure

MOST, ACROSS = 64, 8
SIDE = 84
CELL = 26  # of a table's heat map
MOST_UNITS, MOST_COLUMNS = 32, 40
LONGEST_NAME = 26
FILTERS = 6  # shown beside their input and output
PANEL = 132
BETWEEN = 44
MAPS = 12  # of one layer
MAP = 72
LEGEND = 36


def filter_images(layer: First, in_shape: tuple[int, ...]) -> list[Pixels]:
    """The layer's weights as images: of each filter, or of each unit that is fed pixels; [] where it is fed a table.

    Three channels are red, green and blue; otherwise blue is below 0 and red above, each filter's channels averaged.
    """
    weight = layer.weight.detach().cpu()
    if isinstance(layer, nn.Linear):
        if len(in_shape) != 3 or prod(in_shape) != layer.in_features:
            return []
        strongest = weight.norm(dim=1).argsort(descending=True, stable=True)[:MOST].sort().values
        weight = weight[strongest].view(-1, *in_shape)
    weight = weight[:MOST]
    return list(kernels(weight))


def kernels(weight_OCHW: Tensor) -> Pixels:
    """[O, H, W, 3]"""
    return to_rgb(weight_OCHW) if weight_OCHW.shape[1] == 3 else diverging(weight_OCHW.mean(1))


def filters_sheet(title: Title, images: Sequence[Pixels]) -> Sheet:
    across = min(ACROSS, len(images))
    block = mosaic(images, SIDE, across)
    sheet = titled_sheet(title, block.shape[1], block.shape[0])
    sheet.image(MARGIN, TITLE_HEIGHT, block)
    return sheet


def units_sheet(title: Title, layer: First, column_names: Sequence[str]) -> Sheet:
    """The weights of units that are fed a table: a row for each column of it, blue below 0, red above."""
    weight_FO = layer.weight.detach().cpu().T[:MOST_COLUMNS, :MOST_UNITS]
    names = [shortened(name, LONGEST_NAME) for name in column_names[: len(weight_FO)]]
    room = max(map(text_width, names)) + 14
    sheet = titled_sheet(title, room + weight_FO.shape[1] * CELL, len(weight_FO) * CELL + 40)
    sheet.image(MARGIN + room, TITLE_HEIGHT, diverging(weight_FO).repeat(CELL, 0).repeat(CELL, 1))
    for number, name in enumerate(names):
        y = TITLE_HEIGHT + number * CELL + CELL / 2
        sheet.text(MARGIN + room - 14, y, name, ha="right", va="center", fontsize=SMALL)
    y = TITLE_HEIGHT + len(weight_FO) * CELL + 12
    sheet.text(MARGIN + room, y, f"the first {weight_FO.shape[1]} units", va="top", fontsize=SMALL, color=FAINT)
    return sheet


def convolution_sheet(title: Title, work: Filtered) -> Sheet:
    """Input, weights and output of the first filters, each in a line of its own."""
    count = min(FILTERS, len(work.weight_OCHW))
    picture = to_rgb(work.input_CHW[None])[0]
    weights = kernels(work.weight_OCHW[:count])
    outputs = diverging(work.output_OHW[:count])
    pitch_x, pitch_y = PANEL + BETWEEN, PANEL + 24
    sheet = titled_sheet(title, 3 * pitch_x - BETWEEN + 110, count * pitch_y + LEGEND)
    for column, head in enumerate(("input", "weight", "output")):
        sheet.text(MARGIN + column * pitch_x, TITLE_HEIGHT, head, fontsize=NORMAL, fontweight="bold", va="baseline")
    for number in range(count):
        top = TITLE_HEIGHT + LEGEND // 2 + number * pitch_y
        for column, image in enumerate((picture, weights[number], outputs[number])):
            draw_centred(sheet, MARGIN + column * pitch_x, top, fitted(image, PANEL))
        for column, sign in enumerate(("*", "=")):
            x = MARGIN + (column + 1) * pitch_x - BETWEEN / 2
            sheet.text(x, top + PANEL / 2, sign, ha="center", va="center", fontsize=NORMAL + 3, color=FAINT)
        span = f"{figure(float(work.output_OHW[number].min()))}\nto {figure(float(work.output_OHW[number].max()))}"
        x = MARGIN + 3 * pitch_x - BETWEEN + 14
        sheet.text(x, top + PANEL / 2, span, va="center", fontsize=SMALL, color=FAINT, linespacing=1.6)
    return sheet


def draw_centred(sheet: Sheet, left: int, top: int, image: Pixels) -> None:
    """The image in the middle of a panel, which it need not fill: its pixels are all of one size."""
    height, width = image.shape[:2]
    sheet.image(left + (PANEL - width) // 2, top + (PANEL - height) // 2, image)


def features_sheet(title: Title, picture: Pixels, made: Sequence[Stage]) -> Sheet:
    """The example, and below it a line for each layer: what its first channels have made of it."""
    names = [f"{stage.name} {stage.kind}" for stage in made]
    shapes = [" x ".join(map(str, stage.made.shape)) for stage in made]
    room = max(text_width(name) for name in [*names, *shapes]) + 24
    pitch = MAP + 22
    height = 2 * MAP + 30 + len(made) * pitch
    sheet = titled_sheet(title, room + MAPS * (MAP + GAP), height)
    sheet.text(MARGIN, TITLE_HEIGHT + MAP, "input", va="center", fontsize=NORMAL)
    sheet.image(MARGIN + room, TITLE_HEIGHT, fitted(picture, 2 * MAP))
    for number, (stage, name, shape) in enumerate(zip(made, names, shapes, strict=True)):
        top = TITLE_HEIGHT + 2 * MAP + 30 + number * pitch
        sheet.text(MARGIN, top + MAP / 2 - 12, name, va="center", fontsize=NORMAL)
        sheet.text(MARGIN, top + MAP / 2 + 14, shape, va="center", fontsize=SMALL, color=FAINT)
        sheet.image(MARGIN + room, top, mosaic(list(shades(stage.made[:MAPS])), MAP, MAPS))
    return sheet


def shades(maps_CHW: Tensor) -> Pixels:
    """[C, H, W, 3]: white at 0, the darker the stronger where nothing is below 0; else blue below and red above."""
    if (maps_CHW < 0).any():
        return diverging(maps_CHW)
    share = maps_CHW / maps_CHW.amax().clamp(min=1e-12)
    dark: Pixels = (255 - 225 * share).round().to(torch.uint8).unsqueeze(-1).expand(-1, -1, -1, 3).numpy()
    return dark
