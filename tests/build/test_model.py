import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from options import options, part
from runner.build import auto
from runner.build.instantiate import build_source
from runner.build.loss import build_loss, num_outputs
from runner.build.metric import build_metrics
from runner.build.model import build_model, without_published_weights
from runner.config.catalog import Part
from runner.contracts import Task
from runner.errors import ConfigError

# Models


@pytest.mark.parametrize("option", sorted({*options("model")} - {"module"}))
def test_every_model_option_is_built_and_ready_to_train(option: str) -> None:
    model = build_model(part("model", option), (3, 32, 32), 10)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert model.training


def test_a_models_own_refusal_names_the_option() -> None:
    with pytest.raises(ConfigError, match=r"^model=cnn: a convolution needs pictures .*model=mlp takes any shape$"):
        build_model(part("model", "cnn"), (54,), 7)


def test_every_wrong_knob_of_a_part_is_said_at_once() -> None:
    given = part("model", "dnn", hidden="wide", dropout=None, residual=1, normalisation="bach", dropuot=0.1)
    with pytest.raises(ConfigError) as caught:
        build_model(given, (4,), 2)
    assert caught.value.faults == (
        "model.dropuot: Dnn has no such argument; did you mean dropout?",
        "model.hidden=wide: dnn wants a list, each a whole number",
        "model.normalisation=bach: dnn wants one of batch, layer, rms or null",
        "model.dropout=None: dnn wants a finite number",
        "model.residual=1: dnn wants true or false",
    )


def test_a_dropout_that_torch_refuses_is_an_error_of_the_config() -> None:
    with pytest.raises(ConfigError, match=r"^model=dnn: .*\b1\.5\b"):
        build_model(part("model", "dnn", dropout=1.5), (4,), 2)


@pytest.mark.parametrize("key", ["in_shape", "num_outputs"])
def test_a_fact_of_the_run_cannot_be_set(key: str) -> None:
    with pytest.raises(ConfigError, match=f"model.{key} is found out by the program; leave it out"):
        build_model(part("model", "linear", **{key: 3}), (4,), 2)


def test_a_module_that_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        build_model(Part("model", "mine", "torch.nn.Linear", {"in_features": 4}), (4,), 2)
    assert caught.value.faults == (
        "model.out_features is missing: Linear needs it",
        "model=mine: Linear takes no in_shape, num_outputs: it is no model",
    )


def test_a_model_with_the_wrong_number_of_outputs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_model.py").write_text(
        "from torch import nn\nclass Wide(nn.Linear):\n"
        "    def __init__(self, in_shape, num_outputs): super().__init__(in_shape[0], num_outputs + 1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"model=wide: turns one row into \[1, 3\], not into \[1, 2\]"):
        build_model(Part("model", "wide", "users_model.Wide", {}), (4,), 2, trusted=["users_model"])
    del sys.modules["users_model"]


# Losses


@pytest.mark.parametrize(
    ("task", "num_classes", "y"), [("multiclass", 3, [2, 0]), ("binary", 2, [1, 0]), ("regression", 0, [0.5, 2.0])]
)
def test_the_loss_that_fits_gives_one_number(task: Task, num_classes: int, y: list[float]) -> None:
    given = part("loss", auto.auto_loss(task))
    logits_BK = torch.zeros(2, num_outputs(given, task, num_classes))
    loss, readout = build_loss(given, task, num_classes, torch.tensor(y))
    assert loss(logits_BK, torch.tensor(y)).shape == ()
    assert len(readout(logits_BK)) == 2


