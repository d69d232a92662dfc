"""FastLinearRegressor: least squares with an L2 penalty, in closed form or by conjugate gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.linear.scaled import scaled_target


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model."""
    from sklearn.linear_model import Ridge

    return scaled_target(Ridge(**{"alpha": 1.0, "tol": 1e-4, "random_state": random_state, **params}))


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the penalty."""
    return {"alpha": trial.suggest_float("alpha", 1e-3, 1e4, log=True)}
