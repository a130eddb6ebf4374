"""The loop over built parts: hand-made data, hand-made numbers."""

import warnings
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy
from torchmetrics.regression import MeanAbsoluteError, R2Score

from runner.contracts import Chunk, Parts, Progress, Report, Schedule
from runner.engine.epoch_sums import CONDENSE_EVERY, Tally
from runner.engine.fit import Plan, confusion, evaluate, fit, measure
from runner.engine.predict import predict
from runner.engine.step import Stepper, learning_rates, let_skip
from runner.errors import RunError
from runner.losses.readout import Probabilities

PLAN = Plan(epochs=3, log_every_steps=4, monitor="val/loss")


class ListBatches:
    """Chunks of four batches, in an order that depends on the epoch alone."""

    def __init__(self, x: Tensor, y: Tensor, batch_size: int, batches_per_chunk: int = 4):
        self.x, self.y, self.batch_size, self.batches_per_chunk = x, y, batch_size, batches_per_chunk
        self.num_rows = len(x)

    def __len__(self) -> int:
        return -(-self.num_rows // self.batch_size)

    def chunks(self, epoch: int, from_batch: int = 0) -> Iterator[Chunk]:
        order = torch.randperm(self.num_rows, generator=torch.Generator().manual_seed(epoch))
        size = self.batches_per_chunk
        for first in range(from_batch // size * size, len(self), size):
            rows = order[first * self.batch_size : (first + size) * self.batch_size]
            yield Chunk(first, self.x[rows], self.y[rows], self.batch_size, rows)


@pytest.fixture
def rows() -> tuple[Tensor, Tensor]:
    x = torch.randn(32, 5, generator=torch.Generator().manual_seed(1))
    return x, (x.sum(1) > 0).long() + (x[:, 0] > 1).long()


def make_parts(optimizer: str = "Adam", lr: float = 0.05, step_size: int | None = None, **knobs: Any) -> Parts:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
    built = getattr(torch.optim, optimizer)(model.parameters(), lr=lr, **knobs)
    schedules: tuple[Schedule, ...] = ()
    if step_size:
        schedules = (Schedule(torch.optim.lr_scheduler.StepLR(built, step_size, gamma=0.5), "step"),)
    return Parts(
        nn.Identity(), model, nn.CrossEntropyLoss(), Probabilities("multiclass"), (built,), schedules, {}, "multiclass"
    )


def train(parts: Parts, rows: tuple[Tensor, Tensor], plan: Plan = PLAN, start: Progress | None = None) -> list[Report]:
    batches = ListBatches(*rows, batch_size=3)
    return list(fit(parts, batches, {"val": batches}, plan, start or Progress()))


def logged(reports: list[Report]) -> list[tuple[int, dict[str, float]]]:
    return [(report.progress.step, dict(report.values)) for report in reports if report.values]


def test_an_epoch_takes_one_step_for_every_batch_and_the_last_may_be_short(rows: tuple[Tensor, Tensor]) -> None:
    reports = train(make_parts(), rows)
    assert [r.progress.step for r in reports if r.epoch_end] == [11, 22, 33]  # 32 rows in batches of 3
    assert [r.epoch for r in reports if r.epoch_end] == [1, 2, 3]


def test_every_logged_step_is_reported_exactly_once(rows: tuple[Tensor, Tensor]) -> None:
    steps = [step for step, _ in logged(train(make_parts(), rows))]
    assert steps == [4, 8, 11, 12, 16, 20, 22, 24, 28, 32, 33]


def test_train_loss_is_the_mean_over_rows_not_over_batches() -> None:
    x = torch.zeros(4, 1)
    y = torch.tensor([0, 0, 0, 1])
    model = nn.Linear(1, 2)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.copy_(torch.tensor([0.0, torch.log(torch.tensor(3.0))]))  # p = 1/4, 3/4
    still = torch.optim.SGD(model.parameters(), lr=0.0)
    parts = Parts(
        nn.Identity(), model, nn.CrossEntropyLoss(), Probabilities("multiclass"), (still,), (), {}, "multiclass"
    )
    reports = list(fit(parts, ListBatches(x, y, batch_size=3), {}, replace(PLAN, epochs=1), Progress()))
    three_wrong_one_right = (3 * torch.tensor(4.0).log() + torch.tensor(4 / 3).log()) / 4
    assert reports[-1].values["train/loss"] == pytest.approx(float(three_wrong_one_right), rel=1e-6)
    assert reports[-1].values["train/accuracy"] == 0.25


def test_same_seed_same_history(rows: tuple[Tensor, Tensor]) -> None:
    assert logged(train(make_parts(), rows)) == logged(train(make_parts(), rows))


@pytest.mark.parametrize("cut", range(1, 30))
def test_going_on_from_any_report_gives_the_rest_of_the_history(rows: tuple[Tensor, Tensor], cut: int) -> None:
    whole_parts = make_parts(step_size=5)
    whole = logged(train(whole_parts, rows))
    parts = make_parts(step_size=5)
    batches = ListBatches(*rows, batch_size=3)
    first = []
    for report in fit(parts, batches, {"val": batches}, PLAN, Progress()):
        first.append(report)
        if len(first) == cut or report.progress.step == 33:
            break
    start = Progress(**asdict(first[-1].progress))
    rest = list(fit(parts, batches, {"val": batches}, PLAN, start))
    assert logged(first) + logged(rest) == whole
    for a, b in zip(parts.model.parameters(), whole_parts.model.parameters(), strict=True):
        assert torch.equal(a, b)


def noise(x: Tensor, rows: Tensor, epoch: int) -> Tensor:
    """Another change for every row and epoch."""
    return x + 0.1 * torch.sin(rows * 12.9 + epoch * 78.2)[:, None]


def test_a_logged_step_says_which_share_of_the_rows_since_the_one_before_was_hit() -> None:
    """The last layer answers class 1 whatever comes in: of each window that share of rows is of class 1."""
    parts = make_parts("SGD", lr=0.0)
    with torch.no_grad():
        parts.model[3].weight.zero_()
        parts.model[3].bias.copy_(torch.tensor([0.0, 1.0, 0.0]))
    x, y = torch.zeros(10, 5), torch.tensor([1, 1, 1, 0, 0, 1, 0, 0, 2, 2])
    batches = ListBatches(x, y, batch_size=2)
    order = torch.randperm(10, generator=torch.Generator().manual_seed(0))
    hits = (y[order] == 1).float()
    plan = Plan(epochs=1, log_every_steps=2, monitor="train/loss")
    found = [report.values.get("train/batch_accuracy") for report in fit(parts, batches, {}, plan, Progress())]
    means = [float(part.mean()) for part in hits.split([4, 4, 2])]
    assert [value for value in found if value is not None] == means and len(set(means)) > 1


def test_a_window_whose_hits_an_early_build_did_not_count_says_no_accuracy_and_the_next_one_does() -> None:
    tally = Tally(Progress(step=3, batch=3, window_seen=6, window_hits=None), counts_hits=True)
    logits, labels = torch.eye(3), torch.tensor([0, 1, 0])
    for _ in range(2):
        tally.add(torch.tensor(1.0), logits, labels, len(labels))
        tally.read()
        told = tally.close_window()
    assert told == {"train/batch_loss": 1.0, "train/batch_accuracy": 2 / 3}
    first = Tally(Progress(window_seen=6, window_hits=None), counts_hits=True)
    first.add(torch.tensor(1.0), logits, labels, len(labels))
    first.read()
    assert list(first.close_window()) == ["train/batch_loss"]


def test_where_no_hits_are_counted_no_accuracy_is_said() -> None:
    tally = Tally(Progress(), counts_hits=False)
    for _ in range(2):
        tally.add(torch.tensor(0.5), torch.zeros(2, 1), torch.zeros(2), 2)
        tally.read()
        assert tally.close_window() == {"train/batch_loss": 0.5}


@pytest.mark.parametrize("cut", range(1, 30, 3))
def test_going_on_with_augmented_rows_gives_the_rest_of_the_history(rows: tuple[Tensor, Tensor], cut: int) -> None:
    whole_parts = replace(make_parts(), augment=noise)
    whole = logged(train(whole_parts, rows))
    parts = replace(make_parts(), augment=noise)
    first = []
    for report in fit(parts, ListBatches(*rows, batch_size=3), {}, PLAN, Progress()):
        first.append(report)
        if len(first) == cut:
            break
    rest = train(parts, rows, start=Progress(**asdict(first[-1].progress)))
    of_windows = ("train/batch_loss", "train/batch_accuracy")
    steps = [(step, *map(values.get, of_windows)) for step, values in logged(first) + logged(rest)]
    assert steps == [(step, *map(values.get, of_windows)) for step, values in whole]
    for a, b in zip(parts.model.parameters(), whole_parts.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_rows_are_augmented_in_training_and_never_in_evaluation(rows: tuple[Tensor, Tensor]) -> None:
    batches = ListBatches(*rows, batch_size=3)
    assert evaluate(make_parts(), batches) == evaluate(replace(make_parts(), augment=noise), batches)
    assert logged(train(make_parts(), rows)) != logged(train(replace(make_parts(), augment=noise), rows))


def test_stop_ends_after_the_step_under_way(rows: tuple[Tensor, Tensor]) -> None:
    batches = ListBatches(*rows, batch_size=3)
    calls = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) > 2

    reports = list(fit(make_parts(), batches, {}, replace(PLAN, log_every_steps=1000), Progress(), stop))
    assert [r.progress.step for r in reports] == [3]


def test_max_steps_ends_in_the_middle_of_an_epoch_and_still_judges(rows: tuple[Tensor, Tensor]) -> None:
    last = train(make_parts(), rows, replace(PLAN, max_steps=5))[-1]
    assert (last.progress.step, last.progress.epoch, last.progress.batch) == (5, 0, 5)
    assert last.epoch_end and "val/loss" in last.values


def test_gradients_are_clipped_to_the_norm_that_was_asked_for(rows: tuple[Tensor, Tensor]) -> None:
    reports = train(make_parts("SGD"), rows, replace(PLAN, grad_clip_norm=1e-3))
    norms = [values["grad_norm"] for _, values in logged(reports)]
    assert norms == pytest.approx([1e-3] * len(norms), rel=1e-3)


def test_a_loss_that_is_not_finite_stops_before_the_step(rows: tuple[Tensor, Tensor]) -> None:
    parts = make_parts("SGD", lr=0.1)
    x, y = rows[0].clone(), rows[1]
    x[0] = float("nan")
    before = [p.clone() for p in parts.model.parameters()]
    with pytest.raises(RunError, match=r"the loss is nan at step 1 \(epoch 1, batch 1, lr 0.1\).*not taken"):
        list(fit(parts, ListBatches(x, y, batch_size=32), {}, PLAN, Progress()))
    assert all(torch.equal(a, b) for a, b in zip(before, parts.model.parameters(), strict=True))


def test_gradients_that_are_not_finite_stop_although_the_loss_is(rows: tuple[Tensor, Tensor]) -> None:
    class SquareRoot(nn.Module):
        def forward(self, logits: Tensor, y: Tensor) -> Tensor:
            return (logits * 0).sum().sqrt()  # its slope at 0 is infinite

    parts = replace(make_parts("SGD"), loss=SquareRoot())
    with pytest.raises(RunError, match="the gradient is not finite at step 1"):
        train(parts, rows)


FUSED = [("SGD", {}), ("SGD", {"momentum": 0.9}), ("Adam", {}), ("AdamW", {}), ("Adagrad", {})]


@pytest.mark.parametrize(("optimizer", "knobs"), FUSED)
def test_a_fused_optimizer_takes_no_step_while_the_flag_of_the_device_is_set(
    optimizer: str, knobs: dict[str, Any], rows: tuple[Tensor, Tensor]
) -> None:
    parts = make_parts(optimizer, fused=True, **knobs)
    stepper = Stepper(parts, None)
    let_skip(parts.optimizers, stepper.found_inf)  # what a Stepper does where the host is not asked
    stepper.on_cpu = False
    tally = Tally(Progress(), counts_hits=True)
    stepper.step(*rows, tally)
    finite = [p.clone() for p in parts.model.parameters()]
    stepper.step(rows[0] * float("nan"), rows[1], tally)
    stepper.step(*rows, tally)
    assert all(torch.equal(a, b) for a, b in zip(finite, parts.model.parameters(), strict=True))
    with pytest.raises(RunError, match="not finite between steps 1 and 3"):
        tally.read()


@pytest.mark.parametrize("grad_clip_norm", [None, 1.0])
@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam"])
def test_off_the_cpu_a_step_asks_the_device_nothing(
    rows: tuple[Tensor, Tensor], optimizer: str, grad_clip_norm: float | None
) -> None:
    parts = make_parts(optimizer, step_size=5)
    parts.model.to("meta")  # whose tensors have no values: whoever reads one fails
    stepper, tally = Stepper(parts, grad_clip_norm), Tally(Progress(), counts_hits=True)
    for _ in range(2 * CONDENSE_EVERY):
        stepper.step(rows[0].to("meta"), rows[1].to("meta"), tally)
    with pytest.raises(Exception, match="meta"):  # here alone it is asked
        tally.read()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("grad_clip_norm", [None, 1.0])
def test_on_a_gpu_a_step_does_not_wait_for_the_device(
    rows: tuple[Tensor, Tensor], grad_clip_norm: float | None
) -> None:
    parts = make_parts("Adam")
    model = parts.model.cuda()
    parts = replace(parts, optimizers=(torch.optim.Adam(model.parameters(), fused=True),))
    stepper, tally = Stepper(parts, grad_clip_norm), Tally(Progress(), counts_hits=True)
    x, y = rows[0].cuda(), rows[1].cuda()
    try:
        with warnings.catch_warnings(action="ignore"):  # it warns that it may not see every wait
            torch.cuda.set_sync_debug_mode("error")
        for _ in range(2 * CONDENSE_EVERY):
            stepper.step(x, y, tally)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert tally.read().step == 2 * CONDENSE_EVERY


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_a_gpu_a_stepper_lets_its_optimizers_skip(rows: tuple[Tensor, Tensor]) -> None:
    parts = make_parts("Adam")
    model = parts.model.cuda()
    parts = replace(parts, optimizers=(torch.optim.Adam(model.parameters(), fused=True),))
    x, y = rows[0].cuda(), rows[1].cuda()
    stepper, tally = Stepper(parts, None), Tally(Progress(), counts_hits=True)
    stepper.step(x, y, tally)
    finite = [p.clone() for p in model.parameters()]
    stepper.step(x * float("nan"), y, tally)
    stepper.step(x, y, tally)
    assert all(torch.equal(a, b) for a, b in zip(finite, model.parameters(), strict=True))
    with pytest.raises(RunError, match="not finite between steps 1 and 3"):
        tally.read()


def test_an_optimizer_that_cannot_skip_is_left_as_it_is() -> None:
    parts = make_parts("RMSprop")
    let_skip(parts.optimizers, torch.zeros(()))
    assert not hasattr(parts.optimizers[0], "found_inf")


def table_parts(sparse: bool, lr: float = 0.1) -> Parts:
    """A table of five rows of three, and a linear layer of the mean of two of them."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.EmbeddingBag(5, 3, mode="mean", sparse=sparse), nn.Linear(3, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    return Parts(
        nn.Identity(), model, nn.CrossEntropyLoss(), Probabilities("multiclass"), (optimizer,), (), {}, "multiclass"
    )


CODES = torch.tensor([[0, 1], [1, 1], [3, 1], [0, 3]])
LABELS = torch.tensor([0, 1, 2, 0])


@pytest.mark.parametrize("grad_clip_norm", [None, 0.05])
def test_sparse_gradients_train_as_dense_ones_do(grad_clip_norm: float | None) -> None:
    def trained(sparse: bool) -> tuple[list[tuple[int, dict[str, float]]], list[Tensor]]:
        parts = table_parts(sparse)
        batches = ListBatches(CODES, LABELS, batch_size=3)
        plan = replace(PLAN, grad_clip_norm=grad_clip_norm, log_every_steps=1)
        return logged(list(fit(parts, batches, {}, plan, Progress()))), [p.detach() for p in parts.model.parameters()]

    (sparse, sparse_weights), (dense, dense_weights) = trained(True), trained(False)
    for (step, values), (same_step, expected) in zip(sparse, dense, strict=True):
        assert step == same_step and values == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(sparse_weights, dense_weights)


def test_a_sparse_gradient_that_is_not_finite_stops_before_the_step() -> None:
    parts = table_parts(sparse=True)
    with torch.no_grad():
        parts.model[1].weight[0, 0] = float("inf")  # type: ignore[index, union-attr, operator]
    before = parts.model[0].weight.detach().clone()  # type: ignore[index, union-attr, operator]
    with pytest.raises(RunError, match=r"not finite at step 1|is nan at step 1"):
        list(fit(parts, ListBatches(CODES, LABELS, batch_size=4), {}, PLAN, Progress()))
    assert torch.equal(parts.model[0].weight, before)  # type: ignore[index, union-attr, arg-type]


def test_the_rate_that_is_logged_is_that_of_the_step_not_of_the_next(rows: tuple[Tensor, Tensor]) -> None:
    reports = train(make_parts("SGD", lr=1.0, step_size=1), rows, replace(PLAN, epochs=1, log_every_steps=1))
    assert [values["lr"] for _, values in logged(reports)] == [0.5**step for step in range(11)]


def test_a_group_with_a_rate_of_its_own_is_logged_under_its_name(rows: tuple[Tensor, Tensor]) -> None:
    parts = make_parts()
    first, second = parts.model[0], parts.model[3]  # type: ignore[index]
    groups = [
        {"params": [first.weight], "name": "the first never needs one"},
        {"params": [first.bias], "weight_decay": 0.1},
        {"params": second.parameters(), "lr": 0.25, "name": "3.*"},
    ]
    optimizer = torch.optim.SGD(groups, lr=0.5)
    schedule = Schedule(torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5), "epoch")
    reports = train(replace(parts, optimizers=(optimizer,), schedules=(schedule,)), rows, replace(PLAN, epochs=2))
    ends = [r.values for r in reports if r.epoch_end]
    assert [(values["lr"], values["lr/3.*"]) for values in ends] == [(0.5, 0.25), (0.25, 0.125)]
    assert learning_rates([optimizer]).keys() == {"lr", "lr/3.*"}


def test_lbfgs_trains_by_closure(rows: tuple[Tensor, Tensor]) -> None:
    parts = make_parts("LBFGS", lr=0.5, max_iter=5)
    model = nn.Linear(5, 3)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5)
    parts = replace(parts, model=model, optimizers=(optimizer,))
    losses = [v["train/loss"] for _, v in logged(train(parts, rows)) if "train/loss" in v]
    assert losses[-1] < losses[0] / 2


def test_several_optimizers_step_together(rows: tuple[Tensor, Tensor]) -> None:
    parts = make_parts()
    first, second = parts.model[0], parts.model[3]  # type: ignore[index]
    both = (torch.optim.SGD(first.parameters(), lr=0.1), torch.optim.Adam(second.parameters(), lr=0.1))
    before = [p.clone() for p in parts.model.parameters()]
    train(replace(parts, optimizers=both), rows, replace(PLAN, epochs=1))
    assert not any(torch.equal(a, b) for a, b in zip(before, parts.model.parameters(), strict=True))


def test_plateau_steps_once_an_epoch_on_the_monitor(rows: tuple[Tensor, Tensor]) -> None:
    parts = make_parts("SGD", lr=0.0)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(parts.optimizers[0], patience=0)
    parts.model[2].p = 0.0  # type: ignore[union-attr]
    train(replace(parts, schedules=(Schedule(plateau, "epoch"),)), rows)
    assert plateau.last_epoch == 3
    assert plateau.num_bad_epochs == 0 and plateau.best == pytest.approx(evaluate(parts, ListBatches(*rows, 3))["loss"])


def test_judging_leaves_the_training_random_stream_alone(rows: tuple[Tensor, Tensor]) -> None:
    def weights(splits: int) -> list[Tensor]:
        parts, batches = make_parts(), ListBatches(*rows, batch_size=3)
        judged = {"val": batches, "test": batches} if splits else {}
        list(fit(parts, batches, judged, replace(PLAN, test_every_epochs=1), Progress()))
        return [p.detach() for p in parts.model.parameters()]

    assert all(torch.equal(a, b) for a, b in zip(weights(0), weights(2), strict=True))


@pytest.mark.parametrize(("rows_at_once", "told"), [(None, ["val 1/2", "val 2/2"]), (8, ["val 1/4", "val 4/4"])])
def test_it_is_told_how_far_an_evaluation_is(
    rows: tuple[Tensor, Tensor], rows_at_once: int | None, told: list[str]
) -> None:
    said: list[str] = []
    parts = replace(make_parts(), max_eval_batch=rows_at_once)
    judged = {"val": ListBatches(*rows, batch_size=16)}
    list(fit(parts, ListBatches(*rows, 16), judged, replace(PLAN, epochs=1), Progress(), tell=said.append))
    assert [said[0], said[-1]] == told and len(said) == int(told[-1][-1])


def test_evaluation_does_not_depend_on_the_batch_size(rows: tuple[Tensor, Tensor]) -> None:
    parts = replace(make_parts(), metrics={"accuracy": MulticlassAccuracy(3, average="micro")})
    seven, all_at_once = (evaluate(parts, ListBatches(*rows, batch_size=size)) for size in (7, 32))
    assert seven["accuracy"] == all_at_once["accuracy"]
    assert seven["loss"] == pytest.approx(all_at_once["loss"], rel=1e-6)


@pytest.mark.parametrize(("unit", "start"), [(1, 0), (1e-5, 0), (1e6, 0), (1, 1000), (1e4, 1e9)])
def test_the_share_of_variance_is_the_same_in_every_unit(unit: float, start: float) -> None:
    """torchmetrics alone gives 1 in a small unit, and anything far from 0."""
    parts = replace(make_parts(), metrics={"r2": R2Score(), "mae": MeanAbsoluteError()})
    true, said = torch.tensor([1.0, 2.0, 3.0, 6.0]), torch.tensor([1.0, 3.0, 3.0, 4.0])
    values = measure(parts, said * unit + start, true * unit + start)
    assert values["r2"] == pytest.approx(1 - 5 / 14, abs=0.01 if start > 1e6 else 1e-4)
    assert values["mae"] == pytest.approx(0.75 * unit, rel=0.01)
    assert measure(parts, said, torch.full((4,), 2.0))["r2"] == 0


def test_confusion_counts_true_by_predicted() -> None:
    scores = torch.tensor([[0.7, 0.3], [0.2, 0.8], [0.2, 0.8]])
    assert confusion(scores, torch.tensor([0, 0, 1]), 2) == ((1, 1), (0, 1))
    of_class_1 = torch.tensor([0.4, 0.9])
    assert confusion(of_class_1, torch.tensor([1, 1]), 2) == ((0, 0), (1, 1))


@pytest.mark.parametrize("max_steps", [None, 5])
def test_an_evaluation_cut_short_is_made_up_for_with_the_same_row(
    rows: tuple[Tensor, Tensor], max_steps: int | None
) -> None:
    plan = replace(PLAN, epochs=1, max_steps=max_steps)
    parts, batches = make_parts(), ListBatches(*rows, batch_size=3)
    cut = list(fit(parts, batches, {"val": batches}, plan, Progress(), stop=lambda: not parts.model.training))
    assert cut[-1].progress.unjudged and not cut[-1].epoch_end and not plan.is_done(cut[-1].progress)
    rest = list(fit(parts, batches, {"val": batches}, plan, cut[-1].progress))
    assert logged(cut) + logged(rest) == logged(train(make_parts(), rows, plan))
    assert plan.is_done(rest[-1].progress)


def test_no_more_rows_are_given_at_once_than_the_parts_allow_and_all_come_out_in_order(
    rows: tuple[Tensor, Tensor],
) -> None:
    parts, sizes = replace(make_parts(), max_eval_batch=2), []
    parts.model.register_forward_pre_hook(lambda _, given: sizes.append(len(given[0])))
    batches = ListBatches(*rows, batch_size=5)
    logits_NK, y_N = predict(parts, batches)
    assert sizes == [2] * 16  # chunks of 20 and 12 rows
    order = torch.cat([chunk.rows for chunk in batches.chunks(0)])
    assert torch.equal(y_N, rows[1][order])
    assert torch.allclose(logits_NK, parts.model(rows[0][order]), atol=1e-6)
