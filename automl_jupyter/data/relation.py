"""How well one column alone tells the target: the measure of profiles and of the search for leaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

#: rows looked at; more would change the second digit
SAMPLE_ROWS = 5_000
#: groups a column of numbers is cut into, and parts of the rows that are told from the others
_GROUPS, _PARTS = 64, 3
#: classes looked at, the most frequent ones: each takes a few milliseconds
_CLASSES = 50
#: rows a group has at least, on average
_GROUP_ROWS = 8
#: rows a group's mean is drawn towards the overall mean by
_PRIOR_ROWS = 0.5


def relation_to_target(column: pd.Series, y: np.ndarray, *, n_classes: int | None) -> float | None:
    """Return how well a column alone tells the target of rows it was not learnt from.

    The rows are cut into three parts; each part's target is predicted by the mean of the others' rows that have the
    same value (numbers and instants of many values: that fall between the same two of at most 64 quantiles).

    Parameters
    ----------
    column : pandas.Series of shape (n_rows,)
        A canonical column, as `TableSchema.encode` makes it.
    y : ndarray of shape (n_rows,)
        Class codes (whole numbers, 0 to `n_classes` - 1) or values.
    n_classes : int, optional
        None for regression.

    Returns
    -------
    float or None
        From 0 (nothing) to 1 (all). Regression: R² of the target's ranks, so that a long tail does not decide, not
        below 0. Classes: ``2 · AUC - 1``, not below 0, each class against the others, weighted by its rows; of many
        the most frequent 50. None for texts.

    Examples
    --------
    >>> y = np.arange(300.0)
    >>> relation_to_target(pd.Series(y), y, n_classes=None) > 0.9
    True
    """
    rows = np.arange(len(y))
    if len(y) > SAMPLE_ROWS:
        rows = np.random.default_rng(0).choice(len(y), SAMPLE_ROWS, replace=False)
    groups = _groups(column.iloc[rows])
    if groups is None:
        return None
    part = np.random.default_rng(1).integers(0, _PARTS, len(rows))
    y = np.asarray(y)[rows]
    if n_classes is None:
        values = pd.Series(y).rank().to_numpy(dtype=np.float64)
        spread = float(np.var(values))
        if spread == 0:
            return 0.0
        return max(0.0, 1.0 - float(np.mean((values - _told(groups, part, values)) ** 2)) / spread)
    total, weight = 0.0, 0.0
    codes = np.argsort(-np.bincount(y.astype(np.int64)), kind="stable")[:_CLASSES] if n_classes > 2 else (1,)
    for code in codes:
        is_class = y == code
        share = float(is_class.mean())
        if 0 < share < 1:
            total += share * (2 * _auc(_told(groups, part, is_class.astype(np.float64)), is_class) - 1)
            weight += share
    return max(0.0, total / weight) if weight else 0.0


def _groups(column: pd.Series) -> np.ndarray | None:
    """Return the group of each row; missing values are a group of their own. None for texts."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, dtype=np.int64) + 1
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        values = np.where(column.isna(), np.nan, column.to_numpy().astype("datetime64[ns]").astype(np.float64))
    elif pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64)
    else:
        return None
    missing = np.isnan(values)
    present = values[~missing]
    if not len(present):
        return np.zeros(len(values), dtype=np.int64)
    n_groups = max(2, min(_GROUPS, len(present) // _GROUP_ROWS))
    distinct = np.unique(present)
    if len(distinct) <= n_groups:
        edges = distinct[1:]
    else:
        cuts = np.quantile(present, np.linspace(0, 1, n_groups + 1)[1:-1])
        often = cuts[1:][np.diff(cuts) == 0]  # apart from what lies above it, however rare that is
        edges = np.unique(np.concatenate([cuts, np.nextafter(often, np.inf)]))
    return np.where(missing, 0, np.searchsorted(edges, values, side="right") + 1)


def _told(groups: np.ndarray, part: np.ndarray, target: np.ndarray) -> np.ndarray:
    told: Any = np.empty(len(target))
    size = int(groups.max()) + 1
    for k in range(_PARTS):
        here = part == k
        others = target[~here]
        prior = float(others.mean()) if len(others) else 0.0
        count = np.bincount(groups[~here], minlength=size)
        sums = np.bincount(groups[~here], weights=others, minlength=size)
        told[here] = ((sums + _PRIOR_ROWS * prior) / (count + _PRIOR_ROWS))[groups[here]]
    return np.asarray(told)


def _auc(score: np.ndarray, is_class: np.ndarray) -> float:
    """Return the area under the ROC curve: the Mann-Whitney statistic over mean ranks."""
    ranks = pd.Series(score).rank().to_numpy()
    n = int(is_class.sum())
    return float((ranks[is_class].sum() - n * (n + 1) / 2) / (n * (len(score) - n)))
