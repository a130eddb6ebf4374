"""What a person sees of a run, in a terminal and in a file."""

import dataclasses
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from runner.config.run_config import Reference
from runner.contracts import LayerSummary, Outcome, Outline, Progress, Report
from runner.screen.console import RunConsole, console
from runner.screen.table import bare_table

RUN = Path("outputs/2025-11-21/10-20-30.123456-digits-cnn-adam")
NO_REFERENCE = Reference(source=None, figures={}, expected={}, epochs=None)
OUTLINE = Outline(
    reference=NO_REFERENCE,
    name="digits-cnn-adam",
    options={"dataset": "digits", "model": "cnn", "loss": "cross_entropy", "optimizer": "adam", "scheduler": "none"},
    task="multiclass",
    in_shape=(1, 8, 8),
    class_names=("0", "1"),
    class_counts=(128, 131),
    split_sizes={"train": 259, "val": 29, "test": 72},
    split_note="test 20 %, val 10 % of the rest, stratified, seed 0",
    layers=(
        LayerSummary("0", "Conv2d(1, 32, kernel 3)", (32, 8, 8), 320, 36864),
        LayerSummary("1", "ReLU", (32, 8, 8), 0, 0),
        LayerSummary("2", "Flatten", (2048,), 0, 0),
        LayerSummary("head", "Linear(2048, 2)", (2,), 4098, 8192),
    ),
    num_parameters=4418,
    loss="cross_entropy",
    optimizer="adam lr 0.001",
    scheduler="none",
    device="cpu",
    device_reason="no CUDA or MPS device here, 2 threads",
    epochs=10,
    batch_size=64,
    steps_per_epoch=5,
    total_steps=50,
    monitor="val/loss",
    higher_is_better={"loss": False, "accuracy": True},
    run_dir=RUN,
    hint="digits is bundled; dataset=mnist downloads 12 MB",
)
OUTCOME = Outcome(
    status="finished",
    best={"step": 40, "epoch": 8, "train/loss": 0.02, "train/accuracy": 1.0, "val/loss": 0.07, "val/accuracy": 0.98}
    | {"test/loss": 0.08, "test/accuracy": 0.9722},
    final={},
    baseline={"accuracy": 0.5},
    linear={"accuracy": 0.9583},
    confusion=((36, 0), (2, 34)),
    judged_split="test",
    seconds=2.31,
)
REGRESSION = dataclasses.replace(OUTLINE, task="regression", in_shape=(10,), class_names=(), class_counts=())


