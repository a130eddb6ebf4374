"""Data sets as their authors publish them: what lies where, how to tell that it is right, who serves it.

Facts alone: nothing here needs torch. Folders and file names are those of torchvision, so that one copy serves both.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

IDX_CODES = {"u1": 0x08, "i4": 0x0C}


@dataclass(frozen=True)
class Idx:
    """What an IDX file must hold: 0, 0, type, number of dimensions, the dimensions as 4 bytes each, the numbers."""

    shape: tuple[int, ...]
    dtype: str = "u1"  # as numpy spells it, without the byte order

    @property
    def header(self) -> bytes:
        return struct.pack(f">{1 + len(self.shape)}I", IDX_CODES[self.dtype] << 8 | len(self.shape), *self.shape)

    @property
    def num_bytes(self) -> int:
        """Of the numbers, without the header."""
        return prod(self.shape) * int(self.dtype[-1])


@dataclass(frozen=True)
class File:
    """One extracted file."""

    name: str  # below the publication's folder
    digest: str | None  # "sha256:..." or "md5:..."; None where nobody has published one
    idx: Idx = Idx(())  # without a shape where it is no IDX file


@dataclass(frozen=True)
class Archive:
    """What the mirrors serve in one piece, and the files in it: itself, one in a .gz, several in a .tar.gz or .tgz."""

    name: str
    digest: str  # as published: "md5:..." or "sha256:..."
    files: tuple[File, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it is its only file."""
        return self.files[0].name == self.name


@dataclass(frozen=True)
class Publication:
    """A data set that can be downloaded."""

    folder: str  # below data_dir, its first part the name of the set; "" for data_dir itself
    mirrors: tuple[str, ...]  # tried in turn; every byte that comes is checked, so plain http does no harm
    archives: tuple[Archive, ...]
    download_mb: float  # 10^6 bytes
    class_names: tuple[str, ...]  # () of a number to predict
    also: str = ""  # what else than the archives is taken, in words


def origin(digest: str) -> str | None:
    """Which known file has this digest: "train-images-idx3-ubyte of MNIST"; None where none has."""
    for publication in PUBLICATIONS.values():
        for file in (file for archive in publication.archives for file in archive.files):
            if file.digest == digest:
                return f"{file.name} of {publication.folder.partition('/')[0]}"
    return None


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


def _idx_archives(files: Mapping[str, Idx], *digests: str) -> tuple[Archive, ...]:
    """One for each file: the MD5 of its .gz and, where somebody has published it, the SHA-256 of what is in it."""
    archives = []
    for (name, idx), line in zip(files.items(), digests, strict=True):
        md5, *sha256 = line.split()
        file = File(name, f"sha256:{sha256[0]}" if sha256 else None, idx)
        archives.append(Archive(f"{name}.gz", f"md5:{md5}", (file,)))
    return tuple(archives)


def _plain_archives(digests: Mapping[str, str]) -> tuple[Archive, ...]:
    """One for each file, which is served as it is."""
    return tuple(Archive(name, digest, (File(name, digest),)) for name, digest in digests.items())


MNIST_FILES = {
    "train-images-idx3-ubyte": Idx((60_000, 28, 28)),
    "train-labels-idx1-ubyte": Idx((60_000,)),
    "t10k-images-idx3-ubyte": Idx((10_000, 28, 28)),
    "t10k-labels-idx1-ubyte": Idx((10_000,)),
}
QMNIST_FILES = {  # a label is the class, then where and by whom the digit was written
    "qmnist-train-images-idx3-ubyte": Idx((60_000, 28, 28)),
    "qmnist-train-labels-idx2-int": Idx((60_000, 8), "i4"),
    "qmnist-test-images-idx3-ubyte": Idx((60_000, 28, 28)),
    "qmnist-test-labels-idx2-int": Idx((60_000, 8), "i4"),
}
DIGITS = tuple("0123456789")

