"""Which trials an ensemble's weights are chosen among."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from automl_jupyter.jobs.selection import MOST_CANDIDATES, Selection, select
from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.metrics.registry import get_metric
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import FoldRecord, TrialRecord
from automl_jupyter.testing.simulation import make_plan
from automl_jupyter.trials.guard import request_stop

METRIC = "root_mean_squared_error"


def held_out_of(off: list[float], y: np.ndarray) -> tuple[History, Any]:
    """Return a history of trials of one fold, each of which is off by so much everywhere, and their predictions."""
    predictions: Any = SimpleNamespace(
        get=lambda number, fold: y + off[number], truth=lambda fold: (y, None), context=lambda context, folds: context,
        table=SimpleNamespace(folds=[(np.empty(0, dtype=int), np.arange(len(y)))]),
    )  # fmt: skip
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
    return History(trials=trials, plan={"metric": {"name": METRIC, "greater_is_better": False}}), predictions


def select_all(history: History, predictions: Any, **how: Any) -> Selection:
    return select(
        make_plan(task="regression"), history, predictions, get_metric(METRIC, "regression"), MetricContext(),
        list(history.trials), n_folds=1, **how,
    )  # fmt: skip


@pytest.mark.parametrize(("n_better", "is_looked_at"), [(MOST_CANDIDATES - 1, True), (MOST_CANDIDATES, False)])
def test_weights_are_chosen_among_the_best_trials(n_better: int, *, is_looked_at: bool) -> None:
    """The last one would make any average better, and is worse than all by itself."""
    found = select_all(*held_out_of([1.0] * n_better + [-1.5], np.linspace(0.0, 9.0, 50)), stack_limit_s=0.0)
    assert (n_better in dict(found.members)) == is_looked_at


@pytest.mark.parametrize(
    ("limit_s", "stopped", "why"),
    [(None, True, "the job was stopped"), (0.2, False, "it was not fitted within 0.2 s")],
)
def test_a_second_level_is_not_waited_for(
    limit_s: float | None, *, stopped: bool, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit_stack(*given: Any, **how: Any) -> None:
        if stopped:
            request_stop([f"job {limit_s}"])
        end = time.monotonic() + 20
        while time.monotonic() < end:
            time.sleep(0.01)

    monkeypatch.setattr("automl_jupyter.search.stack.fit_stack", fit_stack)
    history, predictions = held_out_of([1.0, -1.0], np.linspace(0.0, 9.0, 50))
    found = select_all(history, predictions, stack_limit_s=limit_s, stop_key=f"job {limit_s}")
    assert (found.stack, found.stack_error) == (None, why)
    assert len(found.members) == 2


def test_predictions_of_all_folds_are_put_together_one_trial_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.search import ensemble

    given: list[Any] = []
    choose = ensemble.select_weights

    def look(predictions: Any, *rest: Any, **how: Any) -> Any:
        given.append(predictions)
        return choose(predictions, *rest, **how)

    monkeypatch.setattr(ensemble, "select_weights", look)
    y = np.linspace(0.0, 9.0, 50)
    select_all(*held_out_of([1.0, -1.5], y), stack_limit_s=0.0)
    assert len(given[0]) == 2
    np.testing.assert_array_equal(given[0][0], y + 1.0)
    assert given[0][0] is not given[0][0], "none is held"


def test_a_second_level_of_too_many_classes_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_jupyter.jobs.selection.MOST_STACK_WORK", 99)  # 50 rows and 2 members are 100
    found = select_all(*held_out_of([1.0, -1.0], np.linspace(0.0, 9.0, 50)), stack_limit_s=None)
    assert found.stack is None
    assert found.stack_error == "it would take too long on so many rows and classes"
    assert len(found.members) == 2
