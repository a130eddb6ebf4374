"""What is missing of a published data set, fetched, checked and unpacked below data_dir."""

from __future__ import annotations

import gzip
import hashlib
import os
import shlex
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock

from runner.config.regular_file import opened
from runner.data.downloads import PUBLICATIONS, Archive, File
from runner.data.mirrors import Mirrors
from runner.data.table.blanks import BLANKS
from runner.data.table.dialect import DELIMITERS, find_delimiter, sample
from runner.data.table.packing import plain
from runner.errors import DataError
from runner.text import say

if TYPE_CHECKING:
    from _typeshed import SupportsRead

SAMPLE_BYTES = 2**16
MOST_LINES = 20  # of what a server says
SAID_BYTES = 80  # of that, in a message

Choice = Callable[[str, Path], list[Archive]]  # which archives of an option, below data_dir, are to be fetched


def missing(option: str, data_dir: Path) -> list[Archive]:
    """The archives of which neither themselves nor all their files are there."""
    publication = PUBLICATIONS[option]
    folder = data_dir / publication.folder
    return [
        archive
        for archive in publication.archives
        if not (folder / archive.name).is_file() and not is_extracted(folder, archive)
    ]


def damaged(option: str, data_dir: Path) -> list[Archive]:
    """The archives that are missing, or there with other bytes than those published."""
    publication = PUBLICATIONS[option]
    return [archive for archive in publication.archives if not _is_right(data_dir / publication.folder, archive)]


def download(option: str, data_dir: Path, choose: Choice) -> bool:
    """Whether anything was to be fetched: then it is there now, extracted and right, and stderr says so in a line.

    Raises DataError where no mirror gives it or ``data_dir`` cannot be written to.
    """
    if not choose(option, data_dir):
        return False
    publication = PUBLICATIONS[option]
    folder = data_dir / publication.folder
    with _writing(folder), FileLock(folder / ".fetch.lock"):
        wanted = choose(option, data_dir)  # another process may have fetched it in the meantime
        if wanted:
            say(f"fetching {option} (at most {publication.download_mb:g} MB) into {folder}", file=sys.stderr)
        with Mirrors(publication.mirrors) as mirrors:
            for i, archive in enumerate(wanted):
                if not _fetch(mirrors, folder, archive):
                    raise DataError(_unavailable(option, data_dir, wanted[i:], mirrors.faults))
    return True


def is_address(path: str) -> bool:
    return path.startswith(("http://", "https://"))


def received(address: str, data_dir: Path) -> Path:
    """The file of an address, downloaded below ``data_dir`` where it is not there yet. Raises DataError.

    Nobody has said which bytes are right: what came is kept where it can be a text, and the digest of its rows is the
    run's.
    """
    folder = data_dir / "downloads"
    name = f"{hashlib.sha256(address.encode()).hexdigest()[:8]}-{Path(urlsplit(address).path).name or 'table'}"
    path = folder / name
    with _writing(folder), FileLock(folder / ".fetch.lock"):
        if not path.is_file():
            say(f"fetching {address} into {path}", file=sys.stderr)
            with Mirrors((address,)) as mirrors, _temporary(path) as temporary:
                if not mirrors.get("", None, temporary):
                    ((host, fault),) = mirrors.faults.items()
                    raise DataError(
                        f"dataset.path={address}: cannot be downloaded ({host}: {fault})\n  or put it at {path}"
                    )
                content = plain(f"dataset.path={address}", temporary.read_bytes())
                _refuse_sentence(address, content.raw)  # what is no table would be found again
                os.replace(temporary, path)
    return path


