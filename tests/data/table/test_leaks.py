"""Columns that alone tell the target, of tables made by hand (case 6)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from experiments import assembled
from runner.contracts import Column, Data, Split
from runner.data.bundled import folder
from runner.data.table import suspects as module
from runner.data.table.suspects import leaks
from tables import fitted, write

NONE = torch.tensor([], dtype=torch.int64)
N = 400
DRAW = torch.Generator().manual_seed(0)
NOISE = torch.rand(N, generator=DRAW)
KIND = (torch.rand(N, generator=DRAW) * 3).long()  # of three classes
PRICE = (torch.randn(N, generator=DRAW) + 12).exp()  # 5,000 to 5,000,000


def table(x: Tensor, y: Tensor, categories: tuple[str, ...] = ()) -> tuple[Data, Split]:
    """One column, every row of train."""
    task = "regression" if y.is_floating_point() else "multiclass"
    names = () if y.is_floating_point() else ("a", "b", "c")[: int(y.max()) + 1]
    data = Data(x.float()[:, None], y, task, names, (Column("hint", categories),), target="kind")  # type: ignore[arg-type]
    return data, Split(torch.arange(len(y)), NONE, NONE)


def told(x: Tensor, y: Tensor, categories: tuple[str, ...] = ()) -> int:
    """The percentage in the line; 0 where there is none."""
    lines = leaks(*table(x, y, categories))
    return int(lines[0].partition(" % of the train rows")[0].rpartition(" ")[2]) if lines else 0


def mistaken(y: Tensor, many: int) -> Tensor:
    """The target in which so many rows, spread over it, hold another class."""
    rows = torch.arange(many) * (len(y) // many)
    return y.index_put((rows,), (y[rows] + 1) % (int(y.max()) + 1))


def test_case_6_the_target_in_other_words_is_told_before_training(tmp_path: Path) -> None:
    lines = [f"{i % 7},{('no', 'yes')[i % 3 % 2]},{i % 3 % 2}" for i in range(60)]
    path = write(tmp_path / "my.csv", "size,alive,Survived", *lines)
    experiment = assembled(
        ["dataset=csv", f"dataset.path={path}", "dataset.target=Survived", "model=linear", "batch_size=8"]
    )
    assert experiment.data.notes[-1] == (
        "column alive alone tells Survived for 100 % of the train rows: "
        "is it known when you predict? if not, leave it out: 'dataset.columns={alive: ignored}'"
    )


def test_case_6_what_is_typed_as_the_line_says_leaves_the_column_out(tmp_path: Path) -> None:
    lines = [f"{i % 7},{('no', 'yes')[i % 3 % 2]},{i % 3 % 2}" for i in range(60)]
    path = write(tmp_path / "my.csv", "size,is he alive?,y", *lines)
    words = ["dataset=csv", f"dataset.path={path}", "dataset.target=y", "model=linear", "batch_size=8"]
    note = assembled(words).data.notes[-1]
    typed = note.partition("leave it out: '")[2].rstrip("'")
    data = assembled([*words, typed]).data
    assert tuple(data.ignored) == ("is he alive?",)
    assert "alone tells" not in " ".join(data.notes)


def test_case_6_codes_of_the_classes_tell_them_in_any_order() -> None:
    assert told(2 - KIND, KIND) == told(torch.tensor([7.0, -1.0, 3.0])[KIND], KIND) == 100


def test_case_6_so_do_categories_of_which_several_are_one_class() -> None:
    town_N = (NOISE * 20).long()
    assert told(town_N, torch.tensor([0, 2, 1, 0, 1])[town_N % 5], tuple(map(str, range(20)))) == 100


def test_case_6_so_does_a_number_by_a_threshold_by_several_or_in_a_band() -> None:
    assert told(NOISE, (NOISE > 0.5).long()) == 100
    assert told(NOISE, (NOISE > 0.3).long() + (NOISE > 0.8).long()) == 100
    assert told(NOISE, ((NOISE > 0.3) & (NOISE < 0.6)).long()) == 100


def test_case_6_so_does_a_cell_that_is_empty() -> None:
    assert told(NOISE.where(KIND > 0, torch.nan), (KIND > 0).long()) == 100


def test_case_6_so_does_a_number_of_the_row_where_the_file_is_sorted_by_class() -> None:
    assert told(torch.arange(N), KIND.sort().values) == 100


def test_case_6_one_row_in_a_hundred_may_be_another() -> None:
    assert told(mistaken(KIND, 3), KIND) == 99
    assert told(mistaken(KIND, 6), KIND) == 0


def test_case_6_where_one_class_is_common_the_rare_one_has_to_be_told() -> None:
    is_rare_N = (torch.arange(N) % 40 == 0).long()  # 10 of 400
    assert told(is_rare_N, is_rare_N) == 100
    assert told(NOISE, is_rare_N) == told(torch.zeros(N), is_rare_N) == 0
    assert told(is_rare_N * (torch.arange(N) > 100), is_rare_N) == 0  # 7 of the 10, 99.25 % of all


def test_case_6_classes_that_overlap_are_no_leak() -> None:
    assert told((NOISE > 0.5) + 0.5 * torch.randn(N, generator=DRAW), (NOISE > 0.5).long()) == 0


def test_case_6_rows_of_one_value_are_told_by_no_order_of_the_file() -> None:
    y_N = KIND.sort().values
    assert told(torch.zeros(N), y_N) == told(torch.arange(N) % 2, y_N) == 0


def test_case_6_a_number_is_told_by_its_copy_in_another_unit_rounded_or_on_another_scale() -> None:
    assert told(1.1 * PRICE + 3, PRICE) == told((PRICE / 1000).round(), PRICE) == 100
    assert told(-PRICE, PRICE) == told(PRICE.log(), PRICE) == 100
    assert leaks(*table(PRICE.log(), PRICE))[0].startswith("column hint alone tells kind to 2 % of its ranks for 100 %")


def test_case_6_so_are_a_list_of_prices_and_a_target_that_is_mostly_0() -> None:
    article_N = (NOISE * 8).long()
    assert told(article_N, torch.tensor([3.0, 9.5, 2.0, 7.0, 1.0, 4.0, 6.0, 5.0])[article_N]) == 100
    sold_N = PRICE.where(NOISE > 0.9, 0.0)
    assert told(2 * sold_N, sold_N) == 100
    assert told((sold_N > 0).float(), sold_N) == told(NOISE, sold_N) == 0


def test_case_6_what_only_goes_along_with_a_number_is_no_leak() -> None:
    near_N = PRICE.log() + 0.14 * torch.randn(N, generator=DRAW)  # a correlation of .99
    assert told(near_N, PRICE) == told((PRICE > 160_000).float(), PRICE) == told((2 * PRICE.log()).round(), PRICE) == 0


def test_case_6_few_rows_tell_nothing() -> None:
    assert told(KIND[:30], KIND[:30]) == 100
    assert told(KIND[:29], KIND[:29]) == 0


def test_case_6_a_target_that_is_the_same_in_every_train_row_is_told_by_no_column() -> None:
    assert told(NOISE, torch.full((N,), 3.5)) == 0


def test_case_6_only_train_rows_are_looked_at() -> None:
    data, _ = table(torch.cat([KIND[:100] * 0, KIND[100:]]), KIND)
    assert leaks(data, Split(torch.arange(100, N), torch.arange(50), torch.arange(50, 100)))
    assert not leaks(data, Split(torch.arange(N), NONE, NONE))


def test_case_6_of_many_columns_some_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 2)
    data = Data(
        KIND.float()[:, None].repeat(1, 5),
        KIND,
        "multiclass",
        ("a", "b", "c"),
        tuple(Column(f"c{i}") for i in range(5)),
    )
    lines = leaks(data, Split(torch.arange(N), NONE, NONE))
    assert [line.partition(" for")[0] for line in lines] == [
        "column c0 alone tells the target",
        "column c1 alone tells the target",
        "3 more columns tell it likewise",
    ]


def test_case_6_all_train_rows_are_looked_at_of_a_column_that_tells_the_first_ones() -> None:
    rows = 20_000
    y_N = (torch.rand(rows, generator=DRAW) > 0.5).long()
    wrong = (torch.rand(rows, generator=DRAW) < 0.02).long()
    x_NF = torch.rand(rows, 100, generator=DRAW)
    x_NF[:, 3], x_NF[:, 7] = y_N.float(), (y_N + wrong) % 2
    data = Data(x_NF, y_N, "binary", ("a", "b"), tuple(Column(f"c{i}") for i in range(100)), target="y")
    (line,) = leaks(data, Split(torch.arange(rows), NONE, NONE))
    assert line.startswith("column c3 alone tells y for 100 %")


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "car"])
def test_case_6_no_bundled_table_has_a_leak(name: str) -> None:
    experiment = assembled([f"dataset={name}", "model=linear"])
    assert leaks(experiment.data, experiment.split) == []


def test_case_6_a_table_of_measurements_read_from_a_file_has_none(tmp_path: Path) -> None:
    lines = (folder() / "wine_data.csv").read_text().splitlines()[1:]
    names = ",".join(f"c{i}" for i in range(13))
    data, rows = fitted(write(tmp_path / "my.csv", f"{names},kind", *lines), target="kind")
    assert len(data.columns) == 13 and leaks(data, rows) == []
