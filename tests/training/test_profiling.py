import json
from pathlib import Path

import torch

from runner.training.profiling import operation_lines, profiled


def test_the_operations_that_took_longest_come_first_and_the_rest_is_one_line() -> None:
    times = {f"op{i}": (2, 1000.0) for i in range(16)} | {"long": (10, 4000.0)}
    lines = operation_lines(times)
    assert lines[0].split() == ["operation", "calls", "time", "share"]
    assert lines[1].split() == ["long", "10", "4.0", "ms", "20.0%"]
    assert len(lines) == 1 + 15 + 1
    assert lines[-1].split() == ["2", "other", "operations", "4", "2.0", "ms", "10.0%"]


def test_what_ran_is_in_the_table_and_in_the_trace(tmp_path: Path) -> None:
    said: list[str] = []
    with profiled(tmp_path / "profile.pt.trace.json", said.extend):
        torch.ones(20, 20) @ torch.ones(20, 20)
    assert any(line.startswith("aten::mm ") for line in said)
    assert said[-1].endswith(str(tmp_path / "profile.pt.trace.json"))
    events = json.loads((tmp_path / "profile.pt.trace.json").read_text())["traceEvents"]
    assert any(event["name"] == "aten::mm" for event in events)
