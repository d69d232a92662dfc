"""What is done to columns before features are made of them: asked-for imputation, hashed categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automl_jupyter.featurization.feature import Feature
from automl_jupyter.featurization.numbers import column_of, missing_markers

#: groups that categories are hashed into where no number of bits is given: 2 to this power at most
_MOST_BITS = 10


class Imputation:
    """Fills missing values as asked, with scikit-learn's ``SimpleImputer``, and says where there were any.

    Parameters
    ----------
    asked : mapping of int to mapping
        Column position to ``strategy`` (``mean`` when left out) and ``fill_value``.
    """

    def __init__(self, asked: Mapping[int, Mapping[str, Any]]) -> None:
        self.asked = {str(p): dict(v) for p, v in asked.items()}

    def fit(self, X: Any) -> Imputation:
        """Learn what fills each column. One that is always missing stays so, but for a constant."""
        self.fills: dict[str, Any] = {}
        self.marked: list[int] = []
        for key, parameters in self.asked.items():
            column = X.iloc[:, int(key)]
            if column.isna().any():
                self.marked.append(int(key))
            fill = _fill_of(column, **{"strategy": "mean", **parameters})
            if fill is not None:
                self.fills[key] = fill
        return self

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.marked)

    def apply(self, X: Any) -> Any:
        """Return the frame with its missing values filled; the one given is left alone."""
        X = X.copy(deep=False)
        for key, fill in self.fills.items():
            position = int(key)
            column = X.iloc[:, position]
            if not column.isna().any():
                continue
            if hasattr(column, "cat"):
                if fill not in column.cat.categories:
                    column = column.cat.add_categories([fill])
                X.isetitem(position, column.fillna(fill))
            else:
                values = column_of(X, position)
                most = np.finfo(values.dtype).max
                X.isetitem(position, np.where(np.isnan(values), values.dtype.type(np.clip(fill, -most, most)), values))
        return X

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write where values were missing, of the frame as it came."""
        for j, position in enumerate(self.marked):
            out[:, j] = X.iloc[:, position].isna()

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``column__missing``)."""
        return missing_markers(self.marked, columns)


def _fill_of(column: Any, strategy: str, fill_value: Any = None) -> Any:
    from sklearn.impute import SimpleImputer

    if hasattr(column, "cat"):
        counts = column.value_counts(sort=True)
        if strategy == "constant":
            return str(fill_value)
        return str(counts.index[0]) if len(counts) and counts.iloc[0] else None
    if strategy == "constant":
        return float(fill_value)
    values = column.to_numpy(dtype=np.float64)[:, None]
    if np.isnan(values).all():
        return None
    return float(SimpleImputer(strategy=strategy).fit(values).statistics_[0])


class Hashing:
    """Puts groups of categories, by a hash of their text, in the place of the categories.

    Parameters
    ----------
    bits : mapping of int to int or None
        Column position to the number of bits; None for as many as the categories fill, at most 10.
    """

    def __init__(self, bits: Mapping[int, int | None]) -> None:
        self.bits = {str(p): b for p, b in bits.items()}

    def fit(self, X: Any) -> Hashing:
        """Settle the numbers of bits."""
        for key, bits in self.bits.items():
            if bits is None:
                n_levels = len(X.iloc[:, int(key)].cat.categories)
                self.bits[key] = min(max(n_levels - 1, 1).bit_length(), _MOST_BITS)
        return self

    def apply(self, X: Any) -> Any:
        """Return the frame with groups in place of categories; the one given is left alone."""
        import pandas as pd
        from sklearn.utils import murmurhash3_32

        X = X.copy(deep=False)
        for key, bits in self.bits.items():
            column = X.iloc[:, int(key)].array
            groups = [murmurhash3_32(str(c), seed=0, positive=True) % 2 ** int(bits or 1) for c in column.categories]
            known, at = np.unique(np.asarray(groups, dtype=np.int64), return_inverse=True)
            codes = np.append(at, -1)[column.codes]  # code -1, missing, is the last entry
            dtype = pd.CategoricalDtype([f"#{g}" for g in known])
            X.isetitem(int(key), pd.Categorical.from_codes(codes, dtype=dtype))
        return X
