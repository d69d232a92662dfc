"""The time zone of a column: found in its dtype or in its texts, named, and its local time turned into UTC."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo

import numpy as np
import pandas as pd

from automl_jupyter.data.kinds import is_missing, kind_of, text_of, to_texts

_OFFSET = re.compile(r"\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)\s*$")
#: a summer and a winter, in which names of zones are compared with what they stand for
_SEASONS = pd.DatetimeIndex(["2024-01-15", "2024-07-15"], tz="UTC")


class UnknownZoneError(ValueError):
    """A time zone that has no name which pandas reads."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        super().__init__(f"{zone!r} has no name")


def zone_of(series: pd.Series) -> tzinfo | str | None:
    """Return the zone that a column's dtype states, or that all of its objects have."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = pd.Series(series.cat.categories)
    dtype = series.infer_objects().dtype
    zone: tzinfo | str | None = getattr(dtype, "tz", None)
    if zone is None and isinstance(dtype, pd.ArrowDtype):
        zone = getattr(dtype.pyarrow_dtype, "tz", None)
        return f"UTC{zone}" if zone is not None and zone[0] in "+-" else zone
    return zone


def name_of_zone(zone: tzinfo | str) -> str:
    """Return a name that pandas reads as the zone.

    Raises
    ------
    UnknownZoneError
        When there is none.

    Examples
    --------
    >>> name_of_zone(timezone(timedelta(hours=5.5), "IST"))
    'UTC+05:30'
    """
    if isinstance(zone, str):
        return zone
    of_file = re.search(r"'(?:.*zoneinfo/)?([^']+)'\)$", repr(zone))
    fixed = zone.utcoffset(None)
    names = [str(zone), of_file.group(1) if of_file else None, None if fixed is None else fixed_zone(fixed)]
    for name in names:
        if name is not None and _stands_for(name, zone):
            return name
    raise UnknownZoneError(zone)


def _stands_for(name: str, zone: tzinfo) -> bool:
    try:
        read = _SEASONS.tz_convert(name)
    except (KeyError, ValueError, TypeError, OSError):
        return False
    return bool((read.tz_localize(None) == _SEASONS.tz_convert(zone).tz_localize(None)).all())


def fixed_zone(offset: timedelta) -> str:
    """Return the name of the zone that is always so far from UTC."""
    return str(timezone(offset))


def stated_offsets(series: pd.Series) -> np.ndarray | None:
    """Return how far from UTC each text, or object in its place, says it is; None where the first says nothing.

    Returns
    -------
    ndarray of timedelta64[ns] or None
        NaT where the value is missing; 0 where only others state an offset.
    """
    if kind_of(series) not in {"text", "category"}:
        return None
    first = next((v for v in series.array if not is_missing(v)), None)
    if first is None or not _OFFSET.search(text_of(first)):
        return None
    codes, distinct = pd.factorize(np.asarray(to_texts(series), dtype=object))
    known = np.array([_offset_of(t) for t in distinct], dtype="timedelta64[m]")
    return np.append(known, np.timedelta64("NaT", "m")).astype("timedelta64[ns]")[codes]


def _offset_of(text: str) -> int:
    """Return the minutes from UTC at the end of a text."""
    found = _OFFSET.search(text)
    if found is None or found.group(1)[0] not in "+-":
        return 0
    digits = found.group(1)[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if found.group(1)[0] == "-" else minutes


def in_local_time(times: pd.DatetimeIndex, zone: tzinfo | str | None) -> pd.DatetimeIndex:
    """Return instants in UTC as clocks of a zone show them."""
    return times if zone is None else times.tz_localize("UTC").tz_convert(zone).tz_localize(None)


def in_utc(times: pd.DatetimeIndex, zone: str, series: np.ndarray | None = None) -> pd.DatetimeIndex:
    """Return what clocks of a zone show as instants in UTC.

    Of an hour that clocks show twice a series' second row is the later one; one that they leave out is the hour after.

    Parameters
    ----------
    times : DatetimeIndex
        Without a zone.
    zone : str
        The zone.
    series : ndarray, optional
        The number of each row's series.
    """
    rows = pd.DataFrame({"time": times, "series": 0 if series is None else series})
    first = rows.groupby(["series", "time"]).cumcount().to_numpy() == 0
    return times.tz_localize(zone, ambiguous=first, nonexistent="shift_forward").tz_convert("UTC").tz_localize(None)
