"""Everything a report is written to, opened together and closed together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runner.compose.command import command
from runner.config.catalog import Catalog
from runner.config.run_config import Config
from runner.contracts import Outcome, Outline, Report
from runner.runs.directory import RunDirectory, is_sweep
from runner.runs.metric_log import MetricLog, read_rows
from runner.screen.console import RunConsole
from runner.screen.epochs import SPLITS
from runner.screen.result import overfit_verdict, per_class, verdict
from runner.tensorboard.names import best_scores, tag
from runner.tensorboard.writer import HParam, TensorBoard
from runner.text import expanded, figure

log = logging.getLogger("runner")
CLASS_HEADS = ("class", "precision", "recall", "F1", "rows")


class Views:
    """metrics.jsonl is the truth; TensorBoard, train.log and the console show it."""

    def __init__(
        self,
        directory: RunDirectory,
        config: Config,
        outline: Outline,
        saved: Mapping[str, Any] | None,
        catalog: Catalog,
        *,
        brief: bool = False,
        is_fold: bool = False,
    ):
        self.config = config
        self.outline = outline
        step = saved["progress"]["step"] if saved else 0
        purge_step = first_step_to_hide(directory, saved)
        self.metric_log = MetricLog(directory.metrics, saved["log_size"] if saved else 0)
        self.console = RunConsole(brief=brief, is_fold=is_fold)
        self.remarks: list[str] = []  # for the end
        self.log_handler = open_log(directory, self.console.warn)
        wanted = config.tensorboard != "off"
        self.tensorboard = TensorBoard(directory.path, self.warn, purge_step=purge_step, wanted=wanted)
        self.console.start(outline, step)
        log.info("%s at step %d", "resumed" if saved else "started", step)
        if not saved:
            self.tensorboard.text("config", config.as_yaml())
            self.tensorboard.text("command", command(config.as_dict(), catalog))
            self.tensorboard.charts(charts(outline))

    def write(self, report: Report, *, best: bool) -> None:
        if report.values:
            self.metric_log.write(report.progress.step, report.epoch, report.values)
            shown = {tag(name): value for name, value in report.values.items()}
            epoch = report.progress.step / self.outline.steps_per_epoch
            self.tensorboard.write(report.progress.step, shown | {"while_training/epoch": epoch})
        if report.epoch_end:
            self.tensorboard.flush()
            log.info("epoch %d %s%s", report.epoch, as_text(report.values), " best" if best else "")
        self.console.report(report, best=best)

    def note(self, text: str) -> None:
        """Keeps it in train.log; whoever leads several runs says what they have in common once."""
        log.info(text)
        self.console.note(text)

    def warn(self, text: str) -> None:
        log.warning(text)
        self.console.warn(text)

    def lack(self, text: str) -> None:
        """Says what TensorBoard goes without, also there under Text; nothing where that is nothing."""
        if text:
            self.tensorboard.text("left out", text)
            self.note(text)

    def remark(self, lines: Sequence[str]) -> None:
        """Lines to be shown when the run has ended, and kept in train.log."""
        self.remarks += lines
        for line in lines:
            log.info(line)

    @property
    def degraded(self) -> bool:
        return self.tensorboard.degraded

    def sync(self) -> None:
        """Make what was written last, before a checkpoint after which it is not written again."""
        self.metric_log.sync()
        self.tensorboard.flush()

    def finish(self, outcome: Outcome) -> None:
        """The end as people see it; an interrupted run has no results yet, a pruned one those of its epochs alone."""
        log.info("%s %s", outcome.status, as_text(outcome.best))
        if outcome.status == "interrupted":
            return
        if outcome.confusion:
            self.tensorboard.table("classes", CLASS_HEADS, class_lines(self.outline.class_names, outcome.confusion))
        trial = trial_name(self.config, self.outline.run_dir)
        self.tensorboard.hparams(trial, hyperparameters(self.config), best_scores(outcome.best, self.config.monitor))
        if outcome.status == "pruned":
            return
        is_told = self.config.reference.figures or self.config.repeat_batch is not None
        rows = read_rows(self.metric_log.path) if is_told else []
        self.remark([*outcome.remarks, *verdict(self.config, rows, outcome.best)])
        if self.config.repeat_batch is not None:
            self.remark([overfit_verdict(rows)])
        self.console.finish(self.outline, outcome, logdir(self.config, self.outline.run_dir), self.remarks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if fault is not None:
            log.error("ended: %s", str(fault) or type(fault).__name__)
        self.console.close()
        self.tensorboard.close()
        self.metric_log.close()
        logging.getLogger().removeHandler(self.log_handler)
        self.log_handler.close()


class LogFile(logging.FileHandler):
    """train.log; when the disk refuses a line the run goes on, said once."""

    def __init__(self, path: Path, warn: Callable[[str], None]):
        super().__init__(path, encoding="utf-8", delay=True)
        self.warn = warn
        self.has_warned = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError as refusal:
            if not self.has_warned:
                self.has_warned = True
                self.warn(f"{self.baseFilename}: {refusal.strerror}; it lacks lines from now on, the run goes on")

    def handleError(self, record: logging.LogRecord) -> None:
        raise  # to emit: logging's own answer is a traceback on stderr

    def close(self) -> None:
        with suppress(OSError):  # closing tries once more to write what could not be written
            super().close()


def logdir(config: Config, run_dir: Path) -> Path | None:
    """Where TensorBoard finds the run: among the others, or where it was moved to; None where it has nothing of it."""
    if config.tensorboard == "off":
        return None
    output_dir = Path(config.output_dir)
    return output_dir if run_dir.is_relative_to(output_dir) else run_dir


def first_step_to_hide(directory: RunDirectory, saved: Mapping[str, Any] | None) -> int | None:
    """From which step on TensorBoard's points are drawn anew; None for a run that has none yet."""
    if saved is not None:
        return int(saved["progress"]["step"]) + 1
    return 0 if directory.metrics.exists() else None


