"""A checked part and its class -> the object; whatever the class raises becomes a fault of the part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from torch.utils.data import Dataset

from runner.build.signature import arguments, parameter_names
from runner.build.target import resolve, resolve_in_file
from runner.config.catalog import Part
from runner.contracts import Source
from runner.errors import ConfigError, RunError, RunnerError, memory_ran_out

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
    """The data set that ``part`` names, nothing read yet; one that wraps a class of the user's is given the class."""
    if issubclass(kind_of(part, object, trusted), Dataset):
        raise ConfigError(
            f"dataset._target_={part.target} is a torch Dataset; those go by dataset=module dataset.name={part.target}"
        )
    kind: type[Source] = kind_of(part, Source, trusted)  # type: ignore[type-abstract] # its subclasses are meant
    if "dataset_class" not in parameter_names(kind):
        return make(part, kind)
    return make(part, kind, {"dataset_class": user_class(part, Dataset, trusted)})


def user_class(part: Part, role: type[T], trusted: Sequence[str]) -> type[T]:
    """The class ``name`` of the file ``path``, or of a package, that a module option names."""
    path, name = part.knobs["path"], part.knobs["name"]
    if path is None:
        return resolve(name, role, trusted, f"{part.group}.name")
    return resolve_in_file(Path(path).expanduser(), name, role, trusted, part.group)


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
        raise ConfigError(_named(part, words)) from error


def _named(part: Part, fault: str) -> str:
    prefix = f"{part.group}={part.option}: "
    return fault if fault.startswith((prefix, f"{part.group}.")) else prefix + fault
