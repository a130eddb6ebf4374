"""The arguments a class takes, held against those the config gives: names and types."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import torch
from torch import Tensor

from runner.config.catalog import Part
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
    faults = [*_name_faults(part, kind, parameters, facts, given), *_type_faults(part, parameters, given)]
    if faults:
        raise ConfigError(faults)
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
    near = get_close_matches(key, list(parameters), n=1)
    hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(parameters) or 'none'}"
    release = f" of torch {torch.__version__}" if kind.__module__.startswith("torch.") else ""
    return f"{part.group}.{key}: {kind.__name__}{release} has no such argument; {hint}"


def _type_faults(part: Part, parameters: Parameters, given: Mapping[str, Any]) -> Iterator[str]:
    for key, value in given.items():
        if key in parameters and not _accepts(parameters[key].annotation, value):
            yield f"{part.group}.{key}={value}: {part.option} wants {_words(parameters[key].annotation)}"


def _accepts(hint: Any, value: Any) -> bool:
    """Whether a plain value suits an annotation; what is too rich to judge is left to the class."""
    choices = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return any(_accepts(choice, value) for choice in _members(hint))
    if get_origin(hint) is Literal:
        return value in choices or _is_true_in_words(hint, value)
    if _is_list(hint):
        return _is_row(value) and all(_accepts(choices[0], item) for item in value)
    if get_origin(hint) is tuple:
        return _is_row(value) and len(value) == len(choices) and all(map(_accepts, choices, value))
    return _accepts_one(hint, value)


def _accepts_one(hint: Any, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if hint is float:
        return number
    if hint is int:
        return number and isinstance(value, int)
    if hint is Tensor:
        return _is_row(value) and all(_accepts_one(float, item) for item in value)
    if hint in (bool, str, None, NoneType):
        return isinstance(value, NoneType if hint is None else hint)
    return not isinstance(value, float) or isfinite(value)


def _is_list(hint: Any) -> bool:
    """Whether an annotation is of any number of entries of one kind: list[int], Iterable[int], tuple[int, ...]."""
    origin, choices = get_origin(hint), get_args(hint)
    if origin is tuple:
        return choices[-1] is Ellipsis
    return isinstance(origin, type) and issubclass(origin, Iterable) and len(choices) == 1


def _is_row(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


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
