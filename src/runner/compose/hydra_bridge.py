"""All that is asked of Hydra by names which it keeps to itself: they may be others in its next version.

And what may be set of its own node: its callbacks, loggers and plugins would call whatever a file names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from math import ceil
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hydra import version
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl, get_overrides_dirname
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path, get_args_parser
from hydra.core import utils
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, RangeSweep, Transformer
from hydra.plugins.config_source import ConfigResult
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf, flag_override

from runner.compose.recipe import read_recipe
from runner.config.catalog import RECIPES, Catalog, conf_folders
from runner.config.yaml_file import read_yaml

if TYPE_CHECKING:
    from runner.compose.composition import Composed
    from runner.compose.request import Request

Task = Callable[[DictConfig], Any]

# what the defaults of train.yaml name: it is ours to run the jobs of a sweep, and nothing of Hydra's is to
ConfigStore.instance().store(
    group="hydra/launcher", name="process", node={"_target_": "runner.sweep.start.sweep"}, provider="runner"
)


def hydra_parser() -> argparse.ArgumentParser:
    """The parser of Hydra's own flags."""
    # Python 3.14 renders every help text when it is added; Hydra 1.3 has one that is no text yet (fixed in 1.4)
    checked = argparse.ArgumentParser.__dict__.get("_check_help")
    if checked is not None:
        argparse.ArgumentParser._check_help = lambda self, action: None  # type: ignore[attr-defined]
    try:
        return get_args_parser()
    finally:
        if checked is not None:
            argparse.ArgumentParser._check_help = checked  # type: ignore[attr-defined]


def hydra_for(catalog: Catalog) -> Hydra:
    """A Hydra that searches the catalog's folders in their order, and no others."""
    _keep_plugins_of_the_current_folder_out()
    version.setbase("1.3")
    search = create_config_search_path(str(catalog.folders[-1]))
    for folder in catalog.folders[:-1]:
        search.prepend("user", f"file://{folder}", SearchPathQuery(provider="main"))
    GlobalHydra.instance().clear()
    hydra = Hydra.create_main_hydra2("train", search)
    files = hydra.config_loader.repository  # type: ignore[attr-defined]
    files.sources = [Files(s.provider, s.path) if s.scheme() == "file" else s for s in files.sources]
    # a file's own hydra.searchpath, where pkg:// imports what it names, is refused with the rest of the composed node
    hydra.config_loader._process_config_searchpath = lambda *args: None  # type: ignore[attr-defined]
    return hydra


class Trees:
    """What Hydra composes of the same options, composed once: settings and knobs are set in a copy, as Hydra does."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.known: dict[tuple[str, ...], DictConfig] = {}

    def composed(self, hydra: Hydra, config_name: str, lines: list[str]) -> DictConfig:
        """As ``hydra.compose_config``, and as many exceptions."""
        options = tuple(line for line in lines if not line.startswith("++"))
        if options not in self.known:
            self.known[options] = hydra.compose_config(config_name, list(options), RunMode.RUN)
        tree = deepcopy(self.known[options])
        overrides = OverridesParser.create().parse_overrides(lines)
        ConfigLoaderImpl._apply_overrides_to_config([o for o in overrides if o.is_force_add()], tree)
        own = [override for override in overrides if not override.is_hydra_override()]
        tree.hydra.overrides.task = [override.input_line for override in own]
        told = tree.hydra.job.config.override_dirname
        name = get_overrides_dirname(own, list(told.exclude_keys), told.item_sep, told.kv_sep)
        tree.hydra.job.override_dirname = name
        return tree


class Files(FileConfigSource):
    """A folder of options. A recipe in it, or named by its own path, may be written as the command line is."""

    def is_config(self, config_path: str) -> bool:
        own = _own_path(config_path)
        return own.is_file() if own else super().is_config(config_path)

    def load_config(self, config_path: str) -> ConfigResult:
        path = _own_path(config_path) or Path(self.path, self._normalize_file_name(config_path))
        header: dict[str, str | None] = {"package": "_global_"}
        if config_path.partition("/")[0] in RECIPES:
            data = read_recipe(path)
        else:  # by libyaml, as the catalog does: to read its files took Hydra an eighth of a composition
            data, header = read_yaml(path).data, self._get_header_dict(path.read_text(encoding="utf-8"))
        return ConfigResult(config=OmegaConf.create(data), path=self.full_path(), provider=self.provider, header=header)


def _own_path(config_path: str) -> Path | None:
    """my.yaml for experiment//folder/my.yaml: a recipe that was chosen by its path."""
    path = Path(config_path.partition("/")[2])
    return path if path.is_absolute() else None


def _keep_plugins_of_the_current_folder_out() -> None:
    """Hydra imports all that stands in a folder hydra_plugins on the path: it may have been downloaded with a table."""
    if "hydra_plugins" not in sys.modules:
        others = (Path(place).resolve() for place in sys.path)
        places = dict.fromkeys([Path(__file__).parents[2], *(place for place in others if place != Path.cwd())])
        package = ModuleType("hydra_plugins")
        package.__path__ = [str(place / "hydra_plugins") for place in places]
        sys.modules["hydra_plugins"] = package


