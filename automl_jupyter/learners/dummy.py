"""The floor: class priors, or the mean or median of the target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model; ``strategy`` is ``"prior"``, ``"mean"`` or ``"median"``."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if task == "classification":
        return DummyClassifier(**{"strategy": "prior", "random_state": random_state, **params})
    return DummyRegressor(**{"strategy": "mean", **params})


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the constant a regression predicts; a classification has nothing to draw."""
    if context.task == "classification":
        return {}
    return {"strategy": trial.suggest_categorical("strategy", ["mean", "median"])}
