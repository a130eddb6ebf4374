"""Breast cancer Wisconsin, diagnostic (Street, Wolberg and Mangasarian 1993, UCI), as scikit-learn carries it."""

from pathlib import Path

from runner.contracts import Data, Source
from runner.data.bundled import read_table

MEASURES = "radius texture perimeter area smoothness compactness concavity concave_points symmetry fractal_dimension"
COLUMNS = tuple(f"{statistic}_{measure}" for statistic in ("mean", "error", "worst") for measure in MEASURES.split())


class BreastCancer(Source):
    """569 tumours, 10 measures of their cells' nuclei, each as mean, standard error and worst; 212 are malignant."""

    def load(self, data_dir: Path) -> Data:
        return read_table("breast_cancer.csv", 569, COLUMNS, ("malignant", "benign"))
