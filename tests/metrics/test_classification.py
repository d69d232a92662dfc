from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.metrics.classification import CLASSIFICATION_METRICS
from automl_jupyter.metrics.registry import evaluate_metrics, get_metric, metric_keys

Case = tuple[np.ndarray, np.ndarray, "np.ndarray | None"]


@st.composite
def cases(draw: st.DrawFn, *, classes: int | None = None) -> Case:
    """Rows of every class, probabilities with ties, weights or none."""
    n_classes = classes or draw(st.integers(2, 5))
    n = draw(st.integers(n_classes, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)])
    coarse = rng.integers(1, draw(st.sampled_from([4, 1000])), (n, n_classes)).astype(float)
    weight = rng.integers(1, 5, n).astype(float) if draw(st.booleans()) else None
    return y, coarse / coarse.sum(axis=1, keepdims=True), weight


def oracle(y: np.ndarray, p: np.ndarray, weight: np.ndarray | None) -> dict[str, float]:
    n_classes = p.shape[1]
    label = p.argmax(axis=1)
    indicator = np.eye(n_classes)[y]
    found = {
        "accuracy": sk.accuracy_score(y, label, sample_weight=weight),
        "balanced_accuracy": sk.balanced_accuracy_score(y, label, sample_weight=weight),
        "log_loss": sk.log_loss(y, p, sample_weight=weight, labels=range(n_classes)),
        "matthews_correlation": sk.matthews_corrcoef(y, label, sample_weight=weight),
        "norm_macro_recall": sk.balanced_accuracy_score(y, label, sample_weight=weight, adjusted=True),
    }
    for average in ("macro", "micro", "weighted"):
        found[f"AUC_{average}"] = sk.roc_auc_score(indicator, p, average=average, sample_weight=weight)
        found[f"average_precision_score_{average}"] = sk.average_precision_score(
            indicator, p, average=average, sample_weight=weight
        )
        for stem in ("f1_score", "precision_score", "recall_score"):
            found[f"{stem}_{average}"] = getattr(sk, stem)(
                y, label, average=average, sample_weight=weight, zero_division=0
            )
    return found


@settings(max_examples=60, deadline=None)
@given(cases())
def test_every_metric_is_scikit_learns(case: Case) -> None:
    y, p, weight = case
    got = evaluate_metrics("classification", y, p, weight, MetricContext(n_classes=p.shape[1]))
    want = oracle(y, p, weight)
    assert {k: got[k] for k in want} == pytest.approx(want, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(cases(classes=2), st.integers(0, 1))
def test_binary_metrics_look_at_the_positive_class(case: Case, positive: int) -> None:
    y, p, weight = case
    got = evaluate_metrics("classification", y, p, weight, MetricContext(2, positive))
    label = p.argmax(axis=1)
    options = {"pos_label": positive, "sample_weight": weight, "zero_division": 0}
    want = {
        "AUC_binary": sk.roc_auc_score(y == positive, p[:, positive], sample_weight=weight),
        "average_precision_score_binary": sk.average_precision_score(
            y == positive, p[:, positive], sample_weight=weight
        ),
        "f1_score_binary": sk.f1_score(y, label, **options),
        "precision_score_binary": sk.precision_score(y, label, **options),
        "recall_score_binary": sk.recall_score(y, label, **options),
    }
    assert {k: got[k] for k in want} == pytest.approx(want, abs=1e-9)


def test_binary_metrics_need_a_positive_class() -> None:
    y, p = np.array([0, 1, 2]), np.eye(3)
    without = evaluate_metrics("classification", y, p, None, MetricContext(3))
    named = evaluate_metrics("classification", y, p, None, MetricContext(3, positive=2))
    binary = [k for k in metric_keys("classification") if k.endswith("_binary")]
    assert len(binary) == 5
    assert {without[k] for k in binary} == {None}
    assert {named[k] for k in binary} == {1.0}


def test_the_later_label_is_positive_by_default() -> None:
    y, p = np.array([0, 1, 1, 0]), np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.9, 0.1]])
    assert get_metric("recall_score_binary", "classification").value(y, p) == 0.5


