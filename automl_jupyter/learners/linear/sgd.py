"""Linear models by averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.linear.scaled import scaled_target


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model; the logistic loss gives probabilities that are never quite 0."""
    from sklearn.linear_model import SGDClassifier, SGDRegressor

    common = {"alpha": 1e-4, "max_iter": 50, "tol": 1e-3, "average": True, "random_state": random_state}
    if task == "classification":
        return SGDClassifier(**{**common, "loss": "log_loss", "n_jobs": n_jobs, **params})
    return scaled_target(SGDRegressor(**{**common, "loss": "huber", "epsilon": 1.35, "eta0": 0.01, **params}))


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw penalty, and for values loss and learning rate."""
    drawn = {
        "alpha": trial.suggest_float("alpha", 1e-7, 1e-1, log=True),
        "penalty": trial.suggest_categorical("penalty", ["l2", "elasticnet"]),
    }
    if context.task != "classification":
        drawn["loss"] = trial.suggest_categorical("loss", ["squared_error", "huber"])
        drawn["eta0"] = trial.suggest_float("eta0", 1e-3, 3e-2, log=True)
    return drawn
