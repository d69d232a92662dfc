"""Tests of light_gbm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import log_loss

from automl_jupyter.learners import learners
from automl_jupyter.learners.base import FitData, fit_learner, make_learner, predict
from automl_jupyter.learners.light_gbm import native_params
from automl_jupyter.trials import artifacts

INFO = learners.get("LightGBM")


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)).astype(np.float32)
    return X, X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(scale=0.5, size=n)


def test_the_same_as_lightgbm_alone():
    X, signal = rows(400)
    y = (signal > 0).astype(int)
    model = make_learner(INFO, "classification", {"num_iterations": 15}, random_state=3, n_classes=2)
    fit_learner(INFO, model, FitData(X, y))
    params = {
        "objective": "binary",
        "learning_rate": 0.05,
        "min_sum_hessian_in_leaf": 1e-7,
        "lambda_l2": 0.1,
        "min_data_in_bin": 2,
        "verbosity": -1,
        "seed": 3,
        "num_threads": 1,
    }
    expected = lightgbm.train(params, lightgbm.Dataset(X, y), 15).predict(X)
    np.testing.assert_allclose(predict(model, "classification", X, 2)[:, 1], expected, rtol=1e-6)


def test_configurations_share_one_binned_data_set_and_do_not_disturb_each_other():
    X, y = rows(300)
    cache = {}
    found = []
    for params in ({"num_leaves": 4}, {"num_leaves": 16, "min_data_in_leaf": 1}, {"num_leaves": 4}):
        model = make_learner(INFO, "regression", params)
        fit_learner(INFO, model, FitData(X[:200], y[:200], None, X[200:], y[200:], cache=cache))
        found.append(predict(model, "regression", X))
    assert len(cache) == 1
    np.testing.assert_array_equal(found[0], found[2])
    alone = make_learner(INFO, "regression", {"num_leaves": 16, "min_data_in_leaf": 1})
    fit_learner(INFO, alone, FitData(X[:200], y[:200], None, X[200:], y[200:]))
    np.testing.assert_array_equal(found[1], predict(alone, "regression", X))
    fit_learner(INFO, make_learner(INFO, "regression", {"max_bin": 15}), FitData(X, y, cache=cache))
    assert len(cache) == 2


def test_a_cache_of_other_targets_or_weights_is_made_anew():
    X, y = rows(300)
    cache = {}
    for target, weight in ((y, None), (-y, None), (-y, np.linspace(1, 2, 300))):
        cached, alone = make_learner(INFO, "regression"), make_learner(INFO, "regression")
        fit_learner(INFO, cached, FitData(X, target, weight, cache=cache))
        fit_learner(INFO, alone, FitData(X, target, weight))
        np.testing.assert_array_equal(predict(cached, "regression", X), predict(alone, "regression", X))


def test_stopping_early_keeps_the_best_rounds_only():
    X, signal = rows(300)
    y = (signal > 0).astype(int)
    model = make_learner(INFO, "classification", {"learning_rate": 0.3}, n_classes=2)
    report = fit_learner(INFO, model, FitData(X[:200], y[:200], None, X[200:], y[200:]))
    assert 0 < report.iterations < 200
    assert model.booster_.num_trees() == report.iterations
    refit = make_learner(INFO, "classification", {"learning_rate": 0.3}, n_classes=2)
    fit_learner(INFO, refit, FitData(X[:200], y[:200], refit_iterations=report.iterations))
    np.testing.assert_array_equal(predict(model, "classification", X, 2), predict(refit, "classification", X, 2))


def test_the_stop_signal_ends_the_fit_at_the_next_round():
    X, y = rows(200)
    left = iter([False] * 6 + [True])
    model = make_learner(INFO, "regression")
    report = fit_learner(INFO, model, FitData(X, y, should_stop=lambda: next(left)))
    assert (report.iterations, report.stopped_early) == (7, True)


@pytest.mark.parametrize("scale", [1e-6, 1e9])
def test_penalties_do_not_depend_on_the_targets_unit(scale):
    X, y = rows(300)
    params = {"lambda_l1": 0.5, "num_iterations": 50}
    found = []
    for target in (y, y * scale + 7 * scale):
        model = make_learner(INFO, "regression", params)
        fit_learner(INFO, model, FitData(X, target))
        found.append(predict(model, "regression", X))
    np.testing.assert_allclose(found[1] / scale - 7, found[0], atol=1e-3)


def test_weights_count():
    X = np.zeros((100, 1), dtype=np.float32)
    y = np.repeat([0.0, 1.0], 50)
    model = make_learner(INFO, "regression")
    fit_learner(INFO, model, FitData(X, y, np.repeat([1.0, 3.0], 50)))
    assert predict(model, "regression", X[:1])[0] == pytest.approx(0.75, abs=1e-4)


def test_a_few_rows_still_split():
    X = np.arange(20, dtype=np.float32).reshape(-1, 1)
    y = (X[:, 0] >= 10).astype(int)
    model = make_learner(INFO, "classification", n_classes=2)
    fit_learner(INFO, model, FitData(X, y))
    assert (predict(model, "classification", X, 2).argmax(axis=1) == y).all()
    np.testing.assert_array_equal(model.feature_importances_, [1.0])


def test_what_a_fit_of_many_classes_already_knows_is_what_the_model_predicts() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 5)).astype(np.float32)
    y = np.searchsorted([-1, 0, 1], X[:, 0] + 0.3 * rng.normal(size=600))
    info = learners.get("LightGBM")
    model = make_learner(info, "classification", {"learning_rate": 0.3}, n_classes=4)
    report = fit_learner(info, model, FitData(X[:400], y[:400], X_valid=X[400:], y_valid=y[400:]))
    assert report.rounds > report.iterations
    np.testing.assert_allclose(report.valid_predictions, predict(model, "classification", X[400:], 4), rtol=1e-6)


@pytest.mark.parametrize(("n_rows", "stored", "threads"), [(20_000, False, 2), (20_000, True, 0), (10, True, 2)])
def test_only_a_stored_model_takes_every_core_and_only_for_many_rows(
    n_rows: int, stored: bool, threads: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    X = np.random.default_rng(0).normal(size=(n_rows, 2)).astype(np.float32)
    model = make_learner(INFO, "regression", {"num_iterations": 3}, n_jobs=2)
    fit_learner(INFO, model, FitData(X, X[:, 0].astype(float), n_jobs=2))
    if stored:
        artifacts.save(tmp_path / "model.skops", model)
        model = artifacts.load(tmp_path / "model.skops")
    asked = []
    predict_with = model.booster_.predict

    def watched(X: np.ndarray, num_threads: int, **options: Any) -> np.ndarray:
        asked.append(num_threads)
        return predict_with(X, num_threads=num_threads, **options)

    monkeypatch.setattr(model.booster_, "predict", watched)
    assert predict(model, "regression", X).shape == (n_rows,)
    assert asked == [threads]


@pytest.mark.parametrize("n_classes", [None, 2, 3])
@pytest.mark.parametrize("n_columns", [4, 120])
def test_trees_walked_block_by_block_say_what_all_say_at_once(n_classes: int | None, n_columns: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, n_columns)).astype(np.float32)
    value = X[:, 0] + 0.5 * rng.normal(size=300)
    y = value if n_classes is None else np.searchsorted([-0.5, 0.5][: n_classes - 1], value)
    task = "regression" if n_classes is None else "classification"
    model = make_learner(INFO, task, {"num_iterations": 70, "num_leaves": 7}, n_classes=n_classes)
    fit_learner(INFO, model, FitData(X, y))
    whole = model.booster_.predict(X)
    if n_classes is None:
        whole = whole * model.scale_ + model.center_
    if n_classes == 2:
        whole = np.column_stack([1 - whole, whole])
    for rows in (X, X[:5], sparse.csr_matrix(X)):
        np.testing.assert_allclose(predict(model, task, rows, n_classes), whole[: rows.shape[0]], rtol=1e-6, atol=1e-9)


def test_a_round_that_finds_nothing_to_split_does_not_end_a_fit():
    """Random thresholds on some of the columns may miss every split once; the rounds after it find more."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (600, 8)).astype(np.float32)
    y = X[:, 0] + np.sin(3 * X[:, 1]) + X[:, 2] * X[:, 3]
    params = {"extra_trees": True, "feature_fraction": 0.46, "lambda_l1": 0.24, "bagging_fraction": 0.9}
    params |= {"bagging_freq": 1, "min_data_in_leaf": 3}
    data = FitData(X[:400], y[:400], None, X[400:], y[400:])
    model = make_learner(INFO, "regression", params)
    z = (y[:400] - y[:400].mean()) / y[:400].std()
    alone = lightgbm.Booster(native_params(model, data), lightgbm.Dataset(X[:400], z))
    first_barren = next(k for k in range(5000) if alone.update())
    report = fit_learner(INFO, model, data)
    assert report.iterations > first_barren
    assert model.booster_.num_trees() == report.iterations
    cut = make_learner(INFO, "regression", {**params, "num_iterations": first_barren})
    fit_learner(INFO, cut, data)
    off, off_cut = (np.std(predict(m, "regression", X[400:]) - y[400:]) for m in (model, cut))
    assert off < off_cut
    refit = make_learner(INFO, "regression", params)
    fit_learner(INFO, refit, FitData(X[:400], y[:400], refit_iterations=report.iterations))
    np.testing.assert_allclose(predict(refit, "regression", X), predict(model, "regression", X))


