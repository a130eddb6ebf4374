"""What ``find`` tries, shows and suggests."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from math import inf
from pathlib import Path

from runner.cli.picture_files import form_of
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config
from runner.experiment.assemble import Experiment, assemble
from runner.experiment.batch_sizes import BatchSize, BatchSizes, batch_sizes
from runner.experiment.lr_range import LrRange, lr_range
from runner.experiment.precision import check_precision
from runner.figures.lr_range import picture
from runner.runs.files import write_whole
from runner.screen.console import draw
from runner.screen.table import Listing
from runner.sweep.machine import free_memory
from runner.text import figure, here, program, say, waiting

LINES = 15  # of the steps of a range test


def find(wanted: str, config: Config, words: Sequence[str], config_dir: str | None, out: Path | None) -> None:
    """``out`` is where the picture of a range test goes. Raises RunnerError."""
    experiment = assemble(config, Catalog(conf_folders(config_dir)))
    check_precision(experiment)
    typed = [*words, *([f"--config-dir={config_dir}"] if config_dir else [])]
    found = find_lr(experiment, out) if out else find_batch_size(experiment)
    say("next", f"  {program()} {shlex.join(['train', *typed, *found])}")


def find_lr(experiment: Experiment, out: Path) -> list[str]:
    """The words that set the rate suggested; none where there is none. Writes the picture."""
    with waiting("trying learning rates"):
        tested = lr_range(experiment)
    draw(lr_listing(tested, name_of(experiment)))
    write_whole(out, picture(tested, name_of(experiment), form_of(out)))
    say(f"written to {here(out.absolute())}")
    return [f"optimizer.lr={tested.suggested:g}"] if tested.suggested else []


def lr_listing(tested: LrRange, name: str) -> Listing:
    """Some steps, evenly spread, the last among them, and what is suggested."""
    last = len(tested.rates) - 1
    places = dict.fromkeys(round(last * line / (LINES - 1)) for line in range(LINES))
    rows = tuple((f"{tested.rates[place]:.1e}", figure(tested.smoothed[place])) for place in places)
    return Listing(f"Learning rates: {name}", ("lr", "loss, smoothed"), rows, (suggestion(tested),), numbers=(0, 1))


def suggestion(tested: LrRange) -> str:
    if tested.suggested is None:
        return "the loss falls at none of these rates: no rate is suggested"
    return f"the loss has made most of its fall at the rate that is suggested: optimizer.lr={tested.suggested:g}"


def find_batch_size(experiment: Experiment) -> list[str]:
    """The words that set the size that is fastest per row."""
    on_cpu = experiment.choice.device.type == "cpu"
    free = free_memory() if on_cpu else None
    with waiting("trying batch sizes"):
        sizes = batch_sizes(experiment, len(experiment.split.train), inf if free is None else free)
    draw(size_listing(sizes, f"{name_of(experiment)} on {experiment.choice.device}"))
    return [f"batch_size={sizes.fastest.rows}"]


def size_listing(sizes: BatchSizes, name: str) -> Listing:
    notes = (
        f"largest that fits: batch_size={sizes.largest.rows}; {sizes.end}",
        f"fastest per row, within 5 %: batch_size={sizes.fastest.rows}",
    )
    heads = ("batch_size", "a step", "rows/s", "memory so far")
    return Listing(f"Batch sizes: {name}", heads, tuple(map(cells, sizes.tried)), notes, numbers=(0, 1, 2, 3))


def cells(size: BatchSize) -> tuple[str, ...]:
    held = f"{size.memory / 1e6:,.0f} MB" if size.memory else "-"
    return f"{size.rows:,}", f"{1000 * size.seconds:,.1f} ms", f"{size.rows_per_s:,.0f}", held


def name_of(experiment: Experiment) -> str:
    parts = (getattr(experiment.config, group).option for group in ("dataset", "model", "optimizer"))
    return " - ".join(parts)
