"""Lasso along the least-angle path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.linear.scaled import scaled_target


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model."""
    from sklearn.linear_model import LassoLars

    return scaled_target(LassoLars(**{"alpha": 1e-3, "max_iter": 500, "random_state": random_state, **params}))


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the penalty."""
    return {"alpha": trial.suggest_float("alpha", 1e-5, 1.0, log=True)}
