"""The text of a file as UTF-8, whatever it was written in: found where only one encoding makes sense."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from runner import regular_file
from runner.errors import ConfigError, DataError

BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
FOREIGN = {  # the first bytes of what is often given in place of a text
    b"PK\x03\x04": "an Excel workbook or another zip file; save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV",
    b"PAR1": "a Parquet file; write it as CSV",
    b"BZh": "packed by bzip2; unpack it, or pack it by gzip",
    b"\xfd7zXZ": "packed by xz; unpack it, or pack it by gzip",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it, or pack it by gzip",
    b"[{": "JSON; write it as CSV",
    b'{"': "JSON; write it as CSV",
    b"%PDF": "a PDF",
    b"\x89HDF": "an HDF5 file",
    b"<!DOCTYPE": "a web page: the address leads to a page about the file, not to the file",
    b"<html": "a web page: the address leads to a page about the file, not to the file",
}
GZIP = b"\x1f\x8b"
SAMPLE_BYTES = 2**20
SURE = 0.9  # of the characters that are not ASCII have to speak for an encoding
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True)
class Encoded:
    """A text as UTF-8, without a mark in front."""

    utf8: bytes
    encoding: str  # that it was written in
    note: str  # what a user should know of how that was found; "" where it was plain


def unpacked(path: Path) -> bytes:
    """The bytes of a file, those inside where it is gzipped. Raises DataError where they cannot be a text."""
    try:
        raw = regular_file.content(path)
    except OSError as fault:
        raise DataError(f"{path}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault
    return plain(path, raw)


def plain(path: Path | str, raw: bytes) -> bytes:
    """What is inside of ``raw`` where it is gzipped. Raises DataError where it cannot be a text."""
    if raw.startswith(GZIP):
        try:
            raw = _gunzipped(path, raw)
        except (OSError, EOFError, zlib.error) as fault:
            raise DataError(f"{path}: the gzip file is cut short or damaged: {fault}") from fault
    for start, what in FOREIGN.items():
        if raw.startswith(start):
            raise DataError(f"{path}: is {what}")
    if not raw[:SAMPLE_BYTES].strip() and not raw.strip():
        raise DataError(f"{path}: the file is empty")
    return raw


def _gunzipped(path: Path | str, raw: bytes) -> bytes:
    """Tables shrink to a tenth; what unpacks to fifty times as much, and is large, is made to fill the memory."""
    most = max(regular_file.MOST_PIPED, 50 * len(raw))
    refusal = f"{path}: {len(raw):,} bytes that unpack to more than {most:,}; if that is right, unpack it: gunzip"
    with gzip.open(io.BytesIO(raw)) as stream:
        return regular_file.bounded(stream, most, refusal)


def as_utf8(path: Path, content: bytes, encoding: str | None) -> Encoded:
    """The text in UTF-8. Raises DataError naming the place where it is none, or what it may be."""
    if encoding == "utf-8" and content.isascii():
        return Encoded(content, encoding, "")
    named = encoding or next((name for mark, name in BOMS.items() if content.startswith(mark)), None)
    if named is not None:
        return Encoded(_recoded(path, content, named), named, "")
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise DataError(
            f"{path}, line {line}: a byte 0: this is no text, or UTF-16 without a mark: dataset.encoding=utf-16-le"
        )
    if content.isascii() or _decodes(content, "utf-8"):
        return Encoded(content, "utf-8", "")
    found = _guess(path, content)
    note = f"{path}: read as {found}; if it is not, say which: dataset.encoding=..."
    return Encoded(_recoded(path, content, found), found, note)


def _recoded(path: Path, content: bytes, encoding: str) -> bytes:
    try:
        text = content.decode(encoding)
    except LookupError as fault:
        raise ConfigError(f"dataset.encoding={encoding}: no such encoding; utf-8, utf-16, cp949, latin-1") from fault
    except UnicodeDecodeError as fault:
        line = content.count(b"\n", 0, fault.start) + 1
        raise DataError(f"{path}, line {line}: byte {content[fault.start]:#04x} is no {encoding}") from fault
    return text.removeprefix("\ufeff").encode()


def _guess(path: Path, content: bytes) -> str:
    """cp949 where what is not ASCII comes in pairs that are Hangul, cp1252 where it comes alone within words."""
    runs = _HIGH_RUNS.findall(content[:SAMPLE_BYTES])
    total = sum(map(len, runs))
    if _is_hangul(content) and sum(len(run) for run in runs if len(run) % 2 == 0) >= SURE * total:
        return "cp949"
    if _decodes(content, "cp1252") and sum(len(run) for run in runs if len(run) == 1) >= SURE * total:
        return "cp1252"
    at = _first_fault(content)
    line = content.count(b"\n", 0, at) + 1
    raise DataError(
        f"{path}, line {line}: byte {content[at]:#04x} is no UTF-8, and it is not plain what else the text is\n"
        f"  name it: dataset.encoding=cp949, latin-1, shift_jis, gb18030 ..."
    )


def _is_hangul(content: bytes) -> bool:
    if not _decodes(content, "cp949"):
        return False
    foreign = [char for char in content.decode("cp949") if not char.isascii()]
    # the 2,350 syllables in use; the 8,822 others of cp949 are what other encodings look like in it
    in_use = ("가" <= char <= "힣" and len(char.encode("euc_kr", "ignore")) == 2 for char in foreign)
    return sum(in_use) >= SURE * len(foreign)


def _first_fault(content: bytes) -> int:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as fault:
        return fault.start
    return 0


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
