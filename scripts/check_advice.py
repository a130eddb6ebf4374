"""Counts how often a run is advised: ten seeds of runs with a fault, and ten of recipes that have none.

    python scripts/check_advice.py

Prints the tables of docs/runs.md, "Advice".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from trials import finished

SEEDS = range(10)
KINDS = {  # of advice, by words of its own; the last stands in a line on improvement too
    "steps too large": "the steps are too large",
    "nothing learned": "nothing is learned",
    "class never predicted": "is never predicted",
    "behind a linear model": "a linear model has",
    "behind trees": "on the same rows in",
    "overfitting": "val/loss rises from",
    "rate gone": "the learning rate is below",
    "still improving": "still improving at the last epoch",
    "too few steps": "steps in all",
}
SGD = ("model=mlp", "optimizer=sgd")
FAULTY = (
    ("steps too large", (*SGD, "optimizer.lr=0.5", "optimizer.momentum=0.9")),
    ("steps too large", ("experiment=mistake_gradients_kept",)),
    ("steps too large", ("model=mlp", "optimizer.lr=0.1")),
    ("nothing learned", (*SGD, "optimizer.lr=1e-6")),
    ("nothing learned", ("dataset=diabetes", "optimizer.lr=1e-7", "epochs=20")),
    ("class never predicted", ("experiment=mistake_relu_on_logits",)),
    ("behind a linear model", ("model=mlp", "model.hidden=[2]", "optimizer.lr=0.05", "epochs=30")),
    ("behind trees", ("dataset=car", "model=linear", "optimizer.lr=0.01")),
    ("overfitting", ("experiment=overfit",)),
    ("rate gone", ("scheduler=exponential_lr", "scheduler.gamma=0.3", "epochs=12")),
    ("still improving", (*SGD, "optimizer.lr=0.01")),
    ("too few steps", ("dataset.limit=60", "optimizer.lr=0.5", "model=mlp", "epochs=15")),
)
HEALTHY = (
    (),
    ("model=mlp",),
    ("model=linear", "optimizer.lr=0.01", "epochs=30"),
    ("scheduler=cosine_annealing_lr",),
    ("experiment=breast_cancer_mlp", "fold=0"),
    ("experiment=car_embedding", "fold=0"),
    ("experiment=car_onehot", "fold=0"),
    ("experiment=diabetes_linear", "fold=0"),
    ("experiment=diabetes_mlp", "fold=0"),
    ("experiment=digits_mlp", "fold=0"),
    ("experiment=mistake_relu_on_logits", "model.output_activation=null"),
    ("experiment=overfit_early_stopping",),
    ("experiment=wine_mlp", "fold=0"),
)


def main() -> None:
    print("| a run with a fault | advice | in how many of 10 seeds |\n|---|---|---|")
    for kind, words in FAULTY:
        print(f"| `{' '.join(words)}` | {kind} | {counts(words)[kind]} |", flush=True)
    print("\n| a healthy run | advice, in how many of 10 seeds |\n|---|---|")
    for words in HEALTHY:
        told = ", ".join(f"{kind} {times}" for kind, times in counts(words).items()) or "none"
        print(f"| `{' '.join(words) or 'train'}` | {told} |", flush=True)


def counts(words: Sequence[str]) -> Counter[str]:
    """How many seeds are given each kind of advice."""
    return Counter(kind for seed in SEEDS for kind in kinds([*words, f"seed={seed}", "tensorboard=off"]))


def kinds(words: Sequence[str]) -> list[str]:
    """The kinds of advice at the end of the run."""
    with finished(words) as run:
        remarks = json.loads((run / "summary.json").read_text())["remarks"]
    return [kind for kind, marks in KINDS.items() if any(marks in line for line in remarks)]


if __name__ == "__main__":
    main()
