"""Regression metrics, by the definitions of Azure Machine Learning's evaluation page.

With e = y − ŷ: the ``normalized_`` ones divide by the range of the *training* target, fixed for all folds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from automl_jupyter.metrics.base import LOG_CLIP, MOST_VALUE, Metric, MetricContext, any_counts, finite_or_none

_NAN = float("nan")


class Errors:
    """What several metrics share, each part computed when first asked for."""

    def __init__(self, y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext) -> None:
        self.y = np.asarray(y, dtype=np.float64)
        self.pred = np.clip(np.asarray(pred, dtype=np.float64).reshape(self.y.shape), -MOST_VALUE, MOST_VALUE)
        self.weight = None if weight is None else np.asarray(weight, dtype=np.float64)
        low, high = context.y_range if context.y_range is not None else (float(self.y.min()), float(self.y.max()))
        self.range = high - low

    def mean(self, values: np.ndarray) -> float:
        """Return the weighted mean."""
        return float(values.mean() if self.weight is None else np.average(values, weights=self.weight))

    def normalized(self, value: float) -> float:
        """Return `value` over the range of the training target; NaN when that is nought."""
        return value / self.range if self.range > 0 else _NAN

    @cached_property
    def error(self) -> np.ndarray:
        """What is true less what was predicted."""
        return np.asarray(self.y - self.pred)

    @cached_property
    def size(self) -> np.ndarray:
        """The errors without sign."""
        return np.asarray(np.abs(self.error))

    @cached_property
    def mae(self) -> float:
        """The mean absolute error."""
        return self.mean(self.size)

    @cached_property
    def mse(self) -> float:
        """The mean squared error."""
        return self.mean(self.error**2)

    @cached_property
    def variance(self) -> float:
        """The variance of the target; nought for a target that does not vary beyond rounding."""
        variance = self.mean((self.y - self.mean(self.y)) ** 2)
        scale = float(np.abs(self.y).max())
        return variance if variance > (1e-14 * scale) ** 2 else 0.0

    @cached_property
    def median_error(self) -> float:
        """The (weighted) median of the errors without sign."""
        if self.weight is None:
            return float(np.median(self.size))
        return weighted_median(self.size, self.weight)

    @cached_property
    def log_error(self) -> np.ndarray:
        """The differences of log(1 + value), predictions clipped above −1; NaN when a true value is −1 or less."""
        if self.y.min() <= -1:
            return np.full(len(self.y), _NAN)
        return np.asarray(np.log1p(self.y) - np.log1p(np.maximum(self.pred, LOG_CLIP - 1)))

    @cached_property
    def rmsle(self) -> float:
        """The root mean squared difference of log(1 + value)."""
        return float(np.sqrt(self.mean(self.log_error**2)))


def weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the middle value when each value stands there `weight` times.

    Examples
    --------
    >>> weighted_median(np.array([1.0, 2.0, 9.0]), np.array([1, 1, 2]))
    5.5
    """
    order = np.argsort(values, kind="stable")
    order = order[weight[order] > 0]
    if not len(order):
        return _NAN
    reached = np.cumsum(weight[order])
    half = reached[-1] / 2
    at = int(np.searchsorted(reached, half * (1 - 1e-12)))
    after = min(at + 1, len(order) - 1) if reached[at] <= half * (1 + 1e-12) else at
    return float((values[order[at]] + values[order[after]]) / 2)


def _mape(e: Errors) -> float:
    there = e.y != 0
    weight = None if e.weight is None else e.weight[there]
    if not there.any() or (weight is not None and not weight.sum() > 0):
        return _NAN
    return 100 * float(np.average(np.abs(e.error[there] / e.y[there]), weights=weight))


def _explained_variance(e: Errors) -> float:
    return 1 - e.mean((e.error - e.mean(e.error)) ** 2) / e.variance if e.variance > 0 else _NAN


def _r2(e: Errors) -> float:
    return max(-1.0, 1 - e.mse / e.variance) if e.variance > 0 else _NAN


