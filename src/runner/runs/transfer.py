"""A run directory taken from one machine to another while its run writes in it, whole at every moment of the way.

Files are put down in the order in which a run writes them, and taken in the reverse one: whatever comes in between,
there and here, the directory is as a kill of the run might have left it, and a run goes on from that to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from runner.runs.files import write_whole

WRITTEN_LATER = ("best.pt", "last.pt", "summary.json")  # than all others, which last.pt counts on
PREVIOUS = "previous-"  # what came before a file that is whole is of no use elsewhere
Stamp = tuple[int, int, int]  # inode, time of the last change in ns, size: another one where the content is another


@dataclass(frozen=True)
class Changes:
    """What has become of a directory: files by their names in it, and ``names``, all that it holds."""

    files: Mapping[str, bytes]
    names: frozenset[str]

    def put(self, folder: Path) -> None:
        """Make them in ``folder``. Raises RunError where the disk refuses."""
        for name in sorted(self.files, key=turn):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(folder / name, self.files[name])
        for name, path in travelling(folder):
            if name not in self.names:
                path.unlink()


@dataclass
class Sender:
    """Says what has changed in a directory since it was asked last."""

    folder: Path
    sent: dict[str, Stamp] = field(default_factory=dict)

    def changes(self) -> Changes:
        files: dict[str, bytes] = {}
        found = dict(travelling(self.folder))
        for name in sorted(found, key=turn, reverse=True):
            with suppress(FileNotFoundError):  # taken away since
                if (now := stamp(found[name])) != self.sent.get(name):
                    files[name], self.sent[name] = found[name].read_bytes(), now
        return Changes(files, frozenset(found))

    @property
    def has_checkpoint(self) -> bool:
        """Whether one was saved since."""
        saved = [(name, path) for name, path in travelling(self.folder) if name.endswith("last.pt")]
        return any(stamp(path) != self.sent.get(name) for name, path in saved)


def turn(name: str) -> tuple[int, int]:
    """A file's place in the order of writing; the summary above folds comes after theirs."""
    path = PurePosixPath(name)
    return WRITTEN_LATER.index(path.name) if path.name in WRITTEN_LATER else -1, -len(path.parts)


def travelling(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files, by their names in it; not those that say who owns it, or are being written."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith((".", PREVIOUS)):
            yield path.relative_to(folder).as_posix(), path


def stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
