"""Folders as they lie on the disk: runs, links and what is no file among the pictures."""

import os
from pathlib import Path

import pytest

from runner.data.pictures.folder_tree import FILES_OF_A_RUN, folder_tree
from runner.errors import DataError
from runner.runs.directory import RunDirectory


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
