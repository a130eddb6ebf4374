"""``predict RUN INPUT...`` as typed."""

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import program
from program import fingerprints
from runner.cli import main
from runner.runs.checkpoint import pack, unpack

Capture = pytest.CaptureFixture[str]
QUICK = ["epochs=1", "max_steps=3", "device=cpu", "threads=1", "tensorboard=off"]
CAR = ["buying=low", "maint=low", "doors=4", "persons=more", "lug_boot=big", "safety=high"]


def trained(folder: Path, *words: str) -> Path:
    done = program.run(["train", *words, *QUICK, f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return program.only_run(folder)


@pytest.fixture(scope="module")
def car(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("car"), "dataset=car", "model=linear")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("digits"), "dataset=digits", "model=linear")


@pytest.fixture(scope="module")
def diabetes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("diabetes"), "dataset=diabetes", "model=linear")


@pytest.fixture(scope="module", params=["multi_margin", "multi_label_margin", "margin_ranking", "triplet_margin"])
def ranking(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose loss learns no probabilities."""
    return trained(tmp_path_factory.mktemp("ranking"), "dataset=iris", "model=linear", f"loss={request.param}")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def predicted(capsys: Capture, *words: object) -> list[dict[str, object]]:
    """What --json says."""
    assert main.main(["predict", *map(str, words), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def test_pictures_are_answered_as_the_rows_they_are(digits: Path, here: Path, capsys: Capture) -> None:
    """A row of the data, saved as a picture, has the probabilities of the row."""
    (row,) = predicted(capsys, digits, "--test-index", 7)
    image = digit_of_test_row(7)
    Image.fromarray((image * 255 / 16).round().astype(np.uint8)).save(here / "a.png")
    (answer,) = predicted(capsys, digits, "a.png")
    assert answer["input"] == "a.png" and answer["predicted"] == row["predicted"]
    assert answer["probabilities"] == pytest.approx(row["probabilities"], abs=0.01)
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def digit_of_test_row(index: int) -> np.ndarray:
    """[8, 8] in 0..16."""
    from runner.data.digits import Digits
    from runner.data.splits import SplitSettings, split

    data = Digits().load(Path())
    rows = split(data, SplitSettings(split_seed=0, val_fraction=0.1, test_fraction=0.2, folds=None, fold=None))
    return data.x[rows.test[index], 0].double().numpy()


def test_a_typed_row_a_file_and_standard_input_get_one_answer(
    car: Path, here: Path, capsys: Capture, monkeypatch
) -> None:
    (typed,) = predicted(capsys, car, *CAR)
    text = ",".join(w.partition("=")[0] for w in CAR) + "\n" + ",".join(w.partition("=")[2] for w in CAR) + "\n"
    (here / "cars.csv").write_text(text)
    (filed,) = predicted(capsys, car, "cars.csv")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    (piped,) = predicted(capsys, car, "-")
    assert [answer.pop("input") for answer in (typed, filed, piped)] == ["the row", "cars.csv:2", "standard input:2"]
    assert typed == filed == piped
    assert set(typed["probabilities"]) == {"unacc", "acc", "good", "vgood"}


def test_a_file_is_read_as_one_to_train_on(tmp_path: Path, here: Path, capsys: Capture) -> None:
    """cp949, semicolons, decimal commas; what is not plain can be said."""
    rows = [f"{i % 9 / 2};{('빨강', '파랑')[i % 2]};{('가', '나')[i % 2]}".replace(".", ",") for i in range(40)]
    (here / "값.csv").write_bytes("\n".join(["너비;색;답", *rows, ""]).encode("cp949"))
    run = trained(
        tmp_path, "dataset=csv", f"dataset.path={here / '값.csv'}", "dataset.target=답", "model=linear", "batch_size=8"
    )
    capsys.readouterr()
    assert main.main(["predict", str(run), "값.csv", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "값.csv: read as cp949" in err and "답: not used by the run; ignored" in err
    (here / "one.csv").write_text("너비;색\n1,500;파랑\n")
    assert main.main(["predict", str(run), "one.csv"]) == 3
    assert "one.csv:2: 너비='1,500': must be a number" in capsys.readouterr().err
    (said,) = predicted(capsys, run, "one.csv", "dataset.decimal=,")
    assert said["probabilities"] == json.loads(out.splitlines()[3])["probabilities"]


def test_people_get_a_table(car: Path, here: Path, capsys: Capture) -> None:
    (answer,) = predicted(capsys, car, *CAR)
    (here / "cars.csv").write_text(",".join(word.partition("=")[2] for word in CAR) + "\n")
    assert main.main(["predict", str(car), "cars.csv", "--top", "1"]) == 0
    note, heading, line = capsys.readouterr().out.splitlines()
    assert note == "best.pt" and heading.split() == ["input", "predicted", "then"]
    assert line.split() == ["cars.csv:1", answer["predicted"], f"{answer['probability']:.2%}"]


def test_a_number_is_predicted(diabetes: Path, capsys: Capture) -> None:
    (answer,) = predicted(capsys, diabetes, "--test-index", "0")
    assert isinstance(answer["predicted"], float) and "probabilities" not in answer
    assert answer["true"] == 135.0


@pytest.mark.parametrize("words", [["--test-index", "0"], ["rows.csv"]])
def test_case_19_the_likeliest_of_no_classes_are_refused(
    diabetes: Path, here: Path, capsys: Capture, words: list[str]
) -> None:
    (here / "rows.csv").touch()
    assert main.main(["predict", str(diabetes), *words, "--top", "3"]) == 2
    assert "--top 3: this run predicts a number, there are no classes to rank; leave it out" in capsys.readouterr().err


def test_wrong_items_are_told_and_the_rest_is_answered(digits: Path, here: Path, capsys: Capture) -> None:
    for name in ("a", "b"):
        Image.new("L", (8, 8)).save(here / f"{name}.png")
    (here / "wrong.png").write_text("no picture")
    assert main.main(["predict", str(digits), ".", "--json"]) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["input"] for line in out.splitlines()] == ["a.png", "b.png"]
    wrong, sum_up = err.splitlines()
    assert re.fullmatch(r"error: wrong\.png: cannot be read as a picture: .+; mend it or take it away", wrong)
    assert sum_up == "error: 1 of 3 inputs could not be predicted"


def test_an_answer_that_is_no_number_is_told(diabetes: Path, here: Path, capsys: Capture) -> None:
    (here / "a.csv").write_text("1,1,1,1,1,1,1,1,1,1\n" + ",".join(["3e38", "-3e38"] * 5) + "\n")
    assert main.main(["predict", str(diabetes), "a.csv", "--json"]) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["input"] for line in out.splitlines()] == ["a.csv:1"]
    assert err.startswith(
        "error: a.csv:2: the net's output is not a number: the row is too different from the train rows"
    )


def test_where_nothing_can_be_answered_that_is_a_fault_of_the_data(car: Path, here: Path, capsys: Capture) -> None:
    (here / "cars.csv").write_text("a,b\n1,2\n")
    assert main.main(["predict", str(car), "cars.csv", "--csv", "out.csv"]) == 3
    assert capsys.readouterr().err.splitlines()[-1] == "error: predict: nothing could be predicted"
    assert not (here / "out.csv").exists()


def test_all_probabilities_go_into_a_file_that_is_never_replaced_unasked(
    car: Path, here: Path, capsys: Capture
) -> None:
    (answer,) = predicted(capsys, car, *CAR)
    assert main.main(["predict", str(car), *CAR, "--csv", "out.csv"]) == 0
    heading, line = (here / "out.csv").read_text().splitlines()
    assert heading == "input,predicted,probability,p(unacc),p(acc),p(good),p(vgood)"
    assert line.split(",")[:3] == ["the row", answer["predicted"], str(answer["probability"])]
    (here / "out.csv").write_text("mine")
    assert main.main(["predict", str(car), *CAR, "--csv", "out.csv"]) == 2
    assert "out.csv: there already; replace it with --overwrite, or name another with --csv" in capsys.readouterr().err
    assert (here / "out.csv").read_text() == "mine"
    assert main.main(["predict", str(car), *CAR, "--csv", "out.csv", "--overwrite"]) == 0
    assert (here / "out.csv").read_text() != "mine"


def test_what_is_no_probability_is_called_a_score(ranking: Path, here: Path, capsys: Capture) -> None:
    columns = ("sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm")
    row = [f"{name}={value}" for name, value in zip(columns, (5.1, 3.5, 1.4, 0.2), strict=True)]
    (typed,), (tested,) = predicted(capsys, ranking, *row), predicted(capsys, ranking, "--test-index", "0")
    assert list(typed) == ["input", "predicted", "score", "scores"]
    assert list(tested) == ["input", "predicted", "score", "scores", "true"]
    for words, answer in ((row, typed), (["--test-index", "0"], tested)):
        assert main.main(["predict", str(ranking), *words]) == 0
        note, reason, first, *_ = capsys.readouterr().out.splitlines()
        assert note.startswith("best.pt") and reason.startswith("scores, which rank the classes: the run's loss learns")
        assert first.split() == ["predicted", answer["predicted"], f"{answer['score']:.4f}"]
    assert main.main(["predict", str(ranking), *row, "--csv", "out.csv"]) == 0
    heading = (here / "out.csv").read_text().splitlines()[0]
    assert heading == "input,predicted,score,s(setosa),s(versicolor),s(virginica)"


def test_neither_the_data_nor_the_place_of_the_run_is_needed(tmp_path: Path, here: Path, capsys: Capture) -> None:
    """fault 25: a run of pictures that are gone, moved to another machine."""
    for number in range(8):
        for name in ("고양이", "강아지"):
            (here / "사진" / name).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 4), (9 * number, 0, 200)).save(here / "사진" / name / f"{number}.png")
    run = trained(
        tmp_path / "out", "dataset=image_folder", f"dataset.path={here / '사진'}", "model=linear", "batch_size=4"
    )
    shutil.move(run, tmp_path / "moved run")
    shutil.move(here / "사진" / "고양이" / "1.png", here / "x.png")
    shutil.rmtree(here / "사진")
    before = fingerprints(tmp_path / "moved run")
    (answer,) = predicted(capsys, "moved run", "x.png")
    assert set(answer["probabilities"]) == {"고양이", "강아지"}
    assert main.main(["predict", "moved run", "--test-index", "0"]) == 3
    assert "no such folder" in capsys.readouterr().err
    assert fingerprints(tmp_path / "moved run") == before


def of_an_older_build(run: Path) -> None:
    """Its checkpoints do not know the schema."""
    for path in (run / "checkpoints").iterdir():
        state = unpack(path.read_bytes(), path)
        del state["schema"]
        path.write_bytes(pack(state))


def swap_two_classes(schema: dict[str, Any]) -> None:
    schema["class_names"][:2] = reversed(schema["class_names"][:2])


def turn_the_columns_round(schema: dict[str, Any]) -> None:
    schema["columns"].reverse()


def swap_two_categories(schema: dict[str, Any]) -> None:
    schema["columns"][1]["categories"][:2] = reversed(schema["columns"][1]["categories"][:2])


def forget_a_class(schema: dict[str, Any]) -> None:
    schema["class_names"].pop()


def make_a_row_huge(schema: dict[str, Any]) -> None:
    schema["row_shape"] = [10**9, 10**9]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (swap_two_classes, "class_names[0] was unacc, is acc"),
        (turn_the_columns_round, "columns[0].name was buying, is safety"),
        (swap_two_categories, "columns[1].categories[0] was vhigh, is high"),
        (forget_a_class, "class_names was ('unacc', 'acc', 'good', 'vgood'), is ('unacc', 'acc', 'good')"),
    ],
)
def test_case_27_an_edited_schema_is_refused_with_what_differs(
    car: Path, tmp_path: Path, capsys: Capture, edit: Callable[[dict[str, Any]], None], told: str
) -> None:
    (answer,) = predicted(capsys, car, *CAR)
    run = Path(shutil.copytree(car, tmp_path / "run"))
    schema = json.loads((run / "schema.json").read_text())
    edit(schema)
    (run / "schema.json").write_text(json.dumps(schema))
    assert main.main(["predict", str(run), *CAR]) == 3
    assert f"schema.json: changed since the run was saved: {told}\n" in capsys.readouterr().err
    (run / "schema.json").unlink()  # as is advised
    assert predicted(capsys, run, *CAR) == [answer]


def test_case_27_a_run_whose_checkpoint_does_not_know_the_schema_answers_by_the_file(
    car: Path, tmp_path: Path, capsys: Capture
) -> None:
    (answer,) = predicted(capsys, car, *CAR)
    run = Path(shutil.copytree(car, tmp_path / "run"))
    of_an_older_build(run)
    assert predicted(capsys, run, *CAR) == [answer]


def test_case_38_a_schema_whose_rows_no_memory_holds_is_damaged(car: Path, tmp_path: Path, capsys: Capture) -> None:
    run = Path(shutil.copytree(car, tmp_path / "run"))
    of_an_older_build(run)
    schema = json.loads((run / "schema.json").read_text())
    make_a_row_huge(schema)
    (run / "schema.json").write_text(json.dumps(schema))
    assert main.main(["predict", str(run), *CAR]) == 3
    assert "schema.json: damaged: task multiclass, row_shape [1000000000, 1000000000]\n" in capsys.readouterr().err


def test_case_26_predict_lays_a_picture_on_the_ground_of_the_training(
    tmp_path: Path, here: Path, capsys: Capture
) -> None:
    """White shapes: only their alpha tells a wide one from a high one."""
    for number in range(8):
        for name, size in (("wide", (6, 2)), ("high", (2, 6))):
            (here / "shapes" / name).mkdir(parents=True, exist_ok=True)
            shape = Image.new("RGBA", (8, 8), (255, 255, 255, 0))
            shape.paste((255, 255, 255, 255), (number % 3, number % 2, number % 3 + size[0], number % 2 + size[1]))
            shape.save(here / "shapes" / name / f"{number}.png")
    data = ["dataset=image_folder", f"dataset.path={here / 'shapes'}", "model=linear", "batch_size=4"]
    run = trained(tmp_path / "out", *data, "dataset.background=black")
    (row,) = predicted(capsys, run, "--test-index", "0")
    answers = {answer["input"]: answer["probabilities"] for answer in predicted(capsys, run, "shapes")}
    assert len({repr(answer) for answer in answers.values()}) > 1
    assert row["probabilities"] in answers.values()
    refused = program.run(["train", *data, f"output_dir={tmp_path / 'no'}"], tmp_path / "said")
    assert refused.code == 3 and "16 of 16 pictures show nothing once laid on white" in refused.err
    assert refused.err.endswith("dataset.background=black\n") and not (tmp_path / "no").exists()


def test_case_29_a_run_inside_the_folder_of_its_pictures_is_no_class_and_not_predicted(
    here: Path, capsys: Capture
) -> None:
    for number in range(8):
        for name in ("dark", "light"):
            (here / "photos" / name).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 4), (9 * number, 0, 200 * (name == "light"))).save(
                here / "photos" / name / f"{number}.png"
            )
    words = ["train", "dataset=image_folder", "dataset.path=.", "model=linear", "batch_size=4", "output_dir=outputs"]
    for _ in range(2):
        done = program.run([*words, *QUICK, "tensorboard=full"], here / "said", cwd=here / "photos")
        assert done.code == 0 and "2 classes: dark" in done.out
    first, second = sorted((here / "photos" / "outputs").glob("*/*"))
    assert f"outputs/{first.parent.name}/{first.name}: left out, of a run of this program" in done.out
    assert list(first.rglob("*.png"))
    assert main.main(["predict", str(second), "photos", "--json"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 16
    assert err.startswith("warning: outputs/") and err.endswith(": left out, of a run of this program\n")


def test_a_run_of_an_older_build_reads_its_data_once_more(car: Path, tmp_path: Path, capsys: Capture) -> None:
    (answer,) = predicted(capsys, car, *CAR)
    older = Path(shutil.copytree(car, tmp_path / "older"))
    of_an_older_build(older)
    (older / "schema.json").unlink()
    config = (older / "config.yaml").read_text()
    (older / "config.yaml").write_text(config.replace("tensorboard: 'off'\n", ""))
    assert (older / "config.yaml").read_text() != config
    assert predicted(capsys, older, *CAR) == [answer]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "schema.json: damaged: "),
        ("{}", "schema.json: of another format; this version reads format 1"),
        ('{"format": 1}', "schema.json: damaged: 'task'"),
        ("[1]", "schema.json: damaged: not a JSON object"),
    ],
)
def test_a_damaged_schema_is_said_to_be_so(car: Path, tmp_path: Path, capsys: Capture, content: str, told: str) -> None:
    run = Path(shutil.copytree(car, tmp_path / "run"))
    (run / "schema.json").write_text(content)
    assert main.main(["predict", str(run), *CAR]) == 3
    assert told in capsys.readouterr().err


def test_a_run_without_a_checkpoint_is_said_to_have_none(car: Path, tmp_path: Path, capsys: Capture) -> None:
    run = Path(shutil.copytree(car, tmp_path / "run"))
    shutil.rmtree(run / "checkpoints")
    summary = run / "summary.json"
    summary.write_text(json.dumps(json.loads(summary.read_text()) | {"status": "failed", "reason": "loss nan."}))
    assert main.main(["predict", str(run), *CAR]) == 3
    told = "the run failed before it saved one (loss nan); train it with other settings: python -m runner train "
    assert told in capsys.readouterr().err
    summary.unlink()  # which says how the run came to its end
    assert main.main(["predict", str(run), *CAR]) == 3
    assert "the run has saved none yet, go on with it: python -m runner resume " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "predict: say what to predict"),
        (["7"], "predict: 7: no such file; a row of the test split is --test-index 7"),
        (
            ["low", "high"],
            "predict: low high: no such file; a row is typed with its columns: buying=low maint=high ...",
        ),
        (["low,low,4,more,big,high"], "persons=more lug_boot=big safety=high\n"),
        (["safety=low", "safety=high"], "predict: safety=...: is given twice; keep one"),
        (["a.png", "--test-index", "3"], "choose one of files, column=value, --test-index and --parity"),
        (["a.csv", "--wrong"], "predict: --wrong: no such flag; did you mean:\n"),
        (["--test_index", "7"], "predict: --test_index: no such flag; did you mean:\n"),
        (["a.csv", "--json", "--csv", "b.csv"], "choose one of --json and --csv"),
        (["a.csv", "--csv", "no/b.csv"], "--csv no/b.csv: there is no folder no"),
        (["a.csv", "--csv", "."], "--csv .: is a folder"),
        (["a.csv", "--csv", ""], "--csv .: is a folder"),
        (["a.csv", "--top", "0"], "--top 0: must be at least 1"),
        (["--test-index", "x"], "argument --test-index: x: must be a whole number, 0 or more"),
        (["--test-index", "100000"], "--test-index 100000: the test split has rows 0 to "),
        (["a.csv", "--invert"], "--invert: this run reads the rows of a table, not pictures"),
        (["byuing=low"], "byuing=...: no column of this run; did you mean buying?"),
        (["a.csv", "checkpoint=first"], "checkpoint=first: choose best or last"),
        (["a.csv", "dataset.decimal=x"], "dataset.decimal=x: must be one of ., ,"),
    ],
)
def test_a_wrong_request_is_told(car: Path, here: Path, capsys: Capture, words: list[str], told: str) -> None:
    (here / "a.csv").touch()
    assert main.main(["predict", str(car), *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["nope.csv"],
            "nope.csv: no such file; a row of the test split instead:\n  python -m runner predict RUN --test-index 0",
        ),
        (["cat.png", "dog.png"], "cat.png, dog.png: no such file; a row of the test split instead:\n"),
        (["digits.png"], "digits.png: no such file; did you mean:\n  python -m runner predict RUN digit.png\n"),
    ],
)
def test_a_file_that_is_not_there_is_told_before_torch_is_imported(
    car: Path, here: Path, words: list[str], told: str
) -> None:
    (here / "digit.png").touch()
    code = (
        "import sys; from runner.cli.main import main; main(sys.argv[1:]); sys.exit(9 if 'torch' in sys.modules else 3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", str(car), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert done.stderr.startswith(f"error: {told.replace('RUN', str(car))}")


def test_a_typed_row_is_no_picture(digits: Path, capsys: Capture) -> None:
    assert main.main(["predict", str(digits), "a=3"]) == 2
    assert "a=...: this run reads pictures (1 x 8 x 8); give files" in capsys.readouterr().err


def test_where_the_run_is_left_out_that_is_told(here: Path, capsys: Capture) -> None:
    (here / "digit.png").touch()
    assert main.main(["predict", "digit.png"]) == 2
    assert "predict last digit.png" in capsys.readouterr().err
    assert main.main(["predict", "digits.png"]) == 3
    assert capsys.readouterr().err.startswith(
        "error: digits.png: no such file; did you mean:\n  python -m runner predict last digit.png"
    )


def test_without_a_run_the_usage_is_told(capsys: Capture) -> None:
    assert main.main(["predict"]) == 2
    assert "predict: give a run directory, or last" in capsys.readouterr().err


def test_what_a_row_lacks_and_what_training_has_not_seen_is_told(here: Path, capsys: Capture) -> None:
    rows = [f"{'' if i in (4, 5) else 27 + i % 2 * 2},{'SQC'[i % 3]},{'mf'[i % 2]},{i % 2}" for i in range(60)]
    (here / "my.csv").write_text("\n".join(["age,port,sex,alive", *rows]))
    words = ["dataset=csv", f"dataset.path={here / 'my.csv'}", "dataset.target=alive", "dataset.split_rows=[40,10]"]
    titanic = str(trained(here / "out", *words, "model=linear"))
    assert main.main(["predict", titanic, "port=X", "sex=f"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "warning: port: 'X' stands in no train row; taken as none of its categories",
        "warning: filled in as in training: age 28",
    ]
    (here / "new.csv").write_text("age,port,sex\n3,X,f\n4,S,m\n,Y,f\n5,S,x\n")
    assert main.main(["predict", titanic, "new.csv"]) == 1
    assert capsys.readouterr().err.splitlines()[1:3] == [
        "error: new.csv:5: sex='x': is neither f nor m: a column of two categories takes no third",
        "warning: 2 of 3 rows hold a category that no train row has",
    ]


def test_a_run_without_test_rows_says_what_to_give(tmp_path: Path, capsys: Capture) -> None:
    run = program.train(tmp_path, "test_fraction=0")
    assert main.main(["predict", str(run), "--test-index", "0"]) == 2
    assert "the test split has no rows; give a file or a row of yours" in capsys.readouterr().err
