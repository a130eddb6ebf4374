"""Tables as people have them train at once, and what was done to their cells is said."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch

from program import only_run, run
from runner.contracts import Column, Data, Split
from runner.data.splits import SplitSettings, describe
from runner.data.table.dialect import Reading
from runner.data.table.new_table import table_rows
from runner.data.table.typed_row import single_row
from runner.errors import ConfigError, DataError
from tables import fitted, read, write

ROWS = 60


def lenient(path: Path, target: str | int = "y", **knobs: Any) -> tuple[Data, Split]:
    return fitted(path, target, strict=False, **knobs)  # type: ignore[arg-type]


def table(path: Path, header: str, *columns: Any) -> Path:
    """A file of ROWS rows; a function gives the cell of each row."""
    return write(path, header, *(",".join(str(column(i)) for column in columns) for i in range(ROWS)))


def half(i: int) -> float:
    return i % 7 + i / 2


def label(i: int) -> str:
    return ("no", "yes")[i % 2]


def test_case_21_thousands_are_read_alike_as_feature_as_target_and_by_predict(tmp_path: Path) -> None:
    sales = [f"{500 + 40 * i:,}".replace(",", ".") for i in range(ROWS)]  # 500, 540, ... 980, 1.020, ...
    path = write(tmp_path / "a.csv", "sales;a;y", *(f"{cell};{i % 5};{label(i)}" for i, cell in enumerate(sales)))
    data, _ = lenient(path)
    assert data.x[:, 0].tolist() == [500 + 40 * i for i in range(ROWS)]
    assert any(note.startswith("column sales: 1.020 is read as 1020; if it is 1.02") for note in data.notes)
    (rows,) = table_rows(str(write(tmp_path / "new.csv", "sales;a", "2.000;1", "700;1")), data.columns, Reading())
    assert rows.x[:, 0].tolist() == [2000, 700]
    assert single_row({"sales": "2.000", "a": "1"}, data.columns, None).x[0, 0] == 2000
    target, _ = lenient(path, "sales")
    assert target.y.tolist() == [500 + 40 * i for i in range(ROWS)]
    assert lenient(path, decimal=".")[0].x[:, 0].max() == 980


def test_case_21_marks_below_the_first_lines_are_looked_at_too(tmp_path: Path) -> None:
    cells = [str(300 + i % 700) for i in range(400)] + [f"1.{i % 1000:03}" for i in range(400)]
    path = write(tmp_path / "a.csv", "sales;a;y", *(f"{cell};{i % 5};{label(i)}" for i, cell in enumerate(cells)))
    assert lenient(path)[0].x[400:403, 0].tolist() == [1000, 1001, 1002]


def test_case_21_even_evidence_is_refused_with_its_line(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "t,a,y", lambda i: (5, 7, "1.250", "3.500")[i % 4], half, label)
    with pytest.raises(DataError, match=r"a\.csv, line 2, column t: '5' can be read in two ways: 1\.250 may be 1\.25"):
        lenient(path)


@pytest.mark.parametrize(
    "written",
    [
        lambda v: f'"{v:,}"',
        lambda v: f"{v:,}".replace(",", "\u202f"),
        lambda v: f"{v:,}".replace(",", "'"),
        lambda v: f'"$ {v:,}.00"',
        lambda v: f"{v} %",
    ],
)
def test_case_22_numbers_in_every_form_are_numbers_to_a_table(tmp_path: Path, written: Any) -> None:
    path = table(tmp_path / "a.csv", "v,a,y", lambda i: written(1000 + 37 * i), half, label)
    assert lenient(path)[0].x[:, 0].tolist() == [1000 + 37 * i for i in range(ROWS)]
    assert lenient(path, "v")[0].y.tolist() == [1000 + 37 * i for i in range(ROWS)]


@pytest.mark.parametrize("marker", ["unknown", ".", "#DIV/0!", r"\N", "--", "<NA>"])
def test_case_23_a_marker_in_a_column_of_numbers_is_missing_and_counted(tmp_path: Path, marker: str) -> None:
    path = table(tmp_path / "a.csv", "age,a,y", lambda i: marker if i % 6 == 0 else 20 + i, half, label)
    data, _ = lenient(path)
    assert data.columns[0].missing == "marked" and data.x[:3, 0].nan_to_num(-1).tolist() == [-1, 21, 22]
    assert any(note.startswith(f"10 cells of age hold {marker!r}: taken as missing") for note in data.notes)
    (rows,) = table_rows(str(write(tmp_path / "new.csv", "age,a", f"{marker},1", "30,1")), data.columns, Reading())
    assert rows.x[:, 0].isnan().tolist() == [True, False]


def test_case_23_a_marker_in_the_target_is_no_class(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "a,age", half, lambda i: "unknown" if i % 6 == 0 else 20 + i)
    data, _ = lenient(path, "age")
    assert (data.task, len(data.y), data.y[:2].tolist()) == ("regression", 50, [21, 22])
    assert any("10 cells hold 'unknown': taken as missing" in note for note in data.notes)


def test_case_10_rows_without_a_target_are_left_out_with_their_lines(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "a,y", half, lambda i: "" if i in (0, 7) else i / 4)
    data, _ = lenient(path)
    assert len(data.y) == 58 and data.y[0] == 0.25
    assert any("2 rows without y, the target: left out, line 2, 9; dataset.strict" in note for note in data.notes)
    with pytest.raises(DataError, match="line 2, column y: empty: the target has no value here"):
        read(path, "y")


def test_case_10_a_fault_below_a_row_that_is_left_out_is_told_with_its_own_line(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "a,y", lambda i: "1e400" if i == 9 else half(i), lambda i: "" if i < 3 else i / 4)
    with pytest.raises(DataError, match="line 11, column a: '1e400' is not a finite number"):
        lenient(path)


@pytest.mark.parametrize(("place", "name"), [(0, "a"), (1, "y"), (-1, "y"), (-2, "a")])
def test_case_8_the_target_may_be_said_by_its_place(tmp_path: Path, place: int, name: str) -> None:
    assert read(table(tmp_path / "a.csv", "a,y", half, label), place).target == name  # type: ignore[arg-type]


def test_case_8_a_column_of_that_name_wins_and_a_place_beyond_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "a,b,0", half, label, label)
    assert read(path, 0, header=True).target == "0"  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"dataset\.target=7: there are 3 columns, 0 to 2 or from the end -1 to -3"):
        read(path, 7)  # type: ignore[arg-type]


IDS = {
    "id": lambda i: 87_000_000 + i,  # float32 cannot tell them apart
    "customer": lambda i: 123_456_789 + 7_654_321 * i,
    "n": lambda i: i + 1,
    "row": lambda i: i,
    "no": lambda i: ROWS - i,
}


@pytest.mark.parametrize("name", IDS)
def test_case_25_what_numbers_the_rows_is_left_out_and_that_is_said(tmp_path: Path, name: str) -> None:
    path = table(tmp_path / "a.csv", f"{name},a,y", IDS[name], half, label)
    data, _ = lenient(path)
    assert tuple(data.ignored) == (name,)
    assert any(note.startswith(f"column {name} is left out: ") and "numeric" in note for note in data.notes)


@pytest.mark.parametrize(
    "values", [lambda i: 1_000_000 * (i % 9 + 10) + 500 * i, lambda i: 1960 + i, lambda i: 20_000_000 + i // 2]
)
def test_case_25_amounts_years_and_numbers_that_come_twice_are_no_ids(tmp_path: Path, values: Any) -> None:
    data, _ = lenient(table(tmp_path / "a.csv", "v,a,y", values, half, label))
    assert tuple(data.ignored) == ()


def test_case_46_nan_as_text_is_missing_in_a_column_of_words_too(tmp_path: Path) -> None:
    words = ("x", "nan", "", "z", "x")
    data, _ = lenient(table(tmp_path / "a.csv", "w,a,y", lambda i: words[i % 5], half, label))
    assert data.columns[0] == Column("w", ("x", "z"), ordered=True, missing="marked")
    assert any(note.startswith("cells without a value: w 24") for note in data.notes)


def test_case_22_numbers_that_all_have_one_unit_are_numbers_of_it(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "가격,a,y", lambda i: f'"{100 + 37 * i:,}만원"', half, label)
    data, _ = lenient(path)
    assert data.x[:, 0].tolist() == [100 + 37 * i for i in range(ROWS)]
    assert "column 가격: numbers of 만원" in data.notes
    assert single_row({"가격": "2,500만원", "a": "1"}, data.columns, None).x[0, 0] == 2500
    few, _ = lenient(table(tmp_path / "b.csv", "term,a,y", lambda i: ("36 months", "60 months")[i % 2], half, label))
    assert few.columns[0].categories == ("36 months", "60 months")


def test_case_5_empty_cells_and_unknown_categories_are_taken_and_counted(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.csv",
        "size,colour,part,y",
        lambda i: "" if i % 10 == 0 else half(i),
        lambda i: "pink" if i == 59 else ("red", "green", "blue")[i % 3],
        lambda i: "test" if i > 50 else "train",
        label,
    )
    data, _ = lenient(path, split_column="part")
    assert data.x[59].tolist() == [half(59), -1.0]
    assert any(note.startswith("cells without a value: size 6: filled in") for note in data.notes)
    assert any(note.startswith("cells of no category that train rows have: colour 1") for note in data.notes)
    with pytest.raises(DataError, match="line 2, column size: empty, one of 6 cells without a value"):
        fitted(path, "y", split_column="part")
    assert fitted(path, "y", split_column="part", missing="impute", unknown="zeros")[0].columns == data.columns


def test_case_5_texts_of_which_most_stand_once_or_twice_are_left_out(tmp_path: Path) -> None:
    data, _ = lenient(table(tmp_path / "a.csv", "ticket,a,y", lambda i: f"T{i * 7 % 40}", half, label))
    assert tuple(data.ignored) == ("ticket",)
    assert any("column ticket is left out: " in note and "different texts in" in note for note in data.notes)


def test_case_19_leading_zeros_make_texts_of_numbers_wherever_they_come(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "zip,a,y", lambda i: f"{i % 6 * 1000 + 1:05}", half, label)
    data, _ = lenient(path)
    assert data.columns[0].categories[:2] == ("00001", "01001")
    assert "column zip: its numbers have leading zeros, so they are names" in data.notes
    late = [f"{i % 6 + 1}0001" for i in range(400)] + ["01234"] * 400
    path = write(tmp_path / "b.csv", "zip,a,y", *(f"{cell},{half(i)},{label(i)}" for i, cell in enumerate(late)))
    assert "01234" in lenient(path)[0].columns[0].categories


def test_case_19_categories_that_differ_in_case_alone_are_said(tmp_path: Path) -> None:
    words = ("yes", "YES", "no", "No")
    data, _ = lenient(table(tmp_path / "a.csv", "w,a,y", lambda i: words[i % 4], half, label))
    assert "column w: yes and YES differ in case alone, and are two categories" in data.notes


def day(i: int) -> date:
    return date(2020, 1, 1) + timedelta(days=i)


def test_case_12_rows_in_the_order_of_a_date_are_said_and_can_be_split_by_it(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "Date,a,y", day, half, lambda i: i / 4)
    data, _ = lenient(path)
    assert any(note.startswith("rows stand in the order of Date: neighbours in time go to") for note in data.notes)
    turned = table(tmp_path / "b.csv", "Date,a,y", lambda i: day(59 - i), half, lambda i: i / 4)
    data, split = lenient(turned, split="time")
    assert (split.test.tolist(), split.val.tolist()) == (list(range(12)), list(range(12, 17)))
    assert "10 % of train, the latest, for validation" in describe(data, SplitSettings(0, 0.1, 0.2, None, None))
    with pytest.raises(ConfigError, match=r"dataset\.split=time cannot be used with folds"):
        from runner.data.splits import split as split_rows

        split_rows(read(turned, "y", split="time"), SplitSettings(0, 0.1, 0.2, 5, 0))


def test_case_12_dates_become_year_month_weekday_and_hour(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "Date,a,y", day, half, label)
    data, _ = lenient(path, columns={"Date": "date"})
    assert [column.name for column in data.columns] == ["Date month", "Date weekday", "a"]  # one year, no hours
    assert data.x[:3, :2].tolist() == [[1, 2], [1, 3], [1, 4]]
    assert single_row({"Date": "2020-02-03", "a": "1"}, data.columns, None).x.tolist() == [[2, 0, 1]]
    (rows,) = table_rows(str(write(tmp_path / "new.csv", "a,Date", "1,2020-02-03")), data.columns, Reading())
    assert rows.x.tolist() == [[2, 0, 1]]


@pytest.mark.parametrize("form", ["%Y%m%dT000000", "%Y%m%d", "%d.%m.%Y"])
def test_case_42_a_column_of_dates_is_left_out_as_such(tmp_path: Path, form: str) -> None:
    data, _ = lenient(table(tmp_path / "a.csv", "when,a,y", lambda i: day(i).strftime(form), half, label))
    (note,) = (note for note in data.notes if "left out" in note)
    assert note.startswith("column when is left out: it holds dates or times; as year, month, weekday and hour:")


def test_case_11_said_values_are_missing_in_features_and_target(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "t,a,y", lambda i: -200 if i % 10 == 0 else half(i), half, lambda i: i / 4)
    data, _ = lenient(path, missing_values=[-200, 0.25])
    assert data.x[0, 0].isnan() and not data.x[1:4, 0].isnan().any()
    assert len(data.y) == 59


def test_case_48_show_says_what_train_says(tmp_path: Path) -> None:
    words = ["dataset=csv", f"dataset.path={table(tmp_path / 'a.csv', 'w,a,part,y', *SHOWN)}", "dataset.target=y"]
    words += ["dataset.split_column=part"]
    shown = run(["show", *words], tmp_path / "said")
    assert shown.code == 0 and "w       categorical      6        1" in shown.out
    strict = [*words, "dataset.strict=true"]
    told = run(["show", *strict], tmp_path / "said").err
    assert "one of 6 cells without a value in this column" in told
    trained = run(["train", *strict, "model=linear", f"output_dir={tmp_path / 'outputs'}"], tmp_path / "said")
    assert (trained.code, trained.err) == (3, told)


SHOWN = (
    lambda i: "new" if i == 59 else "" if i % 10 == 0 else "pqr"[i % 3],
    half,
    lambda i: "test" if i > 50 else "train",
    label,
)


def test_case_5_a_run_says_what_was_done_line_by_line(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.csv",
        "id,name,age,y",
        lambda i: i + 1,
        lambda i: f"N {i}",
        lambda i: "" if i % 9 == 0 else 20 + i % 30,
        label,
    )
    argv = ["train", "dataset=csv", f"dataset.path={path}", "dataset.target=y", "model=linear", "epochs=1"]
    done = run([*argv, "tensorboard=off", f"output_dir={tmp_path / 'outputs'}"], tmp_path / "said")
    assert (done.code, done.err) == (0, "")
    for line in ("column id is left out", "column name is left out", "cells without a value: age 7"):
        assert line in " ".join(done.out.split())
    assert only_run(tmp_path / "outputs")
    assert (
        torch.load(only_run(tmp_path / "outputs") / "checkpoints" / "best.pt")["schema"]["columns"][0]["name"] == "age"
    )
