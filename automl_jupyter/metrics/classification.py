"""Classification metrics, by the definitions of Azure Machine Learning's evaluation page.

Averages over classes: *macro* is the plain mean, *weighted* weighs by the class's (weighted) number of rows,
*micro* counts all decisions together, *binary* looks at the positive class only. A macro average is undefined
when a class has no row at hand; in a weighted average such a class has weight nought. A class never predicted
has precision 0, as in scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from automl_jupyter.metrics.base import LOG_CLIP, Metric, MetricContext, Needs, any_counts, finite_or_none
from automl_jupyter.metrics.curves import curve_areas

_NAN = float("nan")


class Counts:
    """What several metrics share, each part computed when first asked for.

    Parameters
    ----------
    y : ndarray of int
        Class codes.
    pred : ndarray
        (n, C) probabilities; (n,) is read as the probability of code 1.
    weight : ndarray, optional
        Row weights.
    context : MetricContext
        Names the positive class.
    """

    def __init__(self, y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext) -> None:
        self.y = np.asarray(y).astype(np.int64, copy=False)
        self.pred = np.stack([1 - pred, pred], axis=1) if pred.ndim == 1 else pred
        self.weight = None if weight is None else np.asarray(weight, dtype=np.float64)
        self.n_classes = self.pred.shape[1]
        self.positive = context.positive_code

    @cached_property
    def total(self) -> float:
        """The sum of the row weights."""
        return float(len(self.y) if self.weight is None else self.weight.sum())

    @cached_property
    def confusion(self) -> np.ndarray:
        """Weighted counts, true class by row, predicted class by column."""
        C = self.n_classes
        # For two columns a comparison is several times faster than argmax, and breaks ties the same way.
        label = (self.pred[:, 1] > self.pred[:, 0]) if C == 2 else np.argmax(self.pred, axis=1)
        cells = np.bincount(self.y * C + label, weights=self.weight, minlength=C * C)
        return cells.astype(np.float64).reshape(C, C)

    @cached_property
    def support(self) -> np.ndarray:
        """The weighted number of rows of each class."""
        return np.bincount(self.y, weights=self.weight, minlength=self.n_classes).astype(np.float64)

    @cached_property
    def hits(self) -> np.ndarray:
        """The weighted number of rows of each class that were recognised."""
        return np.diag(self.confusion)

    @cached_property
    def recall(self) -> np.ndarray:
        """TP / (TP + FN) of each class."""
        return _ratio(self.hits, self.confusion.sum(axis=1))

    @cached_property
    def precision(self) -> np.ndarray:
        """TP / (TP + FP) of each class."""
        return _ratio(self.hits, self.confusion.sum(axis=0))

    @cached_property
    def f1(self) -> np.ndarray:
        """2 TP / (2 TP + FP + FN) of each class."""
        return _ratio(2 * self.hits, self.confusion.sum(axis=0) + self.confusion.sum(axis=1))

    @cached_property
    def accuracy(self) -> float:
        """The share of rows whose class was recognised."""
        return float(self.hits.sum() / self.total) if self.total > 0 else _NAN

    @cached_property
    def areas(self) -> np.ndarray:
        """One row for AUC and one for AP: each class against the rest."""
        found = [curve_areas(self.y == c, self.pred[:, c], self.weight) for c in range(self.n_classes)]
        return np.array(found).T

    @cached_property
    def micro_areas(self) -> tuple[float, float]:
        """AUC and AP over the flattened (row, class) decisions."""
        indicator = self.y[:, None] == np.arange(self.n_classes)
        weight = None if self.weight is None else np.repeat(self.weight, self.n_classes)
        return curve_areas(indicator.ravel(), self.pred.ravel(), weight)

    def macro(self, by_class: np.ndarray) -> float:
        """Return the plain mean over classes; NaN when a class has no row."""
        return float(by_class.mean()) if bool((self.support > 0).all()) else _NAN

    def weighted(self, by_class: np.ndarray) -> float:
        """Return the mean over classes weighted by their rows."""
        there = self.support > 0
        if not there.any():
            return _NAN
        return float(np.average(by_class[there], weights=self.support[there]))

    def binary(self, by_class: np.ndarray) -> float:
        """Return the positive class's; NaN when none is named, or it has no row."""
        if self.positive is None or not self.support[self.positive] > 0:
            return _NAN
        return float(by_class[self.positive])


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))


