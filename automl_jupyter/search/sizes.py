"""What the settings of a boosted learner say of the size of its trees: a learner of the user's may mean anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

#: deeper trees are as a rule not fuller: their rows run out
_DEEPEST, _MOST_LEAVES = 12, 2.0**17


def number_in(params: Mapping[str, Any], name: str, default: float) -> float:
    """Return the setting where it is a finite number, else the default: ``"auto"``, None and True are none.

    Examples
    --------
    >>> [number_in({"rate": value}, "rate", 0.1) for value in (0.5, "adaptive", None, float("inf"))]
    [0.5, 0.1, 0.1, 0.1]
    """
    value = params.get(name)
    if isinstance(value, bool) or not isinstance(value, Real):
        return default
    try:
        number = float(value)
    except OverflowError:  # a whole number may be too large
        return default
    return number if math.isfinite(number) else default


def leaves_of_tree(params: Mapping[str, Any], *, depth: int) -> float:
    """Return how many leaves a tree has; of a learner that does not say, as many as one of `depth` has.

    Examples
    --------
    >>> [leaves_of_tree(params, depth=5) for params in ({"num_leaves": 7}, {"max_depth": 3}, {"max_depth": None})]
    [7.0, 8.0, 32.0]
    """
    asked = number_in(params, "max_depth", number_in(params, "depth", depth))
    # Libraries write 0 and -1 for trees without a limit.
    by_depth = 2.0 ** min(asked if asked > 0 else depth, _DEEPEST)
    leaves = number_in(params, "num_leaves", by_depth)
    return min(max(leaves if leaves > 0 else by_depth, 2.0), _MOST_LEAVES)


def most_rounds(params: Mapping[str, Any], default: float) -> float:
    """Return after how many rounds the learner ends at the latest.

    Examples
    --------
    >>> most_rounds({"n_estimators": 30}, 1000), most_rounds({"n_estimators": "auto"}, 1000)
    (30.0, 1000)
    """
    asked = (number_in(params, name, 0.0) for name in ("num_iterations", "n_estimators", "iterations"))
    return next((n for n in asked if n > 0), default)
