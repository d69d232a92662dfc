from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pytest

from automl_jupyter._core.registry import UnknownNameError
from automl_jupyter.errors import SpecError
from automl_jupyter.metrics.base import FunctionError, MetricContext, SeriesRows
from automl_jupyter.metrics.classification import CLASSIFICATION_METRICS
from automl_jupyter.metrics.custom import ALIASES, scorer_names
from automl_jupyter.metrics.registry import (
    check_classes,
    evaluate_metrics,
    get_metric,
    metric_keys,
    metrics,
    resolve_metric,
)
from automl_jupyter.search.blend import make_blend

PRIMARY = {
    "classification": {
        "AUC_weighted",
        "accuracy",
        "norm_macro_recall",
        "average_precision_score_weighted",
        "precision_score_weighted",
    },
    "regression": {
        "spearman_correlation",
        "r2_score",
        "normalized_root_mean_squared_error",
        "normalized_mean_absolute_error",
    },
}


@pytest.mark.parametrize("task", PRIMARY)
def test_primary_metrics_are_azures(task: str) -> None:
    assert {m.key for m in metrics if m.primary and task in m.tasks} == PRIMARY[task]


@pytest.mark.parametrize("name", ["auc_weighted", "AUCWeighted", "AucWeighted", "AUC weighted"])
def test_names_are_matched_without_case_and_underscores(name: str) -> None:
    assert get_metric(name, "classification").key == "AUC_weighted"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no metric 'AUC_weigthed' for classification.*'AUC_weighted'"):
        resolve_metric("AUC_weigthed", "classification")


def test_a_metric_of_the_other_task_is_refused_by_name() -> None:
    with pytest.raises(UnknownNameError, match="'accuracy' is for classification, not for regression"):
        resolve_metric("accuracy", "regression")


@pytest.mark.parametrize("task", PRIMARY)
def test_all_of_a_tasks_metrics_are_computed(task: str) -> None:
    y, pred = (np.array([0, 1]), np.eye(2)) if task == "classification" else (np.arange(2.0), np.arange(2.0))
    assert list(evaluate_metrics(task, y, pred, None, MetricContext(2))) == metric_keys(task)


def test_titles_are_for_people_and_different() -> None:
    for task in PRIMARY:
        titles = [m.title for m in metrics if task in m.tasks]
        assert len(set(titles)) == len(titles)
        assert not any("_" in t for t in titles)


def _estimate(task: str) -> tuple[object, np.ndarray, np.ndarray, np.ndarray]:
    """A fitted estimator, its rows, their truth, and its predictions as we hold them."""
    from sklearn.linear_model import LinearRegression, LogisticRegression

    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    if task == "regression":
        y = np.exp(X[:, 0] + 0.3 * rng.normal(size=200))
        model = LinearRegression(positive=True).fit(np.exp(X), y)
        return model, np.exp(X), y, model.predict(np.exp(X))
    y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    model = LogisticRegression().fit(X, y)
    return model, X, y, model.predict_proba(X)


