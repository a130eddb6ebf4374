"""What ``view`` draws: a data set, a schedule, a run, a sweep; as files, and in the terminal what fits there."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.text import Text

from runner.build.optimizer import sample_optimizers
from runner.build.schedule import build_schedules, describe
from runner.cli.picture_files import form_of
from runner.cli.view_run import PICTURES, SWEEP_PICTURES
from runner.config.catalog import Catalog, conf_folders
from runner.config.run_config import Config
from runner.config.schedule import formula_names
from runner.data import splits
from runner.engine.state import load_weights
from runner.engine.step import learning_rates
from runner.errors import DataError, RunError, RunnerError
from runner.experiment.assemble import read_data, read_split, source_of, split_settings, total_steps
from runner.experiment.rebuild import Predictor, predictor_of, rebuild_to_read
from runner.experiment.settings import with_epochs
from runner.figures import dataset, schedule, terminal
from runner.figures.curves import curves_of
from runner.figures.dataset_view import DatasetView, Group
from runner.figures.overlay import draw_overlays, measures, overlays, title_of
from runner.figures.run import DRAW, counts_and_names, first_mistakes, loses
from runner.figures.run_view import RunView, called, checkpoint_name
from runner.figures.schedule import ScheduleCurves
from runner.figures.style import Picture, advice, pdf_pages, style
from runner.figures.sweep import draw_sweep as sweep_picture
from runner.figures.sweep_view import SweepView
from runner.runs.candidates import Candidates
from runner.runs.files import write_whole
from runner.runs.metric_log import epoch_rows
from runner.runs.saved_run import SavedRun
from runner.runs.saved_sweep import SavedSweep
from runner.screen.console import RunConsole, console
from runner.screen.data_preview import name_of
from runner.screen.result import confusion_table
from runner.text import counted, say

T = TypeVar("T")


def draw_dataset(config: Config, out: Path) -> None:
    """Some rows of the data set, its classes and its split, into ``out``."""
    data, rows = read_split(config, read_data)
    note = splits.describe(data, split_settings(config))
    name = f"{name_of(config)}: {data.target}" if data.target else name_of(config)
    view = DatasetView(name, data, rows, note, config.split_seed)
    content, boxes = dataset.picture(view, form_of(out))
    write_whole(out, content)
    show_picture(lambda screen: terminal.show(screen, view), terminal.plain_lines(view), out, advice(boxes))


def draw_schedule(config: Config, out: Path) -> None:
    """The learning rates of the run, into ``out``."""
    curves = schedule_curves(config)
    write_whole(out, schedule.picture(curves, form_of(out)))
    show_picture(lambda screen: schedule.show(screen, curves), schedule.plain_lines(curves), out)


def show_picture(draw: Callable[[Console], None], lines: Iterable[str], out: Path, warning: str = "") -> None:
    """As a terminal shows it, or in plain ``lines`` where there is none."""
    screen = console(sys.stdout)
    if screen.is_terminal:
        draw(screen)
    else:
        say(*lines)
    if warning:
        RunConsole().warn(warning)
    screen.print(Text(f"written to {out}"), soft_wrap=True)


def schedule_curves(config: Config) -> ScheduleCurves:
    """The rate of every group during every tick of the run."""
    config, steps_per_epoch = laid_out(config)
    optimizers = sample_optimizers(config.optimizer, config.trusted)
    steps = total_steps(config, steps_per_epoch)
    schedules = build_schedules(
        config.scheduler,
        optimizers,
        total_steps=steps,
        steps_per_epoch=steps_per_epoch,
        monitor_mode="min",  # of a schedule that follows the monitor, which is refused
        trusted=config.trusted,
    )
    tick = schedules[0].interval if schedules else "epoch"
    rates: dict[str, list[float]] = {name: [] for name in learning_rates(optimizers)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that no optimizer steps between two ticks
        for _ in range(steps if tick == "step" else ceil(steps / steps_per_epoch)):
            for name, rate in learning_rates(optimizers).items():
                rates[name].append(rate)
            for schedule in schedules:
                schedule.scheduler.step()
    note = schedule_note(config, steps, steps_per_epoch)
    knobs = describe(config.scheduler, Catalog(conf_folders(None))) if schedules else "no schedule: the rate stays"
    return ScheduleCurves(config.scheduler.option, note, knobs, tick, rates)


def laid_out(config: Config) -> tuple[Config, int]:
    """The config with its epochs as a number, and the steps of each, 1 where the schedule knows epochs alone.

    Its data is read where either depends on the rows.
    """
    per_step = config.scheduler.knobs.get("interval") == "step" or config.max_steps is not None
    per_step = per_step or not formula_names(config.scheduler).isdisjoint({"step", "steps"})
    if config.epochs != "auto" and not per_step:
        return config, 1
    data, steps = None if per_step else source_of(config.dataset, config.trusted).blank(), 1
    if data is None:
        data, rows = read_split(config, read_data)
        steps = ceil(len(rows.train) / (min(config.batch_size, len(rows.train)) * config.accumulate_steps))
    return with_epochs(config, data, steps), steps if per_step else 1


def schedule_note(config: Config, steps: int, steps_per_epoch: int) -> str:
    """As "sgd lr 0.001, 20 epochs", or "..., 420 steps, 21 an epoch of digits" where steps count."""
    length = counted(steps // steps_per_epoch, "epoch")
    if steps_per_epoch > 1:
        length = f"{counted(steps, 'step')}, {steps_per_epoch:,} an epoch of {config.dataset.option}"
    return f"{config.optimizer.option} lr {config.optimizer.knobs['lr']:g}, {length}"


def draw_run(stored: SavedRun, pictures: Sequence[str], example: int, out: Path) -> None:
    """``pictures`` of a run, or all that suit it, into a folder or file. Raises DataError where none does."""
    messages = RunConsole()
    run = opened(stored, example, messages.warn)
    if example:
        run.check_example()
    missing: dict[str, list[str]] = {}  # what is lacking -> the pictures that need it
    with style() as boxes:
        drawn = {name: DRAW[name](run) if pictures else fitting(name, run, missing) for name in pictures or PICTURES}
        made = {name: picture for name, picture in drawn.items() if picture is not None}
        left_out = [f"{', '.join(names)}: left out: {reason}" for reason, names in missing.items()]
        if not made:
            raise DataError("\n".join(left_out) or "view: no picture suits this run")
        write(made, out)
    show_run(run, [*made])
    for line in filter(None, [*left_out, advice(boxes)]):
        messages.warn(line)
    say(f"written to {out}{'' if form_of(out) else os.sep}")
    for name in made:
        print(f"  {name if form_of(out) else f'{name}.png':16}  {PICTURES[name]}")


def write(pictures: Mapping[str, Picture], out: Path) -> None:
    """Each into the folder under its name; all into the file that ``out`` names, which is a PDF where they are more."""
    if len(pictures) > 1 and form_of(out):
        write_whole(out, pdf_pages(pictures.values()))
        return
    if not form_of(out):
        make_folder(out)
    for name, picture in pictures.items():
        write_whole(out if form_of(out) else out / f"{name}.png", picture.content(form_of(out) or "png"))


def draw_runs(runs: Sequence[SavedRun], out: Path) -> None:
    """The curves of several runs over each other into ``out``. Raises DataError where none has any."""
    found = overlays(runs)
    if not found:
        raise DataError("view: none of these runs has measured an epoch yet")
    title = title_of(found, len(runs))
    with style() as boxes:
        write_whole(out, draw_overlays(title, found).content(form_of(out)))
    screen = console(sys.stdout)
    screen.print(Text(": ".join(filter(None, (title.name, title.facts))), style="bold"), soft_wrap=True)
    for table in terminal.overlay_tables(found, measures(found), screen.width):
        screen.print(table, Text())
    if boxes:
        RunConsole().warn(advice(boxes))
    screen.print(Text(f"written to {out}"), soft_wrap=True)


def draw_sweep(sweep: SavedSweep, found: Candidates, pictures: Sequence[str], out: Path) -> None:
    """``pictures`` of a sweep, or all, below each other in one file.

    Raises DataError where importance alone is wanted and the jobs cannot tell.
    """
    view = SweepView(sweep.path.name, found)
    if [*pictures] == ["importance"] and not view.ranked:
        raise DataError(f"importance: {view.importance.how}")
    with style() as boxes:
        write_whole(out, sweep_picture(view, pictures or [*SWEEP_PICTURES]).content(form_of(out)))
    say(view.title("").facts, f"importance: {view.importance_in_words}")
    messages = RunConsole()
    for line in filter(None, [*found.left_out, advice(boxes)]):
        messages.warn(line)
    say(f"written to {out}")


def fitting(name: str, run: RunView, missing: dict[str, list[str]]) -> Picture | None:
    """The picture; None where it does not suit the run, or lacks something."""
    try:
        return DRAW[name](run)
    except RunnerError as fault:
        if isinstance(fault, DataError):
            missing.setdefault(str(fault), []).append(name)
        return None


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as refusal:
        raise RunError(f"{folder}: not made: {refusal.strerror}; name another: --out FOLDER") from refusal


def opened(stored: SavedRun, example: int, warn: Callable[[str], None]) -> RunView:
    """The run, with whatever of it can be read; what cannot is kept as the reason."""
    directory, config = stored.directory, stored.config
    common: dict[str, Any] = {
        "name": called(config),
        "monitor": config.monitor,
        "measured": or_fault(lambda: list(epoch_rows(directory.metrics)) if directory.metrics.exists() else []),
        "ended": or_fault(lambda: stored.results if directory.summary.exists() else {}),
        "example": example,
    }
    rebuilt = or_fault(lambda: rebuild_to_read(stored, warn))
    if isinstance(rebuilt, DataError):
        found = or_fault(lambda: predictor_of(stored, warn))
        net, by = (found, "no checkpoint") if isinstance(found, DataError) else (found[0], f"{found[1]}.pt")
        return RunView(**common, by=by, predictor=net, experiment=rebuilt)
    experiment = rebuilt.experiment
    load_weights(rebuilt.saved, experiment.parts)
    by = checkpoint_name(rebuilt.checkpoint, rebuilt.saved["epoch"])
    return RunView(**common, by=by, predictor=Predictor.of(experiment), experiment=experiment)


def or_fault(read: Callable[[], T]) -> T | DataError:
    try:
        return read()
    except DataError as fault:
        return fault


def show_run(run: RunView, written: Sequence[str]) -> None:
    """What a terminal can show of the pictures that were drawn."""
    screen = console(sys.stdout)
    screen.print(Text(f"{run.name}, {run.by}", style="bold"))
    if "curves" in written:
        screen.print(terminal.curve_table(curves_of(run.rows), run.best_epoch, screen.width), Text())
    if "confusion" in written:
        counts, names, _ = counts_and_names(run)
        matrix = confusion_table(names, counts, screen.width)
        if matrix is not None:
            screen.print(matrix, Text())
    if "columns" in written:
        screen.print(terminal.importance_table(run.importance, loses(run)), Text())
    if "mistakes" in written and terminal.has_colours(screen) and (mistakes := first_mistakes(run)):
        screen.print(*terminal.tiles(tuple(Group(*mistake) for mistake in mistakes), screen.width))


VIEWS: Mapping[str, Callable[..., None]] = {
    "run": draw_run,
    "runs": draw_runs,
    "sweep": draw_sweep,
    "dataset": draw_dataset,
    "scheduler": draw_schedule,
}
