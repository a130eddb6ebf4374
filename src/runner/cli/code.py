"""``code [key=value ...]``: the run that ``train`` with the same words makes, as one plain PyTorch script."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from runner.build import libraries
from runner.cli.arguments import Parser, composed
from runner.config.catalog import Catalog, conf_folders
from runner.errors import ConfigError

HELP = """\
The run that train with the same words makes, as one plain PyTorch script with the same losses. It can show
  data sets   digits iris wine breast_cancer diabetes mnist fashion_mnist kmnist car csv random; dataset.limit, one
              fold; scaled, normalised or flattened, categories as columns of 0 and 1
  models      those that are torch's own layers in a row: linear mlp dnn cnn cnn_notes
  losses      cross_entropy nll multi_margin bce_with_logits bce soft_margin mse l1 huber smooth_l1, with their weights
  optimizers  all of torch but lbfgs, muon and sparse_adam; grad_clip_norm
  schedulers  all of torch, per epoch or step, also chains such as warmup_cosine and reduce_lr_on_plateau
  the best epoch, and early stopping, by train/loss, val/loss or val/accuracy
Anything else is refused with the reason."""


def parser() -> Parser:
    made = Parser("code", "[GROUP=OPTION ...] [KEY=VALUE ...] > script.py", HELP, composes=True)
    made.add_config_dir()
    return made


def run(argv: Sequence[str]) -> int:
    """The exit code of ``code``; the script goes to standard output. Raises RunnerError, also where it would not do the
    same as the run."""
    own, words = parser().parse_words(argv)
    config = composed(words, own.config_dir)
    if config.fold == "all":
        raise ConfigError(f"code: fold=all: is a run for each of {config.folds} folds and a script is one; add fold=0")
    libraries.load()
    from runner.experiment.assemble import assemble
    from runner.export.script import page

    command = shlex.join(["python", "-m", "runner", "train", *argv])
    print(page(assemble(config, Catalog(conf_folders(own.config_dir))), command), end="")
    return 0
