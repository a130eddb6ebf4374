"""Event files: read back by TensorBoard's own reader, and shown by a real TensorBoard."""

import json
import math
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

from runner.tensorboard.writer import TensorBoard, histogram_value, pr_counts


def never(message):
    raise AssertionError(f"unexpected warning: {message}")


def points(run_dir, tag):
    reader = EventAccumulator(str(run_dir)).Reload()
    return [(point.step, round(point.value, 6)) for point in reader.Scalars(tag)]


def event_files(run_dir):
    return sorted(path.name for path in Path(run_dir).iterdir())


def test_all_values_of_a_step_come_back(tmp_path):
    board = TensorBoard(tmp_path, never)
    board.write(50, {"train/loss": 0.5, "lr": 0.001}, wall_time=1000.0)
    board.write(100, {"train/loss": 0.25})
    board.close()
    assert points(tmp_path, "train/loss") == [(50, 0.5), (100, 0.25)]
    assert points(tmp_path, "lr") == [(50, 0.001)]
    assert EventAccumulator(str(tmp_path)).Reload().Scalars("lr")[0].wall_time == 1000.0


def test_nan_and_infinity_are_kept(tmp_path):
    board = TensorBoard(tmp_path, never)
    board.write(1, {"val/loss": math.nan, "grad_norm": math.inf})
    board.close()
    assert math.isnan(points(tmp_path, "val/loss")[0][1])
    assert points(tmp_path, "grad_norm") == [(1, math.inf)]


def test_a_row_is_one_event(tmp_path):
    board = TensorBoard(tmp_path, never)
    board.write(1, {f"val/metric{index}": 0.5 for index in range(6)})
    board.close()
    events = list(RawEventFileLoader(str(tmp_path / event_files(tmp_path)[0])).Load())
    assert len(events) == 2  # the head of the file and the row


