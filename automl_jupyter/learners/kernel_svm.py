"""SVM: a large-margin classifier with a kernel, with calibrated probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.calibrated_fit import fit
from automl_jupyter.learners.info import SpaceContext

__all__ = ["fit", "make", "space"]


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model; the iterations are bounded, because libsvm cannot be interrupted."""
    from sklearn.svm import SVC

    from automl_jupyter.learners.calibrated import CalibratedMargin

    defaults = {
        "C": 1.0,
        "kernel": "rbf",
        "cache_size": 200,
        "max_iter": 50_000,
        "tol": 1e-2,
        # libsvm is seeded even where it draws nothing; without this, from numpy's shared state
        "random_state": random_state,
    }
    return CalibratedMargin(SVC(**{**defaults, **params}), random_state=random_state)


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the penalty, the kernel and its width relative to scikit-learn's ``"scale"``."""
    return {
        "C": trial.suggest_float("C", 1e-2, 1e2, log=True),
        "kernel": trial.suggest_categorical("kernel", ["rbf", "poly"]),
        "class_weight": trial.suggest_categorical("class_weight", [None, "balanced"]),
    }
