"""How long a command takes to start: seconds by the wall clock, medians of several rounds.

    python scripts/bench_start.py [ROUNDS]

A training run of one epoch is held against the imports it cannot do without, and the answer to a layer that the rows
do not suit against torch's alone, the two taking turns so that both meet the same machine; what needs no torch has to
answer before a person feels a wait.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median
from tempfile import TemporaryDirectory

LIBRARIES = ("-c", "import torch, torchmetrics, torchvision")
TRAIN = ("-m", "runner", "train", "epochs=1")
MOST_TIMES_THE_LIBRARIES = 1.25
TORCH = ("-c", "import torch")
UNFIT = ("-m", "runner", "show", "model=sequential", "model.layers=[{Conv2d: {out_channels: 8, kernel_size: 9}}]")
MOST_SECONDS_MORE = 0.5
ANSWERS = {  # command -> exit code
    ("-m", "runner", "--help"): 0,
    ("-m", "runner", "train", "--help"): 0,
    ("-m", "runner", "show"): 0,
    ("-m", "runner", "show", "optimizer=adam"): 0,
    ("-m", "runner", "train", "optimizer.lrr=0.1"): 2,
}
MOST_SECONDS = 0.8


def main(rounds: int) -> int:
    """Prints every figure beside its limit; 1 where one is over it."""
    with TemporaryDirectory() as folder:
        os.environ["RUNNER_OUTPUTS"] = folder
        pairs = [(seconds(LIBRARIES), seconds(TRAIN)) for _ in range(rounds + 1)][1:]  # the first fills the disk cache
        libraries, train = (median(column) for column in zip(*pairs, strict=True))
        more = median(seconds(UNFIT, 2) - seconds(TORCH) for _ in range(rounds))
        answers = {words: median(seconds(words, code) for _ in range(rounds)) for words, code in ANSWERS.items()}
    print(f"{libraries:6.2f} s  {shown(LIBRARIES)}")
    print(f"{train:6.2f} s  {shown(TRAIN)}: {train / libraries:.2f} x (limit {MOST_TIMES_THE_LIBRARIES} x)")
    print(f"{more:+6.2f} s  {shown(UNFIT)}: after {shown(TORCH)} (limit {MOST_SECONDS_MORE} s)")
    for words, taken in answers.items():
        print(f"{taken:6.2f} s  {shown(words)} (limit {MOST_SECONDS} s)")
    is_slow = train > MOST_TIMES_THE_LIBRARIES * libraries or more > MOST_SECONDS_MORE
    return int(is_slow or max(answers.values()) > MOST_SECONDS)


def seconds(words: tuple[str, ...], exit_code: int = 0) -> float:
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    taken = time.perf_counter() - begun
    if done.returncode != exit_code:
        raise SystemExit(f"{shown(words)}: exit code {done.returncode}, expected {exit_code}\n{done.stderr}")
    return taken


def shown(words: tuple[str, ...]) -> str:
    return " ".join(["python", *(f'"{word}"' if " " in word else word for word in words)])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
