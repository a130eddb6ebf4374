"""The files of a published table, as they are, gzipped, or in the archive that their publisher serves."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from runner.config import regular_file
from runner.data.download import download, fetch_command, missing
from runner.data.downloads import PUBLICATIONS, File
from runner.errors import DataError

FAULTS = (EOFError, KeyError, OSError, RuntimeError, tarfile.TarError, zipfile.BadZipFile, zlib.error)


def read_published(option: str, data_dir: Path, packed: str) -> list[bytes]:
    """What each file of the publication holds: found in ``data_dir``, also in the archive ``packed``, or downloaded.

    Raises DataError where a file is another than was published, or cannot be had.
    """
    files = [file for archive in PUBLICATIONS[option].archives for file in archive.files]
    if not all(place_of(file, data_dir, packed) for file in files):
        download(option, data_dir, missing)
    return [_checked(option, file, data_dir, packed) for file in files]


def place_of(file: File, data_dir: Path, packed: str) -> Path | None:
    """The first that is there: the file, gzipped, or the archive."""
    places = (data_dir / name for name in (file.name, f"{file.name}.gz", packed))
    return next((place for place in places if place.is_file()), None)


def _checked(option: str, file: File, data_dir: Path, packed: str) -> bytes:
    path = place_of(file, data_dir, packed)
    assert path is not None and file.digest is not None, "it was found or downloaded, and its digest is published"
    advice = f"take it away and get it anew: {fetch_command(option, data_dir)}"
    try:
        content = _unpacked(path, file.name)
    except FAULTS as fault:
        raise DataError(
            f"{path}: cannot be read as {file.name}: {str(fault) or 'it is cut short'}; {advice}"
        ) from fault
    kind, _, digest = file.digest.partition(":")
    if hashlib.new(kind, content, usedforsecurity=False).hexdigest() != digest:
        raise DataError(
            f"{path}: is not {file.name} as it was published ({file.digest}): it is cut short, changed, or another "
            f"file; {advice}"
        )
    return content


def _unpacked(path: Path, name: str) -> bytes:
    """The file ``name`` of whatever folder of an archive. Raises one of FAULTS."""
    raw = regular_file.content(path)
    if path.name == name:
        return raw
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return archive.read(_named(name, archive.namelist()))
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        stream = archive.extractfile(_named(name, archive.getnames()))
        assert stream is not None
        return stream.read()


def _named(name: str, members: list[str]) -> str:
    found = next((member for member in members if PurePosixPath(member).name == name), None)
    if found is None:
        raise KeyError(f"there is no {name} in it")
    return found
