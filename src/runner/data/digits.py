"""Handwritten digits of the UCI repository (Alpaydin and Kaynak 1998, its test part), as scikit-learn carries them."""

from pathlib import Path

import numpy as np
import torch

from runner.contracts import Data, Source
from runner.data.bundled import read_numbers


class Digits(Source):
    """1,797 images of 8 x 8 pixels, each 0..16: how many of a 4 x 4 block of the scan are ink."""

    def load(self, data_dir: Path) -> Data:
        numbers = read_numbers("digits.csv.gz", shape=(1797, 65))
        return Data(
            x=torch.from_numpy(numbers[:, :-1].astype(np.uint8)).view(-1, 1, 8, 8),
            y=torch.from_numpy(numbers[:, -1].astype(np.int64)),
            task="multiclass",
            class_names=tuple("0123456789"),
        )
