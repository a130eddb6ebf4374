"""Iris flowers (Fisher 1936), as scikit-learn carries them: rows 35 and 38 as printed in the paper, unlike UCI's."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

from runner.contracts import Column, Data, Source
from runner.data.bundled import read_table
from runner.data.table.column_kinds import numbering_note

COLUMNS = ("sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm")


class Iris(Source):
    """150 flowers, 4 lengths in cm, 3 species of 50 flowers each."""

    def load(self, data_dir: Path) -> Data:
        return read_table("iris.csv", 150, COLUMNS, ("setosa", "versicolor", "virginica"))


class NumberedIris(Source):
    """The flowers as a table kept by hand: the number of the row in front, and new flowers at the end.

    The first 40 of each species are rows 1 to 120, species after species as in the file; the last 10 of each came
    later, are rows 121 to 150 and the test set. Without ``id_column`` the same split without the number; with the id
    as ``target`` the number is to be predicted, and is no feature either.
    """

    def __init__(self, *, id_column: bool, target: Literal["species", "id"]):
        self.id_column, self.target = id_column, target

    def load(self, data_dir: Path) -> Data:
        data = Iris().load(data_dir)
        assert isinstance(data.x, torch.Tensor)
        is_new_N = torch.arange(len(data.y)) % 50 >= 40
        order_N = torch.cat([(~is_new_N).nonzero(), is_new_N.nonzero()]).flatten()
        id_N = torch.arange(1.0, 151.0)
        x_NF = data.x[order_N]
        data = replace(data, x=x_NF, y=data.y[order_N], official_test=torch.arange(120, 150))
        if self.target == "id":
            notes = (numbering_note("id"),)
            return replace(data, y=id_N, task="regression", class_names=(), target="id", notes=notes)
        if self.id_column:
            return replace(data, x=torch.cat([id_N[:, None], x_NF], 1), columns=(Column("id"), *data.columns))
        return data
