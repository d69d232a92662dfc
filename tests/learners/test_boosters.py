"""Tests of the learners of the extra ``boosters``, where it is installed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from automl_jupyter._core.optional import has_module
from automl_jupyter.learners import learners
from automl_jupyter.learners.base import FitData, fit_learner, make_learner, predict

LIBRARIES = [
    pytest.param(name, marks=pytest.mark.skipif(not has_module(name.lower()), reason=f"{name} is not installed"))
    for name in ("XGBoost", "CatBoost")
]
pytestmark = pytest.mark.parametrize("library", LIBRARIES)


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)).astype(np.float32)
    return X, X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(scale=0.5, size=n)


def fitted(library, task, data, params=(), n_classes=None):
    info = learners.get(f"{library}{'Classifier' if task == 'classification' else 'Regressor'}")
    model = make_learner(info, task, dict(params), n_classes=n_classes)
    return model, fit_learner(info, model, data)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_refit_of_the_best_rounds_is_the_same_model(library, task):
    X, signal = rows(300)
    y, n_classes = ((signal > 0).astype(int), 2) if task == "classification" else (signal, None)
    judged, report = fitted(
        library, task, FitData(X[:200], y[:200], None, X[200:], y[200:]), {"learning_rate": 0.3}, n_classes
    )
    assert 0 < report.iterations < 200
    assert report.rounds > report.iterations, "those after the best cost time, too, which a refit saves"
    refit, _ = fitted(
        library, task, FitData(X[:200], y[:200], refit_iterations=report.iterations), {"learning_rate": 0.3}, n_classes
    )
    np.testing.assert_allclose(predict(judged, task, X, n_classes), predict(refit, task, X, n_classes), rtol=1e-5)


@pytest.mark.parametrize("only", [False, True])
def test_validation_rows_may_be_of_a_class_the_fit_never_saw(library, only):
    X, signal = rows(300)
    y = np.digitize(signal, [-1, 0, 1])
    train = np.flatnonzero((y != 2) & (np.arange(300) < 200))
    judges = np.flatnonzero(y == 2) if only else np.arange(200, 300)
    data = FitData(X[train], y[train], np.ones(len(train)), X[judges], y[judges], np.ones(len(judges)))
    model, report = fitted(library, "classification", data, n_classes=4)
    proba = predict(model, "classification", X, 4)
    assert proba.shape == (300, 4)
    assert report.iterations > 0
    assert (proba.argmax(axis=1)[train] == y[train]).mean() > 0.6


def test_categories_are_codes_and_a_new_one_is_no_error(library):
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 6, 400).astype(np.float32)
    X = np.column_stack([codes, rng.normal(size=400).astype(np.float32)])
    X[::10, 0] = np.nan
    y = np.array([3.0, -1, 2, 0, -2, 1])[codes.astype(int)]
    model, _ = fitted(library, "regression", FitData(X, y, categorical=[0]))
    seen = ~np.isnan(X[:, 0])
    assert np.abs(predict(model, "regression", X)[seen] - y[seen]).mean() < 0.3
    X[:, 0] = 17
    assert np.isfinite(predict(model, "regression", X)).all()


def test_weights_count(library):
    X = np.column_stack([np.zeros(100), np.arange(100) % 2]).astype(np.float32)
    y = np.repeat([0.0, 1.0], 50)
    model, _ = fitted(library, "regression", FitData(X, y, np.repeat([1.0, 3.0], 50)))
    assert predict(model, "regression", X[:1])[0] == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_penalties_do_not_depend_on_the_targets_unit(library, scale):
    X, y = rows(300)
    one, _ = fitted(library, "regression", FitData(X, y))
    other, _ = fitted(library, "regression", FitData(X, y * scale + 7 * scale))
    found = predict(other, "regression", X) / scale - 7
    np.testing.assert_allclose(found, predict(one, "regression", X), atol=2e-2)


def test_the_stop_signal_ends_the_fit_at_the_next_round(library):
    X, y = rows(200)
    left = iter([False] * 6 + [True])
    _, report = fitted(library, "regression", FitData(X, y, should_stop=lambda: next(left)))
    assert (report.iterations, report.stopped_early) == (7, True)


def test_a_target_of_one_value_is_predicted(library):
    X, _ = rows(100)
    y = np.full(100, 3.0)
    for data in (FitData(X, y), FitData(X[:60], y[:60], None, X[60:], y[60:] + 1)):
        model, report = fitted(library, "regression", data)
        assert report.iterations > 0
        np.testing.assert_allclose(predict(model, "regression", X), 3.0)


@pytest.mark.parametrize("other", [3.0, np.nan])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_features_that_never_differ_are_no_error(library, task, other):
    X, y = np.full((90, 2), 3.0, dtype=np.float32), np.arange(90) % 3
    X[:, 1] = other
    classes = task == "classification"
    y = y if classes else y.astype(float)
    data = FitData(X[:60], y[:60], None, X[60:], y[60:])
    model, report = fitted(library, task, data, n_classes=3 if classes else None)
    assert report.iterations > 0
    np.testing.assert_allclose(predict(model, task, X, 3), 1 / 3 if classes else 1.0, atol=1e-3)


@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, csr_matrix], ids=["array", "frame", "sparse"])
def test_features_may_be_a_frame_or_sparse(library, kind):
    X, y = rows(100)
    info = learners.get(f"{library}Regressor")
    one, plain = (make_learner(info, "regression") for _ in range(2))
    np.testing.assert_allclose(one.fit(kind(X), y).predict(kind(X)), plain.fit(X, y).predict(X), rtol=1e-5)
