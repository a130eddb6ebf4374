"""Adult and California from small files of their form, in every shape that a data_dir may have them; and real."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from mirror import Mirror, write
from program import run
from runner.contracts import Data
from runner.data.adult import Adult
from runner.data.california import California
from runner.data.downloads import PUBLICATIONS, Archive, File, Publication
from runner.errors import DataError

PERSON = "39, {work}, 77516, Bachelors, 13, Never-married, Sales, Husband, White, {sex}, 2174, 0, 40, Cuba, {income}"
ADULT = {
    "adult.data": "\n".join(
        [
            PERSON.format(work="Private", sex="Male", income="<=50K"),
            PERSON.format(work="?", sex="Female", income=">50K"),
            PERSON.format(work="State-gov", sex="Male", income=">50K"),
            "",
        ]
    ).encode(),
    "adult.test": f"|1x3 Cross validator\n{PERSON.format(work='Private', sex='Female', income='>50K.')}\n\n".encode(),
}
DISTRICTS = b"-122.5,37.25,41,880,129,322,126,8.3252,452600\n-121.0,36.0,20,600,150,90,30,2.5,150000\n"
TARRED = io.BytesIO()
with tarfile.open(fileobj=TARRED, mode="w:gz") as archive:
    member = tarfile.TarInfo("CaliforniaHousing/cal_housing.data")
    member.size = len(DISTRICTS)
    archive.addfile(member, io.BytesIO(DISTRICTS))
TGZ = TARRED.getvalue()
REAL = Path(os.environ.get("RUNNER_DATA", "data"))


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def zipped(contents: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture(autouse=True)
def small(request: pytest.FixtureRequest, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two publications with the digests of the small files, served below /a/."""
    if "real" in request.keywords:
        return
    address = (f"http://{mirror.host}/a/",)
    files = tuple(Archive(name, sha256(content), (File(name, sha256(content)),)) for name, content in ADULT.items())
    monkeypatch.setitem(PUBLICATIONS, "adult", Publication("", address, files, 0.1, ("<=50K", ">50K")))
    tgz = Archive("cal_housing.tgz", sha256(TGZ), (File("cal_housing.data", sha256(DISTRICTS)),))
    monkeypatch.setitem(PUBLICATIONS, "california", Publication("", address, (tgz,), 0.1, ()))


def check_adult(data: Data) -> None:
    assert data.y.tolist() == [0, 1, 1, 1] and data.official_test is not None
    assert data.official_test.tolist() == [3]
    assert isinstance(data.x, torch.Tensor)
    workclass = data.columns[1]
    assert (workclass.categories, workclass.missing) == (("Private", "State-gov"), "filled")
    assert data.x[:, 1].tolist() == [0, -1, 1, 0] and data.x[0, [0, 2, 4]].tolist() == [39, 77516, 13]
    assert (data.columns[9].ordered, data.x[:, 9].tolist()) == (True, [1, 0, 1, 0])


@pytest.mark.parametrize(
    "files",
    [
        ADULT,
        {f"{name}.gz": gzip.compress(content) for name, content in ADULT.items()},
        {"adult.zip": zipped({"Index": b"what is here", **ADULT})},
    ],
    ids=["raw", "gz", "zip"],
)
def test_adult_is_read_raw_gzipped_or_in_its_archive(files: dict[str, bytes], tmp_path: Path) -> None:
    check_adult(Adult().load(write(tmp_path, files)))


