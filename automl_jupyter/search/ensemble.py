"""Greedy ensemble selection: which models to average, and how much of each.

Caruana et al., "Ensemble selection from libraries of models" (2004): start from the best model, then add,
with replacement, whichever model makes the average best. The number of times a model was taken is its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from automl_jupyter.metrics.base import Metric, MetricContext
from automl_jupyter.search.blend import Blend, make_blend

#: a sample of the rows is never smaller than this
LEAST_ROWS = 2000
#: metrics that take a pass over the rows, not a sort or a table
CHEAP = {
    "log_loss",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "normalized_mean_absolute_error",
    "normalized_root_mean_squared_error",
    "r2_score",
    "root_mean_squared_error",
}
#: scores closer than this, relative to the best single model's, count as equal
TOLERANCE = 1e-6
#: share of the average below which a model is left out of it
LEAST_WEIGHT = 0.09


@dataclass(frozen=True)
class Weights:
    """What a selection found.

    Parameters
    ----------
    weights : tuple of float
        One for each model given, in order; they sum to 1.
    value : float or None
        The metric's own value of the weighted average, on the rows used; None where it is undefined.
    best_single : int
        The best model by itself.
    best_single_value : float or None
        Its value on the same rows.
    n_rows : int
        Rows used: those that every model predicted.
    """

    weights: tuple[float, ...]
    value: float | None
    best_single: int
    best_single_value: float | None
    n_rows: int

    @property
    def members(self) -> list[tuple[int, float]]:
        """The models with a weight, the heaviest first."""
        there = [(i, w) for i, w in enumerate(self.weights) if w > 0]
        return sorted(there, key=lambda m: (-m[1], m[0]))


def select_weights(
    predictions: Sequence[np.ndarray],
    y: np.ndarray,
    weight: np.ndarray | None,
    metric: Metric,
    context: MetricContext,
    *,
    n_rounds: int = 25,
    max_members: int | None = None,
    max_rows: int = 100_000,
    random_state: int = 0,
    n_steady: int = 0,
) -> Weights:
    """Choose the weights of an average of models.

    Parameters
    ----------
    predictions : sequence of ndarray
        Validation predictions of each model, (n, C) probabilities or (n,) values, the model to prefer among
        equals first. A row may be NaN where a model has no prediction; only rows that all models predicted are
        used.
    y, weight : ndarray
        The truth, and row weights or None.
    metric : Metric
        What to make best.
    context : MetricContext
        What the metric must know.
    n_rounds : int, default 25
        Models taken, with replacement.
    max_members : int, optional
        Most different models.
    max_rows : int, default 100 000
        More rows than this are sampled (by class), fewer where the metric is slow.
    random_state : int, default 0
        Seeds the samples. The result depends on nothing else.
    n_steady : int, default 0
        So many of the best models share half of the weight equally, whatever was selected: where all rows come from a
        few windows of time, a selection is chance in part, and an equal average is not.

    Returns
    -------
    Weights
        The best single model alone, unless averaging is better.

    Raises
    ------
    ValueError
        When there is no model, or no row that all of them predicted.

    Examples
    --------
    >>> from automl_jupyter.metrics.registry import get_metric
    >>> rng = np.random.default_rng(0); y = rng.normal(size=2000)
    >>> models = [y + rng.normal(size=2000), y + rng.normal(size=2000), y + 9]
    >>> rmse = get_metric("root_mean_squared_error", "regression")
    >>> [w > 0 for w in select_weights(models, y, None, rmse, MetricContext()).weights]
    [True, True, False]
    """
    if not predictions:
        raise ValueError("There is no model to choose from.")
    rows = _covered(predictions)
    if not len(rows):
        raise ValueError("No validation row was predicted by all the models.")
    rng = np.random.default_rng(random_state)
    n_cells = len(predictions) * n_rounds
    rows = _sample(rows, y, metric, context, max_rows, n_cells, rng)
    given = [np.asarray(p)[rows] for p in predictions]
    y, weight = np.asarray(y)[rows], None if weight is None else np.asarray(weight)[rows]
    if context.series is not None:
        context = replace(context, series=replace(context.series, codes=context.series.codes[rows]))
    blend = make_blend(given, y, weight, metric, context)
    singles = np.array([blend.single(i) for i in range(len(given))])
    if not np.isfinite(singles).any():
        return Weights(_one(0, len(given)), None, 0, None, len(rows))
    best = int(np.argmax(_rounded(singles, _unit(singles))))
    counts = _greedy(blend, n_rounds, max_members) if len(given) > 1 else np.zeros(1)
    weights = _without_light(counts / counts.sum()) if counts.sum() else np.array(_one(best, len(given)))
    if not blend.of(weights) > singles[best] + _unit(singles):
        weights = np.array(_one(best, len(given)))
    if n_steady > 1:
        order = np.argsort(-_rounded(singles, _unit(singles)), kind="stable")[:n_steady]
        known = order[np.isfinite(singles[order])]
        weights = weights / 2
        weights[known] += 0.5 / len(known)
    average = sum(given[i].astype(np.float64) * weights[i] for i in np.flatnonzero(weights).tolist())
    return Weights(
        tuple(float(w) for w in weights),
        metric.value(y, np.asarray(average), weight, context),
        best,
        metric.value(y, given[best], weight, context),
        len(rows),
    )


def _without_light(weights: np.ndarray) -> np.ndarray:
    """Leave out what weighs little: most often a model that fitted the noise, and each costs time to predict."""
    kept = np.where(weights >= LEAST_WEIGHT, weights, 0.0)
    return np.asarray(kept / kept.sum()) if kept.any() else weights


def _one(at: int, n: int) -> tuple[float, ...]:
    return tuple(float(i == at) for i in range(n))


def _unit(singles: np.ndarray) -> float:
    """Return the smallest difference of scores that counts."""
    best = float(np.nanmax(np.where(np.isfinite(singles), singles, np.nan)))
    return TOLERANCE * abs(best) if best else TOLERANCE


def _rounded(scores: np.ndarray, unit: float) -> np.ndarray:
    return np.where(np.isfinite(scores), np.round(np.where(np.isfinite(scores), scores, 0) / unit), -np.inf)


def _covered(predictions: Sequence[np.ndarray]) -> np.ndarray:
    covered = np.ones(len(predictions[0]), dtype=bool)
    for one in predictions:
        finite = np.isfinite(one)
        covered &= finite if finite.ndim == 1 else finite.all(axis=1)
    return np.flatnonzero(covered)


def _sample(
    rows: np.ndarray,
    y: np.ndarray,
    metric: Metric,
    context: MetricContext,
    max_rows: int,
    n_evaluations: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return at most as many rows as a selection can look at in a few seconds."""
    most = max_rows
    if metric.key not in CHEAP:
        cells = 4e8 if metric.needs == "label" else 1e8 if metric.needs == "proba" else 3e7
        most = min(most, int(cells / (n_evaluations * (context.n_classes or 1))))
    most = max(most, LEAST_ROWS)
    if len(rows) <= most:
        return rows
    if context.n_classes is None:
        return np.sort(rng.choice(rows, most, replace=False))
    # By class, so that a rare class keeps its share and is not lost.
    kept = []
    for code in np.unique(y[rows]):
        of_class = rows[y[rows] == code]
        share = max(min(len(of_class), 10), round(most * len(of_class) / len(rows)))
        kept.append(rng.choice(of_class, min(share, len(of_class)), replace=False))
    return np.sort(np.concatenate(kept))


def _greedy(blend: Blend, n_rounds: int, max_members: int | None) -> np.ndarray:
    """Return how often each model was taken, in the shortest prefix that is best."""
    n = blend.n_models
    counts, best_counts = np.zeros(n), np.zeros(n)
    best_score, unit = -np.inf, 0.0
    for taken in range(n_rounds):
        full = max_members is not None and np.count_nonzero(counts) >= max_members
        allowed = counts > 0 if full else np.ones(n, dtype=bool)
        scores = np.where(allowed, blend.with_each(counts), -np.inf)
        if taken == 0:
            unit = _unit(scores)
        rounded = _rounded(scores, unit)
        top = np.flatnonzero(rounded == rounded.max())
        # Among equals a model that is in already keeps the ensemble small; then the caller's order decides.
        inside = top[counts[top] > 0]
        at = int(inside[0] if len(inside) else top[0])
        counts[at] += 1
        if rounded[at] > best_score:
            best_score, best_counts = rounded[at], counts.copy()
    return best_counts
