"""Experiments assembled from the words a user types, without a process or a run directory."""

from collections.abc import Iterable

from runner import seed
from runner.compose.composition import compose
from runner.compose.request import parse
from runner.config.catalog import Catalog, conf_folders
from runner.contracts import Progress, Report
from runner.engine import fit
from runner.experiment.assemble import Experiment, assemble


def assembled(words: Iterable[str]) -> Experiment:
    return assemble(compose(parse(["device=cpu", *words])).config, Catalog(conf_folders()))


def trained(experiment: Experiment) -> list[Report]:
    """What the engine reports of the whole training."""
    seed.seed_everything(seed.derive(experiment.config.seed, "training"))
    val = {"val": experiment.judged["val"]}
    return list(fit.fit(experiment.parts, experiment.train, val, experiment.plan, Progress()))