class Screen:
    """A RunConsole over text in memory, with a clock that is set by hand."""

    def __init__(self, *, terminal, width=80, **shape):
        self.stream, self.errors, self.now = StringIO(), StringIO(), 0.0
        out = Console(file=self.stream, force_terminal=terminal, width=width, markup=False, highlight=False)
        err = Console(file=self.errors, width=200, markup=False, highlight=False)
        self.console = RunConsole(out, err, clock=lambda: self.now, **shape)

    def take(self):
        """What was shown since the last call, without colours: lines, the cursor's jumps left out."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.take_raw())
        return [line.rstrip() for line in text.replace("\r", "\n").split("\n") if line.strip()]

    def take_raw(self):
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return text


@pytest.fixture
def plain():
    return Screen(terminal=False, width=120)


@pytest.fixture
def terminal():
    screen = Screen(terminal=True)
    yield screen
    screen.console.close()


def epoch_end(epoch, step, **values):
    named = {name.replace("_", "/"): value for name, value in values.items()}
    return Report(Progress(step=step, epoch=epoch), epoch, named, True)


FIRST = epoch_end(1, 5, train_loss=0.1234, train_accuracy=0.9712, val_loss=0.1102, val_accuracy=0.97, lr=0.001)


def test_a_file_gets_plain_lines_of_what_will_run(plain):
    plain.console.start(OUTLINE)
    assert plain.take_raw().splitlines() == [
        "data      digits, multiclass, images 1 x 8 x 8",
        "          train 259  val 29  test 72",
        "          test 20 %, val 10 % of the rest, stratified, seed 0",
        "          2 classes: 0 128, 1 131",
        "model     cnn, 4,418 parameters",
        "training  cross_entropy by adam lr 0.001, no schedule",
        "steps     10 epochs x 5 steps of 64 rows = 50; best epoch by val/loss",
        "device    cpu: no CUDA or MPS device here, 2 threads",
        f"run       {RUN}",
        "digits is bundled; dataset=mnist downloads 12 MB",
    ]


def test_a_step_of_several_batches_tells_how_many(plain):
    plain.console.start(dataclasses.replace(OUTLINE, accumulate_steps=4, batch_size=16))
    line = "steps     10 epochs x 5 steps of 4 x 16 rows = 50; best epoch by val/loss"
    assert line in plain.take_raw().splitlines()


def test_half_the_bits_and_a_compiled_net_are_told(plain):
    plain.console.start(dataclasses.replace(OUTLINE, precision="bf16", compile=True))
    assert "training  cross_entropy by adam lr 0.001, no schedule, bf16, compiled" in plain.take_raw().splitlines()


def test_several_devices_are_told(plain):
    plain.console.start(dataclasses.replace(OUTLINE, devices=2))
    assert "device    2 x cpu: no CUDA or MPS device here, 2 threads" in plain.take_raw().splitlines()


def test_a_net_that_nobody_chose_is_said_to_come_from_auto(plain):
    plain.console.start(dataclasses.replace(OUTLINE, auto_model="pictures"))
    assert "model     cnn (model=auto, for pictures), 4,418 parameters" in plain.take_raw().splitlines()


def test_which_weights_are_trained_how_stands_below_the_training(plain):
    plain.console.start(dataclasses.replace(OUTLINE, weight_groups=("Muon lr 0.1: 3.weight", "AdamW lr 0.2: 3.bias")))
    lines = plain.take_raw().splitlines()
    assert lines[6:8] == ["          Muon lr 0.1: 3.weight", "          AdamW lr 0.2: 3.bias"]


def test_what_is_not_as_usual_in_the_training_is_said(plain):
    knobs = {"loss": "cross_entropy label_smoothing 0.1", "optimizer": "adamw lr 0.001 weight_decay 0.5"}
    plain.console.start(dataclasses.replace(OUTLINE, **knobs, shuffle=False, hint=""))
    lines = plain.take_raw().splitlines()
    loss = "cross_entropy label_smoothing 0.1 by adamw lr 0.001 weight_decay 0.5, no schedule, not shuffled"
    assert lines[5] == f"training  {loss}"
    assert lines[-1].startswith("run ")


def test_the_learning_rate_stands_in_the_line_of_an_epoch_where_a_schedule_moves_it(plain, terminal):
    scheduled = dataclasses.replace(OUTLINE, scheduler="step_lr step_size 1 gamma 0.95, per epoch")
    report = epoch_end(1, 5, train_loss=0.1234, val_loss=0.1102, lr=0.00095)
    for screen in (plain, terminal):
        screen.console.start(scheduled)
        screen.take()
        screen.console.report(report)
    assert plain.take() == ["epoch  1/10  train/loss 0.1234  val/loss 0.1102  lr 0.00095  0.00 s"]
    head, line = (line for line in terminal.take() if "train/loss" in line or "0.1234" in line)
    assert head.split() == ["epoch", "train/loss", "val/loss", "lr", "time"]
    assert line.split()[:4] == ["1/10", "0.1234", "0.1102", "0.00095"]


def test_the_learning_rate_is_left_out_first_where_the_terminal_is_narrow():
    screen = Screen(terminal=True, width=66)
    screen.console.start(dataclasses.replace(OUTLINE, scheduler="step_lr"))
    screen.take()
    screen.console.report(FIRST)
    told = screen.take()
    screen.console.close()
    head = next(line for line in told if "val/loss" in line and "time" in line)
    assert "val/loss" in head and "lr" not in head.split()
    assert any(re.match(r"\d columns? more: .*lr; a wider", line) for line in told)


def test_a_job_among_others_shows_nothing_and_a_fold_its_bar_and_what_goes_wrong():
    for shape, is_told in (({"brief": True}, False), ({"is_fold": True}, True)):
        screen = Screen(terminal=True, **shape)
        screen.console.start(OUTLINE)
        screen.console.report(FIRST, best=True)
        screen.console.note("columns are scaled")
        screen.console.warn("the disk is slow")
        screen.console.finish(OUTLINE, OUTCOME, Path("outputs"))
        assert not any("0.1102" in line or "finished" in line or "scaled" in line for line in screen.take())
        assert screen.errors.getvalue() == ("warning: the disk is slow\n" if is_told else "")
        screen = Screen(terminal=True, **shape)
        screen.console.start(OUTLINE)
        screen.now = 1.0
        screen.console.report(Report(Progress(step=3), 1, {"train/batch_loss": 0.5}))
        assert any("loss 0.5000" in line for line in screen.take()) == is_told
        screen.console.close()


def test_a_file_gets_one_line_an_epoch_and_nothing_between(plain):
    plain.console.start(OUTLINE)
    plain.take()
    plain.console.report(Report(Progress(step=3), 1, {"train/loss": 0.5}))
    assert plain.take_raw() == ""
    plain.now = 1.2
    plain.console.report(FIRST, best=True)
    plain.now = 2.3
    plain.console.report(epoch_end(10, 50, train_loss=12.3456, val_loss=float("nan")))
    assert plain.take_raw() == (
        "epoch  1/10  train/loss 0.1234  train/accuracy 0.9712  val/loss 0.1102  val/accuracy 0.9700  1.2 s  * best\n"
        "epoch 10/10  train/loss 12.346  val/loss    nan  1.1 s\n"
    )


def test_a_file_gets_no_control_codes_and_no_boxes(plain):
    with plain.console as console:
        console.start(OUTLINE)
        console.report(FIRST, best=True)
        console.finish(OUTLINE, OUTCOME, Path("outputs"))
    assert re.findall(r"[^\x20-\x7e\n]", plain.take_raw()) == []


def test_the_rows_of_a_table_in_a_file_end_where_their_text_does(capsys):
    table = bare_table(["name", "seconds"], [("cnn, which is slow", "12 "), ("한글", "")], numbers=())
    console(sys.stdout).print(table)
    console(sys.stdout).print(Text("in  two  "), soft_wrap=True)
    assert capsys.readouterr().out == ("name                 seconds\ncnn, which is slow   12\n한글\nin  two\n")


def test_fault_46_a_monitor_that_was_never_a_number_has_chosen_nothing(plain):
    best = {**OUTCOME.best, "val/loss": float("nan")}
    plain.console.finish(OUTLINE, dataclasses.replace(OUTCOME, best=best), Path("outputs"))
    lines = plain.take()
    assert "finished after 2.3 s; val/loss is NaN, last: epoch 8, step 40" in lines
    assert "  checkpoints/last.pt  metrics.jsonl  summary.json" in lines


def test_the_result_in_plain_lines(plain):
    plain.console.finish(OUTLINE, OUTCOME, Path("outputs"))
    assert [line for line in plain.take() if line] == [
        "finished after 2.3 s; best by val/loss: epoch 8, step 40",
        "                                      majority class    linear",
        "            train      val     test          on test   on test   val - train",
        "loss       0.0200   0.0700   0.0800                -         -       +0.0500",
        "accuracy   1.0000   0.9800   0.9722           0.5000    0.9583       -0.0200",
        "test split                                predicted",
        "class  precision  recall     F1  rows    true  0  1",
        "0          0.947   1.000  0.973    36    0    36  .",
        "1          1.000   0.944  0.971    36    1     2 34",
        "mean       0.974   0.972  0.972    72",
        "written to",
        f"  {RUN}",
        "  checkpoints/best.pt  metrics.jsonl  summary.json",
        "next",
        "  tensorboard --logdir outputs",
        f"  python -m runner eval {RUN}",
        f"  python -m runner predict {RUN} --test-index 7",
    ]


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((151, 100), "2 classes: 0 151, 1 100"),
        ((250, 80), "2 classes: 0 250, 1 80; imbalanced, 3.12 to 1"),
        ((250, 0), "2 classes: 0 250, 1 0; a class without a train row"),
    ],
)
def test_classes_of_unequal_size_are_told(plain, counts, words):
    plain.console.start(dataclasses.replace(OUTLINE, class_counts=counts))
    assert f"          {words}" in plain.take_raw().splitlines()


def test_a_regression_is_compared_with_the_mean_and_has_no_classes(plain):
    best = {"step": 40, "epoch": 8, "train/rmse": 50.0, "val/rmse": 54.321, "test/rmse": 55.0}
    outcome = dataclasses.replace(OUTCOME, best=best, baseline={"rmse": 77.0}, linear={}, confusion=())
    plain.console.start(REGRESSION)
    assert plain.take()[0] == "data      digits, regression, 10 columns"
    plain.console.finish(REGRESSION, outcome, Path("outputs"))
    text = plain.take()
    assert "        train      val     test   on test   val - train" in text
    assert "rmse   50.000   54.321   55.000    77.000       +4.3210" in text
    assert not any("precision" in line for line in text)


def test_without_validation_the_gap_is_to_the_test_split(plain):
    outline = dataclasses.replace(OUTLINE, split_sizes={"train": 288, "val": 0, "test": 72})
    best = {"step": 40, "epoch": 8, "train/loss": 0.02, "test/loss": 0.08}
    plain.console.finish(outline, dataclasses.replace(OUTCOME, best=best), Path("outputs"))
    text = plain.take()
    assert "        train     test          on test   on test   test - train" in text
    assert any("checkpoints/last.pt" in line for line in text)


def test_a_linear_model_that_was_left_out_is_said_to_be(plain):
    outcome = dataclasses.replace(OUTCOME, linear={}, linear_left_out="the rows stream")
    plain.console.finish(OUTLINE, outcome, Path("outputs"))
    text = plain.take()
    assert "no linear model beside it: the rows stream" in text
    assert not any(line.endswith("linear") for line in text)


def test_trees_stand_behind_the_linear_model_with_their_seconds(plain):
    trees, seconds = {"hist": {"accuracy": 0.9861}, "catboost": {"accuracy": 1.0}}, {"hist": 0.6, "catboost": 12.3}
    plain.console.finish(OUTLINE, dataclasses.replace(OUTCOME, trees=trees, trees_seconds=seconds), Path("outputs"))
    text = plain.take()
    (head,) = (line.split() for line in text if line.strip().startswith("majority class"))
    assert head == ["majority", "class", "linear", "trees", "CatBoost"]
    (line,) = (line.split() for line in text if line.startswith("accuracy "))
    assert line[4:8] == ["0.5000", "0.9583", "0.9861", "1.0000"]
    assert "trees: fitted and scored in 0.60 s" in text
    assert "CatBoost: fitted and scored in 12.3 s" in text


def test_trees_that_were_left_out_are_said_to_be(plain):
    outcome = dataclasses.replace(OUTCOME, trees_left_out=["hist: the rows stream"])
    plain.console.finish(OUTLINE, outcome, Path("outputs"))
    assert "no trees beside it: hist: the rows stream" in plain.take()


def test_an_interrupted_run_says_how_to_go_on(plain):
    outcome = dataclasses.replace(OUTCOME, status="interrupted", confusion=())
    plain.console.finish(OUTLINE, outcome, Path("outputs"))
    text = plain.take()
    assert text[0].startswith("interrupted after 2.3 s")
    assert text[-1] == f"  python -m runner resume {RUN}"


def test_a_run_that_failed_before_its_first_epoch_has_no_scores_to_show(plain):
    outcome = dataclasses.replace(OUTCOME, status="failed", best={}, baseline={}, confusion=())
    plain.console.finish(OUTLINE, outcome, Path("outputs"))
    assert plain.take()[:2] == ["failed after 2.3 s", "written to"]


def test_paths_in_commands_are_quoted_for_the_shell(plain):
    outline = dataclasses.replace(OUTLINE, run_dir=Path("my outputs/run (1)"))
    plain.console.finish(outline, OUTCOME, Path("my outputs"))
    assert "  python -m runner eval 'my outputs/run (1)'" in plain.take()


def test_more_than_twenty_classes_get_no_class_report(plain):
    size = 21
    confusion = tuple(tuple(int(i == j) for j in range(size)) for i in range(size))
    names = tuple(map(str, range(size)))
    outline = dataclasses.replace(OUTLINE, class_names=names, class_counts=(3,) * size)
    plain.console.finish(outline, dataclasses.replace(OUTCOME, confusion=confusion), Path("outputs"))
    assert not any("precision" in line for line in plain.take())


def test_the_panel_shows_every_layer_with_its_shape_and_parameters(terminal):
    terminal.console.start(OUTLINE)
    lines = terminal.take()
    assert lines[0].startswith("╭─ digits-cnn-adam ─")
    row = next(line for line in lines if "Conv2d" in line)
    assert row.strip("│ ").split("  ")[0] == "0"
    assert "32 x 8 x 8" in row
    assert row.rstrip("│ ").endswith("320")
    assert any("digits is bundled; dataset=mnist downloads 12 MB" in line for line in lines)
    assert len(lines) <= 24


def test_a_deep_model_is_condensed_to_its_first_and_last_layers(terminal):
    layers = tuple(LayerSummary(f"block.{index}", "Linear(8, 8)", (8,), 72, 128) for index in range(40))
    terminal.console.start(dataclasses.replace(OUTLINE, layers=layers))
    text = "\n".join(terminal.take())
    assert "block.5 " in text
    assert "block.35" in text
    assert "block.6 " not in text
    assert re.search(r"\.\.\. +29 more layers +2,088", text)


@pytest.mark.parametrize("width", range(60, 161, 10))
@pytest.mark.parametrize("names", [("0", "1"), ("unacc", "acc"), ("강아지" * 8, "고양이" * 8)])
def test_no_line_is_wider_than_the_terminal(width, names):
    screen = Screen(terminal=True, width=width)
    outline = dataclasses.replace(OUTLINE, class_names=names, run_dir=Path("runs"))
    with screen.console as console:
        console.start(outline)
        for second in range(5):
            screen.now = second
            console.report(Report(Progress(step=second), 1, {"train/loss": 0.5}))
        console.report(FIRST, best=True)
        console.finish(outline, OUTCOME, Path("outputs"))
    assert max(map(cell_len, screen.take())) <= width


def test_epochs_in_a_terminal_stand_in_columns_under_their_names(terminal):
    terminal.console.start(OUTLINE)
    terminal.take()
    terminal.now = 1.2
    terminal.console.report(FIRST, best=True)
    terminal.now = 2.3
    second = epoch_end(2, 10, train_loss=0.1, train_accuracy=0.98, val_loss=0.12, val_accuracy=0.96)
    terminal.console.report(second)
    lines = [line for line in terminal.take() if "steps/s" not in line]
    assert lines[:3] == [
        "epoch  train/loss  train/accuracy  val/loss  val/accuracy    time",
        " 1/10      0.1234          0.9712    0.1102        0.9700   1.2 s  * best",
        " 2/10      0.1000          0.9800    0.1200        0.9600   1.1 s",
    ]


def test_a_metric_that_comes_later_gets_a_new_head(terminal):
    terminal.console.start(OUTLINE)
    terminal.console.report(epoch_end(1, 5, train_loss=0.5, val_loss=0.5))
    terminal.console.report(epoch_end(2, 10, train_loss=0.5, val_loss=0.5, test_loss=0.5))
    terminal.console.report(epoch_end(3, 15, train_loss=0.5, val_loss=0.5))
    lines = [line.split() for line in terminal.take()]
    heads = [line for line in lines if line[-1] == "time"]
    assert heads == [
        ["epoch", "train/loss", "val/loss", "time"],
        ["epoch", "train/loss", "val/loss", "test/loss", "time"],
    ]
    assert ["3/10", "0.5000", "0.5000", "-", "0.00", "s"] in lines


def test_a_column_is_as_wide_as_its_figures_and_gets_a_new_head_for_a_longer_one(terminal):
    terminal.console.start(OUTLINE)
    terminal.console.report(epoch_end(1, 5, val_loss=0.5, val_rmse=98_765_432.0))
    terminal.console.report(epoch_end(2, 10, val_loss=0.5, val_rmse=421_713_184.0))
    assert [line for line in terminal.take() if line.endswith(("time", "0.00 s"))] == [
        "epoch  val/loss    val/rmse    time",
        " 1/10    0.5000  98,765,430  0.00 s",
        "epoch  val/loss     val/rmse    time",
        " 2/10    0.5000  421,713,200  0.00 s",
    ]


@pytest.mark.parametrize(
    ("width", "metrics"),
    [
        (80, ["train/loss", "train/accuracy", "val/loss", "val/accuracy"]),
        (60, ["train/loss", "val/loss", "val/accuracy"]),
        (45, ["train/loss", "val/loss"]),
        (35, ["val/loss"]),
    ],
)
def test_a_narrow_terminal_keeps_the_most_telling_metrics(width, metrics):
    screen = Screen(terminal=True, width=width)
    with screen.console as console:
        console.start(OUTLINE)
        console.report(FIRST, best=True)
    head = next(line for line in screen.take() if line.endswith("time"))
    assert head.split() == ["epoch", *metrics, "time"]


def test_the_bar_shows_epoch_step_loss_rate_and_time_left(terminal):
    terminal.console.start(OUTLINE)
    terminal.take()
    terminal.now = 2.0
    terminal.console.report(
        Report(Progress(step=20, epoch=4), 5, {"train/batch_loss": 0.25, "train/batch_accuracy": 0.75})
    )
    line = terminal.take()[-1]
    assert re.fullmatch(r"epoch  5/10 [━╸╺ ]+ 20/50 loss 0\.2500 accuracy 0\.7500 10 steps/s 3\.0 s left", line)


@pytest.mark.parametrize(
    ("width", "outline", "shown"),
    [
        (79, OUTLINE, "loss 0.2500 accuracy 0.7500 3.0 s left"),
        (64, OUTLINE, "loss 0.2500 10 steps/s 3.0 s left"),
        (63, OUTLINE, "loss 0.2500 3.0 s left"),
        (80, REGRESSION, "loss 0.2500 10 steps/s 3.0 s left"),
    ],
)
def test_the_bar_leaves_out_what_it_has_no_room_for(width, outline, shown):
    screen = Screen(terminal=True, width=width)
    with screen.console:
        screen.console.start(outline)
        screen.now = 2.0
        values = {"train/batch_loss": 0.25, "train/batch_accuracy": 0.75}
        screen.console.report(Report(Progress(step=20, epoch=4), 5, values))
        assert screen.take()[-1].partition("20/50 ")[2] == shown


def test_the_bar_of_a_resumed_run_measures_from_where_it_went_on(terminal):
    terminal.console.start(OUTLINE, step=30)
    terminal.now = 1.0
    terminal.console.report(Report(Progress(step=40, epoch=8), 8, {}))
    assert "40/50  10 steps/s 1.0 s left" in terminal.take()[-1]


def test_the_bar_is_drawn_five_times_a_second_at_most(terminal):
    terminal.console.start(OUTLINE)
    terminal.take()
    for tick in range(1, 1001):
        terminal.now = tick / 1000
        terminal.console.report(Report(Progress(step=tick // 20), 1, {"train/loss": 0.5}))
    assert terminal.take_raw().count("steps/s") == 5


def test_what_is_said_beside_the_bar_gives_way_to_the_next_report(terminal):
    terminal.console.start(OUTLINE)
    terminal.console.report(Report(Progress(step=20, epoch=4), 4, {}))
    terminal.now = 1.0
    terminal.console.busy("scoring val 4/10")
    assert re.fullmatch(r"scoring val 4/10 [━╸╺ ]+ 20/50", terminal.take()[-1])
    terminal.now = 1.05
    terminal.console.report(Report(Progress(step=25, epoch=5), 6, {}))
    assert terminal.take()[-1].startswith("epoch  6/10 ")


def test_the_cursor_is_given_back_when_training_fails():
    screen = Screen(terminal=True)
    with pytest.raises(ZeroDivisionError), screen.console as console:
        console.start(OUTLINE)
        raise ZeroDivisionError
    shown = screen.take_raw()
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen(terminal=True)
    with screen.console as console:
        console.start(OUTLINE)
        console.report(FIRST, best=True)
        console.finish(OUTLINE, OUTCOME, Path("outputs"))
    codes = re.findall(r"\x1b\[([0-9;]*)m", screen.take_raw())
    assert {part for code in codes for part in code.split(";")} <= {"", "0", "1", "2"}  # bold and dim are no colours


def test_notes_go_to_standard_output_and_warnings_to_standard_error(terminal):
    terminal.console.start(OUTLINE)
    terminal.take()
    terminal.console.note("resumed at step 12")
    terminal.console.warn("disk is nearly full [90%]")
    assert "resumed at step 12" in terminal.take()
    assert terminal.errors.getvalue() == "warning: disk is nearly full [90%]\n"


SHOW = """
import sys
from runner.screen.console import RunConsole, console
from runner.screen.table import bare_table
assert "torch" not in sys.modules
console = RunConsole()
sys.stdin.readline()
for text in ("one", "two", "강아지"):
    console.note(text)
