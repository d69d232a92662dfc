"""Which scores cannot be told apart, given how much they vary over the folds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

#: how sure one must be to call two models different
CONFIDENCE = 0.95


def is_tied(best: Sequence[float | None], other: Sequence[float | None], test_share: float) -> bool | None:
    """Return whether two models cannot be told apart by their scores on the same folds.

    The corrected resampled t-test of Nadeau and Bengio (Machine Learning 52, 2003): folds share training rows, so the
    variance of their paired differences is multiplied by ``1 / k + n_test / n_train``, not by ``1 / k``.

    Parameters
    ----------
    best, other : sequence of float or None, length k
        One score a fold, folds in the same order; None where a model has none, and that fold does not count.
    test_share : float
        Rows a fold is scored on over rows it is trained on.

    Returns
    -------
    bool or None
        None where there are fewer than two folds in common: one number says nothing of its own spread.

    Examples
    --------
    >>> is_tied([0.90, 0.92, 0.91], [0.89, 0.93, 0.90], 0.5), is_tied([0.90, 0.92, 0.91], [0.70, 0.71, 0.71], 0.5)
    (True, False)
    """
    found = paired_difference(best, other, test_share)
    return None if found is None else abs(found[0]) <= found[1]


def paired_difference(
    first: Sequence[float | None], other: Sequence[float | None], test_share: float
) -> tuple[float, float] | None:
    """Return the mean difference of two models' scores on the same folds, and how far its 95 % interval reaches.

    Parameters
    ----------
    first, other, test_share
        As for `is_tied`.

    Returns
    -------
    (float, float) or None
        None where there are fewer than two folds in common.

    Examples
    --------
    >>> mean, reach = paired_difference([0.90, 0.92, 0.91], [0.70, 0.71, 0.71], 0.5)
    >>> round(mean, 4), round(reach, 4)
    (0.2033, 0.0227)
    """
    if len(other) != len(first):
        return None
    differences = [a - b for a, b in zip(first, other, strict=True) if a is not None and b is not None]
    k = len(differences)
    if k < 2:
        return None
    # By hand: every view asks this of every row, and `statistics` reckons in fractions, thirty times slower.
    mean = sum(differences) / k
    variance = sum((d - mean) ** 2 for d in differences) / (k - 1)
    return mean, _quantile(k - 1) * math.sqrt((1 / k + test_share) * variance)


@cache
def _quantile(degrees: int) -> float:
    from scipy.special import stdtrit  # a tenth of the import of scipy.stats, which the first view would wait for

    return float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
