"""Features of categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl_jupyter.featurization.feature import Feature
from automl_jupyter.featurization.numbers import missing_markers, one_hot

#: LightGBM searches splits over sets of levels up to here; past it, codes are an order by frequency.
MOST_CATEGORICAL = 1000
#: Columns with more levels than this also get how frequent each level is.
MANY_LEVELS = 50


class Levels:
    """The levels of one column in the training rows, most frequent first.

    Levels are matched by their text, because another frame of the same table may number them differently;
    while the vocabulary is the same object, which is usual, the matching is done once.
    """

    def __init__(self, position: int) -> None:
        self.position = position

    def fit(self, X: Any, *, min_count: int = 1, most: int | None = None) -> Levels:
        """Learn the levels with at least `min_count` rows, at most `most` of them."""
        column = X.iloc[:, self.position].array
        codes = np.asarray(column.codes)
        self.n_rows = len(codes)
        self.has_missing = bool((codes < 0).any())
        vocabulary = column.categories
        counts = np.bincount(codes[codes >= 0], minlength=len(vocabulary))
        order = np.argsort(-counts, kind="stable")
        order = order[counts[order] >= max(min_count, 1)][:most]
        # at once, as an index of Arrow strings takes ten times as long when it is asked for one after the other
        self.levels = [str(v) for v in vocabulary.to_numpy(dtype=object)[order].tolist()]
        self.counts = counts[order]
        self.n_seen = int((counts > 0).sum())
        return self

    def codes(self, X: Any) -> np.ndarray:
        """Return each row's position in :attr:`levels`, -1 for missing, -2 for a level not among them."""
        column = X.iloc[:, self.position].array
        vocabulary = column.categories
        known = getattr(self, "_known", None)
        if known is None or known[0] is not vocabulary:
            place = {level: k for k, level in enumerate(self.levels)}
            words = vocabulary.to_numpy(dtype=object)
            table = np.array([place.get(str(v), -2) for v in words] + [-1], dtype=np.int32)
            self._known = known = (vocabulary, table)
        return np.asarray(known[1][column.codes])  # code -1, missing, is the table's last entry

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_known"}


class CategoryCodes:
    """Codes by frequency for trees: 0 is the most frequent level; missing and unseen are NaN."""

    def __init__(self, positions: list[int]) -> None:
        self.positions = positions

    def fit(self, X: Any) -> CategoryCodes:
        """Learn the levels; in a column with many, those with one row are left out, as they tell nothing."""
        self.columns = []
        for p in self.positions:
            levels = Levels(p).fit(X)
            if len(levels.levels) > MANY_LEVELS:
                levels = levels.fit(X, min_count=2)
            self.columns.append(levels)
        self.many = [j for j, c in enumerate(self.columns) if len(c.levels) > MANY_LEVELS]
        #: Which features are codes a booster may treat as sets of levels.
        self.categorical = [j for j, c in enumerate(self.columns) if len(c.levels) <= MOST_CATEGORICAL]
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.positions) + len(self.many)

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the codes, then the frequencies of columns with many levels."""
        for j, column in enumerate(self.columns):
            codes = column.codes(X)
            out[:, j] = np.where(codes < 0, np.nan, codes)
            if j in self.many:
                out[:, len(self.columns) + self.many.index(j)] = _share(column, codes)

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column``, ``column__frequency``)."""
        found = [Feature(columns[p], (p,), "LabelEncoder") for p in self.positions]
        return found + _frequencies([self.positions[j] for j in self.many], columns)


class OneHot:
    """A feature a level; rare levels share one, missing has its own, unseen levels count as rare.

    Parameters
    ----------
    positions : list of int
        Category columns.
    min_frequency : int
        Rows a level needs for a feature of its own.
    max_levels : int
        Features a column may become, the most frequent levels first.
    """

    def __init__(self, positions: list[int], min_frequency: int, max_levels: int) -> None:
        self.positions = positions
        self.min_frequency = min_frequency
        self.max_levels = max_levels

    def fit(self, X: Any) -> OneHot:
        """Learn the levels."""
        self.columns = [Levels(p).fit(X, min_count=self.min_frequency, most=self.max_levels) for p in self.positions]
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return sum(_n_slots(c) for c in self.columns)

    def hot(self, X: Any) -> np.ndarray:
        """Return the position of each row's 1 in each column, -1 for none."""
        hot = np.empty((len(X), len(self.columns)), dtype=np.int32)
        start = 0
        for j, column in enumerate(self.columns):
            codes = column.codes(X)
            n = len(column.levels)
            rare = start + n if _has_rare(column) else -1
            missing = start + n + _has_rare(column) if column.has_missing else -1
            hot[:, j] = np.where(codes >= 0, start + codes, np.where(codes == -1, missing, rare))
            start += _n_slots(column)
        return hot

    def sparse(self, X: Any) -> Any:
        """Return the features, sparse."""
        return one_hot(self.hot(X), self.width)

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features."""
        hot = self.hot(X)
        out[:] = 0
        rows, columns = np.nonzero(hot >= 0)
        out[rows, hot[rows, columns]] = 1

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column=level``, ``column__rare``, ``column__missing``)."""
        found: list[Feature] = []
        for p, column in zip(self.positions, self.columns, strict=True):
            names = [f"{columns[p]}={level}" for level in column.levels]
            names += [f"{columns[p]}__rare"] * _has_rare(column)
            found += [Feature(name, (p,), "OneHotEncoder") for name in names]
            found += missing_markers([p] * column.has_missing, columns)
        return found


class Frequencies:
    """How frequent each row's level is among the training rows, scaled; for columns too wide to one-hot."""

    def __init__(self, positions: list[int]) -> None:
        self.positions = positions

    def fit(self, X: Any) -> Frequencies:
        """Learn the frequencies."""
        self.columns = [Levels(p).fit(X) for p in self.positions]
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.positions)

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features: ``log10(1 + share · 1000)``, between 0 and 3."""
        for j, column in enumerate(self.columns):
            out[:, j] = np.log10(1 + 1000 * _share(column, column.codes(X)))

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column__frequency``)."""
        return _frequencies(self.positions, columns)


def _frequencies(positions: Sequence[int], columns: Sequence[str]) -> list[Feature]:
    return [Feature(f"{columns[p]}__frequency", (p,), "FrequencyEncoder") for p in positions]


def _share(column: Levels, codes: np.ndarray) -> np.ndarray:
    """Return the share of training rows with each row's level, 0 for missing and unseen."""
    shares = np.append(column.counts / max(column.n_rows, 1), 0.0)
    return np.asarray(shares[np.where(codes < 0, len(column.levels), codes)])


def _has_rare(column: Levels) -> bool:
    return column.n_seen > len(column.levels)


def _n_slots(column: Levels) -> int:
    return len(column.levels) + _has_rare(column) + column.has_missing
