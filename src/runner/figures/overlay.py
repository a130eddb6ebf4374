"""Several runs laid over each other: their losses, the metric they are judged by, and what tells them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from runner.config.catalog import PARTS
from runner.contracts import SPLITS
from runner.figures.curves import HEIGHT, Curve, curves_of, draw_frame
from runner.figures.dataset_view import Title
from runner.figures.style import CLASS_COLOURS, ROOM, SMALL, Picture, part, short_names, tick, width_of
from runner.runs.metric_log import best_epoch, epoch_rows
from runner.runs.origin import as_shown
from runner.runs.ranking import differing, place
from runner.runs.saved_run import SavedRun

MOST_RUNS = len(CLASS_COLOURS)
LONGEST_LABEL = 56
HANDLE, LEGEND_LINE = 60, 34  # pixels in the legend: of a line with the gaps around it, from one row to the next
WIDE = 50  # times the least loss that the greatest is where a panel gets a scale of powers of ten
SPLIT_LINES = {"train": "dashed", "val": "solid", "test": "dotted"}


@dataclass(frozen=True)
class Overlay:
    """One of the runs."""

    run: SavedRun
    label: str  # what of its settings the others do not share: cnn, lr=0.1
    curves: Mapping[str, Curve]
    best_epoch: int | None


def overlays(runs: Sequence[SavedRun]) -> list[Overlay]:
    """Those that have measured an epoch; of too many the best by their monitors, in the order they came."""
    rows = {run.path: list(epoch_rows(run.directory.metrics)) for run in runs if run.directory.metrics.exists()}
    begun = [run for run in runs if rows.get(run.path)]
    ranked = sorted(begun, key=lambda run: place(run.metrics.get(run.monitor), run.is_higher_better(run.monitor)))
    chosen = [run for run in begun if run in ranked[:MOST_RUNS]]
    said = labels([run.settings for run in chosen])
    return [_overlay(run, label, rows[run.path]) for run, label in zip(chosen, said, strict=True)]


def _overlay(run: SavedRun, label: str, rows: Sequence[Mapping[str, Any]]) -> Overlay:
    best = best_epoch(rows, run.monitor, higher_is_better=run.is_higher_better(run.monitor) is not False)
    return Overlay(run, label, {curve.name: curve for curve in curves_of(rows)}, best)


def labels(all_settings: Sequence[Mapping[str, str]]) -> list[str]:
    """What sets each apart from the others: cnn, lr=0.1; numbered where nothing does."""
    names = differing(all_settings, besides=("metric",))
    said = [
        ", ".join(_said(name, settings[name], names) for name in names if name in settings) for settings in all_settings
    ]
    counts, seen = Counter(said), Counter[str]()
    for number, label in enumerate(said):
        seen[label] += 1
        if counts[label] > 1 or not label:
            said[number] = f"{label} ({seen[label]})" if label else f"run {seen[label]}"
    return said


def _said(name: str, value: str, names: Sequence[str]) -> str:
    """The option that was chosen, or key=value, the key as short as it can be."""
    short = name.rpartition(".")[2]
    is_alone = sum(other.rpartition(".")[2] == short for other in names) == 1
    value = Path(value).name if "/" in value and name != "start_from" else as_shown(name, value)
    return value if name in PARTS else f"{short if is_alone else name}={value}"


def measures(found: Sequence[Overlay]) -> list[str]:
    """The loss, and the metric they are judged by: the monitor's, else the first that is measured."""
    monitored = [overlay.run.monitor.rpartition("/")[2] for overlay in found]
    measured = [name for overlay in found for name in overlay.curves if name != "lr"]
    judged = next((name for name in [*monitored, *measured] if name != "loss" and name in measured), None)
    return [name for name in ("loss", judged) if name in measured]


def title_of(found: Sequence[Overlay], count: int) -> Title:
    """Of ``count`` runs those that are drawn, what they share, and how to read the lines."""
    all_settings = [overlay.run.settings for overlay in found]
    names = differing(all_settings, besides=())
    shared = [all_settings[0][name] for name in ("dataset", "model", "optimizer") if name not in names]
    splits = [
        split for split in SPLITS if any(split in curve.lines for each in found for curve in each.curves.values())
    ]
    notes = [", ".join(f"{split} {SPLIT_LINES[split]}" for split in splits)]
    if len(found) == MOST_RUNS < count:
        notes.append(f"those best by {found[0].run.monitor}")
    if any(name.partition(".")[0] == "loss" for name in names):
        notes.append("values of different losses cannot be compared")
    return Title(f"Curves of {part(len(found), count, 'run')}", ", ".join(shared), "; ".join(notes))


def draw_overlays(title: Title, found: Sequence[Overlay]) -> Picture:
    """A panel for each measure, a colour for each run, and which run is which above them."""
    names, said = measures(found), short_names([overlay.label for overlay in found], LONGEST_LABEL)
    across = max(1, int(ROOM // (width_of(said, SMALL) + HANDLE)))
    rows = -(-len(said) // across)
    heights = [LEGEND_LINE * rows, *(HEIGHT for _ in names)]
    picture = Picture(title, ROOM, sum(heights), "constrained")
    above, *panels = picture.figure.subplots(len(heights), height_ratios=heights)
    for axes, name in zip(panels, names, strict=True):
        _draw(axes, name, [overlay.curves.get(name) for overlay in found])
    handles = [Line2D([], [], color=colour, linewidth=3) for colour in CLASS_COLOURS[: len(found)]]
    above.legend(handles, said, loc="upper left", ncols=across, frameon=False, fontsize=SMALL, borderpad=0)
    above.set_axis_off()
    return picture


def _draw(axes: Axes, name: str, curves: Sequence[Curve | None]) -> None:
    points = [point for curve in filter(None, curves) for line in curve.lines.values() for point in line]
    losses = [value for _, value in points] if name == "loss" else []
    is_wide = min(losses, default=0) > 0 and max(losses) > WIDE * min(losses)
    draw_frame(axes, f"{name}, powers of ten" if is_wide else name, [epoch for epoch, _ in points], pad=8)
    if is_wide:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: tick(value))
        axes.yaxis.set_minor_locator(NullLocator())
    for curve, colour in zip(curves, CLASS_COLOURS, strict=False):
        for split, points in (curve.lines if curve else {}).items():
            axes.plot(
                *zip(*points, strict=True),
                color=colour,
                linewidth=2 if split == "val" else 1.2,
                linestyle=SPLIT_LINES.get(split, "solid"),
                marker="o" * (len(points) == 1),
            )