@settings(max_examples=30, deadline=None)
@given(cases())
def test_weighted_accuracy_follows_its_formula(case: Case) -> None:
    y, p, _ = case
    of_row = np.bincount(y)[y]
    want = np.sum(of_row * (p.argmax(axis=1) == y)) / np.sum(of_row)
    assert get_metric("weighted_accuracy", "classification").value(y, p) == pytest.approx(want)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_a_weight_is_a_number_of_copies(case: Case) -> None:
    y, p, weight = case
    assume(weight is not None)
    assert weight is not None
    copies = np.repeat(np.arange(len(y)), weight.astype(int))
    context = MetricContext(p.shape[1])
    once = evaluate_metrics("classification", y, p, weight, context)
    many = evaluate_metrics("classification", y[copies], p[copies], None, context)
    assert once == pytest.approx(many, abs=1e-9)


def test_a_class_without_rows_leaves_macro_averages_undefined_and_weighted_ones_as_they_are() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    p = rng.dirichlet(np.ones(3), 60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = evaluate_metrics("classification", y, p, None, MetricContext(3))
    undefined = {
        "AUC_macro",
        "average_precision_score_macro",
        "balanced_accuracy",
        "f1_score_macro",
        "norm_macro_recall",
        "precision_score_macro",
        "recall_score_macro",
    }
    assert {k for k, v in got.items() if v is None and not k.endswith("_binary")} == undefined
    areas = [sk.roc_auc_score(y == c, p[:, c]) for c in range(2)]
    assert got["AUC_weighted"] == pytest.approx(np.average(areas, weights=np.bincount(y)))


def test_one_class_only_has_no_area_and_no_correlation() -> None:
    got = evaluate_metrics("classification", np.ones(5, int), np.tile([0.4, 0.6], (5, 1)), None, MetricContext(2))
    assert got["AUC_weighted"] is None
    assert got["AUC_binary"] is None
    assert got["matthews_correlation"] is None
    assert got["accuracy"] == 1.0


def test_no_rows_or_no_weight_is_undefined_not_an_error() -> None:
    empty = evaluate_metrics("classification", np.empty(0, int), np.empty((0, 2)), None, MetricContext(2))
    assert set(empty.values()) == {None}
    y, p = np.array([0, 1]), np.array([[0.5, 0.5], [0.4, 0.6]])
    assert evaluate_metrics("classification", y, p, np.array([0.0, 1.0]), MetricContext(2))["AUC_weighted"] is None


def test_a_sure_mistake_costs_much_but_not_everything() -> None:
    value = get_metric("log_loss", "classification").value(np.array([0]), np.array([[0.0, 1.0]]))
    assert value == pytest.approx(-np.log(np.finfo(float).eps))


def test_numbers_may_be_float32() -> None:
    rng = np.random.default_rng(1)
    y, p = rng.integers(0, 3, 200), rng.dirichlet(np.ones(3), 200)
    exact = evaluate_metrics("classification", y, p, None, MetricContext(3, 1))
    stored = evaluate_metrics("classification", y.astype(np.int32), p.astype(np.float32), None, MetricContext(3, 1))
    assert stored == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize("metric", CLASSIFICATION_METRICS, ids=lambda m: m.key)
def test_perfect_predictions_have_the_best_value(metric: object) -> None:
    y = np.array([0, 1, 0, 1, 1])
    got = metric.value(y, np.eye(2)[y], None, MetricContext(2))  # type: ignore[attr-defined]
    assert got == pytest.approx(metric.optimum, abs=1e-12)  # type: ignore[attr-defined]


def test_each_metric_alone_is_the_same_as_all_at_once() -> None:
    rng = np.random.default_rng(2)
    y, p, weight = rng.integers(0, 4, 90), rng.dirichlet(np.ones(4), 90), rng.random(90)
    context = MetricContext(4)
    alone = {m.key: m.value(y, p, weight, context) for m in CLASSIFICATION_METRICS}
    assert alone == evaluate_metrics("classification", y, p, weight, context)
