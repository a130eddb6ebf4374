"""What is missing of a published data set, from the first mirror that has it, checked and unpacked below data_dir."""

from __future__ import annotations

import gzip
import hashlib
import os
import shlex
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException, HTTPResponse
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from runner.config.regular_file import opened
from runner.data import covtype_files
from runner.data.downloads import PUBLICATIONS, Archive, File
from runner.errors import DataError
from runner.text import say

if TYPE_CHECKING:
    from _typeshed import SupportsRead

ANSWER_TIMEOUT_S = 10  # for the name, the connection and the first byte together
READ_TIMEOUT_S = 30  # for each further piece
PIECE_BYTES = 2**16


def missing(folder: Path, archive: Archive) -> bool:
    """Whether neither the archive nor all its files are there."""
    return not (folder / archive.name).is_file() and not is_extracted(folder, archive)


def is_here(option: str, data_dir: Path) -> bool:
    """Whether nothing is to be downloaded for a data set."""
    publication = PUBLICATIONS.get(option)
    if publication is None or (option == "covtype" and covtype_files.found(data_dir)):
        return True
    return not any(missing(data_dir / publication.folder, archive) for archive in publication.archives)


def damaged(folder: Path, archive: Archive) -> bool:
    """Whether it is missing, or there with other bytes than those published; extracted files count before it."""
    if is_extracted(folder, archive):
        return not all(_is_published(folder / file.name, file) for file in archive.files)
    path = folder / archive.name
    return not path.is_file() or digest_of(path, archive.digest) != archive.digest


def download(option: str, data_dir: Path, is_wanted: Callable[[Path, Archive], bool]) -> bool:
    """Whether anything was to be fetched: then it is there now, extracted and right, and stderr says so in a line.

    Raises DataError where no mirror gives it or ``data_dir`` cannot be written to.
    """
    publication = PUBLICATIONS[option]
    folder = data_dir / publication.folder
    if not any(is_wanted(folder, archive) for archive in publication.archives):
        return False
    with locked(folder):  # another process may have fetched it in the meantime
        wanted = [archive for archive in publication.archives if is_wanted(folder, archive)]
        if wanted:
            say(f"fetching {option} (at most {publication.download_mb:g} MB) into {folder}", file=sys.stderr)
        mirrors = dict.fromkeys(publication.mirrors, "")
        for i, archive in enumerate(wanted):
            if not _fetch(mirrors, folder, archive):
                names = ", ".join(f"{archive.name} ({archive.digest})" for archive in wanted[i:])
                also = publication.also and f"\n  what is taken too: {publication.also}"
                raise DataError(
                    f"dataset={option} is not in {folder} and cannot be downloaded ({reasons(mirrors)})\n"
                    f"  put there, as they are or extracted: {names}{also}\n"
                    f"  where there is a network: {fetch_command(option, data_dir)}; dataset=digits works without one"
                )
    return True


def fetch_command(option: str, data_dir: Path) -> str:
    """What to type to get the data set."""
    return f"python -m runner fetch {option} {shlex.quote(f'data_dir={data_dir}')}"


def _fetch(mirrors: dict[str, str], folder: Path, archive: Archive) -> bool:
    """Whether a mirror had the archive; its files are extracted and the archive itself is gone again."""
    with temporary_of(folder / archive.name) as packed:
        if not get(mirrors, archive.name, archive.digest, packed):
            return False
        if archive.is_plain:
            os.replace(packed, folder / archive.name)
            return True
        for file, stream in extracted(packed, archive):
            _write_whole(folder / file.name, stream)
    return True


def extracted(path: Path, archive: Archive) -> Iterator[tuple[File, SupportsRead[bytes]]]:
    """Each file of the archive at ``path`` and its bytes, in the archive's own order. Read one before the next.

    A file without a folder may lie in any folder of the archive.
    """
    if not archive.name.endswith((".tar.gz", ".tgz")):
        with gzip.open(path) as content:
            yield archive.files[0], content
        return
    files = {file.name: file for file in archive.files}  # other members are left alone, wherever they want to lie
    with tarfile.open(path, "r:gz") as tar:
        for member in tar:
            file = files.get(member.name) or files.get(PurePosixPath(member.name).name)
            if file and (stream := tar.extractfile(member)):
                yield file, stream


