"""Parts as the config would hand them over, read straight from conf/."""

from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from runner.config.catalog import Catalog, Part
from runner.config.schedule import completed

CONF = Path(__file__).parents[1] / "conf"
CATALOG = Catalog([CONF])


def part(group: str, option: str, **changed: Any) -> Part:
    """The option's own values, ``changed`` over them."""
    values: Any = OmegaConf.to_container(OmegaConf.load(CONF / group / f"{option}.yaml"))
    values = values if "_target_" in values else values[group]  # of a net that brings settings along
    return completed(Part(group, option, values.pop("_target_"), values | changed), CATALOG)


@cache
def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
