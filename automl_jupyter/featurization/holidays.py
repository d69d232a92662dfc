"""Public holidays of a country as features, from the package ``holidays``."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd


def holiday_features(times: pd.DatetimeIndex, country: str) -> np.ndarray:
    """Return which holiday an instant's day is, if it is one, and whether its neighbours are, shape (n, 4).

    Parameters
    ----------
    times : DatetimeIndex
        Instants, local.
    country : str
        A two-letter ISO 3166 code.

    Examples
    --------
    >>> holiday_features(pd.DatetimeIndex(["2024-07-04", "2024-07-05"]), "US")[:, 1:].tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    days = times.normalize()
    known = _holidays(country, int(days.year.min()) - 1, int(days.year.max()) + 1)
    one = pd.Timedelta(1, "D")

    def on(at: pd.DatetimeIndex) -> list[str | None]:
        return [known.get(day) for day in at.date]

    today = on(days)
    code = [zlib.crc32(name.encode()) % 997 + 1 if name else 0 for name in today]
    flags = [[name is not None for name in names] for names in (today, on(days + one), on(days - one))]
    return np.column_stack([code, *flags]).astype(np.float64)


@lru_cache(maxsize=8)
def _holidays(country: str, first: int, last: int) -> dict[Any, str]:
    import holidays

    return dict(holidays.country_holidays(country, years=range(first, last + 1)))
