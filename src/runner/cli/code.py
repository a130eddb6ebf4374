"""``code RUN``, or ``code [key=value ...]``: a run, made already or that ``train`` with the same words makes, as one
plain PyTorch script."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.build import libraries
from runner.cli.arguments import Parser, answered, check_out, composed
from runner.compose.command import command
from runner.config.catalog import Catalog, conf_folders
from runner.errors import ConfigError
from runner.runs.files import write_whole
from runner.runs.named import in_each_fold, is_run, open_run
from runner.screen.console import RunConsole
from runner.text import here, say

HELP = """\
A run, or the run that train would make of the same words, as one plain PyTorch
script with the same losses. It supports
  data sets   digits iris wine breast_cancer diabetes mnist fashion_mnist kmnist
              car csv random; dataset.limit, one fold; scaled, normalised or
              flattened; categories as columns of 0 and 1
  models      layers of torch in a row: linear mlp dnn cnn cnn_notes
  losses      cross_entropy nll multi_margin bce_with_logits bce soft_margin mse
              l1 huber smooth_l1, with their weights
  optimizers  all of torch except lbfgs, muon and sparse_adam; grad_clip_norm
  schedulers  all of torch, per epoch or step, with reduce_lr_on_plateau
              and chains such as warmup_cosine
  the best epoch, and early stopping, by train/loss, val/loss or val/accuracy
It refuses anything else and says why."""


def parser() -> Parser:
    usage = "[RUN|last | GROUP=OPTION KEY=VALUE ...] [--out FILE] [--overwrite]"
    made = Parser("code", usage, HELP, composes=True, reads_run=True)
    made.add_out("FILE", "the script, such as train.py; by default it is printed")
    made.add_overwrite("FILE")
    made.add_config_dir()
    return made


def run(argv: Sequence[str]) -> int:
    """The exit code of ``code``; the script goes to standard output, or a file. Raises RunnerError, also where it would
    not do the same as the run."""
    own, words = parser().parse_words(argv)
    if own.out is not None:
        check_out("--out", own.out, overwrite=own.overwrite)
    script = script_of_run(words) if any(map(names_run, words)) else script_of_words(argv, words, own.config_dir)
    if own.out is None:
        print(script, end="")
    else:
        write_whole(own.out, script.encode())
        say(f"written to {here(own.out)}")
    return 0


def names_run(word: str) -> bool:
    """Whether a word names a run, or was meant to, rather than what ``train`` takes."""
    return word == "last" or Path(word).is_dir() or (is_run(word, ()) and "/" in word and not Path(word).exists())


def script_of_run(words: Sequence[str]) -> str:
    """The script of a run that was made. Raises ConfigError with the words that make it again, to be changed."""
    stored = open_run("code", words)
    if stored.folds:
        raise ConfigError(in_each_fold(stored, "code"))
    again = command(stored.config.as_dict(), Catalog(conf_folders()))
    libraries.load()
    from runner.export.script import page_of_run  # brings torch

    return page_of_run(stored, again, RunConsole().warn)


def script_of_words(argv: Sequence[str], words: Sequence[str], config_dir: str | None) -> str:
    """The script of the run that ``train`` would make of the words of the line ``argv``."""
    with answered("code", argv, parser()):
        config = composed(words, config_dir)
    if config.fold == "all":
        raise ConfigError(f"code: fold=all: is a run for each of {config.folds} folds and a script is one; add fold=0")
    libraries.load()
    from runner.export.script import page_of_config  # brings torch

    more = ["--config-dir", config_dir] if config_dir else []
    line = shlex.join(["python", "-m", "runner", "train", *words, *more])
    return page_of_config(config, Catalog(conf_folders(config_dir)), line)
