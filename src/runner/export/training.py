"""Loss, optimizer, schedule, loop and evaluation as the lines a tutorial would have."""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from runner.build.loss import BALANCED
from runner.build.loss import LOSSES as FITS
from runner.build.schedule import Span, filled, stretches
from runner.build.target import resolve
from runner.config.catalog import Catalog, Part
from runner.config.formula import Formula
from runner.config.schedule import FORMULAS, links_of
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment, total_steps
from runner.export.net import Layer, joined, keywords
from runner.export.rows import single_output
from runner.export.step import scheduled, step_lines
from runner.seed import derive

LOSSES = (
    *("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss", "BCEWithLogitsLoss", "BCELoss", "SoftMarginLoss"),
    *("MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss"),
)
ENDINGS = {  # what stands behind the net where the loss wants no raw outputs
    "torch.nn.NLLLoss": (Layer(nn.LogSoftmax, (), {"dim": 1}),),
    "torch.nn.BCELoss": (Layer(nn.Sigmoid, (), {}),),
}
REASONS = {  # class -> why a plain loop cannot have it
    "LBFGS": "asks for the loss several times a step",
    "SparseAdam": "needs sparse gradients",
    "Muon": "leaves a part of the weights to a second optimizer",
    "TripletMargin": "is judged by the nearest train row",
    "HingeEmbedding": "is judged by the nearest train row",
    "CosineEmbedding": "is judged by the nearest train row",
    "GaussianNLLLoss": "wants two outputs for one number",
    "PoissonNLLLoss": "counts in the target's own unit",
    "MarginRankingLoss": "compares the outputs in pairs",
    "MultiLabelMarginLoss": "wants a list of labels for each row",
    "MultiLabelSoftMarginLoss": "wants a target for each class",
}
WATCHED = {"train/loss": ("train_loss", "<"), "val/loss": ("val_loss", "<"), "val/accuracy": ("val_accuracy", ">")}


def making_lines(experiment: Experiment) -> list[str]:
    """The model, its loss, its optimizer and its schedule, made. Raises ConfigError for what takes more than a line."""
    config = experiment.config
    lines = [
        f"torch.manual_seed({derive(config.seed, 'weights')})  # the first weights are random, and the same every time",
        "model = Net()",
        *compile_lines(experiment),
        f"loss_function = {loss(experiment)}",
        f"optimizer = {optimizer(experiment)}",
        *schedule_lines(experiment),
    ]
    for part in (config.loss, config.optimizer, config.scheduler):
        check_knobs(part, experiment.catalog)
    return lines


def compile_lines(experiment: Experiment) -> list[str]:
    made = 'compiled = torch.compile(model, dynamic=False, options={"fallback_random": True})'
    return [f"{made}  # dropout draws as in the model"] * experiment.config.compile


def ending_layers(loss: Part) -> tuple[Layer, ...]:
    """What stands behind the net for the loss's sake."""
    return ENDINGS.get(str(loss.target), ())


def loss(experiment: Experiment) -> str:
    part = experiment.config.loss
    fitting = [name for name in LOSSES if experiment.data.task in FITS[getattr(nn, name)].tasks]
    kind = torch_class(part, "torch.nn", fitting, experiment.catalog)
    factors = {name: part.knobs[name] for name in ("weight", "pos_weight") if part.knobs.get(name) is not None}
    words = [f"{name}={weights(name, value, experiment)}" for name, value in factors.items()]
    others = {name: value for name, value in part.knobs.items() if name not in factors}
    return f"nn.{kind.__name__}({joined(*words, keywords(part, kind, others))})"


def weights(name: str, value: Any, experiment: Experiment) -> str:
    """A factor for each class: as given, or balanced over the train rows."""
    if value != BALANCED:
        return f"torch.tensor({[float(factor) for factor in value]})"
    counts = torch.bincount(experiment.data.y[experiment.split.train], minlength=len(experiment.data.class_names))
    if not counts.all():
        raise ConfigError(f"loss.{name}=balanced: a class has no train row, and no weight in a script; leave it out")
    if name == "pos_weight":
        return "(y[train_rows] == 0).sum() / (y[train_rows] == 1).sum()"
    return f"len(train_rows) / ({len(counts)} * y[train_rows].bincount())"


def optimizer(experiment: Experiment) -> str:
    """With ``fused`` as it was found out: the last bits of a step depend on it."""
    part, fused = experiment.config.optimizer, experiment.parts.optimizers[0].defaults.get("fused")
    known = [name for name in torch.optim.__all__ if name[0].isupper() and name not in REASONS]
    kind = torch_class(part, "torch.optim", known, experiment.catalog)
    words = joined("model.parameters()", keywords(part, kind, {**part.knobs, "fused": fused}))
    return f"torch.optim.{kind.__name__}({words})"