PUBLICATIONS = {  # by the name of the option
    "mnist": Publication(
        folder="MNIST/raw",
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        archives=_idx_archives(
            MNIST_FILES,
            "f68b3c2dcbeaaa9fbdd348bbdeb94873 ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "d53e105ee54ea40749a09fcbcd1e9432 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "9fb629c4189551a2d022fa330f9573f3 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ec29112dd5afa0611ce80d1b7f02629c ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        download_mb=11.6,
        class_names=DIGITS,
    ),
    "fashion_mnist": Publication(
        folder="FashionMNIST/raw",
        mirrors=(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ),
        archives=_idx_archives(
            MNIST_FILES,
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "25c81989df183df01b3e8a0aad5dffbe bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "bef4ecab320f06d8554ea6380940ec79 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "bb300cfdad3c16e7a12a480ee83cd310 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        download_mb=30.9,
        class_names=_names("T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"),
    ),
    "kmnist": Publication(
        folder="KMNIST/raw",
        mirrors=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
        archives=_idx_archives(
            MNIST_FILES,
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134",
        ),
        download_mb=21.2,
        class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    ),
    "qmnist": Publication(
        folder="QMNIST/raw",
        mirrors=("https://raw.githubusercontent.com/facebookresearch/qmnist/master/",),
        archives=_idx_archives(
            QMNIST_FILES,
            "ed72d4157d28c017586c42bc6afe6370",
            "0058f8dd561b90ffdd0f734c6a30e5e4",
            "1394631089c404de565df7b7aeaf9412",
            "5b5b05890a5e13444e108efe57b788aa",
        ),
        download_mb=20.4,
        class_names=DIGITS,
    ),
    "cifar10": Publication(
        folder="",
        mirrors=("https://www.cs.toronto.edu/~kriz/",),
        archives=(
            Archive(
                "cifar-10-python.tar.gz",
                "md5:c58f30108f718f92721af3b95e74349a",
                (
                    File("cifar-10-batches-py/data_batch_1", "md5:c99cafc152244af753f735de768cd75f"),
                    File("cifar-10-batches-py/data_batch_2", "md5:d4bba439e000b95fd0a9bffe97cbabec"),
                    File("cifar-10-batches-py/data_batch_3", "md5:54ebc095f3ab1f0389bbae665268c751"),
                    File("cifar-10-batches-py/data_batch_4", "md5:634d18415352ddfa80567beed471001a"),
                    File("cifar-10-batches-py/data_batch_5", "md5:482c414d41f54cd18b22e5b47cb7c3cb"),
                    File("cifar-10-batches-py/test_batch", "md5:40351d587109b95175f43aff81a1287e"),
                    File("cifar-10-batches-py/batches.meta", "md5:5ff9c542aee3614f3951f8cda6e48888"),
                ),
            ),
        ),
        download_mb=170.5,
        class_names=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    ),
    "covtype": Publication(
        folder="",
        mirrors=(
            "https://archive.ics.uci.edu/ml/machine-learning-databases/covtype/",
            "https://ndownloader.figshare.com/files/5976039?",  # a number alone, whatever stands behind the ?
        ),
        archives=(
            Archive(
                "covtype.data.gz",
                "sha256:614360d0257557dd1792834a85a1cdebfadc3c4f30b011d56afee7ffb5b15771",  # as scikit-learn has it
                (File("covtype.data", None),),
            ),
        ),
        download_mb=11.2,
        class_names=_names(
            "Spruce/Fir, Lodgepole Pine, Ponderosa Pine, Cottonwood/Willow, Aspen, Douglas-fir, Krummholz"
        ),
        also="covtype.data or covtype.csv, .gz or not, any other name that begins with covtype, as that of its first "
        "rows, or train.csv of Kaggle's competition; elsewhere: dataset.path=...",
    ),
    "adult": Publication(
        folder="",
        mirrors=("https://archive.ics.uci.edu/ml/machine-learning-databases/adult/",),
        archives=_plain_archives(
            {
                "adult.data": "md5:5d7c39d7b8804f071cdd1f2a7c460872",
                "adult.test": "md5:35238206dfdf7f1fe215bbb874adecdc",
            }
        ),
        download_mb=6.0,
        class_names=("<=50K", ">50K"),
    ),
    "california": Publication(
        folder="",
        mirrors=(
            "https://www.dcc.fc.up.pt/~ltorgo/Regression/",
            "https://ndownloader.figshare.com/files/5976036?",  # a number alone, as for covtype
        ),
        archives=(
            Archive(
                "cal_housing.tgz",
                "sha256:aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681",  # as scikit-learn has it
                (File("cal_housing.data", "sha256:a2b44dcc7e1c9091b43c4f458b25cbd1f7e8068d08edd26bc4703108d3fa6214"),),
            ),
        ),
        download_mb=0.4,
        class_names=(),
    ),
}
