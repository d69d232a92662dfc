"""Series that are the sums of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import listing, plural
from automl_jupyter.errors import DataError, Problem

#: what stands in the columns below a level
ALL = "(all)"


class Hierarchy:
    """Which series are the sums of which.

    Parameters
    ----------
    frame : DataFrame
        A row a series at the bottom and period.
    columns : sequence of str
        The levels, from the top down.
    time, target : str
        The columns of instants and values.
    """

    def __init__(self, frame: pd.DataFrame, columns: Sequence[str], time: str, target: str) -> None:
        self.columns, self.time, self.target = list(columns), time, target
        rows = frame[[*columns, time, target]].copy()
        rows[list(columns)] = rows[list(columns)].astype(str)
        self._wide = rows.pivot_table(index=time, columns=list(columns), values=target, aggfunc="sum", dropna=False)
        self._wide = self._wide.loc[:, self._wide.notna().any()]
        ends = self._wide.apply(lambda s: s.last_valid_index())
        late = ends[ends < ends.max()]
        if len(late):
            names = listing([_name(k) for k in late.index], last="and", most=5)
            message = (
                f"{plural(len(late), 'series')} end before {ends.max()}: {names}. Sums would fall where they end; cut"
                " all series at one instant, or leave these out."
            )
            raise DataError([Problem("training_data", message)])
        self.bottom = [k if isinstance(k, tuple) else (k,) for k in self._wide.columns]

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
        values = self._wide.to_numpy(dtype=float)
        begun = np.maximum.accumulate(np.isfinite(values), axis=0)
        filled = np.where(begun, values, 0.0)  # what has not begun adds nothing; a gap later on is a gap of the sum
        summed = filled @ self.sums(at).T
        started = begun @ self.sums(at).T > 0
        parts: list[pd.DataFrame] = []
        for i, node in enumerate(self.nodes(at)):
            part = pd.DataFrame({self.time: self._wide.index, self.target: summed[:, i]})[started[:, i]]
            parts.append(part.dropna().assign(**dict(zip(self.columns, node, strict=True))))
        return pd.concat(parts, ignore_index=True)

    def shares(self, at: int, method: str) -> np.ndarray:
        """Return which share of its series of a level each series at the bottom has, shape (n_bottom,).

        Gross and Sohl, "Disaggregation methods to expedite product line forecasting" (1990): the mean of the shares of
        each period, or the share of the means.
        """
        values = np.nan_to_num(self._wide.to_numpy(dtype=float))
        own = self.sums(at)
        parents = values @ own.T @ own
        if method == "proportions_of_historical_average":
            values, parents = values.mean(axis=0, keepdims=True), parents.mean(axis=0, keepdims=True)
        known = parents != 0
        found = np.where(known, values / np.where(known, parents, 1), 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        totals = found @ own.T @ own
        return np.asarray(np.where(totals != 0, found / np.where(totals != 0, totals, 1), 1 / (own.sum(axis=1) @ own)))


def _name(key: Any) -> str:
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
