"""Progression of diabetes after a year (Efron et al. 2004), the raw measurements as scikit-learn carries them."""

from pathlib import Path

import torch

from runner.contracts import Column, Data, Source
from runner.data.bundled import read_numbers

COLUMNS = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")  # s1..s6: six blood serum measurements


class Diabetes(Source):
    """442 patients, 10 measurements (sex coded 1 and 2), and a progression of 25..346 to be predicted."""

    def load(self, data_dir: Path) -> Data:
        x_NF = read_numbers("diabetes_data_raw.csv.gz", shape=(442, 10), delimiter=None)
        y_N1 = read_numbers("diabetes_target.csv.gz", shape=(442, 1), delimiter=None)
        return Data(
            x=torch.from_numpy(x_NF),
            y=torch.from_numpy(y_N1[:, 0].copy()),
            task="regression",
            columns=tuple(Column(name) for name in COLUMNS),
        )
