"""view as it is typed."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from past_runs import make_run
from runner.cli import main
from runner.figures.style import families

Capture = pytest.CaptureFixture[str]
TINY = ["view", "dataset=random", "dataset.shape=[1,4,4]", "dataset.num_classes=2", "dataset.num_rows=20"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_DATA", raising=False)
    return tmp_path


def test_a_data_set_is_drawn_into_a_file_of_its_name_and_its_classes_are_listed(here: Path, capsys: Capture) -> None:
    assert main.main(TINY) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "random: 20 rows, each 1 x 4 x 4 float32, 2 classes",
        "10 % of train for validation; 20 % of all rows for test; stratified, split_seed 0",
        "  class    train  val  test",
        "  class_0      7    1     2",
        "  class_1      7    1     2",
        "written to random.png",
    ]
    with Image.open(here / "random.png") as image:
        assert image.format == "PNG"


def test_the_split_is_that_of_the_settings(capsys: Capture) -> None:
    assert main.main([*TINY, "val_fraction=0", "test_fraction=0.5", "split_seed=3"]) == 0
    assert capsys.readouterr().out.splitlines()[1:4] == [
        "no validation; 50 % of all rows for test; stratified, split_seed 3",
        "  class    train  test",
        "  class_0      5     5",
    ]


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(here: Path, capsys: Capture) -> None:
    (here / "random.png").write_bytes(b"mine")
    assert main.main(TINY) == 2
    told = "random.png: there already; replace it with --overwrite, or name another with --out"
    assert capsys.readouterr() == ("", f"error: {told}\n")
    assert (here / "random.png").read_bytes() == b"mine"
    assert main.main([*TINY, "--overwrite"]) == 0
    assert (here / "random.png").read_bytes().startswith(b"\x89PNG")


def test_the_file_may_be_named(here: Path, capsys: Capture) -> None:
    assert main.main([*TINY, "--out", "some.png"]) == 0
    assert [path.name for path in here.iterdir()] == ["some.png"]
    assert capsys.readouterr().out.endswith("written to some.png\n")


def test_a_terminal_shows_the_images_too(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for name, value in {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main.main(TINY) == 0
    out = capsys.readouterr().out
    assert "▀" in out and "written to random.png" in out
    monkeypatch.setenv("NO_COLOR", "1")  # without them every image would be one block
    assert main.main([*TINY, "--overwrite"]) == 0
    assert "▀" not in capsys.readouterr().out


def test_a_run_given_by_its_name_is_answered_with_its_directory(here: Path, capsys: Capture) -> None:
    make_run(here / "outputs/2026-11-21/14-44-39-541040-c")
    assert main.main(["view", "c", "curves"]) == 2
    told = (
        "error: view c: no such directory; did you mean:\n  python -m runner view outputs/2026-11-21/14-44-39-541040-c"
    )
    assert capsys.readouterr().err == f"{told} curves\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "view: name what to draw\n  a run: python -m runner view last\n"),
        ([], "\n  a data set: python -m runner view dataset=mnist; choices: adult, breast_cancer, "),
        (["nosuch"], "view nosuch: no such run, data set or schedule\n"),
        (["nosuch"], "\n  a schedule: python -m runner view scheduler=step_lr"),
        (["iris"], "did you mean:\n  python -m runner view dataset=iris"),
        (["step_lr"], "did you mean:\n  python -m runner view scheduler=step_lr"),
        (["dataset=iriss"], "did you mean:\n  python -m runner view dataset=iris"),
        (["dataset=iris", "epochz=3"], "epochz"),
        (
            ["dataset=iris", "model=cnn"],
            "shows no model; leave it out; did you mean:\n  python -m runner view dataset=iris\n",
        ),
        (["dataset=iris", "optimizer.lr=1"], "optimizer.lr=1: the picture of a data set shows no optimizer;"),
        (["dataset=iris", "-m"], "-m: view is for one run; did you mean:\n  python -m runner view dataset=iris\n"),
        (["dataset=iris", "--out"], "view: argument --out: expected one argument"),
        (["dataset=iris", "--out", "x.jpg"], "--out x.jpg: pictures are drawn as .png, .svg or .pdf, as x.png"),
        (["dataset=iris", "--out", "no/x.png"], "--out no/x.png: there is no folder no"),
        (["dataset=iris", "val_fraction=0.999"], "val_fraction=0.999 of 120 rows leaves none for training"),
    ],
)
def test_a_wrong_request_is_told_and_leaves_nothing(here: Path, capsys: Capture, words: list[str], told: str) -> None:
    assert main.main(["view", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and told in err
    assert list(here.iterdir()) == []


def test_every_fault_is_told_at_once(capsys: Capture) -> None:
    assert main.main(["view", "dataset=iris", "model=cnn", "--wrong", "epochz=3", "val_fraction=2"]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert [word for word in ("model=cnn", "--wrong", "epochz", "val_fraction") if word in "".join(told)] == [
        "model=cnn",
        "--wrong",
        "epochz",
        "val_fraction",
    ]
    assert len(told) == 5  # wrong= is no setting either


@pytest.mark.parametrize("has_font", [True, False])
def test_characters_that_no_font_here_has_are_told(
    here: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, has_font: bool
) -> None:
    if not has_font:
        monkeypatch.setattr("runner.figures.style.families", lambda: ["DejaVu Sans"])
    elif len(families()) == 1:
        pytest.skip("no East Asian font here")
    rows = "".join(f"{i % 7},{'빨파'[i % 2]}\n" for i in range(40))
    (here / "색.csv").write_text(f"값,종류\n{rows}")
    assert main.main(["view", "dataset=csv", "dataset.path=색.csv", "dataset.target=종류", "--out", "x.png"]) == 0
    _, err = capsys.readouterr()
    told = "warning: no font here has 값류빨색종파: drawn as boxes; install one, as: apt install fonts-nanum"
    assert (told in err) == (not has_font) and (err == "") == has_font


def test_a_folder_is_no_file(here: Path, capsys: Capture) -> None:
    (here / "x.png").mkdir()
    assert main.main(["view", "dataset=iris", "--out", "x.png", "--overwrite"]) == 2
    assert "--out x.png: is a folder" in capsys.readouterr().err


def test_data_that_is_missing_is_an_error_of_the_data(here: Path, capsys: Capture) -> None:
    assert main.main(["view", "dataset=image_folder", "dataset.path=nowhere"]) == 3
    assert "nowhere" in capsys.readouterr().err


def test_help_says_what_may_be_typed(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(["view", "--help"])
    assert end.value.code == 0
    assert "[--out FILE] [--overwrite]" in capsys.readouterr().out


def test_a_wrong_request_waits_neither_for_torch_nor_for_matplotlib() -> None:
    code = "import sys; from runner.cli import main as cli\n"
    code += "Path = __import__('pathlib').Path; Path('iris.png').touch()\n"
    code += "codes = [cli.main(['view', *w.split()]) for w in ('', 'dataset=x', 'dataset=iris', 'dataset=iris a=1')]\n"
    code += "assert codes == [2] * 4, codes\n"
    code += "sys.exit(any(name in sys.modules for name in ('torch', 'matplotlib')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
