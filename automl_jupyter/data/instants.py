"""The instants of a time column: read, in the time of their zone, and in the periods of a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter.data.convert import layout_of_numbers, to_instants, to_numbers
from automl_jupyter.data.frequency import make_grid
from automl_jupyter.data.infer import layout_of
from automl_jupyter.data.kinds import UnreadableValueError, holds_numbers, kind_of
from automl_jupyter.data.panel import PanelIndex, is_calendar, shown
from automl_jupyter.data.years import YEARS_WITH_FRACTIONS, are_shares
from automl_jupyter.data.zones import fixed_zone, in_local_time, in_utc, name_of_zone, stated_offsets, zone_of

#: how far clocks are put forward or back, at most
_CLOCKS = np.timedelta64(2, "h")


def find_instants(series: pd.Series, layout: str | None = None) -> np.ndarray:
    """Return a column that is known to hold instants as datetime64[ns] in UTC, however they are written.

    Parameters
    ----------
    series : pandas.Series
        The column.
    layout : str, optional
        How an earlier table writes the same column (`layout_of`): so are these read, unless most of them are written
        otherwise.

    Raises
    ------
    UnreadableValueError
        When a value is not an instant.
    """
    if layout is not None and _may_be_written(series, layout):
        try:
            return to_instants(series, layout=layout)
        except UnreadableValueError:
            if 2 * _n_read(series, layout) >= int(series.notna().sum()):
                raise
    return to_instants(series, layout=layout_of(series, layout))


def _may_be_written(series: pd.Series, layout: str) -> bool:
    """Return whether values of this kind can be in the layout at all, and are not too large for its unit."""
    if not layout.startswith("epoch:"):
        return layout in {"%Y", "%Y%m", "%Y%m%d"} if holds_numbers(series) else kind_of(series) in {"text", "category"}
    if not holds_numbers(series):
        return False
    units, found = ("s", "ms", "us", "ns"), layout_of_numbers(to_numbers(series).astype(np.float64))
    if layout in YEARS_WITH_FRACTIONS:
        return found in {"%Y", *YEARS_WITH_FRACTIONS}
    if not found.startswith("epoch:") or found in YEARS_WITH_FRACTIONS:
        return True
    return units.index(found.removeprefix("epoch:")) <= units.index(layout.removeprefix("epoch:"))


def _n_read(series: pd.Series, layout: str) -> int:
    if holds_numbers(series):
        return 0
    return int((~np.isnat(to_instants(series, layout=layout, lenient=True))).sum())


def read_times(
    series: pd.Series, like: PanelIndex | None = None, codes: np.ndarray | None = None
) -> tuple[np.ndarray, str | None, str | None]:
    """Return the instants of a time column, the zone they are shown in, and how they are written.

    Parameters
    ----------
    series : pandas.Series
        The column. Texts that state one offset from UTC are in the zone of that offset; with several, as summer time
        leaves them, the zone is UTC and `clocks_as_written` gives what they say.
    like : PanelIndex, optional
        The training series, of a later table: its instants are written as theirs, and shown in their zone. Those
        without a zone are local time in it.
    codes : ndarray, optional
        The number of each row's series.

    Returns
    -------
    instants : ndarray
        datetime64[ns], NaT where missing: in UTC, or local time where there is no zone.
    zone, layout : str or None

    Raises
    ------
    UnreadableValueError
        When a value is not an instant.
    UnknownZoneError
        When the zone of training data has no name.
    """
    layout = layout_of(series) if like is None else like.layout
    if like is None and layout == "epoch:year":
        _check_shares(series)
    instants = find_instants(series, layout).astype("datetime64[ns]")
    offsets = stated_offsets(series)
    if like is None:
        return instants, _training_zone(series, offsets), layout
    written = _written(series, instants, offsets)
    if written is None and like.zone is not None and not is_calendar(like.frequency):
        return in_utc(pd.DatetimeIndex(instants), like.zone, codes).to_numpy("datetime64[ns]"), like.zone, layout
    if written is None:
        return instants, None, layout
    if like.zone is None or _has_hours_of(written, like):
        return written, None, layout
    return instants, like.zone, layout


def _check_shares(series: pd.Series) -> None:
    """Refuse years whose fractions are no shares of a year but say a week, or a month and day."""
    numbers = to_numbers(series).astype(np.float64)
    if not are_shares(numbers[~np.isnan(numbers)]):
        hint = "What is behind the point is no share of a year. Write dates, such as 1990-01-31."
        raise UnreadableValueError(series[series.notna()].iloc[0], "a date or time", hint)


def _training_zone(series: pd.Series, offsets: np.ndarray | None) -> str | None:
    zone = zone_of(series)
    if zone is not None:
        return name_of_zone(zone)
    if offsets is None:
        return None
    distinct = np.unique(offsets[~np.isnat(offsets)])
    return fixed_zone(pd.Timedelta(distinct[0]).to_pytimedelta()) if len(distinct) == 1 else "UTC"


def _written(series: pd.Series, instants: np.ndarray, offsets: np.ndarray | None) -> np.ndarray | None:
    """Return what the clocks show of instants that have a zone or state an offset; None of others."""
    zone = zone_of(series)
    if zone is not None:
        return in_local_time(pd.DatetimeIndex(instants), zone).to_numpy("datetime64[ns]")
    return None if offsets is None else instants + offsets


def _has_hours_of(written: np.ndarray, like: PanelIndex) -> bool:
    """Return whether days begin, as written, when those of training do, whose zone is that of a single offset.

    It was read from texts of one half of the year; those of the other half state the offset of summer time.
    """
    if not is_calendar(like.frequency) or not str(like.zone).startswith("UTC"):
        return False
    times = pd.DatetimeIndex(written[~np.isnat(written)])
    return bool((times - times.normalize() == like.first - like.first.normalize()).all())


def clocks_as_written(series: pd.Series, instants: np.ndarray) -> np.ndarray | None:
    """Return the local time that texts with several offsets from UTC state; None of other columns."""
    offsets = None if zone_of(series) is not None else stated_offsets(series)
    if offsets is None or len(np.unique(offsets[~np.isnat(offsets)])) < 2:
        return None
    return np.asarray(instants + offsets)


def shown_as(times: np.ndarray, zone: str | None, like: PanelIndex) -> pd.DatetimeIndex:
    """Return what `read_times` gave of a table in the form that the training series are shown in."""
    found = pd.DatetimeIndex(times)
    return shown(found, like.zone, like.frequency) if zone is None else found.tz_localize("UTC").tz_convert(zone)


def find_periods(
    times: pd.DatetimeIndex, frequency: str, like: PanelIndex | None = None, zone: str | None = None
) -> np.ndarray:
    """Return the instant of the grid each instant belongs to, in nanoseconds.

    Parameters
    ----------
    times : DatetimeIndex
        In UTC, or local time where there is no zone or steps are days or longer.
    frequency : str
        The distance of neighbours on the grid.
    like : PanelIndex, optional
        The training series, of a later table.
    zone : str, optional
        The zone whose midnight periods shorter than a day are counted from.
    """
    if like is not None:
        return like.moved_to_grid(times).as_unit("ns").asi8
    unique, inverse = np.unique(times.as_unit("ns").asi8, return_inverse=True)
    index = pd.DatetimeIndex(unique.view("datetime64[ns]"))
    origin: Any = "start_day"
    if zone is not None and not is_calendar(frequency):
        origin = in_utc(in_local_time(index[:1], zone).normalize(), zone)[0]
    counts = pd.Series(1, index=index).resample(frequency, origin=origin).count()
    labels = pd.DatetimeIndex(counts.index).as_unit("ns").asi8
    return np.repeat(labels, counts.to_numpy())[inverse]


def find_grid(times: pd.DatetimeIndex, frequency: str) -> pd.DatetimeIndex:
    """Return the grid over instants that most of them lie on: it need not be that of the first.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-06"])
    >>> find_grid(days, "2D").day.tolist()
    [2, 4, 6]
    """
    offset = pd.tseries.frequencies.to_offset(frequency)
    assert offset is not None
    if not is_calendar(frequency):
        instants, step = times.as_unit("ns").asi8, int(offset.nanos)
        phases, counts = np.unique(instants % step, return_counts=True)
        low = int(instants.min())
        first = pd.Timestamp(low + (int(phases[np.argmax(counts)]) - low) % step)
    else:
        first = times.min().normalize() + usual_hour(times)
        units = pd.date_range(first, times.max(), freq=offset.base).as_unit("ns")
        if len(units):  # of several units a step may begin at each of the first ones
            at = units.get_indexer(times.as_unit("ns"))
            first = units[int(np.bincount(at[at >= 0] % offset.n, minlength=offset.n).argmax())]
    return make_grid(first, max(times.max(), first), frequency).as_unit("ns")


def usual_hour(times: pd.DatetimeIndex) -> pd.Timedelta:
    """Return how long after midnight most instants are."""
    return pd.Series(times - times.normalize()).mode()[0]


def at_usual_hour(times: pd.DatetimeIndex, codes: np.ndarray) -> pd.DatetimeIndex:
    """Return days of a zone's clocks at the hour that most of them begin at, where that is one hour.

    Days that begin at an hour of another zone begin an hour later when the clocks have changed, and one whose
    midnight the clocks leave out begins an hour later, too. Rows at hours that no clock explains are left as they are.

    Parameters
    ----------
    times : DatetimeIndex
        Local time, in order of series and time.
    codes : ndarray
        The number of each row's series; one with two rows on a day is left as it is.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2024-03-29 01:00", "2024-03-30 01:00", "2024-03-31 02:00"])
    >>> at_usual_hour(days, np.zeros(3)).hour.tolist()
    [1, 1, 1]
    """
    found = times.normalize() + usual_hour(times)
    if 2 * (found == times).sum() < len(times):
        return times
    found = found.where(np.abs((found - times).to_numpy()) <= _CLOCKS, times)
    meet = (np.diff(found.asi8) == 0) & (np.diff(codes) == 0) & (np.diff(times.asi8) != 0)
    return found.where(~np.isin(codes, codes[1:][meet]), times)
