from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from automl_jupyter.metrics.base import MetricContext, SeriesRows
from automl_jupyter.metrics.registry import evaluate_metrics, get_metric, resolve_metric
from automl_jupyter.metrics.regression import REGRESSION_METRICS, weighted_median

Case = tuple[np.ndarray, np.ndarray, "np.ndarray | None"]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n = draw(st.integers(3, 50))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y = rng.gamma(2, 10, n)
    pred = np.abs(y + rng.normal(0, draw(st.sampled_from([0.1, 5, 50])), n))
    if draw(st.booleans()):
        pred = pred.round(-1)  # ties
    return y, pred, rng.integers(1, 4, n).astype(float) if draw(st.booleans()) else None


@settings(max_examples=60, deadline=None)
@given(cases())
def test_every_metric_is_scikit_learns_or_its_formula(case: Case) -> None:
    y, pred, weight = case
    low, high = -3.0, 250.0
    got = evaluate_metrics("regression", y, pred, weight, MetricContext(y_range=(low, high)))
    copies = np.arange(len(y)) if weight is None else np.repeat(np.arange(len(y)), weight.astype(int))
    a, b = y[copies], pred[copies]
    mae, rmse = sk.mean_absolute_error(a, b), sk.root_mean_squared_error(a, b)
    median, rmsle = sk.median_absolute_error(a, b), sk.root_mean_squared_log_error(a, b)
    want = {
        "explained_variance": sk.explained_variance_score(a, b),
        "mean_absolute_error": mae,
        "mean_absolute_percentage_error": 100 * sk.mean_absolute_percentage_error(a, b),
        "median_absolute_error": median,
        "normalized_mean_absolute_error": mae / 253,
        "normalized_median_absolute_error": median / 253,
        "normalized_root_mean_squared_error": rmse / 253,
        "normalized_root_mean_squared_log_error": rmsle / 253,
        "r2_score": max(-1.0, sk.r2_score(a, b)),
        "root_mean_squared_error": rmse,
        "root_mean_squared_log_error": rmsle,
    }
    assert {k: got[k] for k in want} == pytest.approx(want, rel=1e-8, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_spearman_is_scipys(case: Case) -> None:
    y, pred, weight = case
    copies = np.arange(len(y)) if weight is None else np.repeat(np.arange(len(y)), weight.astype(int))
    got = get_metric("spearman_correlation", "regression").value(y, pred, weight)
    want = stats.spearmanr(y[copies], pred[copies]).statistic if len(np.unique(pred)) > 1 else 0.0
    assert got == pytest.approx(want, abs=1e-9)


def test_rows_that_weigh_nothing_have_no_rank() -> None:
    spearman = get_metric("spearman_correlation", "regression")
    y, pred = np.array([1.0, 2.0, 3.0, 9.0]), np.array([1.0, 3.0, 2.0, 0.0])
    assert spearman.value(y, pred, np.array([1.0, 1.0, 2.0, 0.0])) == pytest.approx(1 / 3)
    assert spearman.value(y[:3], np.array([5.0, 5.0, 7.0]), np.array([1.0, 1.0, 0.0])) == 0.0


def test_percentage_errors_leave_out_zero_targets() -> None:
    mape = get_metric("mean_absolute_percentage_error", "regression")
    assert mape.value(np.array([0.0, 2.0, 4.0]), np.array([9.0, 1.0, 4.0])) == pytest.approx(25.0)
    assert mape.value(np.zeros(3), np.ones(3)) is None


def test_log_errors_are_undefined_where_the_truth_is_minus_one_or_less() -> None:
    got = evaluate_metrics("regression", np.array([1.0, -1.0]), np.array([1.0, 1.0]), None, MetricContext())
    assert got["root_mean_squared_log_error"] is None
    assert got["normalized_root_mean_squared_log_error"] is None
    assert got["root_mean_squared_error"] is not None


LOGS = ("root_mean_squared_log_error", "neg_mean_squared_log_error", "neg_mean_poisson_deviance")


@pytest.mark.parametrize("name", [*LOGS, "normalized_root_mean_squared_log_error", "neg_mean_gamma_deviance"])
def test_a_prediction_that_has_no_logarithm_is_a_very_bad_one(name: str) -> None:
    metric, y, context = resolve_metric(name, "regression"), np.array([1.0, 3.0]), MetricContext(y_range=(0.0, 9.0))
    bad, worse = (metric.value(y, np.array([1.0, pred]), None, context) for pred in (-0.9, -7.0))
    good = metric.value(y, np.array([1.0, 4.0]), None, context)
    assert bad is not None
    assert worse is not None
    assert good is not None
    assert good < bad <= worse


def test_log_errors_of_series_are_so_too() -> None:
    series = SeriesRows(np.array([0, 0, 1]), np.array([2.0, 2.0]), np.ones(2))
    key, context = "normalized_root_mean_squared_log_error", MetricContext(series=series)
    y = np.array([1.0, 3.0, 2.0])
    bad = evaluate_metrics("forecasting", y, np.array([1.0, -7.0, 2.0]), None, context)[key]
    good = evaluate_metrics("forecasting", y, np.array([1.0, 9.0, 2.0]), None, context)[key]
    assert bad is not None
    assert good is not None
    assert bad > 2 * good
    assert evaluate_metrics("forecasting", -y, y, None, context)[key] is None


@pytest.mark.parametrize("name", ["root_mean_squared_error", "explained_variance", "neg_mean_squared_error"])
def test_a_prediction_whose_square_is_no_number_is_not_left_out(name: str) -> None:
    """A fold without a value does not count, which would be to the good of who predicts the worst."""
    metric = resolve_metric(name, "regression")
    far = metric.value(np.array([1.0, 3.0]), np.array([1.0, 1e300]))
    assert far is not None
    assert metric.score(far) < -1e100


def test_a_constant_target_leaves_the_relative_metrics_undefined() -> None:
    got = evaluate_metrics("regression", np.full(4, 0.1), np.array([0.1, 0.2, 0.3, 0.4]), None, MetricContext())
    undefined = {k for k, v in got.items() if v is None}
    assert undefined == {
        "explained_variance",
        "r2_score",
        "spearman_correlation",
        "normalized_mean_absolute_error",
        "normalized_median_absolute_error",
        "normalized_root_mean_squared_error",
        "normalized_root_mean_squared_log_error",
    }


def test_r2_is_cut_off_at_minus_one() -> None:
    assert get_metric("r2_score", "regression").value(np.array([1.0, 2.0]), np.array([50.0, -50.0])) == -1.0


def test_no_rows_is_undefined_not_an_error() -> None:
    assert set(evaluate_metrics("regression", np.empty(0), np.empty(0), None, MetricContext()).values()) == {None}


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=12))
def test_weighted_median_is_the_median_of_copies(pairs: list[tuple[int, int]]) -> None:
    values, weight = (np.array(column) for column in zip(*pairs, strict=True))
    assert weighted_median(values.astype(float), weight.astype(float)) == np.median(np.repeat(values, weight))


def test_each_metric_alone_is_the_same_as_all_at_once() -> None:
    rng = np.random.default_rng(0)
    y, pred, weight = rng.gamma(2, 1, 50), rng.gamma(2, 1, 50), rng.random(50)
    context = MetricContext(y_range=(0.0, 9.0))
    alone = {m.key: m.value(y, pred, weight, context) for m in REGRESSION_METRICS}
    assert alone == evaluate_metrics("regression", y, pred, weight, context)


@pytest.mark.parametrize("metric", REGRESSION_METRICS, ids=lambda m: m.key)
def test_perfect_predictions_have_the_best_value(metric: object) -> None:
    y = np.array([1.0, 2.0, 5.0])
    assert metric.value(y, y) == pytest.approx(metric.optimum)  # type: ignore[attr-defined]