def torch_class(part: Part, module: str, known: Sequence[str], catalog: Catalog) -> type:
    """The class of ``module`` that the part names. Raises ConfigError where it is none of those ``known``."""
    home, _, name = str(part.target).rpartition(".")
    if home != module or name not in known:
        targets = {option: catalog.option(part.group, option).target for option in catalog.options(part.group)}
        shown = [option for option, target in targets.items() if target in [f"{module}.{each}" for each in known]]
        why = REASONS.get(name, "is not torch's own")
        raise ConfigError(f"{part.group}={part.option}: {why}; a script can show {', '.join(shown)}")
    return resolve(str(part.target), object)


def check_knobs(part: Part, catalog: Catalog) -> None:
    """Raises ConfigError for a knob that torch does not have and that is not as it always is."""
    if part.target is None:
        return
    torchs = inspect.signature(resolve(part.target, object)).parameters
    usual = catalog.option(part.group, part.option).knobs
    for name, value in part.knobs.items():
        if name not in (*torchs, "interval") and (name not in usual or usual[name].default != value):
            raise ConfigError(
                f"{part.group}.{name}={value}: is not torch's own, and a script shows torch alone; leave it out"
            )


def evaluation_lines(experiment: Experiment) -> list[str]:
    """``evaluate(rows)``: the mean loss, and for classes the accuracy."""
    numbers = is_regression(experiment)
    measured = "the mean loss" if numbers else "mean loss and accuracy"
    accuracy = "" if numbers else f", ({right(experiment)}).float().mean().item()"
    return [
        "@torch.no_grad()",
        f"def evaluate(rows):  # {measured} over rows that the model does not learn from",
        "    model.eval()",
        f"    outputs = torch.cat([model(batch) for batch in x[rows].split({experiment.config.eval_batch_size})])",
        f"    return loss_function(outputs, y[rows]).item(){accuracy}",
    ]


def is_regression(experiment: Experiment) -> bool:
    return experiment.data.task == "regression"


def right(experiment: Experiment) -> str:
    """Which of the outputs are right."""
    if not single_output(experiment):
        return "outputs.argmax(1) == y[rows]"
    border = 0.5 if ending_layers(experiment.config.loss) else 0
    signs = experiment.config.loss.target == "torch.nn.SoftMarginLoss"
    return f"(outputs > {border}) == {'(y[rows] > 0)' if signs else 'y[rows]'}"


def loop_lines(experiment: Experiment) -> Iterator[str]:
    """The epochs, and after them the test."""
    config = experiment.config
    if any(isinstance(module, nn.modules.dropout._DropoutNd | nn.RReLU) for module in experiment.parts.model.modules()):
        yield f"torch.manual_seed({derive(config.seed, 'training')})  # of dropout"
    if watches(experiment):
        yield f'best = {"-" * (watched(experiment)[1] == ">")}float("inf")'
    yield f"for epoch in range({config.epochs}):"
    yield "    model.train()"
    yield "    train_loss = 0.0"
    rows, size = "train_rows", config.batch_size * config.accumulate_steps
    if config.shuffle:
        yield f'    rows = shuffled(train_rows, {derive(config.seed, "order")}, "order", epoch)'
        rows = "rows"
    yield f"    for x_batch, y_batch in zip(x[{rows}].split({size}), y[{rows}].split({size})):"
    yield from (f"        {line}" for line in step_lines(experiment))
    yield from (f"    {line}" for line in epoch_lines(experiment))
    yield from ending_lines(experiment)


def watches(experiment: Experiment) -> bool:
    """Whether the loop looks for the best epoch: to keep its weights, or to stop some epochs after it."""
    return experiment.has_validation or experiment.config.early_stopping.patience_epochs is not None


def watched(experiment: Experiment) -> tuple[str, str]:
    """The monitor as the loop calls it, and how a better one compares. Raises ConfigError where it has none."""
    monitor = experiment.config.monitor
    if monitor not in WATCHED:
        raise ConfigError(f"monitor={monitor}: a script can watch {', '.join(WATCHED)}; choose one of them")
    return WATCHED[monitor]