def open_log(directory: RunDirectory, warn: Callable[[str], None]) -> logging.Handler:
    handler = LogFile(directory.log, warn)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)  # at the root: what libraries warn of is kept too
    return handler


def as_text(values: Mapping[str, float]) -> str:
    return " ".join(f"{name}={figure(value, is_short=True)}" for name, value in values.items())


def charts(outline: Outline) -> dict[str, dict[str, str]]:
    """What Custom Scalars shows: each metric of all splits in one chart, and how it was trained."""
    splits = "|".join(SPLITS)
    metrics = [name for name in outline.higher_is_better if name != "accuracy" or outline.class_names]
    scores = ("batch_loss", "batch_accuracy") if outline.class_names else ("batch_loss",)
    trained = (*scores, "lr", "grad_norm", "epoch", "epoch_s")
    return {
        "train and val": {name: f"^({splits})/{name}$" for name in metrics},
        "while training": {name: f"^while_training/{name}(/.*)?$" for name in trained},
    }


def class_lines(names: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[list[str]]:
    """A line for each class: how well the best checkpoint told it from the others."""
    return [
        [name, f"{score.precision:.3f}", f"{score.recall:.3f}", f"{score.f1:.3f}", f"{score.support:,}"]
        for name, score in zip(names, per_class(confusion), strict=True)
    ]


def trial_name(config: Config, run_dir: Path) -> str:
    """What HParams calls the run: its name, which says what was typed, and where it lies, which no other run does.

    A job of a sweep is called as in the sweep's table, by its folder.
    """
    output_dir = expanded(config.output_dir).absolute()
    place = run_dir.relative_to(output_dir) if run_dir.is_relative_to(output_dir) else run_dir
    if is_sweep(run_dir.parent):
        return f"{run_dir.name} {place.parent}"
    return f"{config.name} {str(place).removesuffix(f'-{config.name}')}"


def hyperparameters(config: Config) -> dict[str, HParam]:
    """What a person may want to compare runs by: the options, the knobs of model and training, the run's lengths."""
    plain = config.as_dict()
    found = {group: cell(option) for group, option in plain["options"].items()}
    for group in ("model", "optimizer", "scheduler", "loss"):
        found |= {f"{group}.{key}": cell(value) for key, value in plain[group].items() if key != "_target_"}
    lengths = ("epochs", "max_steps", "batch_size", "accumulate_steps", "seed", "fold", "grad_clip_norm")
    return found | {key: plain[key] for key in lengths}


def cell(value: Any) -> HParam:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
