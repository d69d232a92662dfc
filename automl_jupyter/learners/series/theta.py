"""The theta method: half the trend of the whole, half the level of the recent past.

Assimakopoulos and Nikolopoulos, "The theta model" (2000), in the form of Hyndman and Billah (2003): simple exponential
smoothing with a drift; and its optimised form after Fiorucci et al., "Models for optimising the theta method" (2016),
where theta and the smoothing are chosen by the squared errors of one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.series.base import Past, is_seasonal, repeat_profile, season_profile, settled, tail
from automl_jupyter.learners.series.decomposed import DecomposedForecaster

_ALPHAS = np.array([0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
_THETAS = np.array([1.0, 1.5, 2.0, 3.0, 5.0])
#: cells (series x settings x periods) that are worked on at once
_MOST_CELLS = 4_000_000


class ThetaForecaster:
    """The theta method on each series, the season taken out before and put in after.

    Parameters
    ----------
    optimised : bool, default True
        Whether theta is chosen for each series; otherwise it is 2.
    season : {"auto", "additive", "multiplicative", "none"}, default "auto"
        How the season joins the level; auto: multiplies where no value is 0 or less.

    Examples
    --------
    >>> ThetaForecaster().forecast(Past(np.arange(20.0)[None]), 3).round(1).shape
    (1, 3)
    """

    def __init__(self, optimised: bool = True, season: str = "auto") -> None:
        self.optimised, self.season = optimised, season

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the next `horizon` values, shape (n_series, horizon)."""
        values = tail(past.values)
        found = np.empty((len(values), horizon))
        seasonal = is_seasonal(values, past.season) if self.season != "none" else np.zeros(len(values), dtype=bool)
        positive = values.min(axis=1) > 0
        multiplies = (
            positive if self.season == "auto" else np.full(len(values), self.season == "multiplicative") & positive
        )
        for kind in ("none", "multiplicative", "additive"):
            chosen = ~seasonal if kind == "none" else seasonal & (multiplies == (kind == "multiplicative"))
            if chosen.any():
                found[chosen] = self._of_kind(values[chosen], past.season, kind, horizon)
        return settled(found, past)

    def _of_kind(self, values: np.ndarray, season: int, kind: str, horizon: int) -> np.ndarray:
        if kind == "none":
            return self._without_season(values, horizon)
        multiplicative, length = kind == "multiplicative", values.shape[1]
        profile = season_profile(values, season, multiplicative=multiplicative)
        if multiplicative:
            profile = np.maximum(profile, 1e-3)
        inside, ahead = repeat_profile(profile, 0, length), repeat_profile(profile, length, horizon)
        if multiplicative:
            return np.asarray(self._without_season(values / inside, horizon) * ahead)
        return np.asarray(self._without_season(values - inside, horizon) + ahead)

    def _without_season(self, values: np.ndarray, horizon: int) -> np.ndarray:
        thetas = _THETAS if self.optimised else np.array([2.0])
        size = max(1, _MOST_CELLS // (len(thetas) * len(_ALPHAS) * values.shape[1]))
        parts = [_theta(values[i : i + size], thetas, horizon) for i in range(0, len(values), size)]
        return np.concatenate(parts)


def _theta(values: np.ndarray, thetas: np.ndarray, horizon: int) -> np.ndarray:
    """Return forecasts with the theta and the smoothing of least squared error, for series without a season."""
    n, length = values.shape
    if length < 4:
        return np.repeat(values[:, -1:], horizon, axis=1)
    t = np.arange(length) - (length - 1) / 2
    slope = (values * t).sum(axis=1) / (t**2).sum()
    line = values.mean(axis=1)[:, None] + slope[:, None] * t
    # A theta line bends the series away from its trend: theta · y + (1 − theta) · trend.
    grid = np.stack(np.meshgrid(thetas, _ALPHAS, indexing="ij")).reshape(2, -1)
    theta, alpha = grid[0][None], grid[1][None]
    bent = theta[..., None] * values[:, None] + (1 - theta[..., None]) * line[:, None]
    level = bent[..., 0].copy()
    error = np.zeros((n, grid.shape[1]))
    weight = 1 / theta  # of the bent line in the forecast; the trend has the rest
    for k in range(1, length):
        predicted = weight * level + (1 - weight) * line[:, None, k]
        error += (values[:, None, k] - predicted) ** 2
        level += alpha * (bent[..., k] - level)
    best = np.argmin(error, axis=1)
    rows = np.arange(n)
    theta, alpha, level = grid[0][best], grid[1][best], level[rows, best]
    steps = np.arange(1, horizon + 1)
    ahead = line[:, -1:] + slope[:, None] * steps
    trend = (1 - 1 / theta)[:, None] * ahead
    return np.asarray(trend + (level / theta)[:, None])


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted forecaster."""
    forecaster = ThetaForecaster(bool(params.get("optimised", True)), str(params.get("season", "auto")))
    return DecomposedForecaster(forecaster) if params.get("decomposed") else forecaster


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw how the season joins, and whether theta is chosen."""
    return {
        "season": trial.suggest_categorical("season", ["auto", "additive", "none"]),
        "optimised": trial.suggest_categorical("optimised", [True, False]),
    }
