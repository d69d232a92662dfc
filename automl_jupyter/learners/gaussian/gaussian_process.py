"""GaussianProcess: every smooth function at once, weighed by how well it fits; exact, and so for small tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.learners.info import SpaceContext

#: rows of training data that the kernel's settings are chosen on, and steps: each costs the cube of the rows
KERNEL_ROWS, MOST_STEPS = 400, 12
#: the same once more, from what was found, and from how many rows on that is worth it
MORE_ROWS, MORE_STEPS, LEAST_FOR_MORE = 1200, 8, 1000


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted process."""
    from automl_jupyter.learners.gaussian.model import GaussianProcessClassifier, GaussianProcessRegressor

    kind = GaussianProcessClassifier if task == "classification" else GaussianProcessRegressor
    return kind(**{"random_state": random_state, **params})


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw how much columns may differ, and how much smoother than most likely it is; all else is found."""
    return {
        "relevance": trial.suggest_float("relevance", 0.1, 1.0, log=True),
        "smoothness": trial.suggest_float("smoothness", 0.5, 3.0, log=True),
    }
