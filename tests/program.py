"""The program as a user runs it: in a process of its own, or forked from one that has torch imported already."""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import torch

REPOSITORY = Path(__file__).parents[1]
SLOW_IMPORTS = [
    "torch",
    "torchmetrics",
    "torch._dynamo",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "runner.training.record",
    "runner.training.follower",
    "runner.train",
    "runner.experiment.rebuild",
    "runner.compose.composition",
    "runner.data.csv",
    "runner.data.random",
    "runner.models.dnn",
    "runner.build.metric",
    "runner.figures.run",
    "matplotlib.backends.backend_agg",
    "matplotlib.style.core",
    "torch.utils.serialization",
]
PATIENCE_S = 120
# a run of 16 steps in a moment, with everything that has a state: dropout, momentum, a schedule, patience, saves;
# without pictures, which take as long as all the rest
TINY = [
    "dataset=random",
    "dataset.shape=[6]",
    "dataset.num_classes=3",
    "dataset.num_rows=90",
    "model=dnn",
    "model.hidden=[16,8]",
    "model.dropout=0.3",
    "model.normalisation=batch",
    "optimizer.lr=0.02",
    "scheduler=step_lr",
    "scheduler.step_size=5",
    "scheduler.gamma=0.5",
    "scheduler.interval=step",
    "early_stopping.patience_epochs=3",
    "checkpoint.every_steps=3",
    "log_every_steps=2",
    "batch_size=13",
    "eval_batch_size=8",
    "epochs=4",
    "threads=1",
    "device=cpu",
    "tensorboard=scalars",
]


@dataclass(frozen=True)
class Done:
    """How a process ended: ``code`` is negative where a signal ended it."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Forked:
    """A run of the program in a forked process."""

    pid: int
    out: Path
    err: Path

    def send(self, name: str) -> None:
        os.kill(self.pid, getattr(signal, name))

    def end(self) -> Done:
        return Done(int(ask({"wait": self.pid})), self.out.read_text(), self.err.read_text())


@cache
def forkserver() -> subprocess.Popen[str]:
    """A process that has imported all that is slow, and trained nothing: what forks from it starts clean at once."""
    pipe = subprocess.PIPE
    server = subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe, text=True, env=environment())
    atexit.register(lambda: (server.stdin.close(), server.wait(PATIENCE_S), server.stdout.close()))
    return server


def ask(question: dict[str, Any]) -> str:
    server = forkserver()
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(json.dumps(question) + "\n")
    server.stdin.flush()
    return server.stdout.readline().strip()


def fork(argv: Sequence[str], scratch: Path, *, before: str = "", at: Any = None, cwd: Path | None = None) -> Forked:
    """Start ``runner argv``; ``before``, a function of this file, is called with ``at`` in the process first."""
    return start_in_fork(scratch, argv=list(argv), before=before, at=at, cwd=str(cwd or scratch), script="")


def run_script(path: Path, scratch: Path, *, before: str = "", at: Any = None, cwd: Path | None = None) -> Done:
    """A Python script, to its end, here, in a process that has imported torch and set nothing."""
    return start_in_fork(scratch, script=str(path), before=before, at=at, cwd=str(cwd or Path.cwd())).end()


def start_in_fork(scratch: Path, **job: Any) -> Forked:
    scratch.mkdir(parents=True, exist_ok=True)
    number = len(list(scratch.glob("*.out")))
    out, err = scratch / f"{number}.out", scratch / f"{number}.err"
    out.touch()
    return Forked(int(ask({"out": str(out), "err": str(err), **job})), out, err)


def serve() -> None:
    for module in SLOW_IMPORTS:
        importlib.import_module(module)
    compose_once()
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, all that is shared with it
    for line in sys.stdin:
        question = json.loads(line)
        print(reap(question["wait"]) if "wait" in question else start(question), flush=True)


def compose_once() -> None:
    """Hydra's grammars are built at the first request; the options of most runs need not be composed anew."""
    from options import composing_once
    from runner.compose.composition import compose
    from runner.compose.hydra_bridge import Trees
    from runner.compose.request import parse

    Trees.composed = composing_once({})  # type: ignore[method-assign]
    for words in ([], TINY):
        compose(parse(words))


