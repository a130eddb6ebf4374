"""argv -> verb -> exit code. The one place where a RunnerError becomes lines on stderr."""

from __future__ import annotations

import errno
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from shutil import get_terminal_size
from typing import NoReturn

from runner import __version__
from runner.errors import ConfigError, Interrupted, RunError, RunnerError, memory_ran_out
from runner.text import as_called, broken, discard, message, painted

# verb -> (module:function of argv -> exit code, what it does); imported when the verb is used
VERBS = {
    "train": ("runner.train:run", "train a model; -m runs every combination of several values"),
    "resume": ("runner.cli.resume:run", "continue an interrupted run, at the exact step"),
    "eval": ("runner.cli.evaluate:run", "score a trained model again"),
    "predict": ("runner.cli.predict:run", "predict pictures, tables, a typed row or a row of the test split"),
    "view": ("runner.cli.view:run", "draw a run, a sweep, a data set or a schedule"),
    "explain": ("runner.cli.explain:run", "follow one batch through training; explain TOPIC: a lesson"),
    "find": ("runner.cli.find:run", "find a learning rate or a batch size for a run"),
    "code": ("runner.cli.code:run", "print a run as one plain PyTorch script"),
    "report": ("runner.cli.report:run", "compare runs, best first; for two runs, show the difference"),
    "fetch": ("runner.cli.fetch:run", "download a data set once; without a name, list the data sets"),
    "completion": ("runner.cli.completion:run", "set up tab completion for bash or zsh"),
    "show": ("runner.cli.show:run", "list what can be chosen: groups, options, their parameters"),
}
READERS = ("resume", "eval", "predict", "view", "code", "report")  # of runs; reader_words answers what they do not know


def entry() -> None:
    """The console script and ``python -m runner``."""
    sys.path.append("")  # the console script alone would not find a package of the user's in the current folder
    code = main(sys.argv[1:])
    gc.disable()  # the process ends: no last search through all that torch has made
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """The exit code of one command line; whatever is wrong with it is told on stderr."""
    try:
        code = _dispatch(list(argv))
        sys.stdout.flush()
        return code
    except RunnerError as error:
        return _report(error)
    except KeyboardInterrupt:
        trains = [*argv][:1] in (["train"], ["resume"])  # which once begun says itself how it goes on
        again = " before training began; type the same line again" if trains else ""
        print(f"interrupted{again}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output went away: runner show | head
        discard(sys.stdout)
        return 0
    except (MemoryError, RuntimeError) as fault:
        if not memory_ran_out(fault):
            raise
        return _report(RunError("out of memory; a smaller net, batch_size or eval_batch_size needs less"))
    except OSError as fault:
        if fault.errno != errno.ENOSPC or fault.filename is not None:
            raise
        discard(sys.stdout)
        return _report(RunError("standard output: no space left on device; the rest was not written"))


def _dispatch(argv: list[str]) -> int:
    verb, *rest = argv or ["help"]
    if verb == "help" and rest and rest[0] in VERBS:
        verb, rest = rest[0], ["--help"]
    if "--version" in argv:
        print(f"runner {__version__}")
        return 0
    if verb in ("help", "--help", "-h"):
        print(as_called(_help()))
        return 0
    if verb not in VERBS:
        refuse: Callable[[list[str]], NoReturn] = import_module("runner.cli.meant").refuse  # brings Hydra
        refuse(argv)
    module, _, name = VERBS[verb][0].partition(":")
    function: Callable[[list[str]], int] = getattr(import_module(module), name)
    if verb in ("train", "resume") and "TORCHELASTIC_RUN_ID" in os.environ:
        launched: Callable[[Callable[[list[str]], int], list[str]], int] = import_module("runner.training.launched").run
        return launched(function, rest)
    try:
        return function(rest)
    except ConfigError as error:
        if verb not in READERS:
            raise
        answer: Callable[[str, list[str], ConfigError], ConfigError] = import_module("runner.cli.reader_words").answer
        raise answer(verb, rest, error) from error


def _help() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:{width}}  {what}" for verb, (_, what) in VERBS.items())
    return (
        "runner trains PyTorch models described in YAML.\nEach run is kept in a directory of its own.\n\n"
        f"python -m runner COMMAND ...\n\n{verbs}\n\n"
        "Begin with\n"
        "  python -m runner train                a small CNN on handwritten digits\n"
        "  python -m runner train model=mlp optimizer.lr=0.01\n"
        "  python -m runner show                 what else can be chosen\n"
        "  python -m runner train --help"
    )


def _report(error: RunnerError) -> int:
    if "1" in (os.environ.get("RUNNER_DEBUG"), os.environ.get("HYDRA_FULL_ERROR")):
        traceback.print_exception(error)
    with suppress(OSError):  # the terminal is gone (HUP): nobody is left to tell, the exit code still says it
        sign = "" if isinstance(error, Interrupted) else "error:"
        width = get_terminal_size().columns if sys.stderr.isatty() else sys.maxsize
        for fault in error.faults if isinstance(error, ConfigError) else (str(error),):
            told = "\n".join(broken(f"{sign} {as_called(message(fault))}".lstrip(), width))
            print(told.replace(sign, painted(sign, sys.stderr), 1) if sign else told, file=sys.stderr)
    return error.exit_code