def hydra_context(catalog: Catalog) -> HydraContext:
    return HydraContext(config_loader=hydra_for(catalog).config_loader, callbacks=Callbacks())


@contextmanager
def hydra_put_back() -> Iterator[None]:
    """A program of Hydra's own around this call finds its state as it left it."""
    hydra, config = GlobalHydra.instance(), HydraConfig.instance()
    before = hydra.hydra, config.cfg
    try:
        yield
    finally:
        hydra.hydra, config.cfg = before


def swept_values(override: Override, catalog: Catalog) -> tuple[int, Iterator[tuple[str, Any]]]:
    """How many values a word sweeps over, and each as Hydra takes it and as it is: "'a b'", "a b".

    Raises ValueError or ArithmeticError for a range that is none.
    """
    swept = override._value
    values: Iterable[Any]
    if isinstance(swept, Glob):
        values = swept.filter(list(catalog.options(override.key_or_group)))
        count = len(values)
    elif isinstance(swept, RangeSweep):
        numbers: Any = swept.range()  # which may be of very many
        whole = isinstance(numbers, range)
        count = len(numbers) if whole else ceil((numbers.stop - numbers.start) / numbers.step)
        values = override.sweep_iterator()
    else:
        values = list(override.sweep_iterator())
        count = len(values)
    return count, ((Transformer.str(value), Override._convert_value(value)) for value in values)


def interval_ends(override: Override) -> tuple[float, float, set[str]]:
    """The two ends of a word that is an interval, and what it is tagged with."""
    swept: Any = override._value
    return swept.start, swept.end, set(swept.tags)


def editable(tree: DictConfig) -> AbstractContextManager[Any]:
    """Inside it Hydra's own node, read-only once it is in use, can be written."""
    return flag_override(tree.hydra, ["readonly", "struct"], [False, False])


def run_job(request: Request, composed: Composed, run_dir: Path, task: Task) -> Any:
    """What ``task`` returns, called inside ``run_dir`` as Hydra's job: .hydra/ is written.

    What the task raises comes out as it is.
    """
    tree, catalog = composed.tree, Catalog(conf_folders(request.flags.config_dir))
    with editable(tree):
        tree.hydra.mode = RunMode.RUN
        tree.hydra.run.dir = str(run_dir.absolute())
    raised: list[Exception] = []

    def remembering(job: DictConfig) -> Any:
        try:
            return task(job)
        except Exception as error:
            raised.append(error)  # Hydra keeps it to itself and prints a line of its own
            raise

    returned = utils.run_job(
        hydra_context=hydra_context(catalog),
        task_function=remembering,
        config=tree,
        job_dir_key="hydra.run.dir",
        job_subdir_key=None,
    )
    if raised:
        raise raised[0]
    return returned.return_value


SETTABLE = ("hydra.mode", "hydra.job.num", "hydra.job.id")  # -m said otherwise; a sweep numbers its jobs
FILLED_IN = ("hydra.runtime", "hydra.overrides", "hydra.job.override_dirname", "hydra.job.config_name")  # by Hydra
SIDE_BY_SIDE = "sweep.jobs sets how many jobs run side by side"
WRITTEN_OUT = "every combination runs; write the values out: -m optimizer.lr=0.1,0.01"
INSTEAD = {
    "hydra.run": "output_dir and name set where a run goes",
    "hydra.sweep": "sweep.dir sets where a sweep goes",
    "hydra.sweep.subdir": "a job's folder is named by its number and its own settings",
    "hydra.job.chdir": "a run stays in the folder where it was started",
    "hydra.output_subdir": "a run keeps the words of its command in .hydra",
    "hydra.searchpath": "options are looked for in ./conf and --config-dir",
    "hydra.launcher": SIDE_BY_SIDE,
    "hydra.sweeper": WRITTEN_OUT,
}


def refusal(key: str) -> str | None:
    """Why ``key``, of a word or a composed tree, cannot be set; None where it is, or is none of Hydra's."""
    parts = key.replace("/", ".").split(".")
    name = ".".join(parts)
    if parts[0] != "hydra" or name in SETTABLE:
        return None
    holders = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    instead = next((INSTEAD[holder] for holder in holders if holder in INSTEAD), None)
    return f"cannot be set; {instead or 'of hydra.* only hydra.mode can'}"


def changed_keys(node: Mapping[str, Any], usual: Mapping[str, Any], where: str = "hydra") -> list[str]:
    """The keys of the composed node that are not for setting and yet other than ``usual``, whoever set them."""
    found: list[str] = []
    for name, value in node.items():
        key, known = f"{where}.{name}", usual.get(name)
        if isinstance(value, Mapping) and value:
            found += changed_keys(value, known if isinstance(known, Mapping) else {}, key)
        elif value != known and refusal(key) and not key.startswith(FILLED_IN):
            found.append(key)
    return found
