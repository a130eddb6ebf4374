"""A run written by ``code``, run as a script and held against the run itself."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
import torch

import program
from runner.cli import main
from runner.runs.metric_log import read_rows


def written(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main.main(["code", *words, "device=cpu"]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def losses(script: str) -> tuple[list[list[float]], list[float]]:
    """(train, val) of each epoch and the numbers of the test, by running the script in a namespace of its own."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), torch.random.fork_rng():
        exec(compile(script.replace(":.6f}", "!r}"), "script", "exec"), {"__name__": "__main__"})
    lines = [
        [float(number) for number in re.findall(r"[\d.]+(?:e-?\d+)?", line)] for line in told.getvalue().splitlines()
    ]
    epochs = [
        line[1:3] for line, text in zip(lines, told.getvalue().splitlines(), strict=True) if text.startswith("epoch")
    ]
    return epochs, lines[-1] if told.getvalue().splitlines()[-1].startswith("test") else []


def counted(script: str) -> int:
    """The lines with anything in them."""
    return len([line for line in script.splitlines() if line.strip()])


def trained(words: list[str], folder: Path) -> Path:
    done = program.run(["train", *words, "device=cpu", "tensorboard=off", f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return program.only_run(folder)


def check(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    script = written(words, capsys)
    epochs, test = losses(script)
    run = trained(words, folder)
    rows = [row for row in read_rows(run / "metrics.jsonl") if "train/loss" in row]
    expected = [[row[name] for name in ("train/loss", "val/loss") if name in row] for row in rows]
    assert len(epochs) == len(expected)
    for found, known in zip(epochs, expected, strict=True):
        assert found[: len(known)] == pytest.approx(known, abs=1e-6, rel=1e-6)
    best = program.json.loads((run / "summary.json").read_text())["best"]
    if "test/loss" in best:
        assert test[0] == pytest.approx(best["test/loss"], abs=1e-6, rel=1e-6)
    return script