def test_flushed_points_survive_a_kill(tmp_path):
    program = (
        "import os, pathlib, signal, sys\n"
        "from runner.tensorboard.writer import TensorBoard\n"
        "board = TensorBoard(pathlib.Path(sys.argv[1]), print)\n"
        "board.write(1, {'train/loss': 0.5}); board.flush(); board.write(2, {'train/loss': 0.4})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], timeout=60)
    assert ended.returncode == -9
    assert points(tmp_path, "train/loss")[0] == (1, 0.5)


def test_a_long_epoch_is_flushed_by_time(tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    board = TensorBoard(tmp_path, never)
    board.write(1, {"train/loss": 0.5})
    now[0] += 11
    board.write(2, {"train/loss": 0.4})
    assert points(tmp_path, "train/loss") == [(1, 0.5), (2, 0.4)]
    board.close()


def test_a_resumed_run_shows_each_step_once(tmp_path):
    """Fault 23: steps 50 to 79 are logged twice."""
    first = TensorBoard(tmp_path, never)
    for step in range(80):
        first.write(step, {"train/loss": 1.0})
    first.flush()  # and killed: never closed
    second = TensorBoard(tmp_path, never, purge_step=50)
    for step in range(50, 100):
        second.write(step, {"train/loss": 2.0})
    second.close()
    first.close()
    assert points(tmp_path, "train/loss") == [(s, 1.0) for s in range(50)] + [(s, 2.0) for s in range(50, 100)]


def test_a_new_event_file_sorts_last_within_a_second_and_with_the_clock_set_back(tmp_path, monkeypatch):
    for second in (5000, 5000, 4000):
        monkeypatch.setattr(time, "time", lambda now=second: float(now))
        TensorBoard(tmp_path, never).close()
    assert [name.split(".")[3] for name in event_files(tmp_path)] == ["0000005000", "0000005001", "0000005002"]


def test_a_damaged_event_file_does_not_hide_the_next_one(tmp_path):
    """Fault 22: the reader keeps what comes before the tear."""
    first = TensorBoard(tmp_path, never)
    for step in range(10):
        first.write(step, {"train/loss": 1.0})
    first.close()
    torn = tmp_path / event_files(tmp_path)[0]
    os.truncate(torn, torn.stat().st_size - 7)
    second = TensorBoard(tmp_path, never, purge_step=10)
    second.write(10, {"train/loss": 2.0})
    second.close()
    assert points(tmp_path, "train/loss") == [(s, 1.0) for s in range(9)] + [(10, 2.0)]


def test_text_is_shown_as_a_code_block(tmp_path):
    board = TensorBoard(tmp_path, never)
    board.text("config", "model: cnn\nname: 실험\n")
    board.close()
    tensor = EventAccumulator(str(tmp_path)).Reload().Tensors("config")[0].tensor_proto
    assert tensor.string_val[0].decode() == "~~~~\nmodel: cnn\nname: 실험\n~~~~\n"


@pytest.fixture
def small_files():
    """No file may grow beyond 64 KB, as on a full disk (fault 16)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_cannot_grow_is_warned_about_once_and_training_goes_on(tmp_path, small_files):
    warnings = []
    board = TensorBoard(tmp_path, warnings.append)
    for step in range(2000):
        board.write(step, {"train/loss": 0.5})
    board.flush()
    board.text("config", "more")
    board.hparams("lr=0.1", {"lr": 0.1}, {"best/val/loss": 0.5})
    board.close()
    assert board.degraded
    assert len(warnings) == 1
    assert "File too large; no more points for TensorBoard, training goes on" in warnings[0]
    assert str(tmp_path) in warnings[0]
    assert len(points(tmp_path, "train/loss")) > 500


def test_a_full_disk_is_warned_about_once_and_training_goes_on(tmp_path):
    """Fault 17, on a file system of 64 KB."""
    program = (
        "import pathlib, sys\n"
        "from runner.tensorboard.writer import TensorBoard\n"
        "board = TensorBoard(pathlib.Path(sys.argv[1]), print)\n"
        "for step in range(2000): board.write(step, {'train/loss': 0.5})\n"
        "board.close(); print('degraded', board.degraded)\n"
    )
    mounted = 'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-m", "true"], capture_output=True).returncode:
        pytest.skip("no private mounts here")
    command = [unshare, "-m", "sh", "-c", mounted, "sh", str(tmp_path), sys.executable, program]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    warning, degraded = ended.stdout.splitlines()
    assert "No space left on device; no more points for TensorBoard" in warning
    assert degraded == "degraded True"
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_directory_that_cannot_be_written_is_warned_about_once(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    warnings = []
    board = TensorBoard(tmp_path, warnings.append)
    board.write(1, {"train/loss": 0.5})
    board.close()
    assert board.degraded
    assert [": Permission denied; no more points" in warning for warning in warnings] == [True]


def test_a_closed_file_is_warned_about_once(tmp_path):
    warnings = []
    board = TensorBoard(tmp_path, warnings.append)
    board.close()
    board.write(1, {"train/loss": 0.5})
    board.write(2, {"train/loss": 0.5})
    assert board.degraded
    assert len(warnings) == 1


def test_importing_it_brings_in_neither_tensorflow_nor_torch():
    program = "import runner.tensorboard.writer, sys; print({'torch', 'tensorflow'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stdout.strip() == "set()", ended.stderr


class Server:
    """A real TensorBoard over a folder, on a free port of this machine."""

    def __init__(self, logdir):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        arguments = ["--logdir", str(logdir), "--host", "127.0.0.1", "--port", str(self.port)]
        command = [sys.executable, "-m", "tensorboard.main", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/data/{path}", data=data)
        request.add_header("Content-Type", "application/json")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=5) as answer:
            return json.loads(answer.read())

    def ask_until(self, path, enough, body=None):
        """The first answer that is ``enough``, within 60 s."""
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = self.ask(path, body)
                if enough(answer):
                    return answer
            except OSError:
                answer = "none: not listening"
            assert self.process.poll() is None, "TensorBoard ended"
            assert time.monotonic() < deadline, f"{path}: {answer}"
            time.sleep(0.2)

    def stop(self):
        self.process.kill()
        self.process.wait(timeout=30)


@pytest.fixture
def server(tmp_path):
    write_two_runs(tmp_path)
    server = Server(tmp_path)
    yield server
    server.stop()


def write_two_runs(logdir):
    (logdir / "sgd").mkdir()
    (logdir / "adam").mkdir()
    killed = TensorBoard(logdir / "sgd", never)
    for step in (10, 20, 30):
        killed.write(step, {"train/loss": 1.0})
    killed.flush()
    sgd = TensorBoard(logdir / "sgd", never, purge_step=20)
    sgd.charts({"both": {"loss": "^(train|val)/loss$"}})
    sgd.write(20, {"train/loss": 0.5, "val/accuracy": 0.9})
    sgd.hparams("sgd 1", {"optimizer.lr": 0.1, "optimizer.momentum": 0.9, "model": "mlp"}, {"best/val/accuracy": 0.95})
    sgd.close()
    killed.close()
    adam = TensorBoard(logdir / "adam", never)
    adam.text("config", "model: cnn")
    adam.table("classes", ["class", "rows"], [["a|b*c*", "3"]])
    adam.charts({"both": {name: f"^(train|val)/{name}$" for name in ("loss", "accuracy")}})
    adam.write(20, {"train/loss": 0.25, "val/accuracy": 0.8})
    adam.hparams(
        "adam 1", {"optimizer.lr": 0.001, "amsgrad": False, "fold": None, "model": "cnn"}, {"best/val/accuracy": 0.85}
    )
    adam.close()


def test_a_real_tensorboard_shows_scalars_text_and_one_row_of_hparams_a_run(server):
    tags = server.ask_until(
        "plugin/scalars/tags", lambda runs: len(runs) == 2 and all(len(t) == 3 for t in runs.values())
    )
    assert set(tags["sgd"]) == {"train/loss", "val/accuracy", "best/val/accuracy"}

    scalars = server.ask("plugin/scalars/scalars?run=sgd&tag=train%2Floss")
    assert [(step, value) for _, step, value in scalars] == [
        (10, 1.0),
        (20, 0.5),
    ]  # 20 and 30 of the killed run are gone

    text = server.ask("plugin/text/text?run=adam&tag=config")
    assert "<pre><code>model: cnn" in text[0]["text"]

    experiment = server.ask("plugin/hparams/experiment", {"experimentName": ""})
    columns = {info["name"]: info["type"] for info in experiment["hparamInfos"]}
    number, word, truth = "DATA_TYPE_FLOAT64", "DATA_TYPE_STRING", "DATA_TYPE_BOOL"
    union = {"optimizer.lr": number, "optimizer.momentum": number, "model": word, "amsgrad": truth}
    assert columns == union
    metrics = {info["name"]["tag"] for info in experiment["metricInfos"]}
    assert metrics == {"train/loss", "val/accuracy", "best/val/accuracy"}

    groups = server.ask("plugin/hparams/session_groups", session_groups_request(experiment))["sessionGroups"]
    rows = {group["hparams"]["model"]: group for group in groups}
    assert rows["mlp"]["hparams"]["optimizer.lr"] == 0.1
    best = {value["name"]["tag"]: round(value["value"], 6) for value in rows["mlp"]["metricValues"]}
    assert best["best/val/accuracy"] == 0.95
    assert {group["name"] for group in groups} == {"sgd 1", "adam 1"}

    charts = server.ask("plugin/custom_scalars/layout")["category"]
    assert [(group["title"], [chart["title"] for chart in group["chart"]]) for group in charts] == [
        ("both", ["loss", "accuracy"])  # the equal ones of both runs once
    ]
    told = server.ask("plugin/text/text?run=adam&tag=classes")[0]["text"]
    assert "<table>" in told and "a|b*c*" in told


def session_groups_request(experiment):
    names = [{"hparam": info["name"]} for info in experiment["hparamInfos"]]
    names += [{"metric": info["name"]} for info in experiment["metricInfos"]]
    statuses = ["STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING", "STATUS_UNKNOWN"]
    return {"experimentName": "", "allowedStatuses": statuses, "colParams": names, "startIndex": 0, "sliceSize": 10}


def test_pr_counts_by_hand() -> None:
    """Of the class: 0.9 and 0.4; not of it: 0.6 and 0.1."""
    counts = pr_counts(np.array([0.9, 0.6, 0.4, 0.1]), np.array([True, False, True, False]))
    hits, alarms, rejections, misses, precision, recall = counts[:, 50]
    assert (hits, alarms, rejections, misses) == (1, 1, 1, 1)
    assert (precision, recall) == (0.5, 0.5)
    assert counts[:, 0].tolist() == [2, 2, 0, 0, 0.5, 1]
    assert counts[:, 100].tolist() == [0, 0, 2, 2, 0, 0]
    least, unanswered = (pr_counts(np.array([0.9, score]), np.array([True, False])) for score in (0, np.nan))
    assert np.array_equal(least, unanswered)


def test_a_histogram_is_made_of_huge_values_that_are_close_and_leaves_out_what_is_no_number() -> None:
    value = histogram_value("w", np.array([1e30, np.nextafter(np.float32(1e30), np.float32(2e30)), np.inf], np.float32))
    counts = np.frombuffer(value.tensor.tensor_content).reshape(30, 3)[:, 2]
    assert (counts[0], counts[-1], counts.sum()) == (1, 1, 2)


def test_a_histogram_counts_every_value_once() -> None:
    value = histogram_value("w", np.array([0.0, 0.0, 8.0, 30.0], np.float32))
    content = np.frombuffer(value.tensor.tensor_content).reshape(30, 3)
    assert content[0].tolist() == [0.0, 1.0, 2.0]
    assert content[:, 2].sum() == 4 and content[-1, 1] == 30.0
