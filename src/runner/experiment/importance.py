"""Which columns of a table an answer depends on: by shuffling them, and by moving them.

Shapes: M held-out rows, F columns, R repeats, G places on a column, K classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from runner import seed
from runner.contracts import Column
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment
from runner.experiment.baselines import as_read, fit_train_rows, threads_of_torch, tree_inputs, why_no_trees
from runner.experiment.rebuild import Predictor
from runner.experiment.trees import ENSEMBLES
from runner.text import figure

REPEATS = 5
MOST_ROWS = 2048  # of which the score of a column is off by 0.01 at most
MOST_MOVED = 4  # columns
PLACES = 20  # on a number
MOST_CATEGORIES = 8
Ask = Callable[[Tensor], Tensor]  # rows as they were read -> [M, K] probabilities, or [M] numbers


@dataclass(frozen=True)
class Dependence:
    """The mean answer over the rows, with one column set to the same value in all of them (Friedman 2001)."""

    column: Column
    values: tuple[float, ...]  # G, from the least to the greatest; codes of categories
    answers: Mapping[str, tuple[float, ...]]  # net, hist, ... -> G probabilities of ``class_place``, or numbers
    class_place: int | None


@dataclass(frozen=True)
class Importance:
    """Of the columns for the net, and for the first ensemble of trees where one is fitted."""

    names: tuple[str, ...]  # F
    lost: Mapping[str, Tensor]  # net, hist, ... -> [F, R] accuracy lost, or RMSE gained, with the column shuffled
    order: tuple[int, ...]  # the places of the columns, the most important to the net first
    moved: tuple[Dependence, ...]  # of the first of them
    num_rows: int
    left_out: str  # why there are no trees; "" where there are

    def figure(self, lost: float) -> str:
        """``lost`` as it is written beside the others: with four decimals where the largest has no more to say."""
        largest = max(float(of.mean(1).abs().max()) for of in self.lost.values())
        return f"{lost:.4f}" if 1e-3 <= largest < 10 else figure(lost)


def importance(experiment: Experiment, net: Predictor, split: str) -> Importance:
    """On rows of ``split``, which a private generator draws and shuffles.

    Raises ConfigError where the rows stream, or all were trained on.
    """
    data, generator = experiment.data, seed.generator(experiment.config.split_seed, "importance")
    if not isinstance(data.x, Tensor):
        raise ConfigError("columns: the rows of this run stream; only a table in memory is shuffled")
    if split == "train":
        raise ConfigError("columns: this run has no held-out rows; train with val_fraction=0.1 or test_fraction=0.2")
    rows: Tensor = getattr(experiment.split, split)
    some = rows[torch.randperm(len(rows), generator=generator)[:MOST_ROWS]]
    x_MF, y_M, state = data.x[some].float(), data.y[some], generator.get_state()
    trees, left_out = trees_of(experiment)
    answering = {"net": net.probabilities, **trees}
    lost = {}
    with threads_of_torch():
        for name, ask in answering.items():
            lost[name] = shuffled(ask, x_MF, y_M, generator.set_state(state))
        order = tuple(torch.argsort(lost["net"].mean(1), descending=True, stable=True).tolist())
        named = data.columns or tuple(Column(f"column {place}") for place in range(x_MF.shape[1]))
        filled = [place for place in order if len(places_on(x_MF[:, place], named[place]))]
        moved = tuple(dependence(answering, x_MF, named[place], place) for place in filled[:MOST_MOVED])
    return Importance(tuple(column.name for column in named), lost, order, moved, len(some), left_out)


def trees_of(experiment: Experiment) -> tuple[dict[str, Ask], str]:
    """(the first ensemble of the run's settings, fitted to its train rows, by name; or why there is none)."""
    name = next(iter(experiment.config.baselines.trees), None)
    if name is None:
        return {}, "baselines.trees is []"
    if why := why_no_trees(experiment, name):
        return {}, why
    with threads_of_torch():
        model = fit_train_rows(experiment, ENSEMBLES[name].fit, tree_inputs)

    def ask(x_MF: Tensor) -> Tensor:
        scores = model.scores(as_read(experiment.data, x_MF))
        return torch.stack([1 - scores, scores], 1) if experiment.data.task == "binary" else scores

    return {name: ask}, ""


def shuffled(ask: Ask, x_MF: Tensor, y_M: Tensor, generator: torch.Generator) -> Tensor:
    """[F, R] how much worse the answers are with one column's values given to other rows (Breiman 2001)."""
    usual = quality(ask(x_MF), y_M)
    lost_FR = torch.zeros(x_MF.shape[1], REPEATS)
    for place in range(x_MF.shape[1]):
        for repeat in range(REPEATS):
            x = x_MF.clone()
            x[:, place] = x_MF[torch.randperm(len(x), generator=generator), place]
            lost_FR[place, repeat] = usual - quality(ask(x), y_M)
    return lost_FR


def quality(scores: Tensor, y_M: Tensor) -> float:
    """The share of rows that are right, or minus the root of the mean squared error."""
    if scores.ndim == 2:
        return float((scores.argmax(1) == y_M).double().mean())
    return -float((scores - y_M).double().square().mean().sqrt())


def dependence(answering: Mapping[str, Ask], x_MF: Tensor, column: Column, place: int) -> Dependence:
    """How the answers move with the column; of several classes, for the one that moves most for the net."""
    values = places_on(x_MF[:, place], column)
    answers = {
        name: torch.stack([mean_with(ask, x_MF, place, value) for value in values]) for name, ask in answering.items()
    }
    net_GK, moved = answers["net"], None
    if net_GK.ndim == 2:
        moved = int((net_GK.amax(0) - net_GK.amin(0)).argmax()) if net_GK.shape[1] > 2 else 1
        answers = {name: of_class[:, moved] for name, of_class in answers.items()}
    return Dependence(column, values, {name: tuple(found.tolist()) for name, found in answers.items()}, moved)


def places_on(x_M: Tensor, column: Column) -> tuple[float, ...]:
    """Where a column is set to: between the hundredths 5 and 95 of a number, or at the commonest categories."""
    known = x_M[~x_M.isnan()]
    if column.categories:
        commonest = Counter(known[known >= 0].tolist()).most_common(MOST_CATEGORIES)
        return tuple(sorted(code for code, _ in commonest))
    if not len(known):
        return ()
    low, high = known.quantile(torch.tensor([0.05, 0.95])).tolist()
    return tuple(torch.linspace(low, high, PLACES).tolist()) if high > low else (low,)


def mean_with(ask: Ask, x_MF: Tensor, place: int, value: float) -> Tensor:
    """[K] or [] the mean answer where all rows have that value."""
    x = x_MF.clone()
    x[:, place] = value
    return ask(x).double().mean(0)
