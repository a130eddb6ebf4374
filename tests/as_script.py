"""A run written by ``code``, run as a script and held against the run itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import program
from runner.cli import main
from runner.runs.metric_log import read_rows


def written(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main.main(["code", *words, "device=cpu"]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def losses(script: str, folder: Path) -> tuple[list[list[float]], list[float]]:
    """(train, val) of each epoch and the numbers of the test, by running the script in a process of its own."""
    folder.mkdir(exist_ok=True)
    path = folder / "script.py"
    path.write_text(script.replace(":.6f}", "!r}"))
    done = program.run_script(path, folder / "script")
    assert done.code == 0, done.err
    told = done.out.splitlines()
    lines = [[float(number) for number in re.findall(r"[\d.]+(?:e-?\d+)?", line)] for line in told]
    epochs = [line[1:3] for line, text in zip(lines, told, strict=True) if text.startswith("epoch")]
    return epochs, lines[-1] if told[-1].startswith("test") else []


def page(script: str) -> str:
    """The script without the comment above it."""
    return "".join(line for line in script.splitlines(keepends=True) if not line.startswith("#"))


def counted(script: str) -> int:
    """The lines with anything in them."""
    return len([line for line in script.splitlines() if line.strip()])


def trained(words: list[str], folder: Path) -> Path:
    done = program.run(["train", *words, "device=cpu", "tensorboard=off", f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return program.only_run(folder)


def check(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    script = written(words, capsys)
    epochs, test = losses(script, folder)
    run = trained(words, folder)
    trust = [word for word in words if word.startswith("trusted=")]
    assert page(script) == page(written([str(run), *trust], capsys))
    rows = [row for row in read_rows(run / "metrics.jsonl") if "train/loss" in row]
    expected = [[row[name] for name in ("train/loss", "val/loss") if name in row] for row in rows]
    assert len(epochs) == len(expected)
    for found, known in zip(epochs, expected, strict=True):
        assert found[: len(known)] == pytest.approx(known, abs=1e-6, rel=1e-6)
    best = program.json.loads((run / "summary.json").read_text())["best"]
    if "test/loss" in best:
        assert test[0] == pytest.approx(best["test/loss"], abs=1e-6, rel=1e-6)
    return script
