"""The suite on the lowest and on the newest versions that pyproject.toml allows, each in a new environment.

    python scripts/check_versions.py [--only lowest|newest] [words for pytest]

Needs Python alone: the lowest versions go with the oldest python3.N on the PATH that pyproject.toml allows, the newest
with the newest one. Ends with one line for each, the versions and whether the suite passed. Each environment takes
5 GB and is gone afterwards.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FLOOR = re.compile(r"([\w-]+)>=([\w.]+)")  # what each line of pyproject.toml begins with


def floors() -> dict[str, str]:
    """The lowest version of each package that is asked for by name, those of the tests among them."""
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    found = {text: FLOOR.match(text) for text in asked}
    if bare := [text for text, floor in found.items() if floor is None]:
        sys.exit(f"pyproject.toml, {', '.join(bare)}: no lowest version; write name>=version")
    return {floor[1]: floor[2] for floor in found.values() if floor}


def pythons() -> list[str]:
    """The commands python3.N that answer, oldest first."""
    oldest = int(PROJECT["requires-python"].removeprefix(">=3."))
    found = [python for minor in range(oldest, oldest + 20) if answers(python := f"python3.{minor}")]
    return found or sys.exit(f"no python3.{oldest} or newer on the PATH")


def answers(python: str) -> bool:
    try:
        return subprocess.run([python, "--version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def passes(which: str, python: str, words: list[str]) -> tuple[bool, str]:
    """Whether the suite passes, and the versions it ran on."""
    with tempfile.TemporaryDirectory() as folder:
        pins, inside = Path(folder) / "pins.txt", Path(folder) / "bin" / "python"
        pins.write_text("".join(f"{name}=={version}\n" for name, version in floors().items()), encoding="utf-8")
        install = [inside, "-m", "pip", "install", "-e", ".[test]", *(["-c", pins] if which == "lowest" else [])]
        for command in ([python, "-m", "venv", folder], install):
            subprocess.run(command, cwd=ROOT, check=True)
        show = "import sys, importlib.metadata as m; print(*(f'{name} {m.version(name)}' for name in sys.argv[1:]))"
        listed = subprocess.run([inside, "-c", show, *floors()], capture_output=True, text=True, check=True).stdout
        suite = subprocess.run([inside, "-m", "pytest", "-q", "-n", "2", *words], cwd=ROOT, check=False)
        return suite.returncode == 0, f"{python}, {listed.strip()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["lowest", "newest"])
    asked, words = parser.parse_known_args()
    told = []
    for which, place in (("lowest", 0), ("newest", -1)):
        if asked.only in (None, which):
            told.append((which, *passes(which, pythons()[place], words)))
    for which, passed, versions in told:
        print(f"{which}: {'passed' if passed else 'FAILED'} on {versions}")
    sys.exit(not all(passed for _, passed, _ in told))


if __name__ == "__main__":
    main()
