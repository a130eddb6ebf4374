import gzip
import hashlib

import numpy as np
import pytest

from mirror import idx
from runner.data.downloads import Idx
from runner.data.mnist import read_idx
from runner.errors import DataError

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
