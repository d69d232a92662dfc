"""Features of numbers. Each part fills its own columns of one shared matrix: no copies to concatenate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from automl_jupyter.featurization.feature import Feature

#: Rows quantiles are taken from; more would change the third digit.
_SAMPLE = 50_000
_LIMIT = np.finfo(np.float32).max
#: columns whose values differ by less are stretched: scikit-learn's trees take values within 1e-7 for equal
_LEAST_SPREAD = 1e-3


def column_of(X: Any, position: int) -> np.ndarray:
    """Return one numeric column of a canonical frame as it is."""
    return np.asarray(X.iloc[:, position].array)


def quantiles(values: np.ndarray, at: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return quantiles of the present values (all 0 where there are none), from at most 50,000 of them."""
    values = values[:: -(-len(values) // _SAMPLE)] if len(values) > _SAMPLE else values
    values = values[~np.isnan(values)]
    return np.quantile(values, at).astype(np.float64) if len(values) else np.zeros(len(at))


def into(out: np.ndarray, values: np.ndarray) -> None:
    """Write double precision into a single precision column; what is too large becomes the largest number."""
    if values.dtype == np.float64:
        values = np.clip(values, -_LIMIT, _LIMIT)
    out[:] = values


class RawNumbers:
    """Numbers as they are, NaN where missing.

    A double-precision column that lies far from zero for its spread (an instant in seconds, say) is shifted
    by its median, as single precision would lose its differences; to a tree that is the same column.
    So is one multiplied by a power of two, which is done where all values are close together.
    """

    #: what featurizers saved by earlier versions do not have
    factors: Sequence[float] | None = None

    def __init__(self, positions: list[int]) -> None:
        self.positions = positions

    def fit(self, X: Any) -> RawNumbers:
        """Learn the shifts and factors."""
        self.shifts: list[float] = []
        self.factors = [_stretch(column_of(X, p)) for p in self.positions]
        for p in self.positions:
            values = column_of(X, p)
            shift = 0.0
            if values.dtype == np.float64:
                low, middle, high = quantiles(values, (0.25, 0.5, 0.75))
                with np.errstate(over="ignore"):  # a spread past the largest number is an infinite one
                    spread = high - low
                    if spread <= 0 and len(values):  # most rows have one value: the others are what differs
                        spread = np.fmax.reduce(values) - np.fmin.reduce(values)
                    shift = float(middle) if abs(middle) / 1000 > spread else 0.0
            self.shifts.append(shift)
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.positions)

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features."""
        factors = self.factors or [1.0] * len(self.shifts)
        for j, (p, shift, factor) in enumerate(zip(self.positions, self.shifts, factors, strict=True)):
            values = column_of(X, p)
            if shift or factor != 1:
                with np.errstate(over="ignore"):  # what is too large becomes the largest number
                    values = (values.astype(np.float64) - shift) * factor
            into(out[:, j], values)

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column``)."""
        return [Feature(columns[p], (p,), "Numeric") for p in self.positions]


def _stretch(values: np.ndarray) -> float:
    """Return the power of two that makes a tiny range about 1, and 1 for any other range."""
    if not len(values):
        return 1.0
    spread = float(np.fmax.reduce(values)) - float(np.fmin.reduce(values))
    return float(2.0 ** min(-math.frexp(spread)[1], 1000)) if 0 < spread < _LEAST_SPREAD else 1.0


class Scaler:
    """Robust scaling and smooth clipping of the columns of a matrix, with indicators of what was missing.

    ``z = (x - median) / (q75 - q25)``, then ``z / sqrt(1 + (z / 3)²)``, which leaves the middle alone and
    lets no outlier past ±3. Missing values become 0, the median; where some are missing in training, an
    indicator is appended. (Robust scale and smooth clip after RealMLP, Holzmüller et al. 2024.)
    """

    def fit(self, values: Sequence[np.ndarray]) -> Scaler:
        """Learn medians, spreads and which columns miss values."""
        self.center = np.zeros(len(values))
        self.factor = np.zeros(len(values))
        missing: list[int] = []
        for j, column in enumerate(values):
            low, middle, high = quantiles(column, (0.25, 0.5, 0.75))
            with np.errstate(over="ignore"):
                spread = high - low
            if spread <= 0 and len(column):
                with_values = column[~np.isnan(column)]
                spread = float(with_values.max()) / 2 - float(with_values.min()) / 2 if len(with_values) else 0.0
            # The reciprocal of what is smaller than this is infinite, and so is that of nothing.
            self.center[j] = middle
            self.factor[j] = 1 / spread if spread >= np.finfo(np.float64).tiny else 0.0
            if np.isnan(column).any():
                missing.append(j)
        self.missing = missing
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.center) + len(self.missing)

    def fill(self, values: Sequence[np.ndarray], out: np.ndarray) -> None:
        """Write the scaled columns, then the indicators."""
        n = len(self.center)
        place = {j: n + k for k, j in enumerate(self.missing)}
        for j, column in enumerate(values):
            absent = np.isnan(column)
            with np.errstate(over="ignore"):  # what is far off is clipped
                z = (column.astype(np.float64) - self.center[j]) * self.factor[j]
            z = np.where(absent, 0.0, np.clip(z, -1e6, 1e6))
            out[:, j] = z / np.sqrt(1 + (z / 3) ** 2)
            if j in place:
                out[:, place[j]] = absent


