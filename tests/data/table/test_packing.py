"""Packed files and tables of other programs are read as the CSV text in them."""

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
import torch

from runner.data.table import packing, sheets
from runner.data.table.packing import plain
from runner.errors import DataError
from tables import HEADER, ROWS, fitted

CSV = "\n".join([HEADER, *ROWS]).encode() + b"\n"


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


PACKED = {
    "zip": zipped({"a.csv": CSV}),
    "zip of a folder": zipped({"d/a.csv": CSV, "d/README.md": b"of it", "__MACOSX/d/._a.csv": b"x"}),
    "zip of UCI": zipped({"iris.data": CSV, "iris.names": b"about it", "Index": b"of files"}),
    "zip of a text": zipped({"a.txt": CSV, "readme.txt": b"of it"}),
    "zip of a gz": zipped({"a.csv.gz": gzip.compress(CSV)}),
    "bzip2": bz2.compress(CSV),
    "xz": lzma.compress(CSV),
    "tar": tarred("d/a.csv", CSV),
}


@pytest.mark.parametrize("name", PACKED)
def test_case_41_a_packed_table_is_the_same_table(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    (tmp_path / "packed").write_bytes(PACKED[name])  # by its bytes, not by its name
    assert torch.equal(fitted(tmp_path / "packed")[0].x, fitted(tmp_path / "a.csv")[0].x)


def test_case_41_what_was_taken_of_an_archive_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"a.csv": CSV, "readme.txt": b"of it"}))
    assert f"{tmp_path / 'a.zip'}: 'a.csv' in it is read" in fitted(tmp_path / "a.zip")[0].notes


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (
            zipped({"train.csv": CSV, "test.csv": CSV}),
            "the archive holds 2 tables: 'train.csv', 'test.csv'\n  unpack it, and",
        ),
        (
            zipped({"a.jpg": b"x", "b.jpg": b"y"}),
            "the archive holds 2 files, none of which has the name of a table: ",
        ),
        (zipped({}), "the archive holds no file"),
        (zipped({"a.csv": CSV})[:-30], "the zip file is cut short or damaged"),
        (bz2.compress(CSV)[:-9], "the bzip2 file is cut short or damaged"),
        (lzma.compress(CSV)[:-9], "the xz file is cut short or damaged"),
        (gzip.compress(gzip.compress(gzip.compress(gzip.compress(CSV)))), "is packed more than 3 times; unpack it"),
        (b"\xef\xbb\xbf\n <!doctype HTML>", "is a web page"),
        (b"<?xml version='1.0'?><Error/>", "is XML: an error page of a server"),
        (b'{ "message": "Not Found" }', "is JSON"),
        (b"SQLite format 3\0", "is an SQLite database"),
    ],
)
def test_case_41_what_holds_no_table_is_told_in_a_line(raw: bytes, told: str) -> None:
    with pytest.raises(DataError) as fault:
        plain("a", raw)
    assert str(fault.value).startswith(f"a: {told}")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda raw: zipped({"a.csv": raw})])
def test_case_41_a_packed_file_that_holds_too_much_is_not_unpacked(pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "SURELY_BYTES", 2**20)
    with pytest.raises(DataError, match=r"a: holds more than 1 MB in 0.0 MB, too much for a packed table"):
        plain("a", pack(bytes(2**21)))
    assert plain("a", pack(CSV)).raw == CSV