@pytest.mark.parametrize("task", PRIMARY)
def test_every_scorer_is_resolved_to_its_own_value_and_direction(task: str) -> None:
    from sklearn.metrics import get_scorer

    model, X, y, pred = _estimate(task)
    low = {n for n in scorer_names(task) if n.startswith("neg_")}
    assert low
    for name in scorer_names(task):
        metric = resolve_metric(name, task)
        assert metric.greater_is_better == (name not in low), name
        assert resolve_metric(metric.key, task).key == metric.key
        value = metric.value(y, pred, None, MetricContext(None if task == "regression" else 2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some scorers find two classes too few to be interesting
            want = get_scorer(name)(model, X, y)
        if not np.isfinite(want):
            assert value is None, name
        else:
            assert value is not None, name
            assert metric.score(value) == pytest.approx(want, rel=1e-6), name


def test_scorers_that_are_a_metric_of_ours_become_it() -> None:
    known = {n.replace("_", ""): n for task in PRIMARY for n in scorer_names(task)}
    assert set(ALIASES) <= set(known)
    metric = resolve_metric("neg_mean_absolute_error", "regression")
    assert metric is get_metric("mean_absolute_error", "regression")
    assert metric.value(np.array([1.0, 2.0]), np.array([2.0, 4.0])) == 1.5


def test_a_scorer_of_ours_with_another_definition_is_not_ours() -> None:
    scorer = resolve_metric("neg_mean_absolute_percentage_error", "regression")
    y, pred = np.array([2.0, 4.0]), np.array([1.0, 4.0])
    ours = get_metric("mean_absolute_percentage_error", "regression").value(y, pred)
    assert ours == pytest.approx(25.0)
    assert scorer.key == "mean_absolute_percentage_error (scikit-learn)"
    assert scorer.value(y, pred) == pytest.approx(0.25)


def test_a_scorer_looks_at_the_positive_class() -> None:
    from sklearn.metrics import jaccard_score

    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 50), rng.dirichlet(np.ones(2), 50)
    got = resolve_metric("jaccard", "classification").value(y, p, None, MetricContext(2, positive=0))
    assert got == pytest.approx(jaccard_score(y, p.argmax(axis=1), pos_label=0))


def test_a_scorer_that_cannot_be_computed_is_undefined() -> None:
    metric = resolve_metric("roc_auc_ovo", "classification")
    p = np.random.default_rng(0).dirichlet(np.ones(3), 6)
    assert metric.value(np.array([0, 1, 0, 1, 0, 1]), p, None, MetricContext(3)) is None


def test_a_function_is_given_labels_and_greater_is_better() -> None:
    def exact(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        assert set(y_true) | set(y_pred) <= {"no", "yes"}
        return float(np.mean(y_true == y_pred))

    metric = resolve_metric(exact, "classification")
    context = MetricContext(2, labels=("no", "yes"))
    assert metric.value(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]), None, context) == 0.5
    assert (metric.key, metric.needs, metric.greater_is_better) == ("exact", "label", True)


def test_a_function_may_ask_for_probabilities_and_the_other_direction() -> None:
    def brier(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return float(np.mean((y_true - y_pred[:, 1]) ** 2))

    brier.needs, brier.greater_is_better = "proba", False  # type: ignore[attr-defined]
    metric = resolve_metric(brier, "classification")
    assert metric.value(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])) == 0.25
    assert metric.score(0.25) == -0.25


