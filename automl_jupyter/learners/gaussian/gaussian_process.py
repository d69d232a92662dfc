"""GaussianProcess: every smooth function at once, weighed by how well it fits; exact, and so for small tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted process."""
    from automl_jupyter.learners.gaussian.model import GaussianProcessClassifier, GaussianProcessRegressor

    kind = GaussianProcessClassifier if task == "classification" else GaussianProcessRegressor
    return kind(**{"random_state": random_state, **params})


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw how much smoother than most likely it is; all else is found by likelihood."""
    return {"smoothness": trial.suggest_float("smoothness", 0.5, 3.0, log=True)}
