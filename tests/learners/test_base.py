"""Tests of base."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from automl_jupyter._core.optional import has_module
from automl_jupyter.errors import AutoMLError, MissingExtraError
from automl_jupyter.learners import LearnerInfo, available, learners
from automl_jupyter.learners.base import FitData, fit_learner, make_learner, predict
from automl_jupyter.testing.learner_checks import check_learner


def test_listing_learners_imports_nothing_heavy():
    code = (
        "import sys; from automl_jupyter.learners import available; available('classification');"
        "sys.exit(sum(m in sys.modules for m in ('sklearn', 'lightgbm', 'pandas', 'scipy', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_available_leaves_out_what_is_not_installed():
    keys = [info.key for info in available("regression")]
    assert "LightGBM" in keys
    assert "LogisticRegression" not in keys
    assert ("XGBoostRegressor" in keys) == has_module("xgboost")


def test_missing_extra_names_the_install():
    info = LearnerInfo("Odd", ("regression",), "tree", "nowhere", requires="no_such_package")
    with pytest.raises(MissingExtraError, match="The learner Odd needs no_such_package"):
        make_learner(info, "regression")


def test_predict_gives_absent_classes_nothing_and_empty_rows_everything():
    fitted = SimpleNamespace(classes_=np.array([0, 2]), predict_proba=lambda X: np.array([[0.25, 0.25], [0.0, 0.0]]))
    found = predict(fitted, "classification", None, 3)
    np.testing.assert_allclose(found, [[0.5, 0, 0.5], [1 / 3] * 3])


@pytest.mark.parametrize("version", ["before 1.9", "since 1.9"])
def test_a_row_beyond_every_margin_is_of_any_class(version):
    def predict_proba(margins):
        proba = 1 / (1 + np.exp(-margins))
        if version == "before 1.9":
            proba /= proba.sum(axis=1, keepdims=True)
        return proba

    fitted = SimpleNamespace(
        classes_=np.arange(3), predict_proba=predict_proba, decision_function=lambda margins: margins
    )
    margins = np.array([[-1e3, -2e3, -3e3], [9e2, -1e3, -1e3]], dtype=np.float32)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(predict(fitted, "classification", margins, 3), [[1 / 3] * 3, [1, 0, 0]])
        with pytest.raises(AutoMLError, match="not finite: the fit has diverged"):
            predict(fitted, "classification", margins * np.nan, 3)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_predict_refuses_what_is_not_finite(task):
    fitted = SimpleNamespace(
        classes_=np.array([0, 1]),
        predict=lambda X: np.array([1.0, np.inf]),
        predict_proba=lambda X: np.array([[np.nan, 1.0]]),
    )
    with pytest.raises(AutoMLError, match="not finite: the fit has diverged"):
        predict(fitted, task, None, 2)


def test_weights_of_a_learner_without_weights_are_left_out():
    X, y = np.arange(20.0).reshape(-1, 1), np.arange(20.0)
    info = learners.get("KNN")
    model = make_learner(info, "regression", {"n_neighbors": 1})
    fit_learner(info, model, FitData(X, y, np.ones(20)))
    np.testing.assert_array_equal(predict(model, "regression", X), y)


def test_the_suite_sees_a_broken_promise(monkeypatch):
    from automl_jupyter.learners import dummy

    def fit(estimator, data):
        np.random.seed(3)
        estimator.fit(data.X, data.y)

    monkeypatch.setattr(dummy, "fit", fit, raising=False)
    with pytest.raises(AssertionError, match="numpy's shared random state"):
        check_learner(learners.get("Dummy"), "regression")


@pytest.mark.parametrize("key", ["LightGBM", "GradientBoosting", "NeuralNetwork", "ElasticNet", "CatBoostRegressor"])
def test_validation_rows_that_all_weigh_nothing_weigh_the_same(key):
    if key.startswith("CatBoost"):
        pytest.importorskip("catboost")
    rng = np.random.default_rng(0)
    X, info = rng.normal(size=(900, 3)).astype(np.float32), learners.get(key)
    found = []
    for weight in (np.zeros(550), None):
        model = make_learner(info, "regression", {"n_epochs": 2} if key == "NeuralNetwork" else {})
        y = X[:, 0].astype(np.float64)
        fit_learner(info, model, FitData(X[:350], y[:350], np.ones(350), X[350:], y[350:], weight))
        found.append(predict(model, "regression", X))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("key", ["GradientBoosting", "NeuralNetwork", "CatBoostClassifier"])
def test_where_what_weighs_is_of_unknown_classes_nothing_judges(key):
    if key.startswith("CatBoost"):
        pytest.importorskip("catboost")
    rng = np.random.default_rng(0)
    X, info = rng.normal(size=(900, 3)).astype(np.float32), learners.get(key)
    y = (X[:, 0] > 0).astype(int)
    y_valid, weight = np.where(np.arange(550) < 9, 2, y[350:]), (np.arange(550) < 9).astype(float)
    model = make_learner(info, "classification", {"n_epochs": 2} if key == "NeuralNetwork" else {}, n_classes=3)
    fit_learner(info, model, FitData(X[:350], y[:350], np.ones(350), X[350:], y_valid, weight))
    assert predict(model, "classification", X, 3).shape == (900, 3)


@pytest.mark.parametrize("key", ["LinearSVM", "SVM", "GradientBoosting", "RandomForest", "KNN", "Dummy"])
def test_rows_that_weigh_nothing_are_as_if_they_were_not_there(key):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 3)).astype(np.float32), np.repeat([0, 1, 2], 30)
    X[:, 0] += y
    info, counted = learners.get(key), y != 1

    def found(data):
        model = make_learner(info, "classification", n_classes=3)
        fit_learner(info, model, data)
        return predict(model, "classification", X, 3)

    without = found(FitData(X[counted], y[counted], np.ones(60)))
    np.testing.assert_array_equal(found(FitData(X, y, counted.astype(float))), without)
    np.testing.assert_array_equal(found(FitData(X, y, np.zeros(90))), found(FitData(X, y)))
