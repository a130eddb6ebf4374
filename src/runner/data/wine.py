"""Chemical analysis of wines from three cultivars (Forina 1991, UCI), as scikit-learn carries it."""

from pathlib import Path

from runner.contracts import Data, Source
from runner.data.bundled import read_table

COLUMNS = (
    "alcohol malic_acid ash alcalinity_of_ash magnesium total_phenols flavanoids "
    "nonflavanoid_phenols proanthocyanins color_intensity hue od280_od315_of_diluted_wines proline"
)


class Wine(Source):
    """178 wines, 13 measurements, 3 cultivars (59, 71, 48)."""

    def load(self, data_dir: Path) -> Data:
        return read_table("wine_data.csv", 178, COLUMNS.split(), ("class_0", "class_1", "class_2"))
