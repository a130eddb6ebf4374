"""A run's folders and files in full."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runner.config.catalog import Part
from runner.config.run_config import Config
from runner.text import expanded


def located(config: Config) -> Config:
    """The config with its folders and files in full, so that the run can be read from any other folder."""
    data_dir, output_dir = str(absolute(config.data_dir)), str(absolute(config.output_dir))
    dataset, model = with_full_path(config.dataset), with_full_path(config.model)
    return replace(config, data_dir=data_dir, output_dir=output_dir, dataset=dataset, model=model)


def with_full_path(part: Part) -> Part:
    """The part with its ``path`` in full where it is of the current folder; else it is an address, or of data_dir."""
    path = part.knobs.get("path")
    if not path or not absolute(path).exists():
        return part
    return replace(part, knobs={**part.knobs, "path": str(absolute(path))})


def absolute(path: str) -> Path:
    return expanded(path).absolute()