def reap(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def start(job: dict[str, Any]) -> int:
    if pid := os.fork():
        return pid
    code = 70
    try:
        code = child(job)
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def child(job: dict[str, Any]) -> int:
    for path, descriptor in ((os.devnull, 0), (job["out"], 1), (job["err"], 2)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), descriptor)
    os.chdir(job["cwd"])
    sys.path.insert(0, job["cwd"])  # as python -m does
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests run below nohup
    if job["before"]:
        globals()[job["before"]](job["at"])
    if job["script"]:
        runpy.run_path(job["script"], run_name="__main__")
        return 0
    from runner.cli.main import main

    return main(job["argv"])


def run(argv: Sequence[str], scratch: Path, *, before: str = "", at: Any = None, cwd: Path | None = None) -> Done:
    """``runner argv`` in a forked process, to its end."""
    return fork(argv, scratch, before=before, at=at, cwd=cwd).end()


def amiss(err: str) -> str:
    """What standard error says of faults: all but which run ``last`` is, and which job of a sweep is taken."""
    lines = err.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("last is ") and "; its best job " not in line)


def train(output_dir: Path, *settings: str) -> Path:
    """The directory of a tiny run that was trained to its end."""
    done = run(["train", *TINY, f"output_dir={output_dir}", *settings], output_dir / "said")
    assert done.code == 0, done.err
    return only_run(output_dir)


def only_run(output_dir: Path) -> Path:
    (found,) = output_dir.glob("20*/*")
    return found


def wait_for(folder: Path, pattern: str, process: subprocess.Popen[str] | None = None) -> Path:
    """The file of ``folder`` that matches ``pattern``, once there is one."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := list(folder.glob(pattern)):
            return found[0]
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError(f"no {pattern} after {PATIENCE_S} s")


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "runner", *argv]


def environment(**more: str) -> dict[str, str]:
    # threads that wait for each other without spinning: seconds saved where the machine is busy, the same bits
    more = {"OMP_WAIT_POLICY": "PASSIVE", **more}
    return {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "PYTHONUNBUFFERED": "1", **more}


def spawn(*argv: str, cwd: Path | None = None, **env: str) -> subprocess.Popen[str]:
    """``python -m runner argv``, a new interpreter, as typed into a shell."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command(*argv), stdout=pipe, stderr=pipe, text=True, cwd=cwd, env=environment(**env))


