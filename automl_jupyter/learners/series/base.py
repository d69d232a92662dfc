"""What learners of single series share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: periods of a series that are looked at, at most: what lies further back says little, and costs as much
MOST_PERIODS = 2500


@dataclass(frozen=True)
class Past:
    """The series a forecast starts from.

    Parameters
    ----------
    values : ndarray of shape (n_series, n_periods)
        Their values without holes, the last one just before the forecast.
    season : int
        Periods of a season; 1 for none.
    seasons : tuple of int
        All periods after which the calendar repeats, the shortest first.
    columns : ndarray of shape (n_series, n_periods, n_columns), optional
        Numbers that are known ahead, for learners that look at them (``LearnerInfo.columns``).
    ahead : ndarray of shape (n_series, horizon, n_columns), optional
        The same of the periods to come.
    ends : DatetimeIndex, optional
        The last instant of each series.
    frequency : str, optional
        The distance of periods, as a pandas offset alias.
    country : str, optional
        The country whose holidays matter.
    """

    values: np.ndarray
    season: int = 1
    seasons: tuple[int, ...] = ()
    columns: np.ndarray | None = None
    ahead: np.ndarray | None = None
    ends: pd.DatetimeIndex | None = None
    frequency: str | None = None
    country: str | None = None


def tail(values: np.ndarray, most: int = MOST_PERIODS) -> np.ndarray:
    """Return the last periods of each series."""
    return values[:, -most:]


def is_flat(values: np.ndarray) -> bool:
    """Return whether a series hardly ever changes.

    Examples
    --------
    >>> is_flat(np.full(9, 0.1)), is_flat(np.arange(9.0))
    (True, False)
    """
    return float(np.ptp(values)) <= 1e-9 * (1e-300 + float(np.abs(values).max()))


def season_profile(values: np.ndarray, season: int, *, multiplicative: bool = False) -> np.ndarray:
    """Return the mean of each phase of a season less (or over) the trend, by classical decomposition.

    Parameters
    ----------
    values : ndarray of shape (n_series, n_periods)
        At least two seasons.
    season : int
        Periods of a season.
    multiplicative : bool, default False
        Whether the season multiplies the trend.

    Returns
    -------
    ndarray of shape (n_series, season)
        The phase of the first period comes first. Sums to 0, or has the mean 1.

    Examples
    --------
    >>> season_profile(np.tile([1.0, 3.0], (1, 4)), 2).round(6).tolist()
    [[-1.0, 1.0]]
    """
    trend = moving_average(values, season)
    detrended = values / trend if multiplicative else values - trend
    n, length = values.shape
    n_seasons = -(-length // season)
    padded = np.full((n, n_seasons * season), np.nan)
    padded[:, :length] = detrended
    phases = padded.reshape(n, n_seasons, season)
    there = np.isfinite(phases)
    profile = np.where(there, phases, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    middle = profile.mean(axis=1, keepdims=True)
    return np.asarray(profile / np.where(middle > 0, middle, 1) if multiplicative else profile - middle)


def moving_average(values: np.ndarray, season: int) -> np.ndarray:
    """Return the centred mean over a season, NaN where it would reach beyond the ends."""
    n, length = values.shape
    out = np.full((n, length), np.nan)
    if length < season + 1 - season % 2:
        out[:] = values.mean(axis=1, keepdims=True)
        return out
    sums = np.concatenate([np.zeros((n, 1)), np.cumsum(values, axis=1)], axis=1)
    means = (sums[:, season:] - sums[:, :-season]) / season
    if season % 2 == 0:  # the mean of two neighbours is centred
        means = (means[:, 1:] + means[:, :-1]) / 2
    half = season // 2
    out[:, half : half + means.shape[1]] = means
    return out


def is_seasonal(values: np.ndarray, season: int) -> np.ndarray:
    """Return whether each series repeats after a season, at 90 %.

    The test of Assimakopoulos and Nikolopoulos (2000): the autocorrelation at a season against its standard error.
    """
    n, length = values.shape
    if season < 2 or length < 2 * season + 1:
        return np.zeros(n, dtype=bool)
    centred = values - values.mean(axis=1, keepdims=True)
    total = (centred**2).sum(axis=1)
    total = np.where(total > 0, total, 1)
    lags = [(centred[:, k:] * centred[:, :-k]).sum(axis=1) / total for k in range(1, min(season, 400))]
    at = (centred[:, season:] * centred[:, :-season]).sum(axis=1) / total
    error = np.sqrt((1 + 2 * sum(r**2 for r in lags)) / length)
    return np.asarray(np.abs(at) > 1.645 * error)


def repeat_profile(profile: np.ndarray, start: int, n: int) -> np.ndarray:
    """Return `n` values of a profile from phase `start` on, for each series."""
    phases = (start + np.arange(n)) % profile.shape[1]
    return np.asarray(profile[:, phases])


def last_value(values: np.ndarray, horizon: int) -> np.ndarray:
    """Return the last value of each series, `horizon` times."""
    return np.repeat(values[:, -1:], horizon, axis=1)


def settled(forecast: np.ndarray, past: Any) -> np.ndarray:
    """Return a forecast without values that are no numbers or far beyond all that was seen."""
    values = past.values
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    reach = 10 * (high - low) + 1e-9
    bounded = np.clip(forecast, low - reach, high + reach)
    return np.asarray(np.where(np.isfinite(bounded), bounded, values[:, -1:]))
