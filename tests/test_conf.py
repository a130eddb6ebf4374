"""Every option file lists the full parameter set of what it names, with torch's own defaults and a word on each key."""

import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf

from runner.build.target import resolve
from runner.config import catalog
from runner.contracts import Source

CONF = Path(__file__).parents[1] / "conf"
PARTS = sorted(path for group in catalog.PARTS for path in (CONF / group).glob("*.yaml"))
IDS = [f"{path.parent.name}={path.stem}" for path in PARTS]

# What only the run knows, given by build
FACTS = {
    "dataset": {"make_dataset"},
    "model": {"in_shape", "num_outputs", "make_net", "task", "two_valued", "make_layer"},
    "optimizer": {"params"},
    "scheduler": {"optimizer", "last_epoch"},
    "metric": {"task", "num_classes", "num_labels", "num_outputs", "validate_args"},
    # the engine weighs a batch by its rows, so a loss is always their mean; the other two are deprecated names for that
    "loss": {"reduction", "reduce", "size_average"},
}
# Keys of ours beside the target's own
RUNNER_KEYS = {
    "model": {"freeze"},
    "scheduler": {"interval"},
    "dataset": {"limit", "transforms", "augment", "categorical", "numeric", "target_transform"},
    "metric": {"positive_class"},
    "optimizer": {"groups", "decay_biases_and_norms"},
}
# A class for some weights only: the key that holds all knobs of the class for the others
COMPANIONS = {"optimizer=muon": ("adamw", torch.optim.AdamW), "optimizer=sparse_adam": ("adam", torch.optim.Adam)}
OTHER_VALUES = {  # value of ours where the target has another default: reason
    ("scheduler=reduce_lr_on_plateau", "mode"): "null: the direction of the monitor",
    ("metric=precision", "average"): "macro: the mean over rows (micro) is the accuracy again",
    ("metric=recall", "average"): "as precision",
    ("metric=f1", "average"): "as precision",
    ("optimizer=lbfgs", "line_search_fn"): "strong_wolfe: without it the first mini-batches end in NaN",
    ("metric=rmse", "squared"): "false: the root, as the name says",
    ("scheduler=polynomial_lr", "total_iters"): "null: the run, not five ticks of it",
    ("scheduler=cyclic_lr", "step_size_up"): "null: half of the run, which may be shorter than 2000 ticks",
    ("scheduler=warmup_cosine", "schedulers"): "what it is",
    ("scheduler=warmup_cosine", "milestones"): "what it is",
}
# Parameters that the oldest torch we run on lacks: the file has them, build drops them while they are switched off
YOUNG = {("optimizer=lbfgs", "maximize")}


def load(path: Path) -> dict[str, Any]:
    loaded = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    assert isinstance(loaded, dict)
    own = loaded if "_target_" in loaded else loaded[path.parent.name]  # of a net that brings settings along
    return {str(key): value for key, value in own.items()}


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def target(path: Path) -> type | None:
    return None if load(path)["_target_"] is None else resolve(load(path)["_target_"], object)


def own_parameters(path: Path, kind: type) -> dict[str, inspect.Parameter]:
    """The parameters of ``kind`` that a file has to list."""
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    parameters = inspect.signature(kind).parameters.items()
    facts = FACTS.get(path.parent.name, set())
    return {name: p for name, p in parameters if p.kind not in variadic and name not in facts}


def companion(path: Path) -> dict[str, type]:
    return dict([COMPANIONS[name]]) if (name := f"{path.parent.name}={path.stem}") in COMPANIONS else {}


def test_there_are_option_files() -> None:
    assert len(PARTS) >= 51


@pytest.mark.parametrize("path", PARTS, ids=IDS)
def test_an_option_file_lists_every_parameter_of_its_target_and_no_other(path: Path) -> None:
    kind = target(path)
    keys = load(path).keys() - {"_target_"} - RUNNER_KEYS.get(path.parent.name, set()) - companion(path).keys()
    expected = own_parameters(path, kind).keys() if kind else set()
    young = {key for option, key in YOUNG if option == f"{path.parent.name}={path.stem}"}
    assert keys - young == expected - young