def epoch_lines(experiment: Experiment) -> Iterator[str]:
    told = "epoch {epoch + 1}  train loss {train_loss:.6f}"
    if experiment.has_validation:
        numbers = is_regression(experiment)
        yield f"val_loss{'' if numbers else ', val_accuracy'} = evaluate(val_rows)"
        told += "  val loss {val_loss:.6f}" + ("" if numbers else "  val accuracy {val_accuracy:.4f}")
    yield f'print(f"{told}")'
    if scheduled(experiment) == "epoch":
        follows = isinstance(experiment.parts.schedules[0].scheduler, ReduceLROnPlateau)
        yield f"scheduler.step({watched(experiment)[0] if follows else ''})"
    if watches(experiment):
        yield from best_lines(experiment)


def best_lines(experiment: Experiment) -> Iterator[str]:
    """The best epoch so far, and the end of the loop where none has been better for long."""
    value, better = watched(experiment)
    patience = experiment.config.early_stopping.patience_epochs
    kept = {"best": value}
    if patience is not None:
        kept |= {"best_epoch": "epoch"}
    if experiment.has_validation:
        kept |= {"best_weights": "{name: w.clone() for name, w in model.state_dict().items()}"}
    yield f"if {value} {better} best:{'  # keep the weights that do best' if experiment.has_validation else ''}"
    yield f"    {', '.join(kept)} = {', '.join(kept.values())}"
    if patience is not None:
        yield f"elif epoch - best_epoch == {patience}:  # so many epochs brought nothing better"
        yield "    break"


def ending_lines(experiment: Experiment) -> Iterator[str]:
    if "test" not in experiment.judged:
        return
    yield ""
    if experiment.has_validation:
        yield "model.load_state_dict(best_weights)"
    numbers = is_regression(experiment)
    yield f'print("test loss{"" if numbers else " and accuracy"}:", {"" if numbers else "*"}evaluate(test_rows))'


HOME = "torch.optim.lr_scheduler"


def schedule_lines(experiment: Experiment) -> Iterator[str]:
    """``scheduler``, behind the links of a chain. Raises ConfigError for what takes more than a line each."""
    part = experiment.config.scheduler
    if part.target is None:
        return
    span = span_of(experiment)
    names: Counter[str] = Counter()
    chained: list[str] = []
    for link, ticks in zip(links_of(part), stretches(part, span.ticks), strict=True):
        names[link.option] += 1
        chained.append(link.option if names[link.option] == 1 else f"{link.option}_{names[link.option]}")
        yield f"{chained[-1]} = {call(link, experiment, ticks)}"
    yield f"scheduler = {call(part, experiment, span.ticks, chained)}"


def span_of(experiment: Experiment) -> Span:
    per_epoch = len(experiment.train)
    return Span(experiment.parts.schedules[0].interval, total_steps(experiment.config, per_epoch), per_epoch)


def call(part: Part, experiment: Experiment, ticks: int, chained: list[str] | None = None) -> str:
    """The call that makes one scheduler, with what the run's length and the optimizer give it."""
    home, _, name = str(part.target).rpartition(".")
    if home != HOME:
        raise ConfigError(f"scheduler={part.option}: a script can show torch's own; choose one of them")
    kind = resolve(str(part.target), LRScheduler)
    span = span_of(experiment)
    mode: Literal["min", "max"] = "max" if experiment.higher_is_better else "min"
    knobs = filled(part, kind, fresh_optimizer(experiment), span, ticks, mode)
    formulas = [f"{key}={function(key, knobs.pop(key), part, span)}" for key in FORMULAS if callable(knobs.get(key))]
    knobs = {key: number(value) for key, value in knobs.items() if key != "schedulers"}
    first = [f"[{', '.join(chained)}]"] if chained else []
    places = [*first, "optimizer"] if name == "ChainedScheduler" else ["optimizer", *first]
    return f"{HOME}.{name}({joined(*places, *formulas, keywords(part, kind, knobs))})"


def fresh_optimizer(experiment: Experiment) -> torch.optim.Optimizer:
    """One with the learning rate that the schedule found: the run's own has the schedule's first."""
    return torch.optim.SGD([torch.zeros(1)], lr=experiment.config.optimizer.knobs["lr"])


def function(knob: str, made: Any, part: Part, span: Span) -> str:
    """A formula as the function of the tick that Python writes it as."""
    text = str(part.knobs[knob])
    formula = Formula(text, FORMULAS[knob])
    tick = "x" if knob == "scale_fn" else span.interval
    used = {node.id for node in ast.walk(ast.parse(formula.text)) if isinstance(node, ast.Name)}
    if not used <= {tick, "min", "max"}:
        raise ConfigError(f"scheduler.{knob}={text}: a script can show a formula of {tick}, min and max; write it so")
    return f"lambda {tick}: {formula.text}"


def number(value: Any) -> Any:
    """A rate for each group, of which there is one, as a number."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], float) else value