@pytest.mark.parametrize("task", ["regression", "forecasting"])
def test_a_function_for_numbers_is_given_values(task: str) -> None:
    def worst(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return float(np.abs(y_true - y_pred).max())

    worst.greater_is_better, worst.needs = False, "value"  # type: ignore[attr-defined]
    metric = resolve_metric(worst, task)
    assert (metric.needs, metric.tasks) == ("value", (task,))
    assert metric.value(np.array([0.0, 7.0]), np.array([1.0, 5.0])) == 2.0
    worst.needs = "label"  # type: ignore[attr-defined]
    with pytest.raises(SpecError, match=f"a function for {task} must be 'value', not 'label'"):
        resolve_metric(worst, task)


def test_forecasts_have_the_scorers_of_regression() -> None:
    assert scorer_names("forecasting") == scorer_names("regression")
    y, pred = np.array([2.0, 4.0]), np.array([1.0, 4.0])
    for name in scorer_names("regression"):
        metric = resolve_metric(name, "forecasting")
        assert (metric.needs, metric.key) == ("value", resolve_metric(name, "regression").key)
        assert metric.value(y, pred) == resolve_metric(name, "regression").value(y, pred)


def test_a_function_that_raises_or_gives_no_number_is_named() -> None:
    def broken(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        raise KeyError("shop")

    def silent(y_true: np.ndarray, y_pred: np.ndarray) -> None:
        return None

    y = np.array([1.0])
    with pytest.raises(FunctionError, match=r"^The function broken, the primary metric, raised KeyError: 'shop'\.$"):
        resolve_metric(broken, "regression").value(y, y, strict=True)
    with pytest.raises(FunctionError, match=r"^The function silent, .*, returned None, which is not a number\.$"):
        resolve_metric(silent, "regression").value(y, y, strict=True)  # type: ignore[arg-type]
    assert resolve_metric(broken, "regression").value(y, y) is None


def test_what_is_no_metric_at_all_is_refused() -> None:
    with pytest.raises(SpecError, match="must be the name of a metric or a function"):
        resolve_metric(3, "regression")  # type: ignore[arg-type]

    def odd(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return 0.0

    odd.needs = "logits"  # type: ignore[attr-defined]
    with pytest.raises(SpecError, match="must be 'label' or 'proba', not 'logits'"):
        resolve_metric(odd, "classification")


def test_a_metric_of_the_users_own_is_computed_with_the_others() -> None:
    def worst(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return float(np.abs(y_true - y_pred).max())

    metric = resolve_metric(worst, "regression")
    got = evaluate_metrics("regression", np.arange(3.0), np.zeros(3), None, MetricContext(), extra=[metric])
    assert got["worst"] == 2.0


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("f1", r"Use f1_score_macro or f1_score_weighted, or name positive_label\."),
        ("AUC_binary", "Use AUC_macro or AUC_weighted, or"),
        ("jaccard", r"Use jaccard_macro or jaccard_weighted\."),
        ("positive_likelihood_ratio", r"Use AUC_weighted or f1_score_macro\."),
    ],
)
def test_a_metric_of_the_positive_class_is_refused_for_three_classes(name: str, instead: str) -> None:
    metric = resolve_metric(name, "classification")
    with pytest.raises(SpecError, match=f"primary_metric: .* says nothing of 3 classes.*{instead}"):
        check_classes(metric, 3, positive=None)
    check_classes(metric, 2, positive=None)


def test_a_positive_label_makes_one_of_three_classes_the_positive_one() -> None:
    check_classes(resolve_metric("f1", "classification"), 3, positive=2)


@pytest.mark.parametrize("metric", [m for m in CLASSIFICATION_METRICS if not m.key.endswith("_binary")])
def test_metrics_of_all_classes_are_allowed_for_three(metric: Any) -> None:
    check_classes(metric, 3, positive=None)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("positive_likelihood_ratio", "classification"),
        ("neg_negative_likelihood_ratio", "classification"),
        ("neg_max_error", "regression"),
    ],
)
def test_scorers_that_know_no_weights_do_without(name: str, task: str) -> None:
    metric, weight = resolve_metric(name, task), np.array([1.0, 2.0, 3.0, 4.0])
    y, pred = np.array([0, 0, 1, 1]), np.array([0.2, 0.7, 0.6, 0.4])
    given = pred if task == "regression" else np.stack([1 - pred, pred], 1)
    context = MetricContext(n_classes=2)
    assert metric.value(y, given, weight, context) == metric.value(y, given, None, context) is not None


def test_no_ratio_of_likelihoods_is_the_best() -> None:
    assert resolve_metric("positive_likelihood_ratio", "classification").optimum == float("inf")
    assert resolve_metric("roc_auc_ovo", "classification").optimum == 1


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("accuracy", "classification"),
        ("Log_Loss", "classification"),
        ("AUC_weighted", "classification"),
        ("f1", "classification"),
        ("jaccard", "classification"),
        ("max_error", "regression"),
        ("r2_score", "regression"),
    ],
)
def test_a_function_named_as_a_metric_of_ours_is_not_taken_for_it(name: str, task: str) -> None:
    def own(y_true: np.ndarray, y_pred: np.ndarray) -> float:
        return 41.0 + float(len(y_true) == len(y_pred))

    own.__name__ = name
    metric = resolve_metric(own, task)
    assert (metric.key, metric.title) == (f"{name} (own function)",) * 2
    with pytest.raises(UnknownNameError):
        resolve_metric(metric.key, task)
    y, n_classes = (np.array([0, 0, 1, 1]), 2) if task == "classification" else (np.arange(4.0), None)
    pred = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]]) if n_classes else np.arange(4.0)[::-1]
    context = MetricContext(n_classes)
    assert metric.value(y, pred, None, context) == 42
    values = evaluate_metrics(task, y, pred, None, context, [metric])
    assert values[metric.key] == make_blend([pred], y, None, metric, context).single(0) == 42
    assert {k: v for k, v in values.items() if k != metric.key} == evaluate_metrics(task, y, pred, None, context)


