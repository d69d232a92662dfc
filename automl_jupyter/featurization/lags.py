"""Features of a time series at an instant, as far as they are known some steps before it.

A cell is forecast from an *origin*, the last instant whose target is known, `step` instants later. Nothing after the
origin enters a feature, except what is known ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

#: the lags of a series without settings of its own: what was before the origin
DEFAULT_LAGS = 8
#: seasons longer than this are looked at a period before and after the same phase, too
_AROUND = 2


@dataclass(frozen=True)
class LagSettings:
    """Which past values become features.

    Parameters
    ----------
    lags : tuple of int
        Periods back from the one after the origin: 1 is the origin itself.
    seasons : tuple of int
        For each, the latest known values of the same phase become features.
    n_repeats : int
        How many of the same phase.
    windows : tuple of int
        Periods up to the origin whose mean becomes a feature.
    extremes : bool, default False
        Whether the smallest and the largest of a window do, too.
    difference : str, default "none"
        What is subtracted from everything: nothing, the value at the origin, the one a season before the instant, or
        the mean of the last season, of eight periods at least.
    steps : bool, default False
        Whether the number of steps ahead is a feature.
    """

    lags: tuple[int, ...] = tuple(range(1, DEFAULT_LAGS + 1))
    seasons: tuple[int, ...] = ()
    n_repeats: int = 3
    windows: tuple[int, ...] = ()
    extremes: bool = False
    difference: str = "none"
    steps: bool = False

    @property
    def reach(self) -> int:
        """How many periods before the origin are looked at, the origin included."""
        seasonal = max((m * self.n_repeats + _AROUND for m in self.seasons), default=0)
        mean = self.mean_window if self.difference == "mean" else 1
        return max([*self.lags, *self.windows, seasonal, mean])

    @property
    def mean_window(self) -> int:
        """Periods up to the origin whose mean is subtracted where `difference` is "mean": a season, or some."""
        return max([*self.seasons[:1], DEFAULT_LAGS])

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> LagSettings:
        """Return the settings that `to_dict` wrote."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
        return cls(**values)


@dataclass(frozen=True)
class Cells:
    """What is to be forecast from where, as positions in one long array of values.

    Parameters
    ----------
    origin : ndarray of int
        Position of each cell's origin.
    known : ndarray of int
        How many values of its series lie before and at the origin.
    step : ndarray of int
        How many instants after the origin, from 1.
    """

    origin: np.ndarray
    known: np.ndarray
    step: np.ndarray

    def __len__(self) -> int:
        return len(self.origin)


