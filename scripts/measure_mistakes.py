"""What each mistake under conf/experiment costs against its cure: the table of docs/mistakes.md.

python scripts/measure_mistakes.py
"""

from __future__ import annotations

import re

from trials import REPOSITORY, SEEDS, spread, trials

RECIPES = sorted((REPOSITORY / "conf/experiment").glob("mistake_*.yaml"))


def main() -> None:
    print(f"Mean ± standard deviation over {len(SEEDS)} seeds.\n")
    print("| recipe | cure | test accuracy | cured | it costs |\n|---|---|---|---|---|")
    for path in RECIPES:
        cure = re.search(r"^# cure: (\S+)$", path.read_text(), re.MULTILINE)
        if cure:
            print(row(path.stem, cure[1]), flush=True)


def row(recipe: str, cure: str) -> str:
    with_it, without = (
        [run["best"]["test/accuracy"] for run in trials(f"experiment={recipe}", *words)] for words in ([], [cure])
    )
    cost = [a - b for a, b in zip(without, with_it, strict=True)]
    return f"| `{recipe}` | `{cure}` | {spread(with_it, 3)} | {spread(without, 3)} | {spread(cost, 3)} |"


if __name__ == "__main__":
    main()
