"""What TensorBoard shows of a run beyond the curves of metrics.jsonl, within a share of the run's time.

Nothing here changes what the run computes: no random number is drawn, no weight is moved.

TensorBoard opens on all tags by name, the first two groups unfolded, which are the scores, ``best``, and ``train``: the
names here come after those and ``val``, so that no page of pictures stands before the curves.

Shapes: N rows of the judged split, K classes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner import seed
from runner.contracts import LayerSummary, Report
from runner.errors import RunError, RunnerError
from runner.experiment.assemble import Experiment
from runner.experiment.rebuild import Predictor
from runner.experiment.scoring import Scores
from runner.figures.activations import filter_images, first_layer
from runner.figures.dataset_view import DatasetView
from runner.figures.pixels import mosaic, png
from runner.figures.run_view import RunView, called, checkpoint_name
from runner.runs.directory import RunDirectory, is_sweep
from runner.tensorboard.net import graph, write_embedding
from runner.tensorboard.writer import TensorBoard, histogram_value, image_value, pr_curve_value

THUMBNAIL, ACROSS = 84, 10  # of sample images: pixels, and how many in a row
FILTER, FILTERS_ACROSS = 64, 8
MOST_CLASSES = 20  # that have a PR curve
MOST_NAMED = 3  # of what is left out
ALWAYS = ("graph", "samples", "confusion", "residuals")  # beside the share: under a second together
OF_A_JOB = ("pr_curves",)  # beside these: the jobs of a sweep all show the same, however long each of them took
SHARE = 0.05  # of the run, at most
# seconds each took at first, imports included, for a small net on two cores; afterwards what it took here counts
FIRST_COST_S = {"histograms": 0.03, "filters": 0.02, "pr_curves": 0.02, "embedding": 0.3}
OTHER_COST_S = 0.2  # of a drawn picture: one that is always drawn has imported matplotlib before it


class Dashboards:
    """Of one run: ``begin`` once, ``epoch`` at the end of each, ``finish`` when the best checkpoint is in the net."""

    def __init__(
        self,
        experiment: Experiment,
        directory: RunDirectory,
        board: TensorBoard,
        warn: Callable[[str], None],
        begun: float,
    ):
        self.experiment = experiment
        self.net = experiment.parts.model
        self.directory = directory
        self.board = board
        self.warn = warn
        level = experiment.config.tensorboard
        self.is_full = level in ("auto", "full")
        self.is_job = level == "auto" and is_sweep(directory.whole.path.parent)
        self.budget = Budget(begun, limited=level == "auto")
        self.boxes: set[str] = set()  # characters that no font here has
        self.advice = ""  # on them
        self.epoch_began = time.perf_counter()

    def begin(self, layers: Sequence[LayerSummary]) -> None:
        """The net and some of the rows it will learn from."""
        with seed.kept():
            self.offer("graph", lambda: self.board.graph(graph(self.net, self.experiment.in_shape, layers)))
            if len(self.experiment.data.x.shape) == 4:
                self.offer("samples", self.show_samples)
        self.epoch_began = time.perf_counter()

    def epoch(self, report: Report) -> None:
        """Norms and rates; histograms of the weights and of the latest step's gradients; the first layer."""
        now = time.perf_counter()
        seconds, self.epoch_began = now - self.epoch_began, now
        weights = [weight.detach() for weight in self.net.parameters()]
        values = {
            "while_training/weight_norm": float(torch.nn.utils.get_total_norm(weights)),
            "while_training/epoch_s": seconds,
            "while_training/rows_per_s": self.experiment.train.num_rows / seconds,
        }
        self.board.write(report.progress.step, values)
        self.offer("histograms", self.show_histograms)
        self.offer("filters", self.show_filters)

    def finish(self, scores: Scores) -> None:
        """The best checkpoint's mistakes and what its net sees in the rows. The net is left in evaluation mode."""
        if not self.is_full:
            return
        run = run_view(self.experiment, scores)
        has_classes = self.experiment.data.task != "regression"
        if has_classes:
            self.offer("pr_curves", partial(self.show_pr_curves, run))
        self.offer("embedding", partial(write_embedding, run, self.directory))
        for name in ("confusion", "mistakes", "reliability") if has_classes else ("residuals",):
            self.offer(name, partial(self.show_picture, run, name))
        if self.advice:
            self.warn(self.advice)

    @property
    def left_out(self) -> str:
        """What did not fit into the run's time, in one line; "" where everything is shown."""
        names = [name.replace("_", " ") for name in self.budget.refused]
        if not names:
            return ""
        if len(names) > MOST_NAMED:
            names[MOST_NAMED - 1 :] = [f"{len(names) - MOST_NAMED + 1} more"]
        return f"left out of TensorBoard, to save time: {', '.join(names)}; tensorboard=full draws them"

    def offer(self, name: str, show: Callable[[], None]) -> None:
        """Show it where it is wanted and fits, or is always shown. Warns of what fails: the run goes on."""
        is_always = name in ALWAYS or (self.is_job and name in OF_A_JOB)
        is_allowed = is_always or (not self.is_job and self.budget.allows(name))
        if self.is_full and not self.board.degraded and is_allowed:
            try:
                with nullcontext() if is_always else self.budget.charged(name):
                    show()
            except RunError as fault:
                self.warn(f"{fault}; TensorBoard goes without")
            except RunnerError as fault:
                self.warn(f"TensorBoard goes without {name}: {fault}")
            except Exception as fault:  # of any kind: a library that cannot draw must not cost the training
                self.warn(f"TensorBoard goes without {name}: {type(fault).__name__}: {fault}")

    def show_samples(self) -> None:
        """Train images, those of a class under its name."""
        config, data = self.experiment.config, self.experiment.data
        view = DatasetView(config.dataset.option, data, self.experiment.split, "", config.split_seed)
        for group in view.gallery:
            if len(group.images):
                image = png(mosaic(group.images, THUMBNAIL, ACROSS))
                self.board.add([image_value(f"x_train/{group.heading}", image)])

    def show_histograms(self) -> None:
        values = []
        for name, weight in self.net.named_parameters():
            values.append(histogram_value(f"weights/{name}", on_host(weight.detach())))
            if weight.grad is not None:
                values.append(histogram_value(f"weight_gradients/{name}", on_host(weight.grad)))
        self.board.add(values)

    def show_filters(self) -> None:
        layer = first_layer(self.net)
        images = filter_images(layer, self.experiment.in_shape) if layer is not None else []
        if images:  # a first layer that is fed a table has none
            image = png(mosaic(images, FILTER, FILTERS_ACROSS))
            self.board.add([image_value("weight_filters/first layer", image)])

    def show_pr_curves(self, run: RunView) -> None:
        """One for each class, against all others."""
        predictions = run.predictions
        scores_NK, labels_N = predictions.probabilities_NK.double().numpy(), predictions.labels_N.numpy()
        tags = [f"pr/{run.split}/{name}" for name in predictions.class_names[:MOST_CLASSES]]
        self.board.add([pr_curve_value(tag, scores_NK[:, k], labels_N == k) for k, tag in enumerate(tags)])

    def show_picture(self, run: RunView, name: str) -> None:
        from runner.figures import run as pictures  # matplotlib is slow to import
        from runner.figures import style

        with style.style() as boxes:
            self.board.add([image_value(f"view/{name} on {run.split}", pictures.DRAW[name](run).png())])
        self.boxes |= boxes
        self.advice = style.advice(self.boxes) if self.boxes else ""


