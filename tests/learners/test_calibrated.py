"""Tests of calibrated."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from automl_jupyter.learners.calibrated import CalibratedMargin, platt


def test_the_sigmoid_is_the_maximum_of_its_likelihood():
    rng = np.random.default_rng(1)
    margin = rng.normal(size=4000) * 5
    positive = rng.random(4000) < 1 / (1 + np.exp(-(0.6 * margin - 1)))
    weight = rng.uniform(0.5, 2, 4000)
    slope, intercept = platt(margin, positive, weight)
    oracle = LogisticRegression(C=1e9, tol=1e-8).fit(margin[:, None], positive, weight)
    # Platt's targets stay short of 0 and 1, by less than a thousandth here.
    np.testing.assert_allclose([slope, intercept], [oracle.coef_[0, 0], oracle.intercept_[0]], rtol=0.01)


def test_a_margin_that_says_the_opposite_is_not_believed():
    positive = np.repeat([True, False], 50)
    slope, intercept = platt(np.where(positive, -1.0, 1.0) + np.linspace(0, 0.1, 100), positive, np.ones(100))
    assert (slope, intercept) == (0.0, 0.0)


def test_a_class_with_one_row_is_learnt_from():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(61, 2)), np.append(np.repeat([0, 1], 30), 2)
    X[y == 1] += 3
    model = CalibratedMargin(LinearSVC(dual="auto")).fit(X, y)
    proba = model.predict_proba(X)
    assert proba.shape == (61, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (model.predict(X)[:60] == y[:60]).mean() > 0.9


def test_probabilities_are_honest():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(3000, 3))
    chance = 1 / (1 + np.exp(-2 * X[:, 0]))
    y = (rng.random(3000) < chance).astype(int)
    proba = CalibratedMargin(LinearSVC(dual="auto")).fit(X, y).predict_proba(X)[:, 1]
    assert np.abs(proba - chance).mean() < 0.03
