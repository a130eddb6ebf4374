"""Commands give the figures of their golden files, which ``python scripts/compare_bits.py --write`` makes anew."""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import program

sys.path.append(str(program.REPOSITORY / "scripts"))
from compare_bits import REPORT, difference, facts, golden, measured, recipes


@pytest.mark.parametrize("name", recipes())
def test_a_command_gives_the_figures_of_its_golden_file(name: str, tmp_path: Path) -> None:
    words, rows = golden(name)
    if any(".dropout=" in word for word in words) and not torch.backends.mkl.is_available():
        pytest.skip("without MKL dropout draws other numbers")
    done = program.run(words, tmp_path / "said", before="be_a_reader", cwd=tmp_path)
    assert done.code == 0, done.err
    report = program.run(REPORT, tmp_path / "said", cwd=tmp_path).out
    wrong = differences(rows, measured(tmp_path / "outputs", report))
    assert not wrong, "\n".join(wrong)


def differences(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[str]:
    """What a person has to look at; figures may differ by 1e-5, as bits depend on the processor and on torch."""
    wrong = [] if len(expected) == len(found) else [f"{len(found)} rows, not {len(expected)}"]
    for number, (was, now) in enumerate(zip(expected, found, strict=False), 1):
        wrong += [f"row {number}: {key} is missing" for key in was if key not in now]
        wrong += [f"row {number}: {key} is extra" for key in now if key not in was]
        both = [key for key in was if key in now and not is_close(was[key], now[key])]
        wrong += [f"row {number}: {key} is {now[key]}, not {was[key]}" for key in both]
    return wrong


def is_close(was: Any, now: Any) -> bool:
    numbers = all(isinstance(value, int | float) for value in (was, now))
    return math.isclose(was, now, rel_tol=1e-5) if numbers else bool(was == now)


def test_a_changed_a_missing_and_an_extra_figure_are_named() -> None:
    row = {"run": "run", "step": 4, "train/loss": 2.0}
    assert differences([row], [row | {"train/loss": 2.00001}]) == []
    assert differences([row], [row | {"train/loss": 2.0001}]) == ["row 1: train/loss is 2.0001, not 2.0"]
    assert differences([row], [{"run": "run", "step": 4}]) == ["row 1: train/loss is missing"]
    assert differences([row], [row | {"lr": 0.1}]) == ["row 1: lr is extra"]
    assert differences([row, row], [row]) == ["1 rows, not 2"]
    assert differences([{"ranking": ["0", "1"]}], [{"ranking": ["1", "0"]}]) == [
        "row 1: ranking is ['1', '0'], not ['0', '1']"
    ]


def stored(folder: Path, weight: float = 1.0, seconds: float = 1.5, said: str = "5 epochs") -> dict[str, str]:
    """The facts of a folder that holds a run as the program leaves one, in small."""
    run = folder / "outputs" / "2026-01-02" / f"03-04-05-{folder.name}-net"
    (run / "checkpoints").mkdir(parents=True)
    (run / "metrics.jsonl").write_text('{"step": 1, "train/loss": 0.5}\n')
    (run / "summary.json").write_text(json.dumps({"seconds": seconds, "output_dir": str(folder)}, indent=2))
    torch.save({"model": {"0.weight": torch.tensor([weight])}}, run / "checkpoints" / "last.pt")
    (folder / "0-train.out").write_text(f"{said} after {seconds} s\n")
    return facts(folder, [])


def test_times_and_places_are_no_difference_but_the_last_bit_of_a_weight_is(tmp_path: Path) -> None:
    same, one = stored(tmp_path / "111111"), stored(tmp_path / "222222", seconds=2.5)
    assert difference(same, one) == ""
    other = stored(tmp_path / "333333", weight=1.0000001)
    assert re.search(r"last\.pt model\.0\.weight: torch\.float32 \[1\] .* -> ", difference(same, other))
    assert difference(same, stored(tmp_path / "444444", said="6 epochs")).startswith("0-train.out 1: 5 epochs")
    assert difference({"a": "1"}, {"a": "1", "b": "2"}) == "b: missing -> 2"
