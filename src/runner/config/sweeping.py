"""The settings of ``train -m``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from runner.config.facts import facts
from runner.config.part_types import Count, NotNegativeInt, Positive, Word
from runner.config.types import Matching


@dataclass(frozen=True)
class Sweeping:
    """How the jobs of ``train -m`` are chosen and run; nothing of it is stored with a run."""

    jobs: Count | Literal["auto"] = field(default="auto", metadata=facts(changes="on resume of a sweep", in_help=True))
    jobs_per_gpu: Count = field(default=1, metadata=facts(changes="on resume of a sweep"))
    dir: Word | None = None
    zip: list[Word] = field(default_factory=list)
    skip: Word | None = None
    check: bool = True
    max_jobs: Count = 1000
    keep: Annotated[str, Matching(r"all|best:[1-9]\d*", "like all or best:5")] = field(
        default="all", metadata=facts(changes="on resume of a sweep")
    )
    job_timeout_s: Positive | None = field(default=None, metadata=facts(changes="on resume of a sweep"))
    retries: NotNegativeInt = field(default=0, metadata=facts(changes="on resume of a sweep"))


NO_SWEEP = vars(Sweeping())
