"""The instants of a time column: read, in the time of their zone, and in the periods of a grid."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from automl_jupyter.data.convert import (
    UnreadableValueError,
    holds_numbers,
    is_missing,
    kind_of,
    layout_of_numbers,
    text_of,
    to_instants,
    to_numbers,
)
from automl_jupyter.data.infer import layout_of
from automl_jupyter.data.panel import PanelIndex

_OFFSET = re.compile(r"\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)\s*$")


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
        return layout in {"%Y", "%Y%m%d"} if holds_numbers(series) else kind_of(series) in {"text", "category"}
    if not holds_numbers(series):
        return False
    units, found = ("s", "ms", "us", "ns"), layout_of_numbers(to_numbers(series).astype(np.float64))
    if not found.startswith("epoch:"):
        return True
    return units.index(found.removeprefix("epoch:")) <= units.index(layout.removeprefix("epoch:"))


def _n_read(series: pd.Series, layout: str) -> int:
    if holds_numbers(series):
        return 0
    return int((~np.isnat(to_instants(series, layout=layout, lenient=True))).sum())


def read_times(series: pd.Series, like: PanelIndex | None = None) -> tuple[np.ndarray, str | None, str | None]:
    """Return the instants of a time column, the zone they are shown in, and how they are written.

    Parameters
    ----------
    series : pandas.Series
        The column.
    like : PanelIndex, optional
        The training series, of a later table: its instants are written as theirs, and shown in their zone. Those
        without a zone are local time already.

    Returns
    -------
    instants : ndarray
        datetime64[ns] in UTC, NaT where missing.
    zone, layout : str or None

    Raises
    ------
    UnreadableValueError
        When a value is not an instant.
    """
    layout = layout_of(series) if like is None else like.layout
    instants = find_instants(series, layout).astype("datetime64[ns]")
    zone = _zone_of(series)
    if like is None or like.zone is None:
        return instants, zone, layout
    return instants, like.zone if zone is not None or _says_offset(series) else None, layout


def _zone_of(series: pd.Series) -> str | None:
    dtype = series.dtype
    zone = getattr(dtype, "tz", None)
    if zone is None and isinstance(dtype, pd.ArrowDtype):
        zone = getattr(dtype.pyarrow_dtype, "tz", None)
    return None if zone is None else str(zone)


def _says_offset(series: pd.Series) -> bool:
    """Return whether texts, or objects in their place, say how far they are from UTC; the first one tells."""
    first = next((v for v in series.array if not is_missing(v)), None)
    return first is not None and bool(_OFFSET.search(text_of(first)))


def in_local_time(times: pd.DatetimeIndex, zone: str | None) -> pd.DatetimeIndex:
    """Return instants in UTC as clocks of a zone show them."""
    return times if zone is None else times.tz_localize("UTC").tz_convert(zone).tz_localize(None)


def find_periods(times: pd.DatetimeIndex, frequency: str, like: PanelIndex | None = None) -> np.ndarray:
    """Return the instant of the grid each instant belongs to, in nanoseconds; `like` are the training series."""
    if like is not None:
        return like.moved_to_grid(times).as_unit("ns").asi8
    unique, inverse = np.unique(times.as_unit("ns").asi8, return_inverse=True)
    index = pd.DatetimeIndex(unique.view("datetime64[ns]"))
    counts = pd.Series(1, index=index).resample(frequency).count()
    labels = pd.DatetimeIndex(counts.index).as_unit("ns").asi8
    return np.repeat(labels, counts.to_numpy())[inverse]
