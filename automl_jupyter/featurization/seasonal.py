"""Features of a seasonal-trend decomposition: where in its season a period lies, and the level it starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Components:
    """The parts of many series, one after another.

    Parameters
    ----------
    season, trend : ndarray of shape (n_rows,)
        Of every known period.
    cycle : ndarray of shape (n_series, period)
        The season of the periods to come: the last one again.
    last : ndarray of shape (n_series,)
        The trend at the end.
    """

    season: np.ndarray
    trend: np.ndarray
    cycle: np.ndarray
    last: np.ndarray


def decompose(values: np.ndarray, offsets: np.ndarray, period: int) -> Components:
    """Decompose series by loess (Cleveland, Cleveland, McRae and Terpenning, "STL", 1990).

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The series without holes, one after another.
    offsets : ndarray of int, shape (n_series + 1,)
        Where each begins and, last, where they end.
    period : int
        Periods of a season. Where there is none, or a series has not two of them, its season is 0 and its trend its
        mean.

    Examples
    --------
    >>> found = decompose(np.tile([1.0, 3.0], 10), np.array([0, 20]), 2)
    >>> found.cycle.round(6).tolist(), found.last.round(6).tolist()
    ([[-1.0, 1.0]], [2.0])
    """
    from statsmodels.tsa.seasonal import STL

    n = len(offsets) - 1
    season, trend = np.zeros(len(values)), np.zeros(len(values))
    cycle, last = np.zeros((n, max(period, 1))), np.zeros(n)
    for i in range(n):
        own = slice(int(offsets[i]), int(offsets[i + 1]))
        series = values[own]
        if period < 2 or len(series) < 2 * period + 1:
            trend[own] = last[i] = series.mean() if len(series) else 0.0
            continue
        found = STL(series, period=period).fit()
        season[own], trend[own] = found.seasonal, found.trend
        cycle[i], last[i] = found.seasonal[-period:], found.trend[-1]
    return Components(season, trend, cycle, last)
