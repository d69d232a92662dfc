"""Gaussian processes behind scikit-learn's interface, kept as what prediction needs: rows, weights, a few lengths."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import (  # noqa: TID253 adapter file, imported lazily
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
)

from automl_jupyter.learners.gaussian.kernel import JITTER, Kernel, choose_kernel

#: largest coordinate of an input: distances of unclipped outliers would drown all others
_FARTHEST = 10.0


class GaussianProcessModel(BaseEstimator):  # type: ignore[misc]
    """What the classifier and the regressor share.

    The kernel's settings climb towards the most of the posterior of 400 of the rows, of more than 1,000 then that of
    1,200, but for few steps where targets are noisy: more fit the lengths to the noise. After that all rows are fitted
    exactly.

    Parameters
    ----------
    relevance : float, default 0.4
        How much the inputs' lengths may differ (automatic relevance determination): the standard deviation that the
        logs of the lengths are expected to have about their mean. 0 for one length of all inputs.
    smoothness : float, default 1.0
        Multiplies the lengths that were found.
    random_state : int, default 0
        Draws the rows the kernel is chosen on.

    References
    ----------
    Rasmussen and Williams (2006), Gaussian Processes for Machine Learning: 2.2 (regression), 5.1 (relevance), 5.4
    (likelihood, its gradient, predictions of rows left out), 6.5 (classification by least squares).
    """

    def __init__(self, relevance: float = 0.4, smoothness: float = 1.0, random_state: int = 0) -> None:
        self.relevance = relevance
        self.smoothness = smoothness
        self.random_state = random_state

    def _fit(self, X: Any, targets: np.ndarray, weight: Any) -> np.ndarray:
        """Fit (n, k) standardised targets; return what each row is predicted from all others."""
        self.rows_ = _inputs(X)
        self.n_features_in_ = self.rows_.shape[1]
        kernel = choose_kernel(self.rows_, targets, self.random_state, self.relevance)
        kernel = replace(kernel, lengths=kernel.lengths * self.smoothness)
        self.lengths_ = kernel.lengths
        self.amplitude_, self.slope_, self.noise_ = kernel.amplitude, kernel.slope, kernel.noise
        noise = np.full(len(targets), kernel.noise + JITTER)
        if weight is not None:
            w = np.asarray(weight, dtype=np.float64)
            noise *= np.mean(w) / np.maximum(w, 1e-6 * np.mean(w))
        self.weights_, left_out = fit_exactly(kernel, self.rows_, targets, noise)
        return left_out

    def _raw(self, X: Any) -> np.ndarray:
        kernel, X = Kernel(self.amplitude_, self.lengths_, self.slope_, self.noise_), _inputs(X)
        return kernel.times(X, self.rows_, self.weights_)


class GaussianProcessClassifier(ClassifierMixin, GaussianProcessModel):  # type: ignore[misc]
    """A Gaussian process of each class's indicator, made probabilities by a logistic regression.

    The logistic regression learns from what each training row is predicted from all others, which has a closed form.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 100)[:, None]; y = (np.abs(X[:, 0]) < 0.5).astype(int)
    >>> GaussianProcessClassifier().fit(X, y).predict([[0.0], [0.9]]).tolist()
    [1, 0]
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> GaussianProcessClassifier:
        """Fit class codes."""
        from sklearn.linear_model import LogisticRegression

        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            self.shares_, self.n_features_in_ = np.ones(1), np.asarray(X).shape[1]
            return self
        targets = np.eye(len(self.classes_))[codes]
        targets = targets[:, 1:] if len(self.classes_) == 2 else targets
        left_out = self._fit(X, (targets - targets.mean(axis=0)) / targets.std(), sample_weight)
        self.calibrator_ = LogisticRegression(C=10.0, max_iter=500).fit(left_out, codes, sample_weight)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return a probability for each class of :attr:`classes_`."""
        if len(self.classes_) == 1:
            return np.ones((np.asarray(X).shape[0], 1))
        return np.asarray(self.calibrator_.predict_proba(self._raw(X)))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class code of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class GaussianProcessRegressor(RegressorMixin, GaussianProcessModel):  # type: ignore[misc]
    """A Gaussian process of the standardised target.

    Examples
    --------
    >>> X = np.linspace(0, 6, 100)[:, None]; y = 1e6 + np.sin(X[:, 0])
    >>> model = GaussianProcessRegressor().fit(X, y)
    >>> bool(abs(model.predict([[1.0]])[0] - 1e6 - np.sin(1.0)) < 0.02)
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> GaussianProcessRegressor:
        """Fit values."""
        y = np.asarray(y, dtype=np.float64)
        self.center_, self.scale_ = float(np.mean(y)), float(np.std(y)) or 1.0
        self._fit(X, ((y - self.center_) / self.scale_)[:, None], sample_weight)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the value of each row."""
        return np.asarray(self._raw(X)[:, 0] * self.scale_ + self.center_)


def fit_exactly(
    kernel: Kernel, rows: np.ndarray, targets: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of each row, and what each is predicted from all others.

    Parameters
    ----------
    kernel : Kernel
        Its noise is not looked at.
    rows, targets : ndarray
        (n, d) inputs and (n, k) targets.
    noise : ndarray
        (n,) variances.
    """
    from scipy.linalg import LinAlgError, blas, lapack

    covariance = kernel.of(rows, rows)
    covariance[np.diag_indices(len(targets))] += noise
    # Symmetric, and its transpose lies as LAPACK wants it: factor and inverse take its place, the lower half of it.
    factor, failed = lapack.dpotrf(covariance.T, lower=True, overwrite_a=True)
    if failed:
        raise LinAlgError("The covariance of the rows is not positive definite.")
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    weights = blas.dsymm(1.0, inverse, targets, lower=True)
    return weights, np.asarray(targets - weights / np.diag(inverse)[:, None])


def _inputs(X: Any) -> np.ndarray:
    return np.clip(np.asarray(X, dtype=np.float64), -_FARTHEST, _FARTHEST)
