import subprocess
import sys
from pathlib import Path

import pytest

from mirror import CONTENTS, GZIPPED, Mirror, write
from runner.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_DATA", raising=False)


def test_a_data_set_is_fetched_once(tmp_path: Path, mirror: Mirror, capsys: Capture) -> None:
    mirror.reply("a", GZIPPED)
    folder = tmp_path / "elsewhere" / "Small" / "raw"
    argv = ["fetch", "mnist", f"data_dir={tmp_path / 'elsewhere'}"]
    assert main.main(argv) == 0
    assert capsys.readouterr().out == f"mnist: fetched, checked: {folder}\n"
    assert {name: (folder / name).read_bytes() for name in CONTENTS} == CONTENTS
    assert main.main(argv) == 0
    assert capsys.readouterr() == (f"mnist: here already, checked: {folder}\n", "")
    assert len(mirror.asked) == 4


def test_what_is_damaged_is_fetched_again(tmp_path: Path, mirror: Mirror, capsys: Capture) -> None:
    mirror.reply("a", GZIPPED)
    folder = write(tmp_path / "data" / "Small" / "raw", CONTENTS | {"t10k-labels-idx1-ubyte": b""})
    assert main.main(["fetch", "mnist"]) == 0
    assert mirror.asked == ["/a/t10k-labels-idx1-ubyte.gz"]
    assert (folder / "t10k-labels-idx1-ubyte").read_bytes() == CONTENTS["t10k-labels-idx1-ubyte"]


def test_the_folder_is_runner_data_where_none_is_given(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.reply("a", GZIPPED)
    monkeypatch.setenv("RUNNER_DATA", str(tmp_path / "mine"))
    assert main.main(["fetch", "mnist"]) == 0
    assert (tmp_path / "mine" / "Small" / "raw" / "train-images-idx3-ubyte").exists()


def test_a_data_set_nobody_has_is_an_error_of_the_data(mirror: Mirror, capsys: Capture) -> None:
    assert main.main(["fetch", "mnist"]) == 3
    err = capsys.readouterr().err
    assert "error: dataset=mnist is not in data/Small/raw and cannot be downloaded (127.0.0.1:" in err
    assert "HTTP 404" in err


def test_without_a_name_it_says_what_there_is_and_what_is_here(tmp_path: Path, mirror: Mirror, capsys: Capture) -> None:
    write(tmp_path / "data" / "Small" / "raw", {name: b"" for name in list(CONTENTS)[:3]})
    assert main.main(["fetch"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line.startswith("  ")}
    assert rows["mnist"] == "0.1 MB 1 of 4 files missing data/Small/raw"
    assert rows["fashion_mnist"] == "30.9 MB missing data/FashionMNIST/raw"
    assert list(rows) == ["mnist", "fashion_mnist", "kmnist", "qmnist", "cifar10", "covtype", "adult", "california"]
    assert mirror.asked == []


def test_what_needs_no_fetching_is_said(capsys: Capture) -> None:
    assert main.main(["fetch", "digits"]) == 0
    assert capsys.readouterr().out == "digits: nothing to fetch, it comes with the program\n"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("mnits", "did you mean: python -m runner fetch mnist"),
        ("FashionMNIST", "did you mean: python -m runner fetch fashion_mnist"),
        ("dataset=mnist", "did you mean: python -m runner fetch mnist"),
        ("data-dir=x", "what can be fetched: mnist, fashion_mnist, kmnist, qmnist, cifar10"),
        ("data_dir=", "data_dir=: name a folder"),
    ],
)
def test_a_word_that_names_no_data_set_is_refused_before_anything_is_fetched(
    mirror: Mirror, capsys: Capture, word: str, told: str
) -> None:
    assert main.main(["fetch", "mnist", word]) == 2
    assert told in capsys.readouterr().err
    assert mirror.asked == []


def test_torch_is_not_imported() -> None:
    code = "import sys; from runner.cli import main as cli; cli.main(['fetch']); cli.main(['fetch', 'digits'])\n"
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


SMALL_RUN = ["model=linear", "epochs=1", "batch_size=2", "val_fraction=0.5", "data_dir=here", "output_dir=runs"]


def test_train_fetches_what_is_missing_and_trains_on_it(tmp_path: Path, mirror: Mirror, capsys: Capture) -> None:
    mirror.reply("b", GZIPPED)
    assert main.main(["train", "dataset=mnist", *SMALL_RUN]) == 0
    out, err = capsys.readouterr()
    assert err == "fetching mnist (at most 0.1 MB) into here/Small/raw\n"
    assert "train 3  val 3  test 4" in out
    assert (tmp_path / "here" / "Small" / "raw" / "t10k-labels-idx1-ubyte").exists()


def test_train_makes_no_run_where_the_data_cannot_be_had(tmp_path: Path, mirror: Mirror, capsys: Capture) -> None:
    assert main.main(["train", "dataset=mnist", *SMALL_RUN]) == 3
    assert "error: dataset=mnist is not in here/Small/raw and cannot be downloaded" in capsys.readouterr().err
    assert not list((tmp_path / "runs").rglob("config.yaml"))
