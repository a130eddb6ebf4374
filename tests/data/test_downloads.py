from runner.data.downloads import PUBLICATIONS, origin

MNIST, FASHION_MNIST, KMNIST, QMNIST, CIFAR10, COVTYPE, _, CALIFORNIA = PUBLICATIONS.values()


def test_names_and_checksums_are_those_of_torchvision():
    from torchvision import datasets

    for publication, theirs in (
        (MNIST, datasets.MNIST),
        (FASHION_MNIST, datasets.FashionMNIST),
        (KMNIST, datasets.KMNIST),
    ):
        assert [
            (archive.name, archive.digest.removeprefix("md5:")) for archive in publication.archives
        ] == theirs.resources
        assert publication.folder == f"{theirs.__name__}/raw"
        assert set(publication.mirrors) & set(theirs.mirrors)
    resources = [*datasets.QMNIST.resources["train"], *datasets.QMNIST.resources["test"]]
    assert [
        (QMNIST.mirrors[0] + archive.name, archive.digest.removeprefix("md5:")) for archive in QMNIST.archives
    ] == resources
    assert list(FASHION_MNIST.class_names) == datasets.FashionMNIST.classes
    assert list(KMNIST.class_names) == datasets.KMNIST.classes


def test_the_files_of_cifar10_are_those_of_torchvision():
    from torchvision.datasets import CIFAR10 as theirs

    (archive,) = CIFAR10.archives
    assert (CIFAR10.mirrors[0] + archive.name, archive.digest.removeprefix("md5:")) == (theirs.url, theirs.tgz_md5)
    files = [*theirs.train_list, *theirs.test_list, (theirs.meta["filename"], theirs.meta["md5"])]
    expected = [(f"{theirs.base_folder}/{name}", f"md5:{md5}") for name, md5 in files]
    assert [(file.name, file.digest) for file in archive.files] == expected


def test_the_archive_of_covtype_is_that_of_scikit_learn():
    from sklearn.datasets import _covtype as theirs

    (archive,) = COVTYPE.archives
    assert archive.digest == f"sha256:{theirs.ARCHIVE.checksum}"
    assert f"{theirs.ARCHIVE.url}?" in COVTYPE.mirrors


def test_the_archive_of_california_is_that_of_scikit_learn():
    from sklearn.datasets import _california_housing as theirs

    (archive,) = CALIFORNIA.archives
    assert (archive.name, archive.digest) == (theirs.ARCHIVE.filename, f"sha256:{theirs.ARCHIVE.checksum}")
    assert f"{theirs.ARCHIVE.url}?" in CALIFORNIA.mirrors


def test_no_digest_is_that_of_two_files():
    digests = [f.digest for p in PUBLICATIONS.values() for a in p.archives for f in a.files if f.digest]
    assert len(digests) == len(set(digests)) == 18
    assert all(len(digest.partition(":")[2]) in (32, 64) for digest in digests)


def test_the_origin_of_a_file_is_known_by_its_digest():
    assert origin(MNIST.archives[3].files[0].digest or "") == "t10k-labels-idx1-ubyte of MNIST"
    assert origin("sha256:0") is None