@pytest.mark.parametrize(
    ("name", "task", "instead"),
    [
        ("mean_absolute_error", "regression", r"primary_metric='mean_absolute_error'\."),
        ("mean_squared_error", "regression", r"primary_metric='neg_mean_squared_error'\."),
        ("mean_squared_error", "forecasting", r"primary_metric='neg_mean_squared_error'\."),
        ("mean_poisson_deviance", "regression", r"primary_metric='neg_mean_poisson_deviance'\."),
        ("log_loss", "classification", r"primary_metric='log_loss'\."),
        ("brier_score_loss", "classification", r"primary_metric='neg_brier_score'\."),
        ("mean_pinball_loss", "regression", "a function of your own with the attribute greater_is_better = False"),
        ("hamming_loss", "classification", "a function of your own with the attribute greater_is_better = False"),
    ],
)
@pytest.mark.parametrize("kind", [lambda f: f, functools.partial])
def test_a_loss_of_scikit_learn_is_not_taken_for_a_gain(kind: Any, name: str, task: str, instead: str) -> None:
    import sklearn.metrics

    loss = kind(getattr(sklearn.metrics, name))
    with pytest.raises(SpecError, match=f"primary_metric: {name} of scikit-learn is better the smaller.*{instead}"):
        resolve_metric(loss, task)


def test_a_function_of_scikit_learn_of_which_more_is_better_is_taken_as_it_is() -> None:
    from sklearn.metrics import cohen_kappa_score, mean_squared_error

    assert resolve_metric(cohen_kappa_score, "classification").greater_is_better
    turned: Any = functools.partial(mean_squared_error)
    turned.greater_is_better = False
    metric = resolve_metric(turned, "regression")
    assert (metric.greater_is_better, metric.value(np.zeros(2), np.full(2, 3.0))) == (False, 9.0)


@pytest.mark.parametrize("task", ["classification", "regression", "forecasting"])
def test_of_rows_that_all_weigh_nothing_there_is_nothing_to_say(task: str) -> None:
    y, pred = (
        (np.array([0, 1]), np.eye(2)) if task == "classification" else (np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    )
    series = SeriesRows(np.array([0, 1]), np.ones(2), np.ones(2)) if task == "forecasting" else None
    context, nothing = MetricContext(2 if task == "classification" else None, series=series), np.zeros(2)
    values = evaluate_metrics(task, y, pred, nothing, context)
    assert set(values.values()) == {None}
    assert list(values) == list(evaluate_metrics(task, y, pred, None, context))
    for name in [*metric_keys(task), *scorer_names(task)]:
        assert resolve_metric(name, task).value(y, pred, nothing, context) is None, name


@pytest.mark.parametrize("name", ["roc_auc_ovo", "roc_auc_ovo_weighted"])
def test_the_area_of_pairs_of_classes_does_without_weights(name: str) -> None:
    rng = np.random.default_rng(0)
    y, p, weight = np.arange(30) % 3, rng.dirichlet(np.ones(3), 30), rng.random(30)
    metric, context = resolve_metric(name, "classification"), MetricContext(3)
    assert metric.value(y, p, weight, context) == metric.value(y, p, None, context) is not None
