"""Whether two versions of the sources make the same runs, to the bit, on this machine.

    python scripts/compare_bits.py OLD NEW [RECIPE ...]    each a commit, or a folder with src/ and conf/ in it
    python scripts/compare_bits.py --write [RECIPE ...]    the golden files anew, from the sources beside this script

A recipe is a file tests/golden/RECIPE.jsonl. Its first line holds the command, the others what the command measured:
tests/test_golden.py holds the program to them. A new one begins as a file of the first line alone.

A comparison runs each recipe with OLD and with NEW, and lets NEW read the run of OLD as well. Compared are exit codes,
metrics.jsonl, the checkpoints (weights, states of optimizer, schedule and random numbers), all other yaml and json, the
names of the files and what was printed; times and places are left out. One line a recipe, with its first difference;
the exit code is 1 where there is one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import tarfile
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
EVERYWHERE = ("device=cpu", "threads=1", f"data_dir={GOLDEN}", "output_dir=outputs")
REPORT = ["report", "outputs", "--csv"]
READERS = [["eval", "last"], ["predict", "last", "--test-index", "0"], ["code", "last"], ["report", "outputs"]]
SLOW_IMPORTS = ("torch._dynamo", "torchmetrics", "torchvision", "hydra", "pandas", "matplotlib.pyplot")  # before a fork
COMPARED = ("*.code", "metrics.jsonl", "*.pt", "*.yaml", "*.json", "*.out", "*.err")  # in this order
VARYING = re.compile(
    r"(\d{4}-\d\d-\d\d[/T])?\d\d[-:]\d\d[-:]\d\d[-.]\d+"
    r"|\b\d+(\.\d+)? (s|min|h)\b"
    r'|"(pid|seconds)": [\d.]+|\n  "digest": "\w+"'  # which holds the seconds too
    r'|"git": (null|\{.*?\})'
    r"|tfevents\.\S+",
    re.DOTALL,
)


def main(words: Sequence[str]) -> int:
    if words[:1] == ["--play"]:
        return play(json.load(sys.stdin))
    if words[:1] == ["--write"]:
        return write(words[1:] or recipes())
    if len(words) < 2 or words[0].startswith("-"):
        sys.exit(__doc__)
    old, new, *names = words
    return compare(old, new, names or recipes())


def recipes() -> list[str]:
    return sorted(path.stem for path in GOLDEN.glob("*.jsonl"))


def golden(name: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The words behind ``python -m runner``, to be said where outputs/ may be made, and the rows they are to give."""
    first, *rows = [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [*shlex.split(first["command"])[3:], *EVERYWHERE], rows


def measured(outputs: Path, report: str) -> list[dict[str, Any]]:
    """What each run logged and its best epoch; of a sweep also how ``report``, the answer to REPORT, ranks the jobs."""
    runs = sorted(path.parent for path in outputs.rglob("metrics.jsonl"))
    names = [run.name for run in runs] if len(runs) > 1 else ["run"]
    rows = [row for name, run in zip(names, runs, strict=True) for row in rows_of(name, run)]
    ranking = [Path(row["run"]).name for row in csv.DictReader(io.StringIO(report))]
    return [*rows, {"ranking": ranking}] if (outputs / "sweeps").exists() else rows


def rows_of(name: str, run: Path) -> Iterator[dict[str, Any]]:
    for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines():
        yield {"run": name, **json.loads(line)}
    yield {"run": f"{name}, best", **json.loads((run / "summary.json").read_text(encoding="utf-8"))["best"]}


def write(names: Sequence[str]) -> int:
    with TemporaryDirectory() as work:
        commands = {name: [golden(name)[0], REPORT] for name in names}
        started(ROOT, Path(work), commands).communicate()
        for name in names:
            folder, path = Path(work, name), GOLDEN / f"{name}.jsonl"
            if (folder / "0-train.code").read_text() != "0":
                sys.exit(f"{path}: {(folder / '0-train.err').read_text()}")
            rows = measured(folder / "outputs", (folder / "1-report.out").read_text(encoding="utf-8"))
            first = path.read_text(encoding="utf-8").splitlines()[0]
            path.write_text("\n".join([first, *map(json.dumps, rows)]) + "\n", encoding="utf-8")
            print(f"{path}: {len(rows)} rows")
    return 0


def compare(old: str, new: str, names: Sequence[str]) -> int:
    with TemporaryDirectory() as work:
        here = Path(work).resolve()
        sources = [sources_of(version, here / side) for version, side in ((old, "old"), (new, "new"))]
        folders = [here / "runs of old", here / "runs of new"]
        commands = {name: [golden(name)[0], *READERS] for name in names}
        players = [started(*side, commands) for side in zip(sources, folders, strict=True)]
        for player in players:
            player.communicate()
        made = [{name: facts(folder / name, sources) for name in names} for folder in folders]
        started(sources[1], folders[0], {name: [[], *READERS] for name in names}).communicate()
        read = {name: facts(folders[0] / name, sources) for name in names}
        found = {name: difference(made[0][name], made[1][name]) for name in names}
        found |= {name: difference(made[0][name], read[name], "run of OLD: ") for name in names if not found[name]}
        for name, what in found.items():
            print(f"{name}: {what or f'equal in {len(made[0][name])} values'}")
    return int(any(found.values()))


def sources_of(version: str, folder: Path) -> Path:
    """The folder of that name, or ``folder`` with the commit in it."""
    if (Path(version) / "src").is_dir():
        return Path(version).resolve()
    archive = subprocess.run(["git", "archive", version], cwd=ROOT, capture_output=True)
    if archive.returncode:
        sys.exit(f"{version}: neither a folder with src/ in it nor a commit; {archive.stderr.decode()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def started(sources: Path, folder: Path, commands: dict[str, list[list[str]]]) -> subprocess.Popen[str]:
    """A process that gives each recipe's commands to the program, one after the other, in a folder of their own."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RUNNER_")}
    environment |= {"PYTHONPATH": str(sources / "src"), "OMP_NUM_THREADS": "1", "COLUMNS": "120"}
    argv = [sys.executable, __file__, "--play"]
    player = subprocess.Popen(argv, stdin=subprocess.PIPE, text=True, env=environment)
    assert player.stdin is not None
    player.stdin.write(json.dumps({str(folder / name): words for name, words in commands.items()}))
    player.stdin.close()
    player.stdin = None
    return player


def play(commands: dict[str, list[list[str]]]) -> int:
    """Leaves what command N of a folder printed in N-VERB.out and .err, and how it ended in N-VERB.code."""
    for module in SLOW_IMPORTS:
        import_module(module)
    for folder, lines in commands.items():
        os.makedirs(folder, exist_ok=True)
        os.chdir(folder)
        for number, words in enumerate(lines):
            if words:
                stem = f"{number}-{words[0]}"
                if not os.fork():
                    run(words, stem)
                code = os.waitstatus_to_exitcode(os.wait()[1])
                reason = Path(f"{stem}.err").read_text().strip().splitlines()[-1:] if code else []
                Path(f"{stem}.code").write_text(": ".join([str(code), *reason]))
    return 0


def run(words: list[str], stem: str) -> None:
    """``python -m runner WORDS``, to the end of this process."""
    for path, descriptor in ((os.devnull, 0), (f"{stem}.out", 1), (f"{stem}.err", 2)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644), descriptor)
    sys.argv = ["runner", *words]
    code: Any = 70
    try:
        runpy.run_module("runner", run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        code = leaving.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # at once: to take down all that was imported lasts a second


def facts(folder: Path, sources: Sequence[Path]) -> dict[str, str]:
    """Place -> value of all that has to be equal."""

    def lasting(text: str) -> str:
        for number, place in enumerate((folder, *sources)):
            text = text.replace(str(place), f"PLACE {min(number, 1)}")
        return VARYING.sub("*", text)

    found = {}
    for path in (path for pattern in COMPARED for path in sorted(folder.rglob(pattern))):
        content = flat(path) if path.suffix == ".pt" else enumerate(lasting(path.read_text()).splitlines(), 1)
        found |= {f"{lasting(str(path.relative_to(folder)))} {where}": lasting(what) for where, what in content}
    files = sorted(lasting(str(path.relative_to(folder))) for path in folder.rglob("*"))
    return {**found, **dict.fromkeys(files, "there")}


def flat(path: Path) -> Iterator[tuple[str, str]]:
    """Each leaf of a checkpoint, a tensor by a digest of its bytes."""
    waiting = [("", torch.load(path, weights_only=True))]
    while waiting:
        place, value = waiting.pop(0)
        if isinstance(value, dict | list | tuple):
            inside = value.items() if isinstance(value, dict) else enumerate(value)
            waiting[:0] = [(f"{place}.{key}".removeprefix("."), part) for key, part in inside]
        elif isinstance(value, torch.Tensor):
            content = hashlib.sha1(value.contiguous().view(-1).view(torch.uint8).numpy().tobytes()).hexdigest()[:8]
            yield place, f"{value.dtype} {list(value.shape)} of bytes {content}"
        else:
            yield place, repr(value)


def difference(old: dict[str, str], new: dict[str, str], of: str = "") -> str:
    """The first; "" where there is none."""
    for place in {**old, **new}:
        if old.get(place) != new.get(place):
            return f"{of}{place}: {old.get(place, 'missing')} -> {new.get(place, 'missing')}"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
