"""A composed run as one plain PyTorch script, which needs nothing of this program and loses nothing of the run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator

from runner.compose.command import words
from runner.config.catalog import Catalog
from runner.config.run_config import Config, settings_with
from runner.errors import ConfigError
from runner.experiment.assemble import Experiment, assemble
from runner.experiment.rebuild import rebuild_to_read
from runner.export.net import WIDEST, net_lines
from runner.export.rows import (
    SUPPORTED,
    draw_lines,
    draws,
    import_lines,
    preparing_lines,
    reading_lines,
    single_output,
    split_lines,
)
from runner.export.table import KNOBS, check_table
from runner.export.training import ending_layers, evaluation_lines, loop_lines, making_lines
from runner.runs.saved_run import SavedRun
from runner.seed import derive
from runner.text import AS_MODULE

DATASET_KNOBS = {"transforms", "numeric", "target_transform", "limit", "shape", "num_classes", "num_rows", "seed"}


def page_of_run(saved: SavedRun, command: str, warn: Callable[[str], None]) -> str:
    """The script of a run that ``command`` made. Raises ConfigError, with the command, where there cannot be one."""
    experiment = rebuild_to_read(saved, warn).experiment
    try:
        return page(experiment, f"the run {saved.path.name}: {command}")
    except ConfigError as error:
        *others, last = error.faults
        raise ConfigError([*others, f"{last}\n  the run was made by: {command}"]) from error


def page_of_config(config: Config, catalog: Catalog, command: str) -> str:
    """The script of the run that ``command`` would make. Raises ConfigError where there cannot be one."""
    return page(assemble(config, catalog), command)


def page(experiment: Experiment, command: str) -> str:
    """The script of ``command``, which ``experiment`` was assembled from and not trained yet.

    Raises ConfigError with every reason why a plain script cannot do the same.
    """
    faults = list(setting_faults(experiment))
    sections: list[list[str]] = []
    for write in (data_section, model_section, training_section):
        try:
            sections.append(write(experiment))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError([f"code: {fault}" for fault in dict.fromkeys(faults)])
    return "\n".join([*head(experiment, command), *(line for section in sections for line in section)]) + "\n"


def setting_faults(experiment: Experiment) -> Iterator[str]:
    """Whatever is set and would be left out."""
    left_out = settings_with("in_script", False)
    plain = experiment.config.as_dict()
    for name, knob in experiment.catalog.settings.items():
        group, _, key = name.partition(".")
        value = plain[group][key] if key and isinstance(plain.get(group), dict) else plain.get(name)
        if group in left_out and value != knob.default:
            yield f"{name}={value}: a plain script has no such thing; leave it out"
    dataset = experiment.config.dataset
    usual = experiment.catalog.option("dataset", dataset.option).knobs
    shown = DATASET_KNOBS | (KNOBS if dataset.option == "csv" else set())
    for name, value in dataset.knobs.items() if dataset.option in SUPPORTED else ():
        if name not in shown and value != usual[name].default:
            yield f"dataset.{name}={value}: a plain script has no such thing; leave it out"
    accuracy = experiment.config.metric.get("accuracy")
    usual = experiment.catalog.option("metric", "accuracy").knobs
    for name, value in accuracy.knobs.items() if accuracy else ():
        if name in usual and value != usual[name].default:
            yield f"metric.accuracy.{name}={value}: a script counts the rows that are right; leave it out"
    if (stopping := experiment.config.early_stopping).patience_epochs and stopping.min_delta:
        yield f"early_stopping.min_delta={stopping.min_delta}: a script counts any better epoch; leave it out"
    if experiment.data.official_val is not None:
        yield f"dataset={dataset.option}: has a validation set of its own, which is not shown; choose another data set"


def head(experiment: Experiment, command: str) -> Iterator[str]:
    says = f"The same losses as {command}"
    lines = [says] if len(says) <= WIDEST - 2 else ["The same losses as", command]
    yield from (f"# {line}" for text in lines for line in text.splitlines())
    yield from ["import hashlib", ""] * shuffles(experiment)
    modules = ["import torch", "from torch import nn", *import_lines(experiment.config.dataset.option)]
    yield from sorted(modules, key=lambda line: (line.startswith("from"), line))
    if (threads := experiment.config.threads) is not None:
        yield from ["", f"torch.set_num_threads({threads})  # the last bits of a sum depend on their number"]


def shuffles(experiment: Experiment) -> bool:
    return experiment.config.shuffle or draws(experiment) or experiment.config.folds is not None


def data_section(experiment: Experiment) -> list[str]:
    if (option := experiment.config.dataset.option) not in SUPPORTED:
        raise ConfigError(
            f"dataset={option}: takes more than a few lines to read; a script can read {', '.join(SUPPORTED)}"
            f"{in_their_place(experiment)}"
        )
    functions = [shuffled_lines()] * shuffles(experiment)
    functions += [draw_lines(experiment)] * draws(experiment)
    reading, preparing = reading_lines(experiment), preparing_lines(experiment)
    if experiment.config.dataset.option == "csv":
        check_table(reading, preparing, experiment)
    lines = ["# 1. The data: every row in one tensor", *reading, *split_lines(experiment), *preparing]
    return [*apart(functions), "", *([""] * bool(functions)), *lines]


def in_their_place(experiment: Experiment) -> str:
    """The line of the script of the same training over made-up rows with classes; "" for numbers, which it lacks."""
    data, plain = experiment.data, experiment.config.as_dict()
    if not data.class_names:
        return ""
    plain["options"] = {**plain["options"], "dataset": "random"}
    plain["dataset"] = {"shape": list(data.x.shape[1:]), "num_classes": len(data.class_names)}
    own = [word for word in words(plain, experiment.catalog) if not word.startswith(("name=", "trusted="))]
    return f"; over made-up rows of their shape:\n  {AS_MODULE} code {shlex.join(own)}"


def shuffled_lines() -> list[str]:
    """``shuffled``, the order of the rows for a purpose, as this program finds it."""
    return [
        "def shuffled(rows, *purpose):  # in a random order: the same one every time for the same purpose",
        "    seed = int(hashlib.sha256(repr(purpose).encode()).hexdigest()[:16], 16) % 2**63",
        "    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]",
    ]


def model_section(experiment: Experiment) -> list[str]:
    config = experiment.config
    if config.start_from is not None:
        raise ConfigError(f"start_from={config.start_from}: a script draws its first weights; leave it out")
    weights_seed = derive(config.seed, "weights")
    lines = net_lines(
        experiment.parts.model,
        config.model.option,
        weights_seed,
        are_flat=len(experiment.in_shape) == 1,
        ending=ending_layers(config.loss),
        single_output=single_output(experiment),
        in_bf16=is_in_bf16(experiment),
    )
    return [*apart([lines]), "", "", *making_lines(experiment)]


def is_in_bf16(experiment: Experiment) -> bool:
    """Whether the net computes so. Raises ConfigError where a script cannot."""
    config = experiment.config
    if config.precision == "fp16":
        raise ConfigError("precision=fp16: needs CUDA, and a script computes on the CPU; set precision=bf16")
    if config.precision == "bf16" and ending_layers(config.loss):
        raise ConfigError(f"precision=bf16: loss={config.loss.option} ends the net, in bf16 too; choose another loss")
    return config.precision == "bf16"


def training_section(experiment: Experiment) -> list[str]:
    evaluation = apart([evaluation_lines(experiment)])
    return [*evaluation, "", "", "# 3. Training and judging", *loop_lines(experiment)]


def apart(functions: list[list[str]]) -> list[str]:
    """Two empty lines before each."""
    return [line for function in functions for line in ["", "", *function]]
