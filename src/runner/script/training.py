"""Loss, optimizer, schedule, loop and evaluation as the lines a tutorial would have."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from runner.config.catalog import Catalog
from runner.config.part import Part
from runner.errors import ConfigError
from runner.experiment import Experiment
from runner.parts.target import resolve
from runner.script.net import code
from runner.script.rows import single_output
from runner.seed import derive

LOSSES = ("CrossEntropyLoss", "BCEWithLogitsLoss", "MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss")
NEEDING_MORE = ("LBFGS", "SparseAdam", "Muon")  # a closure, sparse gradients, weights of two kinds
SCHEDULERS = ("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR")


def making_lines(experiment: Experiment, catalog: Catalog) -> list[str]:
    """The model, its loss, its optimizer and its schedule, made. Raises ConfigError for what takes more than a line."""
    config = experiment.config
    for part in (config.loss, config.optimizer, config.scheduler):
        check_knobs(part, catalog)
    return [
        f"torch.manual_seed({derive(config.seed, 'weights')})  # the first weights are random, and the same every time",
        "model = Net()",
        f"loss_function = {loss(config.loss)}",
        f"optimizer = {optimizer(config.optimizer, fused=experiment.parts.optimizers[0].defaults.get('fused'))}",
        *scheduler_lines(experiment),
    ]


def loss(part: Part) -> str:
    kind = torch_class(part, "torch.nn", LOSSES)
    return f"nn.{kind.__name__}({keywords(part, kind, part.knobs)})"


def optimizer(part: Part, *, fused: bool | None) -> str:
    """With ``fused`` as it was found out: the last bits of a step depend on it."""
    known = [name for name in torch.optim.__all__ if name[0].isupper() and name not in NEEDING_MORE]
    kind = torch_class(part, "torch.optim", known)
    words = joined("model.parameters()", keywords(part, kind, {**part.knobs, "fused": fused}))
    return f"torch.optim.{kind.__name__}({words})"


def scheduler_lines(experiment: Experiment) -> Iterator[str]:
    part = experiment.config.scheduler
    if part.target is None:
        return
    kind = torch_class(part, "torch.optim.lr_scheduler", SCHEDULERS)
    knobs = {key: value for key, value in part.knobs.items() if key != "interval"}
    if knobs.get("T_max", 0) is None:  # found out from the run's length
        knobs["T_max"] = experiment.parts.schedules[0].scheduler.T_max  # type: ignore[attr-defined]
    yield f"scheduler = torch.optim.lr_scheduler.{kind.__name__}({joined('optimizer', keywords(part, kind, knobs))})"


def torch_class(part: Part, module: str, known: tuple[str, ...] | list[str]) -> Any:
    """The class of ``module`` that the part names. Raises ConfigError where it is none of those ``known``."""
    home, _, name = str(part.target).rpartition(".")
    if home != module or name not in known:
        raise ConfigError(f"{part.group}={part.option}: a script can show {', '.join(known)}")
    found: Any = {"torch.nn": nn, "torch.optim": torch.optim, "torch.optim.lr_scheduler": torch.optim.lr_scheduler}[
        module
    ]
    return getattr(found, name)


def check_knobs(part: Part, catalog: Catalog) -> None:
    """Raises ConfigError for a knob that torch does not have and that is not as it always is."""
    if part.target is None:
        return
    torchs = inspect.signature(resolve(part.target, object)).parameters
    usual = catalog.option(part.group, part.option).knobs
    for name, value in part.knobs.items():
        if name not in (*torchs, "interval") and (name not in usual or usual[name].default != value):
            raise ConfigError(f"{part.group}.{name}={value}: is not torch's own; a script cannot show it")


def keywords(part: Part, kind: type, knobs: Mapping[str, Any]) -> str:
    """The knobs of torch's own that are not as torch has them. Raises ConfigError for values that are no plain ones."""
    parameters = inspect.signature(kind).parameters
    default = {name: parameter.default for name, parameter in parameters.items()}
    changed = {name: value for name, value in plain(knobs).items() if name not in default or default[name] != value}
    told = {name: value for name, value in plain(knobs).items() if name in changed or name == "lr"}
    told = {name: value for name, value in told.items() if name in default}
    if any(isinstance(value, Mapping) for value in told.values()) or {"weight", "pos_weight"} & told.keys():
        raise ConfigError(f"{part.group}={part.option}: a script can show numbers and words only, not {told}")
    return ", ".join(f"{name}={code(value)}" for name, value in told.items())


