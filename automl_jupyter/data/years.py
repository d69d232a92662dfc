"""Instants that are written as years with fractions: 1949.0833 for February 1949, 2024.5 for the middle of 2024."""

from __future__ import annotations

import numpy as np

#: the layouts of years with fractions
YEARS_WITH_FRACTIONS = ("epoch:month", "epoch:year")
#: years that 64-bit nanoseconds hold
_FIRST, _LAST = 1678, 2261
#: the share of a month that a year with two digits after the point may be off
_OFF = 0.0601


def layout_of_years(numbers: np.ndarray) -> str | None:
    """Return how numbers count years with fractions; None where they do not.

    Parameters
    ----------
    numbers : ndarray of float
        None of them missing.

    Returns
    -------
    str or None
        ``epoch:month`` where every fraction is whole twelfths, else ``epoch:year``.

    Examples
    --------
    >>> layout_of_years(np.array([1949.0, 1949.0833])), layout_of_years(np.array([2024.5, 2024.51]))
    ('epoch:month', 'epoch:year')
    """
    if not len(numbers) or numbers.min() < _FIRST or numbers.max() >= _LAST + 1:
        return None
    months = 12 * numbers
    return "epoch:month" if bool(np.all(np.abs(months - np.round(months)) <= _OFF)) else "epoch:year"


def instants_of_years(numbers: np.ndarray, layout: str) -> np.ndarray:
    """Return years with fractions as datetime64[ns]: the first of a month, or to the second.

    Parameters
    ----------
    numbers : ndarray of float
        None of them missing; years beyond those that 64-bit nanoseconds hold are drawn in.
    layout : {"epoch:month", "epoch:year"}
        What `layout_of_years` gave.

    Examples
    --------
    >>> instants_of_years(np.array([1949.0833]), "epoch:month").astype("datetime64[D]").tolist()
    [datetime.date(1949, 2, 1)]
    """
    numbers = np.clip(numbers, _FIRST, _LAST + 0.99)
    if layout == "epoch:month":
        months = np.round(12 * numbers).astype(np.int64) - 12 * 1970
        return np.asarray(months.astype("datetime64[M]").astype("datetime64[ns]"))
    years = np.floor(numbers).astype(np.int64)
    starts, ends = (_seconds_at_start(y) for y in (years, years + 1))
    seconds = np.round(starts + (numbers - years) * (ends - starts)).astype(np.int64)
    return np.asarray(seconds.astype("datetime64[s]").astype("datetime64[ns]"))


def _seconds_at_start(years: np.ndarray) -> np.ndarray:
    return np.asarray((years - 1970).astype("datetime64[Y]").astype("datetime64[s]").astype(np.int64))
