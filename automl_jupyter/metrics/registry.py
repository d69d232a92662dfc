"""Metrics by name, and all of a task's metrics at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from automl_jupyter._core.registry import Registry, UnknownNameError
from automl_jupyter._core.text import did_you_mean, fold_name, listing
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.metrics.base import Metric, MetricContext
from automl_jupyter.metrics.classification import CLASSIFICATION_METRICS, evaluate_classification
from automl_jupyter.metrics.custom import (
    ALIASES,
    MetricCallable,
    callable_metric,
    scorer_key,
    scorer_metric,
    scorer_names,
)
from automl_jupyter.metrics.forecasting import FORECASTING_METRICS
from automl_jupyter.metrics.regression import REGRESSION_METRICS, evaluate_regression
from automl_jupyter.spec.metric_names import metric_names

metrics: Registry[Metric] = Registry("metric", "automl_jupyter.metrics")
metrics.add(*CLASSIFICATION_METRICS, *REGRESSION_METRICS, *FORECASTING_METRICS)


def metric_keys(task: str) -> list[str]:
    """Return the keys of every metric of a task.

    Examples
    --------
    >>> "AUC_weighted" in metric_keys("classification"), "AUC_weighted" in metric_keys("regression")
    (True, False)
    """
    return [m.key for m in metrics if task in m.tasks]


def get_metric(name: str, task: str) -> Metric:
    """Return the metric called `name`, matched without regard to case and underscores.

    Raises
    ------
    UnknownNameError
        When the task has no such metric; the message names the nearest.

    Examples
    --------
    >>> get_metric("auc_weighted", "classification").key
    'AUC_weighted'
    """
    if name in metrics:
        metric = metrics.get(name)
        if task in metric.tasks:
            return metric
        raise UnknownNameError(
            f"The metric {metric.key!r} is for {listing(metric.tasks, last='and')}, not for {task}."
            f" For {task}: {listing(metric_keys(task), last='and')}."
        )
    keys = metric_keys(task)
    raise UnknownNameError(
        f"There is no metric {name!r} for {task}.{did_you_mean(name, [*keys, *scorer_names(task)])}"
        f" Known: {listing(keys, last='and')}, the names of scikit-learn's scorers,"
        " and any function f(y_true, y_pred)."
    )


def resolve_metric(name_or_callable: str | MetricCallable, task: str) -> Metric:
    """Return the metric meant by a name, the name of a scikit-learn scorer, or a function.

    A scorer is shown with its metric's own value: ``neg_mean_absolute_error`` gives mean absolute errors, of
    which less is better. Where a metric of ours is the same thing, it is that one.

    Parameters
    ----------
    name_or_callable : str or callable
        A metric's key, a scorer's name (or the key it led to), or ``f(y_true, y_pred) -> float``
        (see :func:`automl_jupyter.metrics.custom.callable_metric`).
    task : str
        ``classification``, ``regression`` or ``forecasting``.

    Raises
    ------
    UnknownNameError
        When the task has no such metric; the message names the nearest.
    SpecError
        When a function is one of scikit-learn's of which less is better, or `callable_metric` refuses it.

    Examples
    --------
    >>> metric = resolve_metric("neg_mean_absolute_error", "regression")
    >>> metric.key, metric.greater_is_better
    ('mean_absolute_error', False)
    """
    if not isinstance(name_or_callable, str):
        return _own_metric(name_or_callable, task)
    name = name_or_callable
    if name in metrics and task in metrics.get(name).tasks:
        return metrics.get(name)
    alias = ALIASES.get(fold_name(name))
    if alias is not None and task in metrics.get(alias).tasks:
        return metrics.get(alias)
    for scorer in scorer_names(task):
        if fold_name(name) in (fold_name(scorer), fold_name(scorer_key(scorer))):
            return scorer_metric(scorer, task)
    return get_metric(name, task)


def _own_metric(function: MetricCallable, task: str) -> Metric:
    """Return the metric of a function, under a key that is that of no other metric."""
    _refuse_loss(function, task)
    metric = callable_metric(function, task)
    if not _is_known(metric.key):
        return metric
    key = f"{metric.key} (own function)"
    return replace(metric, key=key, title=key)


def _is_known(name: str) -> bool:
    """Return whether a name leads to a metric of any task."""
    if name in metrics or fold_name(name) in ALIASES:
        return True
    scorers = [*scorer_names("classification"), *scorer_names("regression")]
    return fold_name(name) in {fold_name(known) for s in scorers for known in (s, scorer_key(s))}


def _refuse_loss(function: MetricCallable, task: str) -> None:
    """Refuse a function of scikit-learn of which less is better: it does not say so itself, and the worst would win."""
    inner = function.func if isinstance(function, partial) else function
    module, name = str(getattr(inner, "__module__", "")), str(getattr(inner, "__name__", ""))
    is_loss = f"{module}.".startswith("sklearn.metrics.") and name.endswith(("_error", "_loss", "_deviance"))
    if not is_loss or hasattr(function, "greater_is_better"):
        return
    names = metric_names(task)
    known = [n for n in (name, f"neg_{name}", f"neg_{name.removesuffix('_loss')}") if n in names]
    own = "a function of your own with the attribute greater_is_better = False"
    use = f"primary_metric={known[0]!r}" if known else own
    message = f"{name} of scikit-learn is better the smaller it is, which the function does not say. Use {use}."
    raise SpecError([Problem("primary_metric", message)])


def check_classes(metric: Metric, n_classes: int, *, positive: int | None) -> None:
    """Refuse a metric of the positive class where there are several classes and none of them is the positive one.

    Raises
    ------
    SpecError
        Naming metrics of all classes.

    Examples
    --------
    >>> check_classes(get_metric("f1_score_macro", "classification"), 3, positive=None)
    """
    if n_classes <= 2:
        return
    context = MetricContext(n_classes=3, positive=None if positive is None else 0)
    if metric.value(np.arange(3).repeat(2), np.eye(3).repeat(2, axis=0) * 0.7 + 0.1, None, context) is not None:
        return
    known = {*metric_keys("classification"), *scorer_names("classification")}
    stem = metric.key.removesuffix("_binary")
    named = [name for name in (f"{stem}_macro", f"{stem}_weighted") if name in known]
    further = ", or name positive_label" if metric.key.endswith("_binary") else ""
    message = (
        f"{metric.key} says nothing of {n_classes:,} classes: it looks at one positive class."
        f" Use {listing(named or ['AUC_weighted', 'f1_score_macro'], last='or')}{further}."
    )
    raise SpecError([Problem("primary_metric", message)])


def evaluate_metrics(
    task: str,
    y: np.ndarray,
    pred: np.ndarray,
    weight: np.ndarray | None,
    context: MetricContext,
    extra: Sequence[Metric] = (),
    *,
    threshold: float | None = None,
) -> dict[str, float | None]:
    """Return every metric of a task; None where one is undefined.

    Parameters
    ----------
    task : str
        ``classification``, ``regression`` or ``forecasting``.
    y, pred, weight, context
        As for :meth:`Metric.value`.
    extra : sequence of Metric
        More to compute, such as a primary metric of the user's own.
    threshold : float, optional
        With two classes: the probability from which on the second one is predicted; None for a half.
    """
    whole = evaluate_classification if task == "classification" else evaluate_regression
    values = whole(np.asarray(y), np.asarray(pred), weight, context)
    plugged_in = [m for m in metrics if task in m.tasks]
    for metric in (*plugged_in, *extra):
        if metric.key not in values:
            values[metric.key] = metric.value(y, pred, weight, context)
    if threshold is not None:
        moved = evaluate_metrics(task, y, move_threshold(pred, threshold), weight, context, extra)
        labels = {m.key for m in (*metrics, *extra) if m.needs == "label"}
        values |= {key: value for key, value in moved.items() if key in labels}
    return values


def move_threshold(proba: np.ndarray, threshold: float | None) -> np.ndarray:
    """Return two-class probabilities moved so that the second class leads from `threshold` on.

    For what looks at the most probable class only; these are no probabilities to show.

    Examples
    --------
    >>> move_threshold(np.array([[0.7, 0.3], [0.9, 0.1]]), 0.2).argmax(axis=1).tolist()
    [1, 0]
    """
    if threshold is None:
        return proba
    leads = np.asarray(proba)[:, 1] >= threshold
    return np.column_stack([~leads, leads]).astype(np.float64)
