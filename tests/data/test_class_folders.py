"""What folders are taken for: classes, splits, or neither; runs, links and what is no file among the pictures."""

import os
from pathlib import Path

import pytest
from PIL import Image

from runner.data.class_folders import FILES_OF_A_RUN, folder_tree, list_pictures
from runner.data.splits import split_of
from runner.errors import DataError
from runner.runs.directory import RunDirectory

TWO = ("cats/1.png", "dogs/1.png")


def made(folder: Path, *names: str) -> Path:
    """The folder with a picture at each name; of a name that ends with / an empty folder."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            (folder / name).mkdir(exist_ok=True)
        else:
            Image.new("L", (2, 2)).save(folder / name)
    return folder


def within(folder: str, *names: str) -> list[str]:
    return [f"{folder}/{name}" for name in names or TWO]


def taken(folder: Path) -> dict[str, list[str]]:
    """The classes of each split; those of "" are drawn from."""
    classes: dict[str, list[str]] = {}
    for picture in list_pictures(folder)[0]:
        classes.setdefault(picture.split, []).append(picture.class_name)
    return classes


def notes(folder: Path) -> list[str]:
    return list_pictures(folder)[1]


BOTH = ["cats", "dogs"]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("TRAINING", "train"),
        ("Train_Set", "train"),
        ("trainset", "train"),
        ("TrainingData", "train"),
        ("seg_train", "train"),
        ("1.Training", "train"),
        ("train2017", "train"),
        ("훈련", "train"),
        ("Valid", "val"),
        ("dev", "val"),
        ("val images", "val"),
        ("Testing", "test"),
        ("EVAL", "test"),
        ("trains", ""),
        ("restraining", ""),
        ("invalid", ""),
        ("train_val", ""),
        ("cats", ""),
    ],
)
def test_case_1_a_split_is_known_by_a_word_of_the_folders_name(name: str, split: str) -> None:
    assert split_of(name) == split


def test_case_1_splits_of_any_usual_name_are_splits_and_said(tmp_path: Path) -> None:
    made(tmp_path, *within("Training"), *within("Dev_Set"), *within("eval"))
    assert taken(tmp_path) == {"val": BOTH, "train": BOTH, "test": BOTH}
    assert notes(tmp_path) == ["Dev_Set is the val split, Training is the train split, eval is the test split"]


def test_case_1_plain_names_need_no_word(tmp_path: Path) -> None:
    made(tmp_path, *within("train"), *within("val"), *within("test"))
    assert taken(tmp_path) == {"test": BOTH, "train": BOTH, "val": BOTH}
    assert notes(tmp_path) == []


def test_case_1_a_folder_train_that_holds_pictures_is_a_class_beside_classes(tmp_path: Path) -> None:
    made(tmp_path, "train/1.png", "plane/1.png", "car/1.png")
    assert taken(tmp_path) == {"": ["car", "plane", "train"]}
    assert notes(tmp_path) == ["train: taken for a class, for it holds pictures itself; take it away where it is none"]


def test_case_1_pictures_that_only_splits_hold_have_no_class(tmp_path: Path) -> None:
    made(tmp_path, "train/cat.1.png", "train/dog.1.png", "test1/1.png")
    with pytest.raises(
        DataError, match="no class folder in test1, train; put the pictures of each class into a folder"
    ):
        list_pictures(tmp_path)


def test_case_1_classes_whose_pictures_lie_deeper_are_said(tmp_path: Path) -> None:
    made(tmp_path, *within("colour"), *within("grey"), "plain/1.png")
    assert taken(tmp_path) == {"": ["colour", "colour", "grey", "grey", "plain"]}
    assert notes(tmp_path) == [
        "colour, grey: no picture of its own, those of the folders below count (cats, dogs); "
        f"where these are the classes: dataset.path={tmp_path}/colour"
    ]


def test_case_1_splits_inside_the_classes_are_refused(tmp_path: Path) -> None:
    made(tmp_path, *within("cats", "test/1.png", "train/1.png"), *within("dogs", "test/1.png", "train/1.png"))
    with pytest.raises(DataError, match=r"cats: a class that holds splits, test, train; .* as test/cats$"):
        list_pictures(tmp_path)


def test_case_2_what_lies_beside_the_splits_is_left_out_and_said(tmp_path: Path) -> None:
    made(tmp_path, *within("train"), *within("test"), "to_predict/1.png", "extra/cats/1.png", "labels/", "a.png")
    made(tmp_path, "__MACOSX/train/cats/1.png", ".ipynb_checkpoints/1.png")
    assert taken(tmp_path) == {"test": BOTH, "train": BOTH}
    assert notes(tmp_path) == [
        "a.png: left out, 1 picture beside the class folders",
        "extra, to_predict: left out, 2 pictures in none of the splits (test, train)",
    ]


@pytest.mark.parametrize("inside", ["1.png", "test/1.png", "unknown/1.png"])
def test_case_2_a_test_folder_without_classes_is_left_out_and_said(tmp_path: Path, inside: str) -> None:
    made(tmp_path, *within("train"), f"test/{inside}")
    assert taken(tmp_path) == {"train": BOTH}
    assert notes(tmp_path) == ["test: left out, 1 picture in none of the splits (train)"]


def test_case_2_two_folders_for_one_split_are_refused(tmp_path: Path) -> None:
    made(tmp_path, *within("train"), *within("Training"))
    with pytest.raises(DataError, match="Training and train both have a name for train; rename one, or take it away"):
        list_pictures(tmp_path)


def test_case_2_classes_beside_a_test_folder_are_there_to_train(tmp_path: Path) -> None:
    made(tmp_path, *TWO, *within("test"), "dev/1.png")
    assert taken(tmp_path) == {"train": BOTH, "test": BOTH}
    assert notes(tmp_path) == [
        "dev: left out, 1 picture in none of the splits (test)",
        "cats, dogs: the train split, beside test",
    ]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([*within("test"), *within("val")], "no folder to train on beside test, val; give it the name train"),
        ([*within("test"), "train/1.png"], "train: no class folder; put"),
        ([*within("train"), "val/"], "val: no class folder; put"),
        ([*within("train"), "test/cats/1.png"], "test: only one class folder, cats; put"),
        ([*TWO, "test/test/1.png"], "test: only one class folder, test; put"),
        ([*within("train"), *within("test", "Cats/1.png", "dogs/1.png")], "there is no class Cats in .*train"),
    ],
)
def test_case_2_splits_that_do_not_go_together_are_refused(tmp_path: Path, names: list[str], told: str) -> None:
    with pytest.raises(DataError, match=told):
        list_pictures(made(tmp_path, *names))


def test_case_3_an_archives_own_folder_is_gone_into_and_said(tmp_path: Path) -> None:
    made(tmp_path, *within("twice/twice"), "__MACOSX/twice/cats/1.png")
    assert taken(tmp_path) == {"": BOTH}
    assert notes(tmp_path) == ["gone into twice/twice, the only folder there"]


def test_case_3_the_folder_of_an_archive_around_each_split_is_gone_into(tmp_path: Path) -> None:
    made(tmp_path, *within("seg_train/seg_train"), *within("seg_test/seg_test"), "seg_pred/seg_pred/1.png")
    assert taken(tmp_path) == {"test": BOTH, "train": BOTH}
    assert notes(tmp_path) == [
        "seg_pred: left out, 1 picture in none of the splits (seg_test, seg_train)",
        "seg_test is the test split, seg_train is the train split",
        "gone into seg_test/seg_test, the only folder there",
        "gone into seg_train/seg_train, the only folder there",
    ]


def test_case_3_one_class_is_not_gone_into(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="only one class folder, cats; put"):
        list_pictures(made(tmp_path, "all/cats/1.png"))


def test_files_that_are_no_pictures_are_counted(tmp_path: Path) -> None:
    made(tmp_path, *TWO)
    for name in ("a.heic", "b.HEIC", "Thumbs.db", "desktop.ini", ".DS_Store", "LICENSE"):
        (tmp_path / "cats" / name).write_text("no picture")
    (tmp_path / "labels.csv").write_text("of no class")
    assert notes(tmp_path) == ["left out, no pictures by their names: 2 .heic, 1 LICENSE"]


def test_what_was_left_out_is_said_with_the_fault(tmp_path: Path) -> None:
    made(tmp_path, "cats/1.png")
    (tmp_path / "dogs").symlink_to("nowhere")
    with pytest.raises(DataError, match=r"only one class folder, cats; .*\n  dogs: left out, no file, or a link that"):
        list_pictures(tmp_path)


def test_hidden_folders_inside_a_class_are_passed_over(tmp_path: Path) -> None:
    made(tmp_path, *TWO, "cats/.ipynb_checkpoints/1-checkpoint.png")
    assert taken(tmp_path) == {"": BOTH}


def test_the_pictures_of_a_class_are_in_the_order_of_their_paths(tmp_path: Path) -> None:
    made(tmp_path, "cats/b/1.png", "cats/c.png", "cats/a.png", "dogs/1.png")
    paths = [os.path.relpath(picture.path, tmp_path) for picture in list_pictures(tmp_path)[0]]
    assert paths == ["cats/a.png", "cats/b/1.png", "cats/c.png", "dogs/1.png"]


def touched(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def pictures(folder: Path) -> list[str]:
    return [os.path.relpath(path, folder) for path in folder_tree(folder)[0].all_pictures()]


@pytest.mark.parametrize("files", FILES_OF_A_RUN)
def test_case_29_a_run_is_left_out_by_its_own_files_and_said(tmp_path: Path, files: set[str]) -> None:
    run = "outputs/2026-01-01/10-00-00-000000-mine"
    touched(tmp_path, "cats/1.png", "dogs/1.png", f"{run}/projector/thumbnails.png", *(f"{run}/{f}" for f in files))
    tree, notes = folder_tree(tmp_path)
    assert [folder.name for folder in tree.folders] == ["cats", "dogs"]
    assert notes == [f"{run}: left out, of a run of this program"]


def test_case_29_a_run_is_known_by_the_files_that_it_has() -> None:
    run = RunDirectory(Path("run"))
    assert {run.config.name, run.summary.name} in FILES_OF_A_RUN


def test_case_29_a_run_among_pictures_takes_nothing_along(tmp_path: Path) -> None:
    touched(tmp_path, "cats/1.png", "cats/run/config.yaml", "cats/run/summary.json", "cats/run/a.png", "cats/b/2.png")
    assert pictures(tmp_path) == ["cats/1.png", "cats/b/2.png"]


def test_case_29_what_view_has_drawn_of_a_run_is_left_out(tmp_path: Path) -> None:
    drawn = "view-10-00-00-000000-mine"
    touched(tmp_path, "cats/1.png", f"{drawn}/curves.png", "view-from-above/1.png")
    assert pictures(tmp_path) == ["cats/1.png", "view-from-above/1.png"]
    assert folder_tree(tmp_path)[1] == [f"{drawn}: left out, of a run of this program"]


def test_a_config_alone_makes_no_run(tmp_path: Path) -> None:
    touched(tmp_path, "cats/1.png", "cats/config.yaml")
    assert pictures(tmp_path) == ["cats/1.png"]


def test_links_are_followed_but_not_in_a_circle(tmp_path: Path) -> None:
    elsewhere = touched(tmp_path / "elsewhere", "1.png")
    (elsewhere / "up").symlink_to(".")
    folder = touched(tmp_path / "data", "cats/1.png")
    (folder / "dogs").symlink_to(elsewhere)
    (folder / "all").symlink_to(".")
    (folder / "cats" / "above").symlink_to(tmp_path)
    (folder / "cats" / "2.png").symlink_to("1.png")
    (folder / "self").symlink_to("self")
    assert pictures(folder) == ["cats/1.png", "cats/2.png", "dogs/1.png"]
    left_out = "all, cats/above, dogs/up and 1 more: left out, no file, or a link that leads nowhere or back"
    assert folder_tree(folder)[1] == [left_out]


def test_what_is_no_file_is_left_out_and_a_lost_picture_is_kept_for_its_reader_to_name(tmp_path: Path) -> None:
    touched(tmp_path, "1.png")
    os.mkfifo(tmp_path / "2.png")
    (tmp_path / "3.png").symlink_to("nowhere")
    assert pictures(tmp_path) == ["1.png", "3.png"]
    assert folder_tree(tmp_path)[1] == ["2.png: left out, no file, or a link that leads nowhere or back"]


def test_paths_below_the_current_folder_are_as_a_person_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched(tmp_path, "cats/1.png", "2.png", "out/.owner")
    monkeypatch.chdir(tmp_path)
    tree, notes = folder_tree(Path("."))
    assert tree.all_pictures() == ["2.png", "cats/1.png"] and notes == ["out: left out, of a run of this program"]


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: cannot be read: no such file or directory"):
        folder_tree(tmp_path / "gone")
