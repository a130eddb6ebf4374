"""Values that likely stand for none, of columns made by hand (case 11)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from experiments import assembled
from runner.contracts import Column, Data, Split
from runner.data.table.suspects import sentinels
from tables import write

NONE = torch.tensor([], dtype=torch.int64)
N = 400
DRAW = torch.Generator().manual_seed(0)
SHARE = torch.rand(N, generator=DRAW)
TEMP = (3 + 38 * SHARE).round(decimals=1)  # 3 to 41
COUNT = (torch.rand(N, generator=DRAW) * 5).floor()  # 0 to 4


def told(*columns: Tensor) -> str:
    """The line on columns a, b, ...; "" where there is none."""
    x_NF = torch.stack([column.float() for column in columns], 1)
    data = Data(x_NF, torch.zeros(N), "regression", (), tuple(Column(name) for name in "abcdefg"[: len(columns)]))
    lines = sentinels(data, Split(torch.arange(N), NONE, NONE))
    assert len(lines) <= 1
    return lines[0] if lines else ""


def marked(x_N: Tensor, value: float, many: int) -> Tensor:
    """The column with the value in so many rows, spread over it."""
    rows = torch.arange(many) * (N // many)
    return x_N.clone().index_fill_(0, rows, value)


def test_case_11_a_value_far_below_the_rest_is_told_with_the_setting(tmp_path: Path) -> None:
    cells = [f"{float(value):g}" for value in marked(TEMP, -200.0, 39)]
    lines = [f"{cell},{i % 2}" for i, cell in enumerate(cells)]
    path = write(tmp_path / "my.csv", "temp,y", *lines)
    notes = assembled(
        ["dataset=csv", f"dataset.path={path}", "dataset.target=y", "model=linear", "batch_size=8"]
    ).data.notes
    assert notes[-1] == (
        "-200 stands in 39 of 400 cells of temp, far below the rest (3 to 41): "
        "if it means that there is none, 'dataset.missing_values=[-200]'"
    )


@pytest.mark.parametrize("value", [999, 9999, -999, -200, -99.9, -32768])
def test_case_11_so_is_any_far_value_above_or_below(value: float) -> None:
    line = told(marked(TEMP, value, 20))
    assert line.startswith(f"{value} stands in 20 of 400 cells of a, far {'above' if value > 0 else 'below'} the rest")
    assert line.endswith(f"'dataset.missing_values=[{value}]'")


def test_case_11_a_value_alone_below_0_need_not_be_far_where_it_is_the_commonest() -> None:
    ages_N = (1 + 89 * SHARE).round()
    assert told(marked(ages_N, -1, 40)).startswith("-1 stands in 40 of 400 cells of a, below the rest (1 to 90):")
    assert told(marked(ages_N, -1, 5)) == ""


def test_case_11_nines_are_told_of_codes_and_nearer_than_others() -> None:
    assert told(marked(COUNT, 99, 20)).startswith("99 stands in 20 of 400 cells of a, far above the rest (0 to 4):")
    assert told(marked(COUNT, -9, 20)).startswith("-9 stands in")
    assert told(marked(COUNT, 50, 20)) == ""  # a grade, with five others
    assert told(marked((18 + 52 * SHARE).round(), 99, 40)).startswith("99 stands in 40 of 400 cells of a, above the")


def test_case_11_empty_cells_are_none_of_the_values() -> None:
    assert told(marked(TEMP.where(SHARE < 0.8, torch.nan), -200, 39)).startswith("-200 stands in 39 of 400 cells")


def test_case_11_columns_with_the_same_value_share_a_line_and_values_a_setting() -> None:
    holed = marked(TEMP, -200, 39)
    line = told(holed, holed, TEMP, marked(TEMP, 999, 8))
    assert line == (
        "-200 stands in 39 of 400 cells of a, far below the rest (3 to 41), likewise of b; "
        "999 stands in 8 of 400 cells of d, far above the rest (3 to 41): "
        "if they mean that there is none, 'dataset.missing_values=[-200,999]'"
    )
    assert "likewise of b, c, d, 2 more columns:" in told(*[holed] * 6)


def test_case_11_what_is_rare_is_measured() -> None:
    assert told(marked(TEMP, -200, 4)) == ""


def test_case_11_usual_columns_have_no_such_value() -> None:
    assert told((SHARE - 0.7).clamp(min=0)) == ""  # rain
    assert told((20_000 + 60_000 * SHARE).where(SHARE > 0.1, 0.0)) == ""  # income
    assert told((1990 + 25 * SHARE).where(SHARE > 0.9, 0.0)) == ""  # the year of a renovation
    assert told((SHARE > 0.95).float()) == told(COUNT) == told(COUNT - 1) == ""  # yes and no, grades
    assert told((17 + 100 * SHARE).round().clamp(max=90)) == ""  # an age that ends at 90
    assert told((12 + 3 * torch.randn(N, generator=DRAW)).exp().clamp(max=500_001)) == ""
    assert told((9 + 5 * torch.randn(N, generator=DRAW)).round().clamp(-1)) == ""  # degrees
    assert told(2 ** (SHARE * 12).floor()) == ""  # sizes that double
    assert told(torch.full((N,), 5.0)) == told(torch.full((N,), torch.nan)) == ""


def test_case_11_codes_of_categories_are_no_numbers() -> None:
    categories = tuple(map(str, range(60)))
    x_N = marked((SHARE * 5).floor() + 54, 0, 20)
    data = Data(x_N[:, None], torch.zeros(N), "regression", (), (Column("a", categories),))
    assert sentinels(data, Split(torch.arange(N), NONE, NONE)) == []


def test_case_11_train_rows_tell_it_and_the_rows_of_every_split_are_counted() -> None:
    data = Data(marked(TEMP, -200, 40)[:, None], torch.zeros(N), "regression", (), (Column("a"),))
    (line,) = sentinels(data, Split(torch.arange(300), torch.arange(300, 350), torch.arange(350, N)))
    assert "40 of 400" in line
    data = Data(torch.cat([TEMP[:350], torch.full((50,), -200.0)])[:, None], data.y, "regression", (), data.columns)
    assert sentinels(data, Split(torch.arange(300), torch.arange(300, 350), torch.arange(350, N))) == []


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "car"])
def test_case_11_no_bundled_table_has_such_a_value(name: str) -> None:
    experiment = assembled([f"dataset={name}", "model=linear"])
    assert sentinels(experiment.data, experiment.split) == []
