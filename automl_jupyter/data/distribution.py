"""How the values of one column are distributed: a few bars and a sentence that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl_jupyter._core.text import number, plain, plural
from automl_jupyter.data.dataset import ColumnType

#: bars of a histogram
N_BINS = 20
#: levels that get a bar
MOST_LEVELS = 8
#: texts whose length is looked at
SAMPLE_TEXTS = 5_000
_LEVELS_SAID = 3


@dataclass(frozen=True)
class Distribution:
    """The bars of a small picture.

    Parameters
    ----------
    kind : {"histogram", "levels", ""}, default ""
        Bars of equally wide ranges from the smallest value to the largest, bars of the most frequent values, or
        nothing to show.
    counts : tuple of int
        Rows a bar, from left to right.
    says : str, default ""
        The same in words.

    Examples
    --------
    >>> histogram_of(np.array([1.0, 2.0, 2.0, 4.0]))
    Distribution(kind='histogram', counts=(1, 2, 0, 1), says='1 to 4, median 2')
    """

    kind: str = ""
    counts: tuple[int, ...] = ()
    says: str = ""


#: nothing to show
NO_DISTRIBUTION = Distribution()


def distribution_of(
    values: pd.Series, kind: ColumnType, *, n_unknown: int = 0, n_unknown_levels: int = 0
) -> Distribution:
    """Return the distribution of a canonical column.

    Parameters
    ----------
    values : pandas.Series of shape (n_rows,)
        The column as `TableSchema.encode` makes it.
    kind : ColumnType
        What it is read as. Of texts the lengths are shown.
    n_unknown, n_unknown_levels : int, default 0
        Rows whose category is too rare to be known, and how many such categories there are.
    """
    if kind is ColumnType.NUMERIC:
        return histogram_of(values.to_numpy(dtype=np.float64))
    if kind is ColumnType.BOOLEAN:
        present = values.dropna()
        return levels_of(["True", "False"], [int((present == 1).sum()), int((present == 0).sum())])
    if kind is ColumnType.DATETIME:
        return _dates(values)
    if kind is ColumnType.TEXT:
        return _lengths(values)
    codes = np.asarray(values.cat.codes)
    counts = np.bincount(codes[codes >= 0], minlength=len(values.cat.categories))
    return levels_of(values.cat.categories.tolist(), counts.tolist(), n_rest=n_unknown, n_rest_levels=n_unknown_levels)


def histogram_of(values: np.ndarray) -> Distribution:
    """Return the histogram of numbers; missing and infinite ones are left out."""
    present = values[np.isfinite(values)]
    if not len(present):
        return Distribution()
    low, high = float(present.min()), float(present.max())
    median = 2 * float(np.median(present / 2))  # the mean of the middle two overflows for the largest floats
    said = number(low) if low == high else f"{number(low)} to {number(high)}, median {number(median)}"
    return Distribution("histogram", _bins(present, low, high), said)


def _bins(present: np.ndarray, low: float, high: float) -> tuple[int, ...]:
    if low == high:
        return (len(present),)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        width = high - low
        if width < N_BINS and bool((present == np.floor(present)).all()):  # one bar for each whole number
            return tuple(np.bincount((present - low).astype(np.int64)).tolist())
        # Halves first: the whole distance between the largest floats of both signs is no float.
        shares = (present / 2 - low / 2) / (high / 2 - low / 2)
    at = np.clip(np.nan_to_num(shares) * N_BINS, 0, N_BINS - 1).astype(np.int64)
    return tuple(np.bincount(at, minlength=N_BINS).tolist())


def _dates(values: pd.Series) -> Distribution:
    instants = values.dropna()
    if not len(instants):
        return Distribution()
    low, high = instants.min(), instants.max()
    counts = _bins(instants.to_numpy().astype("datetime64[ns]").astype(np.float64), low.value, high.value)
    first, last = (str(x.date()) for x in (low, high))
    if first == last:
        first, last = (str(x.floor("s"))[:19] for x in (low, high))
    return Distribution("histogram", counts, first if low == high else f"{first} to {last}")


def _lengths(values: pd.Series) -> Distribution:
    lengths = np.asarray([len(t) for t in values if t], dtype=np.float64)
    if not len(lengths):
        return Distribution()
    found = histogram_of(lengths)
    return Distribution(found.kind, found.counts, f"{found.says} characters")


def levels_of(names: Sequence[str], counts: Sequence[int], *, n_rest: int = 0, n_rest_levels: int = 0) -> Distribution:
    """Return the bars of the most frequent levels.

    Parameters
    ----------
    names, counts : sequence
        The levels and their rows.
    n_rest, n_rest_levels : int, default 0
        Rows of levels that are not named, and how many these levels are.

    Examples
    --------
    >>> levels_of(["red", "blue"], [1, 3]).says
    'blue 75 %, red 25 %'
    """
    total = sum(counts) + n_rest
    if not total:
        return Distribution()
    order = np.argsort(-np.asarray(counts), kind="stable")
    seen = [int(i) for i in order if counts[int(i)]]
    said = [f"{plain(names[i], most=30)} {share_words(counts[i] / total)}" for i in seen[:_LEVELS_SAID]]
    n_others = len(seen) - len(said) + n_rest_levels
    if n_others:
        rest = total - sum(counts[i] for i in seen[:_LEVELS_SAID])
        said.append(f"{plural(n_others, 'other')} {share_words(rest / total)}")
    return Distribution("levels", tuple(counts[i] for i in seen[:MOST_LEVELS]), ", ".join(said))


def share_words(share: float) -> str:
    """Return a share in per cent, as people write it.

    Examples
    --------
    >>> share_words(0.314), share_words(0.0004), share_words(0.9999), share_words(0.021)
    ('31 %', '< 0.1 %', '> 99.9 %', '2.1 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    percent = 100 * share
    close = percent < 9.95 or 99 < percent < 100  # 99.6 % is not all of them
    return f"{percent:.1f} %" if close and round(percent, 1) % 1 else f"{percent:.0f} %"