def before_call(path: str, number: int, act: Callable[[], None]) -> None:
    """``act`` is done before call ``number``, from 1, of the function ``module:name`` or ``module:Class.name``."""
    module, _, dotted = path.partition(":")
    *owners, name = dotted.split(".")
    owner: Any = importlib.import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    original, calls = getattr(owner, name), 0

    def guarded(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            act()
        return original(*args, **kwargs)

    setattr(owner, name, guarded)


def kill_before(at: tuple[str, int]) -> None:
    before_call(*at, lambda: os.kill(os.getpid(), signal.SIGKILL))


def have_fp16(at: tuple[str, int] | None) -> None:
    """fp16 on the CPU, too, at a scale that overflows at once and every few steps; then as ``kill_before``."""
    from runner import device
    from runner.experiment import assemble

    device.check_precision = lambda precision, where: None
    assemble.GradScaler = partial(assemble.GradScaler, init_scale=2.0**20, growth_interval=2)
    if at:
        kill_before(at)


def lose_patience_early(grace_s: float) -> None:
    """A sweep kills a job that does not end as soon as that after it was told to."""
    from runner.sweep import driver

    driver.GRACE_S = grace_s


def lead_a_session(at: None) -> None:
    os.setsid()


def terminate_before(at: tuple[str, int]) -> None:
    before_call(*at, lambda: os.kill(os.getpid(), signal.SIGTERM))


def terminate_twice_before(at: tuple[str, int]) -> None:
    def act() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    before_call(*at, act)


def be_another_program(source: str) -> None:
    """The modules of runner are forgotten: those in the folder ``source`` are imported in their place."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "runner"]:
        del sys.modules[name]
    sys.path.insert(0, source)
    os.environ["PYTHONPATH"] = source
    be_a_reader(None)


def be_a_reader(at: None) -> None:
    """Runs go where a user's would who has set nothing, who reads what is printed: no picture goes to TensorBoard."""
    from runner.tensorboard.dashboards import Dashboards

    os.environ.pop("RUNNER_OUTPUTS", None)
    Dashboards.show_picture = lambda self, run, name: None


def draw_nothing(at: None) -> None:
    """The drawing library fails on the first picture."""

    def fail() -> None:
        raise ValueError("no such font")

    before_call("runner.tensorboard.dashboards:Dashboards.show_picture", 1, fail)


def hang(at: None) -> None:
    time.sleep(PATIENCE_S)


def ignore_hup(at: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def slow_evaluation(batch_s: float) -> None:
    """Each batch of evaluation takes that long; a signal comes within the second; says how soon it was answered."""
    from runner.engine import fit

    original, began = torch.split, [0.0]

    def act() -> None:
        began[0] = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)

    def slow(x: Any, size: int) -> Any:
        for number, piece in enumerate(original(x, size)):
            if size == 1:
                time.sleep(batch_s)
                if number == 1 and not began[0]:
                    act()
            yield piece

    fit.torch.split = slow
    before_call("runner.runs.summary:Summary.close", 1, lambda: print("answered after", time.monotonic() - began[0]))


class ReadyRank:
    """A second rank, forked before the first has computed anything: it has torch imported, and begins when it is told.

    What the program asks of a ``subprocess.Popen``.
    """

    def __init__(self, before: str, at: Any):
        reading, self.telling = os.pipe()
        self.pid = os.fork()
        self.code: int | None = None
        self.asking = Lock()
        if not self.pid:
            os.setsid()
            os.dup2(reading, 0)
            os.close(self.telling)
            os._exit(self.follow(before, at))
        os.close(reading)

    def follow(self, before: str, at: Any) -> int:
        from runner.training import follower

        os.environ.update(json.loads(os.read(0, 1000)))
        Thread(target=follower.end_with_parent, daemon=True).start()
        if before:
            globals()[before](at)
        return follower.follow()

    def begin(self, number: int, count: int, port: int) -> ReadyRank:
        places = {"RANK": number, "WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        os.write(self.telling, json.dumps({name: str(value) for name, value in places.items()}).encode())
        return self

    def poll(self) -> int | None:
        with self.asking:
            if self.code is None and (ended := os.waitpid(self.pid, os.WNOHANG))[0]:
                self.code = os.waitstatus_to_exitcode(ended[1])
            return self.code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> ReadyRank:
        return self

    def __exit__(self, *fault: object) -> None:
        while self.poll() is None:
            time.sleep(0.01)
        os.close(self.telling)


def have_a_second_rank(at: dict[str, Any]) -> None:
    """With devices=2 it is there at once. ``at`` says what is done before each, as {"0": ["kill_before", [...]]}."""
    from runner import device
    from runner.training import companions

    device.num_cores = lambda: 2
    companions.start = ReadyRank(*at.get("1", ("", None))).begin
    if "0" in at:
        globals()[at["0"][0]](at["0"][1])


def be_launched(at: dict[str, Any]) -> None:
    """As a process that torchrun has started with ``at["words"]``; ``at["places"]`` are its environment."""
    from runner import device

    device.num_cores = lambda: 2
    os.environ.update(at["places"], TORCHELASTIC_RUN_ID="none", WORLD_SIZE="2", MASTER_ADDR="127.0.0.1")
    sys.argv[1:] = at["words"]


def wait_for_ever_at_a_sum(number: int) -> None:
    """The sum of that number is one of NCCL, which does not notice that the other rank has ended."""
    from runner.training import companions

    companions.NOTICED_WITHIN_S = companions.WATCHED_S = 0.1
    before_call("runner.ranks:Ranks.average", number, lambda: time.sleep(PATIENCE_S))


def see_no_folder(at: None) -> None:
    """As on a machine that has none of the folders."""
    Path.is_dir = lambda self: False


def change_a_row(at: None) -> None:
    """The data comes with one number changed."""
    from runner.data.random import Random

    load = Random.load

    def changed(self: Random, data_dir: Path) -> Any:
        data = load(self, data_dir)
        data.x[0, 0] += 1
        return data

    Random.load = changed


def spoil_the_loss(batch: int) -> None:
    """The loss of that training step is NaN."""
    import runner.engine.step

    backward, calls = runner.engine.step.Stepper.backward, 0

    def spoiled(self: Any, x_B: torch.Tensor, y_B: torch.Tensor, tally: Any) -> Any:
        nonlocal calls
        calls += 1
        return backward(self, x_B * float("nan") if calls == batch else x_B, y_B, tally)

    runner.engine.step.Stepper.backward = spoiled


def spoil_the_weights(step: int) -> None:
    """After that step a weight is infinite."""
    import runner.engine.step

    take, calls = runner.engine.step.Stepper.step, 0

    def spoiled(self: Any, *args: Any) -> None:
        nonlocal calls
        calls += 1
        take(self, *args)
        if calls == step:
            with torch.no_grad():
                self.params[0].view(-1)[0] = float("inf")

    runner.engine.step.Stepper.step = spoiled


def run_out_of_memory(step: int) -> None:
    def act() -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried ...")

    before_call("runner.engine.step:Stepper.step", step, act)


def fill_the_disk_of_metrics(row: int) -> None:
    from runner.runs.metric_log import MetricLog

    write, calls = MetricLog.write, 0

    def full(self: MetricLog, *args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == row:
            os.dup2(os.open("/dev/full", os.O_WRONLY), self.file.fileno())
        write(self, *args)

    MetricLog.write = full


def fill_the_disk_of_tensorboard(at: None) -> None:
    from runner.tensorboard import writer

    writer._next_event_file = lambda run_dir: FullFile("/dev/full")


def leave_tensorboard_no_time(at: None) -> None:
    from runner.tensorboard import dashboards

    dashboards.SHARE = 0.0


def fill_the_disk_of_the_projector(at: None) -> None:
    from runner.errors import RunError
    from runner.tensorboard import net

    def full(path: Path, content: bytes, **how: Any) -> None:
        raise RunError(f"{path}: not written: no space left on the device")

    net.write_whole = full


def fill_the_disk_of_the_log(at: None) -> None:
    from runner.training import writers

    writers.LogFile._open = lambda self: Path("/dev/full").open("a")  # noqa: SIM115  the handler closes it


class FullFile(type(Path())):
    def open(self, mode: str) -> Any:
        return super().open("ab")


def tell_the_scores(path: str) -> None:
    from runner.experiment import scoring

    judge = scoring.judge

    def judged(*args: Any) -> scoring.Scores:
        scores = judge(*args)
        Path(path).write_text(json.dumps(dict(scores.outcome.best)))
        return scores

    scoring.judge = judged


def wait_before_the_first_step(path: str) -> None:
    def act() -> None:
        Path(path + ".reached").touch()
        wait_for(Path(path).parent, Path(path).name)

    before_call("runner.engine.step:Stepper.step", 1, act)


def kill_at_event(number: int) -> None:
    """The process is killed at the call of that number, of any function, since the run began to train."""
    count = 0

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

    before_call("runner.training.record:Recording.to_the_end", 1, lambda: sys.setprofile(profile))


def count_events(path: str) -> None:
    """Writes to ``path`` how many calls there are for ``kill_at_event`` to choose from."""
    events: Counter[str] = Counter()

    def finish() -> None:
        sys.setprofile(None)
        Path(path).write_text(str(events["call"] + events["c_call"]))

    def begin() -> None:
        sys.setprofile(lambda frame, event, arg: events.update([event]))

    before_call("runner.training.record:Recording.to_the_end", 1, begin)
    before_call("runner.runs.summary:Summary.close", 1, finish)


def contents(run_dir: Path) -> dict[str, Any]:
    """What must come out the same to the bit, however often a run was killed."""
    states = {name: numbers(torch.load(run_dir / "checkpoints" / f"{name}.pt")) for name in ("last", "best")}
    for state in states.values():
        del state["config"]["output_dir"], state["config"]["data_dir"]
    summary = json.loads((run_dir / "summary.json").read_text())
    told = {key: summary[key] for key in ("status", "best", "final", "confusion")}
    return {"metrics": (run_dir / "metrics.jsonl").read_bytes(), "told": told, **states}


def numbers(state: Any) -> Any:
    """A state without its tensors' identity: what == compares to the bit."""
    if isinstance(state, torch.Tensor):
        return (str(state.dtype), tuple(state.shape), state.contiguous().view(-1).numpy().tobytes())
    if isinstance(state, dict):
        return {key: numbers(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [numbers(value) for value in state]
    return state


def fingerprints(folder: Path) -> dict[str, tuple[int, bytes]]:
    """(time of change, content) of every file, whatever its name."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


if __name__ == "__main__":
    serve()
