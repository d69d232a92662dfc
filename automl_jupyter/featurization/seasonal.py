"""Features of a decomposition: how far a period's phase lies off the trend, and the trend, as known at an origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

#: the kind of components that this makes; those of fitted forecasters that name another, or none, are other features
KIND = "known at the origin"
#: seasons that a phase is a mean of, at most: what lies further back says little of a season that changes
MOST_SEASONS = 20
#: the least span of the trend, in periods
_LEAST_SPAN = 3.0


@dataclass(frozen=True, eq=False)
class Components:
    """The parts of many series, one after another.

    Parameters
    ----------
    period : int
        Periods of a season.
    trend : ndarray of shape (n_rows,)
        The level without the season at each period, of nothing after it.
    within : ndarray of int, shape (n_rows,)
        Which of its series each period is, from 0.
    ends : ndarray of int, shape (n_series,)
        The row of each series' last period.
    sums, counts : ndarray of shape (n_rows,)
        Of the periods of the same phase up to each: how far they lie off the mean of the season around them, summed,
        and how many of them have a whole season around them.
    """

    period: int
    trend: np.ndarray
    within: np.ndarray
    ends: np.ndarray
    sums: np.ndarray
    counts: np.ndarray

    def season(self, origin: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Return how far the phase of periods lies off the trend, as far as it is known some steps before them.

        Parameters
        ----------
        origin : ndarray of int
            The rows of the last periods that are known.
        step : ndarray of int
            How many periods after them, from 0.

        Returns
        -------
        ndarray
            0 where fewer than two periods of the phase have a whole season around them.
        """
        here = self.within[origin]
        whole = here - self.period // 2  # the last one whose season is known
        last = whole - (whole - here - step) % self.period
        first = last - MOST_SEASONS * self.period
        sums, counts = np.zeros(len(origin)), np.zeros(len(origin))
        for at, sign in ((last, 1), (first, -1)):
            rows = np.where(at >= 0, origin - here + at, 0)
            sums += sign * np.where(at >= 0, self.sums[rows], 0.0)
            counts += sign * np.where(at >= 0, self.counts[rows], 0)
        return np.asarray(np.where(counts > 1, sums / np.maximum(counts, 1), 0.0))


def decompose(values: np.ndarray, offsets: np.ndarray, period: int) -> Components:
    """Decompose series so that nothing after an origin enters what is said of it.

    The season is that of the classical decomposition, the mean of each phase off the centred mean of a season, of what
    was known; the trend an exponentially weighted mean of what it leaves. A decomposition of whole series, such as STL
    by loess, would tell each period's own value to those that learn from it.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        The series without holes, one after another.
    offsets : ndarray of int, shape (n_series + 1,)
        Where each begins and, last, where they end.
    period : int
        Periods of a season; below 2 there is none.

    Examples
    --------
    >>> found = decompose(np.tile([1.0, 3.0], 10), np.array([0, 20]), 2)
    >>> found.season(np.array([19, 19, 3]), np.array([1, 2, 1])).tolist()
    [-1.0, 1.0, 0.0]
    """
    lengths = np.diff(offsets)
    series = np.repeat(np.arange(len(lengths)), lengths)
    within = np.arange(len(values)) - offsets[:-1][series]
    off = values - _season_means(values, period)
    half = period // 2
    whole = (within >= half) & (within + half < lengths[series]) & (period > 1) & np.isfinite(off)
    phases = series * max(period, 1) + within % max(period, 1)
    sums = pd.Series(np.where(whole, off, 0.0)).groupby(phases).cumsum().to_numpy()
    counts = pd.Series(whole.astype(np.int64)).groupby(phases).cumsum().to_numpy()
    found = Components(max(period, 1), np.zeros(len(values)), within, offsets[1:] - 1, sums, counts)
    if not len(values):
        return found
    rest = pd.Series(values - found.season(np.arange(len(values)), np.zeros(len(values), dtype=np.intp)))
    found.trend[:] = rest.groupby(series).ewm(span=max(period / 2, _LEAST_SPAN)).mean().to_numpy()
    return found


def _season_means(values: np.ndarray, period: int) -> np.ndarray:
    """Return the centred mean over a season at each place of one long array, NaN where that would reach beyond it."""
    found = np.full(len(values), np.nan)
    if period < 2 or len(values) <= period:
        return found
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means = (sums[period:] - sums[:-period]) / period
    if period % 2 == 0:  # the mean of two neighbours is centred
        means = (means[1:] + means[:-1]) / 2
    found[period // 2 : period // 2 + len(means)] = means
    return found
