import hashlib
import os
from pathlib import Path

import pytest
from pandas import DataFrame

from runner.contracts import Column
from runner.data.car import Car, car_rows, evaluate
from runner.data.checks import digest
from runner.data.new_rows import by_own_name, raw_rows
from runner.data.splits import SplitSettings, split
from runner.data.table.dialect import Reading
from runner.data.table.new_table import table_rows
from runner.data.table.typed_row import single_row
from runner.errors import DataError

SHA256_OF_CAR_DATA = "b703a9ac69f11e64ce8c223c0a40de4d2e9d769f7fb20be5f8f2e8a619893d83"


def car_file():
    return "".join(",".join((*row, evaluate(*row))) + "\n" for row in car_rows()).encode()


def test_the_computed_lines_are_the_published_file():
    assert hashlib.sha256(car_file()).hexdigest() == SHA256_OF_CAR_DATA


@pytest.mark.real
def test_the_published_file_at_hand_is_the_computed_one():
    path = Path(os.environ.get("RUNNER_DATA", "data")) / "car.data"
    if not path.exists():
        pytest.skip(f"{path} is not here: set RUNNER_DATA to the folder that holds car.data")
    assert path.read_bytes() == car_file()


def test_codes_and_classes_stand_for_the_categories(tmp_path):
    data = Car(path=None).load(tmp_path)
    assert data.y.bincount().tolist() == [1210, 384, 69, 65]
    assert data.x.shape == (1728, 6)
    for n in (0, 1, 700, 1727):
        row = [c.categories[int(code)] for c, code in zip(data.columns, data.x[n], strict=True)]
        assert data.class_names[data.y[n]] == evaluate(*row)
    assert data.x[1].tolist() == [0, 0, 0, 0, 0, 1]  # the last column changes fastest


def test_the_original_file_gives_the_computed_rows(tmp_path):
    (tmp_path / "car.data").write_bytes(car_file())
    computed, read = Car(path=None).load(tmp_path), Car(path="car.data").load(tmp_path)
    rows = split(read, SplitSettings(0, 0.1, 0.2, None, None))
    assert digest(read.x.fitted(rows)) == digest(computed)


def test_a_category_that_car_does_not_have_is_told_with_its_line(tmp_path):
    (tmp_path / "car.data").write_bytes(
        car_file().replace(b"vhigh,vhigh,2,2,small,high", b"vhigh,vhigh,2,5,small,high", 1)
    )
    read = Car(path="car.data").load(tmp_path)
    rows = split(read, SplitSettings(0, 0.1, 0.2, None, None))
    with pytest.raises(DataError, match="line 3, column persons: '5' is not one of its categories: 2, 4, more"):
        read.x.fitted(rows)


def test_a_file_with_the_names_of_others_is_the_same_data(tmp_path):
    header = "price,maint,doors,persons,lug_capacity,safety,output\n"
    (tmp_path / "car.csv").write_text(header + car_file().decode())
    data = Car(path="car.csv").load(tmp_path)
    data = data.x.fitted(split(data, SplitSettings(0, 0.1, 0.2, None, None)))
    computed = Car(path=None).load(tmp_path)
    assert data.x.equal(computed.x) and data.y.equal(computed.y)
    assert [column.name for column in data.columns] == [column.name for column in computed.columns]


def test_a_row_may_have_the_names_of_others(tmp_path):
    columns = Car(path=None).load(tmp_path).columns
    row = {"price": "high", "maint": "low", "doors": "2", "persons": "4", "lug_capacity": "big", "safety": "med"}
    typed = single_row(row, columns, None).x
    assert typed.tolist() == [[1, 3, 0, 1, 2, 1]]
    assert raw_rows(DataFrame([{**row, "output": "acc"}]), [6], columns).equal(typed)
    (tmp_path / "new.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    (read,) = table_rows(str(tmp_path / "new.csv"), columns, Reading())
    assert read.x.equal(typed) and not read.notes


def test_a_columns_own_name_goes_before_that_of_others():
    columns = (Column("buying", also=("price",)),)
    assert by_own_name(["price", "buying"], columns) == ["price", "buying"]
    assert by_own_name(["x", "price"], columns) == ["x", "buying"]
