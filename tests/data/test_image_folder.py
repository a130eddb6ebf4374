import hashlib
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from runner.contracts import Rows
from runner.data.checks import digest
from runner.data.image_folder import ImageFolder, PictureRows
from runner.data.picture import Shades
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
    with pytest.raises(DataError, match=r"cat/broken\.png: cannot be read as a picture: .+; mend it or take it away"):
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


def shape(path, ground=255, ink=255, opaque=255):
    """A square of ``ink`` that only the transparent pixels around it show."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((6, 5, 4), (ground, ground, ground, 0), dtype=np.uint8)
    place = int(path.stem) % 3
    pixels[place : place + 3, place : place + 3] = (ink, ink, ink, opaque)
    Image.fromarray(pixels).save(path)


@pytest.mark.parametrize("memory_mb", [0, 1000])
@pytest.mark.parametrize("opaque", [255, 100])
def test_case_26_pictures_that_are_the_same_on_white_are_refused_with_the_ground_that_shows_them(
    tmp_path, memory_mb, opaque
):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        shape(tmp_path / name, opaque=opaque)
    told = (
        r"its 4 pictures are all the same: there is nothing to learn\n"
        r"  4 of 4 pictures show nothing once laid on white \(.*a/1\.png\): dataset\.background=black$"
    )
    with pytest.raises(DataError, match=told):
        load(tmp_path, memory_mb=memory_mb)
    data = load(tmp_path, background="black", memory_mb=memory_mb)
    assert data.notes == ()
    assert data.x[torch.tensor([0])].unique().tolist() == [0, opaque]


def test_case_26_pictures_that_are_the_same_for_whatever_reason_are_refused(tmp_path):
    for name in ("a/1.png", "b/1.png"):
        shape(tmp_path / name, opaque=0)
    with pytest.raises(DataError, match=r"its 2 pictures are all the same: there is nothing to learn$"):
        load(tmp_path)


def test_case_26_shapes_beside_pictures_that_are_seen_are_said(tmp_path):
    for name in ("a/1.png", "a/2.png"):
        shape(tmp_path / name)
    picture(tmp_path / "b/1.png")
    (note,) = load(tmp_path).notes
    assert note == f"2 of 3 pictures show nothing once laid on white ({tmp_path}/a/1.png): dataset.background=black"
    shape(tmp_path / "b/2.png", ground=0, ink=0)
    shape(tmp_path / "b/3.png", ground=0, ink=0)
    (note,) = load(tmp_path).notes
    assert note.startswith("2 of 5 pictures show nothing once laid on white") and note.endswith("background=grey")
    assert load(tmp_path, background="grey").notes == ()


def test_case_26_a_run_of_before_goes_on_with_the_same_fingerprint(folder):
    def fingerprint(shades):
        return PictureRows([str(folder / "cat/a.png"), str(folder / "dog/x.png")], True, None, shades).fingerprint()

    listed = [(name, (folder / name).stat().st_size) for name in ("cat/a.png", "dog/x.png")]
    assert fingerprint(Shades("white", None)) == hashlib.sha256(repr((True, None, listed)).encode()).hexdigest()
    assert fingerprint(Shades("black", None)) != fingerprint(Shades("white", None))


def deep(folder, values, dtype, ending="tif"):
    """Two pictures of these values, the second turned round."""
    for name in "ab":
        (folder / name).mkdir(exist_ok=True)
        Image.fromarray(np.array([values], dtype)).save(folder / name / f"1.{ending}")
        values = values[::-1]
    return folder


@pytest.mark.parametrize(
    ("values", "dtype", "pixels"),
    [
        ([0, 100, 255], np.int32, [0, 100, 255]),
        ([0, 100, 270], np.int32, [0, 100, 255]),
        ([0, 0x8040, 0xFFFF], np.int32, [0, 0x80, 255]),
        ([0, 0x8040, 0xFFFF], np.uint16, [0, 0x80, 255]),
        ([0, 0.5, 1], np.float32, [0, 127, 255]),
        ([0, 0.5, 1.05], np.float32, [0, 127, 255]),
        ([float("nan"), 0.5, 1], np.float32, [0, 127, 255]),
        ([0, 100, 255], np.float32, [0, 100, 255]),
    ],
)
def test_case_19_more_than_eight_bits_come_out_as_the_shades_they_are(tmp_path, values, dtype, pixels):
    data = load(deep(tmp_path, values, dtype), colour=False)
    assert data.x[0].flatten().tolist() == pixels
    assert data.notes == ()


@pytest.mark.parametrize(
    ("values", "dtype", "told"),
    [
        (
            [0, 2000, 4000],
            np.uint16,
            "values reach 4000 ({0}/a/1.tif) of 65535, which is almost black: dataset.brightest=4095 makes that white",
        ),
        (
            [0, 2000, 80000],
            np.int32,
            "values reach 80000 ({0}/a/1.tif), and all above 65535 is white: dataset.brightest=131071 makes that white",
        ),
        (
            [0, 200, 510],
            np.float32,
            "values reach 510 ({0}/a/1.tif), and all above 255 is white: dataset.brightest=510 makes that white",
        ),
        ([-5, 200, 250], np.int32, "values go down to -5 ({0}/a/1.tif), and all below 0 is black"),
    ],
)
def test_case_19_what_more_than_eight_bits_lose_is_said(tmp_path, values, dtype, told):
    (note,) = load(deep(tmp_path, values, dtype)).notes
    assert note == told.format(tmp_path)


def test_case_19_pictures_that_are_taken_for_different_numbers_of_bits_are_said(tmp_path):
    deep(tmp_path, [0, 100, 255], np.int32)
    Image.fromarray(np.array([[0, 100, 40000]], np.int32)).save(tmp_path / "b/1.tif")
    told = "by their values some pictures are read as 0 to 255, others as 0 to 65535: dataset.brightest=65535 makes"
    assert load(tmp_path).notes[0].startswith(told)
    assert load(tmp_path, brightest=65535, colour=False).x.flatten().tolist() == [0, 0, 0, 0, 0, 156]


def test_case_19_the_brightest_value_can_be_said(tmp_path):
    data = load(deep(tmp_path, [0, 2048, 4095], np.uint16), brightest=4095, colour=False)
    assert data.x[0].flatten().tolist() == [0, 127, 255]
    assert data.notes == ()


def test_case_19_sixteen_bits_that_all_come_out_black_are_refused_with_the_way_out(tmp_path):
    with pytest.raises(
        DataError,
        match=r"all the same: there is nothing to learn\n  values reach 255 .*almost black: dataset\.brightest=255",
    ):
        load(deep(tmp_path, [0, 100, 255], np.uint16, "png"))


def test_case_19_several_frames_are_said(tmp_path):
    picture(tmp_path / "a/1.png")
    (tmp_path / "b").mkdir()
    frames = [Image.new("L", (5, 6), shade) for shade in (9, 200)]
    frames[0].save(tmp_path / "b/1.gif", save_all=True, append_images=frames[1:])
    data = load(tmp_path, colour=False)
    assert data.x[1].unique().tolist() == [9]
    assert data.notes == (f"1 of 2 pictures have several frames, of which the first is read ({tmp_path}/b/1.gif)",)


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
def test_case_19_a_picture_is_upright(tmp_path, ending):
    exif = Image.Exif()
    exif[274] = 6  # to be turned right
    picture(tmp_path / "b/1.png", size=(16, 8))
    (tmp_path / "a").mkdir()
    lying = Image.new("L", (16, 8), 0)
    lying.paste(255, (0, 0, 16, 4))
    lying.convert("RGB").save(tmp_path / f"a/1.{ending}", exif=exif)
    upright = load(tmp_path, colour=False).x[0, 0]
    assert upright.shape == (16, 8)
    assert upright[:, :3].max() < 50 and upright[:, 5:].min() > 200


def test_a_sample_of_many_pictures_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr("runner.data.picture.MOST_LOOKED_AT", 2)
    for name in ("a/1.png", "a/2.png", "a/3.png"):
        shape(tmp_path / name)
    picture(tmp_path / "b/1.png")
    assert load(tmp_path).notes[0].startswith("2 of 2 pictures looked at show nothing once laid on white")