def lag_features(values: np.ndarray, cells: Cells, settings: LagSettings) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of cells, and what their target is a difference to.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Series without holes, one after another.
    cells : Cells
        What is to be forecast.
    settings : LagSettings
        Which features.

    Returns
    -------
    features : ndarray of shape (n_cells, n_features)
        NaN where a series does not reach back so far.
    base : ndarray of shape (n_cells,)
        To be added to what is forecast.

    Examples
    --------
    >>> cells = Cells(np.array([3]), np.array([4]), np.array([2]))
    >>> features, base = lag_features(np.array([1.0, 2, 3, 4]), cells, LagSettings(lags=(1, 2, 9), difference="last"))
    >>> features.tolist(), base.tolist()
    ([[0.0, -1.0, nan]], [4.0])
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])

    def back(periods: np.ndarray | int) -> np.ndarray:
        """Return the value some periods before the origin."""
        periods = np.asarray(periods)
        there = (cells.known > periods) & (periods >= 0)
        return np.where(there, values[np.where(there, cells.origin - periods, 0)], np.nan)

    def mean(window: int) -> np.ndarray:
        width = np.minimum(window, cells.known)
        return np.asarray((sums[cells.origin + 1] - sums[cells.origin + 1 - width]) / width)

    columns = [back(k - 1) for k in settings.lags]
    same_phase = []
    for season in settings.seasons:
        # The latest instant of the phase that is known: whole seasons before the one to forecast.
        first = season * (-(-cells.step // season)) - cells.step
        phases = [back(first + j * season) for j in range(settings.n_repeats)]
        columns += phases
        around = [back(first + d) for d in (-1, 1)] if season > _AROUND else []
        columns += around
        if settings.n_repeats > 1:
            with np.errstate(all="ignore"):
                stacked = np.stack(phases)
                there = np.isfinite(stacked)
                n_there = there.sum(axis=0)
                columns.append(
                    np.where(n_there > 0, np.where(there, stacked, 0).sum(axis=0) / np.maximum(n_there, 1), np.nan)
                )
        same_phase.append(phases[0])
    columns += [mean(w) for w in settings.windows]
    if settings.extremes:
        for window in settings.windows:
            recent = np.stack([back(k) for k in range(window)])
            columns += [np.fmin.reduce(recent), np.fmax.reduce(recent)]
    base = np.zeros(len(cells))
    if settings.difference == "last" or (settings.difference == "seasonal" and not same_phase):
        base = back(0)
    elif settings.difference == "seasonal":
        base = np.where(np.isfinite(same_phase[0]), same_phase[0], back(0))
    elif settings.difference == "mean":
        base = mean(settings.mean_window)
    features = np.column_stack([c - base for c in columns]) if columns else np.empty((len(cells), 0))
    if settings.steps:
        features = np.column_stack([features, cells.step])
    return features, base


#: parts of an instant, and the longest step between instants that they still vary with, in hours
_PARTS = {
    "minute": 0.99, "hour": 23.99, "wday": 24, "day": 24, "yday": 24 * 8, "week": 24 * 8, "month": 24 * 32,
    "quarter": 24 * 95,
}  # fmt: skip


def calendar_parts(times: pd.DatetimeIndex, frequency: str) -> dict[str, np.ndarray]:
    """Return the parts of instants that vary at a frequency, under the names Azure Machine Learning gives them.

    Examples
    --------
    >>> list(calendar_parts(pd.date_range("2024-01-01", periods=3, freq="MS"), "MS"))
    ['month', 'quarter']
    """
    hours = _step_hours(frequency)
    found: dict[str, np.ndarray] = {}
    for part, longest in _PARTS.items():
        if hours > longest or (part == "week" and hours < 24 * 6):
            continue
        if part == "wday":
            found[part] = times.day_of_week.to_numpy()
        elif part == "yday":
            found[part] = times.day_of_year.to_numpy()
        elif part == "week":
            found[part] = times.isocalendar().week.to_numpy(dtype=float)
        else:
            found[part] = getattr(times, part).to_numpy()
    if 24 * 6 <= hours < 24 * 27:
        found.pop("yday", None)
    return found


def calendar_features(
    times: pd.DatetimeIndex, positions: np.ndarray, frequency: str, seasons: tuple[int, ...], *, waves: bool
) -> np.ndarray:
    """Return features of instants alone, shape (n, n_features).

    Parameters
    ----------
    times : DatetimeIndex
        Instants, local.
    positions : ndarray of int
        Their places on the grid, counted from where training begins.
    frequency : str
        The grid's.
    seasons : tuple of int
        Periods of the seasons.
    waves : bool
        For linear models: sines and cosines of each season and of the year, and a column a weekday; else plain parts.
    """
    parts = calendar_parts(times, frequency)
    if not waves:
        return np.column_stack(list(parts.values())).astype(float) if parts else np.empty((len(times), 0))
    columns = []
    for season in seasons:
        for k in range(1, min(4, season // 2 + 1)):
            angle = 2 * np.pi * k * positions / season
            columns += [np.sin(angle), np.cos(angle)]
    if "yday" in parts and not any(abs(s - 365) < 2 for s in seasons):
        for k in (1, 2, 3):
            angle = 2 * np.pi * k * parts["yday"] / 365.25
            columns += [np.sin(angle), np.cos(angle)]
    if "wday" in parts:
        columns += [(parts["wday"] == d).astype(float) for d in range(7)]
    return np.column_stack(columns) if columns else np.empty((len(times), 0))


def _step_hours(frequency: str) -> float:
    grid = pd.date_range("2001-01-01", periods=5, freq=frequency)
    return float((grid[-1] - grid[0]) / pd.Timedelta(1, "h") / 4)
