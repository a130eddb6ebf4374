"""A sweep as it is shown: where its candidates stand on the axes, how good each is, and its colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from matplotlib.colors import Colormap, LinearSegmentedColormap

from runner.figures.dataset_view import Title
from runner.figures.setting_axis import Scale, SettingAxis, score_scale
from runner.runs.candidates import Candidate, Candidates
from runner.runs.origin import as_shown
from runner.runs.setting_importance import SettingImportance, setting_importance
from runner.text import counted, figure, short_names

# from the worst to the best: each is seen on white and on black, the best most
STOPS = [(0.0, "#93aecb"), (0.55, "#b9a48c"), (0.85, "#dd8a3c"), (1.0, "#c8321f")]
GOODNESS: Colormap = LinearSegmentedColormap.from_list("goodness", STOPS)
MOST_AXES = 12


@dataclass(frozen=True)
class SweepView:
    name: str  # of its folder
    found: Candidates  # at least one of them finished, and at least one setting in which they differ

    @cached_property
    def axes(self) -> list[SettingAxis]:
        return SettingAxis.all_of(self.found)[:MOST_AXES]

    @cached_property
    def score(self) -> Scale:
        """Of the pruned as well: after halving they are most of what is known."""
        return score_scale(self._means, self.found.higher_is_better)

    @property
    def _means(self) -> list[float]:
        return [each.mean for each in self.found.all if each.values]

    def goodness(self, value: float) -> float:
        """From 0 to 1, the best."""
        place = self.score.at(value)
        return 1 - place if self.found.higher_is_better is False else place

    @property
    def is_cut(self) -> bool:
        """Whether some values are worse than the end of the scale."""
        return min(self._means) < self.score.low or max(self._means) > self.score.high

    @cached_property
    def importance(self) -> SettingImportance:
        """Of the settings that have an axis, over the candidates that are finished."""
        numbers = [number for number, each in enumerate(self.found.all) if each.status == "finished"]
        columns = [axis.column(numbers) for axis in self.axes]
        return setting_importance(columns, [self.found.all[number].mean for number in numbers])

    @cached_property
    def ranked(self) -> list[tuple[str, float, float]]:
        """(setting, mean share, its standard deviation over resamples), the most important first; [] of too few."""
        if not (shares := self.importance.shares).size:
            return []
        names = short_names(self.found.settings).values()
        told = zip(names, shares.mean(0).tolist(), shares.std(0).tolist(), strict=False)
        return sorted(told, key=lambda each: -each[1])

    @property
    def importance_in_words(self) -> str:
        told = ", ".join(f"{name} {mean:.0%} ± {sd:.0%}" for name, mean, sd in self.ranked)
        return f"{told} ({self.importance.how})" if told else self.importance.how

    @property
    def has_spread(self) -> bool:
        return any(each.sd for each in self.found.all)

    def has(self, status: str) -> bool:
        return any(each.status == status for each in self.found.all)

    @cached_property
    def in_order(self) -> list[tuple[int, Candidate]]:
        """Each with its number from 0, those on top last: the failed, the pruned, then from the worst to the best."""
        rank = {"failed": 0, "pruned": 1, "finished": 2}
        numbered = list(enumerate(self.found.all))

        def on_top(pair: tuple[int, Candidate]) -> tuple[int, float]:
            return rank[pair[1].status], self.goodness(pair[1].mean) if pair[1].values else 0.0

        return sorted(numbered, key=on_top)

    def title(self, name: str, note: str = "") -> Title:
        """What the picture is called, which sweep it is of, and how to read it."""
        found = self.found
        jobs = ", ".join(f"{count:,} {status}" for status, count in found.jobs.items() if status != "finished")
        size = f"{counted(found.jobs.total(), 'job')}{f' ({jobs})' if jobs else ''}"
        best = found.finished[0]
        short = short_names(found.settings)
        won = ", ".join(f"{short[key]}={as_shown(key, value)}" for key, value in best.settings.items())
        facts = f"{self.name}: {size}; best {found.monitor} {figure(best.mean)}{f' with {won}' if won else ''}"
        some = f"the first {MOST_AXES} of {len(found.settings)} settings" if len(found.settings) > MOST_AXES else ""
        return Title(name, facts, "; ".join(filter(None, [some, note])))
