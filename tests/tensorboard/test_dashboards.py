"""What TensorBoard is given of a run, read back from its event files."""

import json
import shutil
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout

import program
from runner.tensorboard.dashboards import Budget

PICTURES = ["dataset=digits", "model=cnn", "model.channels=[4]", "epochs=2", "device=cpu", "threads=1"]


def trained(folder: Path, *words: str) -> Path:
    done = program.run(["train", *words, f"output_dir={folder}"], folder / "said")
    assert done.code == 0, done.err
    return program.only_run(folder)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("full"), *PICTURES, "tensorboard=full")


@pytest.fixture(scope="module")
def events(full: Path) -> EventAccumulator:
    return EventAccumulator(str(full)).Reload()


def test_there_are_curves_norms_and_rates(events: EventAccumulator) -> None:
    scalars = set(events.Tags()["scalars"])
    assert scalars >= {"train/loss", "val/accuracy", "best/test/accuracy"}
    assert scalars >= {f"while_training/{name}" for name in ("lr", "grad_norm", "weight_norm", "epoch")}
    assert all(point.value > 0 for point in events.Scalars("while_training/rows_per_s"))
    assert [point.step for point in events.Scalars("while_training/epoch_s")] == [21, 42]


def test_there_are_histograms_of_weights_and_gradients_after_each_epoch(events: EventAccumulator) -> None:
    tensors = set(events.Tags()["tensors"])
    assert {"weights/head.1.weight", "weight_gradients/head.1.weight"} <= tensors
    (first, _) = events.Tensors("weights/head.1.weight")
    assert (first.step, [dim.size for dim in first.tensor_proto.tensor_shape.dim]) == (21, [30, 3])


def test_there_are_pictures(events: EventAccumulator) -> None:
    assert set(events.Tags()["images"]) == {
        *(f"x_train/{digit}" for digit in range(10)),
        *(f"view/{name} on test" for name in ("confusion", "mistakes", "reliability")),
        "weight_filters/first layer",
    }
    (image,) = events.Images("view/confusion on test")
    assert image.encoded_image_string.startswith(b"\x89PNG")


def test_there_is_a_pr_curve_of_each_class_and_the_config(events: EventAccumulator) -> None:
    tensors = set(events.Tags()["tensors"])
    assert {f"pr/test/{digit}" for digit in range(10)} <= tensors
    assert {"config", "command", "classes"} <= tensors


def test_the_graph_has_the_modules_and_their_shapes(events: EventAccumulator) -> None:
    assert events.Tags()["graph"]
    graph: GraphDef = events.Graph()
    nodes = {node.name: node for node in graph.node}
    first, second = nodes["block_1/0_Conv2d"], nodes["block_1/1_BatchNorm2d"]
    assert first.op == "Conv2d" and list(second.input) == ["block_1/0_Conv2d"]
    shape = first.attr["_output_shapes"].list.shape[0]
    assert [dim.size for dim in shape.dim] == [-1, 4, 8, 8]


def test_the_projector_finds_points_names_and_thumbnails(full: Path) -> None:
    config = (full / "projector_config.pbtxt").read_text()
    assert "single_image_dim: 16 single_image_dim: 16" in config
    points = (full / "projector" / "points.tsv").read_text().splitlines()
    names = (full / "projector" / "names.tsv").read_text().splitlines()
    assert len(points) == 359 and len(names) == 360  # a heading
    assert len(points[0].split("\t")) == 4 * 4 * 4
    assert names[0] == "row\ttrue\tpredicted\tright"


def test_the_projector_labels_points_by_what_they_are_and_were_taken_for(full: Path) -> None:
    """TensorBoard labels by the first column that is not all numbers, which the names of digits are."""
    _, *lines = (full / "projector" / "names.tsv").read_text().splitlines()
    for label, true, predicted, right in (line.split("\t") for line in lines):
        assert label == (f"is {true}" if right == "yes" else f"is {true}, taken for {predicted}")
        assert (right == "yes") == (true == predicted)


def test_the_scores_and_the_curves_come_first_where_tensorboard_opens(events: EventAccumulator) -> None:
    """Time Series sorts the groups of all kinds by name, and unfolds the first two."""
    tags = events.Tags()
    groups = {tag.partition("/")[0] for kind in ("scalars", "images", "tensors") for tag in tags[kind]}
    elsewhere = {"config", "command", "classes", "custom_scalars__config__", "pr", "_hparams_"}
    assert sorted(groups - elsewhere)[:3] == ["best", "train", "val"]


def test_the_epoch_is_a_curve(events: EventAccumulator) -> None:
    points = [(point.step, point.value) for point in events.Scalars("while_training/epoch")]
    assert points[-1] == (42, 2) and (21, 1) in points


def test_train_and_val_share_a_chart(events: EventAccumulator) -> None:
    (point,) = events.Tensors("custom_scalars__config__")
    layout = Layout.FromString(point.tensor_proto.string_val[0])
    together, training = layout.category
    tags = {chart.title: chart.multiline.tag[0] for chart in together.chart}
    assert tags == {name: f"^(train|val|test)/{name}$" for name in ("loss", "accuracy")}
    assert [chart.title for chart in training.chart] == [
        *("batch_loss", "batch_accuracy", "lr", "grad_norm", "epoch", "epoch_s")
    ]


def test_under_text_are_the_command_and_the_scores_of_each_class(events: EventAccumulator) -> None:
    told = [events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in ("command", "classes")]
    assert told[0].startswith("~~~~\npython -m runner train model=cnn ") and "'model.channels=[4]'" in told[0]
    assert told[1].startswith("| class | precision | recall | F1 | rows |\n| :--- | ---: |")
    assert [row.split(" | ")[0] for row in told[1].splitlines()[2:]] == [f"| {digit}" for digit in range(10)]


