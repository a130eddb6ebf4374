"""What is inside of a file: unpacked where it is packed, as CSV where it is another program's table."""

from __future__ import annotations

import codecs
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from runner.config import regular_file
from runner.data.table.cells import first_of
from runner.errors import DataError

WEB_PAGE = "a web page: the address leads to a page about the file, not to the file"
FOREIGN: Sequence[tuple[re.Pattern[bytes], str]] = [  # how what is often given in place of a table begins
    (re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"]"), "JSON; write it as CSV"),
    (re.compile(rb"%PDF"), "a PDF"),
    (re.compile(rb"\x89HDF"), "an HDF5 file"),
    (re.compile(rb"SQLite format 3"), "an SQLite database; write the table as CSV"),
    (re.compile(rb"7z\xbc\xaf|Rar!"), "packed by another program; unpack it"),
    (re.compile(rb"(?i)<(!doctype\s+html|html\b|head>|body\b|!--)"), WEB_PAGE),
    (re.compile(rb"(?i)<(\?xml|!doctype)\b"), "XML: an error page of a server, or another kind of file"),
]
KINDS = {  # how a file of the kind begins
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"PAR1": "parquet",
    b"ARROW1": "feather",
    b"FEA1": "feather",
}
STREAMS: Mapping[str, tuple[str, ...]] = {  # the module that opens it: the first that is there; pip gives the last
    "gzip": ("gzip",),
    "bzip2": ("bz2",),
    "xz": ("lzma",),
    "zstd": ("compression.zstd", "backports.zstd", "zstandard"),
}
FAULTS = ("BadZipFile", "LZMAError", "ZstdError")  # of these modules and of zipfile
# Of a zip file: a password, a way of packing that Python has not
CANNOT: tuple[type[Exception], ...] = (RuntimeError, NotImplementedError)
PROGRAMS: Mapping[str, tuple[str, str, str]] = {  # kind -> what it is, what pip gives, what pandas calls that
    "xlsx": ("an Excel workbook", "openpyxl", "openpyxl"),
    "xlsb": ("a binary Excel workbook", "pyxlsb", "pyxlsb"),
    "xls": ("an old Excel workbook", "xlrd", "xlrd"),
    "ods": ("an OpenDocument sheet", "odfpy", "odf"),
    "parquet": ("a Parquet file", "pyarrow", "pyarrow"),
    "feather": ("a Feather file", "pyarrow", "pyarrow"),
}
SURELY_BYTES = 2**30  # may be in any packed file, and beyond it
MOST_TIMES = 100  # its size: texts of tables are packed to a tenth, of indicators to a fiftieth
MOST_LAYERS = 3  # a file in a file in a file
MOST_NAMES = 8  # in a message
PIECE_BYTES = 2**20
ZSTD_BYTES = 2**12  # read at once: they may hold a hundred megabytes
HIDDEN = re.compile(r"(^|/)(__MACOSX/|\.)|/$")
ABOUT = re.compile(r"(^|/)(read.?me|licen[cs]e|index|about|description)[^/]*$", re.IGNORECASE)
TABLE = re.compile(r"\.(csv|tsv|tab|data|dat|xlsx?|xlsm|ods|parquet|feather)(\.(gz|bz2|xz|zst|zip))?$", re.IGNORECASE)
TEXT = re.compile(r"\.(txt|text|asc|log)(\.(gz|bz2|xz|zst|zip))?$", re.IGNORECASE)


@dataclass(frozen=True)
class Content:
    """A text in whatever encoding, or the CSV text of another program's table."""

    raw: bytes
    encoding: str | None = None  # None: to be found
    has_header: bool | None = None  # None: to be found
    note: str = ""  # what of the file was taken, where it holds more


