"""Prophet, where it is installed: a trend that bends, seasons of the calendar and holidays, each series by itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl_jupyter.learners.base import untouched
from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.series.base import Past, is_flat, settled, tail

#: fewest periods Prophet is asked about
_FEWEST = 10


class ProphetForecaster:
    """Prophet on each series.

    Parameters
    ----------
    seasonality_mode : {"additive", "multiplicative"}, default "additive"
        How seasons join the trend.
    changepoint_prior_scale : float, default 0.05
        How readily the trend bends.

    Notes
    -----
    Taylor and Letham, "Forecasting at scale" (2018).
    """

    def __init__(self, seasonality_mode: str = "additive", changepoint_prior_scale: float = 0.05) -> None:
        self.seasonality_mode, self.changepoint_prior_scale = seasonality_mode, changepoint_prior_scale

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the next `horizon` values, shape (n_series, horizon)."""
        values = tail(past.values)
        found = np.repeat(values[:, -1:], horizon, axis=1)
        for row, series in enumerate(values):
            if len(series) >= _FEWEST and not is_flat(series):
                found[row] = self._one(series, past, row, horizon)
        return settled(found, past)

    @untouched()
    def _one(self, values: np.ndarray, past: Past, row: int, horizon: int) -> np.ndarray:
        import pandas as pd
        from prophet import Prophet

        assert past.ends is not None
        logging.getLogger("cmdstanpy").setLevel(logging.ERROR)  # says how each fit went, at length
        model = Prophet(
            seasonality_mode=self.seasonality_mode,
            changepoint_prior_scale=self.changepoint_prior_scale,
            uncertainty_samples=0,
        )
        if past.country is not None:
            model.add_country_holidays(past.country)
        before = pd.date_range(end=past.ends[row], periods=len(values), freq=past.frequency)
        after = pd.date_range(past.ends[row], periods=horizon + 1, freq=past.frequency)[1:]
        frames = [pd.DataFrame({"ds": before, "y": values}), pd.DataFrame({"ds": after})]
        if past.columns is not None and past.ahead is not None:
            for j in range(past.columns.shape[2]):
                known, ahead = past.columns[row, -len(values) :, j], past.ahead[row, :horizon, j]
                there = np.isfinite(known)
                if there.any() and np.ptp(known[there]) > 0:
                    name, middle = f"column{j}", float(known[there].mean())
                    frames[0][name] = np.where(there, known, middle)
                    frames[1][name] = np.where(np.isfinite(ahead), ahead, middle)
                    model.add_regressor(name)
        model.fit(frames[0])
        return np.asarray(model.predict(frames[1])["yhat"], dtype=np.float64)


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted forecaster."""
    return ProphetForecaster(
        str(params.get("seasonality_mode", "additive")), float(params.get("changepoint_prior_scale", 0.05))
    )


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw how seasons join and how readily the trend bends."""
    return {
        "seasonality_mode": trial.suggest_categorical("seasonality_mode", ["additive", "multiplicative"]),
        "changepoint_prior_scale": trial.suggest_float("changepoint_prior_scale", 0.001, 0.5, log=True),
    }
