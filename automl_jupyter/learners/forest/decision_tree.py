"""DecisionTree: one tree a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted tree, at most ten questions deep."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeClassifier if task == "classification" else DecisionTreeRegressor
    return kind(**{"max_depth": 10, "min_samples_leaf": 10, "random_state": random_state, **params})


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the depth and the size of leaves."""
    return {
        "max_depth": trial.suggest_int("max_depth", 2, 20),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 100, log=True),
        "ccp_alpha": trial.suggest_categorical("ccp_alpha", [0.0, 1e-5, 1e-4, 1e-3]),
    }
