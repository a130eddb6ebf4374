"""The curves and the table of docs/overfitting.md: the recipes overfit*, each with five seeds.

python scripts/picture_overfitting.py
"""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from trials import REPOSITORY, SEEDS, spread, trials

PICTURE = REPOSITORY / "docs" / "overfitting.png"
RECIPES = {
    "overfit": "nothing",
    "overfit_weight_decay": "weight decay",
    "overfit_dropout": "dropout",
    "overfit_early_stopping": "early stopping",
    "overfit_smaller": "fewer parameters",
    "overfit_augmented": "augmentation",
}


def main() -> None:
    runs = {recipe: trials(f"experiment={recipe}") for recipe in RECIPES}
    figure, axes = plt.subplots(2, 3, figsize=(10, 5.4), sharex=True, sharey=True, layout="constrained")
    for axis, (recipe, title) in zip(axes.flat, RECIPES.items(), strict=True):
        draw(axis, runs[recipe], title)
    axes[0, 0].legend(frameon=False)
    figure.supxlabel("epoch")
    figure.supylabel("cross entropy")
    figure.savefig(PICTURE, dpi=100)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB\n")
    print(f"Mean ± standard deviation over {len(SEEDS)} seeds.\n")
    print("| against it | val loss | train loss | gap | val accuracy | gap |\n|---|---|---|---|---|---|")
    for recipe, title in RECIPES.items():
        print(row(title, runs[recipe]))


def draw(axis: Axes, runs: list[dict[str, Any]], title: str) -> None:
    """Both losses of every run, thin, as measured; a dot where the run kept its best epoch."""
    for number, run in enumerate(runs):
        epochs = [row["epoch"] for row in run["epochs"]]
        for name, colour in (("train/loss", "tab:blue"), ("val/loss", "tab:red")):
            label = name.removesuffix("/loss") if number == 0 else None
            axis.plot(epochs, [row[name] for row in run["epochs"]], color=colour, lw=0.9, alpha=0.7, label=label)
        axis.plot(run["best"]["epoch"], run["best"]["val/loss"], "o", color="tab:red", ms=4)
    axis.set(title=title, ylim=(0, 1.2))
    axis.spines[["top", "right"]].set_visible(False)


def row(title: str, runs: list[dict[str, Any]]) -> str:
    """The weights that the run ends with: those of the last epoch, or of the best where it stopped early."""
    scores = [run["best"] if run["status"] == "stopped_early" else run["last"] for run in runs]
    cells = [spread([s[name] for s in scores], 3) for name in ("val/loss", "train/loss")]
    cells.append(spread([s["val/loss"] - s["train/loss"] for s in scores], 3))
    cells.append(spread([s["val/accuracy"] for s in scores], 3))
    cells.append(spread([s["train/accuracy"] - s["val/accuracy"] for s in scores], 3))
    return f"| {title} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
