"""``view RUN`` as typed."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

import program
from past_runs import make_run, make_sweep
from program import fingerprints
from runner.cli import main
from runner.cli.view_run import holds_runs
from runner.figures.run_view import called
from runner.figures.style import Picture
from runner.runs.directory import RunDirectory
from runner.runs.saved_run import SavedRun

Capture = pytest.CaptureFixture[str]
QUICK = ["epochs=2", "device=cpu", "threads=1", "tensorboard=off", "name=tiny"]
OF_CLASSES = ["curves", "confusion", "mistakes", "reliability", "weights"]
OF_IMAGES = [*OF_CLASSES, "convolution", "features", "saliency"]


def trained(folder: Path, *words: str) -> Path:
    done = program.run(["train", *words, *QUICK, f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return program.only_run(folder)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on forty 8 x 8 pictures, and the pictures beside it."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(20):
        for name, shade in (("dark", 40), ("bright", 150)):
            (folder / "photos" / name).mkdir(parents=True, exist_ok=True)
            image = Image.new("L", (8, 8), shade)
            image.putpixel((number % 8, 3), 5 * number)
            image.save(folder / "photos" / name / f"{number}.png")
    of = ["dataset=image_folder", f"dataset.path={folder / 'photos'}", "dataset.colour=false", "batch_size=8"]
    return trained(folder / "out", *of, "model=cnn", "model.channels=[4]")


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("car"), "dataset=car", "model=dnn", "model.hidden=[4]")


@pytest.fixture(scope="module")
def diabetes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("diabetes"), "dataset=diabetes", "model=linear")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def drawn(folder: Path) -> list[str]:
    """The names of the pictures in a folder, all of which can be opened."""
    for path in folder.iterdir():
        with Image.open(path) as image:
            assert image.format == "PNG" and image.width > 300
    return sorted(path.stem for path in folder.iterdir())


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Filled with what is drawn: the title of a picture -> the words on it, none of them under 8 pixels high where
    the picture is shown 330 wide, as TensorBoard does.
    """
    found: dict[str, list[str]] = {}
    finished = Picture.finished

    def kept(picture: Picture) -> Bbox:
        bounds = finished(picture)
        drawn = [text for text in picture.figure.findobj(Text) if text.get_visible() and text.get_text()]
        assert min(text.get_fontsize() / 72 for text in drawn) * 330 / bounds.width >= 8
        found[picture.title.name] = [text.get_text() for text in drawn]
        return bounds

    monkeypatch.setattr(Picture, "finished", kept)
    return found


