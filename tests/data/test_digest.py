from dataclasses import replace

import torch

from runner.contracts import Column, Data
from runner.data.checks import digest

DATA = Data(
    x=torch.arange(12, dtype=torch.uint8).view(6, 2),
    y=torch.tensor([0, 1, 0, 1, 0, 1]),
    task="binary",
    class_names=("no", "yes"),
    columns=(Column("a"), Column("b", ("p", "q"))),
    official_test=torch.tensor([5]),
)


def test_the_digest_does_not_depend_on_where_the_rows_lie():
    assert digest(replace(DATA, x=DATA.x.t().contiguous().t())) == digest(DATA)
    assert len(digest(DATA)) == 64


def test_any_change_of_the_data_changes_the_digest():
    one_byte = DATA.x.clone()
    one_byte[3, 1] += 1
    changed = [
        replace(DATA, x=one_byte),
        replace(DATA, x=DATA.x.view(6, 2, 1, 1)),
        replace(DATA, x=DATA.x.float()),
        replace(DATA, y=DATA.y.flip(0)),
        replace(DATA, class_names=("yes", "no")),
        replace(DATA, columns=(Column("a"), Column("b", ("q", "p")))),
        replace(DATA, columns=(Column("a"), Column("b", ("p", "q"), ordered=True))),
        replace(DATA, columns=(Column("a", missing="marked"), Column("b", ("p", "q")))),
        replace(DATA, official_test=torch.tensor([4])),
        replace(DATA, official_test=None),
        replace(DATA, official_test=torch.tensor([], dtype=torch.int64)),
        replace(DATA, official_test=None, official_val=torch.tensor([5])),
    ]
    assert len({digest(data) for data in [DATA, *changed]}) == 13
