"""The fit of the calibrated margin classifiers: the stop signal is asked between their folds."""

from __future__ import annotations

from typing import Any

from automl_jupyter.learners.base import FitData, FitReport


def fit(estimator: Any, data: FitData) -> FitReport:
    """Fit on all rows first, so that a stopped fit has a model, whose sigmoids are then rougher."""
    estimator.fit(data.X, data.y, data.weight, should_stop=data.should_stop)
    return FitReport(None, bool(estimator.stopped_))
