"""A fitted model's scores on rows it has not seen, and how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from automl_jupyter._core.text import did_you_mean
from automl_jupyter.errors import ModelInputError, Problem
from automl_jupyter.results.numbers import wilson

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.metrics.base import Metric, MetricContext
    from automl_jupyter.results.model import ClassificationModel, RegressionModel

#: rows a bootstrap draws in all; so many rows need few resamples
_MOST_ROWS = 1_000_000
_FEWEST, _MOST = 40, 500
#: errors of this size, beside the value, come from rounding: every resample gave the same
_ROUNDING = 1e-12
#: metrics that are the share of rows predicted right
_SHARES = frozenset({"accuracy", "f1_score_micro", "precision_score_micro", "recall_score_micro"})


@dataclass(frozen=True)
class TargetRows:
    """Rows with their target.

    Parameters
    ----------
    y : numpy.ndarray
        Class codes or values, shape (n,).
    rows : pandas.DataFrame
        The raw rows without it.
    weight : numpy.ndarray, optional
        A weight a row, where the job's weight column is among theirs.
    """

    y: np.ndarray
    rows: pd.DataFrame
    weight: np.ndarray | None = None


def evaluate_model(
    model: ClassificationModel | RegressionModel, data: object, *, confidence: float = 0.95, random_state: int = 0
) -> pd.DataFrame:
    """Return every metric of a model on rows with their target, each with an interval.

    The interval is the value ± its bootstrap standard error times the normal quantile (Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, chapter 13), cut off at the ends of the metric's range. Where every resample
    gives the same value, as where every row is predicted right, the share of rows predicted right has Wilson's interval
    (1927), and other metrics have none: such a sample does not say how far off they may be.

    Parameters
    ----------
    model : ClassificationModel or RegressionModel
        The fitted model.
    data : DataFrame (pandas, polars), Arrow table, or list of dict
        Rows as they came, with the target column. Rows without a target are left out. Where the job's weight column
        is there, rows count by their weights, as in the job's own scores.
    confidence : float, default 0.95
        How often such an interval holds the true value, between 0 and 1.
    random_state : int, default 0
        Seeds the resampling.

    Returns
    -------
    DataFrame
        A row a metric, the primary one first; columns ``value``, ``low``, ``high`` and ``n_rows``. A function of the
        user's own is not kept with a model, and is not among them.

    Raises
    ------
    ModelInputError
        When a column is missing or cannot be read, a class is unknown to the model, a weight is none, or `confidence`
        is none.
    """
    import pandas as pd

    from automl_jupyter.metrics.base import MetricContext
    from automl_jupyter.metrics.registry import evaluate_metrics, metrics

    if not (isinstance(confidence, Real) and 0 < confidence < 1):
        raise ModelInputError(f"confidence: {confidence!r} is not between 0 and 1, both excluded.")
    manifest = model.manifest
    found = read_target_rows(model, data)
    y, rows = found.y, found.rows
    predicted = model.predict(rows) if manifest["task"] == "regression" else model.predict_proba(rows)
    context = MetricContext.of(manifest)
    threshold = manifest.get("threshold")
    primary = primary_metric(manifest["metric"], manifest["task"])
    extra = () if primary is None else (primary,)
    values = evaluate_metrics(manifest["task"], y, predicted, found.weight, context, extra, threshold=threshold)
    errors = _standard_errors(manifest["task"], y, predicted, found.weight, context, extra, random_state, threshold)
    reach = NormalDist().inv_cdf((1 + confidence) / 2)
    records: dict[str, dict[str, float | None]] = {}
    known = {m.key: m for m in (*extra, *metrics)}
    for key in sorted(values, key=lambda k: primary is None or k != primary.key):
        value, error = values[key], errors.get(key)
        low, high = None, None
        if value is not None and error is not None and error > _ROUNDING * abs(value):
            ends = sorted((known[key].worst, known[key].optimum))
            low, high = max(value - reach * error, ends[0]), min(value + reach * error, ends[1])
        elif value is not None and error is not None and key in _SHARES:
            low, high = map(float, wilson(value, _effective_rows(found), reach))
        records[key] = {"value": value, "low": low, "high": high, "n_rows": len(y)}
    table = pd.DataFrame.from_dict(records, orient="index").rename_axis("metric")
    return table.astype({"value": "float64", "low": "float64", "high": "float64", "n_rows": "int64"})


def primary_metric(name: str, task: str) -> Metric | None:
    """Return a job's primary metric by the name that is kept of it; None for a function of the user's, which is not.

    Examples
    --------
    >>> primary_metric("mean_squared_error", "regression").key, primary_metric("profit", "regression")
    ('mean_squared_error', None)
    """
    from automl_jupyter._core.registry import UnknownNameError
    from automl_jupyter.metrics.registry import resolve_metric

    try:
        return resolve_metric(name, task)
    except UnknownNameError:
        return None


def read_target_rows(model: ClassificationModel | RegressionModel, data: object) -> TargetRows:
    """Return the rows of a table that have a target, what it is, and what they weigh.

    Raises
    ------
    ModelInputError
        When there is no such column or no row, a class is unknown to the model, or a weight is none.
    """
    from automl_jupyter.data.frames import as_frame
    from automl_jupyter.data.roles import read_weights
    from automl_jupyter.data.target import assign_codes, read_target

    frame, manifest = as_frame(data, field="data"), model.manifest
    name = manifest["target"]
    if name not in frame.columns:
        near = did_you_mean(name, list(map(str, frame.columns)))
        raise ModelInputError(f"data: There is no column {name!r}, the target to compare with.{near}")
    problems: list[Problem] = []
    target = read_target(frame[name], manifest["task"] == "regression", "data", problems, [])
    if target is not None and manifest["task"] == "classification":
        assign_codes(target, model.classes_, "data", problems)
    kept = frame if target is None or target.kept is None else frame[target.kept]
    weighs, weight = manifest.get("weight_column"), None
    if weighs is not None and weighs in frame.columns and len(kept):
        weight = read_weights(kept[weighs], weighs, "data", problems)
    if problems or target is None:
        raise ModelInputError("\n".join(map(str, problems)) or "data: There is no row to score.")
    if not len(target.values):
        raise ModelInputError("data: There is no row to score.")
    return TargetRows(target.values, kept.drop(columns=name), weight)


def _standard_errors(
    task: str,
    y: np.ndarray,
    predicted: np.ndarray,
    weight: np.ndarray | None,
    context: MetricContext,
    extra: Sequence[Metric],
    random_state: int,
    threshold: float | None,
) -> dict[str, float]:
    """Return each metric's standard deviation over bootstrap samples of the rows."""
    from automl_jupyter.metrics.registry import evaluate_metrics

    rng = np.random.default_rng(random_state)
    found: dict[str, list[float]] = {}
    n_resamples = min(max(_MOST_ROWS // len(y), _FEWEST), _MOST)
    for _ in range(n_resamples):
        rows = rng.integers(0, len(y), len(y))
        weighs = None if weight is None else weight[rows]
        if weighs is not None and not weighs.any():
            continue
        drawn = evaluate_metrics(task, y[rows], predicted[rows], weighs, context, extra, threshold=threshold)
        for key, value in drawn.items():
            if value is not None and np.isfinite(value):
                found.setdefault(key, []).append(value)
    # A rare class is absent from some resamples, and macro averages then have no value: half of the fewest will do.
    least = min(_FEWEST, n_resamples // 2)
    return {key: float(np.std(values, ddof=1)) for key, values in found.items() if len(values) >= least}


def _effective_rows(found: TargetRows) -> float:
    """Return how many rows of equal weight say as much (Kish, Survey Sampling, 1965)."""
    if found.weight is None:
        return float(len(found.y))
    return float(found.weight.sum() ** 2 / (found.weight**2).sum())
