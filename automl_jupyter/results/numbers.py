"""Numbers that somebody gave, and how sure shares of rows are."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from automl_jupyter.errors import AutoMLError

#: standard deviations on either side that hold 95 % of a normal distribution
REACH_95 = 1.959964


def whole(value: object, name: str, low: int, high: int | None = None) -> int:
    """Return a whole number in its range; what `name` was given.

    Raises
    ------
    AutoMLError
        When it is none.

    Examples
    --------
    >>> whole(np.int64(5), "n_rows", 1)
    5
    """
    if isinstance(value, Integral) and not isinstance(value, bool):
        number = int(value)
        if number >= low and (high is None or number <= high):
            return number
    allowed = f"of {low:,} or more" if high is None else f"from {low:,} to {high:,}"
    raise AutoMLError(f"{name}: {value!r} is no whole number {allowed}.")


def label_or_number(value: object, name: str) -> str | int:
    """Return what somebody calls a model or a member by: its label, or its trial's number.

    Raises
    ------
    AutoMLError
        When it is neither.

    Examples
    --------
    >>> label_or_number(np.int64(3), "model"), label_or_number(3.0, "model"), label_or_number("Tree", "model")
    (3, 3, 'Tree')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise AutoMLError(
        f"{name}: a {type(value).__name__} is neither a label nor the number of a trial. Ensembles have no number; take"
        " them by their label, in the leaderboard's column model."
    )


def wilson(share: Any, n: Any, reach: float = REACH_95) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of shares of `n` rows each (Wilson 1927).

    Examples
    --------
    >>> low, high = wilson(1.0, 30)
    >>> round(float(low), 3), float(high)
    (0.886, 1.0)
    """
    share, n = np.asarray(share, dtype=np.float64), np.asarray(n, dtype=np.float64)
    middle = (share + reach**2 / (2 * n)) / (1 + reach**2 / n)
    half = reach / (1 + reach**2 / n) * np.sqrt(share * (1 - share) / n + reach**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
