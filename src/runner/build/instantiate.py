"""A checked part and its class -> the object: its knobs held against the signature, what it raises told as faults."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from runner.build.own_code import own_code
from runner.build.target import resolve
from runner.config.catalog import Part
from runner.config.layers import Layer
from runner.config.spelling import nearest
from runner.config.types import faults, shown
from runner.contracts import Source
from runner.errors import ConfigError, RunError, RunnerError, memory_ran_out
from runner.text import place, reason

T = TypeVar("T")


def kind_of(part: Part, role: type[T], trusted: Sequence[str]) -> type[T]:
    """The class that the part names. Raises ConfigError where it is none of ``role``."""
    assert part.target is not None, f"{part.group}={part.option} was to be chosen before it is built"
    return resolve(part.target, role, trusted, f"{part.group}._target_")


def make(part: Part, kind: type[T], facts: Mapping[str, Any] = {}, knobs: Mapping[str, Any] | None = None) -> T:
    """An object of ``kind`` from ``facts`` of the run and the part's knobs. Raises ConfigError."""
    given = arguments(part, kind, facts, part.knobs if knobs is None else knobs)
    with faults_of(part):
        return kind(**given)


def build_source(part: Part, trusted: Sequence[str] = ()) -> Source:
    """The data set that ``part`` names, nothing read yet; that of a user's own is given what makes it."""
    if issubclass(kind_of(part, object, trusted), Dataset):
        raise ConfigError(
            f"dataset._target_={part.target} is a torch Dataset; write dataset=module dataset.name={part.target}"
        )
    kind: type[Source] = kind_of(part, Source, trusted)  # type: ignore[type-abstract] # its subclasses are meant
    if "make_dataset" not in parameter_names(kind):
        return make(part, kind)
    return make(part, kind, {"make_dataset": own_code(part, trusted)})


@contextmanager
def faults_of(part: Part) -> Iterator[None]:
    """Says which part an error comes from. A class named in a config may raise anything: the cause stays attached."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError([_named(part, fault) for fault in error.faults]) from error
    except RunnerError:
        raise
    except Exception as error:
        if memory_ran_out(error):
            raise RunError(_named(part, "does not fit into memory; choose fewer or narrower layers")) from error
        words = str(error).strip().split("\n")[0] or type(error).__name__
        raise ConfigError(_named(part, reason(error) if place(error) else words)) from error


def _holder(part: Part) -> str:
    """What stands before the name of a knob: optimizer, metric.f1."""
    return f"{part.group}.{part.option}" if part.group == "metric" else part.group


def _named(part: Part, fault: str) -> str:
    prefix = f"{part.group}={part.option}: "
    return fault if fault.startswith((prefix, f"{part.group}.")) else prefix + fault


Parameters = Mapping[str, inspect.Parameter]
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def arguments(part: Part, kind: type, facts: Mapping[str, Any], knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments for ``kind``: ``knobs``, and ``facts`` that only the run knows.

    A list becomes a tuple or a tensor where ``kind`` says so. A switched-off knob (null, false) that a class of torch
    lacks is left out: another release knows it. Raises ConfigError with every fault.
    """
    parameters = _parameters(kind)
    given = {key: value for key, value in knobs.items() if key in parameters or not _may_lack(kind, value)}
    found = [*_name_faults(part, kind, parameters, facts, given), *_type_faults(part, parameters, given)]
    if found:
        raise ConfigError(found)
    return {key: _cast(parameters, key, value) for key, value in given.items()} | dict(facts)


def make_layer(layer: Layer, kind: type[nn.Module], knobs: Mapping[str, Any]) -> nn.Module:
    """A layer of torch from ``knobs``. Raises ConfigError naming its place in the list of layers."""
    part, parameters = Part(layer.place, layer.kind, None, knobs), _parameters(kind)
    if unknown := [_unknown(part, kind, parameters, key) for key in knobs if key not in parameters]:
        raise ConfigError(unknown)  # also one that is switched off: bais: false
    return make(part, kind)


def parameter_names(kind: type) -> set[str]:
    """The names ``kind`` can be called with."""
    return set(_parameters(kind))


def _parameters(kind: type) -> dict[str, inspect.Parameter]:
    try:
        # torch imports Iterable and its like for type checkers alone
        signature = inspect.signature(kind, locals=vars(typing), eval_str=True)
    except (NameError, TypeError):  # another name that only a type checker can read
        signature = inspect.signature(kind)
    return dict(signature.parameters)


