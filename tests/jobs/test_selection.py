"""Which trials an ensemble's weights are chosen among."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from automl_jupyter.jobs.selection import MOST_CANDIDATES, select
from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.metrics.registry import get_metric
from automl_jupyter.store.history import FoldRecord, History, TrialRecord
from automl_jupyter.testing.simulation import make_plan

METRIC = "root_mean_squared_error"


@pytest.mark.parametrize(("n_better", "is_looked_at"), [(MOST_CANDIDATES - 1, True), (MOST_CANDIDATES, False)])
def test_weights_are_chosen_among_the_best_trials(n_better: int, *, is_looked_at: bool) -> None:
    """The last one would make any average better, and is worse than all by itself."""
    y = np.linspace(0.0, 9.0, 50)
    off = [1.0] * n_better + [-1.5]
    predictions: Any = SimpleNamespace(
        get=lambda number, fold: y + off[number], truth=lambda fold: (y, None), context=lambda context, folds: context
    )
    trials = {
        number: TrialRecord(
            number=number, learner="LightGBM", params={}, recipe="tree", origin="search", label="LightGBM", n_folds=1,
            folds={0: FoldRecord(
                fold=0, metrics={METRIC: abs(by)}, fit_s=1.0, predict_s=0.0, n_train=50, n_valid=50, size_bytes=1,
                iterations=None, stopped_early=False,
            )},
        )
        for number, by in enumerate(off)
    }  # fmt: skip
    history = History(trials=trials, plan={"metric": {"name": METRIC, "greater_is_better": False}})
    plan = make_plan(task="regression")
    metric = get_metric(METRIC, "regression")
    found = select(
        plan, history, predictions, metric, MetricContext(), list(trials), n_folds=1, stack_limit_s=0.0
    )  # fmt: skip
    assert (n_better in dict(found.members)) == is_looked_at
