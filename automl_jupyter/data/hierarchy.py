"""Series that are the sums of others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl_jupyter.data.panel import name_some
from automl_jupyter.data.series import Panel
from automl_jupyter.errors import DataError, Problem

#: the level of the whole, and what stands in the columns below a level
ALL = "(all)"


class Hierarchy:
    """Which series are the sums of which.

    Parameters
    ----------
    panel : Panel
        The series at the bottom; their id columns are the levels, from the top down.
    target : str
        What their values are called.

    Raises
    ------
    DataError
        When series end before others.
    """

    def __init__(self, panel: Panel, target: str) -> None:
        index = panel.index
        self.columns, self.time, self.target = list(index.id_columns), index.time_column, target
        self.names = [ALL, *self.columns]
        ends = index.starts + index.lengths
        late = np.flatnonzero(ends < ends.max())
        if len(late):
            names = name_some([index.name_of(i) for i in late.tolist()])
            last = index.shown_times(np.array([ends.max() - 1]))[0]
            message = (
                f"{len(late)} series end before {last}: {names}. Sums would fall where they end; cut all series at one"
                " instant, or leave these out."
            )
            raise DataError([Problem("training_data", message)])
        self.bottom = [tuple(map(str, key)) for key in index.ids[self.columns].itertuples(index=False)]
        self._times = index.shown_times(np.arange(int(ends.max())))
        wide = np.full((len(self._times), index.n_series), np.nan)
        wide[index.positions, index.series] = panel.y
        self._begun = np.maximum.accumulate(np.isfinite(wide), axis=0)
        #: what has not begun adds nothing; a gap later on is a gap of the sum
        self._filled = np.where(self._begun, wide, 0.0)

    def nodes(self, at: int) -> list[tuple[str, ...]]:
        """Return the series of a level, 0 for the whole, each with ``(all)`` below it."""
        keys = dict.fromkeys(k[:at] for k in self.bottom)
        return [k + (ALL,) * (len(self.columns) - at) for k in keys]

    def sums(self, at: int) -> np.ndarray:
        """Return which series at the bottom each of a level sums, shape (n_nodes, n_bottom)."""
        nodes = {k[:at]: i for i, k in enumerate(self.nodes(at))}
        found = np.zeros((len(nodes), len(self.bottom)))
        found[[nodes[k[:at]] for k in self.bottom], np.arange(len(self.bottom))] = 1
        return found

    def level(self, at: int) -> pd.DataFrame:
        """Return the values of a level as a table like the one that was given."""
        filled = self._filled
        missing = self._summed(np.isnan(filled), at) > 0
        summed = np.where(missing, np.nan, self._summed(np.nan_to_num(filled), at))
        started = self._summed(self._begun, at) > 0
        parts: list[pd.DataFrame] = []
        for i, node in enumerate(self.nodes(at)):
            part = pd.DataFrame({self.time: self._times, self.target: summed[:, i]})[started[:, i]]
            parts.append(part.dropna().assign(**dict(zip(self.columns, node, strict=True))))
        return pd.concat(parts, ignore_index=True)

    def _summed(self, values: np.ndarray, at: int) -> np.ndarray:
        """Return what the series at the bottom have, summed to a level, shape (n_instants, n_nodes)."""
        if len(self.nodes(at)) == len(self.bottom):  # each stands for itself: no square of their number
            return np.asarray(values + 0.0)
        return np.asarray(values @ self.sums(at).T)

    def shares(self, at: int, method: str) -> np.ndarray:
        """Return which share of its series of a level each series at the bottom has, shape (n_bottom,).

        Gross and Sohl, "Disaggregation methods to expedite product line forecasting" (1990): the mean of the shares of
        each period, or the share of the means.
        """
        own = self.sums(at)
        filled = self._filled
        lacking = (np.isnan(filled) @ own.T > 0) @ own > 0  # as in `level`: a sum's gap says nothing of its shares
        values = np.where(lacking, 0.0, filled)
        parents = values @ own.T @ own
        if method == "proportions_of_historical_average":
            values, parents = values.mean(axis=0, keepdims=True), parents.mean(axis=0, keepdims=True)
        known = parents != 0
        found = np.where(known, values / np.where(known, parents, 1), 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        totals = found @ own.T @ own
        return np.asarray(np.where(totals != 0, found / np.where(totals != 0, totals, 1), 1 / (own.sum(axis=1) @ own)))
