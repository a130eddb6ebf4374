"""What to try next: each rule reads the records of a run and answers with a line, its evidence before its remedy."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.config.catalog import FEWEST_ROWS
from runner.screen.result import TREES, per_class
from runner.text import counted, duration, figure

if TYPE_CHECKING:
    from runner.config.run_config import Config
    from runner.contracts import Outcome, Outline

MOST_LINES = 3
FEW_STEPS = 200
LONGER = 10  # times as many epochs, where the steps are few
NO_CURVE = 20  # steps of which a curve says nothing
NOTABLE_RISE = 0.1  # of a loss: a share of its lowest value
LAST_EPOCHS = 5  # all of which are above the lowest one where a loss rises
JUMP = 0.2  # of a loss: a share of that of the first epoch
OVER_GUESSING = 3.0  # times the loss of guessing, in the first epoch
STOOD_STILL = 0.95  # share of the first loss above which the last has not moved
NOTABLE_GAIN = 0.02  # of all that an epoch's value has gained since the first
ALL_BUT_NOTHING = 0.01  # of the highest learning rate
NOTABLE_ERROR = 1.05  # times the error of the linear model
NOTABLE_ROWS = 5  # of a class that is never predicted
GUESSED = ("cross_entropy", "nll", "bce_with_logits", "bce")  # losses of which guessing costs log(classes)


@dataclass(frozen=True)
class Records:
    """Of a run that has ended."""

    config: Config
    outline: Outline
    outcome: Outcome
    rows: Sequence[Mapping[str, Any]]  # of the ends of its epochs
    models: Collection[str]  # that can be chosen

    def curve(self, name: str) -> list[float]:
        """The values after each epoch; [] where some are not known or no numbers."""
        values = [row.get(name) for row in self.rows]
        return [value for value in values if value is not None] if None not in values else []


def advice(records: Records) -> list[str]:
    """At most three lines, the gravest first; none for a run that was to be short, or to repeat one batch."""
    config = records.config
    if not records.rows or config.max_steps is not None or config.repeat_batch is not None:
        return []
    untaught, improving = nothing_learned(records), still_improving(records)
    if too_short := few_steps(records):  # all else would be read off a curve that says nothing
        return [improving or too_short]
    behind = (None if improving else behind_linear(records)) or behind_trees(records)
    told = (
        unstable(records),
        untaught,
        None if untaught else never_predicted(records),
        None if untaught else behind,
        overfitting(records),
        rate_gone(records),
        improving,
    )
    return [line for line in told if line][:MOST_LINES]


def unstable(records: Records) -> str | None:
    """Of a train loss that jumps up from one epoch to a later one, or is far above guessing after the first."""
    losses = records.curve("train/loss")
    evidence = jump(losses) or above_guessing(losses[:1], records.outline)
    if evidence is None:
        return None
    return f"{evidence}: the steps are too large; try {rate(records, 0.1)} or grad_clip_norm=1.0"


def jump(losses: Sequence[float]) -> str | None:
    """The evidence of the largest rise over the lowest loss before it."""
    rises = [loss - min(losses[: i + 1]) for i, loss in enumerate(losses)]
    if not rises or max(rises) <= JUMP * abs(losses[0]):
        return None
    worst = rises.index(max(rises))
    return f"train/loss jumps from {figure(min(losses[:worst]))} to {figure(losses[worst])} in epoch {worst + 1}"


def above_guessing(losses: Sequence[float], outline: Outline) -> str | None:
    """The evidence in the loss of the first epoch."""
    num_classes = len(outline.class_names)
    if outline.options["loss"] not in GUESSED or num_classes < 2 or not losses:
        return None
    guessing = math.log(num_classes)
    if losses[0] <= OVER_GUESSING * guessing:
        return None
    told = f"train/loss is {figure(losses[0])} in the first epoch, guessing one of {num_classes} classes costs"
    return f"{told} {figure(guessing)}"


def nothing_learned(records: Records) -> str | None:
    """Of a net that is not better on the judged split than the commonest class, or the mean."""
    outcome = records.outcome
    evidence = as_good_as_commonest(outcome) if records.outline.class_names else as_good_as_mean(outcome)
    if evidence is None:
        return None
    losses = records.curve("train/loss")
    has_moved = not losses or losses[-1] < STOOD_STILL * losses[0] or unstable(records)
    larger = "" if has_moved else f"{rate(records, 10)} or "
    return f"{evidence}: nothing is learned; try {larger}debug=overfit_batch, which shows whether it can learn"


def as_good_as_commonest(outcome: Outcome) -> str | None:
    """The evidence, where both the hits and the mean recall of the classes are within two standard errors of it."""
    name = f"{outcome.judged_split}/accuracy"
    scores = [score for score in per_class(outcome.confusion) if score.support]
    if name not in outcome.best or "accuracy" not in outcome.baseline or not scores:
        return None
    ours, theirs, chance = outcome.best[name], outcome.baseline["accuracy"], 1 / len(scores)
    recall = sum(score.recall for score in scores) / len(scores)
    if ours > theirs + noise(theirs, outcome) or recall > chance + noise(chance, outcome):
        return None
    return f"{name} is {figure(ours)}, that of the commonest class {figure(theirs)}"


def as_good_as_mean(outcome: Outcome) -> str | None:
    for metric, theirs in outcome.baseline.items():
        ours = outcome.best.get(f"{outcome.judged_split}/{metric}")
        if ours is not None:
            told = f"{outcome.judged_split}/{metric} is {figure(ours)}, that of the mean {figure(theirs)}"
            return told if ours >= STOOD_STILL * theirs else None
    return None


def noise(share: float, outcome: Outcome) -> float:
    """Two standard errors of a share of the judged rows."""
    num_rows = sum(map(sum, outcome.confusion))
    return 2 * math.sqrt(share * (1 - share) / num_rows)


def never_predicted(records: Records) -> str | None:
    """Of the largest class that the net never answers with, though there are rows of it."""
    outcome, outline = records.outcome, records.outline
    predicted = [sum(column) for column in zip(*outcome.confusion, strict=True)]
    missed = [k for k, num in enumerate(predicted) if not num and sum(outcome.confusion[k]) >= NOTABLE_ROWS]
    if not missed:
        return None
    k = max(missed, key=lambda k: sum(outcome.confusion[k]))
    is_rare = 2 * len(outline.class_counts) * outline.class_counts[k] < sum(outline.class_counts)
    can_weigh = is_rare and records.config.loss.knobs.get("weight", "") is None
    is_short = records.rows[-1]["step"] <= FEW_STEPS  # then no rate is known to be too large
    remedy = f"epochs={LONGER * outline.epochs}" if is_short else rate(records, 0.1)
    remedy = "loss.weight=balanced" if can_weigh else remedy
    num_rows = counted(sum(outcome.confusion[k]), "row")
    return (
        f"class {outline.class_names[k]} is never predicted, {outcome.judged_split} has {num_rows} of it: try {remedy}"
    )


def behind_linear(records: Records) -> str | None:
    """Of a net that is clearly worse than the linear model by the run's first metric."""
    outcome, outline = records.outcome, records.outline
    metric = first_metric(outline, [outcome.linear])
    if metric is None:
        return None
    ours, theirs = outcome.best[f"{outcome.judged_split}/{metric}"], outcome.linear[metric]
    if outline.higher_is_better[metric]:
        spread = noise(min(max(theirs, 0.0), 1.0), outcome) if outcome.confusion else (NOTABLE_ERROR - 1) * abs(theirs)
        is_behind = ours < theirs - spread
    else:
        is_behind = ours > NOTABLE_ERROR * theirs
    if not is_behind:
        return None
    told = f"a linear model has {outcome.judged_split}/{metric} {figure(theirs)}, the net {figure(ours)}"
    other = f"model={'tabular' if can_be_tabular(records) else 'linear'}"
    return f"{told}{after_few_steps(records) or f': try {other}'}"


