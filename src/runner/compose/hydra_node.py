"""What may be set of Hydra's own node: its callbacks, loggers and plugins would call whatever a file names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SETTABLE = ("hydra.mode", "hydra.job.num", "hydra.job.id")  # -m said otherwise; a sweep numbers its jobs
FILLED_IN = ("hydra.runtime", "hydra.overrides", "hydra.job.override_dirname", "hydra.job.config_name")  # by Hydra
ONE_AFTER_ANOTHER = "jobs run one after another, each in a process of its own; leave it out"
WRITTEN_OUT = "every combination is run; write the values out, as in: -m optimizer.lr=0.1,0.01"
INSTEAD = {
    "hydra.run": "where a run goes is set by output_dir and name",
    "hydra.sweep": "where a sweep goes is set by output_dir and name",
    "hydra.sweep.subdir": "a job's folder is its number",
    "hydra.job.chdir": "a run stays in the folder it is started from",
    "hydra.output_subdir": "a run keeps the words of its command in .hydra",
    "hydra.searchpath": "options are looked for in ./conf and --config-dir",
    "hydra.launcher": ONE_AFTER_ANOTHER,
    "hydra.sweeper": WRITTEN_OUT,
}


def refusal(key: str) -> str | None:
    """Why ``key``, of a word or a composed tree, is not for setting; None where it is, or is none of Hydra's."""
    parts = key.replace("/", ".").split(".")
    name = ".".join(parts)
    if parts[0] != "hydra" or name in SETTABLE:
        return None
    holders = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    instead = next((INSTEAD[holder] for holder in holders if holder in INSTEAD), None)
    return f"is not for setting; {instead or 'of hydra only hydra.mode is'}"


def changed(node: Mapping[str, Any], usual: Mapping[str, Any], where: str = "hydra") -> list[str]:
    """The keys of the composed node that are not for setting and yet other than ``usual``, whoever set them."""
    found: list[str] = []
    for name, value in node.items():
        key, known = f"{where}.{name}", usual.get(name)
        if isinstance(value, Mapping) and value:
            found += changed(value, known if isinstance(known, Mapping) else {}, key)
        elif value != known and refusal(key) and not key.startswith(FILLED_IN):
            found.append(key)
    return found
