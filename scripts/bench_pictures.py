"""How long the pictures of a sweep take, and how large its page is.

    python scripts/bench_pictures.py [--jobs 200 1000]

Prints a Markdown table: processor seconds without imports. The jobs are written by hand, none is trained.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import optuna

from runner.cli.sweep_page import write_page
from runner.figures.style import style
from runner.figures.sweep import PICTURES, draw_sweep
from runner.figures.sweep_view import SweepView
from runner.runs.candidates import read_candidates
from runner.runs.directory import results_digest
from runner.runs.files import write_json
from runner.runs.ranking import read_runs
from runner.runs.saved_sweep import SavedSweep

EPOCHS = 20
PARTS = {"dataset": "iris", "model": "mlp", "loss": "cross_entropy", "optimizer": "adam", "scheduler": "none"}


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--jobs", type=int, nargs="+", default=[200, 1000])
    print("| jobs | `view` as PNG | as SVG | `report --html` | the page |\n| ---: | ---: | ---: | ---: | ---: |")
    _ = optuna.importance.FanovaImportanceEvaluator  # is imported when it is first asked for
    for count in wanted.parse_args().jobs:
        with tempfile.TemporaryDirectory() as scratch:
            print(row(Path(scratch), count), flush=True)


def row(scratch: Path, count: int) -> str:
    folder, page = scratch / "sweep", scratch / "page.html"
    write_sweep(folder, count)
    view(folder, "png")  # matplotlib reads its fonts once
    png, svg = (seconds(partial(view, folder, form)) for form in ("png", "svg"))
    with redirect_stdout(StringIO()):
        html = seconds(lambda: write_page(SavedSweep(folder), read_runs([folder])[0], page))
    size = page.stat().st_size / 1000
    return f"| {count:,} | {png:.1f} s | {svg:.1f} s | {html:.1f} s | {size:,.0f} kB |"


def view(folder: Path, form: str) -> None:
    """As ``view SWEEP``, from the files of its jobs to those of the picture."""
    with style():
        draw_sweep(SweepView(folder.name, read_candidates(SavedSweep(folder))), [*PICTURES]).content(form)


def seconds(do: Callable[[], Any]) -> float:
    began = time.process_time()
    do()
    return time.process_time() - began


def write_sweep(folder: Path, count: int) -> None:
    """As a search leaves it: six settings of ``count`` jobs, the loss best at lr 0.01."""
    draw, facts = random.Random(0), []
    folder.mkdir()
    for number in range(1, count + 1):
        lr, model = 10 ** draw.uniform(-4, 0), draw.choice(["mlp", "linear"])
        settings = {"model": model, "optimizer.lr": lr, "optimizer.weight_decay": 10 ** draw.uniform(-6, -2)}
        settings |= {"batch_size": draw.randrange(16, 257, 16), "model.dropout": draw.random(), "epochs": EPOCHS}
        settings |= {"grad_clip_norm": draw.choice([0.5, 1.0, 5.0])}
        loss = 0.05 + 0.15 * (math.log10(lr) + 2) ** 2 + 0.1 * (model == "linear") + abs(draw.gauss(0, 0.03))
        name = f"{number:04}-job"
        words = [f"{key}={value}" for key, value in settings.items()]
        facts.append({"job": number, "words": words, "folder": name, "config": {}})
        write_run(folder / name, settings, loss)
    (folder / "journal.jsonl").write_text("".join(f"{json.dumps(fact)}\n" for fact in facts))
    write_json(folder / "sweep.json", {"format": 1, "name": "sweep", "monitor": "val/loss", "config_dir": None})


def write_run(folder: Path, settings: dict[str, Any], loss: float) -> None:
    config: dict[str, Any] = {"options": {**PARTS, "model": settings["model"], "metric": ["accuracy"]}, "seed": 0}
    config |= {part: {"_target_": None} for part in PARTS} | {"metric": {"accuracy": {"_target_": None}}, "name": "job"}
    for name, value in settings.items():
        group, _, knob = name.partition(".")
        if knob:
            config[group][knob] = value
        elif group not in PARTS:
            config[group] = value
    summary = {"format": 1, "status": "finished", "started": "2026-01-01T00:00:00", "seconds": 1.0}
    best = {"step": EPOCHS, "epoch": EPOCHS, "val/loss": loss, "test/loss": 1.1 * loss, "test/accuracy": 1 - loss / 9}
    summary |= {"config": config | {"monitor": "val/loss"}, "best": best}
    folder.mkdir()
    write_json(folder / "summary.json", {**summary, "digest": results_digest(summary)})
    rows = [
        {"step": epoch, "epoch": epoch, "train/loss": loss, "val/loss": loss * (1 + math.exp(-epoch / 5))}
        for epoch in range(1, EPOCHS + 1)
    ]
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


if __name__ == "__main__":
    main()
