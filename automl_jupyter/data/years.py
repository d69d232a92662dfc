"""Instants that are written as years with a point in them.

What is behind it is a share of the year, as in 1949.0833 for February 1949 and 2024.5 for the middle of 2024, or the
number of a month or quarter, as in 1990.01 to 1990.12 and 1990.1 to 1990.4.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

#: the layouts of years with fractions
YEARS_WITH_FRACTIONS = ("epoch:month", "epoch:year", "epoch:yyyy.mm", "epoch:yyyy.q")
#: of layouts whose fractions number the parts of a year: what a fraction is multiplied by, and how many parts there are
_NUMBERED = {"epoch:yyyy.mm": (100, 12), "epoch:yyyy.q": (10, 4)}
#: how far a multiplied fraction may be off a whole number: as far as one of 32 bits is
_OFF_NUMBER = 0.01
#: years that 64-bit nanoseconds hold
_FIRST, _LAST = 1678, 2261
#: the share of a month that a year with two digits after the point may be off
_OFF = 0.0601
#: numbers of weeks (.53), of days (.366) and of months and days (.1231) are all below this, shares of whole years not
_WEEKS = 0.54

_YEAR = re.compile(r"\d{4}(?:\.\d+)?")
_MONTH = re.compile(r"\d{4}\.(?:0[1-9]|1[0-2])")
_SHORT_MONTH = re.compile(r"\d{4}\.(?:[1-9]|1[0-2])")


def layout_of_years(numbers: np.ndarray) -> str | None:
    """Return how numbers count years with fractions; None where they do not.

    Parameters
    ----------
    numbers : ndarray of float
        None of them missing.

    Returns
    -------
    str or None
        ``epoch:yyyy.mm`` or ``epoch:yyyy.q`` where every fraction is the number of a month or quarter, and a year has
        several; else ``epoch:month`` where every fraction is whole twelfths, or ``epoch:year``.

    Examples
    --------
    >>> layout_of_years(np.array([1949.0, 1949.0833])), layout_of_years(np.array([2024.5, 2024.51]))
    ('epoch:month', 'epoch:year')
    >>> layout_of_years(np.array([1990.01, 1990.02])), layout_of_years(np.array([1990.3, 1990.4]))
    ('epoch:yyyy.mm', 'epoch:yyyy.q')
    """
    if not len(numbers) or numbers.min() < _FIRST or numbers.max() >= _LAST + 1:
        return None
    for layout in _NUMBERED:
        if _most_in_a_year(numbers) > 1 and may_be_written(numbers, layout):
            return layout
    months = 12 * numbers
    return "epoch:month" if bool(np.all(np.abs(months - np.round(months)) <= _OFF)) else "epoch:year"


def may_be_written(numbers: np.ndarray, layout: str) -> bool:
    """Return whether years may be written in one of the layouts of years with fractions."""
    if layout not in _NUMBERED:
        return True
    exact, number = _numbers_within(numbers, layout)
    return bool(np.all((np.abs(exact - number) <= _OFF_NUMBER) & (number >= 1) & (number <= _NUMBERED[layout][1])))


def _numbers_within(numbers: np.ndarray, layout: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the fractions of years multiplied, and the numbers of months or quarters that they are next to."""
    exact = (numbers - np.floor(numbers)) * _NUMBERED[layout][0]
    return exact, np.round(exact)


def _most_in_a_year(numbers: np.ndarray) -> int:
    return int(np.unique(np.floor(np.unique(numbers)), return_counts=True)[1].max())


def are_shares(numbers: np.ndarray) -> bool:
    """Return whether the fractions of years may be shares: where there are several years, some are of a year's end.

    Examples
    --------
    >>> are_shares(np.array([1990.01, 1990.27, 1990.52, 1991.01])), are_shares(np.array([1990.9, 1990.95, 1991.01]))
    (False, True)
    """
    several = len(np.unique(np.floor(numbers))) > 1 and _most_in_a_year(numbers) > 2
    return not several or bool((numbers - np.floor(numbers)).max() >= _WEEKS)


def years_of(texts: Sequence[str]) -> np.ndarray | None:
    """Return texts that are years, with fractions or without, as numbers; None where one is not.

    Examples
    --------
    >>> years_of(["1949.0833", "1950"]), years_of(["1949-01"])
    (array([1949.0833, 1950.    ]), None)
    """
    if not texts or not all(_YEAR.fullmatch(t) for t in texts):
        return None
    return np.asarray([float(t) for t in texts])


def are_months(texts: Sequence[str]) -> bool:
    """Return whether texts are months as they are read anyway: to them 1990.10 is October, and not 1990.1.

    Examples
    --------
    >>> are_months(["1990.9", "1990.10"]), are_months(["1990.1", "1990.2"])
    (True, False)
    """
    if all(_MONTH.fullmatch(t) for t in texts):
        return True
    return all(_SHORT_MONTH.fullmatch(t) for t in texts) and any(_MONTH.fullmatch(t) for t in texts)


def instants_of_years(numbers: np.ndarray, layout: str) -> np.ndarray:
    """Return years with fractions as datetime64[ns]: the first of a month, or to the second.

    Parameters
    ----------
    numbers : ndarray of float
        None of them missing; years beyond those that 64-bit nanoseconds hold are drawn in.
    layout : str
        One of `YEARS_WITH_FRACTIONS`: what `layout_of_years` gave.

    Examples
    --------
    >>> instants_of_years(np.array([1949.0833]), "epoch:month").astype("datetime64[D]").tolist()
    [datetime.date(1949, 2, 1)]
    """
    numbers = np.clip(numbers, _FIRST, _LAST + 0.99)
    if layout in _NUMBERED:
        parts = _NUMBERED[layout][1]
        months = (np.floor(numbers) - 1970) * 12 + (_numbers_within(numbers, layout)[1] - 1) * (12 // parts)
        return np.asarray(months.astype(np.int64).astype("datetime64[M]").astype("datetime64[ns]"))
    if layout == "epoch:month":
        months = np.round(12 * numbers).astype(np.int64) - 12 * 1970
        return np.asarray(months.astype("datetime64[M]").astype("datetime64[ns]"))
    years = np.floor(numbers).astype(np.int64)
    starts, ends = (_seconds_at_start(y) for y in (years, years + 1))
    seconds = np.round(starts + (numbers - years) * (ends - starts)).astype(np.int64)
    return np.asarray(seconds.astype("datetime64[s]").astype("datetime64[ns]"))


def _seconds_at_start(years: np.ndarray) -> np.ndarray:
    return np.asarray((years - 1970).astype("datetime64[Y]").astype("datetime64[s]").astype(np.int64))
