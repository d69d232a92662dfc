"""Areas under the ROC and precision–recall curves, both from one sort."""

from __future__ import annotations

import numpy as np


def curve_areas(positive: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> tuple[float, float]:
    """Return the area under the ROC curve and the average precision.

    Parameters
    ----------
    positive : ndarray of bool
        Whether each row is of the positive class.
    score : ndarray
        Greater means more likely positive. Equal scores share one threshold.
    weight : ndarray, optional
        Row weights, non-negative.

    Returns
    -------
    tuple of float
        AUC by the trapezoid rule (NaN unless both classes are there) and AP = Σ (R_k − R_{k−1})·P_k
        (NaN unless a positive row is there).

    Examples
    --------
    >>> curve_areas(np.array([True, False]), np.array([0.9, 0.1]))
    (1.0, 1.0)
    """
    order = np.argsort(score)[::-1]
    ranked = score[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    hit = positive[order]
    if weight is None:
        true = np.cumsum(hit, dtype=np.int64)[ends].astype(np.float64)
        total = ends + 1.0
    else:
        ranked_weight = weight[order].astype(np.float64)
        true = np.cumsum(ranked_weight * hit)[ends]
        total = np.cumsum(ranked_weight)[ends]
    false = total - true
    if not len(score) or true[-1] <= 0:
        return float("nan"), float("nan")
    step = np.diff(true, prepend=0.0)
    seen = total > 0
    precision = np.divide(true, total, out=np.zeros_like(true), where=seen)
    average_precision = float(np.sum(step * precision) / true[-1])
    # float sums of weights may leave a rest of 1e-16 where there is no negative row
    if false[-1] <= 1e-12 * total[-1]:
        return float("nan"), average_precision
    width = np.diff(false, prepend=0.0)
    area = float(np.sum(width * (true - 0.5 * step)) / (true[-1] * false[-1]))
    return min(max(area, 0.0), 1.0), min(max(average_precision, 0.0), 1.0)
