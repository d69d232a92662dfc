"""Scores of weighted averages, with a fast way for the metrics that have one.

A selection asks for the score of "what is taken so far plus each model" a thousand times; a `Blend` keeps
what makes that cheap: a running sum, for squared errors only the models' products with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from automl_jupyter.metrics.base import LOG_CLIP, Metric, MetricContext


class Blend(Protocol):
    """Scores (greater is better, NaN where undefined) of weighted averages of models."""

    n_models: int

    def single(self, at: int) -> float:
        """Return the score of one model."""

    def of(self, weights: np.ndarray) -> float:
        """Return the score of the average with these weights, which need not sum to 1."""

    def with_each(self, counts: np.ndarray) -> np.ndarray:
        """Return, for each model, the score of the average of what `counts` holds and one more of it."""


class SummedBlend:
    """A blend that scores a running sum of (parts of) the predictions.

    Parameters
    ----------
    parts : sequence of ndarray
        What the score needs of each model's predictions.
    score : callable
        The score of an average of such parts.
    """

    def __init__(self, parts: Sequence[np.ndarray], score: Callable[[np.ndarray], float]) -> None:
        self.n_models = len(parts)
        self._parts, self._score = parts, score
        self._counts = np.zeros(len(parts))
        self._sum = np.zeros(parts[0].shape)

    def single(self, at: int) -> float:
        """Return the score of one model."""
        return self._score(self._parts[at].astype(np.float64))

    def of(self, weights: np.ndarray) -> float:
        """Return the score of the average with these weights."""
        average = np.zeros_like(self._sum)
        for at in np.flatnonzero(weights).tolist():
            average += self._parts[at] * (weights[at] / weights.sum())
        return self._score(average)

    def with_each(self, counts: np.ndarray) -> np.ndarray:
        """Return the score with one more of each model."""
        for at in np.flatnonzero(counts != self._counts).tolist():
            self._sum += self._parts[at] * (counts[at] - self._counts[at])
        self._counts = counts.copy()
        total = counts.sum() + 1
        return np.array([self._score((self._sum + part) / total) for part in self._parts])


class SquaredBlend:
    """A blend for a falling function of the mean squared error, from the errors' products alone.

    Parameters
    ----------
    predictions : sequence of ndarray
        (n,) values of each model.
    y : ndarray
        The truth.
    share : ndarray
        Row weights that sum to 1.
    score : callable
        The score of a mean squared error.
    """

    def __init__(
        self,
        predictions: Sequence[np.ndarray],
        y: np.ndarray,
        share: np.ndarray,
        score: Callable[[float], float],
    ) -> None:
        self.n_models = len(predictions)
        errors = np.stack([np.asarray(p, dtype=np.float64) - y for p in predictions])
        self._products = (errors * share) @ errors.T
        self._score = score

    def single(self, at: int) -> float:
        """Return the score of one model."""
        return self._score(float(self._products[at, at]))

    def of(self, weights: np.ndarray) -> float:
        """Return the score of the average with these weights."""
        share = weights / weights.sum()
        return self._score(max(float(share @ self._products @ share), 0.0))

    def with_each(self, counts: np.ndarray) -> np.ndarray:
        """Return the score with one more of each model."""
        so_far = counts @ self._products
        squared = counts @ so_far + 2 * so_far + np.diag(self._products)
        mean = np.maximum(squared, 0.0) / (counts.sum() + 1) ** 2
        return np.array([self._score(float(m)) for m in mean])


def make_blend(
    predictions: Sequence[np.ndarray],
    y: np.ndarray,
    weight: np.ndarray | None,
    metric: Metric,
    context: MetricContext,
) -> Blend:
    """Return the fastest blend for a metric; every one gives the scores the metric itself would.

    Examples
    --------
    >>> from automl_jupyter.metrics.registry import get_metric
    >>> mae = get_metric("mean_absolute_error", "regression")
    >>> blend = make_blend([np.zeros(2), np.ones(2)], np.zeros(2), None, mae, MetricContext())
    >>> blend.with_each(np.array([1.0, 0.0])).tolist()
    [-0.0, -0.5]
    """
    share = np.full(len(y), 1 / len(y)) if weight is None else weight / weight.sum()

    def mean(values: np.ndarray) -> float:
        # Not a dot product: its threads wait for each other when the cores are busy with fits.
        return float(values.mean() if weight is None else (values * share).sum())

    binary = context.n_classes == 2 and predictions[0].ndim == 2
    pooled = context.series is None or not metric.key.startswith("normalized_")
    if pooled and metric.key in ("root_mean_squared_error", "normalized_root_mean_squared_error", "r2_score"):
        return SquaredBlend(predictions, y, share, _squared_score(y, share, metric, context))
    if metric.key == "log_loss" and predictions[0].ndim == 2:
        of_truth = [p[np.arange(len(y)), y].astype(np.float64) for p in predictions]
        return SummedBlend(of_truth, lambda p: mean(np.log(np.clip(p, LOG_CLIP, 1 - LOG_CLIP))))
    if binary and metric.key == "accuracy":
        lead = [p[:, 1].astype(np.float64) - p[:, 0] for p in predictions]
        truth = y == 1
        return SummedBlend(lead, lambda d: mean((d > 0) == truth))
    if binary and metric.key in ("AUC_weighted", "AUC_macro", "AUC_binary") and weight is None:
        # With two classes whose probabilities sum to 1 the areas of both are the same.
        positive = y == 1
        return SummedBlend([p[:, 1].astype(np.float64) for p in predictions], lambda p: _auc(p[positive], p[~positive]))

    if metric.key in ("AUC_weighted", "AUC_macro") and weight is None and predictions[0].ndim == 2:
        columns = [np.ascontiguousarray(p.T, dtype=np.float64) for p in predictions]
        return SummedBlend(columns, _class_aucs(y, metric, predictions[0].shape[1]))

    def whole(pred: np.ndarray) -> float:
        value = metric.value(y, pred, weight, context)
        return float("nan") if value is None else metric.score(value)

    return SummedBlend(predictions, whole)


def _squared_score(
    y: np.ndarray, share: np.ndarray, metric: Metric, context: MetricContext
) -> Callable[[float], float]:
    if metric.key == "r2_score":
        variance = float(share @ (y - share @ y) ** 2)
        # Not clipped at −1, so that bad models can still be told apart.
        return lambda mse: 1 - mse / variance if variance > 0 else float("nan")
    if metric.key == "root_mean_squared_error":
        return lambda mse: -float(np.sqrt(mse))
    low, high = context.y_range if context.y_range is not None else (float(y.min()), float(y.max()))
    return lambda mse: -float(np.sqrt(mse)) / (high - low) if high > low else float("nan")


def _class_aucs(y: np.ndarray, metric: Metric, n_classes: int) -> Callable[[np.ndarray], float]:
    """Return the score of (C, n) probabilities: the mean of each class's area against the rest."""
    masks = [y == c for c in range(n_classes)]
    support = np.array([m.sum() for m in masks], dtype=np.float64)
    there = [c for c in range(n_classes) if support[c] > 0]
    macro = metric.key == "AUC_macro"

    def score(columns: np.ndarray) -> float:
        if len(there) < (n_classes if macro else 2):
            return float("nan")
        areas = [_auc(columns[c][masks[c]], columns[c][~masks[c]]) for c in there]
        return float(np.average(areas, weights=None if macro else support[there]))

    return score


def _auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the share of (positive, negative) pairs in the right order, equal ones counted half."""
    if not len(positive) or not len(negative):
        return float("nan")
    if len(positive) > len(negative):
        return _auc(-negative, -positive)
    few, many = np.sort(positive), np.sort(negative)
    below = np.searchsorted(many, few, side="left").sum() + np.searchsorted(many, few, side="right").sum()
    return float(below / (2 * len(few) * len(many)))
