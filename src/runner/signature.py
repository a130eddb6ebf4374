"""The arguments a class takes, held against those the config gives: names and types."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import torch
from torch import Tensor

from runner.contracts import Part
from runner.errors import ConfigError


def arguments(part: Part, kind: type, facts: Mapping[str, Any], knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments for ``kind``: ``knobs`` and ``facts``, what only the run knows. Lists become tuples or tensors
    where ``kind`` says so.

    A switched-off knob (null, false) that torch's own class lacks is left out: its next release may know it.
    Raises ConfigError with every fault.
    """
    parameters = _parameters(kind)
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    lacking = {} if open_ended else {key: value for key, value in knobs.items() if key not in parameters}
    faults = [_unknown(part, kind, key, parameters) for key, value in lacking.items() if not _may_lack(kind, value)]
    faults += [f"{part.group}.{key} is found out by the program; leave it out" for key in knobs.keys() & facts.keys()]
    given = {key: value for key, value in knobs.items() if key not in lacking}
    faults += [
        f"{part.group}.{key}={value}: {part.option} wants {_words(parameters[key].annotation)}"
        for key, value in given.items()
        if key in parameters and not _accepts(parameters[key].annotation, value)
    ]
    faults += [_missing(part, kind, key, facts) for key in _required(parameters) - given.keys() - facts.keys()]
    faults += [_untaken(part, kind, key) for key in facts if key not in parameters and not open_ended]
    if faults:
        raise ConfigError(faults)
    return {key: _cast(parameters, key, value) for key, value in given.items()} | dict(facts)


def parameter_names(kind: type) -> set[str]:
    """The names ``kind`` can be called with."""
    return set(_parameters(kind))


def _parameters(kind: type) -> dict[str, inspect.Parameter]:
    try:
        signature = inspect.signature(kind, eval_str=True)
    except (NameError, TypeError):  # an annotation that only a type checker can read
        signature = inspect.signature(kind)
    return dict(signature.parameters)


def _required(parameters: Mapping[str, inspect.Parameter]) -> set[str]:
    return {
        name
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }


def _may_lack(kind: type, value: object) -> bool:
    return kind.__module__.split(".")[0] == "torch" and (value is None or value is False)


def _unknown(part: Part, kind: type, key: str, parameters: Iterable[str]) -> str:
    near = get_close_matches(key, list(parameters), n=1)
    hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(parameters)}"
    release = f" of torch {torch.__version__}" if kind.__module__.startswith("torch.") else ""
    return f"{part.group}.{key}: {kind.__name__}{release} takes no such argument; {hint}"


def _missing(part: Part, kind: type, key: str, facts: Mapping[str, Any]) -> str:
    return f"{part.group}.{key} is missing: {kind.__name__} needs it"


def _untaken(part: Part, kind: type, key: str) -> str:
    return f"{part.group}={part.option}: {kind.__module__}.{kind.__name__} takes no {key}, so it cannot be a {part.group}"


def _accepts(hint: Any, value: Any) -> bool:
    """Whether a plain value suits an annotation; what is too rich to judge is left to the class."""
    choices = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        # torch takes a number or a tensor of one element for lr: from a config, the number
        return any(_accepts(choice, value) for choice in choices if choice is not Tensor or float not in choices)
    if get_origin(hint) is Literal:
        return value in choices
    if get_origin(hint) is tuple:
        return _is_row(value) and (
            choices[-1] is Ellipsis
            or (len(value) == len(choices) and all(_accepts(choice, item) for choice, item in zip(choices, value)))
        )
    if isinstance(get_origin(hint), type) and issubclass(get_origin(hint), Iterable) and len(choices) == 1:
        return _is_row(value) and all(_accepts(choices[0], item) for item in value)
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


def _is_row(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _cast(parameters: Mapping[str, inspect.Parameter], key: str, value: Any) -> Any:
    """A list as what ``kind`` asked for."""
    hint = parameters[key].annotation if key in parameters else None
    hints = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if not isinstance(value, list):
        return value
    if Tensor in hints:
        return torch.tensor(value, dtype=torch.float32)
    return tuple(value) if any(get_origin(choice) is tuple for choice in hints) else value


def _words(hint: Any) -> str:
    """An annotation as a person reads it: a number, true or false, one of min, max."""
    choices = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(dict.fromkeys(_words(c) for c in choices if c is not Tensor or float not in choices))
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(map(str, choices))
    if get_origin(hint) is tuple:
        return f"a list of {len(choices)}: [{', '.join(map(_words, choices))}]"
    if get_origin(hint) is not None and len(choices) == 1:
        return f"a list, each {_words(choices[0])}"
    words = {float: "a finite number", int: "a whole number", bool: "true or false", str: "a word", NoneType: "null"}
    return words.get(hint, "a list of numbers" if hint is Tensor else getattr(hint, "__name__", str(hint)))
