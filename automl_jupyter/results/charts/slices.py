"""Where the errors are: slices of the rows by the values of a column."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from automl_jupyter._core.text import number, plain
from automl_jupyter.results.charts.axes import COLOURS, QUIET, reach, words
from automl_jupyter.results.charts.explained import Explained, Judged
from automl_jupyter.results.numbers import REACH_95, whole, wilson

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: categories of a column that are looked at
MOST_LEVELS = 12


def slices_table(explained: Explained, column: str | None = None, *, least_rows: int = 20) -> pd.DataFrame:
    """Return the mean error of held-out rows by the values of columns.

    Parameters
    ----------
    column : str, optional
        One column, in the order of its values; by default all columns, the worst slices first.
    least_rows : int, default 20
        Smaller slices are left out.

    Returns
    -------
    DataFrame
        Columns ``column``, ``slice``, ``n`` (rows), ``error`` (share of rows predicted wrong, or mean absolute error),
        ``low`` and ``high`` (95 % interval), ``overall`` (the error of all rows) and ``excess`` (errors that the slice
        has more than its share, as a fraction of all errors). Rows count by their weights, where they have such.
    """
    import pandas as pd

    least_rows = whole(least_rows, "least_rows", 1)
    parts = list(explained.judged())
    X = pd.concat([p.X for p in parts], ignore_index=True)
    errors = np.concatenate([_errors(explained, p) for p in parts])
    weight = np.concatenate([np.ones(len(p.y)) if p.weight is None else p.weight for p in parts])
    overall = float(np.average(errors, weights=weight))
    positions = range(X.shape[1]) if column is None else [explained.column(column)]
    rows = []
    for c in positions:
        for name, at in _slices(X.iloc[:, c]):
            n = int(at.sum())
            if n < least_rows or weight[at].sum() <= 0:
                continue
            mean, low, high = _mean_and_interval(errors[at], weight[at], shares=explained.task != "regression")
            excess = (mean - overall) * weight[at].sum() / max((weight * errors).sum(), 1e-300)
            rows.append((str(X.columns[c]), name, n, mean, low, high, overall, excess))
    names = ["column", "slice", "n", "error", "low", "high", "overall", "excess"]
    table = pd.DataFrame(rows, columns=names)
    return table if column is not None else table.sort_values("excess", ascending=False, ignore_index=True)


def _mean_and_interval(errors: np.ndarray, weight: np.ndarray, *, shares: bool) -> tuple[float, float, float]:
    """Return the weighted mean and its 95 % interval, of so many rows of equal weight (Kish 1965).

    Where each error is 0 or 1, it is that of their share.
    """
    mean = float(np.average(errors, weights=weight))
    n = float(weight.sum() ** 2 / (weight**2).sum())
    if shares:
        low, high = wilson(mean, n)
        return mean, float(low), float(high)
    if n < 1 + 1e-9:
        return mean, 0.0, float("inf")
    variance = float(np.average((errors - mean) ** 2, weights=weight)) * n / (n - 1)
    reach = REACH_95 * float(np.sqrt(variance / n))
    return mean, max(0.0, mean - reach), mean + reach


def _errors(explained: Explained, part: Judged) -> np.ndarray:
    from automl_jupyter.metrics.registry import move_threshold

    predicted: np.ndarray = part.predict(part.X)
    if explained.task == "regression":
        return np.asarray(np.abs(predicted - part.y))
    return np.asarray(move_threshold(predicted, explained.threshold).argmax(axis=1) != part.y, dtype=np.float64)


def _slices(values: pd.Series) -> list[tuple[str, np.ndarray]]:
    """Return the slices of a column: its categories, or up to five ranges of equally many rows; and what is missing."""
    import pandas as pd

    missing = values.isna().to_numpy()
    instants = pd.api.types.is_datetime64_any_dtype(values)
    found = []
    if isinstance(values.dtype, pd.CategoricalDtype):
        most = values.value_counts().head(MOST_LEVELS).index
        found = [(str(v), (values == v).to_numpy(dtype=bool)) for v in most]
    elif values.dtype == object or str(values.dtype) == "str":
        lengths = values.fillna("").str.len()
        return [(f"{name} characters", at) for name, at in _slices(lengths.astype(np.float64))]
    else:
        as_numbers = values.to_numpy().astype(np.int64 if instants else np.float64).astype(np.float64)
        present = as_numbers[~missing]
        if len(present):
            edges = np.unique(np.quantile(present, [0, 0.2, 0.4, 0.6, 0.8, 1.0]))
            distinct = np.unique(present)
            few = len(distinct) <= 10
            unit = np.datetime_data(values.to_numpy().dtype)[0] if instants else None
            say = _say(distinct if few else edges, unit)
            if few:
                found = [(say[v], as_numbers == v) for v in distinct]
            else:
                many = float((present == edges[0]).mean()) >= 0.2  # often a count's nought: a slice of its own
                found = [(say[edges[0]], as_numbers == edges[0])] if many else []
                for low, high in pairwise(edges):
                    first = low == edges[0]
                    above = as_numbers >= low if first and not many else as_numbers > low
                    text = f"above {say[low]}, to {say[high]}" if first and many else f"{say[low]} – {say[high]}"
                    found.append((text, ~missing & above & (as_numbers <= high)))
    if missing.any():  # a category that training did not have is encoded as one that is missing
        name = "missing or unknown" if isinstance(values.dtype, pd.CategoricalDtype) else "missing"
        found.append((name, missing))
    return found


def _say(edges: np.ndarray, unit: str | None) -> dict[float, str]:
    """Return a text for each edge, with as many digits as it takes to tell them apart.

    Parameters
    ----------
    edges : ndarray
        Distinct numbers, or instants as numbers of `unit`.
    unit : str, optional
        Of instants: numpy's name of what they are counted in.

    Examples
    --------
    >>> list(_say(np.array([-122.4211, -122.4212]), None).values())
    ['-122.4211', '-122.4212']
    >>> list(_say(np.array([0.0, 5400.0]), "s").values())
    ['1970-01-01 00:00', '1970-01-01 01:30']
    """
    if unit is None:
        texts = [number(float(v)) for v in edges]
        for digits in range(6, 18):
            if len(set(texts)) == len(texts):
                break
            texts = [f"{v:,.{digits}g}" for v in edges]
    else:
        instants = edges.astype(np.int64).astype(f"datetime64[{unit}]").astype("datetime64[us]")
        whole = [str(instant).replace("T", " ") for instant in instants]
        days = all(text.endswith("00:00:00.000000") for text in whole)
        for length in (10,) if days else (16, 19, 26):
            texts = [text[:length] for text in whole]
            if len(set(texts)) == len(texts):
                break
    return dict(zip(edges.tolist(), texts, strict=True))


def draw_slices(
    ax: Axes, table: pd.DataFrame, explained: Explained, column: str | None = None, *, least_rows: int = 20
) -> str:
    """Draw the slices' errors with their intervals beside the error of all rows."""
    what = "mean absolute error" if explained.task == "regression" else "share of rows predicted wrong"
    of_one = column is not None  # which may be called 0
    shown = (table if of_one else table[table["excess"] > 0]).head(15).iloc[::-1]
    if shown.empty:
        ax.set(title="Errors by slice", xlabel=what)
        return f"No slice of {least_rows} rows or more stands out."
    names = [
        words(r.slice, 34) if of_one else words(f"{plain(r.column, most=24)}: {r.slice}", 48)
        for r in shown.itertuples()
    ]
    at = np.arange(len(shown))
    ax.errorbar(shown["error"], at, xerr=reach(shown, "error", "low", "high"), fmt="o", color=COLOURS[0], ecolor=QUIET)
    ax.axvline(float(shown["overall"].iloc[0]), linestyle="--", linewidth=1, color=COLOURS[1], label="all rows")
    ax.set_yticks(at, names)
    title = f"Errors by {words(column)}" if of_one else "Slices with most errors"
    ax.set(xlabel=what, title=title)
    ax.set_xlim(left=0)
    ax.grid(visible=False, axis="y")
    worst = table.sort_values("error", ascending=False).iloc[0]
    overall = number(float(worst["overall"]))
    where = f"{plain(str(worst['column']), most=40)} is {plain(str(worst['slice']), most=40)}"
    return f"Errors by slice: {number(float(worst['error']))} where {where}, {overall} in all rows."
