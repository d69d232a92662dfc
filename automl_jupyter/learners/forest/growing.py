"""How a forest grows: a few trees at a time, asking the stop signal in between."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl_jupyter.learners.base import FitData, FitReport

#: What all the trees of a forest may weigh, in bytes; a node takes 64 and 8 for each class.
MOST_BYTES = 500e6
MOST_LEAVES = 15_000


def bounded_leaves(n_trees: int, n_classes: int | None) -> int:
    """Return the leaves a tree may have so that the forest keeps within memory.

    Examples
    --------
    >>> bounded_leaves(100, 2), bounded_leaves(100, 100)
    (15000, 2893)
    """
    node = 64 + 8 * max(n_classes or 1, 1)
    return int(min(MOST_LEAVES, max(64, MOST_BYTES / (2 * node * n_trees))))


def fit(estimator: Any, data: FitData) -> FitReport:
    """Grow the forest in chunks; the seed gives the same trees however they are dealt out."""
    wanted = int(data.refit_iterations or estimator.n_estimators)
    leaves = estimator.max_leaf_nodes
    if leaves is not None and data.X.shape[0] <= leaves:
        # A cap that cannot be reached would only make scikit-learn take its slower, best-first builder.
        estimator.set_params(max_leaf_nodes=None)
    X = data.X.astype(np.float32, copy=False)
    chunk = int(np.clip(200_000 // max(X.shape[0], 1), 1, 25)) * max(1, abs(estimator.n_jobs or 1))
    estimator.set_params(warm_start=True)
    grown, stopped = 0, False
    while grown < wanted:
        grown = min(wanted, grown + chunk)
        estimator.set_params(n_estimators=grown)
        estimator.fit(X, data.y, data.weight)
        if grown < wanted and data.should_stop():
            stopped = True
            break
    estimator.set_params(warm_start=False)
    return FitReport(grown, stopped)
