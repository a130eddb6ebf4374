"""Iris flowers (Fisher 1936), as scikit-learn carries them: rows 35 and 38 as printed in the paper, unlike UCI's."""

from pathlib import Path

from runner.contracts import Data, Source
from runner.data.bundled import read_table

COLUMNS = ("sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm")


class Iris(Source):
    """150 flowers, 4 lengths in cm, 3 species of 50 flowers each."""

    def load(self, data_dir: Path) -> Data:
        class_names = ("setosa", "versicolor", "virginica")
        return read_table("iris.csv", num_rows=150, columns=COLUMNS, class_names=class_names)
