"""Gaussian processes against scikit-learn's, and their closed forms against the definition."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import optimize
from sklearn.gaussian_process import GaussianProcessRegressor as Process
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

from automl_jupyter.learners.gaussian.kernel import Kernel, choose_kernel, improbability
from automl_jupyter.learners.gaussian.model import (
    GaussianProcessClassifier,
    GaussianProcessRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(300, 2))
Y = np.sin(4 * X[:, 0]) + X[:, 1] + 0.1 * RNG.normal(size=300)
TRAIN, TEST = slice(0, 120), slice(120, 300)


def kernel_of(model: GaussianProcessRegressor) -> Kernel:
    return Kernel(model.amplitude_, model.lengths_, model.slope_, model.noise_)


def scikit_learns(kernel: Kernel) -> Any:
    return (
        ConstantKernel(kernel.amplitude) * Matern(kernel.lengths, nu=1.5)
        + ConstantKernel(kernel.slope) * DotProduct(1.0)
        + WhiteKernel(kernel.noise)
    )


@pytest.mark.parametrize("relevance", [0.0, 0.4])
def test_predictions_are_scikit_learns_with_the_same_kernel(relevance: float) -> None:
    model = GaussianProcessRegressor(relevance).fit(X[TRAIN], Y[TRAIN])
    oracle = Process(scikit_learns(kernel_of(model)), optimizer=None, alpha=1e-6)
    oracle.fit(X[TRAIN], (Y[TRAIN] - model.center_) / model.scale_)
    expected = oracle.predict(X[TEST]) * model.scale_ + model.center_
    np.testing.assert_allclose(model.predict(X[TEST]), expected, rtol=1e-6, atol=1e-8)


def test_the_covariance_of_equal_close_and_far_rows_is_scikit_learns() -> None:
    kernel = Kernel(1.3, np.array([0.05, 2.1]), 0.2, 0.0)
    rows = np.concatenate([X[:100], X[:30], X[:30] + 1e-9, 10 * X[:30]])
    expected = (ConstantKernel(1.3) * Matern(kernel.lengths, nu=1.5) + ConstantKernel(0.2) * DotProduct(1.0))(rows, X)
    np.testing.assert_allclose(kernel.of(rows, X), expected, atol=1e-9)
    np.testing.assert_allclose(kernel.times(rows, X, Y[:, None]), expected @ Y[:, None], atol=1e-7)


def test_the_likelihood_is_scikit_learns_and_the_prior_the_normal_one() -> None:
    rows, targets = X[:50], np.column_stack([Y[:50], X[:50, 0]])
    kernel = Kernel(1.3, np.array([0.7, 2.1]), 0.2, 0.05)
    oracle = Process(scikit_learns(kernel), optimizer=None, alpha=1e-6).fit(rows, targets)
    settings = np.log([*kernel.lengths, kernel.amplitude, kernel.slope, kernel.noise])
    apart = np.log(kernel.lengths) - np.log(kernel.lengths).mean()
    expected = -oracle.log_marginal_likelihood() - 2 * 50 / 2 * np.log(2 * np.pi) + np.sum(apart**2) / 0.4**2
    assert improbability(settings, rows, targets, 0.4)[0] == pytest.approx(expected / 50, rel=1e-9)


@pytest.mark.parametrize("lengths", [[0.7, 2.1], [1.5]])
def test_the_gradient_is_that_of_differences(lengths: list[float]) -> None:
    rows, targets = X[:50], np.column_stack([Y[:50], X[:50, 0]])
    settings = np.log([*lengths, 1.3, 0.2, 0.05])
    step = 1e-6 * np.eye(len(settings))
    expected = [
        (improbability(settings + d, rows, targets, 0.4)[0] - improbability(settings - d, rows, targets, 0.4)[0]) / 2e-6
        for d in step
    ]
    np.testing.assert_allclose(improbability(settings, rows, targets, 0.4)[1], expected, rtol=1e-5, atol=1e-8)


def test_columns_that_say_nothing_get_great_lengths() -> None:
    noise = np.random.default_rng(1).normal(size=(300, 6))
    rows = np.hstack([X, noise])
    lengths = choose_kernel(rows, ((Y - Y.mean()) / Y.std())[:, None], 0, 0.4).lengths
    assert lengths[0] < 0.5 * lengths[2:].min()
    error = {}
    for relevance in (0.0, 0.4):
        model = GaussianProcessRegressor(relevance).fit(rows[TRAIN], Y[TRAIN])
        error[relevance] = np.mean((model.predict(rows[TEST]) - Y[TEST]) ** 2)
    assert error[0.4] < 0.7 * error[0.0]


def test_a_row_left_out_is_predicted_as_if_it_had_not_been_there() -> None:
    rows, targets = X[:40], ((Y[:40] - Y[:40].mean()) / Y[:40].std())[:, None]
    model = GaussianProcessRegressor()
    left_out = model._fit(rows, targets, None)
    kernel = kernel_of(model)
    for k in (0, 17, 39):
        others = np.arange(40) != k
        covariance = kernel.of(rows[others], rows[others]) + (kernel.noise + 1e-6) * np.eye(39)
        expected = kernel.of(rows[[k]], rows[others]) @ np.linalg.solve(covariance, targets[others])
        np.testing.assert_allclose(left_out[k], expected[0], rtol=1e-6, atol=1e-8)


def test_the_noise_is_found() -> None:
    targets = ((Y - Y.mean()) / Y.std())[:, None]
    noise = choose_kernel(X, targets, 0, 0.4).noise * Y.var()
    assert 0.005 < noise < 0.02


@pytest.mark.parametrize(("noise", "n", "looks"), [(0.5, 300, 1), (0.0, 300, 2), (0.5, 1100, 2), (0.0, 1100, 3)])
def test_the_kernel_is_looked_for_on_where_there_is_no_noise(
    noise: float, n: int, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[np.ndarray, np.ndarray]] = []

    def minimize(function: Any, start: np.ndarray, *more: Any, **options: Any) -> Any:
        found = real(function, start, *more, **options)
        calls.append((start, found.x))
        return found

    real = optimize.minimize
    monkeypatch.setattr(optimize, "minimize", minimize)
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(n, 2))
    y = np.sin(2 * rows[:, 0]) + rows[:, 1] + noise * rng.normal(size=n)
    choose_kernel(rows, ((y - y.mean()) / y.std())[:, None], 0, 0.4)
    assert len(calls) == looks
    assert all(np.array_equal(after[0], before[1]) for before, after in itertools.pairwise(calls))


def test_a_row_of_greater_weight_is_followed_more_closely() -> None:
    y = Y[TRAIN].copy()
    y[0] += 3
    weight = np.ones(120)
    plain = GaussianProcessRegressor().fit(X[TRAIN], y, weight).predict(X[:1])[0]
    weight[0] = 1000
    heavy = GaussianProcessRegressor().fit(X[TRAIN], y, weight).predict(X[:1])[0]
    assert abs(heavy - y[0]) < 0.5 * abs(plain - y[0])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_are_calibrated_and_codes_kept(n_classes: int) -> None:
    edges = np.quantile(Y, np.arange(1, n_classes) / n_classes)
    y = np.searchsorted(edges, Y) * 2 + 1
    model = GaussianProcessClassifier().fit(X[TRAIN], y[TRAIN])
    proba = model.predict_proba(X[TEST])
    assert model.classes_.tolist() == [1, 3, 5][:n_classes]
    right = np.mean(model.predict(X[TEST]) == y[TEST])
    assert right > 0.8
    assert abs(proba.max(axis=1).mean() - right) < 0.1


def test_one_class_is_certain() -> None:
    model = GaussianProcessClassifier().fit(X[:5], np.full(5, 3))
    assert model.predict_proba(X[:2]).tolist() == [[1.0], [1.0]]
    assert model.predict(X[:2]).tolist() == [3, 3]


def test_equal_rows_do_no_harm() -> None:
    model = GaussianProcessRegressor().fit(np.repeat(X[:20], 3, axis=0), np.repeat(Y[:20], 3))
    assert np.isfinite(model.predict(X)).all()
