"""Run directories as ``train`` leaves them, made by hand: a summary.json, and no network trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CONFIG = {
    "options": {"dataset": "iris", "model": "mlp", "loss": "cross_entropy", "optimizer": "adam", "scheduler": "none"}
    | {"metric": ["accuracy"]},
    "dataset": {"_target_": "runner.data.iris.Iris", "transforms": ["normalise"]},
    "model": {"_target_": "runner.models.mlp.Mlp", "hidden": [512, 512], "activation": "ReLU"},
    "loss": {"_target_": "torch.nn.CrossEntropyLoss"},
    "optimizer": {"_target_": "torch.optim.Adam", "lr": 0.001},
    "scheduler": {"_target_": None},
    "metric": {"accuracy": {"_target_": "torchmetrics.Accuracy"}},
    "name": "iris-mlp-adam",
    "seed": 0,
    "folds": None,
    "fold": None,
    "epochs": 10,
    "monitor": "val/loss",
    "data_dir": "/data",
    "output_dir": "/outputs",
    "trusted": [],
}


def make_run(folder: Path, loss: float = 0.5, status: str = "finished", **changes: Any) -> Path:
    """A run of ``folder`` whose best val/loss was ``loss``; ``changes`` are of its config, model__hidden=[8]."""
    config = json.loads(json.dumps(CONFIG))
    for name, value in changes.items():
        group, _, key = name.partition("__")
        if key:
            config[group][key] = value
        else:
            config[group] = value
    summary = {"format": 1, "status": status, "started": f"2026-01-01T00:00:00.{len(folder.name):06}", "seconds": 1.5}
    best = {"step": 4, "epoch": 2, "val/loss": loss, "test/accuracy": 1 - loss} if status == "finished" else {}
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps(summary | {"config": config, "best": best, "monitor": "val/loss"}))
    return folder


def make_sweep(folder: Path, jobs: Sequence[str], started: str = "2026-01-02T00:00:00.000000") -> Path:
    """The folder of a sweep as it begins, before the first of its ``jobs``, which are the names of their folders."""
    folder.mkdir(parents=True)
    head = {"format": 1, "name": folder.name, "started": started, "monitor": "val/loss", "higher_is_better": False}
    (folder / "sweep.json").write_text(json.dumps(head))
    facts = [{"job": number, "folder": name, "config": {}} for number, name in enumerate(jobs)]
    (folder / "journal.jsonl").write_text("".join(f"{json.dumps(fact)}\n" for fact in facts))
    return folder


def make_jobs(folder: Path, *jobs: tuple[str, float | None, str]) -> Path:
    """A sweep whose jobs have (words, best val/loss, status), numbered from 1; without a loss, none is measured."""
    folder.mkdir(parents=True)
    head = {"format": 1, "name": folder.name, "started": "2026-01-02T00:00:00.000000", "monitor": "val/loss"}
    (folder / "sweep.json").write_text(json.dumps(head))
    facts: list[dict[str, Any]] = []
    for number, (words, loss, status) in enumerate(jobs, start=1):
        name = f"{number:04}-job"
        facts.append({"job": number, "words": words.split(), "folder": name, "config": {}})
        if status != "waiting":
            facts.append({"ended": number, "how": status, "reason": ""})
            make_run(folder / name, status=status, **settings_of(words))
            write_best(folder / name, loss)
    (folder / "journal.jsonl").write_text("".join(f"{json.dumps(fact)}\n" for fact in facts))
    return folder


def settings_of(words: str) -> dict[str, Any]:
    """As ``make_run`` takes them; an option of a group stays as it is."""
    given = dict(word.split("=", 1) for word in words.split())
    return {
        name.replace(".", "__"): json.loads(value) for name, value in given.items() if name not in CONFIG["options"]
    }


def write_best(run: Path, loss: float | None) -> None:
    summary = json.loads((run / "summary.json").read_text())
    best = {} if loss is None else {"step": 4, "epoch": 2, "val/loss": loss, "test/accuracy": 0.5}
    (run / "summary.json").write_text(json.dumps(summary | {"best": best}))