def unpacked(path: Path) -> Content:
    """What a file holds. Raises DataError where that cannot be a table."""
    try:
        raw = regular_file.content(path)
    except OSError as fault:
        raise DataError(f"{path}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault
    return plain(path, raw)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, unpacked as far as it is read where it is packed once.

    Raises DataError where it cannot be read, or is an archive that holds no single table.
    """
    with regular_file.opened(path) as file:
        kind = _kind(file.peek())
        module = _module(STREAMS[kind]) if kind in STREAMS else None
        try:
            if module is not None:
                with module.open(file) as stream:
                    yield stream
            elif kind == "zip":
                with zipfile.ZipFile(file) as archive:
                    name, _ = _table_among(path, archive.namelist())
                    with archive.open(name) as stream:
                        yield stream
            else:
                yield file
        except (*_faults(module or zipfile), *CANNOT) as fault:
            raise DataError(f"{path}: cannot be read: {fault}") from fault


def plain(path: Path | str, raw: bytes) -> Content:
    """What the file of these bytes holds. Raises DataError where that cannot be a table."""
    try:
        return _plain(path, raw, MOST_LAYERS)
    except MemoryError as fault:
        raise DataError(f"{path}: does not fit into memory; use fewer of its rows") from fault


def _plain(path: Path | str, raw: bytes, layers: int) -> Content:
    kind = _kind(raw)
    if kind == "zip":
        kind = _kind_of_zip(path, raw)
    if kind in PROGRAMS:
        return _as_csv(path, raw, kind)
    if kind or _is_tar(raw):
        if not layers:
            raise DataError(f"{path}: is packed more than {MOST_LAYERS} times; unpack it")
        inside, note = (_stream(path, raw, kind), "") if kind in STREAMS else _member(path, raw)
        content = _plain(path, inside, layers - 1)
        return replace(content, note="; ".join(filter(None, [note, content.note])))
    _refuse_foreign(path, raw)
    return Content(raw)


def _kind(raw: bytes) -> str:
    return next((kind for start, kind in KINDS.items() if raw.startswith(start)), "")


def _refuse_foreign(path: Path | str, raw: bytes) -> None:
    start = raw[:PIECE_BYTES].removeprefix(codecs.BOM_UTF8).lstrip()
    if what := next((what for pattern, what in FOREIGN if pattern.match(start)), ""):
        raise DataError(f"{path}: is {what}")
    if not start and not raw.strip():
        raise DataError(f"{path}: the file is empty")


def _stream(path: Path | str, raw: bytes, kind: str) -> bytes:
    """What is packed by gzip, bzip2, xz or zstd."""
    module = _module(STREAMS[kind])
    if module is None:
        raise DataError(f"{path}: is packed by {kind}: pip install {STREAMS[kind][-1]}, or unpack it")
    try:
        if module.__name__ == "zstandard":
            return _bounded(path, _zstd_pieces(module, raw), len(raw))
        with module.open(io.BytesIO(raw)) as stream:
            return _bounded(path, iter(partial(stream.read, PIECE_BYTES), b""), len(raw))
    except _faults(module) as fault:
        raise DataError(f"{path}: the {kind} file is cut short or damaged: {fault}") from fault


def _faults(module: Any) -> tuple[type[Exception], ...]:
    """What the module raises for a file that is cut short or damaged."""
    own: list[type[Exception]] = [getattr(module, name, OSError) for name in FAULTS]
    return (OSError, EOFError, ValueError, zlib.error, *own)


def _module(names: Sequence[str]) -> Any:
    """The first of the modules that is there, or None."""
    for name in names:
        with suppress(ImportError):
            return import_module(name)
    return None


def _zstd_pieces(zstandard: Any, raw: bytes) -> Iterator[bytes]:
    """Of all frames; the package's own stream ends without a word where one is cut short."""
    at = 0
    while at < len(raw):
        frame = zstandard.ZstdDecompressor().decompressobj()
        while not frame.eof:
            packed = raw[at : at + ZSTD_BYTES]
            if not packed:
                raise EOFError("it ends within a frame")
            yield frame.decompress(packed)
            at += len(packed)
        at -= len(frame.unused_data)


def _bounded(path: Path | str, pieces: Iterable[bytes], packed: int) -> bytes:
    """The pieces as one, where that is no more than a table can be that was packed to ``packed`` bytes."""
    left, kept = max(SURELY_BYTES, MOST_TIMES * packed), []
    for piece in pieces:
        kept.append(piece)
        left -= len(piece)
        if left < 0:
            _refuse_size(path, packed)
    return b"".join(kept)


def _refuse_size(path: Path | str, packed: int) -> None:
    raise DataError(
        f"{path}: holds more than {max(SURELY_BYTES, MOST_TIMES * packed) / 1e6:,.0f} MB in {packed / 1e6:,.1f} MB, "
        f"too much for a packed table; if it is one, unpack it"
    )


def _is_tar(raw: bytes) -> bool:
    return raw[257:262] == b"ustar"


def _kind_of_zip(path: Path | str, raw: bytes) -> str:
    """Of what program it is, which keep their tables in zip files; else zip."""
    with _zip(path, raw) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" in names or "xl/workbook.bin" in names or "mimetype" in names:
            if sum(info.file_size for info in archive.infolist()) > max(SURELY_BYTES, MOST_TIMES * len(raw)):
                _refuse_size(path, len(raw))
            return "xlsx" if "xl/workbook.xml" in names else "ods" if "mimetype" in names else "xlsb"
    return "zip"


@contextmanager
def _zip(path: Path | str, raw: bytes) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield archive
    except _faults(zipfile) as fault:
        raise DataError(f"{path}: the zip file is cut short or damaged: {fault}") from fault
    except CANNOT as fault:
        raise DataError(f"{path}: the zip file cannot be unpacked here: {fault}; unpack it") from fault


def _member(path: Path | str, raw: bytes) -> tuple[bytes, str]:
    """(the one table in a zip or tar file, what to say where there is more in it)."""
    if _is_tar(raw):
        return _tar_member(path, raw)
    with _zip(path, raw) as archive:
        name, note = _table_among(path, archive.namelist())
        with archive.open(name) as stream:
            return _bounded(path, iter(partial(stream.read, PIECE_BYTES), b""), len(raw)), note


def _tar_member(path: Path | str, raw: bytes) -> tuple[bytes, str]:
    try:
        with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
            files = {member.name: member for member in tar if member.isfile()}
            name, note = _table_among(path, list(files))
            stream = tar.extractfile(files[name])
            assert stream is not None
            return stream.read(), note
    except tarfile.TarError as fault:
        raise DataError(f"{path}: the tar file is cut short or damaged: {fault}") from fault


def _table_among(path: Path | str, names: Sequence[str]) -> tuple[str, str]:
    """(the name of the only table, what to say where there is more). Raises DataError for several tables, or none."""
    files = [name for name in names if not HIDDEN.search(name)]
    tables = [name for name in files if TABLE.search(name)]
    texts = [name for name in files if TEXT.search(name) and not ABOUT.search(name)]
    for found in (files, tables, texts):
        if len(found) == 1:
            return found[0], f"{path}: {found[0]!r} in it is read" if len(files) > 1 else ""
    if not files:
        raise DataError(f"{path}: the archive holds no file")
    listed = first_of(list(map(repr, tables or files)), MOST_NAMES)
    many = f"{len(tables)} tables" if tables else f"{len(files)} files, none of which has the name of a table"
    raise DataError(f"{path}: the archive holds {many}: {listed}\n  unpack it, and name the one that is meant")


def _as_csv(path: Path | str, raw: bytes, kind: str) -> Content:
    """What another program has written. Raises DataError where it cannot be read here."""
    what, package, engine = PROGRAMS[kind]
    try:
        from runner.data.table import sheets  # brings pandas, at 0.4 s

        if kind in ("parquet", "feather"):
            return Content(sheets.columns_as_csv(raw, kind), "utf-8", has_header=True)
        text, note = sheets.sheet_as_csv(path, raw, engine)
        return Content(text, "utf-8", note=note)  # whether its first row is a header, is found as in a CSV file
    except ImportError as fault:
        raise DataError(f"{path}: is {what}: pip install {package}, or save it as CSV") from fault
    except DataError:
        raise
    except Exception as fault:  # each reader has faults of its own
        said = (str(fault) or type(fault).__name__).splitlines()[0][:200]
        raise DataError(f"{path}: is {what}, and cannot be read: {said}\n  save it as CSV") from fault
