"""``predict RUN --parity``: whether what ``predict`` answers has the scores that the run's summary holds."""

from __future__ import annotations

from math import isclose

import torch
from torch import Tensor

from runner.contracts import Batches
from runner.engine.fit import judge
from runner.engine.state import load_weights
from runner.errors import ConfigError, DataError, RunError
from runner.experiment.rebuild import Predictor, predictor_of, rebuild_to_read
from runner.experiment.scoring import checkpoint_to_judge
from runner.runs.checkpoint import Checkpoints
from runner.runs.saved_run import SavedRun
from runner.screen.console import RunConsole
from runner.screen.table import bare_table
from runner.text import counted, figure

SAME = 1e-5  # share of a score: another device, or other threads, add up in another order


def show_parity(stored: SavedRun) -> None:
    """Each score by the answers beside that of the summary. Raises RunError where two differ.

    The data set has to be there. Raises DataError where the summary holds no scores, ConfigError where it holds those
    of another checkpoint.
    """
    console = RunConsole()
    split = stored.results.get("judged_split", "")
    summary = {name: value for name, value in stored.metrics.items() if split and name.startswith(f"{split}/")}
    if not summary:
        raise DataError(f"{stored.path}: its summary has no scores of val or test rows to compare with")
    rebuilt, (net, _) = rebuild_to_read(stored, console.warn), predictor_of(stored, console.warn)
    judged = checkpoint_to_judge(Checkpoints(stored.directory.checkpoints, console.warn))
    if rebuilt.checkpoint != judged:
        raise ConfigError(f"checkpoint={rebuilt.checkpoint}: the summary holds the scores of {judged}.pt; leave it out")
    load_weights(rebuilt.saved, rebuilt.experiment.parts)
    logits_NK, y_N = answers(net, rebuilt.experiment.judged[split])
    scores = {f"{split}/{name}": value for name, value in judge(rebuilt.experiment.parts, logits_NK, y_N).items()}
    console.note(f"{judged}.pt, {counted(len(y_N), 'row')} of the {split} split")
    names = [name for name in summary if name in scores]
    lines = [(name, figure(scores[name]), figure(summary[name])) for name in names]
    console.show(bare_table(["", "by predict", "in the summary"], lines))
    differing = [name for name in names if not isclose(scores[name], summary[name], rel_tol=SAME, abs_tol=SAME)]
    if differing:
        raise RunError(f"predict: {', '.join(differing)}: differs from the summary; has the run's data or net changed?")
    console.note("the same")


@torch.no_grad()
def answers(net: Predictor, batches: Batches) -> tuple[Tensor, Tensor]:
    """(logits_NK, y_N) of raw rows, by the net that ``predict`` asks."""
    chunks = [
        (net.logits(x_B), y_B)
        for chunk in batches.chunks(epoch=0)
        for x_B, y_B in zip(torch.split(chunk.x, net.batch_size), torch.split(chunk.y, net.batch_size), strict=True)
    ]
    logits, y = zip(*chunks, strict=True)
    return torch.cat(logits), torch.cat(y)
