"""Paths as they are typed from the current folder."""

from pathlib import Path

from runner.control_characters import visible


def here(path: Path) -> str:
    """The path from the current folder on where it is below, else as it is."""
    return visible(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
