"""KNN: the rows most like the one asked about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.base import FitData, FitReport
from automl_jupyter.learners.info import SpaceContext


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model."""
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    kind = KNeighborsClassifier if task == "classification" else KNeighborsRegressor
    return kind(**{"n_neighbors": 15, "weights": "distance", "n_jobs": n_jobs, **params})


def fit(estimator: Any, data: FitData) -> FitReport:
    """Keep the rows; there cannot be more neighbours than rows."""
    estimator.set_params(n_neighbors=max(1, min(estimator.n_neighbors, data.X.shape[0])))
    estimator.fit(data.X, data.y)
    return FitReport()


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the number of neighbours, what nearness is and how much it counts."""
    most = max(2, min(100, context.n_rows // 4))
    return {
        "n_neighbors": trial.suggest_int("n_neighbors", 1, most, log=True),
        "weights": trial.suggest_categorical("weights", ["uniform", "distance"]),
        "p": trial.suggest_categorical("p", [1, 2]),
    }
