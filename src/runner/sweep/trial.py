"""One step of every distinct kind of job, before the first begins: a net that does not fit is known in seconds."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.errors import ConfigError, RunError
from runner.sweep.driver import LOOKED_AT_S, BackEnd, Handle, end_all, how_it_ended
from runner.sweep.local import Ended
from runner.sweep.plan import Job
from runner.text import counted

SHAPED_BY = ("options", "dataset", "model", "loss", "metric", "batch_size", "accumulate_steps", "repeat_batch", "folds")
MOST_FAULTS = 10


@dataclass(frozen=True)
class Needs:
    """Bytes that a job takes at most, as far as a first step shows; 0 where nobody looked."""

    memory: int = 0
    disk: int = 0


def kinds(jobs: Sequence[Job]) -> list[Job]:
    """A job of each kind: what they are built of differs, and not only rates, seeds and lengths."""
    found: dict[str, Job] = {}
    for job in jobs:
        config = job.plain()
        found.setdefault(json.dumps([config[name] for name in SHAPED_BY], sort_keys=True), job)
    return list(found.values())


def try_jobs(jobs: Sequence[Job], back_end: BackEnd, at_a_time: int) -> Needs:
    """Raises ConfigError with the fault of every kind of job that cannot be begun."""
    needs, faults = [Needs()], list[str]()
    with TemporaryDirectory() as folder:
        for job, ended in _ended(kinds(jobs), back_end, at_a_time, Path(folder)):
            if ended.exit_code == 0 and ended.answer is not None:
                needs.append(Needs(**ended.answer))
            elif ended.exit_code == 1 and ended.is_short_of_disk:
                raise RunError(ended.reason)
            else:
                faults.append(_fault(job, ended))
    if faults:
        num_more = len(faults) - MOST_FAULTS
        more = [f"{counted(num_more, 'more kind')} of job cannot be begun"] if num_more > 0 else []
        raise ConfigError([*dict.fromkeys(faults[:MOST_FAULTS]), *more])
    return Needs(max(each.memory for each in needs), max(each.disk for each in needs))


def _ended(jobs: Sequence[Job], back_end: BackEnd, at_a_time: int, folder: Path) -> list[tuple[Job, Ended]]:
    waiting, running, over = deque(jobs), list[tuple[Job, Handle]](), list[tuple[Job, Ended]]()
    try:
        while waiting or running:
            while waiting and len(running) < at_a_time:
                job = waiting.popleft()
                own = folder / str(job.number)
                own.mkdir()
                running.append((job, back_end.submit(job, own)))
            back_end.wait([handle for _, handle in running], LOOKED_AT_S)
            states = [(job, handle, back_end.state(handle)) for job, handle in running]
            running = [(job, handle) for job, handle, state in states if state is None]
            over += [(job, state) for job, _, state in states if state is not None]
    finally:
        end_all([handle for _, handle in running], back_end)  # they write where nobody looks soon
    return sorted(over, key=lambda pair: pair[0].number)


def _fault(job: Job, ended: Ended) -> str:
    how = ended.reason or how_it_ended(ended.exit_code)
    return f"{' '.join(job.words)}: the first step fails: {how}\n  without this check: sweep.check=false"
