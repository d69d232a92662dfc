from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter.metrics.base import Metric, MetricContext
from automl_jupyter.metrics.registry import get_metric
from automl_jupyter.search.blend import make_blend
from automl_jupyter.search.ensemble import _without_light, select_weights

CLASSIFICATION = ["log_loss", "accuracy", "AUC_weighted", "AUC_macro", "AUC_binary", "f1_score_macro"]
REGRESSION = ["root_mean_squared_error", "normalized_root_mean_squared_error", "r2_score", "mean_absolute_error"]


def classifiers(n: int, n_classes: int, n_models: int, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    models = []
    for strength in rng.uniform(0.3, 1.5, n_models):
        z = np.exp(strength * np.eye(n_classes)[y] + rng.normal(size=(n, n_classes)))
        models.append(z / z.sum(axis=1, keepdims=True))
    return y, models


def regressors(n: int, n_models: int, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n)
    return y, [y + s * rng.normal(size=n) for s in rng.uniform(0.5, 1.3, n_models)]


def average(models: list[np.ndarray], weights: tuple[float, ...]) -> np.ndarray:
    return np.sum([m * w for m, w in zip(models, weights, strict=True)], axis=0)


@pytest.mark.parametrize("key", CLASSIFICATION)
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_blend_scores_as_the_metric_does(key: str, n_classes: int, weighted: bool) -> None:
    y, models = classifiers(120, n_classes, 4)
    weight = np.random.default_rng(1).random(120) if weighted else None
    context = MetricContext(n_classes, positive=1)
    _check_blend(get_metric(key, "classification"), y, models, weight, context)


@pytest.mark.parametrize("key", REGRESSION)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_blend_of_values_scores_as_the_metric_does(key: str, weighted: bool) -> None:
    y, models = regressors(80, 4)
    weight = np.random.default_rng(1).random(80) if weighted else None
    _check_blend(get_metric(key, "regression"), y, models, weight, MetricContext(y_range=(-4.0, 5.0)))


def _check_blend(
    metric: Metric, y: np.ndarray, models: list[np.ndarray], weight: np.ndarray | None, context: MetricContext
) -> None:
    def score(prediction: np.ndarray) -> float:
        value = metric.value(y, prediction, weight, context)
        assert value is not None
        return metric.score(value)

    blend = make_blend(models, y, weight, metric, context)
    for counts in ([0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 2, 0], [0, 3, 0, 1]):
        with_each = [np.array(counts) + np.eye(4)[i] for i in range(4)]
        want = [score(average(models, tuple(c / c.sum()))) for c in with_each]
        assert blend.with_each(np.array(counts, dtype=float)) == pytest.approx(want, abs=1e-9)
        assert blend.of(with_each[3]) == pytest.approx(want[3], abs=1e-9)
    assert blend.single(2) == pytest.approx(score(models[2]), abs=1e-9)


def brute_force(metric: Metric, y: np.ndarray, models: list[np.ndarray], steps: int = 25) -> float:
    """The best score of any average of three models with weights that are multiples of 1/steps."""
    scores = []
    for a, b in itertools.product(range(steps + 1), repeat=2):
        if a + b <= steps:
            value = metric.value(y, average(models, (a / steps, b / steps, (steps - a - b) / steps)))
            assert value is not None
            scores.append(metric.score(value))
    return max(scores)


@pytest.mark.parametrize("key", ["log_loss", "AUC_weighted"])
def test_selection_comes_close_to_the_best_weights_there_are(key: str) -> None:
    y, models = classifiers(1200, 2, 3, seed=3)
    metric = get_metric(key, "classification")
    found = select_weights(models, y, None, metric, MetricContext(2))
    best = brute_force(metric, y, models)
    assert found.value is not None
    assert found.best_single_value is not None
    gain = best - metric.score(found.best_single_value)
    assert gain > 0
    assert metric.score(found.value) - metric.score(found.best_single_value) >= 0.97 * gain


def test_selection_of_values_comes_close_to_the_best_weights_there_are() -> None:
    y, models = regressors(1500, 3)
    metric = get_metric("root_mean_squared_error", "regression")
    found = select_weights(models, y, None, metric, MetricContext())
    assert found.value == pytest.approx(-brute_force(metric, y, models), rel=2e-3)
    assert found.value == pytest.approx(metric.value(y, average(models, found.weights)))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(CLASSIFICATION),
    st.integers(2, 4),
    st.integers(1, 9),
    st.sampled_from([30, 300, 1100]),
    st.integers(0, 10**6),
)
def test_weights_sum_to_one_are_repeatable_and_never_lose(
    key: str, n_classes: int, n_models: int, n: int, seed: int
) -> None:
    y, models = classifiers(n, n_classes, n_models, seed)
    metric, context = get_metric(key, "classification"), MetricContext(n_classes, positive=1)
    found = select_weights(models, y, None, metric, context)
    assert sum(found.weights) == pytest.approx(1)
    assert min(found.weights) >= 0
    assert len(found.weights) == n_models
    assert found == select_weights(models, y, None, metric, context)
    assert found.value is not None
    assert found.best_single_value is not None
    assert metric.score(found.value) >= metric.score(found.best_single_value)