def _write_whole(path: Path, stream: SupportsRead[bytes]) -> None:
    path.parent.mkdir(exist_ok=True)
    with temporary_of(path) as unfinished:
        with open(unfinished, "wb") as file:
            shutil.copyfileobj(stream, file, 2**20)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)


@contextmanager
def temporary_of(path: Path) -> Iterator[Path]:
    """A name beside ``path``; what a killed process left under it is written over by the next, which has the lock."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder is there, and this process alone writes into it. Raises DataError where it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".fetch.lock"):
            yield
    except OSError as fault:
        reason = fault.strerror or fault
        raise DataError(
            f"{folder}: the data set is to be put here and cannot be written: {reason}\n  choose another data_dir=..."
        ) from fault


def is_extracted(folder: Path, archive: Archive) -> bool:
    """Whether all files of the archive lie in ``folder``."""
    return all((folder / file.name).is_file() for file in archive.files)


def _is_published(path: Path, file: File) -> bool:
    """By its digest; by its size where only that is known."""
    if file.digest is not None:
        return digest_of(path, file.digest) == file.digest
    return not file.idx.shape or path.stat().st_size == len(file.idx.header) + file.idx.num_bytes


def digest_of(path: Path, example: str) -> str:
    """The digest of a file, of the kind of ``example``: "md5:..." """
    kind = example.partition(":")[0]
    with opened(path) as file:
        return f"{kind}:{hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()}"


class MirrorFault(Exception):
    """Why a mirror did not give the file."""


def get(mirrors: dict[str, str], name: str, digest: str | None, path: Path) -> bool:
    """Whether ``path`` now holds the file ``name``, its digest ("md5:...") right.

    ``mirrors`` is why each address was given up, "" while it answers: one that fails is not asked again.
    """
    for address in [address for address, fault in mirrors.items() if not fault]:
        try:
            _receive(address + name, digest, path, name)
            return True
        except MirrorFault as fault:
            mirrors[address] = str(fault)
    return False


def reasons(mirrors: Mapping[str, str]) -> str:
    """Why those were given up that were."""
    return "; ".join(f"{urlsplit(address).netloc}: {fault}" for address, fault in mirrors.items() if fault)


def _receive(url: str, digest: str | None, path: Path, name: str) -> None:
    """The file of ``url``, written to ``path``, with a bar in a terminal. Raises MirrorFault."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(name, total=None)
        with open(path, "wb") as file:
            for received, size, piece in _pieces(url):
                file.write(piece)
                bar.update(task, completed=received, total=size)
    if digest and (found := digest_of(path, digest)) != digest:
        raise MirrorFault(f"the downloaded file is corrupt: expected {digest}, found {found}")


def _pieces(url: str) -> Iterator[tuple[int, int | None, bytes]]:
    """(bytes so far, bytes in all where the server says, the next piece). Raises MirrorFault."""
    received = 0
    try:
        with _answer(url) as response:
            size = response.length
            for piece in iter(partial(response.read, PIECE_BYTES), b""):
                received += len(piece)
                yield received, size, piece
    except (OSError, HTTPException) as fault:
        raise MirrorFault(" ".join(_reason(fault).split())) from fault
    if size is not None and received != size:
        raise MirrorFault(f"the connection ended after {received} of {size} bytes")


def _answer(url: str) -> HTTPResponse:
    """The response, or MirrorFault after ANSWER_TIMEOUT_S.

    A thread waits for it, as a time-out of urlopen is one for each address of a host, and none for looking its name up.
    """
    answer: Future[HTTPResponse] = Future()
    request = Request(url, headers={"User-Agent": "runner"})

    def ask() -> None:
        try:
            answer.set_result(urlopen(request, timeout=READ_TIMEOUT_S))
        except Exception as fault:  # carried over to the thread that waits, and raised there
            answer.set_exception(fault)

    Thread(target=ask, daemon=True).start()
    try:
        return answer.result(ANSWER_TIMEOUT_S)
    except TimeoutError:
        raise MirrorFault(f"no answer within {ANSWER_TIMEOUT_S:g} s") from None


def _reason(fault: Exception) -> str:
    if isinstance(fault, HTTPError):
        fault.close()
        return f"HTTP {fault.code} {fault.reason}"
    if isinstance(fault, TimeoutError):
        return f"sent nothing for {READ_TIMEOUT_S:g} s"
    if isinstance(fault, URLError) and isinstance(fault.reason, OSError):
        fault = fault.reason
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault) or type(fault).__name__