def plain(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as the tuples torch has."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in knobs.items()}


def joined(first: str, rest: str) -> str:
    return f"{first}, {rest}" if rest else first


def evaluation_lines(experiment: Experiment) -> list[str]:
    """``evaluate(rows)``: the mean loss, and for classes the accuracy."""
    numbers = experiment.data.task == "regression"
    answer = "(outputs > 0)" if single_output(experiment) else "outputs.argmax(1)"
    accuracy = [] if numbers else [f"    accuracy = ({answer} == y[rows]).float().mean().item()"]
    measured = "Mean loss" if numbers else "Mean loss and accuracy"
    return [
        "@torch.no_grad()",
        "def evaluate(rows):",
        f'    """{measured} over rows that the model does not learn from."""',
        "    model.eval()",
        f"    outputs = torch.cat([model(batch) for batch in x[rows].split({experiment.config.eval_batch_size})])",
        *accuracy,
        f"    return loss_function(outputs, y[rows]).item(){'' if numbers else ', accuracy'}",
    ]


def loop_lines(experiment: Experiment) -> Iterator[str]:
    """The epochs, and after them the test."""
    config, validated = experiment.config, experiment.has_validation
    if any(isinstance(module, nn.modules.dropout._DropoutNd) for module in experiment.parts.model.modules()):
        yield f"torch.manual_seed({derive(config.seed, 'training')})  # of dropout"
    if validated:
        yield 'best = float("inf")' if config.monitor == "val/loss" else "best = 0.0"
    yield f"for epoch in range({config.epochs}):"
    yield "    model.train()"
    yield "    loss_sum = 0.0"
    rows, size = "train_rows", config.batch_size
    if config.shuffle:
        purpose = f'{derive(config.seed, "order")}, "order", epoch'
        yield f"    rows = train_rows[torch.randperm(len(train_rows), generator=generator({purpose}))]"
        rows = "rows"
    yield f"    for x_batch, y_batch in zip(x[{rows}].split({size}), y[{rows}].split({size})):"
    yield from (f"        {line}" for line in step_lines(experiment))
    yield from (f"    {line}" for line in epoch_lines(experiment))
    yield from ending_lines(experiment)


def step_lines(experiment: Experiment) -> Iterator[str]:
    yield "loss = loss_function(model(x_batch), y_batch)  # forward: how wrong is the model on this batch?"
    yield "optimizer.zero_grad()  # forget the gradients of the batch before"
    yield "loss.backward()  # backward: which way does each weight make it worse?"
    if (norm := experiment.config.grad_clip_norm) is not None:
        yield f"nn.utils.clip_grad_norm_(model.parameters(), {norm})  # all gradients together at most this long"
    yield "optimizer.step()  # a small step the other way"
    if scheduled(experiment) == "step":
        yield "scheduler.step()"
    yield "loss_sum += loss.item() * len(y_batch)  # the last batch may be short: count rows, divide once"


def scheduled(experiment: Experiment) -> str | None:
    return experiment.parts.schedules[0].interval if experiment.parts.schedules else None


def epoch_lines(experiment: Experiment) -> Iterator[str]:
    told = 'f"epoch {epoch + 1}  train loss {loss_sum / len(train_rows):.6f}'
    if experiment.has_validation:
        told = told.replace("loss_sum / len(train_rows)", "train_loss")
        yield "train_loss = loss_sum / len(train_rows)"
        numbers = experiment.data.task == "regression"
        yield f"val_loss{'' if numbers else ', val_accuracy'} = evaluate(val_rows)"
        told += "  val loss {val_loss:.6f}" + ("" if numbers else "  val accuracy {val_accuracy:.4f}")
    yield f'print({told}")'
    if experiment.has_validation:
        value, better = ("val_loss", "<") if experiment.config.monitor == "val/loss" else ("val_accuracy", ">")
        yield f"if {value} {better} best:  # keep the weights that do best on rows they have not seen"
        yield f"    best, best_weights = {value}, copy.deepcopy(model.state_dict())"
    if scheduled(experiment) == "epoch":
        yield "scheduler.step()"


def ending_lines(experiment: Experiment) -> Iterator[str]:
    if "test" not in experiment.judged:
        return
    numbers = experiment.data.task == "regression"
    yield ""
    if experiment.has_validation:
        yield "model.load_state_dict(best_weights)"
    yield f"test_loss{'' if numbers else ', test_accuracy'} = evaluate(test_rows)"
    yield 'print(f"test loss {test_loss:.6f}' + ("" if numbers else "  test accuracy {test_accuracy:.4f}") + '")'