def _log_loss(c: Counts) -> float:
    of_truth = np.take_along_axis(c.pred, c.y[:, None], axis=1)[:, 0].astype(np.float64)
    return float(-np.average(np.log(np.clip(of_truth, LOG_CLIP, 1 - LOG_CLIP)), weights=c.weight))


def _norm_macro_recall(c: Counts) -> float:
    by_chance = 1 / c.n_classes
    return float((c.macro(c.recall) - by_chance) / (1 - by_chance))


def _matthews(c: Counts) -> float:
    true, guessed, n = c.confusion.sum(axis=1), c.confusion.sum(axis=0), c.confusion.sum()
    varied_true, varied_guessed = n * n - true @ true, n * n - guessed @ guessed
    if np.count_nonzero(true) < 2:
        return _NAN
    if np.count_nonzero(guessed) < 2:
        return 0.0
    return float((c.hits.sum() * n - true @ guessed) / np.sqrt(varied_true * varied_guessed))


def _weighted_accuracy(c: Counts) -> float:
    return float(c.support @ c.hits / (c.support @ c.support))


Formula = Callable[[Counts], float]


#: key -> title, needs, formula, direction, best value, other end of the range
_Row = tuple[str, Needs, Formula, bool, float, float]


def _averaged(
    stem: str, title: str, needs: Needs, by_class: Callable[[Counts], np.ndarray], micro: Formula
) -> dict[str, _Row]:
    formulas: dict[str, Formula] = {
        "macro": lambda c: c.macro(by_class(c)),
        "micro": micro,
        "weighted": lambda c: c.weighted(by_class(c)),
        "binary": lambda c: c.binary(by_class(c)),
    }
    words = {"macro": "macro", "micro": "micro", "weighted": "weighted", "binary": "positive class"}
    return {
        f"{stem}_{name}": (f"{title} ({words[name]})", needs, formula, True, 1.0, 0.0)
        for name, formula in formulas.items()
    }


_ROWS: dict[str, _Row] = {
    "accuracy": ("Accuracy", "label", lambda c: c.accuracy, True, 1.0, 0.0),
    **_averaged("AUC", "ROC AUC", "proba", lambda c: c.areas[0], lambda c: c.micro_areas[0]),
    **_averaged(
        "average_precision_score",
        "Average precision",
        "proba",
        lambda c: c.areas[1],
        lambda c: c.micro_areas[1],
    ),
    "balanced_accuracy": ("Balanced accuracy", "label", lambda c: c.macro(c.recall), True, 1.0, 0.0),
    # Counted over all classes together, precision, recall and F1 are each the accuracy.
    **_averaged("f1_score", "F1", "label", lambda c: c.f1, lambda c: c.accuracy),
    "log_loss": ("Log loss", "proba", _log_loss, False, 0.0, float("inf")),
    "norm_macro_recall": ("Normalized macro recall", "label", _norm_macro_recall, True, 1.0, -1.0),
    "matthews_correlation": ("Matthews correlation", "label", _matthews, True, 1.0, -1.0),
    **_averaged("precision_score", "Precision", "label", lambda c: c.precision, lambda c: c.accuracy),
    **_averaged("recall_score", "Recall", "label", lambda c: c.recall, lambda c: c.accuracy),
    "weighted_accuracy": ("Weighted accuracy", "label", _weighted_accuracy, True, 1.0, 0.0),
}

_PRIMARY = {
    "AUC_weighted",
    "accuracy",
    "norm_macro_recall",
    "average_precision_score_weighted",
    "precision_score_weighted",
}


def _metric(key: str, row: _Row) -> Metric:
    title, needs, formula, greater, optimum, worst = row

    def function(y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext) -> float:
        return formula(Counts(y, pred, weight, context)) if any_counts(y, weight) else _NAN

    return Metric(key, ("classification",), greater, needs, function, title, optimum, worst, key in _PRIMARY)


#: Every classification metric, in the order people see them.
CLASSIFICATION_METRICS: tuple[Metric, ...] = tuple(_metric(key, row) for key, row in _ROWS.items())


def evaluate_classification(
    y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext
) -> dict[str, float | None]:
    """Return every classification metric, from one confusion matrix and one sort a class.

    Examples
    --------
    >>> pred = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> evaluate_classification(np.array([0, 1]), pred, None, MetricContext(n_classes=2))["AUC_weighted"]
    1.0
    """
    if not any_counts(y, weight):
        return dict.fromkeys(_ROWS)
    counts = Counts(y, np.asarray(pred), weight, context)
    with np.errstate(all="ignore"):
        return {key: finite_or_none(row[2](counts)) for key, row in _ROWS.items()}
