"""Scores of two and of three classes against scikit-learn; torchmetrics by itself scores class 1 of two."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torch import Tensor

from options import options, part
from runner.build import auto
from runner.build.metric import build_metrics
from runner.config.catalog import Part
from runner.contracts import Task
from runner.errors import ConfigError
from runner.experiment.plan import metrics_of_one_class

NAMES = {2: ("abnormal", "normal"), 3: ("abnormal", "broken", "normal")}
TASKS: dict[int, Task] = {2: "binary", 3: "multiclass"}
FILES = ("precision", "recall", "f1", "accuracy", "auroc", "confusion_matrix")  # of the program
USERS: dict[str, dict[str, Any]] = {  # options as a user may write them
    "Specificity": {"threshold": 0.5, "average": "macro"},
    "JaccardIndex": {"threshold": 0.5, "average": "macro"},
    "FBetaScore": {"threshold": 0.5, "average": "macro", "beta": 2.0},
    "NegativePredictiveValue": {"average": "macro"},
    "AveragePrecision": {"average": "macro"},
    "HammingDistance": {"average": "macro"},
    "MatthewsCorrCoef": {"threshold": 0.5},
    "CohenKappa": {"threshold": 0.5},
}


OF_CLASSES = ("precision", "recall", "f1", "accuracy", "FBetaScore", "JaccardIndex", "Specificity")
OF_CURVES = ("auroc", "AveragePrecision")


def option(name: str, **changed: Any) -> Part:
    if name in FILES:
        return part("metric", name, **changed)
    return Part("metric", name, f"torchmetrics.{name}", USERS[name] | changed)


def rows(num_classes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """(probabilities [60, K], labels): the classes of unequal size, half of the rows right."""
    draw = torch.Generator().manual_seed(seed)
    y_N = torch.multinomial(
        torch.tensor([0.15, 0.85] if num_classes == 2 else [0.1, 0.3, 0.6]), 60, True, generator=draw
    )
    logits_NK = torch.randn(60, num_classes, generator=draw) * 3 + torch.nn.functional.one_hot(y_N, num_classes) * 2
    return logits_NK.softmax(1), y_N


def measured(given: Part, shares_NK: Tensor, y_N: Tensor) -> float:
    """The metric, as a run measures it: of two classes over the probability of the second."""
    num_classes = shares_NK.shape[1]
    (metric,) = build_metrics([given], TASKS[num_classes], NAMES[num_classes]).values()
    metric.update(shares_NK[:, 1] if num_classes == 2 else shares_NK, y_N)
    return float(metric.compute())


def specificities(y: Any, given: Any) -> Any:
    counts = sk.multilabel_confusion_matrix(y, given)
    return counts[:, 0, 0] / counts[:, 0].sum(1)


def averaged(of_each: Any, y: Any, average: str) -> float:
    return float(np.average(of_each, weights=np.bincount(y) if average == "weighted" else None))


def by_scikit_learn(name: str, average: str, shares_NK: Tensor, y_N: Tensor) -> float:
    shares, y = shares_NK.double().numpy(), y_N.numpy()
    given = shares.argmax(1)
    plain = {"average": average, "zero_division": 0.0}
    if name == "Specificity" and average == "micro":
        counts = sk.multilabel_confusion_matrix(y, given).sum(0)
        return float(counts[0, 0] / counts[0].sum())
    answers: dict[str, Any] = {
        "precision": lambda: sk.precision_score(y, given, **plain),
        "recall": lambda: sk.recall_score(y, given, **plain),
        "f1": lambda: sk.f1_score(y, given, **plain),
        "FBetaScore": lambda: sk.fbeta_score(y, given, beta=2.0, **plain),
        "JaccardIndex": lambda: sk.jaccard_score(y, given, **plain),
        "Specificity": lambda: averaged(specificities(y, given), y, average),
        "accuracy": lambda: sk.recall_score(y, given, average=average),
        "auroc": lambda: averaged([sk.roc_auc_score(y == k, shares[:, k]) for k in range(shares.shape[1])], y, average),
        "AveragePrecision": lambda: averaged(
            [sk.average_precision_score(y == k, shares[:, k]) for k in range(shares.shape[1])], y, average
        ),
    }
    return float(answers[name]())


@pytest.mark.parametrize("num_classes", [2, 3])
@pytest.mark.parametrize(
    ("name", "average"),
    [
        *product([*OF_CLASSES, *OF_CURVES], ["macro", "weighted"]),
        *product(OF_CLASSES, ["micro"]),  # of curves torchmetrics has no such average
    ],
)
def test_case_24_an_average_is_that_of_scikit_learn(name: str, average: str, num_classes: int) -> None:
    for seed in range(3):
        shares_NK, y_N = rows(num_classes, seed)
        expected = by_scikit_learn(name, average, shares_NK, y_N)
        assert measured(option(name, average=average), shares_NK, y_N) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_case_24_what_has_no_average_is_of_all_classes_alike(num_classes: int) -> None:
    shares_NK, y_N = rows(num_classes)
    given = shares_NK.argmax(1)
    kappa, matthews = sk.cohen_kappa_score(y_N, given), sk.matthews_corrcoef(y_N, given)
    assert measured(option("CohenKappa"), shares_NK, y_N) == pytest.approx(kappa, abs=1e-6)
    assert measured(option("MatthewsCorrCoef"), shares_NK, y_N) == pytest.approx(matthews, abs=1e-6)


@pytest.mark.parametrize(("average", "f1"), [("macro", 0.4872), ("weighted", 0.9256), ("micro", 0.95)])
def test_case_24_a_net_that_never_finds_the_rare_class_is_not_told_that_it_does(average: str, f1: float) -> None:
    y_N = torch.cat([torch.zeros(2), torch.ones(38)]).long()
    always = torch.tensor([[0.1, 0.9]]).expand(40, 2)
    assert measured(option("f1", average=average), always, y_N) == pytest.approx(f1, abs=5e-5)
    assert measured(option("f1", positive_class="abnormal"), always, y_N) == 0
    assert measured(option("f1", positive_class="normal"), always, y_N) == pytest.approx(0.9744, abs=5e-5)


@pytest.mark.parametrize("positive", [0, 1])
@pytest.mark.parametrize("name", ["precision", "recall", "f1", "JaccardIndex", "AveragePrecision", "Specificity"])
def test_case_24_one_class_alone_where_it_is_named(name: str, positive: int) -> None:
    shares_NK, y_N = rows(2)
    y, given = y_N == positive, shares_NK.argmax(1) == positive
    expected = {
        "precision": lambda: sk.precision_score(y, given),
        "recall": lambda: sk.recall_score(y, given),
        "f1": lambda: sk.f1_score(y, given),
        "JaccardIndex": lambda: sk.jaccard_score(y, given),
        "AveragePrecision": lambda: sk.average_precision_score(y, shares_NK[:, positive]),
        "Specificity": lambda: sk.recall_score(~y, ~given),
    }[name]()
    one = option(name, positive_class=NAMES[2][positive])
    assert measured(one, shares_NK, y_N) == pytest.approx(expected, abs=1e-6)


def test_case_24_of_a_part_of_the_curve_each_class_has_its_own() -> None:
    shares_NK, y_N = rows(2)
    for positive, name in enumerate(NAMES[2]):
        expected = sk.roc_auc_score(y_N == positive, shares_NK[:, positive], max_fpr=0.3)
        one = option("auroc", max_fpr=0.3, positive_class=name)
        assert measured(one, shares_NK, y_N) == pytest.approx(expected, abs=1e-6)


def test_case_24_probabilities_too_small_to_be_taken_from_one_still_rank() -> None:
    y_N = torch.tensor([0, 0, 1, 1])
    scores_B = torch.tensor([1e-12, 2e-12, 3e-12, 4e-12])
    metric = build_metrics([option("AveragePrecision")], "binary", NAMES[2])["AveragePrecision"]
    metric.update(scores_B, y_N)
    assert float(metric.compute()) == 1.0


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8])
def test_case_24_a_threshold_is_of_the_class_that_is_scored(threshold: float) -> None:
    scores_B, y_B = torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9]), torch.tensor([0, 1, 0, 1, 1])
    shares = torch.stack([1 - scores_B, scores_B], 1)
    both = sk.f1_score(y_B, scores_B > threshold, average="macro")
    assert measured(option("f1", threshold=threshold), shares, y_B) == pytest.approx(both, abs=1e-6)
    rare = sk.f1_score(y_B == 0, scores_B <= 1 - threshold)
    assert measured(option("f1", threshold=threshold, positive_class="abnormal"), shares, y_B) == pytest.approx(rare)


def test_case_24_seven_rows_and_then_the_rest_give_the_value_of_all() -> None:
    shares_NK, y_N = rows(2)
    for given in (option("f1"), option("f1", positive_class="abnormal"), option("AveragePrecision")):
        whole, halved = (build_metrics([given], "binary", NAMES[2])[given.option] for _ in range(2))
        whole.update(shares_NK[:, 1], y_N)
        halved.update(shares_NK[:7, 1], y_N[:7])
        halved.update(shares_NK[7:, 1], y_N[7:])
        torch.testing.assert_close(whole.compute(), halved.compute())


def test_case_24_what_is_of_one_class_alone_says_of_which() -> None:
    bare = Part("metric", "Precision", "torchmetrics.Precision", {})  # says nothing of an average: torchmetrics' own
    chosen = [option("f1"), option("recall", positive_class="abnormal"), bare, option("auroc"), option("accuracy")]
    assert metrics_of_one_class(build_metrics(chosen, "binary", NAMES[2]), NAMES[2]) == [
        "recall is of class abnormal alone; another: metric.recall.positive_class=normal",
        "Precision is of class normal alone; another: metric.Precision.positive_class=abnormal",
    ]
    assert metrics_of_one_class(build_metrics([option("f1")], "multiclass", NAMES[3]), NAMES[3]) == []


@pytest.mark.parametrize(
    ("given", "num_classes", "told"),
    [
        (
            option("f1", positive_class="abnorml"),
            2,
            "metric.f1.positive_class=abnorml: is not one of the classes: abnormal, normal; did you mean abnormal?",
        ),
        (
            option("f1", positive_class="normal"),
            3,
            "metric.f1.positive_class=normal: is for two classes; this data has 3",
        ),
        (option("auroc", max_fpr=0.5), 3, "metric.auroc.max_fpr=0.5: is for two classes; this data has 3"),
        (option("accuracy", top_k=2), 2, "metric.accuracy.top_k=2: with two classes every row is right"),
    ],
)
def test_case_24_a_knob_that_the_classes_do_not_suit_is_refused(given: Part, num_classes: int, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build_metrics([given], TASKS[num_classes], NAMES[num_classes])
    assert refused.value.faults == (told,)


def test_case_24_a_class_whose_name_is_a_number_can_be_named() -> None:
    metric = build_metrics([option("recall", positive_class=0)], "binary", ("0", "1"))["recall"]
    metric.update(torch.tensor([0.1, 0.2, 0.9]), torch.tensor([0, 0, 0]))
    assert float(metric.compute()) == pytest.approx(2 / 3)


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
        ("f1", "multiclass", {"average": "mean"}, "metric.f1.average=mean: f1 wants one of micro, macro, weighted, "),
        ("accuracy", "multiclass", {"top_k": 11}, "metric.accuracy.top_k=11: must be 1 to 9: with all 10 cl"),
        ("precision", "multiclass", {"top_k": 10}, "metric.precision.top_k=10: must be 1 to 9: with all 10 c"),
        ("f1", "multiclass", {"ignore_index": 10}, "metric.f1.ignore_index=10: must be 0 to 9, the number of a cl"),
        ("recall", "multiclass", {"multidim_average": "samplewise"}, "metric=recall: .*preds"),
        ("accuracy", "binary", {"threshold": 2.0}, "metric=accuracy: .*threshold"),
        ("mae", "regression", {"task": "binary"}, "metric=mae: .*task"),
        ("accuracy", "binary", {"num_classes": 3}, "metric.accuracy.num_classes is set by the program; leave"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused(option: str, task: Task, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{words}"):
        build_metrics([part("metric", option, **changed)], task, [*"abcdefghij"])


@pytest.mark.parametrize("name", ["accuracy", "f1"])
def test_of_several_processes_one_measures_without_the_others(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchmetrics.metric.jit_distributed_available", lambda: True)
    shares_NK, y_N = torch.eye(2)[[0, 1, 1, 1]], torch.tensor([0, 0, 1, 1])
    expected = {"accuracy": 3 / 4, "f1": (2 / 3 + 4 / 5) / 2}  # torchmetrics would ask them, and fail: there are none
    assert measured(option(name, average="macro" if name == "f1" else "micro"), shares_NK, y_N) == pytest.approx(
        expected[name]
    )
