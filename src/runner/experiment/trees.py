"""Ensembles of trees with their libraries' own defaults; where there are validation rows they end the fit.

Shapes: F columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from runner.experiment.estimators import Fit, Table

MOST_CODES = 255  # categories of a column that scikit-learn's histograms hold; of more, the codes count as numbers
PATIENCE = 10  # trees without a better validation loss, as scikit-learn has it; XGBoost has no default of its own


@dataclass(frozen=True)
class Trees:
    """A kind of trees: the package that has it, and how it is fitted."""

    package: str
    fit: Fit

    @property
    def is_installed(self) -> bool:
        return find_spec(self.package) is not None


def fit_hist(table: Table) -> Any:
    """scikit-learn's histogram gradient boosting."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if table.task == "regression" else HistGradientBoostingClassifier
    categories_F = table.category_F & (np.nan_to_num(table.x_NF, nan=0).max(0) < MOST_CODES)
    model = kind(categorical_features=categories_F, random_state=0)
    if not len(table.y_V):
        return model.fit(table.x_NF, table.y_N)
    return model.set_params(early_stopping=True).fit(table.x_NF, table.y_N, X_val=table.x_VF, y_val=table.y_V)


def fit_catboost(table: Table) -> Any:
    """CatBoost; it takes categories as whole numbers, an empty one as -1."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    kind = CatBoostRegressor if table.task == "regression" else CatBoostClassifier
    model = kind(random_seed=0, thread_count=torch.get_num_threads(), verbose=False, allow_writing_files=False)
    validation = (with_whole_codes(table.x_VF, table.category_F), table.y_V) if len(table.y_V) else None
    model.fit(
        with_whole_codes(table.x_NF, table.category_F),
        table.y_N,
        cat_features=table.category_F.nonzero()[0].tolist(),
        eval_set=validation,
    )
    return AnswersWholeCodes(model, table.category_F)


@dataclass(frozen=True)
class AnswersWholeCodes:
    """A CatBoost model that is asked as it was taught."""

    model: Any
    category_F: NDArray[np.bool_]

    def predict(self, x_MF: NDArray[np.float32]) -> Any:
        return self.model.predict(with_whole_codes(x_MF, self.category_F))

    def predict_proba(self, x_MF: NDArray[np.float32]) -> Any:
        return self.model.predict_proba(with_whole_codes(x_MF, self.category_F))


def with_whole_codes(x_MF: NDArray[np.float32], category_F: NDArray[np.bool_]) -> NDArray[Any]:
    """[M, F] objects, the categories among them int."""
    mixed_MF = x_MF.astype(object)
    mixed_MF[:, category_F] = np.nan_to_num(x_MF[:, category_F], nan=-1).astype(int)
    return mixed_MF


def fit_xgboost(table: Table) -> Any:
    """XGBoost's histogram method, its default."""
    from xgboost import XGBClassifier, XGBRegressor

    kind = XGBRegressor if table.task == "regression" else XGBClassifier
    model = kind(
        random_state=0,
        n_jobs=torch.get_num_threads(),
        enable_categorical=True,
        feature_types=["c" if is_category else "q" for is_category in table.category_F],
        early_stopping_rounds=PATIENCE if len(table.y_V) else None,
    )
    validation = [(table.x_VF, table.y_V)] if len(table.y_V) else None
    return model.fit(table.x_NF, table.y_N, eval_set=validation, verbose=False)


ENSEMBLES: Mapping[str, Trees] = {  # by the names that baselines.trees takes
    "hist": Trees("sklearn", fit_hist),
    "catboost": Trees("catboost", fit_catboost),
    "xgboost": Trees("xgboost", fit_xgboost),
}
