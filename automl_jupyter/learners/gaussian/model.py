"""Gaussian processes behind scikit-learn's interface, kept as what prediction needs: rows, weights, a few lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import (  # noqa: TID253 adapter file, imported lazily
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
)

#: rows of training data that the kernel's settings are chosen on: each look at them costs the cube of their number
_KERNEL_ROWS = 400
_MOST_STEPS = 25
#: rows that are predicted at once
_CHUNK = 2048
#: added to the diagonal, so that equal rows do no harm
_JITTER = 1e-6
#: largest coordinate of an input: distances of unclipped outliers would drown all others
_FARTHEST = 10.0


@dataclass(frozen=True)
class Kernel:
    """``amplitude · Matérn₃⸝₂(distance / length) + slope · (1 + <x, x'>)``, and the noise of a row.

    The first part is any function that is smooth over `length`, the second a linear trend.
    """

    amplitude: float
    length: float
    slope: float
    noise: float

    def of(self, A: np.ndarray, B: np.ndarray) -> np.ndarray:
        """Return the covariance of each row of `A` with each row of `B`."""
        from scipy.spatial.distance import cdist

        # In two arrays of the result's size: of some thousand rows each is tens of megabytes.
        found = cdist(A, B)
        found *= np.sqrt(3) / self.length
        other = np.negative(found)
        np.exp(other, out=other)
        found += 1
        found *= other
        found *= self.amplitude
        np.matmul(A, B.T, out=other)
        other += 1
        other *= self.slope
        found += other
        return np.asarray(found)


class GaussianProcessModel(BaseEstimator):  # type: ignore[misc]
    """What the classifier and the regressor share.

    The kernel's four settings maximise the likelihood of at most 400 of the rows; then all rows are fitted exactly.

    Parameters
    ----------
    smoothness : float, default 1.0
        Multiplies the length that was found.
    random_state : int, default 0
        Draws the rows the kernel is chosen on.

    References
    ----------
    Rasmussen and Williams (2006), Gaussian Processes for Machine Learning: 2.2 (regression), 5.4.2 (predictions of
    rows left out), 6.5 (classification by least squares).
    """

    def __init__(self, smoothness: float = 1.0, random_state: int = 0) -> None:
        self.smoothness = smoothness
        self.random_state = random_state

    def _fit(self, X: Any, targets: np.ndarray, weight: Any) -> np.ndarray:
        """Fit (n, k) standardised targets; return what each row is predicted from all others."""
        from scipy.linalg import LinAlgError, blas, lapack

        self.rows_ = _inputs(X)
        self.n_features_in_ = self.rows_.shape[1]
        kernel = choose_kernel(self.rows_, targets, self.random_state)
        kernel = Kernel(kernel.amplitude, kernel.length * self.smoothness, kernel.slope, kernel.noise)
        self.kernel_ = (kernel.amplitude, kernel.length, kernel.slope, kernel.noise)
        noise = np.full(len(targets), kernel.noise + _JITTER)
        if weight is not None:
            w = np.asarray(weight, dtype=np.float64)
            noise *= np.mean(w) / np.maximum(w, 1e-6 * np.mean(w))
        covariance = kernel.of(self.rows_, self.rows_)
        covariance[np.diag_indices(len(targets))] += noise
        # Symmetric, and its transpose lies as LAPACK wants it: factor and inverse take its place, the lower half of it.
        factor, failed = lapack.dpotrf(covariance.T, lower=True, overwrite_a=True)
        if failed:
            raise LinAlgError("The covariance of the rows is not positive definite.")
        inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
        self.weights_ = blas.dsymm(1.0, inverse, targets, lower=True)
        return np.asarray(targets - self.weights_ / np.diag(inverse)[:, None])

    def _raw(self, X: Any) -> np.ndarray:
        kernel, X = Kernel(*self.kernel_), _inputs(X)
        chunks = [kernel.of(X[k : k + _CHUNK], self.rows_) @ self.weights_ for k in range(0, len(X), _CHUNK)]
        return np.concatenate(chunks) if chunks else np.empty((0, self.weights_.shape[1]))


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


def choose_kernel(rows: np.ndarray, targets: np.ndarray, seed: int) -> Kernel:
    """Return the kernel that makes the targets of some of the rows most likely.

    Parameters
    ----------
    rows, targets : ndarray
        (n, d) inputs, and (n, k) standardised targets, which share the kernel.
    seed : int
        Draws at most 400 of the rows.
    """
    import warnings

    from sklearn.gaussian_process import GaussianProcessRegressor as Process
    from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

    some = np.random.default_rng(seed).permutation(len(rows))[:_KERNEL_ROWS]
    length = float(np.sqrt(rows.shape[1]))
    smooth = ConstantKernel(1.0, (0.01, 100.0)) * Matern(length, (0.05 * length, 100 * length), nu=1.5)
    trend = ConstantKernel(0.1 / length, (1e-5, 10.0)) * DotProduct(1.0, "fixed")
    start = smooth + trend + WhiteKernel(0.1, (1e-4, 2.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a setting at its bound, or not quite the best one, is as good as any
        found = Process(start, optimizer=_climb, random_state=seed).fit(rows[some], targets[some]).kernel_
    amplitude, length, slope, noise = np.exp(found.theta).tolist()
    return Kernel(amplitude, length, slope, noise)


def _climb(loss: Any, start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    """Minimise, in as many steps as change the second digit."""
    from scipy.optimize import minimize

    found = minimize(loss, start, method="L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": _MOST_STEPS})
    return found.x, float(found.fun)


def _inputs(X: Any) -> np.ndarray:
    return np.clip(np.asarray(X, dtype=np.float64), -_FARTHEST, _FARTHEST)