print("the run went on", file=sys.stderr)
"""


def shown_to(stdout, stderr=subprocess.PIPE, **environment):
    command = [sys.executable, "-c", SHOW]
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path), **environment}
    pipes = {"stdin": subprocess.PIPE, "stderr": stderr}
    return subprocess.Popen(command, stdout=stdout, env=environment, text=True, **pipes)


def test_a_full_disk_behind_standard_output_does_not_end_the_run():
    with open("/dev/full", "w") as full:
        process = shown_to(full)
        _, errors = process.communicate("\n", timeout=60)
    assert errors.splitlines() == [
        "warning: standard output: No space left on device; the run goes on, nothing more is shown",
        "the run went on",
    ]
    assert process.returncode == 0


def test_a_reader_that_leaves_does_not_end_the_run():
    process = shown_to(subprocess.PIPE)
    process.stdout.close()
    process.stdin.write("\n")
    process.stdin.close()
    errors = process.stderr.read().splitlines()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert errors[0] == "warning: standard output: Broken pipe; the run goes on, nothing more is shown"
    assert errors[1:] == ["the run went on"]


def test_a_reader_of_both_outputs_that_leaves_does_not_end_the_run():
    process = shown_to(subprocess.PIPE, stderr=subprocess.STDOUT)
    process.stdout.close()
    process.stdin.write("\n")
    process.stdin.close()
    assert process.wait(timeout=60) == 0


def test_a_name_the_terminal_cannot_write_is_shown_escaped():
    process = shown_to(subprocess.PIPE, PYTHONIOENCODING="ascii")
    shown, errors = process.communicate("\n", timeout=60)
    assert shown.splitlines() == ["one", "two", r"\uac15\uc544\uc9c0"]
    assert errors == "the run went on\n"


@pytest.mark.parametrize(("epochs", "shown"), [(100, 100), (101, 51), (1000, 101)])
def test_case_47_of_more_than_100_epochs_not_each_has_a_line(plain, epochs, shown):
    plain.console.start(dataclasses.replace(OUTLINE, epochs=epochs))
    plain.take()
    for epoch in range(1, epochs + 1):
        plain.console.report(Report(Progress(epoch=epoch), epoch, {"train/loss": 1.0}, epoch_end=True))
    lines = plain.take()
    assert len(lines) == shown
    assert lines[0].startswith(f"epoch {1:>{len(str(epochs))}}/{epochs}")


def test_where_colours_are_forced_without_a_terminal_no_line_is_taken_back(tmp_path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as the kernel of a notebook does to what is started there
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    with open(tmp_path / "shown.txt", "w") as stream:
        screen = console(stream)
        assert screen.is_terminal and not screen.is_interactive
