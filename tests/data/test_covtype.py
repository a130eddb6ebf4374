import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest

from runner.contracts import Split
from runner.data import covtype, download
from runner.data.covtype import CLASSES, TARGET, TRAIN_ROWS, VAL_ROWS, Covtype
from runner.data.covtype_files import FEATURES
from runner.data.splits import SplitSettings, describe, split
from runner.data.table.file import find_file
from runner.errors import ConfigError, DataError

SETTINGS = SplitSettings(0, 0.1, 0.2, None, None)
WIDE = ["0"] * 50


def lines(num_rows: int) -> list[str]:
    return [",".join([str(2000 + i), "51", "3", "258", *WIDE, str(i % 7 + 1)]) for i in range(num_rows)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covtype, "TRAIN_ROWS", 14)
    monkeypatch.setattr(covtype, "VAL_ROWS", 7)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["covtype.data", "covtype.csv", "covtype.data.gz", "covtype.csv.gz"])
def test_the_file_is_found_with_a_header_or_without_gzipped_or_not(tmp_path: Path, name: str) -> None:
    header = [",".join([*FEATURES, TARGET])] if "csv" in name else []
    content = "\n".join([*header, *lines(30)]).encode()
    (tmp_path / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    data = Covtype(path=None, features=None, split="official").load(tmp_path)
    rows = split(data, SETTINGS)
    assert (rows.train.tolist(), rows.val.tolist()) == (list(range(14)), list(range(14, 21)))
    data = data.x.fitted(rows)  # type: ignore[union-attr]
    assert (data.x.shape, data.class_names, tuple(data.ignored)) == ((30, 54), tuple(CLASSES.values()), ())
    assert data.x[8, :4].tolist() == [2008, 51, 3, 258] and data.y[8] == 1


@pytest.mark.usefixtures("small")
def test_columns_are_chosen_by_place_and_by_name_and_the_number_of_a_row_is_none_of_them(tmp_path: Path) -> None:
    header = ",".join(["Id", *FEATURES, TARGET])
    (tmp_path / "train.csv").write_text("\n".join([header, *(f"{i},{line}" for i, line in enumerate(lines(30)))]))
    data = Covtype(path=None, features=["0:3", "Slope"], split="official").load(tmp_path)
    data = data.x.fitted(split(data, SETTINGS))  # type: ignore[union-attr]
    assert [column.name for column in data.columns] == ["Elevation", "Aspect", "Slope"]
    assert data.x[8].tolist() == [2008, 51, 3]


@pytest.mark.usefixtures("small")
def test_a_file_of_the_first_rows_has_no_test_rows_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "covtype.data").write_text("\n".join(lines(21)))
    data = Covtype(path=None, features=None, split="official").load(tmp_path)
    assert len(split(data, SETTINGS).test) == 0
    assert describe(data, SETTINGS) == "official validation set; the official test set is empty here"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("label", ["0", "8", "1.5", "x"])
def test_a_label_that_is_no_class_is_told_with_its_line(tmp_path: Path, label: str) -> None:
    changed = lines(30)
    changed[24] = changed[24].rpartition(",")[0] + f",{label}"
    (tmp_path / "covtype.data").write_text("\n".join(changed))
    with pytest.raises(
        DataError, match=rf"covtype.data, line 25, column Cover_Type: '{label}' is not a class; the classes are 1, 2"
    ):
        Covtype(path=None, features=None, split="official").load(tmp_path)


def test_columns_that_are_not_those_of_covtype_are_refused(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("1,2,3\n4,5,6\n")
    with pytest.raises(ConfigError, match="55 columns are named, and line 1 has 3 fields"):
        Covtype(path="few.csv", features=None, split="official").load(tmp_path)
    header = ",".join([FEATURES[1], FEATURES[0], *FEATURES[2:], TARGET])
    (tmp_path / "other.csv").write_text("\n".join([header, *lines(3)]))
    with pytest.raises(DataError, match="line 1: column 1 is Aspect, where Elevation should be"):
        Covtype(path="other.csv", features=None, split="official").load(tmp_path)


def test_too_few_rows_for_the_official_split_are_refused(tmp_path: Path) -> None:
    (tmp_path / "covtype.data").write_text("\n".join(lines(30)))
    with pytest.raises(DataError, match="has 30 rows, and the first 11,340 are to train, the next 3,780 to validate"):
        Covtype(path=None, features=None, split="official").load(tmp_path)


@pytest.mark.real
def test_the_rows_at_hand_are_balanced_as_their_donors_say() -> None:
    path = Path(os.environ.get("RUNNER_DATA", "data")) / "covtype_first15120.data"
    if not path.exists():
        pytest.skip(f"{path} is not here: set RUNNER_DATA to the folder that holds it")
    data = Covtype(path=str(path), features=None, split="official").load(path.parent)
    rows: Split = split(data, SETTINGS)
    assert data.y[rows.train].bincount().tolist() == [TRAIN_ROWS // 7] * 7
    assert data.y[rows.val].bincount().tolist() == [VAL_ROWS // 7] * 7
    assert find_file(str(path), path.parent) == path


@pytest.mark.usefixtures("small")
def test_the_random_split_is_drawn_from_all_rows(tmp_path: Path) -> None:
    (tmp_path / "covtype.data").write_text("\n".join(lines(100)))
    rows = split(Covtype(path=None, features=None, split="random").load(tmp_path), replace(SETTINGS, val_fraction=0.2))
    assert [len(rows.train), len(rows.val), len(rows.test)] == [64, 16, 20]
    assert rows.test.tolist() != list(range(80, 100))


@pytest.mark.usefixtures("small")
def test_the_file_of_the_competition_is_read_without_its_row_numbers(tmp_path: Path) -> None:
    numbered = [f"{i},{line}" for i, line in enumerate(lines(21), start=1)]
    (tmp_path / "train.csv").write_text("\n".join([",".join(["Id", *FEATURES, TARGET]), *numbered]))
    data = Covtype(path=None, features=None, split="official").load(tmp_path)
    data = data.x.fitted(split(data, SETTINGS))  # type: ignore[union-attr]
    assert (data.x.shape, data.x[8, :2].tolist(), tuple(data.ignored)) == ((21, 54), [2008, 51], ("Id",))


@pytest.mark.usefixtures("small")
def test_of_two_files_the_larger_is_read_and_both_are_named(tmp_path: Path) -> None:
    (tmp_path / "covtype_first.data").write_text("\n".join(lines(21)))
    (tmp_path / "covtype.data").write_text("\n".join(lines(30)))
    data = Covtype(path=None, features=None, split="official").load(tmp_path)
    assert len(data.y) == 30
    assert data.notes == ("covtype.data is read, the largest; there is also covtype_first.data: dataset.path=...",)


def test_where_there_is_none_every_name_is_told_and_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "get", lambda *_: False)
    with pytest.raises(DataError, match=r"covtype\.csv, \.gz or not, any other name .* train\.csv .* dataset\.path="):
        Covtype(path=None, features=None, split="official").load(tmp_path)
