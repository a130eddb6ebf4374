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
    official test set is then left unused). Of the train rows, ``limit`` are kept. Classes keep their shares in every
    split, to the row.

    Raises ConfigError naming the setting where a split would come out empty, DataError where there is no row.
    """
    if not len(data.y):
        raise DataError("the data set has no rows")
    strata_N = _strata(data)
    rest = _rows_outside(len(data.y), data.official_val, data.official_test)
    if not len(rest):
        raise DataError("the official validation and test sets take every row of the data set: none is left to train")
    if settings.folds is not None or settings.fold is not None:
        if data.in_time is not None:
            raise ConfigError("dataset.split=time excludes folds, which draw their rows; leave one of them out")
        rest, test = _cut_fold(rest, strata_N, settings)
    elif data.official_test is not None:
        test = data.official_test
    elif data.in_time is not None:
        rest, test = _latest(data.in_time, "test", settings.test_fraction)
    else:
        rest, test = _draw(rest, strata_N, "test", settings.test_fraction, settings.split_seed)
    if data.official_val is not None:
        train, val = rest, data.official_val
    elif data.in_time is not None:
        train, val = _latest(rest, "val", settings.val_fraction)
    else:
        train, val = _draw(rest, strata_N, "val", settings.val_fraction, settings.split_seed)
    if data.in_time is not None:
        train, val, test = (rows.sort().values for rows in (train, val, test))
    return Split(train=_limited(train, strata_N, settings.limit, settings.split_seed), val=val, test=test)


def evaluated(data: Data, split: Split, max_rows: int | None, split_seed: int) -> Split:
    """At most ``max_rows`` rows of each split, drawn class by class; all of them for None."""
    if max_rows is None:
        return split
    strata_N = _strata(data)

    def few(rows: Tensor) -> Tensor:
        return _limited(rows, strata_N, min(max_rows, len(rows)), split_seed)

    return Split(train=few(split.train), val=few(split.val), test=few(split.test))


def describe(data: Data, settings: SplitSettings) -> str:
    """The split in a line: "10 % of train for validation; official test set; stratified, split_seed 0"."""
    is_drawn = data.in_time is None
    val_drawn = is_drawn and data.official_val is None and settings.val_fraction > 0
    test_drawn = settings.folds is not None or (is_drawn and data.official_test is None and settings.test_fraction > 0)
    clauses = [_describe_val(data, settings), _describe_test(data, settings)]
    if settings.limit is not None:
        clauses.append(f"train limited to {settings.limit:,} rows")
    if val_drawn or test_drawn or settings.limit is not None:
        stratified = "" if data.task == "regression" else "stratified, "
        clauses.append(f"{stratified}split_seed {settings.split_seed}")
    return "; ".join(clauses)


def _describe_val(data: Data, settings: SplitSettings) -> str:
    if data.official_val is not None:
        return "official validation set" if len(data.official_val) else "no validation"
    fraction = settings.val_fraction
    latest = ", the latest," if data.in_time is not None else ""
    return f"{100 * fraction:g} % of train{latest} for validation" if fraction > 0 else "no validation"


def _describe_test(data: Data, settings: SplitSettings) -> str:
    if settings.folds is not None:
        which = (
            f"each of {settings.folds} folds" if settings.fold == "all" else f"fold {settings.fold} of {settings.folds}"
        )
        return f"{which} for test" + (", official test set unused" if data.official_test is not None else "")
    if data.official_test is not None:
        return "official test set" if len(data.official_test) else "the official test set is empty here"
    fraction = settings.test_fraction
    latest = ", the latest," if data.in_time is not None else ""
    return f"{100 * fraction:g} % of all rows{latest} for test" if fraction > 0 else "no test set"


def _strata(data: Data) -> Tensor:
    """[N] the class of each row, as 0, 1, ...; one class for all in regression."""
    if data.task == "regression":
        return torch.zeros(len(data.y), dtype=torch.int64)
    strata_N: Tensor = torch.unique(data.y, return_inverse=True)[1]
    return strata_N


def _rows_outside(num_rows: int, *official: Tensor | None) -> Tensor:
    free_N = torch.ones(num_rows, dtype=torch.bool)
    for rows in official:
        if rows is not None:
            free_N[rows] = False
    return free_N.nonzero().flatten()


def _cut_fold(rows: Tensor, strata_N: Tensor, settings: SplitSettings) -> tuple[Tensor, Tensor]:
    """The rows outside and inside one fold. Fold sizes differ by one row at most, in total and in each class."""
    folds, fold = _check_folds(settings, len(rows))
    ordered = _shuffled_by_class(rows, strata_N, generator(settings.split_seed, "folds"))
    inside = torch.arange(len(rows)) % folds == fold
    return ordered[~inside].sort().values, ordered[inside].sort().values


def _check_folds(settings: SplitSettings, num_rows: int) -> tuple[int, int]:
    folds, fold = settings.folds, settings.fold
    if folds is None:
        raise ConfigError(f"fold={fold} needs folds, the number of folds the rows are cut into")
    if not 2 <= folds <= num_rows:
        raise ConfigError(f"folds={folds}: give 2 to {num_rows}, the number of rows to cut")
    if not isinstance(fold, int) or not 0 <= fold < folds:
        raise ConfigError(f"fold={'null' if fold is None else fold}: give 0 to {folds - 1}, as folds={folds}")
    return folds, fold


def _draw(rows: Tensor, strata_N: Tensor, name: str, fraction: float, split_seed: int) -> tuple[Tensor, Tensor]:
    """What remains of ``rows``, and the ``fraction`` of them drawn for the split ``name``."""
    num_drawn = int(fraction * len(rows) + 0.5)
    _check_draw(f"{name}_fraction", fraction, num_drawn, len(rows))
    return _drawn(rows, strata_N, num_drawn, generator(split_seed, name))


def _latest(rows: Tensor, name: str, fraction: float) -> tuple[Tensor, Tensor]:
    """What remains of ``rows``, which stand from the earliest to the latest, and the latest ``fraction`` of them."""
    num_latest = int(fraction * len(rows) + 0.5)
    _check_draw(f"{name}_fraction", fraction, num_latest, len(rows))
    return rows[: len(rows) - num_latest], rows[len(rows) - num_latest :]


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


def _check_draw(knob: str, fraction: float, num_drawn: int, num_rows: int) -> None:
    if fraction > 0 and num_drawn == 0:
        raise ConfigError(
            f"{knob}={fraction:g} of {num_rows} rows is no whole row: raise it (one row is {1 / num_rows:.2g}),"
            f" or set {knob}=0 to do without that split"
        )
    if num_drawn >= num_rows:
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
