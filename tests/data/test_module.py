import sys
from pathlib import Path

import pytest
import torch

from runner.build.instantiate import build_source
from runner.config.catalog import Part
from runner.data.checks import check_data, digest
from runner.errors import ConfigError, DataError

FILE = Path(__file__).parent / "my_rows.py"
ALL = torch.arange(40)


@pytest.fixture(autouse=True)
def search_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])


def source(name, *, path=FILE, trusted=("my_rows",), **knobs):
    knobs = {"path": path and str(path), "name": name, "arguments": {}, "class_names": None, "task": None} | knobs
    return build_source(Part("dataset", "module", "runner.data.module.Module", knobs), trusted)


def load(name, **knobs):
    return source(name, **knobs).load(Path("nowhere"))


def test_a_dataset_of_a_file_describes_itself():
    data = load("Labelled")
    check_data(data)
    assert (data.task, data.class_names, data.x.shape) == ("multiclass", ("0", "1", "2", "3"), (40, 3))
    assert data.y.tolist() == [row % 4 for row in range(40)]
    assert data.x[torch.tensor([5, 2])].tolist() == [[1, 0.125, 1], [2, pytest.approx(0.05), 1]]


def test_labels_are_read_from_the_rows_where_there_are_no_targets():
    assert torch.equal(load("WithoutTargets").y, load("Labelled").y)


def test_arguments_and_class_names_are_passed_on():
    data = load("Labelled", arguments={"num_classes": 2}, class_names=["no", "yes"])
    assert (data.task, data.class_names) == ("binary", ("no", "yes"))


def test_fractions_are_targets_of_regression():
    data = load("Regression")
    check_data(data)
    assert (data.task, data.class_names, data.y.dtype) == ("regression", (), torch.float32)
    assert data.x[torch.tensor([3])].tolist() == [[3, 3]]


def test_series_of_pandas_are_read_by_their_values():
    data = load("OfFrame")
    assert (data.x[torch.tensor([2, 0])].tolist(), data.y.tolist()) == ([[3, 6, 9], [1, 4, 7]], [0, 1, 1])


def test_a_ready_data_set_is_that_of_its_class():
    assert digest(load("ready")) != digest(load("WithoutTargets"))
    assert torch.equal(load("ready").x[ALL], load("Labelled").x[ALL])
    assert load("WithoutBase").y.tolist() == [0, 1, 0, 1]


def test_a_pair_is_train_and_test_rows():
    data = load("ready_pair")
    check_data(data)
    assert (data.x.shape, data.official_test.tolist()) == ((80, 3), list(range(40, 80)))
    assert data.y.tolist() == [row % 4 for row in range(40)] + [row % 2 for row in range(40)]
    assert data.x[torch.tensor([3, 43])].tolist() == [[3, pytest.approx(0.075), 1], [1, pytest.approx(0.075), 1]]


def test_what_a_function_draws_at_random_is_the_same_each_time():
    first = load("halves", arguments={"num_train": 30})
    torch.rand(3)
    again = load("halves", arguments={"num_train": 30})
    assert first.official_test.tolist() == list(range(30, 40))
    assert first.y.tolist() == again.y.tolist() and first.y.tolist() != [row % 4 for row in range(40)]


@pytest.mark.parametrize(
    ("name", "knobs", "task", "note"),
    [
        ("ready", {}, "multiclass", "ready: y has 4 values, taken as classes; as numbers: dataset.task=regression"),
        ("ready", {"class_names": list("abcd")}, "multiclass", None),
        ("ready", {"task": "multiclass"}, "multiclass", None),
        ("ready", {"task": "regression"}, "regression", None),
        ("Regression", {}, "regression", None),
        (
            "whole_floats",
            {},
            "regression",
            "whole_floats: y is predicted as a number, though all are whole; as classes: dataset.task=multiclass",
        ),
        ("whole_floats", {"task": "multiclass"}, "multiclass", None),
        ("whole_floats", {"class_names": list("abc")}, "multiclass", None),
    ],
)
def test_what_whole_numbers_mean_is_said_or_guessed_with_a_note(name, knobs, task, note):
    data = load(name, **knobs)
    check_data(data)
    assert (data.task, data.notes) == (task, (note,) if note else ())
    assert data.y.dtype == (torch.float32 if task == "regression" else torch.int64)
    assert data.x[torch.tensor([2])].shape[0] == 1  # its y is still that of the row


@pytest.mark.parametrize(
    ("name", "knobs", "fault"),
    [
        (
            "Regression",
            {"task": "multiclass"},
            r"row 1: y 0\.5 is no class, which is a whole number; dataset\.task=regr",
        ),
        ("ready", {"task": "regression", "class_names": ["a"]}, "a number has none; leave out either them or dataset"),
    ],
)
def test_a_task_that_y_does_not_suit_is_refused(name, knobs, fault):
    with pytest.raises((ConfigError, DataError), match=fault):
        load(name, **knobs)


@pytest.mark.parametrize(
    ("name", "knobs", "fault"),
    [
        (
            "halves",
            {},
            r"^dataset\.name=halves: needs num_train \(my_rows\.py, line \d+\); add dataset\.arguments=\{num_",
        ),
        (
            "halves",
            {"arguments": {"num_tran": 3, "num_train": 3}},
            r"takes no num_tran \(.*\); did you mean num_train\?",
        ),
        (
            "of_three",
            {},
            r"name=of_three: gives a list of Subset, Subset, Subset \(my_rows\.py, line \d+\); give a torch",
        ),
        (
            "loader",
            {},
            r"name=loader: gives a DataLoader \(my_rows\.py, line \d+\); give a torch Dataset, as TensorData",
        ),
        ("tensors", {}, r"name=tensors: is a tuple of Tensor, Tensor \(my_rows\.py, line \d+\); give a torch Dataset"),
        ("Endless", {}, r"dataset\.name=Endless: needs a length, __len__, and rows by number"),
    ],
)
def test_what_is_given_and_is_no_data_is_refused(name, knobs, fault):
    with pytest.raises(ConfigError, match=fault):
        load(name, **knobs)


