import gzip
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mirror import CONTENTS, GZIPPED, idx, publication, write
from runner.data.checks import check_data
from runner.data.downloads import PUBLICATIONS, Idx
from runner.data.mnist import FashionMnist, Kmnist, Mnist, Qmnist, read_idx
from runner.data.splits import SplitSettings, split
from runner.errors import DataError

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = CONTENTS


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Both are the small publication, without a mirror; only of ``mnist`` the digests are known."""
    monkeypatch.setitem(PUBLICATIONS, "mnist", publication())
    monkeypatch.setitem(PUBLICATIONS, "kmnist", replace(publication(digests=False), folder="Other/raw"))


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "Small" / "raw", CONTENTS)


def test_train_rows_come_before_the_official_test_rows(tmp_path, folder):
    data = Mnist().load(tmp_path)
    assert (data.x.shape, data.x.dtype, data.y.dtype) == ((10, 1, 3, 2), torch.uint8, torch.int64)
    assert data.x[1].tolist() == [[[6, 7], [8, 9], [10, 11]]]
    assert data.x[6].tolist() == [[[100, 101], [102, 103], [104, 105]]]
    assert data.y.tolist() == [0, 1, 2, 0, 1, 2, 2, 1, 0, 2]
    assert data.official_test.tolist() == [6, 7, 8, 9]
    assert (data.task, data.class_names) == ("multiclass", ("a", "b", "c"))
    check_data(data)


def test_gzipped_files_are_read_as_they_are(tmp_path, folder):
    plain = Mnist().load(tmp_path)
    for name in CONTENTS:
        (folder / name).unlink()
    write(folder, GZIPPED)
    zipped = Mnist().load(tmp_path)
    assert torch.equal(zipped.x, plain.x) and torch.equal(zipped.y, plain.y)
    assert sorted(path.name for path in folder.iterdir()) == sorted(GZIPPED)


def test_a_file_zipped_anew_is_as_good_as_the_published_one(tmp_path, folder):
    (folder / IMAGES).unlink()
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress(CONTENTS[IMAGES], 1, mtime=1))
    assert (folder / f"{IMAGES}.gz").read_bytes() != GZIPPED[f"{IMAGES}.gz"]
    assert Mnist().load(tmp_path).x[1, 0, 0].tolist() == [6, 7]


def test_an_extracted_file_counts_before_the_gzipped_one(tmp_path, folder):
    (folder / f"{IMAGES}.gz").write_bytes(b"rubbish")
    assert len(Mnist().load(tmp_path).x) == 10


def test_fault_40_one_wrong_byte_is_found_by_the_digest(tmp_path, folder):
    content = bytearray(CONTENTS[IMAGES])
    content[20] ^= 1
    (folder / IMAGES).write_bytes(content)
    with pytest.raises(DataError) as raised:
        Mnist().load(tmp_path)
    (archive, *_) = PUBLICATIONS["mnist"].archives
    fault, advice = str(raised.value).splitlines()
    assert fault.startswith(f"{folder / IMAGES}: is corrupt: expected {archive.files[0].digest}, found sha256:")
    assert advice == f"  get it again: python -m runner fetch mnist data_dir={tmp_path}"
    assert raised.value.exit_code == 3


def test_fault_40_a_file_of_another_data_set_is_told_from_a_corrupt_one(tmp_path, monkeypatch):
    theirs = publication()
    changed = replace(theirs.archives[0], files=(replace(theirs.archives[0].files[0], digest="sha256:0"),))
    ours = replace(theirs, folder="Clothes/raw", archives=(changed, *theirs.archives[1:]))
    monkeypatch.setitem(PUBLICATIONS, "fashion_mnist", ours)
    write(tmp_path / "Clothes" / "raw", CONTENTS)
    with pytest.raises(DataError, match=rf"Clothes/raw/{IMAGES}: holds {IMAGES} of Small\n"):
        FashionMnist().load(tmp_path)


def test_fault_40_fewer_labels_than_images_are_counted(tmp_path, folder):
    (folder / LABELS).write_bytes(idx((5,), bytes(5)))
    with pytest.raises(DataError, match=rf"{LABELS}: expected numbers of shape \[6\], found \[5\]"):
        Mnist().load(tmp_path)


def test_fault_40_the_test_images_in_place_of_the_train_images_are_counted(tmp_path, folder):
    (folder / IMAGES).write_bytes(CONTENTS[TEST_IMAGES])
    with pytest.raises(DataError, match=r"expected numbers of shape \[6, 3, 2\], found \[4, 3, 2\]"):
        Mnist().load(tmp_path)


def test_faults_40_and_45_a_label_out_of_range_is_named_with_its_row(tmp_path):
    labels = idx((6,), bytes([0, 1, 2, 17, 1, 2]))
    write(tmp_path / "Other" / "raw", CONTENTS | {LABELS: labels})
    with pytest.raises(DataError, match=rf"{LABELS}: expected labels 0\.\.2, found 17 in row 3"):
        Kmnist().load(tmp_path)


def test_fault_40_the_checks_hold_under_python_minus_o(tmp_path, folder):
    (folder / TEST_LABELS).write_bytes(CONTENTS[TEST_LABELS][:-1])
    code = (
        "import sys, pathlib; from runner.data.downloads import *; from runner.data.mnist import Mnist\n"
        "from runner.errors import DataError\n"
        f"PUBLICATIONS['mnist'] = {PUBLICATIONS['mnist']!r}\n"
        "try: Mnist().load(pathlib.Path(sys.argv[1]))\n"
        "except DataError as fault: print(fault)"
    )
    done = subprocess.run([sys.executable, "-O", "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert f"{TEST_LABELS}: cut short: expected 4 bytes, found 3 after the header" in done.stdout


def test_of_a_label_with_more_to_it_the_class_is_taken(tmp_path, monkeypatch):
    theirs = publication(digests=False)
    wide = [
        replace(a, files=(replace(a.files[0], idx=Idx((n, 2), "i4")),))
        for a, n in zip(theirs.archives[1::2], (6, 4), strict=True)
    ]
    archives = (theirs.archives[0], wide[0], theirs.archives[2], wide[1])
    monkeypatch.setitem(PUBLICATIONS, "qmnist", replace(theirs, archives=archives))
    pairs = {name: [(k, 99) for k in CONTENTS[name][8:]] for name in (LABELS, TEST_LABELS)}
    contents = {
        name: idx((len(rows), 2), b"".join(n.to_bytes(4, "big") for row in rows for n in row), code=0x0C)
        for name, rows in pairs.items()
    }
    write(tmp_path / "Small" / "raw", CONTENTS | contents)
    assert Qmnist().load(tmp_path).y.tolist() == [0, 1, 2, 0, 1, 2, 2, 1, 0, 2]


@pytest.mark.parametrize("source", [Mnist(), Kmnist()])
def test_a_source_reads_the_publication_of_its_name(tmp_path, source):
    for name in ("Small", "Other"):
        write(tmp_path / name / "raw", CONTENTS)
    assert source.load(tmp_path).y.tolist() == [0, 1, 2, 0, 1, 2, 2, 1, 0, 2]


@pytest.fixture
def real(monkeypatch):
    """The folder of the real files, the publications as they are."""
    monkeypatch.undo()
    folder = Path(os.environ.get("RUNNER_DATA", "data"))
    if not (folder / "MNIST" / "raw").is_dir():
        pytest.skip("RUNNER_DATA names no folder with MNIST/raw")
    return folder


@pytest.mark.real
@pytest.mark.parametrize(
    ("source", "mean", "std", "first", "name"),
    [(Mnist(), 0.1307, 0.3081, 5, "5"), (FashionMnist(), 0.2860, 0.3530, 9, "Ankle boot")],
)
def test_the_real_files_hold_what_is_published_of_them(real, source, mean, std, first, name):
    data = source.load(real)
    assert (data.x.shape, len(data.official_test), data.official_test[0]) == ((70_000, 1, 28, 28), 10_000, 60_000)
    train_var, train_mean = torch.var_mean(data.x[:60_000].float() / 255, correction=0)
    assert (train_mean.item(), train_var.sqrt().item()) == pytest.approx((mean, std), abs=5e-5)
    assert (data.y[0].item(), data.class_names[first]) == (first, name)
    assert data.y[60_000:].bincount().min() >= 892  # the rarest digit, 5; clothes are 1,000 each


@pytest.mark.real
def test_the_official_split_draws_validation_from_train_alone(real):
    data = Mnist().load(real)
    parts = split(data, SplitSettings(0, 1 / 6, 0.2, None, None))
    assert [len(rows) for rows in (parts.train, parts.val, parts.test)] == [50_000, 10_000, 10_000]
    assert max(parts.train.max(), parts.val.max()) < 60_000
    assert parts.test.tolist() == list(range(60_000, 70_000))


@pytest.mark.real
def test_the_real_sets_in_each_other_s_folders_are_told_apart(real, tmp_path):
    (tmp_path / "FashionMNIST").mkdir()
    (tmp_path / "FashionMNIST" / "raw").symlink_to((real / "MNIST" / "raw").absolute())
    with pytest.raises(DataError, match="holds train-images-idx3-ubyte of MNIST"):
        FashionMnist().load(tmp_path)


EXPECTED = Idx((2, 3))
CONTENT = idx((2, 3), bytes([1, 2, 3, 4, 5, 6]))
ZIPPED = gzip.compress(CONTENT, mtime=0)


@pytest.fixture
def read(tmp_path):
    def read(content, name="file", expected=EXPECTED):
        path = tmp_path / name
        path.write_bytes(content)
        into = np.zeros(expected.shape, dtype=f">{expected.dtype}")
        return into, read_idx(path, expected, into)

    return read


@pytest.mark.parametrize(("content", "name"), [(CONTENT, "file"), (ZIPPED, "file.gz")])
def test_numbers_are_read_plain_or_gzipped_with_the_digest_of_the_plain_file(read, content, name):
    numbers, digest = read(content, name)
    assert numbers.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert digest == hashlib.sha256(CONTENT).hexdigest()


def test_numbers_of_four_bytes_are_big_endian(read):
    content = idx((2,), bytes([0, 0, 1, 2, 255, 255, 255, 255]), code=0x0C)
    assert read(content, expected=Idx((2,), "i4"))[0].tolist() == [258, -1]


def test_a_file_larger_than_a_piece_is_read_whole(read):
    numbers = np.random.default_rng(0).integers(0, 256, 2_500_000, dtype=np.uint8)
    content = idx(numbers.shape, numbers.tobytes())
    assert np.array_equal(read(content, expected=Idx(numbers.shape))[0], numbers)
    assert np.array_equal(read(gzip.compress(content, 1), "file.gz", Idx(numbers.shape))[0], numbers)


DAMAGED = {
    "empty": (b"", "the file is empty"),
    "header cut": (CONTENT[:7], "cut short: expected 18 bytes, found 7"),
    "numbers cut": (CONTENT[:-1], "cut short: expected 6 bytes, found 5 after the header"),
    "more numbers": (CONTENT + b"\0", "expected 6 bytes after the header, found more"),
    "other magic": (b"\0\0\x08\x03" + CONTENT[4:], "expected magic number 2050, found 2051"),
    "no IDX at all": (b"<html>404 not found</html>", "expected magic number 2050, found 1013478509"),
    "other type": (idx((2, 3), bytes(24), code=0x0C), "expected magic number 2050, found 3074"),
    "other shape": (idx((3, 2), bytes(6)), r"expected numbers of shape \[2, 3\], found \[3, 2\]"),
    "shape that promises more": (idx((200, 3), bytes(6)), r"expected numbers of shape \[2, 3\], found \[200, 3\]"),
}


@pytest.mark.parametrize(("content", "told"), DAMAGED.values(), ids=DAMAGED)
def test_fault_40_a_damaged_file_is_named_with_what_was_expected_and_found(read, tmp_path, content, told):
    with pytest.raises(DataError, match=f"^{tmp_path}/file: {told}"):
        read(content)
    with pytest.raises(DataError, match=f"^{tmp_path}/file.gz: {told}"):
        read(gzip.compress(content), "file.gz")


def flipped(content, place):
    return content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :]


DAMAGED_GZIP = {
    "empty": (b"", "the file is empty"),
    "cut in the header": (ZIPPED[:5], "cut short"),
    "cut in the stream": (ZIPPED[:-10], "cut short"),
    "cut in the check sum": (ZIPPED[:-3], "cut short"),
    "no gzip": (CONTENT, "cannot be read: Not a gzipped file"),
    "a bit of the check sum": (flipped(ZIPPED, len(ZIPPED) - 6), "cannot be read: CRC check failed"),
    "a bit of the stream": (flipped(ZIPPED, 11), r"cannot be read|cut short|expected"),
}


@pytest.mark.parametrize(("content", "told"), DAMAGED_GZIP.values(), ids=DAMAGED_GZIP)
def test_fault_40_a_damaged_gzip_is_named(read, content, told):
    with pytest.raises(DataError, match=f"file.gz: ({told})"):
        read(content, "file.gz")


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    with pytest.raises(DataError, match=f"{tmp_path}: is a folder, not a file"):
        read_idx(tmp_path, EXPECTED, np.zeros((2, 3), np.uint8))
