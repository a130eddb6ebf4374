"""Pictures of every kind become rows of a run."""

import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from runner.data.new_rows import Rows, picture_rows
from runner.data.picture import GROUNDS, Shades
from runner.errors import ConfigError

PLAIN = Shades("white", None)


def schema(channels: int = 1, white: float = 255.0, border: float = 0.0) -> dict[str, Any]:
    return {"row_shape": (channels, 2, 2), "black": 0.0, "white": white, "border": border}


def only(words: list[Path], of: dict[str, Any], *, invert: bool = False, shades: Shades = PLAIN) -> Rows:
    (rows,) = picture_rows([str(word) for word in words], shades=shades, invert=invert, **of)
    return rows


def saved(path: Path, image: Image.Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


@pytest.fixture
def grey() -> Image.Image:
    return Image.fromarray(np.array([[0, 51], [102, 255]], np.uint8))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK", "LA"])
def test_a_picture_of_any_mode_is_made_grey(tmp_path: Path, grey: Image.Image, mode: str) -> None:
    path = saved(tmp_path / ("a.tiff" if mode == "CMYK" else "a.png"), grey.convert("RGB").convert(mode))
    assert (only([path], schema()).x.float() - torch.tensor([[[[0.0, 51], [102, 255]]]])).abs().max() <= 1


def test_sixteen_bits_are_scaled(tmp_path: Path, grey: Image.Image) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(np.asarray(grey).astype(np.uint16) * 257))
    assert only([path], schema()).x.flatten().tolist() == [0, 51, 102, 255]


def test_fractions_are_scaled(tmp_path: Path, grey: Image.Image) -> None:
    path = saved(tmp_path / "a.tiff", Image.fromarray(np.asarray(grey).astype(np.float32) / 255))
    assert only([path], schema()).x.flatten().tolist() == [0, 51, 102, 255]


def test_a_pipe_is_read(tmp_path: Path, grey: Image.Image) -> None:
    reader, writer = os.pipe()
    os.write(writer, saved(tmp_path / "a.png", grey).read_bytes())
    os.close(writer)
    assert only([Path(f"/dev/fd/{reader}")], schema()).x.flatten().tolist() == [0, 51, 102, 255]
    os.close(reader)


def test_of_an_animation_the_first_frame_counts(tmp_path: Path, grey: Image.Image) -> None:
    path = tmp_path / "a.gif"
    grey.save(path, save_all=True, append_images=[Image.new("L", (2, 2), 9)])
    assert only([path], schema()).x.flatten().tolist() == [0, 51, 102, 255]


def test_what_is_not_seen_is_white(tmp_path: Path) -> None:
    unseen = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    unseen.putpixel((0, 0), (10, 10, 10, 255))
    assert only([saved(tmp_path / "a.png", unseen)], schema()).x.flatten().tolist() == [10, 255, 255, 255]


def test_case_26_the_ground_is_that_of_the_training(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (2, 2), (255, 255, 255, 0))
    clear.putpixel((0, 0), (255, 255, 255, 100))
    path = saved(tmp_path / "a.png", clear)
    found = {ground: only([path], schema(), shades=Shades(ground, None)).x.flatten().tolist() for ground in GROUNDS}
    assert found == {"white": [255] * 4, "black": [100, 0, 0, 0], "grey": [178, 128, 128, 128]}


def test_case_19_thirty_two_bits_are_read_as_in_training(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", Image.fromarray(np.array([[0, 51], [102, 255]], np.int32)))
    assert only([path], schema()).x.flatten().tolist() == [0, 51, 102, 255]
    assert only([path], schema(), shades=Shades("white", 510.0)).x.flatten().tolist() == [0, 25, 51, 127]


def test_case_29_runs_in_a_folder_are_left_out_and_said(tmp_path: Path, grey: Image.Image) -> None:
    saved(tmp_path / "a.png", grey)
    saved(tmp_path / "run/b.png", grey)
    (tmp_path / "run/.owner").touch()
    first, rows = picture_rows([str(tmp_path)], shades=PLAIN, invert=False, **schema())
    assert (list(first.notes), list(first.faults)) == (["run: left out, of a run of this program"], [])
    assert rows.names == [f"{tmp_path}/a.png"]


def test_any_size_is_stretched_to_that_of_the_run(tmp_path: Path) -> None:
    assert only([saved(tmp_path / "a.png", Image.new("L", (30, 50), 7))], schema()).x.tolist() == [[[[7, 7], [7, 7]]]]


def test_colour_is_kept_where_the_run_has_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (2, 2), (1, 2, 3)))
    assert only([path], schema(channels=3)).x[0, :, 0, 0].tolist() == [1, 2, 3]


