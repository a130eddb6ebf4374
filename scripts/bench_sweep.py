"""How long a sweep takes: jobs side by side against one after another and against Hydra's own launcher.

    python scripts/bench_sweep.py [--rounds 3] [--jobs 200]

Prints a Markdown table: medians over alternating rounds; from a job's start to its first step; memory of the driver.
Needs MNIST in RUNNER_DATA.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

NUM_JOBS = 16
WORDS = ["experiment=mnist_dnn_sigmoid", "epochs=10", "threads=1", "tensorboard=off"]
TINY = ["dataset=iris", "model=linear", "epochs=1", "log_every_steps=1", "threads=1", "tensorboard=off", "sweep.jobs=1"]
LOOKED_AT_S = 0.002
HYDRA = """
import sys
import hydra
import runner
from omegaconf import DictConfig, OmegaConf

@hydra.main(version_base="1.3", config_path=None)
def train(config: DictConfig) -> None:
    runner.run([f"{key}={value}" for key, value in OmegaConf.to_container(config).items()])

train()
"""


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--rounds", type=int, default=3)
    wanted.add_argument("--jobs", type=int, default=200)
    found = wanted.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        times: dict[str, list[float]] = {"side by side": [], "sweep.jobs=1": [], "Hydra's basic launcher": []}
        for number in range(found.rounds):
            seeds = f"seed=range(0,{NUM_JOBS})"
            for jobs, name in (("auto", "side by side"), (1, "sweep.jobs=1")):
                folder = Path(scratch, f"{number}-{jobs}")
                times[name].append(timed(runner("-m", *WORDS, seeds, f"sweep.jobs={jobs}", f"sweep.dir={folder}")))
            times["Hydra's basic launcher"].append(timed(by_hydra(Path(scratch), number)))
            print({name: round(each[-1], 1) for name, each in times.items()}, file=sys.stderr)
        if found.rounds:
            print_times({name: median(each) for name, each in times.items()})
        print_starts(*starts(Path(scratch, "tiny"), found.jobs))


def runner(*words: str) -> list[str]:
    return [sys.executable, "-m", "runner", "train", *words]


def by_hydra(scratch: Path, number: int) -> list[str]:
    (scratch / "by_hydra.py").write_text(HYDRA)
    words = [f"+{word}" for word in [*WORDS, f"seed=range(0,{NUM_JOBS})", f"output_dir={scratch / f'{number}-hydra'}"]]
    return [sys.executable, str(scratch / "by_hydra.py"), "-m", *words, f"hydra.sweep.dir={scratch / f'{number}-m'}"]


def timed(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def print_times(medians: dict[str, float]) -> None:
    ours = medians.get("side by side", 0.0)
    print(f"| {NUM_JOBS} jobs of {' '.join(WORDS)} | seconds | side by side takes |")
    print("| --- | ---: | ---: |")
    for name, seconds in medians.items():
        print(f"| {name} | {seconds:.1f} | {ours / seconds:.2f} x |")


def starts(folder: Path, num_jobs: int) -> tuple[list[float], list[int]]:
    """(seconds from each job's folder to its first row, kB of the driver when it was seen)."""
    words = [*TINY, f"seed=range(0,{num_jobs})", f"sweep.dir={folder}"]
    driver = subprocess.Popen(runner("-m", *words), stdout=subprocess.DEVNULL)
    begun, waited, memory = dict[str, float](), list[float](), list[int]()
    while driver.poll() is None and len(waited) < num_jobs:
        job = next(iter(folder.glob(f"{len(waited) + 1:04}*")), None)
        if job is not None:
            begun.setdefault(job.name, time.perf_counter())
            rows = job / "metrics.jsonl"
            if rows.exists() and rows.stat().st_size:
                waited.append(time.perf_counter() - begun[job.name])
                memory.append(resident_kb(driver.pid))
        time.sleep(LOOKED_AT_S)
    driver.wait()
    return waited, memory


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def print_starts(waited: Sequence[float], memory: Sequence[int]) -> None:
    print(f"\n| {len(waited)} tiny jobs, one at a time | |\n| --- | ---: |")
    print(f"| from a job's start to its first step, median of all but the first | {median(waited[1:]):.2f} s |")
    first, last = median(waited[5:15]), median(waited[-10:])
    print(f"| jobs 5 to 15; the last ten | {first:.3f} s; {last:.3f} s, {last / first:.2f} x |")
    print(f"| memory of the driver, a job more | {(memory[-1] - memory[9]) / (len(memory) - 10):.1f} kB |")


if __name__ == "__main__":
    main()
