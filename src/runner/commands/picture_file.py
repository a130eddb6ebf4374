"""The file that a verb draws into."""

from pathlib import Path

from runner.errors import ConfigError


def check_out(out: Path, *, overwrite: bool) -> None:
    """Raises ConfigError where ``out`` is no name for a PNG file, or is there already."""
    if out.suffix.lower() != ".png":
        raise ConfigError(f"--out {out}: pictures are PNG files; name it {out.name or 'picture'}.png")
    if out.is_dir():
        raise ConfigError(f"--out {out}: is a folder; name a file in it: --out {out / 'picture.png'}")
    if not out.parent.is_dir():
        raise ConfigError(f"--out {out}: there is no folder {out.parent}; make it first, or name another")
    if out.exists() and not overwrite:
        raise ConfigError(f"{out}: there already; replace it with --overwrite, or name another with --out FILE.png")
