"""What ``model=module`` and ``dataset=module`` name in a file or package of a user's, and what it gives."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn
from torch.utils.data import Dataset

from runner.build.target import TRUSTED_ROOTS, located, located_in_file, run_again
from runner.config.catalog import Part
from runner.config.spelling import nearest
from runner.errors import ConfigError
from runner.text import expanded

HOLDERS = ("builtins", "torch", "numpy", "pandas")  # of things with rows by number that are no data set
MOST_HELD = 3  # kinds that a message names
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class OwnCode:
    """What a part names: a class or function, which makes the net or the data, or the net or the data itself."""

    part: Part
    module: ModuleType
    found: object

    def __call__(self, **facts: object) -> Any:
        """The net, made anew at each call, or the data; a class or function is given those ``facts`` that it takes.

        Raises ConfigError for wrong arguments and for anything else that comes back, and what the user's code raises.
        """
        if callable(self.found) and is_called(self.found):
            made: Any = self.found(**self._arguments(self.found, facts))
        elif self.part.knobs["arguments"]:
            raise ConfigError(f"{self.part.group}.arguments: {self._name} takes none{self._place}; leave them out")
        else:
            made = getattr(run_again(self.module), self._name) if isinstance(self.found, nn.Module) else self.found
        if not ROLES[self.part.group].takes(made):
            verb = "gives" if is_called(self.found) else "is"
            raise self.refusal(f"{verb} {described(made)}")
        if isinstance(made, nn.Module):
            self._check_drawn(made)
        return made

    def refusal(self, what: str) -> ConfigError:
        """The error that says ``what`` was found, where, and what is wanted."""
        group, name = self.part.group, self.part.knobs["name"]
        return ConfigError(f"{group}.name={name}: {what}{self._place}; {ROLES[group].wanted}")

    @property
    def _name(self) -> str:
        """What it is called in its module."""
        return str(self.part.knobs["name"]).rpartition(".")[2]

    @property
    def _place(self) -> str:
        """(my_net.py, line 12) where it is written; "" where it comes from elsewhere."""
        file = Path(self.module.__file__ or "")
        written = re.compile(rf"((async )?def |class )?{self._name}\b(?!\.)")
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.suffix == ".py" else []
        return next((f" ({file.name}, line {n})" for n, line in enumerate(lines, 1) if written.match(line)), "")

    def _arguments(self, found: Callable[..., object], facts: Mapping[str, object]) -> dict[str, object]:
        taken = inspect.signature(found).parameters
        said: Mapping[str, object] = self.part.knobs["arguments"]
        given = {key: fact for key, fact in facts.items() if key in taken} | dict(said)
        if faults := [*self._missing(taken, given), *self._unknown(taken, said)]:
            raise ConfigError(faults)
        return given

    def _missing(self, taken: Mapping[str, inspect.Parameter], given: Mapping[str, object]) -> Iterator[str]:
        missing = [p.name for p in taken.values() if p.default is p.empty and p.kind in NAMED and p.name not in given]
        if missing:
            group, words = self.part.group, ", ".join(f"{name}: ..." for name in missing)
            yield (
                f"{group}.name={self.part.knobs['name']}: needs {', '.join(missing)}{self._place}; "
                f"add {group}.arguments={{{words}}}{ROLES[group].given}"
            )

    def _unknown(self, taken: Mapping[str, inspect.Parameter], said: Mapping[str, object]) -> Iterator[str]:
        if any(p.kind is p.VAR_KEYWORD for p in taken.values()):
            return
        for key in said:
            if key not in taken:
                near = nearest(key, taken)
                hint = f"did you mean {near}?" if near else f"it takes {', '.join(taken) or 'none'}"
                yield f"{self.part.group}.arguments.{key}: {self._name} takes no {key}{self._place}; {hint}"

    def _check_drawn(self, net: nn.Module) -> None:
        """Raises ConfigError where weights of the net are of a net that was made while the file was read."""
        there = [value for value in vars(self.module).values() if isinstance(value, nn.Module)]
        earlier = {id(weight) for value in there for weight in value.parameters()}
        if any(id(weight) in earlier for weight in net.parameters()):
            raise ConfigError(
                f"model.name={self.part.knobs['name']}: has weights that were made as a file was read, so that no seed "
                f"draws them{self._place}; make all its layers in a function that returns the net, and name that"
            )


def own_code(part: Part, trusted: Sequence[str]) -> OwnCode:
    """What the part names. Raises ConfigError where it is not there, or of another kind.

    What is called has to be of the user's: torch has functions that do other things.
    """
    path, name = part.knobs["path"], part.knobs["name"]
    if path is None:
        module, found = located(name, trusted, f"{part.group}.name")
    else:
        module, found = located_in_file(expanded(path), name, trusted, part.group)
    own, is_users = OwnCode(part, module, found), _root(module.__name__) in trusted
    home = _root(found.__module__) if is_called(found) else _root(module.__name__)
    if isinstance(found, type) and issubclass(found, ROLES[part.group].kind):
        is_right = is_users or home in TRUSTED_ROOTS
    else:
        is_right = home in trusted and (not isinstance(found, type) or ROLES[part.group].takes(found))
    if not is_right:
        raise own.refusal(f"is {described(found)}")
    return own


def is_called(found: object) -> bool:
    """Whether it makes what is wanted, instead of being it."""
    return isinstance(found, type) or inspect.isroutine(found)


def is_net(made: object) -> bool:
    return isinstance(made, nn.Module)


def is_data(made: object) -> bool:
    """Whether it is a data set, or a pair of them, which random_split gives as a list."""
    if isinstance(made, tuple | list):
        return len(made) == 2 and all(map(is_by_number, made))
    return is_by_number(made)


def is_by_number(made: object) -> bool:
    """Whether it gives rows by number, or its instances do, as torch's own or as a class of a user's."""
    kind = made if isinstance(made, type) else type(made)
    has_rows = hasattr(kind, "__getitem__") and hasattr(kind, "__len__")
    return issubclass(kind, Dataset) or (has_rows and _root(kind.__module__) not in HOLDERS)


def described(found: object) -> str:
    """the class my_net.Net, a tuple of Tensor, Tensor."""
    if is_called(found):
        kind = "class" if isinstance(found, type) else "function"
        return f"the {kind} {found.__module__}.{found.__qualname__}"  # type: ignore[attr-defined]  # either has both
    name = type(found).__name__
    words = f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
    if not isinstance(found, tuple | list) or not found:
        return words
    held = [type(one).__name__ for one in found]
    return f"{words} of {', '.join(held[:MOST_HELD])}{', ...' * (len(held) > MOST_HELD)}"


def _root(module: str | None) -> str:
    return (module or "").partition(".")[0]


@dataclass(frozen=True)
class Role:
    """What a module option is for."""

    kind: type
    takes: Callable[[object], bool]
    wanted: str
    given: str  # by the program


ROLES = {
    "model": Role(
        nn.Module,
        is_net,
        "give an nn.Module class, a function that returns a net, or a net",
        "; in_shape and num_outputs are given by the program",
    ),
    "dataset": Role(
        Dataset,
        is_data,
        "give a torch Dataset, as TensorDataset(x, y), a pair of them (train, test), or what makes one",
        "",
    ),
}