@pytest.mark.parametrize("path", PARTS, ids=IDS)
def test_an_option_file_repeats_the_defaults_of_torch(path: Path) -> None:
    kind, values = target(path), load(path)
    for name, parameter in own_parameters(path, kind).items() if kind else ():
        if parameter.default is parameter.empty or (f"{path.parent.name}={path.stem}", name) in OTHER_VALUES:
            continue
        assert values[name] == plain(parameter.default), name


@pytest.mark.parametrize("path", PARTS, ids=IDS)
def test_a_knob_that_takes_fractions_has_one_in_the_file_so_that_its_type_can_be_told(path: Path) -> None:
    kind, values = target(path), load(path)
    for name, parameter in own_parameters(path, kind).items() if kind else ():
        if re.search(r"\bfloat\b", str(parameter.annotation)):
            assert not isinstance(values[name], int), name


@pytest.mark.parametrize("path", PARTS, ids=IDS)
def test_our_own_parts_have_no_defaults_beside_the_file(path: Path) -> None:
    kind = target(path)
    if kind is not None and kind.__module__.startswith("runner."):
        assert all(p.default is p.empty for p in inspect.signature(kind).parameters.values())


@pytest.mark.parametrize("path", PARTS, ids=IDS)
def test_an_option_file_says_in_words_what_it_is_and_what_each_key_means(path: Path) -> None:
    lines = path.read_text().splitlines()
    header = [line for line in lines if line.startswith("#")]
    if path.parent.name == "metric":
        assert header.pop(0) == f"# @package metric.{path.stem}", "Hydra would keep only the last of several metrics"
    if header[0] == "# @package _global_" and path.parent.name == "model":
        header.pop(0)
    assert header and re.fullmatch(r"# [A-Z\d].{15,}\.", header[0])
    knob = r"(  )?\w+: \S" if "model:" in lines else r"\w+:"  # inside of groups
    keys = [line for line in lines if re.match(knob, line) and "_target_" not in line]
    assert [line for line in keys if not re.search(r" # \S.+", line)] == []


@pytest.mark.parametrize("path", sorted(path for group in catalog.RECIPES for path in CONF.glob(f"{group}/*.yaml")))
def test_a_recipe_changes_the_run_and_not_a_key_of_its_own(path: Path) -> None:
    assert path.read_text().startswith("# @package _global_")


@pytest.mark.parametrize("path", [path for path in PARTS if path.parent.name == "dataset"], ids=str)
def test_a_dataset_is_a_source(path: Path) -> None:
    assert resolve(load(path)["_target_"], Source)  # type: ignore[type-abstract]


@pytest.mark.parametrize("name", COMPANIONS)
def test_a_companion_has_the_full_parameter_set_of_its_class_a_word_on_each_and_its_defaults(name: str) -> None:
    path = CONF / f"{name.replace('=', '/')}.yaml"
    key, kind = COMPANIONS[name]
    parameters = own_parameters(path, kind)
    assert load(path)[key] == {name: plain(parameter.default) for name, parameter in parameters.items()}
    own = (CONF / "optimizer" / f"{key}.yaml").read_text()
    for line in path.read_text().splitlines():
        assert not line.startswith("  ") or line.removeprefix("  ") in own, "as the option of its own explains it"


def classes(module: ModuleType, kind: type) -> set[type]:
    """The public classes of a module of torch, without the one they all come from."""
    found = {getattr(module, name) for name in module.__all__}
    return {one for one in found if isinstance(one, type) and issubclass(one, kind)} - {kind}


@pytest.mark.parametrize(
    ("group", "module", "kind"),
    [
        ("optimizer", torch.optim, torch.optim.Optimizer),
        ("scheduler", torch.optim.lr_scheduler, torch.optim.lr_scheduler.LRScheduler),
    ],
)
def test_every_public_class_of_torch_has_an_option(group: str, module: ModuleType, kind: type) -> None:
    found = classes(module, kind)
    assert len(found) >= 13
    assert found - {target(path) for path in PARTS if path.parent.name == group} == set()


def test_an_optimizer_says_its_learning_rate_as_a_number() -> None:
    rates = [load(path)["lr"] for path in PARTS if path.parent.name == "optimizer"]
    assert len(rates) >= 13
    assert all(isinstance(rate, float) for rate in rates)
