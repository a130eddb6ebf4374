"""The range that each recipe under conf/experiment carries as ``reference.expected``, from ten seeds.

    python scripts/measure_expected.py fashion_quickstart wine_mlp   # no name: every recipe

A range is the two-sided tolerance interval that holds 99 % of all runs with 95 % confidence, for values that are
normally distributed (Howe 1969; NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.6.3), rounded outwards to the
first digit of the deviation. Each run has a seed and a split of its own. Of a mistake it is that of its cure, on the
rows that the recipe has: they are part of what it shows.
"""

from __future__ import annotations

import json
import math
import re
import statistics
import sys
from collections.abc import Sequence

import yaml
from scipy.stats import chi2, norm

from trials import REPOSITORY, finished

SEEDS = range(10)
SHARE, CONFIDENCE = 0.99, 0.95  # of the runs that a range holds; of that
RECIPES = REPOSITORY / "conf/experiment"


def main(names: Sequence[str]) -> None:
    for recipe in names or sorted(path.stem for path in RECIPES.glob("*.yaml")):
        for metric, values, today in measured(recipe):
            print(
                f"{recipe}: {min(values):.4f} to {max(values):.4f}, today {today}\n    {line(metric, values)}",
                flush=True,
            )


def measured(recipe: str) -> list[tuple[str, list[float], list[float]]]:
    """(metric, its value with each seed, the range today) for each metric that the recipe has a range of."""
    text = (RECIPES / f"{recipe}.yaml").read_text()
    today = yaml.safe_load(text).get("reference", {}).get("expected", {})
    cure = re.search(r"^# cure: (\S+)$", text, re.MULTILINE)
    words = f"experiment={recipe} seed={{0}} " + (cure[1] if cure else "split_seed={0}")
    best = [scores(words.format(seed).split()) for seed in SEEDS] if today else []
    return [(name, [run[name] for run in best], today[name]) for name in today if name in best[0]]


def scores(words: Sequence[str]) -> dict[str, float]:
    """Those that a run of the words ends with."""
    with finished([*words, "tensorboard=off", "baselines.trees=[]"]) as run:
        return dict(json.loads((run / "summary.json").read_text())["best"])


def line(metric: str, values: Sequence[float]) -> str:
    """As the recipe has it."""
    mean, deviation = round(statistics.mean(values), 4), round(statistics.stdev(values), 4)
    return f"{metric}: {tolerance_interval(metric, mean, deviation)} # ten seeds: {mean:.4f} ± {deviation:.4f}"


def tolerance_interval(metric: str, mean: float, deviation: float) -> list[float]:
    """[lowest, highest] for the mean and deviation of the seeds; an accuracy is 1 at most."""
    reach = tolerance_factor(len(SEEDS)) * deviation
    digits = max(0, -math.floor(math.log10(deviation))) if deviation else 3
    low, high = math.floor((mean - reach) * 10**digits), math.ceil((mean + reach) * 10**digits)
    return [low / 10**digits, min(high / 10**digits, 1.0 if metric.endswith("accuracy") else math.inf)]


def tolerance_factor(num_values: int) -> float:
    """Deviations to either side of the mean."""
    freedom = num_values - 1
    reach = norm.ppf((1 + SHARE) / 2)
    return float(reach * math.sqrt(freedom * (1 + 1 / num_values) / chi2.ppf(1 - CONFIDENCE, freedom)))


if __name__ == "__main__":
    main(sys.argv[1:])