def _may_lack(kind: type, value: object) -> bool:
    return kind.__module__.split(".")[0] == "torch" and (value is None or value is False)


def _name_faults(
    part: Part, kind: type, parameters: Parameters, facts: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[str]:
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for key in given:
        if key in facts:
            yield f"{_holder(part)}.{key} is set by the program; leave it out"
        elif key not in parameters and not open_ended:
            yield _unknown(part, kind, parameters, key)
    for key, parameter in parameters.items():
        needed = parameter.default is parameter.empty and parameter.kind not in _VARIADIC
        if needed and key not in given and key not in facts:
            yield f"{_holder(part)}.{key} is missing; {kind.__name__} needs it"
    untaken = [] if open_ended else [key for key in facts if key not in parameters]
    if untaken:
        wanted = f"it is no {part.group}; one has def __init__(self, {', '.join(facts)}, ...)"
        yield f"{part.group}={part.option}: {kind.__name__} takes no {', '.join(untaken)}: {wanted}"


def _unknown(part: Part, kind: type, parameters: Parameters, key: str) -> str:
    near = nearest(key, parameters)
    hint = f"did you mean {near}?" if near else f"it takes {', '.join(parameters) or 'none'}"
    release = f" of torch {torch.__version__}" if kind.__module__.startswith("torch.") else ""
    return f"{_holder(part)}.{key}: {kind.__name__}{release} has no such argument; {hint}"


def _type_faults(part: Part, parameters: Parameters, given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        wanted = _plain(parameters[key].annotation) if key in parameters else Any
        if faults(_in_words(wanted, value), wanted, key):
            yield f"{_holder(part)}.{key}={shown(value)}: {part.option} wants {_words(wanted)}"


@dataclass(frozen=True)
class Finite:
    """Anything but a number that is none."""

    def admits(self, value: Any) -> bool:
        return not isinstance(value, float) or isfinite(value)


def _plain(hint: Any) -> Any:
    """An annotation in the terms of ``config.types``; what is too rich to judge is left to the class."""
    origin, choices = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return Union[tuple(map(_plain, _members(hint)))]  # noqa: UP007  # its members are not written out
    if hint is Tensor:
        return list[float]
    if origin is tuple and choices[-1] is not Ellipsis:
        return tuple[tuple(map(_plain, choices))]  # type: ignore[misc]
    if isinstance(origin, type) and issubclass(origin, Iterable) and (origin is tuple or len(choices) == 1):
        return list[_plain(choices[0])]  # type: ignore[misc]  # list[int], Iterable[int], tuple[int, ...]
    is_plain = origin is Literal or hint in (int, float, bool, str, None, NoneType)
    return (hint or NoneType) if is_plain else Annotated[Any, Finite()]


def _cast(parameters: Parameters, key: str, value: Any) -> Any:
    """A value as what ``kind`` asked for."""
    hint = parameters[key].annotation if key in parameters else None
    if not isinstance(value, list):
        return _in_words(hint, value)
    if Tensor in _members(hint):
        return torch.tensor(value, dtype=torch.float32)
    return tuple(value) if any(get_origin(member) is tuple for member in _members(hint)) else value


def _in_words(hint: Any, value: Any) -> Any:
    """The value, but where YAML has read as a truth what is one word of several: ConfusionMatrix(normalize="true")."""
    words = [word for member in _members(hint) if get_origin(member) is Literal for word in get_args(member)]
    return "true" if value is True and "true" in words else value


def _members(hint: Any) -> list[Any]:
    """What a union joins, else ``hint`` alone; where torch takes a number or a tensor of one element, the number."""
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return [member for member in members if member is not Tensor or float not in members]


def _words(plain: Any) -> str:
    """A plain annotation as a person reads it: a finite number, true or false, one of min, max."""
    origin, choices = get_origin(plain), get_args(plain)
    if origin in (Union, UnionType):
        return " or ".join(map(_words, choices))
    if origin is Literal:
        return "one of " + ", ".join(map(str, choices))
    if origin is list:
        return "a list of numbers" if plain == list[float] else f"a list, each {_words(choices[0])}"
    if origin is tuple:
        return f"a list of {len(choices)}: [{', '.join(map(_words, choices))}]"
    words = {int: "a whole number", bool: "true or false", str: "a word", NoneType: "null"}
    return words.get(plain, "a finite number")  # all that is ever refused of a kind without a word
