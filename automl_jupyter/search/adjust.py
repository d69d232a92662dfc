"""What is done to finished probabilities: made sharper or flatter, and cut elsewhere than in the middle.

Both are chosen on rows no model was fitted on, and kept only if they help on rows they were not chosen on either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl_jupyter.metrics.base import LOG_CLIP, Metric, MetricContext
from automl_jupyter.metrics.registry import move_threshold

#: rows below which chance would choose
LEAST_ROWS = 500
#: smallest relative gain, on rows not chosen on, that is worth a change
LEAST_GAIN = 1e-3
#: parts the rows are cut into, to look whether what is chosen on the others helps on each
_PARTS = 4
#: rows that probabilities know of beside those that were learnt from, of all classes in equal parts
PRIOR_ROWS = 0.01
#: temperatures and thresholds that are looked at
_TEMPERATURES = np.exp(np.linspace(np.log(0.5), np.log(2.0), 29))
_THRESHOLDS = np.linspace(0.02, 0.98, 97)


@dataclass(frozen=True)
class Adjustment:
    """What is done to probabilities.

    Parameters
    ----------
    temperature : float, default 1.0
        What log probabilities are divided by (Guo et al., On Calibration of Modern Neural Networks, 2017): below 1
        they become surer, above less sure.
    threshold : float, optional
        With two classes: the probability from which on the second one is predicted; None for a half.
    """

    temperature: float = 1.0
    threshold: float | None = None


def sharpen(proba: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities at another temperature, shape (n, C).

    Examples
    --------
    >>> sharpen(np.array([[0.8, 0.2]]), 0.5).round(3).tolist()
    [[0.941, 0.059]]
    """
    if temperature == 1.0:
        return proba
    logs = np.log(np.clip(np.asarray(proba, dtype=np.float64), LOG_CLIP, 1.0)) / temperature
    found = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def smooth(proba: np.ndarray, n_rows: int) -> np.ndarray:
    """Return probabilities as if a hundredth of a row more, of all classes in equal parts, had been learnt from.

    Held-out and final predictions of classes are made so. Trees without a penalty give 1e-15 to what has not come in
    some hundred rows, and one such row among a hundred later ones can make most of a log loss. This is additive
    smoothing (Lidstone, 1920), with so little that it changes nothing else.

    Parameters
    ----------
    proba : ndarray
        (n, C) probabilities.
    n_rows : int
        Rows that were learnt from.

    Examples
    --------
    >>> smooth(np.array([[1.0, 0.0]]), 100).round(6).tolist()
    [[0.99995, 5e-05]]
    """
    share = PRIOR_ROWS / (n_rows + PRIOR_ROWS)
    return np.asarray((1 - share) * proba + share / proba.shape[1])


def choose_adjustment(
    proba: np.ndarray, y: np.ndarray, weight: np.ndarray | None, metric: Metric, context: MetricContext
) -> Adjustment:
    """Return what improves a metric on held-out predictions; nothing where that is not sure.

    A temperature is looked for where the metric is the log loss, a threshold where it looks at the predicted one of
    two classes.

    Parameters
    ----------
    proba : ndarray
        (n, C) probabilities of rows no model was fitted on.
    y, weight : ndarray
        Class codes, and row weights or None.
    metric : Metric
        What counts.
    context : MetricContext
        What the metric must know.

    Examples
    --------
    >>> from automl_jupyter.metrics.registry import get_metric
    >>> rng = np.random.default_rng(0); p = rng.uniform(size=4000); y = (rng.uniform(size=4000) < p).astype(int)
    >>> timid = sharpen(np.column_stack([1 - p, p]), 1.5)
    >>> found = choose_adjustment(timid, y, None, get_metric("log_loss", "classification"), MetricContext(n_classes=2))
    >>> 0.6 < found.temperature < 0.75
    True
    """
    if len(y) < LEAST_ROWS or proba.ndim != 2:
        return Adjustment()
    options: list[Adjustment] = []
    if metric.key == "log_loss":
        options = [Adjustment(temperature=float(t)) for t in _TEMPERATURES]
    elif metric.needs == "label" and proba.shape[1] == 2:
        options = [Adjustment(threshold=float(t)) for t in _THRESHOLDS]
    if not options:
        return Adjustment()
    parts = np.random.default_rng(0).permutation(np.arange(len(y)) % _PARTS)
    before, after = [], []
    for part in range(_PARTS):
        here, others = parts == part, parts != part
        chosen = _best(options, proba[others], y[others], _rows(weight, others), metric, context)
        before.append(_score(Adjustment(), proba[here], y[here], _rows(weight, here), metric, context))
        after.append(_score(chosen, proba[here], y[here], _rows(weight, here), metric, context))
    gain = float(np.mean(after) - np.mean(before))
    if not gain > LEAST_GAIN * abs(float(np.mean(before))):
        return Adjustment()
    return _best(options, proba, y, weight, metric, context)


def _best(
    options: list[Adjustment],
    proba: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None,
    metric: Metric,
    context: MetricContext,
) -> Adjustment:
    scores = [_score(option, proba, y, weight, metric, context) for option in options]
    if not np.isfinite(scores).any():
        return Adjustment()
    # The middle of those as good as the best: a threshold at the edge of a plateau is there by chance.
    top = np.flatnonzero(np.asarray(scores) >= np.nanmax(scores) - 1e-12)
    return options[int(top[len(top) // 2])]


def _score(
    option: Adjustment,
    proba: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None,
    metric: Metric,
    context: MetricContext,
) -> float:
    changed = move_threshold(sharpen(proba, option.temperature), option.threshold)
    value = metric.value(y, changed, weight, context)
    return float("nan") if value is None else metric.score(value)


def _rows(weight: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weight is None else weight[rows]
