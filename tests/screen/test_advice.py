"""What a run's records advise, each fault by hand-made rows: it is told where it is, and only there."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from runner.contracts import Outcome
from runner.screen.advice import Records, advice

HEALTHY = [2.0, 1.0, 0.6, 0.5, 0.48, 0.48]
HITS = ((45, 5), (5, 45))
SECONDS = {"hist": 0.6, "catboost": 65.0}


def rows(train: Sequence[float | None], val: Sequence[float | None] = (), lr: Sequence[float] = ()) -> list[Any]:
    """A row an epoch of 100 steps; the validation loss is that of a healthy run, the rate the same in each."""
    val = val or [0.5 + 0.1 / (i + 1) for i in range(len(train) - 1)] + [0.53]
    rates = lr or [0.1] * len(train)
    return [
        {"step": 100 * (i + 1), "epoch": i + 1, "train/loss": train[i], "val/loss": val[i], "lr": rates[i]}
        for i in range(len(train))
    ]


def records(epochs: Sequence[Any], *, confusion: Any = HITS, numbers: bool = False, **changed: Any) -> Records:
    """Of a run on a table of two classes, or of numbers, that went well, with what is ``changed`` about it."""
    facts: dict[str, Any] = {
        "model": "dnn", "loss": "cross_entropy", "in_shape": (4,), "optimizer": "adam", "patience": None, "augment": [],
        "metric": "rmse" if numbers else "accuracy", "ours": 0.9, "baseline": {"accuracy": 0.5}, "linear": {},
        "trees": {}, "counts": (50, 50), "max_steps": None, "repeat_batch": None, "models": ("dnn", "tabular", "tabm"),
        "num_rows": 2000,
        "knobs": {"lr": 0.1, "weight_decay": 0.01},
    }  # fmt: skip
    assert set(changed) <= set(facts)
    facts |= changed
    config = SimpleNamespace(
        optimizer=SimpleNamespace(option=facts["optimizer"], knobs=facts["knobs"]),
        loss=SimpleNamespace(knobs={"weight": None}),
        dataset=SimpleNamespace(knobs={"augment": facts["augment"]}),
        early_stopping=SimpleNamespace(patience_epochs=facts["patience"]),
        max_steps=facts["max_steps"],
        repeat_batch=facts["repeat_batch"],
    )
    outline = SimpleNamespace(
        options={"model": facts["model"], "loss": facts["loss"]},
        in_shape=facts["in_shape"],
        split_sizes={"train": facts["num_rows"] - 400, "val": 200, "test": 200},
        class_names=() if numbers else ("cat", "dog"),
        class_counts=facts["counts"],
        epochs=len(epochs),
        monitor="val/loss",
        higher_is_better={"loss": False, facts["metric"]: facts["metric"] in ("accuracy", "r2")},
    )
    outcome = Outcome(
        "finished",
        {f"test/{facts['metric']}": facts["ours"]},
        baseline=facts["baseline"],
        linear=facts["linear"],
        trees=facts["trees"],
        trees_seconds=SECONDS,
        confusion=() if numbers else confusion,
        judged_split="test",
    )
    given: Any = (config, outline, outcome)
    return Records(*given, epochs, facts["models"])


def test_of_a_healthy_run_nothing_is_said() -> None:
    assert advice(records(rows(HEALTHY))) == []


def test_a_loss_that_jumps_is_told_with_its_epoch_and_a_tenth_of_the_rate() -> None:
    assert advice(records(rows([2.0, 0.9, 0.8, 3.5, 2.9, 2.8]))) == [
        "train/loss jumps from 0.8000 to 3.5000 in epoch 4: the steps are too large; try optimizer.lr=0.01 or "
        "grad_clip_norm=1.0"
    ]


def test_a_small_rise_is_no_jump() -> None:
    assert advice(records(rows([2.0, 0.9, 0.8, 1.1, 0.7, 0.7]))) == []


def test_a_first_epoch_far_above_guessing_is_told_beside_what_guessing_costs() -> None:
    (line,) = advice(records(rows([22.0, 1.0, 0.6, 0.5, 0.48, 0.48])))
    assert line.startswith("train/loss is 22.000 in the first epoch, guessing one of 2 classes costs 0.6931: the")
    assert advice(records(rows([22.0, 1.0, 0.6, 0.5, 0.48, 0.48]), loss="mse")) == []


def test_a_rate_that_has_no_one_name_is_told_in_words() -> None:
    (line,) = advice(records(rows([2.0, 0.9, 0.8, 3.5, 2.9, 2.8]), knobs={}))
    assert "try a learning rate 0.1 times as large or" in line


STILL = [0.7, 0.7, 0.69, 0.69, 0.69, 0.69]
NOT_LEARNED = ((50, 0), (50, 0))


def test_a_net_no_better_than_the_commonest_class_is_told_before_all_that_follows_from_it() -> None:
    assert advice(records(rows(STILL), ours=0.5, confusion=NOT_LEARNED, linear={"accuracy": 0.9})) == [
        "test/accuracy is 0.5000, that of the commonest class 0.5000: nothing is learned; try optimizer.lr=1 or "
        "debug=overfit_batch, which shows whether it can learn"
    ]


def test_no_larger_rate_is_advised_where_the_train_loss_fell() -> None:
    (line,) = advice(records(rows(HEALTHY), ours=0.5, confusion=NOT_LEARNED))
    assert line.endswith("nothing is learned; try debug=overfit_batch, which shows whether it can learn")


def test_a_net_that_finds_some_of_a_rare_class_has_learned_though_it_hits_no_more() -> None:
    assert advice(records(rows(HEALTHY), ours=0.9, baseline={"accuracy": 0.9}, confusion=((84, 6), (4, 6)))) == []


def test_a_regression_no_better_than_the_mean_is_told() -> None:
    (line,) = advice(records(rows(HEALTHY), numbers=True, ours=9.9, baseline={"rmse": 10.0}, loss="mse"))
    assert line.startswith("test/rmse is 9.9000, that of the mean 10.000: nothing is learned")
    assert advice(records(rows(HEALTHY), numbers=True, ours=5.0, baseline={"rmse": 10.0}, loss="mse")) == []


RARE = ((90, 0), (10, 0))


def test_a_rare_class_that_is_never_predicted_is_weighed() -> None:
    faulty = records(rows(HEALTHY), ours=0.9, baseline={"accuracy": 0.5}, confusion=RARE, counts=(900, 100))
    assert advice(faulty) == ["class dog is never predicted, test has 10 rows of it: try loss.weight=balanced"]


def test_a_common_class_that_is_never_predicted_calls_for_smaller_steps() -> None:
    faulty = records(rows(HEALTHY), ours=0.9, baseline={"accuracy": 0.5}, confusion=RARE)
    assert advice(faulty)[0].endswith("try optimizer.lr=0.01")
    short = records(rows([0.7]), ours=0.9, baseline={"accuracy": 0.5}, confusion=RARE)
    assert advice(short)[0].endswith("test has 10 rows of it: try epochs=10")


def test_a_class_of_four_rows_may_be_missed() -> None:
    assert advice(records(rows(HEALTHY), confusion=((90, 0), (4, 0)), baseline={"accuracy": 0.5})) == []


def test_a_linear_model_that_is_clearly_better_is_told_and_trees_beside_it_are_not() -> None:
    faulty = records(rows(HEALTHY), ours=0.9, linear={"accuracy": 0.99}, trees={"hist": {"accuracy": 0.99}})
    assert advice(faulty) == ["a linear model has test/accuracy 0.9900, the net 0.9000: try model=tabular"]


@pytest.mark.parametrize(("metric", "theirs", "is_told"), [("rmse", 0.5, True), ("rmse", 0.88, False), ("r2", 1, True)])
def test_of_numbers_a_linear_model_is_told_that_is_five_percent_better(metric: str, theirs: Any, is_told: bool) -> None:
    found = records(rows(HEALTHY), numbers=True, metric=metric, linear={metric: theirs}, baseline={}, loss="mse")
    assert [line.startswith(f"a linear model has test/{metric}") for line in advice(found)] == [True] * is_told


def test_beside_pictures_the_linear_model_itself_is_advised() -> None:
    (line,) = advice(records(rows(HEALTHY), linear={"accuracy": 0.99}, in_shape=(1, 8, 8)))
    assert line.endswith("try model=linear")


def test_a_net_that_is_still_improving_is_not_held_against_the_linear_model() -> None:
    (line,) = advice(records(rows(HEALTHY, [2.0, 1.5, 1.2, 1.0, 0.9, 0.8]), linear={"accuracy": 0.99}))
    assert line.endswith("still improving at the last epoch: try epochs=12")


def lead(trees: dict[str, Any], ours: float, **changed: Any) -> list[str]:
    return advice(records(rows(HEALTHY), trees=trees, ours=ours, **changed))


def test_trees_that_are_better_are_said_to_be_with_their_seconds_and_the_net_that_comes_near() -> None:
    told = "a tree ensemble scores 0.8709 on the same rows in 0.60 s"
    hist = {"hist": {"accuracy": 0.8709}}
    assert lead(hist, 0.8575) == [f"{told}; model=tabular closes most of such a gap"]
    assert lead(hist, 0.8575, model="tabular") == lead(hist, 0.8575, model="tabm") == [told]
    assert lead(hist, 0.8575, models=("dnn",)) == lead(hist, 0.8575, num_rows=1999) == [told]


def test_the_best_of_several_is_named_also_where_less_is_better() -> None:
    trees = {"hist": {"rmse": 0.47}, "catboost": {"rmse": 0.44}}
    told = "CatBoost scores 0.4400 on the same rows in 1 min 05 s; model=tabular closes most of such a gap"
    assert lead(trees, 0.53, numbers=True, baseline={}) == [told]


def test_a_net_of_few_steps_is_advised_to_train_longer_before_another_model_is() -> None:
    short = rows([0.6, 0.5], [0.5, 0.5])
    scores = "a tree ensemble scores 0.9000 on the same rows in 0.60 s"
    assert advice(records(short, trees={"hist": {"accuracy": 0.9}}, ours=0.8)) == [
        f"{scores}; the net had 200 steps: try epochs=20"
    ]
    (line,) = advice(records(short, linear={"accuracy": 0.99}, ours=0.8))
    assert line == "a linear model has test/accuracy 0.9900, the net 0.8000; the net had 200 steps: try epochs=20"


@pytest.mark.parametrize(("theirs", "ours"), [(0.87, 0.88), (0.87, 0.87), (0.870004, 0.87)])
def test_trees_that_are_behind_or_level_in_what_is_shown_are_not_mentioned(theirs: float, ours: float) -> None:
    assert lead({"hist": {"accuracy": theirs}}, ours) == []


def test_where_no_metric_of_the_trees_can_be_compared_nothing_is_said() -> None:
    assert lead({"hist": {"mine": 1.0}}, 0.9) == []


FALLING = [2.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.01]
RISING = [1.5, 0.5, 0.45, 0.5, 0.55, 0.58, 0.6, 0.62]


def test_overfitting_is_told_with_the_epoch_in_which_it_began() -> None:
    assert advice(records(rows(FALLING, RISING))) == [
        "val/loss rises from 0.4500 in epoch 3 to 0.6200, while train/loss falls to 0.0100: try "
        "early_stopping.patience_epochs=5; docs/overfitting.md has more"
    ]


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({"in_shape": (1, 8, 8)}, "'dataset.augment=[{rotation: {degrees: 15}}]'"),
        ({"in_shape": (1, 8, 8), "augment": ["hflip"], "optimizer": "adamw"}, "optimizer.weight_decay=1.0"),
        ({"patience": 5}, "fewer or narrower layers"),
    ],
)
def test_the_remedy_is_one_that_the_run_has_not(changed: Any, remedy: str) -> None:
    assert f": try {remedy};" in advice(records(rows(FALLING, RISING), **changed))[0]


def test_a_validation_loss_that_comes_back_or_a_train_loss_that_rises_too_is_no_overfitting() -> None:
    assert advice(records(rows(FALLING, [*RISING[:-1], 0.46]))) == []
    assert advice(records(rows([2.0, 0.5, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3], RISING))) == []
    assert advice(records(rows(FALLING, [None] * 8))) == []


def test_a_rate_that_is_gone_before_the_middle_is_told() -> None:
    assert advice(records(rows(HEALTHY, lr=[0.1, 0.01, 0.0005, 0.00001, 0.000001, 0]))) == [
        "the learning rate is below 1% of 0.1 since epoch 3 of 6: try scheduler=cosine_annealing_lr, which is spread "
        "over the whole run"
    ]
    assert advice(records(rows(HEALTHY, lr=[0.1, 0.09, 0.05, 0.01, 0.005, 0]))) == []
    assert advice(records(rows(HEALTHY, lr=[0.1, 0.09, 0.05, 0, 0, 0]))) == []  # as a cosine of two epochs
    assert advice(records(rows(HEALTHY, lr=[0.1, 0.0001, 0.0001, 0.1, 0.0001, 0.0001]))) == []


def steps_of(epochs: list[Any], each: int) -> list[Any]:
    return [{**row, "step": each * row["epoch"]} for row in epochs]


def test_a_run_that_still_improves_is_told_with_twice_as_many_epochs() -> None:
    assert advice(records(rows(HEALTHY, [2.0, 1.5, 1.2, 1.0, 0.9, 0.8]))) == [
        "val/loss goes from 0.9000 in epoch 5 to 0.8000; still improving at the last epoch: try epochs=12"
    ]
    assert advice(records(rows(HEALTHY, [2.0, 1.5, 1.2, 1.0, 0.99, 0.98]))) == []


def test_case_47_few_steps_whose_last_epoch_is_the_best_are_told_with_ten_times_as_many_epochs() -> None:
    short = steps_of(rows(HEALTHY, [2.0, 1.5, 1.2, 1.0, 0.99, 0.98]), 5)
    assert advice(records(short)) == ["30 steps in all; still improving at the last epoch: try epochs=60"]


def test_case_47_a_single_epoch_has_nothing_to_be_compared_with() -> None:
    assert advice(records(steps_of(rows([2.0], [2.0]), 1))) == []


def test_so_few_steps_that_the_curve_says_nothing_are_told() -> None:
    told = ["18 steps in all are too few to judge the curve by: try epochs=60"]
    assert advice(records(steps_of(rows(HEALTHY), 3))) == told
    assert advice(records(steps_of(rows(HEALTHY), 4))) == []


def test_nothing_else_is_read_off_so_few_steps() -> None:
    short = steps_of(rows([2.0, 0.9, 0.8, 3.5, 2.9, 2.8]), 3)
    assert advice(records(short, ours=0.5, confusion=NOT_LEARNED)) == [
        "18 steps in all are too few to judge the curve by: try epochs=60"
    ]


def test_at_most_three_lines_are_said_the_gravest_first() -> None:
    epochs = rows([2.0, 0.9, 0.8, 3.5, 0.4, 0.3, 0.2, 0.1], RISING, [0.1] + 7 * [0.0])
    lines = advice(records(epochs, ours=0.7, linear={"accuracy": 0.9}))
    assert [line.split()[0] for line in lines] == ["train/loss", "a", "val/loss"]


@pytest.mark.parametrize("short", [{"max_steps": 10}, {"repeat_batch": 300}])
def test_a_run_that_was_to_be_short_or_to_repeat_a_batch_gets_no_advice(short: Any) -> None:
    assert advice(records(rows([2.0, 0.9, 0.8, 3.5, 2.9, 2.8]), **short)) == []


def test_a_run_cut_off_before_its_first_epoch_gets_none() -> None:
    assert advice(records([])) == []
