"""Forecasts that repeat what was: the last value, the last season, the mean, the mean of each phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.series.base import Past, last_value


class NaiveForecaster:
    """Repeat the last value, the last season, or a mean.

    Parameters
    ----------
    seasonal : bool
        Whether phases of a season are kept apart.
    average : bool
        Whether the mean is taken, not the last value.
    drift : bool, default False
        Whether the mean change goes on.
    n_seasons : int, optional
        Seasons that the mean looks back, or periods where there is no season; all when left out.

    Examples
    --------
    >>> NaiveForecaster(seasonal=True, average=False).forecast(Past(np.array([[1.0, 2, 3, 4]]), season=2), 3).tolist()
    [[3.0, 4.0, 3.0]]
    """

    def __init__(self, seasonal: bool, average: bool, drift: bool = False, n_seasons: int | None = None) -> None:
        self.seasonal, self.average, self.drift, self.n_seasons = seasonal, average, drift, n_seasons

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the next `horizon` values, shape (n_series, horizon)."""
        values = past.values
        season = past.season if self.seasonal else 1
        if season > values.shape[1] or (season == 1 and not self.average):
            found = last_value(values, horizon)
        else:
            n_whole = max(values.shape[1] // season, 1)
            n_back = min(n_whole, self.n_seasons or n_whole) if self.average else 1
            by_phase = values[:, -n_back * season :].reshape(len(values), n_back, season).mean(axis=1)
            found = by_phase[:, np.arange(horizon) % season]
        if self.drift and values.shape[1] > 1:
            slope = (values[:, -1:] - values[:, :1]) / (values.shape[1] - 1)
            found = found + slope * np.arange(1, horizon + 1)
        return found


_KINDS = {
    "Naive": (False, False),
    "SeasonalNaive": (True, False),
    "Average": (False, True),
    "SeasonalAverage": (True, True),
}
#: settings that make each learner of this module what it is
FIXED = {key: {"kind": key} for key in _KINDS}


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make a forecaster of one kind."""
    seasonal, average = _KINDS[params["kind"]]
    return NaiveForecaster(seasonal, average, bool(params.get("drift", False)), params.get("n_seasons"))


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw how far back a mean looks."""
    return {"n_seasons": trial.suggest_int("n_seasons", 1, 8)}