def test_among_equal_models_the_first_is_taken_alone() -> None:
    y, models = classifiers(1500, 2, 1)
    found = select_weights(models * 4, y, None, get_metric("log_loss", "classification"), MetricContext(2))
    assert found.weights == (1.0, 0.0, 0.0, 0.0)


def test_what_would_weigh_little_is_left_out_unless_everything_does() -> None:
    kept = _without_light(np.array([0.6, 0.04, 0.36, 0.0]))
    np.testing.assert_allclose(kept, [0.625, 0, 0.375, 0])
    equal = np.full(20, 0.05)
    np.testing.assert_array_equal(_without_light(equal), equal)


def test_a_most_number_of_members_is_kept() -> None:
    y, models = regressors(2000, 12)
    rmse = get_metric("root_mean_squared_error", "regression")
    assert len(select_weights(models, y, None, rmse, MetricContext()).members) > 3
    assert len(select_weights(models, y, None, rmse, MetricContext(), max_members=3).members) <= 3


def test_on_few_rows_models_of_noise_get_little_say() -> None:
    # One model knows something, thirty are noise: on 60 rows some noise always looks useful.
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=60)
        models = [y + 0.3 * rng.normal(size=60), *(rng.normal(size=60) for _ in range(30))]
        found = select_weights(models, y, None, get_metric("root_mean_squared_error", "regression"), MetricContext())
        assert found.weights[0] > 0.75


def test_on_few_rows_an_average_that_truly_helps_is_taken() -> None:
    y, _ = regressors(300, 1)
    rng = np.random.default_rng(5)
    models = [y + rng.normal(size=300) for _ in range(4)]
    found = select_weights(models, y, None, get_metric("root_mean_squared_error", "regression"), MetricContext())
    assert len(found.members) >= 3
    assert found.best_single_value is not None
    assert found.value is not None
    assert found.value < 0.8 * found.best_single_value


def test_only_rows_that_all_models_predicted_are_used() -> None:
    y, models = regressors(3000, 3)
    rmse = get_metric("root_mean_squared_error", "regression")
    rows = np.arange(3000) >= 800
    holes = [m.copy() for m in models]
    holes[0][:500] = np.nan
    holes[1][300:800] = np.nan
    found = select_weights(holes, y, None, rmse, MetricContext(y_range=(-4, 4)))
    want = select_weights([m[rows] for m in models], y[rows], None, rmse, MetricContext(y_range=(-4, 4)))
    assert found.n_rows == 2200
    assert found == want


def test_nothing_to_choose_from_is_an_error() -> None:
    rmse = get_metric("root_mean_squared_error", "regression")
    with pytest.raises(ValueError, match="no model to choose from"):
        select_weights([], np.zeros(3), None, rmse, MetricContext())
    with pytest.raises(ValueError, match="No validation row"):
        select_weights([np.full(3, np.nan)], np.zeros(3), None, rmse, MetricContext())


def test_an_undefined_metric_keeps_the_first_model() -> None:
    p = np.tile([0.3, 0.7], (50, 1))
    auc = get_metric("AUC_weighted", "classification")
    found = select_weights([p, p], np.ones(50, int), None, auc, MetricContext(2))
    assert (found.weights, found.value) == ((1.0, 0.0), None)


def test_many_rows_are_sampled_and_rare_classes_kept() -> None:
    y, models = classifiers(6000, 3, 3)
    y[y == 2] = 0
    y[:5] = 2
    auc = get_metric("AUC_macro", "classification")
    found = select_weights(models, y, None, auc, MetricContext(3), max_rows=2500)
    assert found.n_rows < 2600
    assert found.value is not None


def test_row_weights_count() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=2000)
    first = np.arange(2000) < 1000
    good_early, good_late = np.where(first, y, 0), np.where(first, 0, y)
    rmse = get_metric("root_mean_squared_error", "regression")
    weights = np.where(first, 50.0, 1.0)
    found = select_weights([good_late, good_early], y, weights, rmse, MetricContext())
    assert found.best_single == 1
    assert found.weights[1] > 0.9


def test_steady_models_share_half_of_the_weight() -> None:
    y, models = regressors(400, 6)
    rmse = get_metric("root_mean_squared_error", "regression")
    free = np.array(select_weights(models, y, None, rmse, MetricContext()).weights)
    best = np.argsort([np.mean((m - y) ** 2) for m in models])[:3]
    equal = np.zeros(6)
    equal[best] = 1 / 3
    found = select_weights(models, y, None, rmse, MetricContext(), n_steady=3)
    assert found.weights == pytest.approx((free + equal) / 2)
    assert found.value == pytest.approx(np.sqrt(np.mean((average(models, found.weights) - y) ** 2)))
    few = select_weights(models[:2], y, None, rmse, MetricContext(), n_steady=9)
    assert sum(few.weights) == pytest.approx(1)
