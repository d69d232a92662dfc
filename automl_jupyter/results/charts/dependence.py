"""Partial dependence: the mean prediction as one column changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl_jupyter._core.text import number, plain
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.charts.axes import MOST_DRAWN, QUIET, legend, of_classes, words
from automl_jupyter.results.charts.explained import Explained, mix
from automl_jupyter.results.numbers import whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: values of a category, and points of a number, that are looked at
MOST_LEVELS, GRID = 12, 25


def partial_dependence_table(
    explained: Explained, column: str, *, label: object = None, n_rows: int = 200
) -> pd.DataFrame:
    """Return the mean prediction when every row has the same value in a column (Friedman 2001).

    Parameters
    ----------
    column : str
        A column of the table.
    label : object, optional
        The class whose probability is looked at; by default the positive of two, or all.
    n_rows : int, default 200
        Rows to average over, 2 to 10,000.

    Returns
    -------
    DataFrame
        Columns ``label``, ``value`` (quantiles of a number, the most frequent of categories), ``mean``, and ``p10`` and
        ``p90``, between which four fifths of the rows lie.
    """
    import pandas as pd

    n_rows = whole(n_rows, "n_rows", 2, 10_000)
    c = explained.column(column)
    values = explained.X.iloc[:, c]
    at = _grid(values)
    if not len(at):
        raise AutoMLError(f"The column {plain(column, most=80)!r} is empty in every row of the sample.")
    n = min(n_rows, len(explained.X))
    sources = np.tile(np.arange(n)[:, None], (len(at), explained.X.shape[1]))
    sources[:, c] = np.repeat(at, n)
    predicted = explained.predict(mix(explained.X, sources))
    pieces = []
    for name, code in explained.outputs(label):
        found = (predicted if code is None else predicted[:, code]).reshape(len(at), n)
        low, high = np.quantile(found, [0.1, 0.9], axis=1)
        columns = {"value": values.iloc[at].to_numpy(), "mean": found.mean(axis=1), "p10": low, "p90": high}
        pieces.append(pd.DataFrame({"label": name, **columns}))
    return pd.concat(pieces, ignore_index=True)


def _grid(values: pd.Series) -> np.ndarray:
    """Return rows whose values stand for the column's: quantiles in order, or the most frequent first."""
    import pandas as pd

    present = np.flatnonzero(values.notna().to_numpy())
    if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object or str(values.dtype) == "str":
        counts = values.iloc[present].astype(object).value_counts().head(MOST_LEVELS)
        first = {v: p for p, v in zip(present[::-1], values.iloc[present[::-1]], strict=True)}
        return np.asarray([first[v] for v in counts.index], dtype=np.intp)
    order = present[np.argsort(values.iloc[present].to_numpy(), kind="stable")]
    if not len(order):
        return order
    distinct = order[~values.iloc[order].duplicated().to_numpy()]
    if len(distinct) <= GRID:
        return distinct
    picked = order[np.linspace(0, len(order) - 1, GRID).round().astype(np.intp)]
    return picked[~values.iloc[picked].duplicated().to_numpy()]


def draw_partial_dependence(
    ax: Axes, table: pd.DataFrame, explained: Explained, column: str, *, label: object = None, n_rows: int = 200
) -> str:
    """Draw a line over numbers and dates, points over categories, with the band of four fifths of the rows."""
    import pandas as pd

    labels = list(table["label"].unique())
    ordered = pd.api.types.is_numeric_dtype(table["value"]) or pd.api.types.is_datetime64_any_dtype(table["value"])
    for name in labels[:MOST_DRAWN]:
        points = table[table["label"] == name]
        if ordered:
            (line,) = ax.plot(points["value"], points["mean"], marker="o", markersize=3, label=words(name))
            if len(labels) == 1:
                ax.fill_between(points["value"], points["p10"], points["p90"], alpha=0.15, color=line.get_color())
        else:
            at = np.arange(len(points))
            if len(labels) == 1:  # no error bars: the mean of skewed values lies outside the band
                ax.vlines(at, points["p10"], points["p90"], color=QUIET)
            ax.plot(at, points["mean"], "o", label=words(name))
            names = [words(v, 18) for v in points["value"]]
            turned = max(map(len, names), default=0) * len(names) > 60
            ax.set_xticks(at, names, rotation=45 if turned else 0, ha="right" if turned else "center")
    what = words(labels[0]) if explained.task == "regression" else "probability"
    if explained.task != "regression" and len(labels) == 1:
        what = f"probability of {words(labels[0])}"
    ax.set(xlabel=words(column), ylabel=what, title=f"Partial dependence{of_classes(len(labels))}")
    legend(ax, loc="best")
    means = table[table["label"] == labels[0]]["mean"]
    of = f" of {plain(labels[0], most=40)}" if len(labels) > 1 else ""
    return f"Partial dependence{of} on {plain(column, most=40)}: from {number(means.min())} to {number(means.max())}."
