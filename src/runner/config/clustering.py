"""The settings of a cluster, where the jobs of ``train -m`` run: a class for each option of ``conf/cluster``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, get_type_hints

from runner.config.catalog import CLUSTER, Catalog
from runner.config.part_types import Count, NotNegative, NotNegativeInt, Positive, Word
from runner.config.types import faults
from runner.config.validate import option_faults
from runner.errors import ConfigError

LOCAL = "local"


@dataclass(frozen=True)
class Slurm:
    """What ``conf/cluster/slurm.yaml`` says."""

    partition: Word | None
    account: Word | None
    time_min: Count
    mem_gb: Positive
    cpus: Count
    gpus: NotNegativeInt
    array_size: Count
    setup: list[Word]
    local: bool


@dataclass(frozen=True)
class Ray:
    """What ``conf/cluster/ray.yaml`` says."""

    address: Word
    cpus: Positive
    gpus: NotNegative
    sync_s: Positive


Cluster = Slurm | Ray
CLASSES: Mapping[str, type[Cluster]] = {"slurm": Slurm, "ray": Ray}
PACKAGES = {"slurm": "submitit", "ray": "ray"}
FIXED = ("local", "gpus")  # of a sweep under way: where its jobs are known, and what they compute on


def cluster_of(option: str, node: Any) -> Cluster | None:
    """The settings of an option whose ``node`` of the composed tree has no faults; None: jobs run on this machine."""
    return None if option == LOCAL else CLASSES[option](**node)


def as_fact(cluster: Cluster | None) -> dict[str, Any] | None:
    """As sweep.json has it."""
    option = next((name for name, kind in CLASSES.items() if isinstance(cluster, kind)), LOCAL)
    return None if cluster is None else {"option": option, **asdict(cluster)}


def cluster_of_fact(fact: Mapping[str, Any] | None) -> Cluster | None:
    """Raises KeyError or TypeError where something of it is missing."""
    return None if fact is None else cluster_of(fact["option"], {k: v for k, v in fact.items() if k != "option"})


def cluster_faults(option: str, node: Any, catalog: Catalog) -> Iterator[str]:
    """What is wrong with the knobs of a cluster, whose option is one of the catalog's."""
    if option not in (LOCAL, *CLASSES):
        yield f"{CLUSTER}={option}: jobs run on {', '.join((LOCAL, *CLASSES))}; give your file one of these names"
        return
    types = knob_types(option)
    yield from option_faults(CLUSTER, option, node, types, catalog)
    if option in PACKAGES and find_spec(PACKAGES[option]) is None:
        yield f"{CLUSTER}={option}: needs {PACKAGES[option]}; pip install 'runner[{option}]'"
    yield from (f"{CLUSTER}.{name}: missing in your {CLUSTER}/{option}.yaml" for name in types if name not in node)


def knob_types(option: str) -> dict[str, Any]:
    """The type and range of each knob, by name."""
    return {} if option == LOCAL else get_type_hints(CLASSES[option], include_extras=True)


def moved(fact: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster of sweep.json with ``changes`` for the jobs to come, by name. Raises ConfigError with all faults."""
    types, found = knob_types(fact["option"]), list[str]()
    for name, value in changes.items():
        if name in types:
            found += faults(value, types[name], f"{CLUSTER}.{name}")
        else:
            found.append(f"{CLUSTER}.{name}: the jobs run with {CLUSTER}={fact['option']}, which has no {name}")
    if found:
        raise ConfigError(found)
    return {**fact, **changes}
