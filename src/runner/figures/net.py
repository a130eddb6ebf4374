"""The pictures of a net: its weights, what its layers make of an example, and where it looks.

Shapes: n examples, C channels, H W pixels, F features, O units or filters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from runner.figures.activations import Filtered, First, Stage, kernels
from runner.figures.dataset_view import Title
from runner.figures.pixels import Pixels, diverging, fitted, mosaic, stack, to_rgb
from runner.figures.predictions import draw_captioned
from runner.figures.style import (
    FAINT,
    INK,
    LETTER,
    LINE,
    NORMAL,
    ROOM,
    SMALL,
    SPLIT_COLOURS,
    Picture,
    part,
    short_names,
    width_of,
)
from runner.text import figure

ACROSS, SIDE = 8, 84
MOST_UNITS, MOST_COLUMNS, CELL = 20, 40, 26  # of a table's heat map
LONGEST_NAME = 20
WORKING, PANEL = 6, 144  # filters shown beside their input and output
MAPS, MAP, MAPS_GAP = 8, 87, 50  # of one layer; above them stands which it is
LOOKED_AT = 112  # pixels of an example
HEATS = np.array([[255, 255, 255], [250, 214, 160], [224, 120, 70], [150, 40, 60], [40, 12, 40]], float)
RED = (240.0, 70.0, 50.0)
BAR_PITCH, MOST_BARS = 36, 24


def draw_filters(title: Title, images: Sequence[Pixels]) -> Picture:
    return Picture.of_pixels(title, mosaic(images, SIDE, min(ACROSS, len(images))))[0]


def draw_units(title: Title, layer: First, column_names: Sequence[str]) -> Picture:
    """The weights of units that are fed a table: a row for each column of it, blue below 0, red above."""
    weight_FO = layer.weight.detach().cpu().T[:MOST_COLUMNS, :MOST_UNITS]
    shown = part(weight_FO.shape[1], len(layer.weight), "unit"), part(len(weight_FO), len(column_names), "column")
    title = replace(title, note=f"{', '.join(shown)}; {title.note}")
    picture, axes = Picture.of_pixels(title, diverging(weight_FO).repeat(CELL, 0).repeat(CELL, 1))
    names = short_names(column_names[: len(weight_FO)], LONGEST_NAME)
    axes.set_yticks((np.arange(len(names)) + 0.5) * CELL, names, fontsize=SMALL)
    axes.set_xlabel("each column is one unit", loc="left", fontsize=SMALL, color=FAINT)
    return picture


def draw_convolution(title: Title, work: Filtered) -> Picture:
    """Input, weights and output of the first filters, each in a line of its own."""
    count = min(WORKING, len(work.weight_OCHW))
    title = replace(title, note=f"{part(count, len(work.weight_OCHW), 'filter')}; {title.note}")
    images = [to_rgb(work.input_CHW[None]).repeat(count, 0), kernels(work.weight_OCHW[:count])]
    images.append(diverging(work.output_OHW[:count]))
    panels = [_centred(fitted(image, PANEL)) for line in zip(*images, strict=True) for image in line]
    down, right = PANEL + 16, PANEL + 48
    picture, axes = Picture.of_pixels(title, mosaic(panels, PANEL, 3, (down, right)))
    middles = [(column * right + PANEL / 2) for column in range(3)]
    axes.set_xticks(middles, ["input", "weight", "output"], fontsize=NORMAL, fontweight="bold", color=INK)
    axes.xaxis.tick_top()
    for number, output_HW in enumerate(work.output_OHW[:count]):
        y = number * down + PANEL / 2
        for x, sign in ((PANEL + 24, "*"), (right + PANEL + 24, "=")):
            axes.text(x, y, sign, ha="center", va="center", fontsize=NORMAL + 3, color=FAINT)
        span = f"{figure(float(output_HW.min()))}\nto {figure(float(output_HW.max()))}"
        axes.text(3 * right - 30, y, span, va="center", fontsize=SMALL, color=FAINT, linespacing=LINE)
    return picture


def _centred(image: Pixels) -> Pixels:
    """The image in the middle of a white panel, which it need not fill: its pixels are all of one size."""
    height, width = image.shape[:2]
    panel: Pixels = np.full((PANEL, PANEL, 3), 255, np.uint8)
    top, left = (PANEL - height) // 2, (PANEL - width) // 2
    panel[top : top + height, left : left + width] = image
    return panel


def draw_features(title: Title, picture: Pixels, made: Sequence[Stage]) -> Picture:
    """The example, and below it a line for each layer: what its first channels have made of it."""
    lines = [mosaic(list(_shades(stage.made[:MAPS])), MAP, MAPS) for stage in made]
    image, middles = stack([fitted(picture, 2 * MAP), *lines], [0, *(MAPS_GAP for _ in lines)])
    drawn, axes = Picture.of_pixels(title, image)
    for stage, line, middle in zip(made, lines, middles[1:], strict=True):
        shape = " x ".join(map(str, stage.made.shape[1:]))
        words = f"{stage.name}: {part(min(MAPS, len(stage.made)), len(stage.made), 'channel')}, {shape}"
        axes.text(0, middle - len(line) / 2 - 10, f"{stage.kind} {words}", fontsize=SMALL)
    return drawn


def _shades(maps_CHW: Tensor) -> Pixels:
    """[C, H, W, 3]: white at 0, the darker the stronger where nothing is below 0; else blue below and red above."""
    if (maps_CHW < 0).any():
        return diverging(maps_CHW)
    share = maps_CHW / maps_CHW.amax().clamp(min=1e-12)
    dark: Pixels = (255 - 225 * share).round().to(torch.uint8).unsqueeze(-1).expand(-1, -1, -1, 3).numpy()
    return dark


def draw_saliency(
    title: Title, pictures_nHW3: Pixels, strength_nCHW: Tensor, captions: Sequence[tuple[str, ...]]
) -> Picture:
    """Each example, below it how strongly its pixels count, below that one laid over the other."""
    triples = [
        stack([fitted(image, LOOKED_AT) for image in (picture, _heat(of), _overlaid(picture, of))], [0, 18, 18])[0]
        for picture, of in zip(pictures_nHW3, strength_nCHW.amax(1), strict=True)
    ]
    return draw_captioned(title, triples, captions)


def _heat(strength_HW: Tensor) -> Pixels:
    """[H, W, 3]: white where nothing counts, through orange to almost black where most does."""
    share = (strength_HW / strength_HW.amax().clamp(min=1e-30)).double().numpy() * (len(HEATS) - 1)
    colours = [np.interp(share, np.arange(len(HEATS)), HEATS[:, part]) for part in range(3)]
    return np.stack(colours, -1).round().astype(np.uint8)


def _overlaid(picture_HW3: Pixels, strength_HW: Tensor) -> Pixels:
    """The picture in grey, red where much counts."""
    share = (strength_HW / strength_HW.amax().clamp(min=1e-30)).numpy()[..., None]
    grey = 0.75 * picture_HW3.mean(2, keepdims=True)
    return np.asarray(grey + (np.array(RED) - grey) * share).round().astype(np.uint8)


def draw_columns(title: Title, strength_nF: Tensor, names: Sequence[str]) -> Picture:
    """A bar for each column of a table: how strongly it counts over all examples, the strongest first."""
    mean_F = strength_nF.mean(0)
    order = torch.argsort(mean_F, descending=True, stable=True)[:MOST_BARS].tolist()
    heads, values = short_names([names[i] for i in order], LONGEST_NAME), [figure(float(mean_F[i])) for i in order]
    width = ROOM - width_of(heads, SMALL, LETTER) - width_of(values, SMALL)
    title = replace(title, note=f"{part(len(order), len(names), 'column')} {title.note}")
    picture = Picture(title, width, len(order) * BAR_PITCH)
    axes = picture.axes(0, width)
    bars = axes.barh(range(len(order)), mean_F[order].tolist(), height=0.6, color=SPLIT_COLOURS["train"])
    axes.bar_label(bars, values, padding=4, fontsize=SMALL, color=FAINT)
    axes.set_yticks(range(len(order)), heads, fontsize=SMALL)
    axes.set(xlim=(0, max(float(mean_F.max()), 1e-30)), ylim=(len(order) - 0.5, -0.5), xticks=[])
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return picture
