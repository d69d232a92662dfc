"""What a metric is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

#: What a metric is computed from: class probabilities, the predicted class, or a predicted number.
Needs = Literal["proba", "label", "value"]

#: probabilities are clipped here before their logarithm is taken, and values as far above where they have none
LOG_CLIP = float(np.finfo(np.float64).eps)
#: predicted values are clipped here: squares of larger ones are no numbers any more
MOST_VALUE = 1e150


@dataclass(frozen=True, eq=False)
class SeriesRows:
    """Which series the rows of a forecast belong to, and how large its errors are measured.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        The series of each row.
    ranges : ndarray of shape (n_series,)
        Largest less smallest training target of each series.
    scales : ndarray of shape (n_series,)
        The mean absolute error in training of repeating the season before (Hyndman and Koehler, 2006).
    """

    codes: np.ndarray
    ranges: np.ndarray
    scales: np.ndarray


@dataclass(frozen=True)
class MetricContext:
    """What a metric must know beyond the rows at hand.

    Parameters
    ----------
    n_classes : int, optional
        Number of classes; None for regression.
    positive : int, optional
        Code of the positive class. With two classes it defaults to code 1, the later label in sorted order.
    y_range : tuple of float, optional
        Smallest and largest target of *all* training rows, the fixed divisor of the ``normalized_`` metrics;
        without it the range of the rows at hand is used.
    labels : sequence, optional
        The class labels in order of their codes. Only metrics written by the user look at them: they are
        given labels instead of codes.
    series : SeriesRows, optional
        Of a forecast: normalised metrics are then taken series by series and averaged.

    Examples
    --------
    >>> MetricContext(n_classes=2).positive_code
    1
    """

    n_classes: int | None = None
    positive: int | None = None
    y_range: tuple[float, float] | None = None
    labels: Sequence[Any] | None = field(default=None, compare=False)
    series: SeriesRows | None = field(default=None, compare=False)

    @classmethod
    def of(cls, about: Mapping[str, Any], labels: Sequence[Any] | None = None) -> MetricContext:
        """Return what the description of a table says, or the manifest of a model."""
        y_range = about.get("y_range")
        return cls(
            n_classes=about["n_classes"],
            positive=about.get("positive"),
            y_range=None if y_range is None else tuple(y_range),
            labels=labels,
        )

    @property
    def positive_code(self) -> int | None:
        """The positive class's code; None when there are more than two classes and none was named."""
        if self.positive is None and self.n_classes == 2:
            return 1
        return self.positive


class FunctionError(Exception):
    """A function of the user's own raised, or gave something else than a number."""


MetricFunction = Callable[[np.ndarray, np.ndarray, "np.ndarray | None", MetricContext], float]


@dataclass(frozen=True)
class Metric:
    """One way to say how good predictions are.

    Parameters
    ----------
    key : str
        Its name in jobs and records, spelled as Azure Machine Learning spells it.
    tasks : tuple of str
        The tasks it is for.
    greater_is_better : bool
        Its direction.
    needs : {"proba", "label", "value"}
        What it is computed from. ``pred`` is always given whole, as (n, C) probabilities or (n,) values;
        a metric that needs labels takes the most probable class itself.
    function : callable
        ``f(y, pred, weight, context) -> float``; NaN where the truth leaves the metric undefined. Predictions may not:
        a fold without a value does not count, and the worst model would win.
    title : str
        The name people read.
    optimum, worst : float
        The value of perfect predictions and the end of the range on the other side (may be infinite).
    primary : bool
        Whether it is offered first as a primary metric.

    Examples
    --------
    >>> from automl_jupyter.metrics.registry import get_metric
    >>> metric = get_metric("log_loss", "classification")
    >>> y, pred = np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> round(metric.value(y, pred, context=MetricContext(n_classes=2)), 4), metric.score(0.6931)
    (0.6931, -0.6931)
    """

    key: str
    tasks: tuple[str, ...]
    greater_is_better: bool
    needs: Needs
    function: MetricFunction = field(repr=False)
    title: str
    optimum: float
    worst: float
    primary: bool = False

    @property
    def fit_hint(self) -> str:
        """What a fit is told of it: ``"mae"`` where errors count by their absolute size, else nothing."""
        return "mae" if "absolute" in self.key else ""

    def value(
        self,
        y: np.ndarray,
        pred: np.ndarray,
        weight: np.ndarray | None = None,
        context: MetricContext | None = None,
        *,
        strict: bool = False,
    ) -> float | None:
        """Return the metric as people know it, or None where it is undefined or its function raises.

        Parameters
        ----------
        y : ndarray
            Class codes, or target values.
        pred : ndarray
            (n, C) probabilities, or (n,) values.
        weight : ndarray, optional
            Row weights; equal when not given.
        context : MetricContext, optional
            When not given, the number of classes is read off `pred`.
        strict : bool, default False
            Whether to say why a function of the user's own has no value.

        Raises
        ------
        FunctionError
            If `strict`, when such a function raises, or gives something else than a number.
        """
        pred = np.asarray(pred)
        if context is None:
            context = MetricContext(n_classes=pred.shape[1] if pred.ndim == 2 else None)
        try:
            with np.errstate(all="ignore"):
                return finite_or_none(self.function(np.asarray(y), pred, weight, context))
        except FunctionError:
            if strict:
                raise
            return None

    def score(self, value: float) -> float:
        """Return `value` turned so that greater is better."""
        return value if self.greater_is_better else -value


def any_counts(y: np.ndarray, weight: np.ndarray | None) -> bool:
    """Return whether there is a row, and one that weighs anything.

    Examples
    --------
    >>> any_counts(np.array([1, 2]), None), any_counts(np.array([1, 2]), np.zeros(2))
    (True, False)
    """
    return len(y) > 0 and (weight is None or float(np.sum(weight)) > 0)


def finite_or_none(value: float) -> float | None:
    """Return a float, or None for NaN and infinities."""
    value = float(value)
    return value if math.isfinite(value) else None