def _refuse_sentence(address: str, raw: bytes) -> None:
    """Raises DataError where a server says something, as of a fault, instead of giving a table."""
    lines = raw[:SAMPLE_BYTES].split(b"\n", MOST_LINES)
    if b"\0" in raw[:SAMPLE_BYTES] or len(lines) > MOST_LINES:  # UTF-16, or longer than what servers say
        return
    text = raw.decode("latin-1").encode()  # of whatever encoding, no letter is lost
    samples = [sample(text, delimiter) for delimiter in DELIMITERS]
    are_parted = any(2 * sum(len(record) > 1 for record in records) >= len(records) for records in samples)
    if len(samples[0]) < 2 or not (are_parted or find_delimiter(text) == BLANKS):
        said = raw[:SAID_BYTES].decode(errors="replace").strip()
        raise DataError(f"dataset.path={address}: what came is no table of rows and columns: {said!r}")


def fetch_command(option: str, data_dir: Path) -> str:
    """What to type to get the data set."""
    return f"python -m runner fetch {option} {shlex.quote(f'data_dir={data_dir}')}"


def _fetch(mirrors: Mirrors, folder: Path, archive: Archive) -> bool:
    """Whether a mirror had the archive; its files are extracted and the archive itself is gone again."""
    with _temporary(folder / archive.name) as temporary:
        if not mirrors.get(archive.name, archive.digest, temporary):
            return False
        for file, stream in extracted(temporary, archive):
            _write_whole(folder / file.name, stream)
    return True


def extracted(path: Path, archive: Archive) -> Iterator[tuple[File, SupportsRead[bytes]]]:
    """Each file of the archive at ``path`` and its bytes, in the archive's own order. Read one before the next."""
    if not archive.name.endswith(".tar.gz"):
        with gzip.open(path) as content:
            yield archive.files[0], content
        return
    files = {file.name: file for file in archive.files}  # other members are left alone, wherever they want to lie
    with tarfile.open(path, "r:gz") as tar:
        for member in tar:
            if member.name in files and (stream := tar.extractfile(member)):
                yield files[member.name], stream


def _write_whole(path: Path, stream: SupportsRead[bytes]) -> None:
    path.parent.mkdir(exist_ok=True)
    with _temporary(path) as temporary:
        with open(temporary, "wb") as file:
            shutil.copyfileobj(stream, file, 2**20)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A name beside ``path``; what a killed process left under it is written over by the next, which has the lock."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as fault:
        reason = fault.strerror or fault
        raise DataError(
            f"{folder}: the data set is to be put here and cannot be written: {reason}\n  choose another data_dir=..."
        ) from fault


def is_extracted(folder: Path, archive: Archive) -> bool:
    """Whether all files of the archive lie in ``folder``."""
    return all((folder / file.name).is_file() for file in archive.files)


def _is_right(folder: Path, archive: Archive) -> bool:
    """Extracted files count before the archive, as they do when they are read."""
    if is_extracted(folder, archive):
        return all(_is_published(folder / file.name, file) for file in archive.files)
    path = folder / archive.name
    return path.is_file() and _has_digest(path, archive.digest)


def _is_published(path: Path, file: File) -> bool:
    """By its digest; by its size where only that is known."""
    if file.digest is not None:
        return _has_digest(path, file.digest)
    return file.idx is None or path.stat().st_size == file.idx.num_bytes + 4 + 4 * len(file.idx.shape)


def _has_digest(path: Path, digest: str) -> bool:
    kind = digest.partition(":")[0]
    return f"{kind}:{file_digest(path, kind)}" == digest


def file_digest(path: Path, kind: str) -> str:
    """The ``kind`` ("sha256", "md5") of a file, in hex digits."""
    with opened(path) as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()


def _unavailable(option: str, data_dir: Path, archives: Sequence[Archive], faults: dict[str, str]) -> str:
    folder = data_dir / PUBLICATIONS[option].folder
    said = "; ".join(f"{host}: {fault}" for host, fault in faults.items())
    names = ", ".join(f"{archive.name} ({archive.digest})" for archive in archives)
    return (
        f"dataset={option} is not in {folder} and cannot be downloaded ({said})\n"
        f"  put there, as they are or extracted: {names}\n"
        f"  where there is a network: {fetch_command(option, data_dir)}; dataset=digits works without one"
    )
