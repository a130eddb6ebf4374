import gzip
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from runner.data import bundled
from runner.data.breast_cancer import BreastCancer
from runner.data.diabetes import Diabetes
from runner.data.digits import Digits
from runner.data.iris import Iris, NumberedIris
from runner.data.wine import Wine
from runner.errors import DataError


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "folder", lambda: tmp_path)
    return tmp_path


def test_digits_are_bytes_of_0_to_16(tmp_path):
    data = Digits().load(tmp_path)
    assert (data.x.shape, data.x.dtype, data.x.max().item()) == ((1797, 1, 8, 8), torch.uint8, 16)
    assert data.x[0, 0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert data.y[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert data.y.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.class_names == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


@pytest.mark.parametrize(
    ("source", "task", "class_counts", "first_row"),
    [
        (Iris(), "multiclass", [50, 50, 50], [5.1, 3.5, 1.4, 0.2]),
        (Wine(), "multiclass", [59, 71, 48], [14.23, 1.71, 2.43, 15.6]),
        (BreastCancer(), "binary", [212, 357], [17.99, 10.38, 122.8, 1001]),
    ],
)
def test_tables_hold_the_published_classes_and_values(tmp_path, source, task, class_counts, first_row):
    data = source.load(tmp_path)
    assert (data.task, data.y.bincount().tolist()) == (task, class_counts)
    assert torch.equal(data.x[0, :4], torch.tensor(first_row))
    assert len(data.class_names) == len(class_counts)
    assert len({column.name for column in data.columns}) == data.x.shape[1]


def test_class_names_are_those_in_the_heading_of_the_file(tmp_path):
    for source, file_name in ((Iris(), "iris.csv"), (Wine(), "wine_data.csv"), (BreastCancer(), "breast_cancer.csv")):
        heading = (bundled.folder() / file_name).read_text().splitlines()[0]
        data = source.load(tmp_path)
        assert heading.split(",") == [*map(str, data.x.shape), *data.class_names]


def test_rows_and_columns_are_those_scikit_learn_gives(tmp_path):
    from sklearn import datasets

    theirs = [datasets.load_digits(), datasets.load_iris(), datasets.load_wine(), datasets.load_breast_cancer()]
    theirs.append(datasets.load_diabetes(scaled=False))
    for source, bunch in zip((Digits(), Iris(), Wine(), BreastCancer(), Diabetes()), theirs, strict=True):
        data = source.load(tmp_path)
        assert torch.equal(data.x.flatten(1), torch.tensor(bunch.data).to(data.x.dtype))
        assert torch.equal(data.y, torch.tensor(bunch.target).to(data.y.dtype))
    assert [c.name for c in Wine().load(tmp_path).columns] == [n.replace("/", "_") for n in theirs[2].feature_names]
    assert [c.name for c in Diabetes().load(tmp_path).columns] == theirs[4].feature_names


def test_columns_of_breast_cancer_go_measure_by_measure_within_each_statistic():
    names = [column.name for column in BreastCancer().load(Path()).columns]
    assert (names[0], names[9], names[13], names[29]) == (
        "mean_radius",
        "mean_fractal_dimension",
        "error_area",
        "worst_fractal_dimension",
    )


def test_diabetes_comes_raw(tmp_path):
    data = Diabetes().load(tmp_path)
    assert (data.task, data.class_names, data.x.shape) == ("regression", (), (442, 10))
    assert torch.equal(data.x[0], torch.tensor([59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87]))
    assert (data.y.min().item(), data.y.max().item(), data.y[0].item()) == (25, 346, 151)


def test_reading_imports_no_scikit_learn():
    code = "import sys, pathlib; from runner.data.digits import Digits; Digits().load(pathlib.Path()); "
    code += "sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_missing_file_is_named(empty_folder):
    with pytest.raises(DataError, match=r"digits\.csv\.gz is missing .* pip install --force-reinstall scikit-learn"):
        Digits().load(empty_folder)


def test_scikit_learn_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(bundled.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="not installed; pip install scikit-learn"):
        bundled.folder()


def test_a_file_with_other_numbers_is_refused(empty_folder):
    (empty_folder / "iris.csv").write_text("150,4,setosa,versicolor,virginica\n1,2,3,4,0\n")
    with pytest.raises(DataError, match=r"iris\.csv holds \(1, 5\) numbers, not \(150, 5\)"):
        Iris().load(empty_folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        gzip.compress(b"1,2,3\n" * 9, mtime=0)[:-10],
        b"no gzip",
        gzip.compress(b"", mtime=0),
        gzip.compress(b"1,two\n", mtime=0),
    ],
)
def test_a_damaged_file_is_named(empty_folder, content):
    (empty_folder / "digits.csv.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"digits\.csv\.gz cannot be read: .*reinstall"):
        Digits().load(empty_folder)


def test_new_flowers_are_numbered_on_and_are_the_test_set(tmp_path: Path) -> None:
    numbered, plain = (NumberedIris(id_column=has, target="species").load(tmp_path) for has in (True, False))
    assert numbered.x[:, 0].tolist() == list(range(1, 151))
    assert numbered.columns[0].name == "id" and len(plain.columns) == 4
    assert torch.equal(numbered.x[:, 1:], plain.x) and torch.equal(numbered.y, plain.y)
    assert numbered.y.tolist() == [0] * 40 + [1] * 40 + [2] * 40 + [0] * 10 + [1] * 10 + [2] * 10
    assert numbered.official_test is not None and numbered.official_test.tolist() == list(range(120, 150))


@pytest.mark.parametrize("id_column", [True, False])
def test_the_number_as_target_is_no_feature_and_is_said_to_number_the_rows(tmp_path: Path, id_column: bool) -> None:
    data = NumberedIris(id_column=id_column, target="id").load(tmp_path)
    plain = NumberedIris(id_column=False, target="species").load(tmp_path)
    assert (data.task, data.target, data.class_names) == ("regression", "id", ())
    assert data.y.tolist() == list(range(1, 151)) and torch.equal(data.x, plain.x)
    assert data.columns == plain.columns
    assert data.notes[0].startswith("id, the target, numbers the rows")
