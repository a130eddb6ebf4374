"""Which rows train, which choose the best epoch, which judge: drawn by a private generator, class by class."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from runner.contracts import Data, Split
from runner.errors import ConfigError, DataError
from runner.seed import generator

# what people call a split, in lower case
SPLIT_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("train", "training", "학습", "훈련"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "검증"), "val"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation", "시험", "평가", "테스트"), "test"),
}


def split_of(name: str) -> str:
    """The split that is in a folder's name, as in Train_Set, seg_train, 1.Training or val2017; "" where none is."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFC", name))
    words = (re.sub(r"(set|data)$", "", word) for word in re.findall(r"[^\W\d_]+", parted.lower()))
    splits = {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
    return splits.pop() if len(splits) == 1 else ""


@dataclass(frozen=True)
class SplitSettings:
    """The settings of a run that decide which rows a split has; train.yaml says what each means."""

    split_seed: int
    val_fraction: float
    test_fraction: float
    folds: int | None
    fold: int | Literal["all"] | None  # all: every fold in its turn; ``split`` takes one of them
    limit: int | None = None  # train rows that are kept, of dataset.limit; None: all


def split(data: Data, settings: SplitSettings) -> Split:
    """The row numbers of train, val and test, ascending where they are drawn.

    Official rows are taken as they are and never drawn from; ``test_fraction`` is of all other rows, ``val_fraction``
    of what remains after test. With ``folds``, test is fold number ``fold`` of the rows that are not official (an
    official test set is then unused). Of the train rows, ``limit`` are kept. Classes keep their shares, to the row.

    Raises ConfigError naming the setting where a split would come out empty, DataError where there is no row.
    """
    if not len(data.y):
        raise DataError("the data set has no rows")
    strata_N = _strata(data)
    official = [rows for rows in (data.official_val, data.official_test) if rows is not None]
    rest = torch.arange(len(data.y)) if data.in_time is None else data.in_time
    if official:
        is_free_N = torch.ones(len(data.y), dtype=torch.bool).index_fill_(0, torch.cat(official), False)
        rest = rest[is_free_N[rest]]
    if not len(rest):
        raise DataError("the official validation and test sets take every row of the data set: none is left to train")

    def part(rows: Tensor, name: str, fraction: float) -> tuple[Tensor, Tensor]:
        """What remains of ``rows``, and the ``fraction`` of them that is the split ``name``."""
        count = int(fraction * len(rows) + 0.5)
        _check_count(f"{name}_fraction", fraction, count, len(rows))
        if data.in_time is not None:
            return rows[: len(rows) - count], rows[len(rows) - count :]
        return _drawn(rows, strata_N, count, generator(settings.split_seed, name))

    val, test = data.official_val, data.official_test
    if settings.folds is not None or settings.fold is not None:
        if data.in_time is not None:
            raise ConfigError("dataset.split=time cannot be used with folds, which are random; leave one out")
        rest, test = _cut_fold(rest, strata_N, settings)
    elif test is None:
        rest, test = part(rest, "test", settings.test_fraction)
    if val is None:
        rest, val = part(rest, "val", settings.val_fraction)
    if data.in_time is not None:
        rest, val, test = (rows.sort().values for rows in (rest, val, test))
    return Split(train=_limited(rest, strata_N, settings.limit, settings.split_seed), val=val, test=test)


def evaluated(data: Data, split: Split, max_rows: int | None, split_seed: int) -> Split:
    """At most ``max_rows`` rows of each split, drawn class by class; all of them for None."""
    if max_rows is None:
        return split
    strata_N = _strata(data)
    few = (
        _limited(rows, strata_N, min(max_rows, len(rows)), split_seed) for rows in (split.train, split.val, split.test)
    )
    return Split(*few)


def describe(data: Data, settings: SplitSettings) -> str:
    """The split in a line: "10 % of train for validation; official test set; stratified, split_seed 0"."""
    latest = "" if data.in_time is None else ", the latest,"
    is_drawn = settings.folds is not None or settings.limit is not None
    if data.official_val is not None:
        val = "official validation set" if len(data.official_val) else "no validation"
    elif settings.val_fraction > 0:
        val, is_drawn = f"{100 * settings.val_fraction:g} % of train{latest} for validation", is_drawn or not latest
    else:
        val = "no validation"
    if settings.folds is not None:
        fold = "each of" if settings.fold == "all" else f"fold {settings.fold} of"
        unused = "" if data.official_test is None else ", official test set unused"
        test = f"{fold} {settings.folds}{' folds' if settings.fold == 'all' else ''} for test{unused}"
    elif data.official_test is not None:
        test = "official test set" if len(data.official_test) else "the official test set is empty here"
    elif settings.test_fraction > 0:
        test, is_drawn = f"{100 * settings.test_fraction:g} % of all rows{latest} for test", is_drawn or not latest
    else:
        test = "no test set"
    clauses = [val, test]
    if settings.limit is not None:
        clauses.append(f"train limited to {settings.limit:,} rows")
    if is_drawn:
        clauses.append(f"{'' if data.task == 'regression' else 'stratified, '}split_seed {settings.split_seed}")
    return "; ".join(clauses)


def _strata(data: Data) -> Tensor:
    """[N] the class of each row, as 0, 1, ...; one class for all in regression."""
    if data.task == "regression":
        return torch.zeros(len(data.y), dtype=torch.int64)
    strata_N: Tensor = torch.unique(data.y, return_inverse=True)[1]
    return strata_N


def _cut_fold(rows: Tensor, strata_N: Tensor, settings: SplitSettings) -> tuple[Tensor, Tensor]:
    """The rows outside and inside one fold. Fold sizes differ by one row at most, in total and in each class."""
    folds, fold = settings.folds, settings.fold
    if folds is None:
        raise ConfigError(f"fold={fold} needs folds, the number of folds the rows are cut into")
    if not 2 <= folds <= len(rows):
        raise ConfigError(f"folds={folds}: give 2 to {len(rows)}, the number of rows to cut")
    if not isinstance(fold, int) or not 0 <= fold < folds:
        raise ConfigError(f"fold={'null' if fold is None else fold}: give 0 to {folds - 1}, as folds={folds}")
    ordered = _shuffled_by_class(rows, strata_N, generator(settings.split_seed, "folds"))
    inside = torch.arange(len(rows)) % folds == fold
    return ordered[~inside].sort().values, ordered[inside].sort().values


def _limited(rows: Tensor, strata_N: Tensor, limit: int | None, split_seed: int) -> Tensor:
    """``limit`` of the rows, drawn class by class; all of them for None."""
    if limit is None or limit == len(rows):
        return rows
    if limit > len(rows):
        raise ConfigError(f"dataset.limit={limit}: there are {len(rows)} train rows; give less, or null for all")
    return _drawn(rows, strata_N, limit, generator(split_seed, "limit"))[1]


def _drawn(rows: Tensor, strata_N: Tensor, num_drawn: int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """What remains of ``rows``, and ``num_drawn`` of them."""
    ordered = _shuffled_by_class(rows, strata_N, draw)
    classes = strata_N[ordered]
    counts_K = torch.bincount(classes)
    first_K = counts_K.cumsum(0) - counts_K  # where each class begins in ``ordered``
    drawn = torch.arange(len(rows)) - first_K[classes] < _apportion(counts_K, num_drawn)[classes]
    return ordered[~drawn].sort().values, ordered[drawn].sort().values


def _check_count(knob: str, fraction: float, count: int, num_rows: int) -> None:
    if fraction > 0 and count == 0:
        raise ConfigError(
            f"{knob}={fraction:g} of {num_rows} rows is less than one row: raise it (one row is {1 / num_rows:.2g}),"
            f" or set {knob}=0 to have no such split"
        )
    if count >= num_rows:
        raise ConfigError(f"{knob}={fraction:g} of {num_rows} rows leaves none for training: lower it")


def _apportion(counts_K: Tensor, num_drawn: int) -> Tensor:
    """[K] how many rows each class gives, ``num_drawn`` in all: in proportion, by largest remainder."""
    total = int(counts_K.sum())
    given_K = counts_K * num_drawn // total
    by_remainder = torch.argsort(counts_K * num_drawn % total, descending=True, stable=True)
    given_K[by_remainder[: num_drawn - int(given_K.sum())]] += 1
    return given_K


def _shuffled_by_class(rows: Tensor, strata_N: Tensor, draw: torch.Generator) -> Tensor:
    """``rows`` class after class, in random order within each."""
    shuffled = rows[torch.randperm(len(rows), generator=draw)]
    return shuffled[torch.argsort(strata_N[shuffled], stable=True)]