def test_class_weights_become_a_tensor_that_moves_with_the_loss() -> None:
    loss, _ = build_loss(part("loss", "cross_entropy", weight=[1.0, 3]), "multiclass", 2, torch.tensor([0, 1]))
    assert dict(loss.named_buffers())["weight"].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    ("option", "task", "changed", "words"),
    [
        ("cross_entropy", "multiclass", {"weight": [1.0, 2.0]}, "loss=cross_entropy: .*weight"),
        ("cross_entropy", "multiclass", {"weight": 2.0}, "loss.weight=2.0: cross_entropy wants a list of numbers or n"),
        ("cross_entropy", "multiclass", {"label_smoothing": 2.0}, "loss=cross_entropy: .*label_smoothing"),
        ("cross_entropy", "multiclass", {"reduction": "none"}, "loss=cross_entropy gives no single number"),
        ("mse", "multiclass", {}, "loss=mse does not fit data with 10 classes: it needs numbers to pr"),
    ],
)
def test_a_loss_that_would_fail_in_training_is_refused(
    option: str, task: Task, changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        build_loss(part("loss", option, **changed), task, 10, torch.arange(10))


# Metrics


def test_several_classes_are_measured_over_probabilities() -> None:
    parts = [part("metric", option) for option in ("accuracy", "precision", "recall", "f1", "confusion_matrix")]
    metrics = build_metrics(parts, "multiclass", ["a", "b", "c"])
    scores_BK = torch.tensor([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    values = {name: metric(scores_BK, torch.tensor([0, 1, 1, 2])).tolist() for name, metric in metrics.items()}
    assert values.pop("confusion_matrix") == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    # by class: precision 1/2 1 1, recall 1 1/2 1, f1 2/3 2/3 1
    assert values == pytest.approx({"accuracy": 3 / 4, "precision": 5 / 6, "recall": 5 / 6, "f1": 7 / 9})


def test_a_metric_starts_empty() -> None:
    (metric,) = build_metrics([part("metric", "confusion_matrix")], "multiclass", ["a", "b"]).values()
    metric.update(torch.tensor([[0.1, 0.9]]), torch.tensor([1]))
    assert metric.compute().tolist() == [[0, 0], [0, 1]]
    assert not metric.validate_args


def test_two_classes_are_measured_over_the_probability_of_class_1() -> None:
    metrics = build_metrics([part("metric", "accuracy"), part("metric", "auroc")], "binary", ["a", "b"])
    scores_B, y_B = torch.tensor([0.1, 0.6, 0.4, 0.9]), torch.tensor([0, 0, 1, 1])
    assert {name: float(m(scores_B, y_B)) for name, m in metrics.items()} == {"accuracy": 0.5, "auroc": 0.75}


def test_numbers_are_measured_in_their_own_unit() -> None:
    chosen = auto.auto_metrics("regression", (), is_thin=False)
    metrics = build_metrics([part("metric", option) for option in chosen], "regression", [])
    values = {name: float(m(torch.tensor([1.0, 5.0]), torch.tensor([1.0, 3.0]))) for name, m in metrics.items()}
    assert values == pytest.approx({"rmse": 2**0.5, "mae": 1.0, "r2": -1.0})


@pytest.mark.parametrize("option", auto.CLASS_METRICS + auto.REGRESSION_METRICS)
def test_seven_rows_and_then_the_rest_give_the_value_of_all(option: str) -> None:
    task: Task = "regression" if option in auto.REGRESSION_METRICS else "multiclass"
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(30, 3, generator=generator).softmax(1)
    y = torch.randint(3, (30,), generator=generator)
    scores, y = (scores[:, 0], y.float()) if task == "regression" else (scores, y)
    whole, halved = (
        build_metrics([part("metric", option)], task, ["a", "b", "c"] * (task == "multiclass"))[option]
        for _ in range(2)
    )
    whole.update(scores, y)
    halved.update(scores[:7], y[:7])
    halved.update(scores[7:], y[7:])
    torch.testing.assert_close(whole.compute(), halved.compute())


def test_every_metric_option_is_known_to_one_task() -> None:
    assert sorted([*auto.CLASS_METRICS, *auto.REGRESSION_METRICS, "auto"]) == options("metric")


@pytest.mark.parametrize(
    ("option", "task", "changed", "words"),
    [
        ("rmse", "multiclass", {}, "metric=rmse does not fit data with 10 classes; what fits: accuracy, precision, r"),
        ("accuracy", "regression", {}, "metric=accuracy does not fit data with numbers to predict; what fits: rmse, "),
        ("f1", "multiclass", {"average": "mean"}, "metric.average=mean: f1 wants one of micro, macro, weighted, none"),
        ("accuracy", "multiclass", {"top_k": 11}, "metric=accuracy: .*top_k"),
        ("recall", "multiclass", {"multidim_average": "samplewise"}, "metric=recall: .*preds"),
        ("accuracy", "binary", {"threshold": 2.0}, "metric=accuracy: .*threshold"),
        ("mae", "regression", {"task": "binary"}, "metric=mae: .*task"),
        ("accuracy", "binary", {"num_classes": 3}, "metric.num_classes is found out by the program; leave it out"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused(option: str, task: Task, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        build_metrics([part("metric", option, **changed)], task, [*"abcdefghij"])


# Data sets


def test_a_source_takes_its_knobs_and_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_data.py").write_text(
        "from runner.contracts import Source\nclass Mine(Source):\n"
        "    def __init__(self, rows: int): self.rows = rows\n"
        "    def load(self, data_dir): raise AssertionError\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    given = Part("dataset", "mine", "users_data.Mine", {"rows": 5})
    assert vars(build_source(given, trusted=["users_data"])) == {"rows": 5}
    del sys.modules["users_data"]


def test_a_model_is_no_data_set() -> None:
    with pytest.raises(
        ConfigError, match=r"^dataset\._target_=torch\.nn\.Linear is refused: it is no class of the kin"
    ):
        build_source(Part("dataset", "mine", "torch.nn.Linear", {}))


def test_a_torch_dataset_is_no_source_and_is_told_where_it_goes() -> None:
    told = r"_target_=torchvision.datasets.FakeData is a torch Dataset; those go by dataset=module dataset.name=torchv"
    with pytest.raises(ConfigError, match=told):
        build_source(Part("dataset", "mine", "torchvision.datasets.FakeData", {}))


MY_NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, in_shape, num_outputs, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(in_shape[0], width), nn.Linear(width, num_outputs))
    def forward(self, x):
        return self.layers(x)

class Plain(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 3))

class Extra(Plain):
    def forward(self, x):
        return (x, x) if self.training else super().forward(x)
"""


def user_model(folder: Path, name: str, trusted: list[str], **arguments: Any) -> nn.Module:
    (folder / "my_net_file.py").write_text(MY_NET)
    path = str(folder / "my_net_file.py")
    return build_model(part("model", "module", path=path, name=name, arguments=arguments), (4,), 3, trusted)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_net_file", raising=False)
    return tmp_path


def test_a_class_in_a_file_of_the_users_is_a_model_that_is_given_what_it_takes(folder: Path) -> None:
    net = user_model(folder, "Net", ["my_net_file"], width=5)
    assert type(net).__name__ == "Net" and net.training
    assert [list(weight.shape) for weight in net.parameters()] == [[5, 4], [5], [3, 5], [3]]
    assert type(user_model(folder, "Plain", ["my_net_file"])).__name__ == "Plain"


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        (
            "Net",
            {"width": 5, "depth": 2},
            r"model=module: Net\.__init__\(\) got an unexpected keyword argument 'depth'",
        ),
        ("Net", {}, r"model=module: Net\.__init__\(\) missing 1 required positional argument: 'width'"),
        ("Extra", {}, r"model=module: gives a tuple; a model gives one tensor, \[rows, outputs\]"),
        ("Nett", {}, r"model\.name=Nett is refused: my_net_file has no Nett; did you mean my_net_file\.Net\?"),
    ],
)
def test_a_class_that_cannot_be_the_model_is_refused(folder: Path, name: str, arguments: Any, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        user_model(folder, name, ["my_net_file"], **arguments)


def test_a_file_with_a_model_is_run_only_when_it_is_trusted(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"say that you trust it: trusted=\[my_net_file\]"):
        user_model(folder, "Net", [], width=5)


def test_a_class_of_torch_goes_by_its_path_and_is_held_against_the_rows() -> None:
    linear = part("model", "module", name="torch.nn.Linear", arguments={"in_features": 4, "out_features": 3})
    assert type(build_model(linear, (4,), 3)) is nn.Linear
    with pytest.raises(ConfigError, match=r"model=module: turns one row into \[1, 3\], not into \[1, 2\]"):
        build_model(linear, (4,), 2)


def test_a_stored_net_needs_no_file_of_published_weights_for_its_checkpoint_holds_all() -> None:
    stored = part("model", "torchvision", weights="DEFAULT")
    assert without_published_weights(stored).knobs == {"name": "resnet18", "weights": None, "freeze": []}
    own = Part("model", "mine", "mine.nets.Net", {"weights": "a_file.pt"})
    assert without_published_weights(own) is own
