import hashlib
import os
from pathlib import Path

import pytest

from runner.data.car import Car, car_rows, evaluate
from runner.data.checks import digest
from runner.data.splits import SplitSettings, split
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
    with pytest.raises(DataError, match="line 3, column persons: '5' is none of its categories: 2, 4, more"):
        read.x.fitted(rows)
