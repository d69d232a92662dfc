"""Temperatures and thresholds: found where they help, left alone where that is not sure."""

from __future__ import annotations

import numpy as np
import pytest

from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.metrics.registry import evaluate_metrics, get_metric, move_threshold
from automl_jupyter.search.adjust import LEAST_ROWS, Adjustment, choose_adjustment, sharpen, smooth

TWO = MetricContext(n_classes=2)


def honest(n: int, n_classes: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and classes drawn by them."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(n_classes, 0.7), size=n)
    return proba, (proba.cumsum(axis=1) > rng.uniform(size=(n, 1))).argmax(axis=1)


def choose(proba: np.ndarray, y: np.ndarray, metric: str) -> Adjustment:
    context = MetricContext(n_classes=proba.shape[1])
    return choose_adjustment(proba, y, None, get_metric(metric, "classification"), context)


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("off", [0.7, 1.5])
def test_a_wrong_temperature_is_found_and_undone(n_classes: int, off: float) -> None:
    proba, y = honest(5000, n_classes)
    found = choose(sharpen(proba, off), y, "log_loss")
    assert found.temperature == pytest.approx(1 / off, rel=0.08)
    assert found.threshold is None


def test_honest_probabilities_are_left_alone() -> None:
    assert choose(*honest(3000), "log_loss") == Adjustment()


@pytest.mark.parametrize("metric", ["AUC_weighted", "average_precision_score_weighted"])
def test_metrics_that_look_at_the_order_or_the_probabilities_change_nothing(metric: str) -> None:
    proba, y = honest(3000)
    assert choose(sharpen(proba, 1.5), y, metric) == Adjustment()


def test_a_rare_class_is_predicted_sooner_where_its_recall_counts() -> None:
    rng = np.random.default_rng(0)
    y = (rng.uniform(size=6000) < 0.05).astype(int)
    odds = np.exp(2 * y + rng.normal(size=6000) - 4)
    proba = np.column_stack([1 / (1 + odds), odds / (1 + odds)])
    found = choose(proba, y, "norm_macro_recall")
    assert found.threshold is not None
    assert found.threshold < 0.2
    before = evaluate_metrics("classification", y, proba, None, TWO)
    after = evaluate_metrics("classification", y, proba, None, TWO, threshold=found.threshold)
    assert after["norm_macro_recall"] > before["norm_macro_recall"] + 0.2
    assert after["AUC_weighted"] == before["AUC_weighted"]
    assert after["log_loss"] == before["log_loss"]


def test_few_rows_choose_nothing() -> None:
    proba, y = honest(LEAST_ROWS - 1)
    assert choose(sharpen(proba, 2.0), y, "log_loss") == Adjustment()


def test_more_than_two_classes_have_no_threshold() -> None:
    assert choose(*honest(3000, 3), "accuracy") == Adjustment()


def test_sharpening_and_its_inverse_are_the_same_probabilities() -> None:
    proba, _ = honest(100, 4)
    np.testing.assert_allclose(sharpen(sharpen(proba, 0.5), 2.0), proba, atol=1e-9)
    np.testing.assert_array_equal(sharpen(proba, 0.6).argmax(axis=1), proba.argmax(axis=1))
    assert sharpen(np.array([[1.0, 0.0]]), 2.0).sum() == pytest.approx(1)


def test_what_has_not_come_in_n_rows_is_not_impossible() -> None:
    proba = np.array([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.2, 0.3, 0.5]])
    found = smooth(proba, 331)
    assert found.min() == pytest.approx(0.01 / 331.01 / 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found, proba, atol=0.01 / 331)
    np.testing.assert_array_equal(found.argsort(axis=1), proba.argsort(axis=1))
    assert smooth(proba, 331_000).min() < found.min() / 900


def test_a_threshold_counts_from_itself_on() -> None:
    proba = np.array([[0.75, 0.25], [0.76, 0.24]])
    assert move_threshold(proba, 0.25).argmax(axis=1).tolist() == [1, 0]
    assert move_threshold(proba, None) is proba