def test_a_run_on_pictures_is_drawn_whole_into_a_folder_of_its_name(
    pictures: Path, here: Path, capsys: Capture, texts: dict[str, list[str]]
) -> None:
    before = fingerprints(pictures)
    assert main.main(["view", str(pictures)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("tiny (cnn on photos), best.pt, epoch ") and "\nval/loss " in out and "predicted" in out
    assert f"written to view-{pictures.name}/" in out
    assert drawn(here / f"view-{pictures.name}") == sorted(OF_IMAGES)
    assert fingerprints(pictures) == before
    assert [*texts][-3:] == [
        "The first convolution at work",
        "What the layers make of an example",
        "Where the net looks",
    ]
    assert "Conv2d block_1.0: 4 channels, 8 x 8" in texts["What the layers make of an example"]
    assert texts["The filters of the first layer"][0].startswith("4 filters of 1 x 3 x 3; blue -0.")


def test_a_run_on_a_table_has_the_pictures_of_a_table(car: Path, here: Path, texts: dict[str, list[str]]) -> None:
    assert main.main(["view", str(car), "--out", "seen"]) == 0
    assert drawn(here / "seen") == sorted([*OF_CLASSES, "saliency", "columns"])
    assert [*texts] == [
        "Curves over 2 epochs",
        "Confusion matrix, test split",
        "Mistakes, test split",
        "Reliability, test split",
        "Weights of the first layer",
        "How strongly each column counts",
        "Which columns matter, test split",
    ]
    assert all(words[-2].startswith("tiny (dnn on car)") for words in texts.values())  # below the title
    assert {"recall", "rows", "predicted"} <= {*texts["Confusion matrix, test split"]}
    assert re.search(r"wrong; here the 20 it was surest of; \d of\s6\scolumns$", texts["Mistakes, test split"][-3])
    assert texts["Weights of the first layer"][-3].startswith("4 units, 21 columns; ")


def test_a_regression_has_its_own(diabetes: Path, here: Path, texts: dict[str, list[str]]) -> None:
    assert main.main(["view", str(diabetes), "--out", "seen"]) == 0
    assert drawn(here / "seen") == ["columns", "curves", "residuals", "saliency", "weights"]
    assert {"100", "200", "300"} <= {*texts["Predicted and true, test split"]}


def test_what_each_column_is_worth_is_drawn_and_said(
    car: Path, here: Path, texts: dict[str, list[str]], capsys: Capture
) -> None:
    assert main.main(["view", str(car), "columns", "--out", "columns.png"]) == 0
    words = texts["Which columns matter, test split"]
    assert {"safety", "persons", "doors", "med"} <= {*words}
    told = "6 columns, accuracy lost with a column shuffled, mean and deviation of 5 times, 346 rows; "
    assert f"{told}blue: the net, orange: trees" in [" ".join(each.split()) for each in words]
    out = capsys.readouterr().out
    assert re.search(r"column shuffled +the net: accuracy lost +trees: accuracy lost\n", out)
    assert re.search(r"safety +-?0\.\d{4} ± 0\.\d{4} +0\.2\d{3} ± 0\.\d{4}", out)
    assert "e-0" not in out


def test_of_pictures_no_column_is_shuffled(pictures: Path, here: Path, capsys: Capture) -> None:
    assert main.main(["view", str(pictures), "columns", "--out", "columns.png"]) == 2
    assert "columns: the rows of this run are pictures; saliency shows where the net looks" in capsys.readouterr().err


def test_pictures_are_chosen_by_name_and_never_replaced_unasked(car: Path, here: Path, capsys: Capture) -> None:
    assert main.main(["view", str(car), "curves", "weights", "--out", "seen"]) == 0
    assert drawn(here / "seen") == ["curves", "weights"]
    before = fingerprints(here / "seen")
    capsys.readouterr()
    assert main.main(["view", str(car), "--out", "seen"]) == 2
    assert "seen: curves.png, weights.png there already; add --overwrite" in capsys.readouterr().err
    assert fingerprints(here / "seen") == before
    assert main.main(["view", str(car), "curves", "--out", "seen", "--overwrite"]) == 0


def test_the_ending_of_the_file_says_what_a_picture_is_written_as(car: Path, here: Path, capsys: Capture) -> None:
    for name, begins in {"a.pdf": b"%PDF-", "a.svg": b"<?xml", "a.PNG": b"\x89PNG"}.items():
        assert main.main(["view", str(car), "curves", "--out", name]) == 0
        assert (here / name).read_bytes().startswith(begins)
        assert f"written to {name}\n  curves  " in capsys.readouterr().out
    assert main.main(["view", str(car), "curves", "--out", "a.svg"]) == 2
    assert capsys.readouterr().err.startswith("error: a.svg: there already; replace it with --overwrite")
    first = (here / "a.svg").read_bytes()
    assert main.main(["view", str(car), "curves", "--out", "a.svg", "--overwrite"]) == 0
    assert (here / "a.svg").read_bytes() == first


def test_several_pictures_are_the_pages_of_a_pdf(car: Path, here: Path) -> None:
    assert main.main(["view", str(car), "curves", "weights", "--out", "both.pdf"]) == 0
    assert (here / "both.pdf").read_bytes().count(b"/Type /Page ") == 2
    assert [path.name for path in here.iterdir()] == ["both.pdf"]


def test_runs_are_laid_over_each_other(
    car: Path, diabetes: Path, here: Path, capsys: Capture, texts: dict[str, list[str]]
) -> None:
    other = Path(shutil.copytree(car, here / "runs" / "other"))
    assert main.main(["view", str(car), str(other)]) == 0
    out, err = capsys.readouterr()
    assert (here / "curves.png").read_bytes().startswith(b"\x89PNG") and err == ""
    assert out.startswith("Curves of 2 runs: car, dnn, adam\n") and out.endswith("written to curves.png\n")
    assert "\nval/loss " in out and "\nrun 1 " in out and "\nrun 2 " in out
    assert (
        main.main(["view", str(diabetes), "last", "curves", "--out", "both.pdf", f"output_dir={car.parents[1]}"]) == 0
    )
    out, err = capsys.readouterr()
    assert out.startswith("Curves of 2 runs: adam\n") and err == f"last is {car}\n"
    assert {"car, dnn, cross_entropy", "diabetes, linear, mse"} <= {*texts["Curves of 2 runs"]}
    assert main.main(["view", "runs", "--out", "one.svg"]) == 0, "a folder of runs, as that of a sweep"
    assert capsys.readouterr().out.startswith("Curves of 1 run: car, dnn, adam\n")


def test_a_wrong_request_for_several_runs_is_told(car: Path, diabetes: Path, here: Path, capsys: Capture) -> None:
    for words, told in (
        (["confusion"], "error: view: confusion: shows one run; of several their curves\n"),
        (
            ["no/where"],
            "error: view no/where: no such directory; give a run, or a folder that runs lie in; did you mean:\n",
        ),
        (["--out", "a"], "error: --out a: pictures are drawn as .png, .svg or .pdf, as a.png\n"),
        (["checkpoint=best"], "error: checkpoint=best: view takes the run as it is"),
        (["cruves"], "error: view: cruves: no such picture\n"),
    ):
        assert main.main(["view", str(car), str(diabetes), *words]) == 2
        assert capsys.readouterr().err.startswith(told)
    begun = Path(shutil.copytree(car, here / "begun"))
    (begun / "metrics.jsonl").unlink()
    assert main.main(["view", "begun", "begun"]) == 3
    assert "view: none of these runs has measured an epoch yet" in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == ["begun"]


def test_without_the_data_what_needs_none_is_drawn_and_the_rest_named(
    pictures: Path, here: Path, capsys: Capture
) -> None:
    shutil.copytree(pictures, here / "copied")
    photos = pictures.parents[2] / "photos"
    photos.rename(here / "hidden")
    try:
        assert main.main(["view", "copied", "--out", "seen"]) == 0
        err = capsys.readouterr().err
        assert drawn(here / "seen") == ["confusion", "curves", "weights"]
        (left_out,) = [line.split(": ")[1] for line in err.splitlines() if line.startswith("warning: ")]
        assert left_out == "mistakes, reliability, convolution, features, saliency"  # told once, what suits alone
        assert "no such folder" in err
        assert main.main(["view", "copied", "mistakes", "--out", "seen"]) == 3
    finally:
        (here / "hidden").rename(photos)


def test_a_run_that_has_only_begun_shows_its_curves(car: Path, here: Path, capsys: Capture) -> None:
    begun = Path(shutil.copytree(car, here / "begun"))
    shutil.rmtree(begun / "checkpoints")
    (begun / "summary.json").unlink()
    assert main.main(["view", "begun", "--out", "seen"]) == 0
    assert drawn(here / "seen") == ["curves"]
    assert "the run has saved none yet" in capsys.readouterr().err
    (begun / "metrics.jsonl").write_text("")
    assert main.main(["view", "begun", "--out", "none"]) == 3
    assert "curves: left out: metrics.jsonl has no epoch yet" in capsys.readouterr().err
    assert not (here / "none").exists()


def test_of_damaged_records_the_rest_is_drawn(car: Path, here: Path, capsys: Capture) -> None:
    damaged = Path(shutil.copytree(car, here / "damaged"))
    (damaged / "metrics.jsonl").write_text("{}\nnot a row\n")
    (damaged / "summary.json").write_text("[")  # needed only where the data is not here
    assert main.main(["view", "damaged", "--out", "seen"]) == 0
    assert drawn(here / "seen") == sorted([*OF_CLASSES[1:], "saliency", "columns"])
    err = capsys.readouterr().err
    assert err.startswith("warning: curves: left out: ") and "metrics.jsonl: line 2 is damaged" in err
    assert main.main(["view", "damaged", "curves", "--out", "seen"]) == 3


def test_checkpoints_that_are_gone_are_told_apart_from_none_saved_yet(car: Path, here: Path, capsys: Capture) -> None:
    gone = Path(shutil.copytree(car, here / "gone"))
    shutil.rmtree(gone / "checkpoints")
    assert main.main(["view", "gone", "weights", "--out", "seen"]) == 3
    assert "last.pt: not there; the run had saved it: put it back, or train the run again" in capsys.readouterr().err


def test_above_the_pictures_stand_the_fold_and_what_the_name_does_not_say(car: Path) -> None:
    config = SavedRun(RunDirectory(car)).config
    assert called(config) == "tiny (dnn on car)"
    assert called(replace(config, name="car-dnn-lr=0.1", fold=2)) == "car-dnn-lr=0.1, fold 2"


@pytest.mark.parametrize("width", [40, 80])
def test_a_terminal_shows_whole_names_and_numbers(
    car: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": str(width)}.items():
        monkeypatch.setenv(name, value)
    assert main.main(["view", str(car), "curves", "--out", "seen"]) == 0
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in capsys.readouterr().out.splitlines()]
    (head,) = [line for line in lines if line.startswith("measure ")]
    assert head.split()[:3] == ["measure", "first", "last"] and ("over the epochs" in head) == (width == 80)
    (accuracy,) = [line for line in lines if line.startswith("train/accuracy ")]
    assert "…" not in accuracy and len(accuracy) <= width
    assert sum(cell.replace(".", "").isdecimal() for cell in accuracy.split()) == 3


def test_a_terminal_with_colours_shows_no_mistakes_of_a_table(
    car: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    assert main.main(["view", str(car), "mistakes", "--out", "seen"]) == 0
    assert "mistakes.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["cruves"], "view: cruves: no such picture\n"),
        (["--wrong"], "view: --wrong: no such flag"),
        (["mistakes", "--test-index", "999999"], "--test-index 999999: the test split has rows 0 to "),
        (["--test-index", "-1"], "--test-index: -1: must be a whole number, 0 or more"),
        (["features", "convolution"], "this net has no convolution|no layer of this net makes pictures"),
        (["residuals"], "this run tells classes apart: it has no residuals"),
        (["--out", "a.jpg"], "error: --out a.jpg: pictures are drawn as .png, .svg or .pdf"),
        (
            ["curves", "weights", "--out", "a.svg"],
            "error: --out a.svg: holds one picture, and there are 2; choose one: curves, weights\n"
            "  all in one file: --out a.pdf; a file each: --out a; one:\n  python -m runner view ",
        ),
        (["--out", "no/where"], "--out no/where: there is no folder no"),
    ],
)
def test_a_wrong_request_is_told_and_leaves_nothing(
    car: Path, here: Path, capsys: Capture, words: list[str], told: str
) -> None:
    assert main.main(["view", str(car), *words]) == 2
    err = capsys.readouterr().err
    assert any(part in err for part in told.split("|"))
    assert list(here.iterdir()) == []


def test_what_is_no_run_is_said_to_be_none(here: Path, capsys: Capture) -> None:
    (here / "empty").mkdir()
    assert main.main(["view", "empty"]) == 3
    assert "empty: not a run directory" in capsys.readouterr().err
    assert main.main(["view", "runs/nowhere"]) == 2
    assert "runs/nowhere: no such directory" in capsys.readouterr().err


def test_a_sweep_holds_runs_also_once_it_has_a_summary(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", ["0000-lr=0.1"])
    make_run(sweep / "0000-lr=0.1")
    (sweep / "summary.json").write_text('{"format": 1, "kind": "sweep"}')
    assert holds_runs(sweep) and holds_runs(tmp_path) and not holds_runs(sweep / "0000-lr=0.1")