def test_a_fit_without_anything_to_split_ends():
    X = np.zeros((100, 2), dtype=np.float32)
    report = fit_learner(INFO, make_learner(INFO, "regression"), FitData(X, np.arange(100.0), refit_iterations=50))
    assert report.iterations == 1


def test_a_few_wrong_rows_among_those_told_apart_do_not_drive_scores_away():
    """Near certainty nothing but the penalty stands against one row's pull."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, size=(3000, 6)).astype(np.float32)
    y = (X[:, 0] > 1).astype(int) + (X[:, 1] > 2)
    y[:6] = 2 - y[:6]
    losses, farthest = [], []
    for more in ({}, {"lambda_l2": 0.0}):
        params = {"num_iterations": 300, "learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 20, **more}
        model = make_learner(INFO, "classification", params, n_classes=3).fit(X[:2000], y[:2000])
        losses.append(log_loss(y[2000:], model.predict_proba(X[2000:])))
        farthest.append(np.abs(model.booster_.predict(X, raw_score=True)).max())
    assert losses[0] < 0.5 * losses[1]
    assert farthest[0] < 12 < farthest[1]


@pytest.mark.parametrize("objective", ["huber", "mae", "quantile", "l2"])
def test_a_regressor_learns_by_any_loss_of_values_whatever_the_targets_unit(objective: str) -> None:
    X, y = rows(600)
    params = {"objective": objective, "num_iterations": 80, "learning_rate": 0.1}
    found = []
    for center, scale in ((0.0, 1.0), (5000.0, 100.0)):
        model = make_learner(INFO, "regression", params)
        fit_learner(INFO, model, FitData(X[:400], y[:400] * scale + center))
        found.append((predict(model, "regression", X[400:]) - center) / scale)
    np.testing.assert_allclose(found[0], found[1], atol=1e-3)
    assert np.std(found[0] - y[400:]) < 0.8 * np.std(y[400:])
