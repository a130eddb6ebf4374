"""The arguments a class takes, held against those the config gives: names and types."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import torch
from torch import Tensor

from runner.config.catalog import Part
from runner.config.spelling import nearest
from runner.config.types import faults
from runner.errors import ConfigError

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
            yield f"{part.group}.{key} is found out by the program; leave it out"
        elif key not in parameters and not open_ended:
            yield _unknown(part, kind, parameters, key)
    for key, parameter in parameters.items():
        needed = parameter.default is parameter.empty and parameter.kind not in _VARIADIC
        if needed and key not in given and key not in facts:
            yield f"{part.group}.{key} is missing: {kind.__name__} needs it"
    untaken = [] if open_ended else [key for key in facts if key not in parameters]
    if untaken:
        yield f"{part.group}={part.option}: {kind.__name__} takes no {', '.join(untaken)}: it is no {part.group}"


def _unknown(part: Part, kind: type, parameters: Parameters, key: str) -> str:
    meant = nearest(key, parameters)
    hint = f"did you mean {meant}?" if meant else f"it takes {', '.join(parameters) or 'none'}"
    release = f" of torch {torch.__version__}" if kind.__module__.startswith("torch.") else ""
    return f"{part.group}.{key}: {kind.__name__}{release} has no such argument; {hint}"


def _type_faults(part: Part, parameters: Parameters, given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        if key in parameters and faults(value, _plain(parameters[key].annotation), key):
            yield f"{part.group}.{key}={value}: {part.option} wants {_words(parameters[key].annotation)}"


@dataclass(frozen=True)
class Finite:
    """Whatever is no number, and finite numbers: what is too rich to judge is left to the class."""

    def admits(self, value: Any) -> bool:
        return not isinstance(value, float) or isfinite(value)


def _plain(hint: Any) -> Any:
    """An annotation as the plain values that it takes: a tensor as a list of numbers."""
    choices, union = get_args(hint), Union
    if get_origin(hint) in (Union, UnionType):
        return union[tuple(map(_plain, _members(hint)))]
    if get_origin(hint) is Literal:
        return union[hint, Literal[True]] if "true" in choices else hint
    if _is_list(hint):
        return list[_plain(choices[0])]  # type: ignore[misc]
    if get_origin(hint) is tuple:
        return tuple[tuple(map(_plain, choices))]  # type: ignore[misc]
    if hint is Tensor:
        return list[float]
    return (hint or NoneType) if hint in (float, int, bool, str, None, NoneType) else Annotated[Any, Finite()]


def _is_list(hint: Any) -> bool:
    """Whether an annotation is of any number of entries of one kind: list[int], Iterable[int], tuple[int, ...]."""
    origin, choices = get_origin(hint), get_args(hint)
    if origin is tuple:
        return choices[-1] is Ellipsis
    return isinstance(origin, type) and issubclass(origin, Iterable) and len(choices) == 1


def _cast(parameters: Parameters, key: str, value: Any) -> Any:
    """A value as what ``kind`` asked for."""
    hint = parameters[key].annotation if key in parameters else None
    if any(_is_true_in_words(member, value) for member in _members(hint)):
        return "true"
    if not isinstance(value, list):
        return value
    if Tensor in _members(hint):
        return torch.tensor(value, dtype=torch.float32)
    return tuple(value) if any(get_origin(member) is tuple for member in _members(hint)) else value


def _is_true_in_words(hint: Any, value: Any) -> bool:
    """Whether YAML has read as a truth what is one word of several: ConfusionMatrix(normalize="true")."""
    return value is True and get_origin(hint) is Literal and "true" in get_args(hint)


def _members(hint: Any) -> list[Any]:
    """What a union joins, else ``hint`` alone; where torch takes a number or a tensor of one element, the number."""
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return [member for member in members if member is not Tensor or float not in members]


def _words(hint: Any) -> str:
    """An annotation as a person reads it: a number, true or false, one of min, max."""
    choices = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(map(_words, _members(hint)))
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, choices))
    if _is_list(hint):
        return f"a list, each {_words(choices[0])}"
    if get_origin(hint) is tuple:
        return f"a list of {len(choices)}: [{', '.join(map(_words, choices))}]"
    words = {int: "a whole number", bool: "true or false", str: "a word", NoneType: "null", Tensor: "a list of numbers"}
    return words.get(hint, "a finite number")  # all that is ever refused of a kind without a word
