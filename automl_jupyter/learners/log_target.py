"""Learning the logarithm of the target: for values that differ by factors rather than by amounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin  # noqa: TID253 adapter file, imported lazily

from automl_jupyter.learners.base import FitData, FitReport

#: predictions stay within this much of the range of the logarithms that were learnt: a factor of two
_MARGIN = float(np.log(2))
#: rows that the factor is found on, at most: predicting all of many takes some boosters longer than the fit
_FACTOR_ROWS = 5000


class LogTarget(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A regressor of ``log(y)``, or of ``log(1 + y)`` where a target is 0.

    The mean of a logarithm is not the logarithm of the mean: what is predicted is multiplied by the factor that gives
    the training rows their mean, unless medians are asked for (Duan, Smearing estimate, JASA 78, 1983); of many rows
    5,000, evenly spread.

    Parameters
    ----------
    estimator : estimator
        Learns the logarithms.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LogTarget:
        """Fit in one go, without validation rows."""

        def plainly(estimator: Any, data: FitData) -> FitReport:
            estimator.fit(data.X, data.y, sample_weight=data.weight)
            return FitReport()

        weight = None if sample_weight is None else np.asarray(sample_weight)
        self.fit_with(plainly, FitData(X, np.asarray(y, dtype=np.float64), weight))
        return self

    def fit_with(self, fit: Callable[[Any, FitData], FitReport], data: FitData) -> FitReport:
        """Fit the estimator by `fit` on logarithms."""
        self.offset_ = 0.0 if data.y.min() > 0 else 1.0
        logs = np.log(data.y + self.offset_)
        self.low_, self.high_ = float(logs.min()) - _MARGIN, float(logs.max()) + _MARGIN
        y_valid = data.y_valid
        if y_valid is not None:
            y_valid = np.log(np.maximum(y_valid + self.offset_, np.exp(self.low_)))
        report = fit(self.estimator, replace(data, y=logs, y_valid=y_valid, cache=data.cache.setdefault("log", {})))
        report = replace(report, valid_predictions=None)  # of logarithms
        self.n_features_in_ = data.X.shape[1]
        self.factor_ = 1.0
        if data.metric_hint != "mae":
            rows = _rows_that_count(len(data.y), data.weight)
            weight = None if data.weight is None else data.weight[rows]
            X = data.X.iloc[rows] if hasattr(data.X, "iloc") else data.X[rows]
            total = float(np.average(self.predict(X) + self.offset_, weights=weight))
            mean = float(np.average(data.y[rows] + self.offset_, weights=weight))
            self.factor_ = float(np.clip(mean / total, 0.5, 2.0)) if total > 0 else 1.0
        return report

    def predict(self, X: Any) -> np.ndarray:
        """Return values in the target's own unit, shape (n_rows,)."""
        logs = np.asarray(self.estimator.predict(X), dtype=np.float64)
        return np.asarray(np.exp(np.clip(logs, self.low_, self.high_)) * self.factor_ - self.offset_)


def _rows_that_count(n: int, weight: np.ndarray | None) -> np.ndarray:
    """Return the rows that weigh anything; of many some, evenly spread."""
    counted = np.arange(n) if weight is None else np.flatnonzero(np.asarray(weight) > 0)
    if len(counted) <= _FACTOR_ROWS:
        return counted
    return counted[np.linspace(0, len(counted) - 1, _FACTOR_ROWS).astype(np.intp)]
