"""How far apart the observations of a time series are: inferred, parsed, and turned into a grid of instants."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

#: aliases of earlier pandas versions, and what they are called now
_OLD_NAMES = {
    "M": "ME", "Q": "QE", "A": "YE", "Y": "YE", "BM": "BME", "BQ": "BQE", "BA": "BYE", "BY": "BYE", "SM": "SME",
    "H": "h", "T": "min", "S": "s", "L": "ms", "AS": "YS", "BAS": "BYS",
}  # fmt: skip
_DAY_NAMES = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_SECOND = 1_000_000_000
_DAY = 24 * 3600 * _SECOND
#: units whose periods are called by their last day; all others by their first
_BY_LAST_DAY = {"W", "ME", "QE", "YE", "BME", "BQE", "BYE"}
#: share of the steps between neighbours that must agree for a frequency to be inferred
_AGREEING = 0.5
#: fewest days without a weekend from which on business days are meant
_BUSINESS_DAYS = 15


def parse_frequency(name: str) -> str | None:
    """Return a frequency as pandas spells it today, or None when there is none such.

    Examples
    --------
    >>> parse_frequency("M"), parse_frequency("W"), parse_frequency("15T"), parse_frequency("fortnight")
    ('ME', 'W-SUN', '15min', None)
    """
    found = re.fullmatch(r"(\d*\.?\d*)([A-Za-z]+)(-[A-Za-z0-9]+)?", name.strip())
    if found is None:
        return None
    count, unit, anchor = found.groups()
    unit = _OLD_NAMES.get(unit, unit)
    for spelled in (unit, unit.upper(), unit.lower(), unit.capitalize()):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                offset = pd.tseries.frequencies.to_offset(f"{count}{_OLD_NAMES.get(spelled, spelled)}{anchor or ''}")
        except ValueError:
            continue
        if offset is not None and offset.n > 0:
            return str(offset.freqstr)
    return None


def infer_frequency(times: Sequence[np.ndarray]) -> str | None:
    """Return the frequency most neighbours keep, or None where no step is usual.

    Parameters
    ----------
    times : sequence of ndarray
        For each series its distinct instants, sorted, in nanoseconds.

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=20, freq="MS").as_unit("ns").asi8
    >>> infer_frequency([days])
    'MS'
    """
    long_enough = [t for t in times if len(t) > 1]
    if not long_enough:
        return None
    steps = np.concatenate([np.diff(t) for t in long_enough])
    every = pd.DatetimeIndex(np.concatenate(long_enough))  # an instant of many series has as many votes
    days = steps / _DAY
    if np.median(steps) >= 27 * _DAY:
        return _calendar_frequency(days, every)
    if (twice := _twice_a_month(days, every)) is not None:
        return twice
    common, counts = np.unique(steps, return_counts=True)
    step = int(common[np.argmax(counts)])
    if step % _DAY == 0 and step <= 7 * _DAY and _weekdays_only(every) and step == _DAY:
        return "B"
    if counts.max() < _AGREEING * len(steps):
        return None
    if step % (7 * _DAY) == 0:
        n = step // (7 * _DAY)
        return f"{n if n > 1 else ''}W-{_usual_weekday(every)}"
    if step % _DAY == 0:
        return f"{step // _DAY if step > _DAY else ''}D"
    offset = pd.tseries.frequencies.to_offset(pd.Timedelta(step, unit="ns"))
    return None if offset is None else str(offset.freqstr)


def _twice_a_month(days: np.ndarray, every: pd.DatetimeIndex) -> str | None:
    """Return a frequency of two days a month: a fixed one, and the first or the last."""
    if not 6 <= np.median(days) <= 25 or len(np.unique(days)) == 1:
        return None
    for unit, at_end in (("SMS", every.day == 1), ("SME", every.is_month_end)):
        fixed = np.unique(every.day[~at_end])
        if len(fixed) == 1 and 7 <= fixed[0] <= 24 and 0.3 <= at_end.mean() <= 0.7:
            return parse_frequency(f"{unit}-{fixed[0]}")
    return None


def _weekdays_only(every: pd.DatetimeIndex) -> bool:
    return bool((every.day_of_week < 5).all()) and every.nunique() >= _BUSINESS_DAYS


def _usual_weekday(every: pd.DatetimeIndex) -> str:
    return _DAY_NAMES[int(np.bincount(every.day_of_week, minlength=7).argmax())]


def _calendar_frequency(days: np.ndarray, every: pd.DatetimeIndex) -> str | None:
    """Return a frequency of months, quarters or years; what is counted in weeks has kept its weekday."""
    months = np.round(days / 30.4375)
    common, counts = np.unique(months, return_counts=True)
    step = int(common[np.argmax(counts)])
    if counts.max() < _AGREEING * len(days) or step < 1:
        return None
    weeks = days / 7
    if (weeks == np.round(weeks)).all() and len(np.unique(days)) == 1 and every.day.nunique() > 1:
        return f"{int(weeks[0])}W-{_usual_weekday(every)}"
    starts = float((every.day == 1).mean()) >= float(every.is_month_end.mean())
    if step % 12 == 0:
        unit, n = ("YS" if starts else "YE"), step // 12
        anchor = f"-{_MONTH_NAMES[int(np.bincount(every.month, minlength=13)[1:].argmax())]}"
    elif step == 3:
        unit, n = ("QS" if starts else "QE"), 1
        month = int(np.bincount((every.month - 1) % 3, minlength=3).argmax())
        anchor = f"-{_MONTH_NAMES[month if starts else 9 + month]}"
    else:
        unit, n, anchor = ("MS" if starts else "ME"), step, ""
    return parse_frequency(f"{n if n > 1 else ''}{unit}{anchor}")


def make_grid(first: pd.Timestamp, last: pd.Timestamp, frequency: str) -> pd.DatetimeIndex:
    """Return every instant of a frequency from `first` to `last`; whatever is asked of hours starts at `first`."""
    offset = pd.tseries.frequencies.to_offset(frequency)
    assert offset is not None
    start = first if isinstance(offset, pd.offsets.Tick) else _keep_hour(offset.rollback(first), first)
    grid = pd.date_range(start, last, freq=offset)
    return grid[grid >= first] if len(grid) else pd.DatetimeIndex([first])


def _keep_hour(rolled: pd.Timestamp, first: pd.Timestamp) -> pd.Timestamp:
    return rolled.normalize() + (first - first.normalize())


def grid_around(first: pd.Timestamp, low: pd.Timestamp, high: pd.Timestamp, frequency: str) -> pd.DatetimeIndex:
    """Return the part of the grid through `first` from before `low` to after `high`, wherever `first` lies.

    Examples
    --------
    >>> days = [pd.Timestamp(f"2024-01-{d:02}") for d in (10, 5, 6)]
    >>> [t.day for t in grid_around(*days, "2D")]
    [4, 6, 8]
    """
    offset = pd.tseries.frequencies.to_offset(frequency)
    assert offset is not None
    low, high = low.normalize(), high.normalize() + pd.Timedelta(1, "D")
    # Of several units a step the grid is counted from its own instant, which a range that begins elsewhere would miss.
    n_before = len(pd.date_range(low, first, freq=offset.base)) // offset.n + 2
    before = pd.date_range(end=first, periods=n_before, freq=offset)
    n_after = len(pd.date_range(first, high, freq=offset)) + 1
    after = pd.date_range(first, periods=n_after, freq=offset)
    grid = pd.DatetimeIndex(before[before < first].append(after))
    return grid[max(grid.searchsorted(low, side="right") - 1, 0) : grid.searchsorted(high) + 1]


def move_to_grid(times: pd.DatetimeIndex, first: pd.Timestamp, frequency: str) -> pd.DatetimeIndex:
    """Return the instant, on the grid through `first`, of the period that each instant lies in.

    Examples
    --------
    >>> middles = pd.DatetimeIndex(["2024-02-15", "2024-03-15"])
    >>> [str(t.date()) for t in move_to_grid(middles, pd.Timestamp("2024-05-01"), "MS")]
    ['2024-02-01', '2024-03-01']
    """
    offset = pd.tseries.frequencies.to_offset(frequency)
    assert offset is not None
    grid = grid_around(first, times.min(), times.max(), frequency)
    starts, wanted = grid, times
    if not isinstance(offset, pd.offsets.Tick) or isinstance(offset, pd.offsets.Day):
        starts, wanted = grid.normalize(), times.normalize()  # the hours of a day are one period
    edges, at = starts.as_unit("ns").asi8, wanted.as_unit("ns").asi8
    if offset.rule_code.split("-")[0] in _BY_LAST_DAY:
        return grid[np.searchsorted(edges, at)]
    return grid[np.searchsorted(edges, at, side="right") - 1]


def extend_grid(last: pd.Timestamp, n: int, frequency: str) -> pd.DatetimeIndex:
    """Return the `n` instants after `last`.

    Examples
    --------
    >>> [str(t.date()) for t in extend_grid(pd.Timestamp("2024-01-31"), 2, "ME")]
    ['2024-02-29', '2024-03-31']
    """
    return pd.date_range(last, periods=n + 1, freq=frequency)[1:]


def natural_seasons(frequency: str) -> tuple[int, ...]:
    """Return the numbers of periods after which a calendar repeats, the shortest first.

    Examples
    --------
    >>> natural_seasons("h"), natural_seasons("D"), natural_seasons("MS"), natural_seasons("30min")
    ((24, 168), (7, 365), (12,), (48, 336))
    """
    offset = pd.tseries.frequencies.to_offset(frequency)
    assert offset is not None
    days = isinstance(offset, pd.offsets.Day)  # not the last letter of the name: W-WED has it, too
    if days or isinstance(offset, pd.offsets.Tick):
        step = pd.Timedelta(offset.n, unit="D") if days else pd.Timedelta(offset.nanos, unit="ns")
        spans = [pd.Timedelta(1, "h"), pd.Timedelta(1, "D"), pd.Timedelta(7, "D"), pd.Timedelta(365, "D")]
        if step >= pd.Timedelta(1, "min"):  # of minutes the day is the season, as the field has it
            spans = spans[1:]
        if step < pd.Timedelta(1, "D"):
            spans = [span for span in spans if span <= pd.Timedelta(7, "D")]
        counts = [int(span // step) for span in spans if span % step == pd.Timedelta(0) and span > step]
        return tuple(c for c in counts if c > 1)
    name, n = offset.rule_code.split("-")[0], offset.n
    months = dict.fromkeys(("MS", "ME", "BMS", "BME"), 12)
    quarters = dict.fromkeys(("QS", "QE", "BQS", "BQE"), 4)
    per_year = {"W": 52, **months, **quarters, "SMS": 24, "SME": 24}
    if name == "B":
        return (5, 260) if n == 1 else ()
    count = per_year.get(name, 1)
    return (count // n,) if count % n == 0 and count // n > 1 else ()
