"""LinearSVM: a large-margin linear classifier with calibrated probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.calibrated_fit import fit
from automl_jupyter.learners.info import SpaceContext

__all__ = ["fit", "make", "space"]


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model."""
    from sklearn.svm import LinearSVC

    from automl_jupyter.learners.calibrated import CalibratedMargin

    defaults = {"C": 0.1, "dual": "auto", "max_iter": 300, "tol": 1e-3, "random_state": random_state}
    return CalibratedMargin(LinearSVC(**{**defaults, **params}), random_state=random_state)


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the penalty and whether rare classes weigh as much as common ones."""
    return {
        "C": trial.suggest_float("C", 1e-4, 1e2, log=True),
        "class_weight": trial.suggest_categorical("class_weight", [None, "balanced"]),
    }
