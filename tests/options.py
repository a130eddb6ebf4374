"""Parts as the config would hand them over, read straight from conf/."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from runner.compose.hydra_bridge import Trees, editable
from runner.config.catalog import PRIMARY, Catalog, Part, packaged_conf
from runner.config.schedule import completed

CONF = Path(__file__).parents[1] / "conf"
CATALOG = Catalog([CONF])
Known = dict[tuple[str, ...], DictConfig]


def part(group: str, option: str, **changed: Any) -> Part:
    """The option's own values, ``changed`` over them."""
    values: Any = OmegaConf.to_container(OmegaConf.load(CONF / group / f"{option}.yaml"))
    values = values if "_target_" in values else values[group]  # of a net that brings settings along
    return completed(Part(group, option, values.pop("_target_"), values | changed), CATALOG)


@cache
def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def composing_once(known: Known) -> Callable[[Trees, Any, str, list[str]], DictConfig]:
    """``Trees.composed`` by which Hydra, half of a composition's time, composes the program's own options once.

    That a copy of what was composed is what Hydra would give again, test_compose asks.
    """
    composed = Trees.composed

    def shared(self: Trees, hydra: Any, config_name: str, lines: list[str]) -> DictConfig:
        has_file = any("/" in line for line in lines if not line.startswith("++"))  # a recipe, which may change
        if self.catalog.folders != (packaged_conf(),) or config_name != PRIMARY or has_file:
            return composed(self, hydra, config_name, lines)
        self.known = known
        tree = composed(self, hydra, config_name, lines)
        with editable(tree):
            tree.hydra.runtime.cwd = str(Path.cwd())
        return tree

    return shared
