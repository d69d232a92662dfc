"""Learning the target's logarithm: when it is worth trying, what comes back, and what keeps it in bounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from automl_jupyter.data.target import is_log_better
from automl_jupyter.learners import learners
from automl_jupyter.learners.base import FitData, fit_learner, make_learner, predict
from automl_jupyter.learners.log_target import LogTarget
from automl_jupyter.trials import artifacts

RNG = np.random.default_rng(0)
X = RNG.normal(size=(600, 4)).astype(np.float32)
FACTORS = np.exp(2 * X[:, 0] + X[:, 1] + 0.1 * RNG.normal(size=600))
TRAIN, TEST = slice(0, 400), slice(400, 600)


def error(key: str, y: np.ndarray, *, hint: str = "", **params: object) -> float:
    info = learners.get(key)
    estimator = make_learner(info, "regression", params)
    data = FitData(X[TRAIN], y[TRAIN], X_valid=X[TEST], y_valid=y[TEST], metric_hint=hint)
    fit_learner(info, estimator, data)
    found = predict(estimator, "regression", X[TEST])
    return float(np.median(np.abs(found - y[TEST]) / (y[TEST] + 1)))


@pytest.mark.parametrize("key", ["LightGBM", "ElasticNet", "GradientBoosting"])
@pytest.mark.parametrize("floor", [0.0, 1.0])
def test_any_regressor_learns_factors_better(key: str, floor: float) -> None:
    y = np.where(FACTORS < 0.05, 0, FACTORS) if floor == 0 else FACTORS + floor
    assert error(key, y, log_target=True) < 0.8 * error(key, y)


def test_the_training_rows_keep_their_mean_unless_medians_are_asked_for() -> None:
    info = learners.get("ElasticNet")
    noisy = FACTORS * np.exp(RNG.normal(size=600))
    means = []
    for hint in ("", "mae"):
        estimator = make_learner(info, "regression", {"log_target": True})
        fit_learner(info, estimator, FitData(X, noisy, metric_hint=hint))
        means.append(estimator.predict(X).mean() / noisy.mean())
    assert means[0] == pytest.approx(1, abs=0.01)
    assert means[1] < 0.9


@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, csr_matrix])
def test_of_many_rows_the_factor_is_found_on_some(kind: Callable[[np.ndarray], Any]) -> None:
    """A booster of thousands of rounds takes longer to predict all of its rows than it took to learn them."""
    seen: list[int] = []

    class Counting(LinearRegression):
        def predict(self, X: Any) -> np.ndarray:
            seen.append(X.shape[0])
            return np.asarray(super().predict(X))

    rng = np.random.default_rng(1)
    many = np.sort(rng.normal(size=(30_000, 1)), axis=0)
    noisy = np.exp(many[:, 0] + rng.normal(size=len(many)))
    model = LogTarget(Counting()).fit(kind(many), noisy, np.ones(len(many)))
    assert max(seen) == 5000
    assert model.predict(kind(many)).mean() == pytest.approx(noisy.mean(), rel=0.05)


def test_predictions_stay_near_what_was_learnt() -> None:
    info = learners.get("ElasticNet")
    estimator = make_learner(info, "regression", {"log_target": True})
    fit_learner(info, estimator, FitData(X, FACTORS))
    far = estimator.predict(np.full((2, 4), 1e6, dtype=np.float32) * [[1], [-1]])
    assert far.max() <= 4 * FACTORS.max() * 1.001
    assert far.min() > 0


@pytest.mark.parametrize("key", ["LightGBM", "RandomForest"])
def test_it_comes_back_from_its_file(key: str, tmp_path: Path) -> None:
    info = learners.get(key)
    estimator = make_learner(info, "regression", {"log_target": True})
    fit_learner(info, estimator, FitData(X, FACTORS))
    data = artifacts.dump(estimator)
    artifacts.check(data)
    (tmp_path / "model.skops").write_bytes(data)
    again = artifacts.load(tmp_path / "model.skops")
    assert isinstance(again, LogTarget)
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


def test_it_is_a_scikit_learn_estimator() -> None:
    model = clone(LogTarget(LinearRegression())).fit(X, FACTORS)
    assert model.score(X, FACTORS) > 0.9


@pytest.mark.parametrize(
    ("y", "better"),
    [
        (FACTORS, True),
        (np.append(FACTORS, 0.0), True),
        (-FACTORS, False),
        (RNG.normal(100, 1, size=500), False),
        (FACTORS * 1e110, True),
        (FACTORS * 1e-120, True),
        (np.random.default_rng(1).normal(100, 1, size=500) * 1e110, False),
        (np.ones(5), False),
        (np.array([1.0, 9.0]), False),
    ],
)
def test_it_is_tried_where_the_logarithm_is_more_symmetric(y: np.ndarray, better: bool) -> None:
    assert is_log_better(y) is better


def test_the_factor_is_found_on_rows_that_weigh_something() -> None:
    rng = np.random.default_rng(0)
    n = 30_000
    y = np.exp(rng.normal(size=n))
    weight = np.zeros(n)
    weight[1:9000:3] = 1.0  # none of the rows that are spread over all
    weight[np.linspace(0, n - 1, 5000).astype(int)] = 0.0
    model = LogTarget(LinearRegression()).fit(np.zeros((n, 1)), y, weight)
    assert np.average(model.predict(np.zeros((n, 1))), weights=weight) == pytest.approx(np.average(y, weights=weight))
