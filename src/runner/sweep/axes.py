"""What is swept over: the values of each setting, those that advance together, the folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.override_parser.types import Override

from runner.compose.hydra_bridge import swept_values
from runner.config.catalog import Catalog
from runner.config.spelling import listed, nearest
from runner.errors import ConfigError

WRITE_OUT = "write the values out: key=1,2,3, or choice(...), range(...)"


@dataclass(frozen=True)
class Value:
    """One value of a setting."""

    word: str  # for Hydra: ++name='a b'
    text: str  # for people: a b
    plain: Any = field(compare=False)


@dataclass(frozen=True)
class Axis:
    """Values that take turns: of one setting, or of several that advance together."""

    keys: tuple[str, ...]
    size: int
    points: Iterable[tuple[Value, ...]]  # a value for each of ``keys``; not read before they are counted

    def read(self) -> Axis:
        points = tuple(self.points)
        return Axis(self.keys, len(points), points)

    def once(self) -> Axis:
        """The same value twice is one job."""
        points = tuple(dict.fromkeys(self.points))
        return Axis(self.keys, len(points), points)


def check_number(count: int, most: int) -> None:
    """Raises ConfigError where there would be more jobs than anybody meant."""
    if count > most:
        raise ConfigError(
            f"{count:,} jobs: more than sweep.max_jobs={most}; to run them all add sweep.max_jobs={count}"
        )


def axis(override: Override, catalog: Catalog) -> Axis:
    """The values of one setting. Raises ConfigError."""
    said, element = str(override.input_line).lstrip("+"), override.get_key_element()
    if override.is_interval_sweep():
        raise ConfigError(
            f"{said}: there are endlessly many values between two numbers; {WRITE_OUT}\n"
            "  or let some be drawn: search=random"
        )
    try:
        size, values = swept_values(override, catalog)
    except (ValueError, ArithmeticError) as error:
        raise ConfigError(f"{said}: a range without a step; {WRITE_OUT}") from error
    if size <= 0:
        raise ConfigError(f"{said}: has no values; {WRITE_OUT}")
    return Axis((override.key_or_group,), size, ((_value(element, word, plain),) for word, plain in values))


def _value(element: str, word: str, plain: Any) -> Value:
    return Value(f"{element}={word}", plain if isinstance(plain, str) else word, plain)


def zipped(axes: Sequence[Axis], keys: Sequence[str]) -> list[Axis]:
    """The axes, those of ``keys`` as one where the first of them stood. Raises ConfigError with all faults."""
    if not keys:
        return list(axes)
    own = {axis.keys[0]: axis for axis in axes}
    said = f"sweep.zip=[{','.join(keys)}]"
    if faults := list(_zip_faults(said, list(dict.fromkeys(keys)), {key: axis.size for key, axis in own.items()})):
        raise ConfigError(faults)
    together = [axis for axis in axes if axis.keys[0] in keys]
    points = [
        tuple(value for point in row for value in point) for row in zip(*(a.points for a in together), strict=True)
    ]
    joined = Axis(tuple(axis.keys[0] for axis in together), len(points), points)
    return [joined if axis is together[0] else axis for axis in axes if axis is together[0] or axis not in together]


def _zip_faults(said: str, keys: Sequence[str], sizes: Mapping[str, int]) -> Iterable[str]:
    for key in keys:
        if key not in sizes:
            meant = next((name for name in sizes if name.rpartition(".")[2] == key), nearest(key, sizes))
            advice = f"did you mean {meant}?" if meant else f"swept are {listed(sizes)}" if sizes else "nothing is"
            yield f"{said}: {key} is not swept; {advice}"
    lengths = {key: sizes[key] for key in keys if key in sizes}
    if len(keys) == 1:
        yield f"{said}: one setting has nothing to advance with; name two or more that are swept"
    elif len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} has {size}" for key, size in lengths.items())
        yield f"{said}: their lists advance together and need the same length; {told}"


def with_folds(axes: Sequence[Axis]) -> list[Axis]:
    """The axes, with each number of folds all of its folds."""
    return [_each_fold(axis, axis.keys.index("folds")) if "folds" in axis.keys else axis for axis in axes]


def _each_fold(axis: Axis, place: int) -> Axis:
    numbers = [point[place].text for point in axis.points]
    if not all(number.isdecimal() for number in numbers):
        return axis  # told by the check of the jobs
    points = ((*point, fold(which)) for point in axis.points for which in range(int(point[place].text)))
    return Axis((*axis.keys, "fold"), sum(map(int, numbers)), points)


def folds(count: int) -> Axis:
    return Axis(("fold",), count, ((fold(number),) for number in range(count)))


def fold(number: int) -> Value:
    return Value(f"++fold={number}", str(number), number)
