"""What TensorBoard shows of a run beyond the curves of metrics.jsonl, within a share of the run's time.

Nothing here changes what the run computes: no random number is drawn, no weight is moved.

TensorBoard opens on all tags by name, the first two groups unfolded: the names here come after ``train`` and ``val``,
whose curves are looked for.

Shapes: N rows of the judged split, K classes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from runner import seed
from runner.contracts import Layer, Report
from runner.errors import ConfigError, RunError
from runner.experiment.assemble import Experiment
from runner.experiment.scoring import Scores
from runner.runs.directory import RunDirectory
from runner.tensorboard.writer import TensorBoard, histogram_value, image_value, pr_curve_value

if TYPE_CHECKING:
    from runner.figures.run_view import RunView

THUMBNAIL, ACROSS = 84, 10  # of sample images: pixels, and how many in a row
FILTER, FILTERS_ACROSS = 64, 8
MOST_CLASSES = 20  # that have a PR curve
MOST_NAMED = 3  # of what is left out
PICTURES = (("confusion", "mistakes", "reliability"), ("residuals",))  # drawn at the end: of classes, of numbers


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
        self.directory = directory
        self.board = board
        self.warn = warn
        level = experiment.config.tensorboard
        self.is_full = level in ("auto", "full")
        self.budget = Budget(begun, limited=level == "auto")
        self.boxes: set[str] = set()  # characters that no font here has
        self.epoch_began = time.perf_counter()

    def begin(self, layers: Sequence[Layer]) -> None:
        """The net and some of the rows it will learn from."""
        with seed.kept():
            self.offer("graph", partial(self.show_graph, layers))
            if len(self.experiment.data.x.shape) == 4:
                self.offer("samples", self.show_samples)
        self.epoch_began = time.perf_counter()

    def epoch(self, report: Report) -> None:
        """Norms and rates; histograms of the weights and of the latest step's gradients; the first layer."""
        now = time.perf_counter()
        seconds, self.epoch_began = now - self.epoch_began, now
        weights = [weight.detach() for weight in self.experiment.parts.model.parameters()]
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
        run = self.run_view(scores)
        if self.experiment.data.task != "regression":
            self.offer("pr_curves", partial(self.show_pr_curves, run))
        self.offer("embedding", partial(self.show_embedding, run))
        for name in PICTURES[self.experiment.data.task == "regression"]:
            self.offer(name, partial(self.show_picture, run, name))
        if self.boxes:
            from runner.figures.style import advice

            self.warn(advice(self.boxes))

    @property
    def left_out(self) -> str:
        """What did not fit into the run's time, in one line; "" where everything is shown."""
        names = [name.replace("_", " ") for name in self.budget.refused]
        if not names:
            return ""
        if len(names) > MOST_NAMED:
            names[MOST_NAMED - 1 :] = [f"{len(names) - MOST_NAMED + 1} more"]
        return f"TensorBoard lacks {', '.join(names)} (over {100 * SHARE:g} % of the run); tensorboard=full draws them"

    def offer(self, name: str, show: Callable[[], None]) -> None:
        """Show it where it is wanted and fits. What does not suit the run is passed over; a full disk is warned of."""
        if not self.is_full or self.board.degraded or not self.budget.allows(name):
            return
        with self.budget.charged(name):
            try:
                show()
            except ConfigError:
                self.budget.cost_s[name] = 0.0
            except RunError as fault:
                self.warn(f"{fault}; TensorBoard goes without")

    def show_graph(self, layers: Sequence[Layer]) -> None:
        from runner.tensorboard.graph import graph

        self.board.graph(graph(self.experiment.parts.model, self.experiment.in_shape, layers))

    def show_samples(self) -> None:
        """Train images, those of a class under its name."""
        from runner.figures.dataset_view import DatasetView
        from runner.figures.pixels import mosaic

        config, data = self.experiment.config, self.experiment.data
        view = DatasetView(config.dataset.option, data, self.experiment.split, "", config.split_seed)
        for group in view.gallery:
            if len(group.images):
                self.show_image(f"x_train/{group.heading}", mosaic(group.images, THUMBNAIL, ACROSS))

    def show_histograms(self) -> None:
        values = []
        for name, weight in self.experiment.parts.model.named_parameters():
            values.append(histogram_value(f"weights/{name}", on_host(weight.detach())))
            if weight.grad is not None:
                values.append(histogram_value(f"weight_gradients/{name}", on_host(weight.grad)))
        self.board.add(values)

    def show_filters(self) -> None:
        from runner.figures.activations import first_layer
        from runner.figures.net import filter_images
        from runner.figures.pixels import mosaic

        layer = first_layer(self.experiment.parts.model)
        images = filter_images(layer, self.experiment.in_shape) if layer is not None else []
        if not images:
            raise ConfigError("a first layer that is fed a table has no filters")
        self.show_image("weight_filters/first layer", mosaic(images, FILTER, FILTERS_ACROSS))

    def show_pr_curves(self, run: RunView) -> None:
        """One for each class, against all others."""
        predictions = run.predictions
        scores_NK, labels_N = predictions.probabilities_NK.double().numpy(), predictions.labels_N.numpy()
        shown = range(min(MOST_CLASSES, len(predictions.class_names)))
        tags = [f"pr/{run.split}/{predictions.class_names[k]}" for k in shown]
        self.board.add([pr_curve_value(tags[k], scores_NK[:, k], labels_N == k) for k in shown])

    def show_embedding(self, run: RunView) -> None:
        from runner.tensorboard.embedding import write_embedding

        write_embedding(run, self.directory)

    def show_picture(self, run: RunView, name: str) -> None:
        from runner.figures.run import DRAW
        from runner.figures.style import style

        with style() as boxes:
            self.board.add([image_value(f"verdict/{name} on {run.split}", DRAW[name](run).png())])
        self.boxes |= boxes

    def show_image(self, tag: str, image_HW3: NDArray[np.uint8]) -> None:
        from runner.figures.pixels import png

        self.board.add([image_value(tag, png(image_HW3))])

    def run_view(self, scores: Scores) -> RunView:
        from runner.experiment.predictor import Predictor
        from runner.figures.run_view import RunView, called
        from runner.runs.schema import schema_of

        experiment = self.experiment
        schema = schema_of(experiment.data, experiment.split.train)
        net = Predictor(experiment.parts, schema, experiment.choice, experiment.config.eval_batch_size)
        config = experiment.config
        by = "the checkpoint that eval uses"
        name = called(config.name, config.fold)
        return RunView(name, by, config.monitor, (), {}, net, experiment, outputs=(scores.logits_NK, scores.y_N))


def on_host(values: Tensor) -> NDArray[np.float32]:
    """The finite ones; of a sparse gradient those it has."""
    values = values.coalesce().values() if values.is_sparse else values
    return values[values.isfinite()].float().cpu().numpy()


SHARE = 0.05  # of the run, at most
# seconds each took at first, imports included, for a small net on two cores; afterwards what it took here counts
FIRST_COST_S = {"graph": 0.05, "samples": 0.1, "histograms": 0.03, "filters": 0.02, "pr_curves": 0.1, "embedding": 0.3}
OTHER_COST_S = 0.7  # of a drawn picture: matplotlib has to be imported


class Budget:
    """Says of each dashboard whether it still fits into the share; one that is not ``limited`` allows everything."""

    def __init__(self, begun: float, *, limited: bool, clock: Callable[[], float] = time.perf_counter):
        self.begun = begun  # when the run began, by ``clock``
        self.limited = limited
        self.clock = clock
        self.spent_s = 0.0
        self.cost_s: dict[str, float] = {}
        self.refused: dict[str, None] = {}  # in order, what did not fit when it was last asked for

    def allows(self, name: str) -> bool:
        cost_s = self.cost_s.get(name, FIRST_COST_S.get(name, OTHER_COST_S))
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
