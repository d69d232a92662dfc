"""GradientBoosting: scikit-learn's exact boosted trees.

Not its histogram version, which takes as many threads as the machine has whatever it is told, and whose ONNX
conversion is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl_jupyter.learners.base import FitData, FitReport
from automl_jupyter.learners.info import SpaceContext


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model of 200 trees that look at half the rows and some of the features."""
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    kind = GradientBoostingClassifier if task == "classification" else GradientBoostingRegressor
    defaults = {
        "n_estimators": 200,
        "learning_rate": 0.1,
        "max_depth": 4,
        "subsample": 0.5,
        "max_features": 0.3,
        "min_samples_leaf": 10,
        "random_state": random_state,
    }
    return kind(**{**defaults, **params})


def fit(estimator: Any, data: FitData) -> FitReport:
    """Boost, asking the stop signal after each tree; validation rows choose how many trees are kept."""
    if data.refit_iterations is not None:
        estimator.set_params(n_estimators=data.refit_iterations)
    stopped = False

    def monitor(done: int, _: Any, __: Any) -> bool:
        nonlocal stopped
        stopped = done + 1 < estimator.n_estimators and data.should_stop()
        return stopped

    estimator.fit(data.X, data.y, data.weight, monitor=monitor)
    best = rounds = len(estimator.estimators_)
    if data.X_valid is not None and data.refit_iterations is None:
        best = int(np.argmin(_losses(estimator, data))) + 1
    estimator.estimators_ = estimator.estimators_[:best]
    estimator.n_estimators_ = best
    return FitReport(best, stopped, rounds)


def _losses(estimator: Any, data: FitData) -> list[float]:
    """Return the validation loss after each tree: log-loss or squared error."""
    y, weight = np.asarray(data.y_valid), data.weight_valid
    if not hasattr(estimator, "classes_"):
        return [float(np.average((p - y) ** 2, weights=weight)) for p in estimator.staged_predict(data.X_valid)]
    known = np.isin(y, estimator.classes_)
    if weight is not None:
        known &= weight > 0
    codes = np.searchsorted(estimator.classes_, y[known])
    weight = None if weight is None else weight[known]
    if not len(codes):
        return [-float(k) for k in range(len(estimator.estimators_))]  # nothing to judge by: keep them all
    rows = np.arange(len(codes))
    return [
        float(np.average(-np.log(np.maximum(proba[known][rows, codes], 1e-15)), weights=weight))
        for proba in estimator.staged_predict_proba(data.X_valid)
    ]


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw learning rate, depth and the shares of rows and features a tree sees."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "max_depth": trial.suggest_int("max_depth", 2, 8),
        "subsample": trial.suggest_float("subsample", 0.4, 1.0),
        "max_features": trial.suggest_float("max_features", 0.1, 1.0),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 50, log=True),
    }
