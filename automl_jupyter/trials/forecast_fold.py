"""Fit one window of a forecaster and forecast the periods after its origin."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter.learners.base import StopSignal
from automl_jupyter.trials.forecasters import LocalForecaster, make_forecaster
from automl_jupyter.trials.guard import quiet
from automl_jupyter.trials.history import future_rows, lengths_of, open_history
from automl_jupyter.trials.records import FoldTask, is_refit

if TYPE_CHECKING:
    from automl_jupyter.data.cache import CachedTable


@dataclass(frozen=True)
class ForecastFold:
    """A fitted forecaster and what it says of the rows after its origin."""

    forecaster: Any
    predictions: np.ndarray | None
    fit_s: float
    predict_s: float
    n_train: int
    stopped_early: bool


def rows_of(table: CachedTable, fold: int) -> np.ndarray:
    """Return the rows a fold is judged on; none of a refit."""
    return np.empty(0, dtype=np.intp) if is_refit(fold) else np.asarray(table.folds[fold][1])


def forecast_fold(table: CachedTable, task: FoldTask, should_stop: StopSignal) -> ForecastFold:
    """Fit on the rows before a fold's origin, and forecast those after it.

    Parameters
    ----------
    table : CachedTable
        The panel.
    task : FoldTask
        What to fit.
    should_stop : callable
        Asked by learners that can stop.
    """
    whole = open_history(table)
    refit = is_refit(task.fold)
    lengths = whole.index.lengths if refit else lengths_of(whole.index, np.asarray(table.folds[task.fold][0]))
    history = whole if refit else whole.head(lengths)
    forecaster = make_forecaster(task.learner, task.params, table.meta)
    horizon = int(table.meta["forecast"]["horizon"])
    started = time.monotonic()
    with quiet():
        forecaster.fit(history, seed=task.seed, n_jobs=task.n_jobs, should_stop=should_stop)
        if refit and isinstance(forecaster, LocalForecaster):
            forecaster.remember(history, horizon)
    fit_s = time.monotonic() - started
    stopped = bool(getattr(forecaster, "stopped_early_", False))
    if refit:
        return ForecastFold(forecaster, None, fit_s, 0.0, history.index.n_rows, stopped)
    started = time.monotonic()
    future = future_rows(whole, lengths, horizon, table.meta["forecast"]["unknown"])
    with quiet():
        ahead = forecaster.forecast(history, horizon, future, should_stop)
    valid = rows_of(table, task.fold)
    series, step = whole.index.series[valid], whole.index.within[valid]
    numbers = np.cumsum(lengths > 0) - 1  # series without a past before the origin are left out of the history
    predictions = ahead[numbers[series], step - lengths[series]]
    seconds = time.monotonic() - started
    return ForecastFold(forecaster, predictions, fit_s, seconds, history.index.n_rows, stopped)
