"""Least squares with L1 and L2 penalties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.linear.scaled import scaled_target


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model."""
    from sklearn.linear_model import ElasticNet

    defaults = {"alpha": 1e-3, "l1_ratio": 0.5, "max_iter": 300, "tol": 1e-3, "random_state": random_state}
    return scaled_target(ElasticNet(**{**defaults, **params}))


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the penalty and its share of L1."""
    return {
        "alpha": trial.suggest_float("alpha", 1e-5, 1.0, log=True),
        "l1_ratio": trial.suggest_float("l1_ratio", 0.05, 1.0),
    }
