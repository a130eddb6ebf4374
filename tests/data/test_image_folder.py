import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from runner.contracts import Rows
from runner.data.digest import digest
from runner.data.image_folder import ImageFolder
from runner.errors import DataError

DRAW = np.random.default_rng(0)


def picture(path, size=(6, 5), colour=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = DRAW.integers(0, 256, (*size, 3) if colour else size, dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def load(folder, path=None, **knobs):
    usual = {"size": None, "colour": True, "background": "white", "brightest": None, "memory_mb": 1000}
    return ImageFolder(path=str(path or folder), **{**usual, **knobs}).load(folder)


@pytest.fixture
def folder(tmp_path):
    for name in ("cat/b.png", "cat/a.png", "dog/x.png", "cat/more/c.png", "ant/1.bmp", "ant/2.PNG"):
        picture(tmp_path / name)
    return tmp_path


def test_a_folder_is_a_class_in_the_order_of_the_names(folder):
    data = load(folder)
    assert data.class_names == ("ant", "cat", "dog")
    assert data.y.tolist() == [0, 0, 1, 1, 1, 2]
    assert (data.x.shape, data.x.dtype, data.task) == ((6, 3, 6, 5), torch.uint8, "multiclass")
    assert data.official_val is None and data.official_test is None


def test_pixels_come_out_as_they_were_saved(tmp_path):
    first, second = picture(tmp_path / "a/1.png"), picture(tmp_path / "b/1.png")
    x = load(tmp_path).x
    assert np.array_equal(x.permute(0, 2, 3, 1), np.stack([first, second]))


def test_grey_and_colour_are_made_of_either(tmp_path):
    grey, coloured = picture(tmp_path / "a/1.png", colour=False), picture(tmp_path / "b/1.png")
    assert np.array_equal(load(tmp_path, colour=False).x[0, 0], grey)
    assert np.array_equal(load(tmp_path).x[0], np.stack([grey] * 3))
    luma = coloured @ np.array([0.299, 0.587, 0.114])
    assert np.abs(load(tmp_path, colour=False).x[1, 0].numpy() - luma).max() <= 1


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path):
    picture(tmp_path / "b/1.png")
    (tmp_path / "a").mkdir()
    Image.fromarray(np.full((6, 5), 0x8040, dtype=np.uint16)).save(tmp_path / "a/1.png")
    assert load(tmp_path, colour=False).x[0].unique().tolist() == [0x80]


def test_a_palette_and_transparency_become_plain_colours(tmp_path):
    picture(tmp_path / "b/1.png")
    (tmp_path / "a").mkdir()
    red = Image.new("RGBA", (5, 6), (255, 0, 0, 128))
    red.quantize().save(tmp_path / "a/1.png", transparency=b"\x80")
    red.save(tmp_path / "a/2.png")
    assert load(tmp_path).x[:2, :, 0, 0].tolist() == [[255, 0, 0]] * 2


def test_size_is_height_and_width(folder):
    picture(folder / "dog/large.png", size=(30, 40))
    assert load(folder, size=[4, 7]).x.shape == (7, 3, 4, 7)


def test_what_is_no_picture_and_hidden_files_are_passed_over(folder):
    for name in ("notes.txt", "cat/.DS_Store", "cat/._a.png", ".git/x.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("no picture")
    assert len(load(folder).y) == 6


def test_pictures_that_fit_are_in_memory_and_others_stream_with_the_same_pixels(folder):
    there, streamed = load(folder), load(folder, memory_mb=0)
    assert isinstance(there.x, torch.Tensor)
    assert isinstance(streamed.x, Rows)
    assert (streamed.x.shape, streamed.x.dtype, streamed.x.draws) == ((6, 3, 6, 5), torch.uint8, False)
    assert torch.equal(streamed.x[torch.tensor([4, 0, 5])], there.x[[4, 0, 5]])


def test_train_val_and_test_folders_are_official_splits(tmp_path):
    for name in ("test/a/1.png", "test/b/1.png", "train/a/1.png", "train/a/2.png", "train/b/1.png", "valid/a/1.png"):
        picture(tmp_path / name)
    picture(tmp_path / "valid/b/1.png")
    data = load(tmp_path)
    assert data.class_names == ("a", "b")
    assert data.official_test.tolist() == [0, 1]
    assert data.official_val.tolist() == [5, 6]
    assert data.y.tolist() == [0, 1, 0, 0, 1, 0, 1]
    picture(tmp_path / "test/c/1.png")
    with pytest.raises(DataError, match=r"test/c/1\.png: there is no class c in .*train"):
        load(tmp_path)


def test_a_relative_path_is_looked_for_here_and_in_data_dir(folder, monkeypatch):
    assert len(load(folder.parent, path=folder.name).y) == 6
    monkeypatch.chdir(folder.parent)
    assert len(load(folder / "nowhere", path=folder.name).y) == 6


def test_a_folder_that_is_not_there_is_named_with_every_place(tmp_path):
    with pytest.raises(DataError, match=r"dataset\.path=nowhere: no such folder; looked for .*nowhere and .*nowhere"):
        load(tmp_path, path="nowhere")


def test_an_empty_class_folder_is_named(folder):
    (folder / "eel").mkdir()
    (folder / "eel" / "readme.txt").write_text("no eels yet")
    with pytest.raises(DataError, match=r"eel: no picture in this class folder \(.*\.jpg.*\); put some in, or take"):
        load(folder)


def test_pictures_without_class_folders_are_refused(tmp_path):
    picture(tmp_path / "1.png")
    with pytest.raises(DataError, match="no class folder; put the pictures of each class into a folder"):
        load(tmp_path)
    picture(tmp_path / "cat/1.png")
    with pytest.raises(DataError, match="only one class folder, cat; put"):
        load(tmp_path)


@pytest.mark.parametrize("memory_mb", [0, 1000])
@pytest.mark.parametrize("content", [b"", b"hello", "truncated"], ids=["empty", "text", "truncated"])
def test_a_broken_picture_among_many_is_named(folder, memory_mb, content):
    whole = (folder / "dog/x.png").read_bytes()
    (folder / "cat/broken.png").write_bytes(whole[: len(whole) // 2] if content == "truncated" else content)
    with pytest.raises(
        DataError, match=r"cat/broken\.png: is no picture that can be read: .+; mend it or take it away"
    ):
        data = load(folder, memory_mb=memory_mb)
        data.x[torch.arange(len(data.y))]


@pytest.mark.parametrize("memory_mb", [0, 1000])
def test_a_picture_of_another_size_is_named_with_the_way_out(folder, memory_mb):
    picture(folder / "cat/large.png", size=(9, 8))
    with pytest.raises(
        DataError, match=r"cat/large\.png: has 9 x 8 pixels and .*1\.bmp has 6 x 5\n.*dataset\.size=\[6,5\]"
    ):
        data = load(folder, memory_mb=memory_mb)
        data.x[torch.arange(len(data.y))]


def test_fault_43_the_digest_sees_a_changed_picture_and_not_a_moved_folder(folder, tmp_path_factory):
    for memory_mb in (0, 1000):
        before = digest(load(folder, memory_mb=memory_mb))
        moved = shutil.copytree(folder, tmp_path_factory.mktemp("moved") / "there")
        assert digest(load(moved, memory_mb=memory_mb)) == before
        assert digest(load(folder, colour=False, memory_mb=memory_mb)) != before
        picture(moved / "cat/a.png", size=(6, 5), colour=False)
        assert digest(load(moved, memory_mb=memory_mb)) != before
