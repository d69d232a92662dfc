"""OnlineGradientDescentRegressor: least squares, one row after the other, with a falling learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.linear.scaled import scaled_target


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model; the mean of all steps is kept, which one late outlier cannot spoil."""
    from sklearn.linear_model import SGDRegressor

    defaults = {
        "loss": "squared_error",
        "learning_rate": "invscaling",
        "eta0": 0.01,
        "power_t": 0.25,
        "alpha": 1e-5,
        "average": True,
        "max_iter": 30,
        "tol": 1e-3,
        "random_state": random_state,
    }
    return scaled_target(SGDRegressor(**{**defaults, **params}))


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the penalty, the learning rate and how it falls."""
    return {
        "alpha": trial.suggest_float("alpha", 1e-7, 1e-2, log=True),
        "eta0": trial.suggest_float("eta0", 1e-3, 3e-2, log=True),
        "power_t": trial.suggest_float("power_t", 0.1, 0.5),
    }
