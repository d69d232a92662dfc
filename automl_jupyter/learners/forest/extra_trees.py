"""ExtremeRandomTrees: trees whose splits are drawn at random and the best of the draws kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.forest.growing import bounded_leaves, fit
from automl_jupyter.learners.info import SpaceContext

__all__ = ["fit", "make", "space"]


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted forest of 100 trees."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    settings: dict[str, Any] = {"n_estimators": 100, "random_state": random_state, "n_jobs": n_jobs, **params}
    settings.setdefault("max_leaf_nodes", bounded_leaves(settings["n_estimators"], n_classes))
    if task == "classification":
        return ExtraTreesClassifier(**{"max_features": "sqrt", **settings})
    return ExtraTreesRegressor(**{"max_features": 1.0, "min_samples_leaf": 2, **settings})


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw from TabArena's ExtraTrees space, with leaf sizes."""
    drawn = {
        "max_features": trial.suggest_categorical("max_features", ["sqrt", 0.5, 0.75, 1.0]),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 40, log=True),
        "min_samples_split": trial.suggest_int("min_samples_split", 2, 32, log=True),
    }
    if context.task == "classification":
        drawn["criterion"] = trial.suggest_categorical("criterion", ["gini", "entropy"])
    return drawn