@pytest.mark.parametrize("level", ["off", "scalars", "auto"])
def test_what_is_shown_changes_nothing_that_is_computed(full: Path, tmp_path: Path, level: str) -> None:
    run = trained(tmp_path, *PICTURES, f"tensorboard={level}")
    assert (run / "metrics.jsonl").read_bytes() == (full / "metrics.jsonl").read_bytes()
    best = [json.loads((of / "summary.json").read_text())["best"] for of in (run, full)]
    assert best[0] == best[1]
    assert bool(list(run.glob("events.*"))) == (level != "off")
    assert not (run / "projector").exists()


def test_a_short_run_has_its_confusion_and_says_before_the_results_what_is_left_out(tmp_path: Path) -> None:
    words = ["train", *PICTURES, f"output_dir={tmp_path}"]
    done = program.run(words, tmp_path / "said", before="leave_tensorboard_no_time")
    said = "left out of TensorBoard, to save time: histograms, filters, 4 more; tensorboard=full draws them"
    lines = done.out.splitlines()
    place = lines.index(said)
    assert lines[place - 1].startswith("epoch 2/2 ") and lines[place + 2].startswith("finished after ")
    run = program.only_run(tmp_path)
    assert f"INFO {said}\n" in (run / "train.log").read_text()
    events = EventAccumulator(str(run)).Reload()
    assert said.encode() in events.Tensors("left out")[0].tensor_proto.string_val[0]
    tags = events.Tags()
    assert tags["graph"] and {"x_train/0", "view/confusion on test"} <= set(tags["images"])


def test_a_resumed_run_equals_one_that_was_left_alone(full: Path, tmp_path: Path) -> None:
    run = trained(tmp_path, *PICTURES, "epochs=1", "tensorboard=full")
    done = program.run(["resume", str(run), "epochs=2", "tensorboard=off"], tmp_path / "said")
    assert done.code == 0, done.err
    assert (run / "metrics.jsonl").read_bytes() == (full / "metrics.jsonl").read_bytes()


def test_a_table_and_a_regression_are_shown_too(tmp_path: Path) -> None:
    words = ["dataset=diabetes", "model=linear", "epochs=1", "tensorboard=full", "device=cpu"]
    run = trained(tmp_path, *words)
    tags = EventAccumulator(str(run)).Reload().Tags()
    assert tags["images"] == ["view/residuals on test"] and tags["graph"]
    assert (run / "projector" / "names.tsv").read_text().startswith("true\tpredicted\n")
    assert "sprite" not in (run / "projector_config.pbtxt").read_text()


def test_a_full_disk_is_warned_of_and_the_run_goes_on(tmp_path: Path) -> None:
    words = ["train", *PICTURES, "tensorboard=full", f"output_dir={tmp_path}"]
    done = program.run(words, tmp_path / "said", before="fill_the_disk_of_the_projector")
    assert done.code == 0
    assert done.err.count("no space left on the device") == 1 and "TensorBoard goes without" in done.err
    shutil.rmtree(tmp_path)


def test_a_picture_that_cannot_be_drawn_is_warned_of_and_the_run_goes_on(tmp_path: Path) -> None:
    words = ["train", *program.TINY, "tensorboard=auto", f"output_dir={tmp_path}"]
    done = program.run(words, tmp_path / "said", before="draw_nothing")
    assert done.code == 0 and "TensorBoard goes without confusion: ValueError: no such font" in done.err
    assert json.loads((program.only_run(tmp_path) / "summary.json").read_text())["status"] == "finished"


def test_every_job_of_a_sweep_shows_the_same_whatever_time_it_took(tmp_path: Path) -> None:
    words = [word for word in PICTURES if not word.startswith("epochs=")]
    done = program.run(["train", "-m", *words, "epochs=1,20", f"output_dir={tmp_path}"], tmp_path / "said")
    assert done.code == 0 and "left out" not in done.out and "lacks" not in done.out
    short, long = (EventAccumulator(str(job)).Reload().Tags() for job in sorted(tmp_path.glob("sweeps/*/*/*-epochs=*")))
    for kind in ("images", "tensors", "graph", "scalars"):
        assert short[kind] == long[kind]
    assert set(short["images"]) == {*(f"x_train/{digit}" for digit in range(10)), "view/confusion on test"}
    assert short["graph"] and any(tag.startswith("pr/") for tag in short["tensors"])


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_fits_into_a_twentieth_of_the_run_is_allowed() -> None:
    clock = Clock()
    budget = Budget(begun=100.0, limited=True, clock=clock)
    clock.now = 103.0  # 3 s: 0.15 s may go, a picture takes 0.2 s at first
    assert not budget.allows("mistakes")
    clock.now = 104.0
    assert budget.allows("mistakes")
    with budget.charged("mistakes"):
        clock.now = 104.1  # it took 0.1 s
    assert budget.allows("mistakes")  # 0.2 s in all


def test_what_was_spent_counts() -> None:
    clock = Clock()
    budget = Budget(begun=100.0, limited=True, clock=clock)
    with budget.charged("embedding"):
        clock.now = 110.0
    assert not budget.allows("filters")


def test_what_did_not_fit_is_remembered_until_it_does() -> None:
    clock = Clock()
    budget = Budget(begun=100.0, limited=True, clock=clock)
    assert not budget.allows("filters") and list(budget.refused) == ["filters"]
    clock.now = 200.0
    assert budget.allows("filters") and not budget.refused


def test_without_a_limit_everything_is_allowed() -> None:
    assert Budget(begun=100.0, limited=False, clock=Clock()).allows("confusion")
