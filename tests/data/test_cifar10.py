import hashlib
import io
import pickle
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from mirror import write
from runner.data import cifar10
from runner.data.cifar10 import ROW_FILES, Cifar10
from runner.data.downloads import PUBLICATIONS, Archive, File
from runner.errors import DataError

ROWS = 2
CIFAR10 = PUBLICATIONS["cifar10"]


def python2_pickle(images: np.ndarray, labels: list[int]) -> bytes:
    """{"data": images, "labels": labels} as Python 2 and the numpy of its time wrote it, opcode by opcode."""

    def text(word: str) -> bytes:
        return b"U" + bytes([len(word)]) + word.encode()  # SHORT_BINSTRING

    def number(n: int) -> bytes:
        return b"J" + n.to_bytes(4, "little", signed=True)  # BININT

    empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + number(0) + b"\x85" + text("b") + b"tR"
    dtype = b"cnumpy\ndtype\n(" + text("u1") + number(0) + number(1) + b"tR"
    dtype += b"(" + number(3) + text("|") + b"NNN" + number(-1) + number(-1) + number(0) + b"tb"
    raw = images.tobytes()
    shape = number(images.shape[0]) + number(images.shape[1]) + b"\x86"
    state = b"(" + number(1) + shape + dtype + b"\x89" + b"T" + len(raw).to_bytes(4, "little") + raw + b"tb"
    listed = b"](" + b"".join(map(number, labels)) + b"e"
    return b"\x80\x02}(" + text("data") + empty + state + text("labels") + listed + b"u."


def batch(first: int) -> bytes:
    images = np.arange(first, first + ROWS * 3072).astype(np.uint8).reshape(ROWS, 3072)
    return python2_pickle(images, [first % 10, 9])


CONTENTS = {f"cifar-10-batches-py/{name}": batch(i) for i, name in enumerate(ROW_FILES)}
CONTENTS["cifar-10-batches-py/batches.meta"] = b"what torchvision reads the class names from"


def tar(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


TAR = tar({"../evil": b"not to be written", **dict(reversed(CONTENTS.items()))})


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Two rows a file, no mirror."""
    use(monkeypatch, CONTENTS, TAR)
    monkeypatch.setattr(cifar10, "ROWS_PER_FILE", ROWS)


def use(monkeypatch, contents, packed, mirrors=()):
    files = tuple(File(name, f"md5:{hashlib.md5(content).hexdigest()}") for name, content in contents.items())
    archive = Archive(CIFAR10.archives[0].name, f"md5:{hashlib.md5(packed).hexdigest()}", files)
    monkeypatch.setitem(PUBLICATIONS, "cifar10", replace(CIFAR10, mirrors=mirrors, archives=(archive,)))


def extract(folder, contents):
    write(folder / "cifar-10-batches-py", {})
    write(folder, contents)


def check(data):
    assert (data.x.shape, data.x.dtype, data.y.dtype) == ((12, 3, 32, 32), torch.uint8, torch.int64)
    assert data.y.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9, 5, 9]
    assert data.x[2].flatten()[:3].tolist() == [1, 2, 3]  # the first row of data_batch_2
    assert data.x[10, 1, 0, :2].tolist() == [5, 6]  # 5 + 1024 modulo 256: the green plane of the first test row
    assert data.official_test.tolist() == [10, 11]
    assert data.class_names[9] == "truck"


def test_extracted_files_are_read(tmp_path):
    extract(tmp_path, CONTENTS)
    check(Cifar10().load(tmp_path))


def test_the_archive_is_read_as_it_is_in_whatever_order_it_has(tmp_path):
    write(tmp_path, {"cifar-10-python.tar.gz": TAR})
    check(Cifar10().load(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["cifar-10-python.tar.gz"]


def test_it_is_downloaded_and_only_the_files_it_should_hold_are_extracted(tmp_path, mirror, monkeypatch):
    use(monkeypatch, CONTENTS, TAR, (f"http://{mirror.host}/a/",))
    mirror.reply("a", {"cifar-10-python.tar.gz": TAR})
    folder = tmp_path / "data"
    check(Cifar10().load(folder))
    assert sorted(path.name for path in folder.iterdir()) == [".fetch.lock", "cifar-10-batches-py"]
    assert len(list((folder / "cifar-10-batches-py").iterdir())) == 7
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_fault_40_one_wrong_byte_is_found_by_the_digest(tmp_path):
    name = "cifar-10-batches-py/data_batch_3"
    extract(tmp_path, CONTENTS | {name: CONTENTS[name][:-9] + b"\1" + CONTENTS[name][-8:]})
    with pytest.raises(DataError, match=r"data_batch_3 is corrupt: expected md5:\w{32}, found md5:\w{32}\n  get it"):
        Cifar10().load(tmp_path)


ONE = "cifar-10-batches-py/test_batch"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (TAR[:-50], "cannot be read: .*end"),
        (b"", "cannot be read: empty file"),
        (b"no archive", "cannot be read: not a gzip file"),
        (tar({ONE: CONTENTS[ONE]}), "expected data_batch_1, "),
    ],
    ids=["cut", "empty", "no-archive", "one-batch"],  # a tar's bytes hold the second it was made in
)
def test_fault_40_a_damaged_archive_is_named(tmp_path, content, told):
    write(tmp_path, {"cifar-10-python.tar.gz": content})
    with pytest.raises(DataError, match=rf"cifar-10-python\.tar\.gz: {told}"):
        Cifar10().load(tmp_path)


def test_fault_35_a_pickle_that_calls_something_is_not_run(tmp_path, monkeypatch):
    class Attack:
        def __reduce__(self):
            return (open, (str(tmp_path / "marker"), "w"))

    contents = CONTENTS | {"cifar-10-batches-py/data_batch_1": pickle.dumps({b"data": Attack()}, protocol=2)}
    use(monkeypatch, contents, TAR)
    extract(tmp_path, contents)
    with pytest.raises(pickle.UnpicklingError, match="is no piece of an array"):
        Cifar10().load(tmp_path)
    assert not (tmp_path / "marker").exists()
