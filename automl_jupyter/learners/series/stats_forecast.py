"""Models of StatsForecast, where it is installed, each series by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl_jupyter.learners.base import untouched
from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.series.base import Past, is_flat, last_value, settled, tail

#: fewest periods they are asked about
_FEWEST = 10
#: longest season of those with a state a phase; longer ones would take minutes
_LONGEST_SEASON = 24
#: settings that make each learner of this module what it is
FIXED = {key: {"model": key} for key in ("AutoETS", "AutoTheta", "AutoCES", "MSTL")}


class StatsForecastForecaster:
    """One of StatsForecast's models.

    Parameters
    ----------
    model : {"AutoETS", "AutoTheta", "AutoCES", "MSTL"}
        Which: exponential smoothing, theta and complex smoothing, each in the form that suits a series best, or
        several seasons taken out in turn (Bandara, Hyndman and Bergmeir, 2021).
    """

    def __init__(self, model: str) -> None:
        self.model = model

    @untouched()
    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the next `horizon` values, shape (n_series, horizon)."""
        values = tail(past.values)
        found = last_value(values, horizon)
        if values.shape[1] < _FEWEST:
            return found
        model = self._model(past, values.shape[1])
        for row, series in enumerate(values):
            if not is_flat(series):
                scale = float(np.abs(series).mean())
                found[row] = model.forecast(y=series / scale, h=horizon)["mean"] * scale
        return settled(found, past)

    def _model(self, past: Past, length: int) -> Any:
        from statsforecast import models

        if self.model == "MSTL":
            seasons = sorted({s for s in (past.season, *past.seasons) if 1 < s <= length // 2})
            return models.MSTL(season_length=seasons) if seasons else models.AutoETS(season_length=1)
        season = past.season if 1 < past.season <= min(_LONGEST_SEASON, length // 2) else 1
        return getattr(models, self.model)(season_length=season)


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted forecaster."""
    return StatsForecastForecaster(params["model"])


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw nothing: these models choose for themselves."""
    return {}