def run_view(experiment: Experiment, scores: Scores) -> RunView:
    config, net = experiment.config, Predictor.of(experiment)
    by = checkpoint_name("best" if experiment.has_validation else "last", scores.outcome.best["epoch"])
    return RunView(called(config), by, config.monitor, (), {}, net, experiment, outputs=(scores.logits_NK, scores.y_N))


def on_host(values: Tensor) -> NDArray[np.float32]:
    """The finite ones; of a sparse gradient those it has."""
    values = values.coalesce().values() if values.is_sparse else values
    return values[values.isfinite()].float().cpu().numpy()


@dataclass
class Budget:
    """Says of each dashboard whether it still fits into the share; one that is not ``limited`` allows everything."""

    begun: float  # when the run began, by ``clock``
    limited: bool
    clock: Callable[[], float] = time.perf_counter
    spent_s: float = 0.0
    cost_s: dict[str, float] = field(default_factory=FIRST_COST_S.copy)
    refused: dict[str, None] = field(default_factory=dict)  # in order, what did not fit when it was last asked for

    def allows(self, name: str) -> bool:
        cost_s = self.cost_s.get(name, OTHER_COST_S)
        fits = not self.limited or self.spent_s + cost_s <= SHARE * (self.clock() - self.begun)
        if fits:
            self.refused.pop(name, None)
        else:
            self.refused[name] = None
        return fits

    @contextmanager
    def charged(self, name: str) -> Iterator[None]:
        began = self.clock()
        try:
            yield
        finally:
            self.cost_s[name] = self.clock() - began
            self.spent_s += self.cost_s[name]
