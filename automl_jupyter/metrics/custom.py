"""Metrics from outside: scikit-learn's scorers and functions of the user's own."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from automl_jupyter._core.text import plain
from automl_jupyter.errors import SpecError
from automl_jupyter.metrics.base import LOG_CLIP, MOST_VALUE, FunctionError, Metric, MetricContext, Needs, any_counts

#: A metric of the user's own: ``f(y_true, y_pred) -> float``.
MetricCallable = Callable[..., float]

#: folded name of a scorer -> the metric of ours that is the same thing
ALIASES = {
    "rocauc": "AUC_weighted",
    "rocaucovr": "AUC_macro",
    "rocaucovrweighted": "AUC_weighted",
    "neglogloss": "log_loss",
    "f1": "f1_score_binary",
    "f1macro": "f1_score_macro",
    "f1micro": "f1_score_micro",
    "f1weighted": "f1_score_weighted",
    "precision": "precision_score_binary",
    "precisionmacro": "precision_score_macro",
    "precisionmicro": "precision_score_micro",
    "precisionweighted": "precision_score_weighted",
    "recall": "recall_score_binary",
    "recallmacro": "recall_score_macro",
    "recallmicro": "recall_score_micro",
    "recallweighted": "recall_score_weighted",
    "matthewscorrcoef": "matthews_correlation",
    "negmeanabsoluteerror": "mean_absolute_error",
    "negmedianabsoluteerror": "median_absolute_error",
    "negrootmeansquarederror": "root_mean_squared_error",
    "negrootmeansquaredlogerror": "root_mean_squared_log_error",
}

_REGRESSION_SCORERS = {
    "d2_absolute_error_score",
    "explained_variance",
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_gamma_deviance",
    "neg_mean_poisson_deviance",
    "neg_mean_squared_error",
    "neg_mean_squared_log_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
    "neg_root_mean_squared_log_error",
    "r2",
}
#: names that a metric of ours has, too, with another definition: a percentage here, a fraction there
_OTHER_DEFINITION = {"mean_absolute_percentage_error"}
#: where predictions are clipped that scikit-learn refuses: just above it they are as bad as can be
_LEAST_VALUE = {
    "neg_mean_squared_log_error": LOG_CLIP - 1,
    "neg_mean_poisson_deviance": LOG_CLIP,
    "neg_mean_gamma_deviance": LOG_CLIP,
}
#: metrics of which more is better and none is the most
_UNBOUNDED = {"positive_likelihood_ratio"}
#: scorers of clusterings and of several labels at once
_NOT_OURS = {
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "completeness_score",
    "fowlkes_mallows_score",
    "homogeneity_score",
    "mutual_info_score",
    "normalized_mutual_info_score",
    "rand_score",
    "v_measure_score",
    "f1_samples",
    "jaccard_samples",
    "precision_samples",
    "recall_samples",
}


def scorer_names(task: str) -> list[str]:
    """Return the names of scikit-learn's scorers that make sense for a task.

    Examples
    --------
    >>> "neg_mean_absolute_error" in scorer_names("regression")
    True
    """
    from sklearn.metrics import get_scorer_names

    names = [n for n in get_scorer_names() if n not in _NOT_OURS]
    if task == "classification":
        return [n for n in names if n not in _REGRESSION_SCORERS]
    return [n for n in names if n in _REGRESSION_SCORERS]


def scorer_key(name: str) -> str:
    """Return the key of the metric behind a scorer.

    Examples
    --------
    >>> scorer_key("neg_max_error")
    'max_error'
    """
    key = name.removeprefix("neg_")
    return f"{key} (scikit-learn)" if key in _OTHER_DEFINITION else key


def scorer_metric(name: str, task: str) -> Metric:
    """Return the metric behind a scikit-learn scorer: its own value, its direction from the scorer's sign.

    Class codes stand for the labels; with two classes the positive class is code 1.

    Examples
    --------
    >>> metric = scorer_metric("neg_mean_squared_error", "regression")
    >>> metric.key, metric.value(np.array([0.0, 0.0]), np.array([1.0, 3.0]))
    ('mean_squared_error', 5.0)
    """
    from sklearn.metrics import get_scorer

    scorer = get_scorer(name)
    measure, options = scorer._score_func, scorer._kwargs  # a scorer says so nowhere public
    needs, least = _needs(scorer._response_method, task), _LEAST_VALUE.get(name, -MOST_VALUE)

    def function(y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext) -> float:
        if not any_counts(y, weight):
            return math.nan
        if needs == "value":
            return _call(measure, y, np.clip(pred, least, MOST_VALUE), weight, options)
        if context.n_classes == 2:
            positive = context.positive_code
            y = (y == positive).astype(np.int64)
            given = pred[:, positive] if needs == "proba" else (np.argmax(pred, axis=1) == positive)
            return _call(measure, y, given.astype(np.float64 if needs == "proba" else np.int64), weight, options)
        return _call(measure, y, pred if needs == "proba" else np.argmax(pred, axis=1), weight, options)

    key = scorer_key(name)
    title = key.removesuffix("_score").replace("_", " ").capitalize()
    greater = scorer._sign > 0
    best = math.inf if key in _UNBOUNDED else 1.0
    return Metric(
        key,
        (task,),
        greater,
        needs,
        function,
        title,
        best if greater else 0.0,
        -math.inf if greater else math.inf,
    )


def callable_metric(function: MetricCallable, task: str) -> Metric:
    """Return the metric of a function of the user's own.

    Parameters
    ----------
    function : callable
        ``f(y_true, y_pred) -> float``. For classification it is given class labels; with an attribute
        ``needs = "proba"`` it is given the (n, C) probabilities instead of predicted labels. Greater values
        are better unless it has an attribute ``greater_is_better = False``. Row weights are not given to it.
    task : str
        ``classification``, ``regression`` or ``forecasting``.

    Raises
    ------
    SpecError
        When it is not callable, or its ``needs`` is not a known word.

    Examples
    --------
    >>> def worst_error(y_true, y_pred): return np.abs(y_true - y_pred).max()
    >>> worst_error.greater_is_better = False
    >>> callable_metric(worst_error, "regression").value(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    3.0
    """
    if not callable(function):
        raise SpecError(
            "primary_metric: must be the name of a metric or a function f(y_true, y_pred),"
            f" not {plain(repr(function), most=60)}."
        )
    allowed = ("label", "proba") if task == "classification" else ("value",)
    needs = str(getattr(function, "needs", allowed[0]))
    if needs not in allowed:
        raise SpecError(
            f"primary_metric: the attribute needs of a function for {task} must be"
            f" {' or '.join(map(repr, allowed))}, not {plain(needs, most=60)!r}."
        )
    greater = bool(getattr(function, "greater_is_better", True))
    name = plain(getattr(function, "__name__", type(function).__name__), most=60)

    def wrapped(y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: MetricContext) -> float:
        if needs == "value":
            return _number(function, name, y, pred)
        labels = np.arange(pred.shape[1]) if context.labels is None else np.asarray(context.labels)
        given = pred if needs == "proba" else labels[np.argmax(pred, axis=1)]
        return _number(function, name, labels[y], given)

    end = math.inf if greater else -math.inf
    return Metric(name, (task,), greater, cast("Needs", needs), wrapped, name, end, -end)


def _number(function: MetricCallable, name: str, y: np.ndarray, given: np.ndarray) -> float:
    what = f"The function {name}, the primary metric,"
    try:
        found = function(y, given)
    except Exception as error:
        why = plain(str(error), most=300).rstrip(".")
        raise FunctionError(f"{what} raised {type(error).__name__}{f': {why}' if why else ''}.") from error
    try:
        return float(found)
    except (TypeError, ValueError):
        raise FunctionError(f"{what} returned {plain(repr(found), most=60)}, which is not a number.") from None


def _needs(response: Any, task: str) -> Needs:
    if task != "classification":
        return "value"
    return "label" if response == "predict" else "proba"


def _call(
    measure: Callable[..., Any],
    y: np.ndarray,
    given: np.ndarray,
    weight: np.ndarray | None,
    options: dict[str, Any],
) -> float:
    takes_weights = "sample_weight" in inspect.signature(measure).parameters
    pairs = options.get("multi_class") == "ovo" and given.ndim == 2  # of these scikit-learn refuses weights
    if weight is not None and takes_weights and not pairs:
        options = {**options, "sample_weight": weight}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(measure(y, given, **options))
        except ValueError:  # how scikit-learn says that a metric is undefined for these rows
            return math.nan
