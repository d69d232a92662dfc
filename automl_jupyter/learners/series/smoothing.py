"""Exponential smoothing: level, trend, damped or not, and season, each forgetting at its own rate.

Holt and Winters' method in error-correction form (Hyndman, Koehler, Ord and Snyder, "Forecasting with exponential
smoothing", 2008), additive errors. Every series tries every setting of a grid at once and then moves to better ones
around its best: many series cost little more than one. The form is chosen by the corrected information criterion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.series.base import Past, is_seasonal, season_profile, settled, tail
from automl_jupyter.learners.series.decomposed import DecomposedForecaster

#: smoothing of level, trend and season, and damping, that are tried first
_LEVELS, _TRENDS, _SEASONS, _DAMPINGS = (0.05, 0.2, 0.5, 0.9), (0.02, 0.1, 0.3), (0.02, 0.15, 0.4), (0.85, 0.95, 0.98)
#: rounds of moving to better settings, and how far in each
_STEPS = (0.5, 0.25, 0.12, 0.06)
_MOST_CELLS = 200_000
#: longest season with a state of its own; longer ones are taken out before
_LONGEST_SEASON = 400


@dataclass(frozen=True)
class Form:
    """Which states there are."""

    trend: str  # none, damped or linear
    season: str  # none, additive or multiplicative

    def n_parameters(self, season: int) -> int:
        """Return how many numbers are fitted: the smoothing and the first states."""
        return 2 + {"none": 0, "linear": 2, "damped": 3}[self.trend] + (0 if self.season == "none" else season)


@dataclass
class States:
    """Level, trend and season of series x settings, and the errors made so far."""

    level: np.ndarray
    trend: np.ndarray
    season: np.ndarray
    error: np.ndarray


class ExponentialSmoothingForecaster:
    """Exponential smoothing of each series in the form that suits it.

    Parameters
    ----------
    trend : {"auto", "none", "damped", "linear"}, default "auto"
        Whether there is a trend, and whether it ebbs away or goes on.
    season : {"auto", "none", "additive", "multiplicative"}, default "auto"
        How the season joins.

    Examples
    --------
    >>> past = Past(np.tile([1.0, 5.0, 3.0, 7.0], (1, 8)), season=4)
    >>> ExponentialSmoothingForecaster().forecast(past, 4).round(1).tolist()
    [[1.0, 5.0, 3.0, 7.0]]
    """

    def __init__(self, trend: str = "auto", season: str = "auto") -> None:
        self.trend, self.season = trend, season

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the next `horizon` values, shape (n_series, horizon)."""
        values = tail(past.values)
        scale = np.maximum(np.abs(values).mean(axis=1, keepdims=True), 1e-300)
        values = values / scale
        season = past.season
        has_season = np.zeros(len(values), dtype=bool)
        if 1 < season <= _LONGEST_SEASON and values.shape[1] >= 2 * season + 1 and self.season != "none":
            has_season = is_seasonal(values, season)
        positive = values.min(axis=1) > 0
        found = np.empty((len(values), horizon))
        best = np.full(len(values), np.inf)
        for form in self._forms():
            rows = np.arange(len(values))
            if form.season != "none":
                rows = np.flatnonzero(has_season & (positive if form.season == "multiplicative" else True))
            elif self.season == "auto":
                rows = np.flatnonzero(~has_season)
            size = max(1, _MOST_CELLS // 100)
            for at in np.split(rows, np.arange(size, len(rows), size)):
                if len(at):
                    criterion, ahead = _fit(values[at], season if form.season != "none" else 1, form, horizon)
                    better = criterion < best[at]
                    best[at[better]] = criterion[better]
                    found[at[better]] = ahead[better]
        lost = ~np.isfinite(best)
        found[lost] = values[lost][:, -1:]
        return settled(found * scale, past)

    def _forms(self) -> list[Form]:
        trends = ("none", "damped", "linear") if self.trend == "auto" else (self.trend,)
        seasons = (
            ("none", "additive", "multiplicative") if self.season == "auto" else dict.fromkeys(("none", self.season))
        )
        return [Form(t, s) for t, s in product(trends, seasons)]


def _fit(values: np.ndarray, season: int, form: Form, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the criterion of a form for each series, and the forecasts of its best settings."""
    grid = list(
        product(
            _LEVELS,
            _TRENDS if form.trend != "none" else (0.0,),
            _SEASONS if form.season != "none" else (0.0,),
            _DAMPINGS if form.trend == "damped" else (1.0,),
        )
    )
    n = len(values)
    settings = np.repeat(np.array(grid)[None], n, axis=0)
    states = _run(values, season, form, settings)
    best = _take(settings, states.error)
    free = [0, *{"none": [], "damped": [1, 3], "linear": [1]}[form.trend], *([2] if form.season != "none" else [])]
    for step in _STEPS:
        around = _around(best, free, step)
        states = _run(values, season, form, around)
        best = _take(around, states.error)
    states = _run(values, season, form, best[:, None])
    length, error = values.shape[1], states.error[:, 0]
    k = form.n_parameters(season)
    penalty = 2 * k + 2 * k * (k + 1) / (length - k - 1) if length - k - 1 > 0 else np.inf
    criterion = length * np.log(np.maximum(error, 1e-12 * length) / length) + penalty
    return criterion, _ahead(states, best, season, form, horizon, length)


def _take(settings: np.ndarray, error: np.ndarray) -> np.ndarray:
    error = np.where(np.isfinite(error), error, np.inf)
    return np.asarray(settings[np.arange(len(settings)), np.argmin(error, axis=1)])


def _around(best: np.ndarray, free: Sequence[int], step: float) -> np.ndarray:
    """Return settings nearby: each of the free ones up and down, on a scale where 0 and 1 are far away."""
    candidates = [best]
    odds = np.log(np.clip(best, 1e-4, 1 - 1e-4) / (1 - np.clip(best, 1e-4, 1 - 1e-4)))
    for j in free:
        for sign in (-1, 1):
            moved = best.copy()
            moved[:, j] = 1 / (1 + np.exp(-(odds[:, j] + sign * 4 * step)))
            if j == 3:
                moved[:, j] = np.clip(moved[:, j], 0.8, 0.995)
            candidates.append(moved)
    return np.stack(candidates, axis=1)


def _run(values: np.ndarray, season: int, form: Form, settings: np.ndarray) -> States:
    """Smooth every series with every setting.

    Parameters
    ----------
    values : ndarray of shape (n, length)
        The series.
    settings : ndarray of shape (n, n_settings, 4)
        Smoothing of level, trend and season, and damping.
    """
    level0, trend0, season0 = _first_states(values, season, form)
    n, length = values.shape
    m = settings.shape[1]
    alpha, beta, gamma, phi = np.moveaxis(settings, 2, 0)
    level = np.repeat(level0[:, None], m, axis=1)
    trend = np.repeat(trend0[:, None], m, axis=1)
    # Phases first: what one step reads and writes lies together.
    seasons = np.repeat(season0.T[:, :, None], m, axis=2)
    error = np.zeros((n, m))
    has_trend = form.trend != "none"
    additive, multiplies = form.season == "additive", form.season == "multiplicative"
    with np.errstate(all="ignore"):
        for t in range(length):
            base = level + phi * trend if has_trend else level
            phase = t % season
            if additive:
                e = values[:, t, None] - base - seasons[phase]
                change = e
            elif multiplies:
                s = seasons[phase]
                e = values[:, t, None] - base * s
                change = e / s
            else:
                e = values[:, t, None] - base
                change = e
            error += e * e
            level = base + alpha * change
            if has_trend:
                trend = phi * trend + alpha * beta * change
            if additive:
                seasons[phase] += gamma * (1 - alpha) * e
            elif multiplies:
                seasons[phase] += gamma * (1 - alpha) * e / np.where(base != 0, base, 1)
    return States(level, trend, seasons, error)


def _first_states(values: np.ndarray, season: int, form: Form) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n, length = values.shape
    profile = np.zeros((n, 1))
    early = values[:, : max(min(length, 4 * season + 1), 10)]
    if form.season != "none":
        multiplicative = form.season == "multiplicative"
        profile = season_profile(early, season, multiplicative=multiplicative)
        if multiplicative:
            profile = np.maximum(profile, 1e-2)
        inside = profile[:, np.arange(early.shape[1]) % season]
        early = early / inside if multiplicative else early - inside
    early = early[:, : max(10, min(2 * season, 60))]
    if form.trend == "none":
        return early[:, :10].mean(axis=1), np.zeros(n), profile
    t = np.arange(early.shape[1]) - (early.shape[1] - 1) / 2
    slope = (early * t).sum(axis=1) / max((t**2).sum(), 1e-12)
    return early.mean(axis=1) + slope * (t[0] - 1), slope, profile


def _ahead(states: States, best: np.ndarray, season: int, form: Form, horizon: int, length: int) -> np.ndarray:
    level, trend = states.level[:, 0], states.trend[:, 0]
    steps = np.arange(1, horizon + 1)
    base = np.repeat(level[:, None], horizon, axis=1)
    if form.trend != "none":
        base = base + trend[:, None] * np.cumsum(best[:, 3:4] ** steps, axis=1)
    if form.season == "none":
        return base
    seasons = states.season[(length + steps - 1) % season, :, 0].T
    return np.asarray(base * seasons if form.season == "multiplicative" else base + seasons)


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted forecaster."""
    forecaster = ExponentialSmoothingForecaster(str(params.get("trend", "auto")), str(params.get("season", "auto")))
    return DecomposedForecaster(forecaster) if params.get("decomposed") else forecaster


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw the form."""
    return {
        "trend": trial.suggest_categorical("trend", ["auto", "none", "damped", "linear"]),
        "season": trial.suggest_categorical("season", ["auto", "none", "additive"]),
    }
