"""Under which names TensorBoard shows what was measured."""

from __future__ import annotations

from collections.abc import Mapping

from runner.contracts import OF_BATCHES, SPLITS

COLUMNS_OF_HPARAMS = 5  # without a click, by name


def judges(name: str) -> bool:
    """Whether a measurement says how good the net is, and not how it is trained, as ``lr`` and ``grad_norm`` do."""
    return name.partition("/")[0] in SPLITS and not name.startswith(OF_BATCHES)


def tag(name: str) -> str:
    """Where TensorBoard files a curve.

    It opens on the first groups by name, and HParams on the first five curves: those are to be of ``best``, ``train``
    and ``val``, so that every other name comes after them.
    """
    return name if judges(name) else f"while_training/{name.removeprefix('train/')}"


def best_scores(best: Mapping[str, float], monitor: str) -> dict[str, float]:
    """``best/val/loss``: the scores of the best checkpoint; the final ones are the last points of the curves.

    As many as HParams has columns for, or it would show others: the monitor, the same of other rows, then what else was
    measured, of rows trained on at last.
    """
    names = [name for name in best if judges(name) and name != monitor]
    own = monitor.rpartition("/")[2]
    names.sort(key=lambda name: (name.startswith("train/"), name.rpartition("/")[2] != own))
    shown = [name for name in (monitor, *names) if name in best][:COLUMNS_OF_HPARAMS]
    return {f"best/{name}": best[name] for name in shown}