def behind_trees(records: Records) -> str | None:
    """Of a net that is worse than an ensemble of trees by the run's first metric."""
    outline, outcome = records.outline, records.outcome
    trees = outcome.trees
    metric = first_metric(outline, trees.values())
    if metric is None:
        return None
    sign = 1 if outline.higher_is_better[metric] else -1
    best = max(trees, key=lambda name: sign * trees[name][metric])
    theirs, ours = trees[best][metric], outcome.best[f"{outcome.judged_split}/{metric}"]
    if sign * theirs <= sign * ours or figure(theirs) == figure(ours):
        return None
    which = "a tree ensemble" if best == "hist" else TREES[best]
    told = f"{which} scores {figure(theirs)} on the same rows in {duration(outcome.trees_seconds[best])}"
    nearer = "; model=tabular closes most of such a gap" * can_be_tabular(records)
    return told + (after_few_steps(records) or nearer)


def after_few_steps(records: Records) -> str:
    """What to do first about another model that is better; "" where the net had steps enough to be compared."""
    epochs, step = records.outline.epochs, records.rows[-1]["step"]
    is_short = step <= FEW_STEPS and epochs == len(records.rows)
    return f"; the net had {counted(step, 'step')}: try epochs={LONGER * epochs}" * is_short


def first_metric(outline: Outline, scores: Collection[Mapping[str, float]]) -> str | None:
    """The first metric of the run that others have too; None where nobody says which end of it is better."""
    metric = next((name for name in outline.higher_is_better if any(name in those for those in scores)), None)
    return None if metric is None or outline.higher_is_better[metric] is None else metric


