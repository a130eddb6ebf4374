"""A dotted path of the config -> the class it names. Nothing else imports or looks up what a config says."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from runner import seed
from runner.config.spelling import nearest
from runner.errors import ConfigError
from runner.text import reason

T = TypeVar("T")
TRUSTED_ROOTS = ("runner", "torch", "torchvision", "torchmetrics")


def resolve(path: str, role: type[T], trusted: Sequence[str] = (), key: str = "_target_") -> type[T]:
    """The class that ``path`` names. Imports modules under the root of the path, calls nothing.

    Raises ConfigError for a root that is not trusted, a name that is not there, and anything but a class of ``role``.
    """
    (_, found), roots = located(path, trusted, key), (*TRUSTED_ROOTS, *trusted)
    if not isinstance(found, type) or not issubclass(found, role) or found.__module__.split(".")[0] not in roots:
        raise ConfigError(f"{key}={path} is refused: it is not a kind of {role.__module__}.{role.__qualname__}")
    return found


def located(path: str, trusted: Sequence[str], key: str) -> tuple[ModuleType, object]:
    """(the module, what ``path`` names in it, whatever it is).

    Raises ConfigError for a root that is not trusted, and where it is not there.
    """
    refused = f"{key}={path} is refused"
    roots = (*TRUSTED_ROOTS, *trusted)
    if not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", path, re.ASCII) or path.split(".")[0] not in roots:
        raise ConfigError(
            f"{refused}: a target is a class in {', '.join(roots)}, or in a package named by trusted=[..]"
        )
    *parents, name = path.split(".")
    module = _module(parents, refused)
    return module, _attribute(module, name, refused)


def located_in_file(path: Path, name: str, trusted: Sequence[str], key: str) -> tuple[ModuleType, object]:
    """(the module, what is called ``name`` in it, whatever it is) of a python file.

    It is run only when ``trusted`` holds its name without .py. Raises ConfigError, with the settings ``key``.path and
    ``key``.name, where it is not there, or not trusted.
    """
    refused, stem = f"{key}.path={path} is refused", path.stem
    if path.suffix != ".py" or not re.fullmatch(r"[A-Za-z]\w*", stem, re.ASCII):
        raise ConfigError(f"{refused}: give a file like my_data.py, its name made of letters, digits and _")
    if stem not in trusted:
        raise ConfigError(f"{refused}: to run what is in it, say that you trust it: trusted=[{stem}]")
    if not path.is_file():
        raise ConfigError(f"{key}.path={path}: there is no such file; looked for {path.absolute()}")
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise ConfigError(f"{key}.name={name}: give a name that stands in {path}")
    folder = str(path.absolute().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # at the end, where it hides no other module; worker processes look there too
    module = _import(stem, refused)
    if not module.__file__ or not path.samefile(module.__file__):
        raise ConfigError(f"{refused}: another module is called {stem} ({module.__file__}); give the file another name")
    return module, _attribute(module, name, f"{key}.name={name} is refused")


def run_again(module: ModuleType) -> ModuleType:
    """A second module of the same file, which is run once more; what it imports is not. ``module`` stays in its place.

    Raises what the file raises.
    """
    assert module.__spec__ is not None and module.__spec__.loader is not None
    again = module_from_spec(module.__spec__)
    module.__spec__.loader.exec_module(again)
    return again


def _module(parents: Sequence[str], refused: str) -> ModuleType:
    """The module at ``parents``, each step a module of the same root: torch.os is os, and no way through."""
    module = _import(parents[0], refused)
    for depth, name in enumerate(parents[1:], start=2):
        inner = getattr(module, name, None) or _import(".".join(parents[:depth]), refused)
        if not isinstance(inner, ModuleType) or inner.__name__.split(".")[0] != parents[0]:
            raise ConfigError(f"{refused}: {'.'.join(parents[:depth])} is not a module of {parents[0]}")
        module = inner
    return module


def _import(path: str, refused: str) -> ModuleType:
    if path in sys.modules:
        return sys.modules[path]
    try:
        with seed.lent(0):  # what is drawn here alone, in the first run of a process, would change what follows
            return import_module(path)
    except (Exception, SystemExit) as error:  # a module of the user's may raise anything; the cause stays attached
        raise ConfigError(f"{refused}: {path} cannot be imported: {reason(error)}") from error


def _attribute(module: ModuleType, name: str, refused: str) -> object:
    if not hasattr(module, name):
        near = nearest(name, dir(module))
        hint = f"; did you mean {module.__name__}.{near}?" if near else ""
        raise ConfigError(f"{refused}: {module.__name__} has no {name}{hint}")
    return getattr(module, name)
