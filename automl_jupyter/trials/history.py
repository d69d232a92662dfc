"""Series as forecasters take them: values without holes, with what else is known of each period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl_jupyter.data.gaps import fill_target
from automl_jupyter.data.panel import PanelIndex
from automl_jupyter.errors import ModelInputError
from automl_jupyter.learners.series.base import MOST_PERIODS

if TYPE_CHECKING:
    from automl_jupyter.data.cache import CachedTable

#: the latest periods of each series, as many as forecasts may look at: a saved model keeps these and no more
RECENT_PERIODS = 4 * MOST_PERIODS


@dataclass(frozen=True, eq=False)
class History:
    """A panel up to where a forecast starts.

    Parameters
    ----------
    index : PanelIndex
        Which row is which series at which instant.
    y : ndarray of shape (n_rows,)
        The target, NaN where it was not observed.
    X : DataFrame
        The other columns, encoded.
    season : int
        Periods of a season; 1 for none.
    weight : ndarray, optional
        A weight a row.
    carried : tuple of str
        Columns whose missing values are the last known one; in `X` they are filled already.
    target_fill : float, str or None
        What gaps of the target become where the job says so, as `fill_target` takes it; in `y` they are filled already.
    given : ndarray of bool, optional
        Of a later table, the rows that had a target before gaps were filled; None for all that have one.
    """

    index: PanelIndex
    y: np.ndarray
    X: pd.DataFrame
    season: int = 1
    weight: np.ndarray | None = None
    carried: tuple[str, ...] = ()
    target_fill: float | str | None = None
    given: np.ndarray | None = None

    @cached_property
    def values(self) -> np.ndarray:
        """The target without holes: each takes the value of a season before, or the last one."""
        return fill_gaps(self.y, self.index, self.season)

    @cached_property
    def observed(self) -> np.ndarray:
        """Which rows have a target."""
        return np.asarray(np.isfinite(self.y))

    @cached_property
    def scale(self) -> np.ndarray:
        """The mean size of each series' recent values, never 0.

        Recent ones only, so that it is the same in the whole past and in what a saved model keeps of it.
        """
        index, rows = self.index.tail(RECENT_PERIODS)
        sums = np.bincount(index.series, np.abs(self.values[rows]), minlength=index.n_series)
        scale = sums / index.lengths
        return np.where(scale > 0, scale, 1.0)

    def head(self, lengths: np.ndarray) -> History:
        """Return the first rows of each series; those of none of a series leave it out."""
        index, rows = self.index.head(lengths)
        return self._of(index, rows)

    def tail(self, most: int) -> History:
        """Return the last rows of each series."""
        index, rows = self.index.tail(most)
        return self._of(index, rows)

    def part(self, first: int, last: int) -> History:
        """Return the series from `first` to before `last`."""
        return self._of(*self.index.part(first, last))

    def carry_on(self, future: pd.DataFrame, unknown: Sequence[str]) -> pd.DataFrame:
        """Return the columns of the periods to come, as many of each series, with what is carried on into them.

        Columns in `unknown` are left as they are.
        """
        columns = [c for c in self.carried if c not in unknown]
        n = self.index.n_series
        if not columns or not n:
            return future
        both = pd.concat([self.X.iloc[self.index.offsets[1:] - 1], future], ignore_index=True)
        series = np.concatenate([np.arange(n), np.repeat(np.arange(n), len(future) // n)])
        return carry(both, series, columns).iloc[n:].reset_index(drop=True)

    def _of(self, index: PanelIndex, rows: np.ndarray | slice) -> History:
        weight = None if self.weight is None else self.weight[rows]
        X = self.X.iloc[rows].reset_index(drop=True)
        return History(index, self.y[rows], X, self.season, weight, self.carried, self.target_fill)


def fill_gaps(y: np.ndarray, index: PanelIndex, season: int) -> np.ndarray:
    """Return `y` without NaN: the value of a season before, else the last one, else the next."""
    missing = np.isnan(y)
    if not missing.any():
        return y
    filled = y.copy()
    within = index.within
    if season > 1:
        for row in np.flatnonzero(missing).tolist():  # in order, so that long holes repeat the season before them
            if within[row] >= season:
                filled[row] = filled[row - season]
    rows = pd.Series(filled).groupby(index.series)
    return np.asarray(rows.ffill().groupby(index.series).bfill().fillna(0.0), dtype=np.float64)


def carry(X: pd.DataFrame, series: np.ndarray, columns: Sequence[str]) -> pd.DataFrame:
    """Return rows whose missing values of some columns are the last known one of their series, if there is one.

    Examples
    --------
    >>> X = pd.DataFrame({"price": [None, 2.0, None, None]})
    >>> carry(X, np.array([0, 0, 0, 1]), ["price"])["price"].tolist()
    [nan, 2.0, 2.0, nan]
    """
    if not columns:
        return X
    filled = X[list(columns)].groupby(series).ffill()
    return X.assign(**{name: filled[name] for name in columns})


def open_history(table: CachedTable) -> History:
    """Return the panel a cached table holds."""
    index = PanelIndex.from_dict(table.meta["panel"], table.arrays["starts"], table.arrays["offsets"])
    weight = None if table.weight is None else np.asarray(table.weight)
    carried = tuple((table.meta.get("featurization") or {}).get("carried", ()))
    X, about = carry(table.X, index.series, carried), table.meta["forecast"]
    return History(index, np.asarray(table.y), X, int(about["season"]), weight, carried, about.get("target_fill"))


def lengths_of(index: PanelIndex, rows: np.ndarray) -> np.ndarray:
    """Return how many of some rows each series has."""
    return np.bincount(index.series[np.asarray(rows)], minlength=index.n_series)


def future_rows(whole: History, lengths: np.ndarray, horizon: int, unknown: Sequence[str]) -> pd.DataFrame:
    """Return what is known of the periods after the first `lengths` rows: series by series, `horizon` rows each.

    Columns in `unknown` are missing, and so is what lies beyond the panel's end.
    """
    kept = np.flatnonzero(lengths > 0)
    steps = lengths[kept][:, None] + np.arange(horizon)
    rows = whole.index.offsets[:-1][kept][:, None] + steps
    rows = np.where(steps < whole.index.lengths[kept][:, None], rows, -1).ravel()
    return hidden(take_rows(whole.X, rows), unknown)


def take_rows(X: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Return rows by number; those of -1 are missing."""
    if X.shape[1] == 0:
        return pd.DataFrame(index=pd.RangeIndex(len(rows)))
    found = X.take(np.maximum(rows, 0)).reset_index(drop=True)
    lost = rows < 0
    return blanked(found, list(found.columns), lost) if lost.any() else found


