"""AveragedPerceptronClassifier: the mean of all the perceptron's steps, with calibrated probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.calibrated_fit import fit
from automl_jupyter.learners.info import SpaceContext

__all__ = ["fit", "make", "space"]


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model."""
    from sklearn.linear_model import SGDClassifier

    from automl_jupyter.learners.calibrated import CalibratedMargin

    defaults = {
        "loss": "perceptron",
        "learning_rate": "constant",
        "eta0": 1.0,
        "penalty": None,
        "average": True,
        "max_iter": 10,
        "tol": None,  # the perceptron's own loss says little of its mean; ten passes are its usual number
        "random_state": random_state,
        "n_jobs": n_jobs,
    }
    return CalibratedMargin(SGDClassifier(**{**defaults, **params}), random_state=random_state)


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the number of passes and the step."""
    return {
        "max_iter": trial.suggest_int("max_iter", 2, 30, log=True),
        "eta0": trial.suggest_float("eta0", 1e-2, 10.0, log=True),
    }
