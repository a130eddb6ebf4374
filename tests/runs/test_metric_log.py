"""metrics.jsonl: each row once, torn lines left out."""

from pathlib import Path

import pytest

from runner.errors import DataError, RunError
from runner.runs.metric_log import MetricLog, as_line, epoch_rows, last_epoch_row, read_rows


def test_a_row_keeps_every_digit(tmp_path: Path) -> None:
    log = MetricLog(tmp_path / "metrics.jsonl")
    log.write(50, 1, {"train/batch_loss": 0.1 + 0.2})
    log.close()
    assert read_rows(tmp_path / "metrics.jsonl") == [{"step": 50, "epoch": 1, "train/batch_loss": 0.30000000000000004}]


def test_values_that_json_does_not_know_are_null_and_named() -> None:
    line = as_line(1, 1, {"a": float("nan"), "b": float("inf"), "c": 2.0})
    assert line == '{"step": 1, "epoch": 1, "a": null, "b": null, "c": 2.0, "nonfinite": ["a", "b"]}\n'


def test_going_on_drops_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    log = MetricLog(path)
    log.write(1, 1, {"a": 1.0})
    kept = log.size
    log.write(2, 1, {"a": 2.0})
    log.close()
    again = MetricLog(path, kept)
    again.write(2, 1, {"a": 2.5})
    again.close()
    assert [row["a"] for row in read_rows(path)] == [1.0, 2.5]


def test_lost_rows_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step": 1}\n')
    with pytest.raises(DataError, match="12 bytes, the checkpoint was taken at 40: rows were lost"):
        MetricLog(tmp_path / "metrics.jsonl", 40)


def test_fault_24_a_torn_last_line_is_left_out_and_a_damaged_one_named(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\n{"step": 2}\n{"st')
    assert read_rows(path) == [{"step": 1}, {"step": 2}]
    path.write_bytes(b'{"step": 1}\n{"st\n{"step": 3}\n')
    with pytest.raises(DataError, match="line 2 is damaged"):
        read_rows(path)


def test_a_full_disk_is_said_with_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    log = MetricLog.__new__(MetricLog)
    log.path, log.file, log.size = Path("/dev/full"), open("/dev/full", "ab", buffering=0), 0  # noqa: SIM115  closed below
    with pytest.raises(RunError, match="/dev/full: not written: no space left on the device"):
        log.write(1, 1, {"a": 1.0})
    assert log.size == 0
    log.close()


def test_the_last_epoch_is_the_last_row_with_an_epochs_mean(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 10, "train/loss": 1.0}\n{"step": 15, "train/batch_loss": 2.0}\n')
    assert last_epoch_row(path)["step"] == 10


@pytest.mark.parametrize("line", ["3", "[1]", '{"step": 1.5}', '{"step": 1, "a": "b"}', '{"a": 1' + "0" * 400 + "}"])
def test_case_38_a_line_that_is_no_row_is_damaged(tmp_path: Path, line: str) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{{"step": 1, "epoch": 1}}\n{line}\n')
    with pytest.raises(DataError, match=r"metrics\.jsonl: line 2 is damaged: "):
        read_rows(path)


def test_case_38_of_rows_that_are_no_ends_of_epochs_only_the_ends_of_the_line_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, not looked at}\n' * 1000 + '{"step": 2, "epoch": 1, "train/loss": 1.0}\n{"st')
    assert [row["step"] for row in epoch_rows(path)] == [2]
    path.write_text('{"step": 1\n{"step": 2, "epoch": 1, "train/loss": 1.0}\n')
    with pytest.raises(DataError, match="line 1 is damaged"):
        list(epoch_rows(path))
