"""What each mistake under conf/experiment costs against its cure: the table of docs/mistakes.md.

python scripts/measure_mistakes.py
"""

from __future__ import annotations

import re

from trials import REPOSITORY, SEEDS, spread, trials

RECIPES = sorted((REPOSITORY / "conf/experiment").glob("mistake_*.yaml"))


ON_NUMBERS = ("mistake_id_target",)  # no accuracy to compare: it predicts a number


def main() -> None:
    print(f"Mean ± standard deviation over {len(SEEDS)} seeds.\n")
    print("| recipe | cure | test accuracy | cured | it costs |\n|---|---|---|---|---|")
    for path in RECIPES:
        cure = re.search(r"^# cure: (\S+)$", path.read_text(), re.MULTILINE)
        if cure and path.stem not in ON_NUMBERS:
            print(row(path.stem, cure[1]), flush=True)
    print("\n| recipe | r2 on validation | r2 on test | mean absolute error on test |\n|---|---|---|---|")
    for recipe in ON_NUMBERS:
        print(row_of_numbers(recipe), flush=True)


def row_of_numbers(recipe: str) -> str:
    best = [run["best"] for run in trials(f"experiment={recipe}")]
    cells = [spread([scores[name] for scores in best], 3) for name in ("val/r2", "test/r2", "test/mae")]
    return f"| `{recipe}` | {' | '.join(cells)} |"


def row(recipe: str, cure: str) -> str:
    with_it, without = (
        [run["best"]["test/accuracy"] for run in trials(f"experiment={recipe}", *words)] for words in ([], [cure])
    )
    cost = [a - b for a, b in zip(without, with_it, strict=True)]
    return f"| `{recipe}` | `{cure}` | {spread(with_it, 3)} | {spread(without, 3)} | {spread(cost, 3)} |"


if __name__ == "__main__":
    main()