def _ranks(values: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Return the mean rank of each value where each row stands there `weight` times."""
    _, index = np.unique(values, return_inverse=True)
    copies = np.bincount(index, weights=weight)
    return np.asarray((np.cumsum(copies) - (copies - 1) / 2)[index])


def _spearman(e: Errors) -> float:
    a, b = _ranks(e.y, e.weight), _ranks(e.pred, e.weight)
    there = slice(None) if e.weight is None else e.weight > 0  # rows that weigh nothing are no rows
    constant, says_nothing = np.ptp(a[there]) == 0, np.ptp(b[there]) == 0
    if constant or says_nothing:
        # A constant prediction ranks nothing: no correlation. A constant target cannot be ranked at all.
        return _NAN if constant else 0.0
    a, b = a - e.mean(a), b - e.mean(b)
    correlation = e.mean(a * b) / np.sqrt(e.mean(a * a) * e.mean(b * b))
    return float(np.clip(correlation, -1, 1))


Formula = Callable[[Errors], float]
_INF = float("inf")

_ROWS: dict[str, tuple[str, Formula, bool, float, float]] = {
    "explained_variance": ("Explained variance", _explained_variance, True, 1.0, -_INF),
    "mean_absolute_error": ("Mean absolute error", lambda e: e.mae, False, 0.0, _INF),
    "mean_absolute_percentage_error": ("Mean absolute percentage error", _mape, False, 0.0, _INF),
    "median_absolute_error": ("Median absolute error", lambda e: e.median_error, False, 0.0, _INF),
    "normalized_mean_absolute_error": (
        "Normalized mean absolute error",
        lambda e: e.normalized(e.mae),
        False,
        0.0,
        _INF,
    ),
    "normalized_median_absolute_error": (
        "Normalized median absolute error",
        lambda e: e.normalized(e.median_error),
        False,
        0.0,
        _INF,
    ),
    "normalized_root_mean_squared_error": (
        "Normalized RMSE",
        lambda e: e.normalized(float(np.sqrt(e.mse))),
        False,
        0.0,
        _INF,
    ),
    "normalized_root_mean_squared_log_error": (
        "Normalized RMSLE",
        lambda e: e.normalized(e.rmsle),
        False,
        0.0,
        _INF,
    ),
    "r2_score": ("R²", _r2, True, 1.0, -1.0),
    "root_mean_squared_error": ("RMSE", lambda e: float(np.sqrt(e.mse)), False, 0.0, _INF),
    "root_mean_squared_log_error": ("RMSLE", lambda e: e.rmsle, False, 0.0, _INF),
    "spearman_correlation": ("Spearman correlation", _spearman, True, 1.0, -1.0),
}

_NORMALISED = tuple(key for key in _ROWS if key.startswith("normalized_"))
_PRIMARY = {
    "spearman_correlation",
    "r2_score",
    "normalized_root_mean_squared_error",
    "normalized_mean_absolute_error",
}


def _metric(key: str) -> Metric:
    title, formula, greater, optimum, worst = _ROWS[key]

    def function(y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext) -> float:
        if context.series is not None and key.startswith("normalized_") and len(y):
            return by_series(y, pred, weight, context, (key,))[key]
        return formula(Errors(y, pred, weight, context)) if any_counts(y, weight) else _NAN

    return Metric(
        key, ("regression", "forecasting"), greater, "value", function, title, optimum, worst, key in _PRIMARY
    )


#: Every regression metric, in the order people see them.
REGRESSION_METRICS: tuple[Metric, ...] = tuple(_metric(key) for key in _ROWS)


def by_series(
    y: np.ndarray,
    pred: np.ndarray,
    weight: np.ndarray | None,
    context: MetricContext,
    keys: tuple[str, ...] = _NORMALISED,
) -> dict[str, float]:
    """Return normalised metrics of a forecast: each series by its own range, then the mean over series."""
    assert context.series is not None
    codes, ranges = context.series.codes, context.series.ranges
    n = len(ranges)
    share = np.ones(len(y)) if weight is None else weight
    total = np.bincount(codes, share, minlength=n)
    usable = (total > 0) & (ranges > 0)
    errors = Errors(y, pred, None, context)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.bincount(codes, values * share, minlength=n)[usable] / total[usable])

    def over_ranges(values: np.ndarray) -> float:
        return float(np.mean(values / ranges[usable])) if usable.any() else _NAN

    def medians() -> np.ndarray:
        if weight is None:  # all at once: of tens of thousands of series each by itself takes seconds
            order = np.lexsort((errors.size, codes))
            count = np.bincount(codes, minlength=n)
            first = (np.cumsum(count) - count)[usable]
            low, high = first + (count[usable] - 1) // 2, first + count[usable] // 2
            return np.asarray((errors.size[order[low]] + errors.size[order[high]]) / 2)
        order = np.argsort(codes, kind="stable")
        parts = np.split(order, np.cumsum(np.bincount(codes, minlength=n))[:-1])
        used = (p for p, is_used in zip(parts, usable, strict=True) if is_used)
        return np.array([weighted_median(errors.size[p], share[p]) for p in used])

    # Each by itself: a selection asks for one of them hundreds of times, and medians take a hundred times as long.
    formulas = {
        "normalized_mean_absolute_error": lambda: mean(errors.size),
        "normalized_root_mean_squared_error": lambda: np.sqrt(mean(errors.error**2)),
        "normalized_root_mean_squared_log_error": lambda: np.sqrt(mean(errors.log_error**2)),
        "normalized_median_absolute_error": medians,
    }
    return {key: over_ranges(formulas[key]()) for key in keys}


def evaluate_regression(
    y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext
) -> dict[str, float | None]:
    """Return every regression metric.

    Examples
    --------
    >>> found = evaluate_regression(np.array([1.0, 3.0]), np.array([1.0, 2.0]), None, MetricContext())
    >>> found["mean_absolute_error"], found["normalized_mean_absolute_error"]
    (0.5, 0.25)
    """
    if not any_counts(y, weight):
        return dict.fromkeys(_ROWS)
    errors = Errors(y, pred, weight, context)
    with np.errstate(all="ignore"):
        values = {key: finite_or_none(row[1](errors)) for key, row in _ROWS.items()}
        if context.series is not None:
            values |= {key: finite_or_none(v) for key, v in by_series(y, pred, weight, context).items()}
    return values
