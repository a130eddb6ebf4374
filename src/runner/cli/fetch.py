"""fetch: download a data set once, to be copied anywhere. torch is not imported."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from runner.cli.arguments import Parser
from runner.config.catalog import Catalog, conf_folders
from runner.config.spelling import listed, nearest
from runner.data.download import damaged, download, missing
from runner.data.downloads import PUBLICATIONS
from runner.errors import ConfigError
from runner.screen.console import draw
from runner.screen.table import Listing
from runner.text import expanded, say

KEY = "data_dir="
HELP = "Download a data set once; without a name, list the data sets."


def parser() -> Parser:
    words = (KEY, *Catalog(conf_folders()).options("dataset"))
    return Parser("fetch", "[DATASET ...] [data_dir=DIR]", HELP, words)


def run(argv: Sequence[str]) -> int:
    """``fetch [DATASET ...] [data_dir=DIR]``: the exit code. Without a name, lists what can be fetched.

    What is there already is checked and kept, what is damaged is replaced. Raises RunnerError.
    """
    _, words = parser().parse_known(argv)
    names = [word for word in words if not word.startswith(KEY)]
    data_dir = _data_dir([word.removeprefix(KEY) for word in words if word.startswith(KEY)])
    faults = [fault for name in names if (fault := _fault(name))]
    if faults:
        raise ConfigError(faults)
    for name in names:
        _fetch(name, data_dir)
    if not names:
        draw(_overview(data_dir))
    return 0


def _fetch(name: str, data_dir: Path) -> None:
    if name not in PUBLICATIONS:
        print(f"{name}: nothing to fetch, it comes with the program")
        return
    folder = data_dir / PUBLICATIONS[name].folder
    came = download(name, data_dir, damaged)
    say(f"{name}: {'fetched' if came else 'here already'}, checked: {folder}")


def _overview(data_dir: Path) -> Listing:
    rows = tuple(
        (name, f"{publication.download_mb:g} MB", _state(name, data_dir), str(data_dir / publication.folder))
        for name, publication in PUBLICATIONS.items()
    )
    notes = ("download one: python -m runner fetch mnist", "to another place: add data_dir=DIR, or set RUNNER_DATA")
    return Listing("What can be fetched", ("dataset", "download", "", "where it lies"), rows, notes)


def _state(name: str, data_dir: Path) -> str:
    publication = PUBLICATIONS[name]
    lacking = sum(missing(data_dir / publication.folder, archive) for archive in publication.archives)
    total = len(publication.archives)
    if not lacking:
        return "here"
    return "missing" if lacking == total else f"{lacking} of {total} files missing"


def _data_dir(given: Sequence[str]) -> Path:
    """As train.yaml has it: the argument, else RUNNER_DATA, else ./data."""
    text = given[-1] if given else os.environ.get("RUNNER_DATA", "data")
    if not text:
        raise ConfigError("data_dir=: name a folder")
    return expanded(text)


def _fault(name: str) -> str | None:
    """What is wrong with a word that should name a data set."""
    options = Catalog(conf_folders()).options("dataset")
    if name in PUBLICATIONS or name in options:
        return None
    is_all = name.lstrip("-") in ("all", "everything")
    meant = " ".join(PUBLICATIONS) if is_all else nearest(name.removeprefix("dataset="), PUBLICATIONS)
    advice = f"; did you mean: python -m runner fetch {meant}" if meant else ""
    return f"fetch {name}: there is no such data set{advice}\n  what can be fetched: {listed(PUBLICATIONS)}"
