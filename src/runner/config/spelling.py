"""What a person most likely meant by a word that is no name here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from runner.text import visible

# Names of other tools and papers for what is called otherwise here; everything else is left to difflib.
OTHER_NAMES: Mapping[str, str] = {
    "arch": "model",
    "batch": "batch_size",
    "bs": "batch_size",
    "criterion": "loss",
    "data": "dataset",
    "download": "fetch",
    "exp": "experiment",
    "fit": "train",
    "gpu": "device",
    "gradient_clip_val": "grad_clip_norm",
    "learning_rate": "lr",
    "learning_rate_scheduler": "scheduler",
    "list": "report",
    "ls": "report",
    "lr_scheduler": "scheduler",
    "net": "model",
    "network": "model",
    "opt": "optimizer",
    "plot": "view",
    "patience": "early_stopping.patience_epochs",
    "run": "train",
    "test": "eval",
    "val_split": "val_fraction",
    "wd": "weight_decay",
    "workers": "num_workers",
}


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that ``word`` most likely stands for: same but for case and _, another tool's name, or a slip."""
    known = list(names)
    plain = {bare(name): name for name in known}
    other = OTHER_NAMES.get(word.lower())
    if other in known:
        return other
    if bare(word) in plain:
        return plain[bare(word)]
    begun = [name for name in known if len(bare(word)) > 2 and bare(name).startswith(bare(word))]
    if len(begun) == 1:
        return begun[0]
    close = difflib.get_close_matches(bare(word), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def bare(word: str) -> str:
    """The letters and digits of a word, without the endings by which classes say their kind: StepLR -> steplr."""
    letters = re.sub(r"[\W_]+", "", word).lower()
    return letters.removesuffix("loss") or letters


def listed(names: Iterable[str]) -> str:
    """The names in one line: a, b, c."""
    return ", ".join(map(visible, names))
