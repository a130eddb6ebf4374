"""Several runs laid over each other."""

import io

from matplotlib.text import Text
from rich.console import Console

from runner.figures.curves import Curve
from runner.figures.dataset_view import Title
from runner.figures.overlay import MOST_RUNS, Overlay, draw_overlays, labels, measures, overlays, title_of
from runner.figures.style import style
from runner.figures.terminal import overlay_tables
from runner.runs.directory import RunDirectory
from runner.runs.saved_run import SavedRun

COMMON = {"dataset": "mnist", "model": "cnn", "optimizer": "adam", "optimizer.lr": "0.001", "seed": "0"}
POINTS = {"train": [(1.0, 2.0), (2.0, 1.0)], "val": [(1.0, 3.0), (2.0, 0.01)]}


class Told(SavedRun):
    """A run without files."""

    settings = COMMON  # type: ignore[assignment]
    monitor = "val/loss"  # type: ignore[assignment]


def overlay(label: str) -> Overlay:
    curves = {name: Curve(name, POINTS) for name in ("loss", "accuracy", "lr")}
    return Overlay(Told(RunDirectory.__new__(RunDirectory)), label, curves, 2)


def test_a_label_says_what_differs_alone() -> None:
    other = COMMON | {"model": "dnn", "optimizer.lr": "0.1", "model.hidden": "[64]"}
    assert labels([COMMON, other]) == ["cnn, lr=0.001", "dnn, lr=0.1"]
    assert labels([COMMON, COMMON | {"seed": "1"}]) == ["seed=0", "seed=1"]


def test_a_key_is_whole_where_its_end_is_another_s_too() -> None:
    left, right = COMMON | {"scheduler.lr": "1"}, COMMON | {"scheduler.lr": "2", "optimizer.lr": "0.1"}
    assert labels([left, right]) == ["optimizer.lr=0.001, scheduler.lr=1", "optimizer.lr=0.1, scheduler.lr=2"]


def test_of_a_path_the_name_is_said_and_runs_alike_are_numbered() -> None:
    left, right = COMMON | {"dataset.path": "tables/x.csv"}, COMMON | {"dataset.path": "tables/y.csv"}
    assert labels([left, right, right]) == ["path=x.csv", "path=y.csv (1)", "path=y.csv (2)"]
    origin = {"start_from": "/outputs/day/12-00-c/checkpoints/best.pt@sha256:0123456789ab"}
    assert labels([COMMON | {"start_from": "null"}, COMMON | origin]) == [
        "start_from=null",
        "start_from=12-00-c/best.pt",
    ]
    assert labels([COMMON, COMMON]) == ["run 1", "run 2"]


def test_the_loss_is_laid_over_each_other_and_what_the_runs_are_judged_by() -> None:
    assert measures([overlay("a"), overlay("b")]) == ["loss", "accuracy"]


def test_the_picture_says_which_run_is_which_and_what_they_share() -> None:
    found = [overlay(f"lr={number}") for number in range(MOST_RUNS)]
    title = title_of(found, 12)
    assert title == Title(
        "Curves of 8 of 12 runs", "mnist, cnn, adam", "train dashed, val solid; those best by val/loss"
    )
    with style():
        picture = draw_overlays(title, found)
        assert picture.png().startswith(b"\x89PNG")
        texts = [text.get_text() for text in picture.figure.findobj(Text)]
    assert {"lr=0", "lr=7", "loss, powers of ten", "accuracy", "epoch"} <= {*texts}


def test_the_terminal_has_a_table_for_each_measure_and_a_line_for_each_run() -> None:
    first, *others = overlay_tables([overlay("lr=0.1"), overlay("lr=1")], ["loss", "accuracy"], 80)
    assert [str(column.header) for column in first.columns][:5] == ["train/loss", "first", "last", "best.pt", "epoch"]
    assert [str(cell) for cell in first.columns[0].cells] == ["lr=0.1", "lr=1"]
    assert [str(cell) for cell in first.columns[3].cells] == ["1.0000", "1.0000"]
    assert len(others) == 3


def test_in_a_narrow_terminal_labels_give_way_and_numbers_are_whole() -> None:
    out = io.StringIO()
    alike = [overlay(f"mnist, dnn, cross_entropy, lr={lr}") for lr in ("0.001", "0.01")]
    for table in overlay_tables(alike, ["loss"], 50):
        Console(file=out, width=50).print(table)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 50
    assert [line.split()[-4:] for line in lines[1:3]] == [["2.0000", "1.0000", "1.0000", "2"]] * 2
    assert "lr=0.001" in lines[1] and "lr=0.01 " in lines[2]


def test_without_an_epoch_there_is_nothing_to_lay_over() -> None:
    assert overlays([]) == []
