"""Everything a report is written to, opened together and closed together."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runner.config.settings import Config
from runner.contracts import Outcome, Outline, Report
from runner.records.console import RunConsole
from runner.records.metric_log import MetricLog
from runner.records.run_directory import RunDirectory
from runner.records.tensorboard import HParam, TensorBoard, code_block

log = logging.getLogger("runner")


class Views:
    """metrics.jsonl is the truth; TensorBoard, train.log and the console show it."""

    def __init__(
        self, directory: RunDirectory, config: Config, outline: Outline, saved: Mapping[str, Any] | None, *, brief: bool
    ):
        self.config = config
        self.outline = outline
        self.log_handler = open_log(directory)
        self.console = RunConsole(brief=brief)
        step = saved["progress"]["step"] if saved else None
        self.metric_log = MetricLog(directory.metrics, saved["log_size"] if saved else 0)
        self.tensorboard = TensorBoard(directory.path, self.warn, purge_step=None if step is None else step + 1)
        self.console.start(outline, step or 0)
        log.info("%s at step %d", "resumed" if saved else "started", step or 0)
        if not saved:
            self.tensorboard.text("config", code_block(config.as_yaml()))

    def write(self, report: Report, *, best: bool) -> None:
        if report.values:
            self.metric_log.write(report.progress.step, report.epoch, report.values)
            self.tensorboard.write(report.progress.step, report.values)
        if report.epoch_end:
            self.tensorboard.flush()
            log.info("epoch %d %s%s", report.epoch, as_text(report.values), " best" if best else "")
        self.console.report(report, best=best)

    def warn(self, text: str) -> None:
        log.warning(text)
        self.console.warn(text)

    @property
    def log_size(self) -> int:
        return self.metric_log.size

    @property
    def degraded(self) -> bool:
        return self.tensorboard.degraded

    def sync(self) -> None:
        self.metric_log.sync()

    def finish(self, outcome: Outcome) -> None:
        """The end as people see it; an interrupted run has no results yet."""
        log.info("%s %s", outcome.status, as_text(outcome.best))
        if outcome.status == "interrupted":
            return
        self.tensorboard.hparams(hyperparameters(self.config), ended_with(outcome))
        self.console.finish(self.outline, outcome, Path(self.config.output_dir))

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
        log.removeHandler(self.log_handler)
        self.log_handler.close()


def open_log(directory: RunDirectory) -> logging.Handler:
    handler = logging.FileHandler(directory.path / "train.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    return handler


def as_text(values: Mapping[str, float]) -> str:
    return " ".join(f"{name}={value:.6g}" for name, value in values.items())


def ended_with(outcome: Outcome) -> dict[str, float]:
    """The best and final metrics under names that TensorBoard files below their curves: ``val/loss/best``."""
    best = {f"{name}/best": value for name, value in outcome.best.items() if "/" in name}
    return best | {f"{name}/final": value for name, value in outcome.final.items() if "/" in name}


def hyperparameters(config: Config) -> dict[str, HParam]:
    """What a person may want to compare runs by: the options, the knobs of model and training, the run's lengths."""
    plain = config.as_dict()
    found = {group: cell(option) for group, option in plain["options"].items()}
    for group in ("model", "optimizer", "scheduler", "loss"):
        found |= {f"{group}.{key}": cell(value) for key, value in plain[group].items() if key != "_target_"}
    return found | {key: plain[key] for key in ("epochs", "max_steps", "batch_size", "seed", "grad_clip_norm")}


def cell(value: Any) -> HParam:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
