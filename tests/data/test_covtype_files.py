from pathlib import Path

import pytest

from runner.data.covtype_files import FEATURES, TARGET, first_row, found, names_in
from runner.data.download import is_here

HEADER = ",".join([*FEATURES, TARGET])
ROW = ",".join(["2596", "51", "3", "258", "-6", *["0"] * 6, "1", *["0"] * 42, "5"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("covtype_first15120.data", ROW),
        ("Covtype (1).csv", f"\ufeff{HEADER}\r\n{ROW}\r\n"),
        ("train.csv", f"Id,{HEADER}\n1,{ROW}"),
        ("covtype-train.csv", '"' + f"Id,{HEADER}".replace(",", '","') + '"'),
    ],
)
def test_a_file_is_known_by_its_columns_whatever_follows_covtype_in_its_name(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    assert [path.name for path in found(tmp_path)] == [name]
    assert is_here("covtype", tmp_path)
    assert len(names_in(tmp_path / name)) == (56 if "Id" in text else 55)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("covtype.csv", HEADER.replace("Slope", "Grade")),
        ("covtype.data", ROW + "1"),  # 51: no class
        ("covtype.data", ROW.replace("2596", "x")),
        ("covtype.data", ROW.rpartition(",")[0]),
        ("covtype.info", "The forest cover type"),
        ("covtype.data.gz", "\x1f\x00"),
        ("train.csv", ROW),
        ("forest.data", ROW),
    ],
)
def test_a_file_of_other_columns_or_another_name_is_none(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert found(tmp_path) == [] and not is_here("covtype", tmp_path / "nowhere")


def test_the_largest_comes_first(tmp_path: Path) -> None:
    (tmp_path / "covtype_first.data").write_text(ROW)
    (tmp_path / "covtype.csv").write_text(f"{HEADER}\n{ROW}")
    assert [path.name for path in found(tmp_path)] == ["covtype.csv", "covtype_first.data"]


def test_what_cannot_be_unpacked_has_no_first_row(tmp_path: Path) -> None:
    (tmp_path / "covtype.gz").write_bytes(b"\x1f\x8bno gzip")
    assert first_row(tmp_path / "covtype.gz") == []
