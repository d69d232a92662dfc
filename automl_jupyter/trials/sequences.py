"""A learner of whole sequences as something that forecasts a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter.data.panel import PanelIndex, is_calendar, shown
from automl_jupyter.featurization.lags import calendar_features
from automl_jupyter.learners import learners
from automl_jupyter.learners.base import StopSignal, make_learner, never_stop
from automl_jupyter.learners.sequence.base import Sequences
from automl_jupyter.trials.history import History, learn_fills, numbers_of


def calendar_of(
    index: PanelIndex, positions: np.ndarray, seasons: Sequence[int], *, waves: bool, country: str | None
) -> np.ndarray:
    """Return features of the instants at some positions of a grid, shape (n, n_features).

    Parameters
    ----------
    index : PanelIndex
        The grid.
    positions : ndarray of int
        Places on it, also beyond its end.
    seasons : sequence of int
        Periods of the seasons.
    waves : bool
        As `calendar_features` takes it.
    country : str or None
        The country whose holidays are features.
    """
    unique, inverse = np.unique(positions, return_inverse=True)
    times = index.times(unique)
    if index.zone is not None and not is_calendar(index.frequency):
        times = shown(times, index.zone, index.frequency).tz_localize(None)
    found = calendar_features(times, unique - index.phase, index.frequency, tuple(seasons), waves=waves)
    if country is not None:
        from automl_jupyter.featurization.holidays import holiday_features

        found = np.column_stack([found, holiday_features(times, country)])
    return np.asarray(found[inverse])


class SequenceForecaster:
    """A network that reads whole series, on a panel.

    Parameters
    ----------
    learner, params : str, mapping
        The learner and its settings.
    horizon : int
        How many steps ahead it learns.
    seasons : sequence of int
        Periods of the seasons.
    columns : sequence of str
        The numeric columns that are known ahead.
    country : str, optional
        The country whose holidays are features.
    imputers : mapping, optional
        How missing values of columns are imputed, by column.
    """

    def __init__(
        self,
        learner: str,
        params: Mapping[str, Any],
        *,
        horizon: int,
        seasons: Sequence[int],
        columns: Sequence[str] = (),
        country: str | None = None,
        imputers: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.learner, self.params, self.horizon = learner, dict(params), horizon
        self.seasons, self.columns, self.country = list(seasons), list(columns), country
        self.imputers = dict(imputers or {})

    @property
    def needs_columns(self) -> list[str]:
        """The columns whose values must be known ahead."""
        return self.columns

    @property
    def needs_past(self) -> list[str]:
        """The columns whose values before an origin are looked at."""
        return self.columns

    def fit(
        self, history: History, *, seed: int, n_jobs: int, should_stop: StopSignal = never_stop
    ) -> SequenceForecaster:
        """Learn from all series."""
        self.fills_ = learn_fills(history.X, self.columns, self.imputers)
        table = self._numbers(history.X)
        self.mean_, self.spread_ = _means(table)
        self.estimator_ = make_learner(
            learners.get(self.learner), "forecasting", self.params, random_state=seed, n_jobs=n_jobs
        )
        self.estimator_.fit(self._sequences(history), self.horizon, should_stop)
        self.stopped_early_ = self.estimator_.stopped_early_
        return self

    def forecast(
        self, history: History, horizon: int, future: pd.DataFrame, should_stop: StopSignal = never_stop
    ) -> np.ndarray:
        """Return the next `horizon` values of every series; what lies beyond those learnt follows from forecasts."""
        index = history.index
        series = self._sequences(history)
        known = self._standard(self._numbers(future)).reshape(index.n_series, horizon, -1)
        found = np.empty((index.n_series, horizon))
        for done in range(0, horizon, self.horizon):
            n = min(self.horizon, horizon - done)
            at = (index.starts + index.lengths + done)[:, None] + np.arange(n)
            ahead = np.concatenate(
                [self._calendar(index, at.ravel()).reshape(*at.shape, -1), known[:, done : done + n]], 2
            )
            found[:, done : done + n] = self.estimator_.forecast(series, list(ahead))
            series = replace(
                series,
                values=[np.concatenate(pair) for pair in zip(series.values, found[:, done : done + n], strict=True)],
                features=[np.concatenate(pair) for pair in zip(series.features, ahead, strict=True)],
            )
        return found

    def _sequences(self, history: History) -> Sequences:
        index = history.index
        features = np.column_stack([self._calendar(index, index.positions), self._standard(self._numbers(history.X))])
        cuts = index.offsets[1:-1]
        names = [index.name_of(i) for i in range(index.n_series)]
        return Sequences(np.split(history.values, cuts), np.split(features, cuts), names)

    def _calendar(self, index: PanelIndex, positions: np.ndarray) -> np.ndarray:
        return calendar_of(index, positions, self.seasons, waves=True, country=self.country)

    def _numbers(self, X: pd.DataFrame) -> np.ndarray:
        return numbers_of(X, self.columns, getattr(self, "fills_", None)) if self.columns else np.empty((len(X), 0))

    def _standard(self, table: np.ndarray) -> np.ndarray:
        return np.asarray(np.nan_to_num((table - self.mean_) / self.spread_))


def _means(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the spread of each column's known values; 0 and 1 where there is nothing to measure."""
    there = np.isfinite(table)
    filled = np.where(there, table, 0.0)
    n = np.maximum(there.sum(axis=0), 1)
    mean = filled.sum(axis=0) / n
    spread = np.sqrt((np.where(there, table - mean, 0.0) ** 2).sum(axis=0) / n)
    return mean, np.where(spread > 1e-12, spread, 1.0)
