"""Forecasts of a past that is known, from origins that move on through it; nothing after an origin is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from automl_jupyter.data.panel import PanelIndex
from automl_jupyter.trials.forecast_blend import ForecastBlend
from automl_jupyter.trials.history import History, future_rows, join


@dataclass(frozen=True, eq=False)
class Rolled:
    """Forecasts beside what came true.

    Parameters
    ----------
    index : PanelIndex
        The series with what came later.
    series, position, origin, step : ndarray of int, shape (n,)
        Of each forecast: its series, its place on the grid, the place of the last instant known, and the periods
        between them.
    trained : ndarray of int, shape (n,)
        The series' number in training; -1 of others.
    forecast, actual : ndarray of shape (n,)
        `actual` is NaN where nothing was observed.
    """

    index: PanelIndex
    series: np.ndarray
    position: np.ndarray
    origin: np.ndarray
    step: np.ndarray
    trained: np.ndarray
    forecast: np.ndarray
    actual: np.ndarray


def roll(
    blend: ForecastBlend, history: History, later: History, horizon: int, step: int, unknown: Sequence[str]
) -> Rolled:
    """Forecast `later` from origins `step` periods apart, the first at the end of the history.

    Parameters
    ----------
    blend : ForecastBlend
        What forecasts.
    history, later : History
        What was known at first, and what came then.
    horizon, step : int
        Periods forecast from each origin, and between two.
    unknown : sequence of str
        Columns that are not known ahead.
    """
    whole = join(history, later)
    index = whole.index
    first, last = spans(index, history.index, later.index)
    names = history.index.numbers
    trained = np.array([names.get(key, -1) for key in index.keys], dtype=np.intp)
    parts: list[tuple[np.ndarray, ...]] = []
    for k in range(0, int((last - first).max(initial=0)), step):
        lengths = np.where(first + k < last, first + k, 0)
        kept = np.flatnonzero(lengths > 0)
        if not len(kept):
            continue
        ahead = blend.forecast(whole.head(lengths), horizon, future_rows(whole, lengths, horizon, unknown))
        n_ahead = np.minimum(last[kept] - lengths[kept], horizon)
        number = np.repeat(np.arange(len(kept)), n_ahead)
        at = np.arange(len(number)) - np.repeat(np.cumsum(n_ahead) - n_ahead, n_ahead) + 1
        series = kept[number]
        rows = index.offsets[:-1][series] + lengths[series] + at - 1
        origin = index.starts[series] + lengths[series] - 1
        parts.append((series, index.positions[rows], origin, at, ahead[number, at - 1], whole.y[rows]))
    columns = [np.concatenate(c) for c in zip(*parts, strict=True)] if parts else [np.empty(0, dtype=np.intp)] * 6
    series, position, origin, at, forecast, actual = columns
    return Rolled(index, series, position, origin, at, trained[series], forecast, actual)


def spans(whole: PanelIndex, known: PanelIndex, given: PanelIndex) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each joined series, how many periods come before what was given, and where that ends; 0 of others.

    Of a series that was known what counts lies after its known end; of another its first period is its past.
    """
    first, last = np.zeros(whole.n_series, dtype=np.int64), np.zeros(whole.n_series, dtype=np.int64)
    numbers, before = whole.numbers, known.numbers
    grid = whole.grid(int((whole.starts + whole.lengths).max()))
    ends = known.times(known.starts + known.lengths - 1)
    begins = given.times(given.starts)
    for s, key in enumerate(given.keys):
        at = numbers[key]
        last[at] = whole.lengths[at]
        start = int(grid.searchsorted(ends[before[key]])) + 1 if key in before else int(grid.searchsorted(begins[s]))
        first[at] = max(start - int(whole.starts[at]), 1)
    return first, last