def can_be_tabular(records: Records) -> bool:
    outline = records.outline
    is_large = len(outline.in_shape) == 1 and sum(outline.split_sizes.values()) >= FEWEST_ROWS
    return is_large and "tabular" in records.models and outline.options["model"] not in ("tabular", "tabm")


def overfitting(records: Records) -> str | None:
    """Of a validation loss that has risen since its lowest epoch, while the train loss fell."""
    held_out, train = records.curve("val/loss"), records.curve("train/loss")
    if not held_out or not train:
        return None
    lowest = min(range(len(held_out)), key=held_out.__getitem__)
    rise = min(held_out[-LAST_EPOCHS:]) - held_out[lowest]
    if rise < NOTABLE_RISE * abs(held_out[lowest]) or train[-1] >= train[lowest]:
        return None
    told = f"val/loss rises from {figure(held_out[lowest])} in epoch {lowest + 1} to {figure(held_out[-1])}"
    remedy = f"try {against_overfitting(records)}; docs/overfitting.md has more"
    return f"{told}, while train/loss falls to {figure(train[-1])}: {remedy}"


def against_overfitting(records: Records) -> str:
    """Of the ways of docs/overfitting.md the first that the run does not go: most hits, least loss, least work."""
    config = records.config
    if len(records.outline.in_shape) == 3 and config.dataset.knobs.get("augment") == []:
        return "'dataset.augment=[{rotation: {degrees: 15}}]'"
    if config.optimizer.option == "adamw" and config.optimizer.knobs["weight_decay"] < 1:
        return "optimizer.weight_decay=1.0"
    if config.early_stopping.patience_epochs is None:
        return f"early_stopping.patience_epochs={LAST_EPOCHS}"
    return "fewer or narrower layers"


def rate_gone(records: Records) -> str | None:
    """Of a learning rate that was next to nothing from before the middle of the run to its end."""
    rates = records.curve("lr")
    if not rates:
        return None
    used = max(i for i, lr in enumerate(rates) if lr >= ALL_BUT_NOTHING * max(rates)) + 1
    if 2 * used >= len(rates):
        return None
    told = f"the learning rate is below {ALL_BUT_NOTHING:.0%} of {max(rates):g} since epoch {used + 1} of {len(rates)}"
    return f"{told}: try scheduler=cosine_annealing_lr, which is spread over the whole run"


def still_improving(records: Records) -> str | None:
    """Of a run all of whose epochs are over, and whose last one was clearly the best by what it is monitored by."""
    monitor, epochs, step = records.outline.monitor, records.outline.epochs, records.rows[-1]["step"]
    direction = records.outline.higher_is_better[monitor.rpartition("/")[2]]
    gains = [value if direction else -value for value in records.curve(monitor)]
    if not 1 < epochs == len(gains) or gains[-1] <= max(gains[:-1]):
        return None
    if step <= FEW_STEPS:
        return f"{step} steps in all; still improving at the last epoch: try epochs={LONGER * epochs}"
    lately = max(1, epochs // 10)
    if gains[-1] - gains[-1 - lately] < NOTABLE_GAIN * (gains[-1] - gains[0]):
        return None
    before, now = (figure(abs(gain)) for gain in (gains[-1 - lately], gains[-1]))
    told = f"{monitor} goes from {before} in epoch {epochs - lately} to {now}"
    return f"{told}; still improving at the last epoch: try epochs={2 * epochs}"


def few_steps(records: Records) -> str | None:
    """Of so few steps that the curve says nothing."""
    epochs, step = records.outline.epochs, records.rows[-1]["step"]
    if not 1 < epochs == len(records.rows) or step > NO_CURVE:
        return None
    return f"{step} steps in all are too few to judge the curve by: try epochs={LONGER * epochs}"


def rate(records: Records, factor: float) -> str:
    """The words that change the learning rate by ``factor``."""
    lr = records.config.optimizer.knobs.get("lr")
    return (
        f"optimizer.lr={factor * lr:g}" if isinstance(lr, int | float) else f"a learning rate {factor:g} times as large"
    )