def test_adult_is_fetched_file_by_file(tmp_path: Path, mirror: Mirror) -> None:
    mirror.reply("a", ADULT)
    check_adult(Adult().load(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} - {".fetch.lock"} == set(ADULT)
    assert mirror.asked == ["/a/adult.data", "/a/adult.test"]


def check_california(data: Data) -> None:
    assert data.y.tolist() == pytest.approx([4.526, 1.5])
    assert isinstance(data.x, torch.Tensor)
    assert data.x[0].tolist() == pytest.approx([8.3252, 41, 880 / 126, 129 / 126, 322, 322 / 126, 37.25, -122.5])
    assert data.x[1].tolist() == [2.5, 20, 20, 5, 90, 3, 36, -121]


@pytest.mark.parametrize(
    "files",
    [{"cal_housing.data": DISTRICTS}, {"cal_housing.data.gz": gzip.compress(DISTRICTS)}, {"cal_housing.tgz": TGZ}],
    ids=["raw", "gz", "tgz"],
)
def test_california_is_read_raw_gzipped_or_in_its_archive(files: dict[str, bytes], tmp_path: Path) -> None:
    check_california(California().load(write(tmp_path, files)))


def test_california_is_fetched_and_lies_without_the_folder_of_its_archive(tmp_path: Path, mirror: Mirror) -> None:
    mirror.reply("a", {"cal_housing.tgz": TGZ})
    check_california(California().load(tmp_path))
    assert (tmp_path / "cal_housing.data").read_bytes() == DISTRICTS


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("adult.data", b"a web page", "is not adult.data as it was published .*: it is cut short, changed, or another"),
        ("adult.data", ADULT["adult.data"][:-30], "is not adult.data as it was published"),
        ("adult.data.gz", gzip.compress(ADULT["adult.data"])[:-9], "cannot be read as adult.data: Compressed file end"),
        ("adult.zip", zipped(ADULT)[:-9], "cannot be read as adult.data: File is not a zip file"),
        ("adult.zip", zipped({"Index": b""}), "cannot be read as adult.data: .*there is no adult.data in it"),
    ],
)
def test_a_wrong_file_and_a_cut_one_are_told_in_a_line(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    files = {name: content} if name.endswith(".zip") else {"adult.test": ADULT["adult.test"], name: content}
    with pytest.raises(DataError, match=told) as caught:
        Adult().load(write(tmp_path, files))
    assert "\n" not in str(caught.value) and "get it anew: python -m runner fetch adult data_dir=" in str(caught.value)


def test_adult_test_alone_is_told_with_what_is_lacking(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is not in .* cannot be downloaded .*\n  put there.*: adult.data \(sha256:"):
        Adult().load(write(tmp_path, {"adult.test": ADULT["adult.test"]}))


@pytest.mark.real
@pytest.mark.skipif(not (REAL / "adult.data").exists(), reason="set RUNNER_DATA to the folder that holds adult.data")
def test_the_published_adult_has_the_counts_that_its_donors_name() -> None:
    data = Adult().load(REAL)
    assert data.y[:32_561].bincount().tolist() == [24_720, 7_841]
    assert data.official_test is not None and data.y[data.official_test].bincount().tolist() == [12_435, 3_846]
    assert isinstance(data.x, torch.Tensor) and int((data.x == -1).sum()) == 2_799 + 2_809 + 857
    assert [len(column.categories) for column in data.columns] == [0, 8, 0, 16, 0, 7, 14, 6, 5, 2, 0, 0, 0, 41]


@pytest.mark.real
@pytest.mark.skipif(not (REAL / "cal_housing.data").exists(), reason="set RUNNER_DATA to the folder that holds it")
def test_the_published_california_has_the_mean_price_that_is_known() -> None:
    data = California().load(REAL)
    assert len(data.y) == 20_640 and data.y.double().mean().item() == pytest.approx(2.068558169, abs=1e-6)


@pytest.mark.real
@pytest.mark.skipif(not (REAL / "adult.data").exists(), reason="set RUNNER_DATA to the folder that holds adult.data")
def test_adult_trains_with_numbers_to_a_normal(tmp_path: Path) -> None:
    words = ["dataset=adult", f"data_dir={REAL}", "dataset.numeric=quantile", "dataset.limit=3000", "model=linear"]
    done = run(["train", *words, "epochs=1", "max_eval_rows=500", "threads=1", "tensorboard=off"], tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "adult, binary, 104 columns" in done.out and "dataset.numeric=quantile" in done.out
