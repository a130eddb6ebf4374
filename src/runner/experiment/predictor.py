"""A trained net that answers for raw rows, built from the run directory alone: the data set need not be there.

Shapes: N rows, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from runner import device
from runner.build.loss import build_loss, num_outputs
from runner.build.model import without_published_weights
from runner.config.run_config import Config
from runner.contracts import Parts
from runner.data.transforms import blank_preprocess
from runner.engine.state import load_weights
from runner.experiment.assemble import build_model, transforms
from runner.losses.readout import NearestNeighbour, Ranking
from runner.runs.schema import Schema

if TYPE_CHECKING:
    from runner.screen.predictions import Measure

NO_ANSWER = "the net's answer is no number: the row is too far from those of the training"


@dataclass(frozen=True)
class Predictor:
    """Preprocessing and net of a run, in evaluation mode."""

    parts: Parts  # nothing to train with
    schema: Schema
    choice: device.Choice
    batch_size: int

    @property
    def in_shape(self) -> tuple[int, ...]:
        """The shape of one row as the net gets it."""
        return tuple(self.parts.preprocess(torch.zeros(1, *self.schema.row_shape, device=self.choice.device)).shape[1:])

    @torch.no_grad()
    def probabilities(self, x: Tensor) -> Tensor:
        """[N, K] what ``measure`` says of each class, or [N] numbers, on the host; ``x`` [N, *row_shape] is raw."""
        logits_NK = torch.cat([self.logits(x_B) for x_B in torch.split(x, self.batch_size)])
        return probabilities(self.parts, logits_NK)

    def logits(self, x_B: Tensor) -> Tensor:
        logits_BK: Tensor = self.parts.model(self.parts.preprocess(x_B.to(self.choice.device)))
        return logits_BK


def probabilities(parts: Parts, logits_NK: Tensor) -> Tensor:
    """[N, K] on the host, also where a single output tells two classes apart; [N] numbers for regression."""
    scores: Tensor = parts.readout(logits_NK).cpu()
    return torch.stack([1 - scores, scores], 1) if parts.task == "binary" else scores


def is_answer(scores: Tensor) -> Tensor:
    """[N] whether the answer to a row, ``scores`` [N, K] or [N], is finite."""
    return scores.isfinite().all(1) if scores.ndim == 2 else scores.isfinite()


def measure(parts: Parts) -> Measure:
    """What ``probabilities`` gives: after a margin loss, and of neighbours, only scores that rank the classes."""
    return "score" if isinstance(parts.readout, Ranking | NearestNeighbour) else "probability"


def build_predictor(config: Config, schema: Schema, saved: Mapping[str, Any]) -> Predictor:
    """The predictor of a run's config, schema and checkpoint. Raises ConfigError, DataError or DeviceError."""
    device.threads(config.threads)
    choice = device.choose(config.device)
    preprocess = blank_preprocess(transforms(config), schema.row_shape, schema.columns)
    in_shape = tuple(preprocess(torch.zeros(1, *schema.row_shape)).shape[1:])
    num_classes = len(schema.class_names)
    outputs = num_outputs(config.loss, schema.task, num_classes, config.trusted)
    no_rows = torch.zeros(1, dtype=torch.float32 if schema.task == "regression" else torch.int64)
    loss, readout = build_loss(config.loss, schema.task, num_classes, no_rows, config.trusted)
    if isinstance(readout, NearestNeighbour):
        readout.hold(len(saved.get("readout", {}).get("labels", ())))
    drawn_anew = replace(config, model=without_published_weights(config.model))
    parts = Parts(
        preprocess=preprocess.to(choice.device),
        model=build_model(drawn_anew, preprocess, in_shape, outputs).to(choice.device),
        loss=loss.to(choice.device),
        readout=readout.to(choice.device),
        optimizers=(),
        schedules=(),
        metrics={},
        task=schema.task,
    )
    load_weights(saved, parts)
    parts.model.eval()
    return Predictor(parts, schema, choice, config.eval_batch_size)