def test_loading_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    digest(load("Noisy"))
    assert torch.equal(before, torch.get_rng_state())


def test_the_digest_of_rows_that_draw_is_the_same_each_time():
    assert digest(load("Noisy")) == digest(load("Noisy"))
    assert digest(load("Noisy")) != digest(load("WithoutTargets"))


def test_a_class_of_a_package_is_named_by_its_dotted_path(monkeypatch):
    monkeypatch.syspath_prepend(str(FILE.parent))
    assert len(load("my_rows.Labelled", path=None).y) == 40
    with pytest.raises(ConfigError, match=r"dataset\.name=my_rows\.Labelled is refused: .* named by trusted"):
        source("my_rows.Labelled", path=None, trusted=())
    with pytest.raises(ConfigError, match=r"dataset\.name=os\.system is refused"):
        source("os.system", path=None)


@pytest.mark.parametrize(
    ("name", "knobs", "fault"),
    [
        ("Labelled", {"trusted": ()}, r"to run what is in it, say that you trust it: trusted=\[my_rows\]"),
        ("Labelld", {}, r"name=Labelld is refused: my_rows has no Labelld; did you mean my_rows\.Labelled\?"),
        (
            "NotOne",
            {},
            r"NotOne: is the class my_rows\.NotOne \(my_rows\.py, line \d+\); give a torch Dataset",
        ),
        ("os.system", {}, r"dataset\.name=os\.system: give a name that stands in .*my_rows\.py"),
        (
            "X",
            {"path": "nowhere.py", "trusted": ("nowhere",)},
            r"path=nowhere\.py: there is no such file; looked for /",
        ),
        ("X", {"path": "data.csv"}, r"path=data\.csv is refused: give a file like my_data\.py"),
        ("X", {"path": "my-data.py"}, "its name made of letters, digits and _"),
    ],
)
def test_what_is_no_dataset_is_refused(name, knobs, fault):
    with pytest.raises(ConfigError, match=fault):
        source(name, **knobs)


def test_a_file_called_like_another_module_is_refused(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('run')")
    with pytest.raises(ConfigError, match=r"another module is called json \(.*json.*\); give the file another name"):
        source("X", path=tmp_path / "json.py", trusted=("json",))


def test_a_file_that_fails_is_told_with_its_cause(tmp_path):
    (tmp_path / "my_broken.py").write_text("import no_such_package")
    with pytest.raises(ConfigError, match=r"cannot be imported: ModuleNotFoundError: .* \(my_broken\.py, line 1\)"):
        source("X", path=tmp_path / "my_broken.py", trusted=("my_broken",))


@pytest.mark.parametrize(
    ("name", "wrong", "fault"),
    [
        ("Unmakeable", None, r"Unmakeable\(\*\*\{\}\): FileNotFoundError: no weather\.csv \(my_rows\.py, line \d+\)"),
        ("failing", None, r"failing\(\*\*\{\}\): FileNotFoundError: .*nowhere\.csv' \(my_rows\.py, line \d+\)"),
        ("with_wrong_test", None, "with_wrong_test: row 7 of test has y 2, and 3 in the targets"),
        ("Empty", None, "Empty: the data set has no rows"),
        ("Faulty", None, r"Faulty: row 0 cannot be read as \(x, y\): KeyError: 0 \(my_rows\.py, line \d+\)"),
        ("Labelled", {7: 3}, r"row 7 cannot be read as \(x, y\): TypeError"),
        ("Labelled", {7: (torch.zeros(2), 3)}, r"row 7 is torch\.float32 \[2\] and row 0 is torch\.float32 \[3\]"),
        ("Labelled", {7: (torch.zeros(3, dtype=torch.uint8), 3)}, r"row 7 is torch\.uint8 \[3\]"),
        ("Labelled", {7: (torch.tensor([1, 2, float("nan")]), 3)}, "row 7 holds a number that is not finite"),
        ("Labelled", {7: (torch.zeros(3), 2)}, "row 7 has y 2, and 3 in the targets"),
        ("Labelled", {7: ("text", 3)}, "the x of row 7 is a str; give a tensor or a number"),
        ("WithoutTargets", {7: (torch.zeros(3), "dog")}, "the y of row 7 is a str; give a tensor or a number"),
        ("WithoutTargets", {7: (torch.zeros(3), torch.zeros(2))}, r"the y of row 7 has shape \[2\]; give one number"),
        ("WithoutTargets", {7: (torch.zeros(3), 0.5)}, "some y are whole numbers, which are classes, and some are not"),
        ("WithoutTargets", {7: (torch.zeros(3), 999)}, "row 7: label 999 in a data set of 40 rows; labels must be 0"),
    ],
)
def test_a_row_that_is_wrong_is_named(name, wrong, fault):
    with pytest.raises(DataError, match=fault):
        rows = load(name, arguments={"wrong": wrong} if wrong else {}).x
        rows[torch.arange(rows.shape[0])]


@pytest.mark.parametrize("label", [-100, -1, 4])
def test_fault_45_labels_out_of_range_are_refused(label):
    data = load("WithoutTargets", arguments={"wrong": {7: (torch.zeros(3), label)}}, class_names=list("abcd"))
    with pytest.raises(DataError, match=rf"row 7: label {label} is not among 0\.\.3"):
        check_data(data)
