"""Where pictures go: a file by the ending of its name, or a folder with a file for each."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.cli.arguments import check_out
from runner.errors import ConfigError

FORMS = ("png", "svg", "pdf")
OTHER_FORMS = (".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".eps", ".ps")
DRAWN_AS = "pictures are drawn as .png, .svg or .pdf"


def form_of(out: Path) -> str:
    """png, svg or pdf, by the ending of a file's name; "" of a folder."""
    ending = out.suffix.lower().removeprefix(".")
    return ending if ending in FORMS else ""


def check_one_picture(out: Path, pictures: Sequence[str], run: str) -> None:
    """Raises ConfigError where a file that holds one picture of ``run`` should hold several."""
    if len(pictures) != 1 and form_of(out) != "pdf":
        raise ConfigError(
            f"--out {out}: holds one picture, and there are {len(pictures)}; choose one: {', '.join(pictures)}\n"
            f"  all in one file: --out {out.with_suffix('.pdf')}; a file each: --out {out.with_suffix('')}; one:\n"
            f"  python -m runner view {shlex.join([run, pictures[0], '--out', str(out)])}"
        )


def check_folder(folder: Path, pictures: Sequence[str], *, overwrite: bool) -> None:
    if folder.suffix.lower() in OTHER_FORMS and not folder.is_dir():
        raise ConfigError(f"--out {folder}: {DRAWN_AS}")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--out {folder}: is a file; name a folder, or a new file that ends in .png, .svg or .pdf")
    if not folder.parent.is_dir():
        raise ConfigError(f"--out {folder}: there is no folder {folder.parent}")
    there = [f"{name}.png" for name in pictures if (folder / f"{name}.png").exists()]
    if there and not overwrite:
        raise ConfigError(f"{folder}: {', '.join(there)} there already; add --overwrite, or --out FOLDER")


def picture_file(own: argparse.Namespace, name: str) -> Path:
    """Where the picture goes. Raises ConfigError where it cannot, or is there already."""
    out: Path = own.out or Path(f"{name}.png")
    if not form_of(out):
        raise ConfigError(f"--out {out}: {DRAWN_AS}, as {out.stem or 'picture'}.png")
    check_out("--out", out, overwrite=own.overwrite)
    return out
