"""RandomForest: trees on bootstrap samples, each split looking at some of the features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.forest.growing import bounded_leaves, fit
from automl_jupyter.learners.info import SpaceContext

__all__ = ["fit", "make", "space"]


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted forest of 100 trees."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    settings: dict[str, Any] = {"n_estimators": 100, "random_state": random_state, "n_jobs": n_jobs, **params}
    settings.setdefault("max_leaf_nodes", bounded_leaves(settings["n_estimators"], n_classes))
    if task == "classification":
        return RandomForestClassifier(**{"max_features": "sqrt", **settings})
    return RandomForestRegressor(**{"max_features": 0.4, "min_samples_leaf": 2, **settings})


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw from TabArena's RandomForest space, with leaf sizes."""
    drawn = {
        "max_features": trial.suggest_float("max_features", 0.2, 1.0),
        "max_samples": trial.suggest_float("max_samples", 0.5, 1.0),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 40, log=True),
    }
    if context.task == "classification":
        drawn["criterion"] = trial.suggest_categorical("criterion", ["gini", "entropy"])
    return drawn
