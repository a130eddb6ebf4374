"""``view scheduler=...``: the learning rates that a run would have, drawn without training."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from runner.build import libraries
from runner.cli.arguments import check_picture
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.run_config import Config
from runner.config.schedule import formula_names
from runner.errors import ConfigError
from runner.runs.files import write_whole
from runner.text import say

if TYPE_CHECKING:
    from runner.figures.schedule import ScheduleCurves

USAGE = "python -m runner view scheduler=step_lr [optimizer=sgd epochs=20 key=value ...] [--out FILE.png] [--overwrite]"
UNSEEN = ("model", "loss", "metric")  # groups that no schedule depends on


def run(argv: Sequence[str]) -> int:
    """The exit code of ``view``. Raises RunnerError; torch is not imported before the request is known to be right."""

    own, words = _own_flags(argv)
    config = _composed(words)
    out = Path(own.out or f"{config.scheduler.option}.png").expanduser()
    check_picture(out, overwrite=own.overwrite)
    libraries.load()
    curves = _curves(config)
    from runner.figures.schedule import picture

    write_whole(out, picture(curves))
    _show(curves, out)
    return 0


def _own_flags(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The flags of this verb, and the words that are composed as those of ``train`` are."""
    parser = argparse.ArgumentParser(
        prog="python -m runner view",
        usage=USAGE.removeprefix("python -m runner "),
        description="Draws the learning rates of a run, without training it.",
        allow_abbrev=False,
    )
    parser.add_argument("--out", metavar="FILE.png", help="the picture; by default <scheduler>.png in this folder")
    parser.add_argument("--overwrite", action="store_true", help="replace the file where it is there already")
    parser.error = _refuse  # type: ignore[method-assign]
    return parser.parse_known_args(list(argv))


def _composed(words: Sequence[str]) -> Config:
    """The request, with every fault of it told at once."""
    told = {word: fault for word in words if (fault := _fault(word))}
    try:
        config = compose(parse([word for word in words if word not in told])).config
    except ConfigError as error:
        raise ConfigError([*told.values(), *error.faults]) from error
    if str(config.scheduler.target).endswith(".ReduceLROnPlateau"):
        told["scheduler"] = (
            f"scheduler={config.scheduler.option}: follows the monitor, which is known only in training; "
            f"nothing can be drawn before\n  what can be: scheduler=step_lr, scheduler=cosine_annealing_lr"
        )
    if told:
        raise ConfigError(list(told.values()))
    return config


def _fault(word: str) -> str | None:
    key, _, value = word.lstrip("+").partition("=")
    if key == "scheduler" and "," in value:
        return f"{word}: a picture shows one schedule; draw them one after the other"
    if key.startswith("-") and key != "--config-dir":
        return f"view: {word}: no such flag\n  {USAGE}"
    group = key.partition(".")[0]
    return f"{word}: a schedule does not depend on the {group}; leave it out" if group in UNSEEN else None


def _curves(config: Config) -> ScheduleCurves:
    """The rate of every group during every tick of the run."""
    from runner.build.optimizer import sample_optimizers
    from runner.build.schedule import build_schedules, describe
    from runner.engine.step import learning_rates
    from runner.experiment.assemble import total_steps
    from runner.figures.schedule import ScheduleCurves

    config, steps_per_epoch = _laid_out(config)
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
    note = _note(config, steps, steps_per_epoch)
    knobs = describe(config.scheduler) if schedules else "no schedule: the rate stays"
    return ScheduleCurves(config.scheduler.option, note, knobs, tick, rates)


def _laid_out(config: Config) -> tuple[Config, int]:
    """The config with its epochs as a number, and the steps of each, 1 where the schedule knows epochs alone.

    Its data is read where either depends on the rows.
    """
    per_step = config.scheduler.knobs.get("interval") == "step" or config.max_steps is not None
    per_step = per_step or not formula_names(config.scheduler).isdisjoint({"step", "steps"})
    if config.epochs != "auto" and not per_step:
        return config, 1
    from runner.build.instantiate import build_source
    from runner.experiment.assemble import read_data, read_split, source_part
    from runner.experiment.auto_settings import with_epochs

    data, steps = None if per_step else build_source(source_part(config.dataset), config.trusted).blank(), 1
    if data is None:
        data, rows = read_split(config, read_data)
        steps = ceil(len(rows.train) / min(config.batch_size, len(rows.train)))
    return with_epochs(config, data, steps), steps if per_step else 1


def _note(config: Config, steps: int, steps_per_epoch: int) -> str:
    """As "sgd lr 0.001, 20 epochs", or "..., 420 steps, 21 an epoch of digits" where steps count."""
    from runner.text import counted

    length = counted(steps // steps_per_epoch, "epoch")
    if steps_per_epoch > 1:
        length = f"{counted(steps, 'step')}, {steps_per_epoch:,} an epoch of {config.dataset.option}"
    return f"{config.optimizer.option} lr {config.optimizer.knobs['lr']:g}, {length}"


def _show(curves: ScheduleCurves, out: Path) -> None:
    from rich.text import Text

    from runner.figures.schedule import plain_lines, show
    from runner.screen.console import console

    screen = console(sys.stdout)
    if screen.is_interactive:
        show(screen, curves)
    else:
        say(*plain_lines(curves))
    screen.print(Text(f"written to {out}"), soft_wrap=True)


def _refuse(message: str) -> NoReturn:
    raise ConfigError(f"view: {message}\n  {USAGE}")
