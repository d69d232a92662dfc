"""Probabilities for classifiers that only know on which side of a margin a row lies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import (  # noqa: TID253 adapter file, imported lazily
    BaseEstimator,
    ClassifierMixin,
    clone,
)


class CalibratedMargin(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A margin classifier with Platt's sigmoid on its out-of-fold margins, one class against the rest.

    scikit-learn's ``CalibratedClassifierCV`` refuses classes with fewer rows than folds; here a class with
    one row is always among the training rows, and classes without an out-of-fold margin keep their prior.

    Parameters
    ----------
    estimator : estimator
        With ``decision_function``; fitted once a fold and once on all rows.
    n_folds : int, default 3
        Folds of the calibration.
    random_state : int, default 0
        Seed of the folds.

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines; Lin, Lin and Weng (2007), A note on
    Platt's probabilistic outputs.
    """

    def __init__(self, estimator: Any = None, n_folds: int = 3, random_state: int = 0) -> None:
        self.estimator = estimator
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, should_stop: Callable[[], bool] | None = None
    ) -> CalibratedMargin:
        """Fit on all rows, then on folds for the sigmoids; `should_stop` is asked before each fold."""
        y = np.asarray(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.n_features_in_ = X.shape[1]
        self.stopped_ = False
        self.estimator_ = self._fitted(X, y, sample_weight, slice(None))
        margins = np.full((len(y), len(self.classes_)), np.nan)
        folds = _folds(codes, self.n_folds, self.random_state)
        for fold in range(self.n_folds):
            rows = np.flatnonzero(folds == fold)
            others = np.flatnonzero(folds != fold)
            if not len(rows) or len(np.unique(codes[others])) < 2:
                continue
            if should_stop is not None and should_stop():
                self.stopped_ = True
                break
            part = self._fitted(X, y, sample_weight, others)
            margins[np.ix_(rows, np.searchsorted(self.classes_, part.classes_))] = _columns(part, X[rows])
        if np.isnan(margins).all():
            margins = _columns(self.estimator_, X)  # too few rows, or no time, for folds
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self.sigmoids_ = np.array(
            [platt(margins[:, k], codes == k, weight) for k in range(len(self.classes_))], dtype=np.float64
        )
        return self

    def _fitted(self, X: Any, y: np.ndarray, weight: Any, rows: Any) -> Any:
        weights = {} if weight is None else {"sample_weight": np.asarray(weight)[rows]}
        return clone(self.estimator).fit(X[rows], y[rows], **weights)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the sigmoids' values, made to sum to 1."""
        z = _columns(self.estimator_, X) * self.sigmoids_[:, 0] + self.sigmoids_[:, 1]
        proba = _sigmoid(z)
        total = proba.sum(axis=1, keepdims=True)
        return np.asarray(proba / np.maximum(total, np.finfo(float).tiny))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def platt(margin: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept of the sigmoid that turns margins into probabilities.

    Parameters
    ----------
    margin : numpy.ndarray
        Decision values; NaN where there is none.
    positive : numpy.ndarray
        Whether the row belongs to the class.
    weight : numpy.ndarray
        Row weights.

    Returns
    -------
    tuple of float
        Slope (never negative: a larger margin never means less) and intercept.

    Examples
    --------
    >>> slope, intercept = platt(np.array([-2.0, -1, 1, 2]), np.array([False, True, False, True]), np.ones(4))
    >>> slope > 0 and abs(intercept) < 1e-6
    True
    """
    known = ~np.isnan(margin) & (weight > 0)
    prior_p = float(weight @ positive)
    prior_n = float(weight.sum() - prior_p)
    prior = float(np.log((prior_p + 1) / (prior_n + 1)))
    x, t, w = margin[known], positive[known], weight[known]
    n_pos, n_neg = float(w @ t), float(w.sum() - w @ t)
    if n_pos <= 0 or n_neg <= 0 or np.ptp(x) == 0:
        return 0.0, prior
    unit = float(np.std(x))
    x = x / unit
    target = np.where(t, (n_pos + 1) / (n_pos + 2), 1 / (n_neg + 2))
    slope, intercept = 0.0, prior
    loss = _loss(slope * x + intercept, target, w)
    for _ in range(100):  # Newton's steps, halved until they help
        p = _sigmoid(slope * x + intercept)
        error, curve = w * (p - target), w * p * (1 - p)
        gradient = np.array([error @ x, error.sum()])
        a, b, c = curve @ (x * x) + 1e-10, curve @ x, curve.sum() + 1e-10
        step = np.array([c * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]]) / (a * c - b * b)
        size = 1.0
        while size > 1e-8:
            trial = (slope - size * step[0], intercept - size * step[1])
            trial_loss = _loss(trial[0] * x + trial[1], target, w)
            if trial_loss <= loss:
                break
            size /= 2
        else:
            break
        gain, loss, (slope, intercept) = loss - trial_loss, trial_loss, trial
        if gain <= 1e-10 * abs(loss):
            break
    return (float(slope / unit), float(intercept)) if slope > 0 else (0.0, prior)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))


def _loss(z: np.ndarray, target: np.ndarray, weight: np.ndarray) -> float:
    return float(weight @ (np.logaddexp(0, z) - target * z))


def _columns(fitted: Any, X: Any) -> np.ndarray:
    """Return one margin a class, also for two classes."""
    margin = np.asarray(fitted.decision_function(X), dtype=np.float64)
    return np.column_stack([-margin, margin]) if margin.ndim == 1 else margin


def _folds(codes: np.ndarray, n_folds: int, random_state: int) -> np.ndarray:
    """Deal each class's rows out over the folds; a class with one row gets fold -1, never left out."""
    rng = np.random.default_rng(random_state)
    folds = np.full(len(codes), -1)
    for k in range(int(codes.max()) + 1):
        rows = rng.permutation(np.flatnonzero(codes == k))
        if len(rows) > 1:
            folds[rows] = np.arange(len(rows)) % n_folds
    return folds
