"""Many time series in one table: each on the same grid of instants, without holes, one series after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import listing, plain
from automl_jupyter.data.frequency import grid_around, move_to_grid
from automl_jupyter.data.kinds import text_of
from automl_jupyter.data.vocabulary import distinct_texts

#: series named in a message
MOST_NAMED = 5
#: rows below which each value is read by itself
_FEW_ROWS = 64


@dataclass(frozen=True, eq=False)
class PanelIndex:
    """Which row is which series at which instant.

    Parameters
    ----------
    time_column : str
        The column of instants.
    id_columns : tuple of str
        The columns that together name a series; empty for a single series.
    frequency : str
        The distance of neighbours, as a pandas offset alias.
    zone : str, optional
        The time zone instants are shown in.
    first : Timestamp
        The instant of position 0, without a zone: local time for days and longer steps, UTC for shorter ones.
    ids : DataFrame
        A row a series, a column an id column.
    starts : ndarray of int, shape (n_series,)
        The position of each series' first row on the grid.
    offsets : ndarray of int, shape (n_series + 1,)
        Where each series' rows begin and, last, where they end.
    layout : str, optional
        How the time column writes instants, as `layout_of` found it; None where its dtype says it.
    phase : int, default 0
        The position of the first instant of the training data, which seasons are counted from; more than 0 where
        series that begin earlier have joined.
    moved : bool, default False
        Whether rows lay between the instants of the grid and were moved to them.
    """

    time_column: str
    id_columns: tuple[str, ...]
    frequency: str
    zone: str | None
    first: pd.Timestamp
    ids: pd.DataFrame
    starts: np.ndarray
    offsets: np.ndarray
    layout: str | None = None
    phase: int = 0
    moved: bool = False

    @property
    def n_series(self) -> int:
        """How many series there are."""
        return len(self.starts)

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.offsets[-1])

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many rows each series has."""
        return np.diff(self.offsets)

    @cached_property
    def series(self) -> np.ndarray:
        """The number of each row's series."""
        return np.repeat(np.arange(self.n_series), self.lengths)

    @cached_property
    def within(self) -> np.ndarray:
        """How many rows of its series come before each row."""
        return np.asarray(np.arange(self.n_rows) - np.repeat(self.offsets[:-1], self.lengths))

    @cached_property
    def positions(self) -> np.ndarray:
        """The position of each row on the grid."""
        return np.asarray(self.within + np.repeat(self.starts, self.lengths))

    @cached_property
    def keys(self) -> list[tuple[str, ...]]:
        """The texts of each series' ids, by which series of several tables are told apart."""
        return id_keys(self.ids[list(self.id_columns)])

    @cached_property
    def numbers(self) -> dict[tuple[str, ...], int]:
        """The number of each series by the texts of its ids."""
        return {key: s for s, key in enumerate(self.keys)}

    def times(self, positions: np.ndarray) -> pd.DatetimeIndex:
        """Return the instants at positions of the grid, without a zone."""
        positions = np.asarray(positions)
        grid = self.grid(int(positions.max(initial=0)) + 1)
        return grid[positions]

    def grid(self, n: int) -> pd.DatetimeIndex:
        """Return the first `n` instants of the grid."""
        return pd.date_range(self.first, periods=n, freq=self.frequency)

    def moved_to_grid(self, times: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the instant of the grid, also before and after these series, whose period each instant lies in."""
        return move_to_grid(times, self.first, self.frequency) if len(times) else times

    def settled(self, times: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return instants of a later table, moved to the grid where training moved them, else within the day alone.

        Days that begin at an hour of another zone begin an hour later when the clocks have changed.
        """
        if not is_calendar(self.frequency) or not (self.moved or self.zone is not None):
            return times
        found = self.moved_to_grid(times)
        return found if self.moved else found.where(found.normalize() == times.normalize(), times)

    def around(self, times: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Return the part of the grid that reaches over some instants."""
        return grid_around(self.first, times.min(), times.max(), self.frequency)

    def shown_times(self, positions: np.ndarray) -> pd.DatetimeIndex:
        """Return the instants at positions as users gave them: in their time zone, if they had one."""
        return shown(self.times(positions), self.zone, self.frequency)

    def frame(self, series: np.ndarray, positions: np.ndarray) -> pd.DataFrame:
        """Return the id columns and the time column of some cells, a row a cell."""
        found = {name: self.ids[name].to_numpy()[series] for name in self.id_columns}
        return pd.DataFrame({**found, self.time_column: self.shown_times(positions)})

    def name_of(self, series: int) -> str:
        """Return what a series is called."""
        return series_name(self.ids.iloc[series])

    def head(self, lengths: np.ndarray) -> tuple[PanelIndex, np.ndarray]:
        """Return the index of the first rows of each series, and which rows these are; series without any are left out.

        Parameters
        ----------
        lengths : ndarray of int, shape (n_series,)
            How many rows of each series.
        """
        kept = np.flatnonzero(lengths > 0)
        rows = np.flatnonzero(self.within < lengths[self.series])
        offsets = np.concatenate([[0], np.cumsum(lengths[kept])])
        ids = self.ids.iloc[kept].reset_index(drop=True)
        return replace(self, ids=ids, starts=self.starts[kept], offsets=offsets), rows

    def tail(self, most: int) -> tuple[PanelIndex, np.ndarray]:
        """Return the index of the last `most` rows of each series, and which rows these are."""
        cut = np.maximum(self.lengths - most, 0)
        rows = np.flatnonzero(self.within >= cut[self.series])
        offsets = np.concatenate([[0], np.cumsum(self.lengths - cut)])
        return replace(self, starts=self.starts + cut, offsets=offsets), rows

    def part(self, first: int, last: int) -> tuple[PanelIndex, slice]:
        """Return the index of the series from `first` to before `last`, and their rows."""
        offsets = self.offsets[first : last + 1]
        ids = self.ids.iloc[first:last].reset_index(drop=True)
        found = replace(self, ids=ids, starts=self.starts[first:last], offsets=offsets - offsets[0])
        return found, slice(int(offsets[0]), int(offsets[-1]))

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the two arrays as plain JSON values."""
        return {
            "time_column": self.time_column,
            "id_columns": list(self.id_columns),
            "frequency": self.frequency,
            "zone": self.zone,
            "first": self.first.isoformat(),
            "ids": {name: [_plain_id(v) for v in self.ids[name]] for name in self.id_columns},
            "layout": self.layout,
            "phase": self.phase,
            "moved": self.moved,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any], starts: np.ndarray, offsets: np.ndarray) -> PanelIndex:
        """Return the index that `to_dict` wrote, with its arrays."""
        names = tuple(value["id_columns"])
        ids = pd.DataFrame({n: value["ids"][n] for n in names}, index=pd.RangeIndex(len(starts)))
        first = pd.Timestamp(value["first"])
        return cls(
            value["time_column"], names, value["frequency"], value["zone"], first, ids,
            np.asarray(starts), np.asarray(offsets),
            layout=value.get("layout"), phase=value.get("phase", 0), moved=value.get("moved", False),
        )  # fmt: skip


def id_keys(ids: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the texts of each row's ids: 1 and 1.0 name the same series.

    Examples
    --------
    >>> id_keys(pd.DataFrame({"region": ["n", "s"], "shop": [1.0, 2.5]}))
    [('n', '1'), ('s', '2.5')]
    """
    if not len(ids.columns):
        return [()] * len(ids)
    return list(zip(*(_texts_of(ids[name]) for name in ids.columns), strict=True))


def _texts_of(column: pd.Series) -> list[str]:
    if len(column) > _FEW_ROWS:
        codes, texts = distinct_texts(column)
        if (codes >= 0).all():  # what is missing has a text here, too
            found: list[str] = np.asarray(texts, dtype=object)[codes].tolist()
            return found
    return [text_of(v) for v in column]


def shown(times: pd.DatetimeIndex, zone: str | None, frequency: str) -> pd.DatetimeIndex:
    """Return instants of a grid in the zone they came in."""
    if zone is None:
        return times
    if is_calendar(frequency):
        return times.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return times.tz_localize("UTC").tz_convert(zone)


def is_calendar(frequency: str) -> bool:
    """Return whether steps are days or longer, which clocks put forward do not change.

    Examples
    --------
    >>> is_calendar("D"), is_calendar("MS"), is_calendar("15min")
    (True, True, False)
    """
    offset = pd.tseries.frequencies.to_offset(frequency)
    return not isinstance(offset, pd.offsets.Tick) or frequency.endswith("D")


def series_name(ids: Sequence[Any] | pd.Series) -> str:
    """Return what the series with these id values is called in messages."""
    values = [plain(v, most=60) for v in ids]
    return "/".join(values) if values else "the series"


def name_some(names: Sequence[str], most: int = MOST_NAMED, *, of: int | None = None) -> str:
    """Return some series' names as text; `of` is how many there are, where only the first `most` are given."""
    if of is not None and of > most:
        return ", ".join(names[:most]) + f" and {of - most} more"
    return listing(list(names), last="and", most=most)


def _plain_id(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, int | float | bool | str) else text_of(value)
