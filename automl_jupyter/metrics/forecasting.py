"""Metrics that only a forecast has. The others are those of regression, the normalised ones series by series."""

from __future__ import annotations

import numpy as np

from automl_jupyter.metrics.base import Metric, MetricContext, any_counts

_FORECASTS = ("forecasting",)


def _scaled(y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext) -> float:
    """Mean over series of the mean absolute error over that of repeating the season before, in training."""
    if context.series is None or not len(y):
        return float("nan")
    codes, scales = context.series.codes, context.series.scales
    share = np.ones(len(y)) if weight is None else weight
    total = np.bincount(codes, share, minlength=len(scales))
    usable = (total > 0) & (scales > 0)
    sizes = np.bincount(codes, np.abs(y - pred) * share, minlength=len(scales))
    return float(np.mean(sizes[usable] / total[usable] / scales[usable])) if usable.any() else float("nan")


def _symmetric(y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext) -> float:
    """Mean of 2 |y - f| / (|y| + |f|), as a percentage; a cell of two noughts counts as exact."""
    if not any_counts(y, weight):
        return float("nan")
    size = np.abs(y) + np.abs(pred)
    terms = np.divide(2 * np.abs(y - pred), size, out=np.zeros(len(y)), where=size > 0)
    return 100 * float(np.average(terms, weights=weight))


def season_scale(values: np.ndarray, offsets: np.ndarray, season: int) -> np.ndarray:
    """Return the mean absolute change over a season of each series; over one period where it is shorter.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        Series one after another; NaN is left out.
    offsets : ndarray of int, shape (n_series + 1,)
        Where each begins.
    season : int
        Periods of a season.

    Examples
    --------
    >>> season_scale(np.array([1.0, 2, 4, 5, 5]), np.array([0, 4, 5]), 2).tolist()
    [3.0, 0.0]
    """
    found = np.zeros(len(offsets) - 1)
    for s, (a, b) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        lag = season if b - a > season else 1
        changes = np.abs(values[a + lag : b] - values[a : b - lag])
        changes = changes[np.isfinite(changes)]
        found[s] = changes.mean() if len(changes) else 0.0
    return found


FORECASTING_METRICS: tuple[Metric, ...] = (
    Metric(
        "mean_absolute_scaled_error", _FORECASTS, False, "value", _scaled, "Mean absolute scaled error", 0.0,
        float("inf"), True,
    ),
    Metric(
        "symmetric_mean_absolute_percentage_error", _FORECASTS, False, "value", _symmetric, "sMAPE", 0.0, 200.0,
    ),
)  # fmt: skip