class ScaledNumbers:
    """Numbers for learners that need scales alike and nothing missing."""

    def __init__(self, positions: list[int]) -> None:
        self.positions = positions

    def fit(self, X: Any) -> ScaledNumbers:
        """Learn the scales."""
        self.scaler = Scaler().fit([column_of(X, p) for p in self.positions])
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return self.scaler.width

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features."""
        self.scaler.fill([column_of(X, p) for p in self.positions], out)

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column``, ``column__missing``)."""
        found = [Feature(columns[p], (p,), "MedianImputer") for p in self.positions]
        return found + missing_markers([self.positions[j] for j in self.scaler.missing], columns)


class BinnedNumbers:
    """Numbers as one-hot bins of equal shares, a missing value in a bin of its own.

    Naive Bayes asks for features that are never negative; of a bin it learns a shape, of a scaled number only
    a slope.
    """

    def __init__(self, positions: list[int], n_bins: int) -> None:
        self.positions = positions
        self.n_bins = n_bins

    def fit(self, X: Any) -> BinnedNumbers:
        """Learn the bins' edges."""
        at = np.arange(1, self.n_bins) / self.n_bins
        self.edges = [np.unique(quantiles(column_of(X, p), at)) for p in self.positions]
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return sum(len(edges) + 2 for edges in self.edges)

    def sparse(self, X: Any) -> Any:
        """Return the features."""
        hot = np.empty((len(X), len(self.positions)), dtype=np.int32)
        start = 0
        for j, (p, edges) in enumerate(zip(self.positions, self.edges, strict=True)):
            values = column_of(X, p)
            found = np.searchsorted(edges, values, side="left")
            hot[:, j] = start + np.where(np.isnan(values), len(edges) + 1, found)
            start += len(edges) + 2
        return one_hot(hot, self.width)

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column<=3``, ``column>3``, ``column__missing``)."""
        found: list[Feature] = []
        for p, edges in zip(self.positions, self.edges, strict=True):
            names = [f"{columns[p]}<={edge:.6g}" for edge in edges] + [f"{columns[p]}>{edges[-1]:.6g}"]
            found += [Feature(name, (p,), "Discretizer") for name in names]
            found += missing_markers([p], columns)
        return found


def missing_markers(positions: Sequence[int], columns: Sequence[str]) -> list[Feature]:
    """Return the features that say where a value was missing (``column__missing``)."""
    return [Feature(f"{columns[p]}__missing", (p,), "ImputationMarker") for p in positions]


def one_hot(hot: np.ndarray, width: int) -> Any:
    """Return the sparse matrix with a 1 at each row's positions; -1 is nowhere."""
    from scipy.sparse import csr_matrix

    there = hot >= 0
    ends = np.concatenate([[0], there.sum(axis=1).cumsum()]).astype(np.int32)
    return csr_matrix((np.ones(ends[-1], dtype=np.float32), hot[there], ends), shape=(len(hot), width))
