"""MultinomialNaiveBayes: features as counts drawn from each class's distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted model."""
    from sklearn.naive_bayes import MultinomialNB

    return MultinomialNB(**{"alpha": 1.0, **params})


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the smoothing and whether classes keep their priors."""
    return {
        "alpha": trial.suggest_float("alpha", 1e-3, 10.0, log=True),
        "fit_prior": trial.suggest_categorical("fit_prior", [True, False]),
    }