def test_shades_are_those_of_the_data(tmp_path: Path, grey: Image.Image) -> None:
    x = only([saved(tmp_path / "a.png", grey)], schema(white=16.0)).x
    assert x.flatten().tolist() == pytest.approx([0, 3.2, 6.4, 16])


def test_invert_turns_dark_and_bright_round(tmp_path: Path, grey: Image.Image) -> None:
    x = only([saved(tmp_path / "a.png", grey)], schema(), invert=True).x
    assert x.flatten().tolist() == [255, 204, 153, 0]


def test_a_background_the_other_way_round_is_remarked_on(tmp_path: Path) -> None:
    bright, dark = (saved(tmp_path / f"{shade}.png", Image.new("L", (9, 9), shade)) for shade in (255, 0))
    told = (
        "1 of 2 pictures have a bright background, those the run has learnt from a dark one; --invert turns them round"
    )
    assert only([bright, dark], schema(border=0.0)).notes == [told]
    assert only([dark], schema(border=0.0)).notes == []
    assert only([dark], schema(border=0.5)).notes == []
    assert "have a dark background" in only([dark], schema(border=0.9)).notes[0]


def test_a_folder_stands_for_all_pictures_in_it(tmp_path: Path, grey: Image.Image) -> None:
    for name in ("b.png", "a/c.png", "a/.hidden.png"):
        saved(tmp_path / name, grey)
    (tmp_path / "notes.txt").write_text("no picture")
    assert only([tmp_path], schema()).names == [f"{tmp_path}/a/c.png", f"{tmp_path}/b.png"]


def test_wrong_pictures_are_told_one_by_one_and_the_rest_is_read(tmp_path: Path, grey: Image.Image) -> None:
    good = saved(tmp_path / "good.png", grey)
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes(good.read_bytes()[:40])
    (tmp_path / "nothing").mkdir()
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "lost.png").symlink_to("nowhere")
    assert only([tmp_path / "links"], schema()).faults == [f"{tmp_path}/links/lost.png: no such file"]
    words = [tmp_path / name for name in ("nothing", "empty.png", "text.png", "good.png", "cut.png", "gone.png")]
    first, rows = picture_rows([str(word) for word in words], shades=PLAIN, invert=False, **schema())
    assert first.faults[0].startswith(f"{tmp_path}/nothing: no picture in this folder (.bmp,")
    assert rows.names == [str(good)]
    told = [fault.removeprefix(f"{tmp_path}/") for fault in rows.faults]
    assert told[0] == "empty.png: is empty" and told[3] == "gone.png: no such file"
    assert re.fullmatch("text.png: cannot be read as a picture: .+; mend it or take it away", told[1])
    assert told[2].startswith("cut.png: cannot be read as a picture: ")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (b"", "standard input: is empty"),
        (b"hello", "standard input: cannot be read as a picture: .+; mend it or take it away"),
    ],
)
def test_standard_input_that_is_no_picture_is_told(typed: bytes, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
    (fault,) = only([Path("-")], schema()).faults
    assert re.fullmatch(told, fault)


def test_a_picture_too_large_to_be_one_is_refused(tmp_path: Path, grey: Image.Image, monkeypatch) -> None:
    path = saved(tmp_path / "a.png", grey)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1)
    assert "a.png: cannot be read as a picture: " in only([path], schema()).faults[0]


def test_rows_that_are_no_pictures_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"rows of shape \[4, 2, 2\]: neither grey nor colour"):
        list(picture_rows(["a.png"], shades=PLAIN, invert=False, **schema(channels=4)))
