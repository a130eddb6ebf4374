"""What a notebook calls to train: ``runner.run`` one run, ``runner.run_sweep`` the jobs of a sweep.

Neither leaves anything behind in the process but its runs: random generators, threads of torch and Hydra's state are
put back.
"""

from __future__ import annotations

from collections.abc import Sequence

from runner.api.saved import Run, Sweep, load_run, words_of
from runner.build import libraries
from runner.compose.composition import compose
from runner.compose.hydra_bridge import hydra_put_back
from runner.compose.request import parse
from runner.errors import ConfigError
from runner.sweep.apart import run_apart
from runner.train import start


def run(overrides: Sequence[str] = ()) -> Run:
    """The run that ``python -m runner train`` with these words makes, trained to its end.

    Raises RunnerError: what the command line would say, as an exception; Interrupted where the kernel was told to stop.
    """
    overrides = words_of("runner.run", overrides)
    flags = [word for word in overrides if word.startswith("-")]
    if flags:
        raise ConfigError(f"runner.run: {' '.join(flags)}: it makes one run from key=value words, and takes no flags")
    if "train" in overrides:
        raise ConfigError("runner.run: train: leave it out, it is what runner.run does")
    with hydra_put_back():
        request = parse(overrides)
        composed = compose(request)
        libraries.load()
        from runner import device, seed  # bring torch: only words known to be right have to wait for it

        with seed.kept(), device.threads_kept():
            directory = start(request, composed)
    return load_run(directory.path, [f"trusted=[{','.join(composed.config.trusted)}]"])


def run_sweep(overrides: Sequence[str] = ()) -> Sweep:
    """The sweep that ``python -m runner train -m`` with these words makes: ``["optimizer.lr=0.1,0.01", "seed=0,1,2"]``.

    A job that fails is told in ``.jobs``. Raises RunnerError: what the command line would say; KeyboardInterrupt where
    the kernel was told to stop, after the jobs that ran have saved.
    """
    overrides = words_of("runner.run_sweep", overrides)
    if extra := [word for word in overrides if word.startswith("-") or word == "train"]:
        raise ConfigError(f"runner.run_sweep: {' '.join(extra)}: leave it out: it makes a sweep from key=value words")
    return Sweep(run_apart(overrides))