def test_case_41_names_in_brackets_are_no_web_page() -> None:
    assert plain("a", b"<TICKER>,<DATE>\nA,1\n").raw.startswith(b"<TICKER>")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (zipped({"xl/workbook.xml": b""}), "is an Excel workbook: pip install openpyxl, or save it as CSV"),
        (b"\xd0\xcf\x11\xe0", "is an old Excel workbook: pip install xlrd, or save it as CSV"),
        (zipped({"mimetype": b""}), "is an OpenDocument sheet: pip install odfpy, or save it as CSV"),
        (b"PAR1", "is a Parquet file: pip install pyarrow, or save it as CSV"),
        (b"ARROW1", "is a Feather file: pip install pyarrow, or save it as CSV"),
        (b"\x28\xb5\x2f\xfd", "is packed by zstd: pip install zstandard, or unpack it"),
    ],
)
def test_case_41_where_a_reader_is_missing_the_line_says_how_to_get_it(
    raw: bytes, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks(*args: object) -> None:
        raise ImportError

    for name in ("columns_as_csv", "sheet_as_csv"):
        monkeypatch.setattr(sheets, name, lacks)
    monkeypatch.setattr(packing, "import_module", lacks)
    with pytest.raises(DataError) as fault:
        plain("a", raw)
    assert str(fault.value) == f"a: {told}"


def test_case_41_what_a_reader_says_of_a_broken_file_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise KeyError("no magic\nbytes")

    monkeypatch.setattr(sheets, "columns_as_csv", broken)
    with pytest.raises(DataError, match=r"a: is a Parquet file, and cannot be read: .*\n  save it as CSV"):
        plain("a", b"PAR1")


def test_case_41_the_cells_of_a_sheet_are_spelled_so_that_they_are_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import datetime

    import pandas as pd

    cells = [["when", "x", "a,b"], [datetime(2020, 1, 2), 0.1, None], [datetime(2020, 1, 2, 3, 4), 7, float("nan")]]

    class Book(ModuleType):
        sheet_names = ("empty", "one", "two")

        def __init__(self, raw: object, engine: str):
            super().__init__("book")

        def __enter__(self) -> "Book":
            return self

        def __exit__(self, *fault: object) -> None:
            pass

    def read_excel(book: Book, sheet_name: str, **how: object) -> pd.DataFrame:
        return pd.DataFrame(cells if sheet_name == "one" else [], dtype=object)

    monkeypatch.setattr(pd, "read_excel", read_excel)
    monkeypatch.setattr(pd, "ExcelFile", Book)
    content = plain("a.xlsx", zipped({"xl/workbook.xml": b""}))
    assert content.raw == b'when,x,"a,b"\n2020-01-02,0.1,\n2020-01-02 03:04:00,7,\n'
    assert (content.encoding, content.has_header) == ("utf-8", None)
    assert content.note == "a.xlsx: the sheet 'one' is read, not 'empty', 'two'"


@pytest.mark.parametrize(("kind", "package"), [("xlsx", "openpyxl"), ("parquet", "pyarrow"), ("feather", "pyarrow")])
def test_case_41_a_table_of_another_program_is_the_same_table(tmp_path: Path, kind: str, package: str) -> None:
    pytest.importorskip(package)
    import pandas as pd

    (tmp_path / "a.csv").write_bytes(CSV)
    frame, path = pd.read_csv(tmp_path / "a.csv"), tmp_path / "packed"
    with open(path, "wb") as file:
        frame.to_excel(file, index=False, engine=package) if kind == "xlsx" else getattr(frame, f"to_{kind}")(file)
    data, expected = fitted(path)[0], fitted(tmp_path / "a.csv")[0]
    assert torch.equal(data.x, expected.x) and torch.equal(data.y, expected.y) and data.columns == expected.columns


def test_case_41_names_that_are_numbers_are_names_in_a_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    import pandas as pd

    pd.DataFrame({"0": range(40), "1": [0.5 * i for i in range(40)]}).to_parquet(tmp_path / "a")
    assert [column.name for column in fitted(tmp_path / "a", target="1")[0].columns] == ["0"]


def test_case_41_zstd_is_unpacked_and_one_that_is_cut_short_is_told() -> None:
    zstandard = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "zstandard")
    pack = zstandard.compress
    assert plain("a", pack(CSV[:300]) + pack(CSV[300:])).raw == CSV
    with pytest.raises(DataError, match="the zstd file is cut short or damaged"):
        plain("a", pack(CSV)[:-9])
