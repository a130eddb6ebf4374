"""A step of the optimizer as the lines a tutorial would have."""

from __future__ import annotations

from collections.abc import Iterator

from runner.errors import ConfigError
from runner.experiment.assemble import Experiment

WEIGHED = ("torch.nn.CrossEntropyLoss", "torch.nn.NLLLoss")  # means in which a row counts as its class does
ADDED_UP = "train_loss += loss.item() * len(y_batch) / len(train_rows)  # the last batch may be short: count rows"
FORGOTTEN = "optimizer.zero_grad()  # forget the gradients of the batch before"


def step_lines(experiment: Experiment) -> Iterator[str]:
    """Of ``x_batch`` and ``y_batch``."""
    is_whole = experiment.config.accumulate_steps == 1
    yield from gradient_lines(experiment) if is_whole else adding_lines(experiment)
    if (norm := experiment.config.grad_clip_norm) is not None:
        yield f"nn.utils.clip_grad_norm_(model.parameters(), {norm})  # all gradients together at most this long"
    yield "optimizer.step()  # a small step the other way"
    if scheduled(experiment) == "step":
        yield "scheduler.step()"
    if is_whole:
        yield ADDED_UP


def gradient_lines(experiment: Experiment) -> Iterator[str]:
    yield from net_lines(experiment, "x_batch")
    yield f"loss = loss_function({net(experiment)}(x_batch), y_batch)  # forward: how wrong is the model on this batch?"
    yield FORGOTTEN
    yield "loss.backward()  # backward: which way does each weight make it worse?"


def adding_lines(experiment: Experiment) -> Iterator[str]:
    """The gradient of a batch that goes through the net in parts."""
    size = experiment.config.batch_size
    yield FORGOTTEN
    yield f"for x_part, y_part in zip(x_batch.split({size}), y_batch.split({size})):"
    yield f"    share = {share(experiment)}  # of the mean over the batch"
    yield from (f"    {line}" for line in net_lines(experiment, "x_part"))
    yield f"    loss = loss_function({net(experiment)}(x_part), y_part) * share"
    yield "    loss.backward()  # backward: the gradients of the parts add up"
    yield f"    {ADDED_UP}"


def net_lines(experiment: Experiment, rows: str) -> list[str]:
    size = experiment.config.batch_size
    line = f"net = compiled if len({rows}) == {size} else model  # for another size it would be compiled anew"
    return [line] * experiment.config.compile


def net(experiment: Experiment) -> str:
    """What a step calls."""
    return "net" if experiment.config.compile else "model"


def share(experiment: Experiment) -> str:
    """How much a part of a batch counts: its rows of all, or what their classes weigh."""
    loss = experiment.config.loss
    if loss.knobs.get("ignore_index", -100) != -100:
        raise ConfigError("loss.ignore_index: a script with accumulate_steps counts every row; leave one of them out")
    if loss.target in WEIGHED and loss.knobs.get("weight") is not None:
        return "loss_function.weight[y_part].sum() / loss_function.weight[y_batch].sum()"
    return "len(y_part) / len(y_batch)"


def scheduled(experiment: Experiment) -> str | None:
    """What the schedule is stepped after."""
    return experiment.parts.schedules[0].interval if experiment.parts.schedules else None