def hidden(X: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return rows with some columns missing."""
    return blanked(X, [c for c in columns if c in X.columns], np.ones(len(X), dtype=bool))


def blanked(X: pd.DataFrame, columns: Sequence[str], rows: np.ndarray) -> pd.DataFrame:
    """Return rows with nothing in some cells."""
    changed: dict[Any, Any] = {}
    for name in columns:
        column = X[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            changed[name] = pd.Categorical.from_codes(np.where(rows, -1, column.cat.codes), dtype=column.dtype)
        elif pd.api.types.is_datetime64_dtype(column.dtype):
            changed[name] = column.mask(rows)
        elif pd.api.types.is_numeric_dtype(column.dtype):
            changed[name] = np.where(rows, np.nan, column.to_numpy())
        else:
            changed[name] = column.mask(rows, "")
    return X.assign(**changed) if changed else X


def write_history(folder: Path, table: CachedTable) -> None:
    """Write the recent periods of every series of a cached table, for a model to forecast from."""
    from automl_jupyter.data.cache import write_cache

    whole = open_history(table)
    recent = whole.tail(RECENT_PERIODS)
    meta = {
        "panel": recent.index.to_dict(),
        "forecast": table.meta["forecast"],
        "featurization": {"carried": list(recent.carried)},
    }
    arrays = {"starts": recent.index.starts, "offsets": recent.index.offsets}
    arrays |= {name: np.asarray(table.arrays[name]) for name in ("ranges", "scales")}
    write_cache(folder, X=recent.X, y=recent.y, weight=None, folds=[], meta=meta, arrays=arrays)


#: the files of a written history
HISTORY_FILES = tuple(
    f"history/{name}"
    for name in (
        "X.arrow", "y.npy", "meta.json", "array-starts.npy", "array-offsets.npy", "array-ranges.npy",
        "array-scales.npy",
    )
)  # fmt: skip


def learn_fills(X: pd.DataFrame, columns: Sequence[str], asked: Mapping[str, Mapping[str, Any]] | None) -> np.ndarray:
    """Return what missing values of numeric columns become where an imputer is asked for; NaN where they stay."""
    from automl_jupyter.featurization.columns import Imputation

    wanted = {at: asked[name] for at, name in enumerate(columns) if name in asked} if asked else {}
    fills = Imputation(wanted).fit(X[list(columns)]).fills if wanted else {}
    return np.array([fills.get(str(at), np.nan) for at in range(len(columns))], dtype=np.float64)


def numbers_of(X: pd.DataFrame, columns: Sequence[str], fills: np.ndarray | None) -> np.ndarray:
    """Return numeric columns as one array, what is missing as `learn_fills` says; earlier models know no fills."""
    table = X[list(columns)].to_numpy(dtype=np.float64)
    return table if fills is None else np.asarray(np.where(np.isnan(table), fills, table))


def join(earlier: History, later: History) -> History:
    """Return series with what came later; where both know a period, the later one is right.

    Parameters
    ----------
    earlier, later : History
        Panels of the same columns and frequency; series are told apart by the text of their ids.

    Raises
    ------
    ModelInputError
        When their instants do not lie on one grid.
    """
    a, b = earlier.index, later.index
    first = min(a.first, b.first)
    ends = [i.times(i.starts + i.lengths - 1).max() for i in (a, b)]
    grid = pd.date_range(first, max(ends), freq=a.frequency)
    shift = [int(grid.get_indexer(pd.DatetimeIndex([i.first]))[0]) for i in (a, b)]
    if min(shift) < 0:
        message = f"The instants do not lie on the grid of the training data, whose frequency is {a.frequency}."
        raise ModelInputError(message)
    numbers = dict(a.numbers)
    codes = [np.array([numbers.setdefault(k, len(numbers)) for k in i.keys], dtype=np.intp) for i in (a, b)]
    n = len(numbers)
    low, high = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
    for index, code, moved in zip((a, b), codes, shift, strict=True):
        np.minimum.at(low, code, index.starts + moved)
        np.maximum.at(high, code, index.starts + moved + index.lengths)
    offsets = np.concatenate([[0], np.cumsum(high - low)])
    source = np.full(int(offsets[-1]), -1)
    y = np.full(int(offsets[-1]), np.nan)
    for index, code, moved, panel, before in zip((a, b), codes, shift, (earlier, later), (0, a.n_rows), strict=True):
        at = offsets[:-1][code][index.series] + index.positions + moved - low[code][index.series]
        known = np.isfinite(panel.y) if panel.given is None else panel.given
        rows = np.flatnonzero(known | (source[at] < 0))  # what lies between a table's rows is not known better
        source[at[rows]] = before + rows
        y[at[known]] = panel.y[known]
    new = b.ids[codes[1] >= a.n_series]
    ids = pd.concat([a.ids, new], ignore_index=True) if len(new) else a.ids
    index = replace(a, ids=ids, starts=low, offsets=offsets, first=first, phase=a.phase + shift[0])
    X = take_rows(pd.concat([earlier.X, later.X], ignore_index=True), source)
    y = fill_target(y, index, earlier.target_fill)  # also between both, where neither table has a row
    X = carry(X, index.series, earlier.carried)
    return History(index, y, X, earlier.season, carried=earlier.carried, target_fill=earlier.target_fill)
