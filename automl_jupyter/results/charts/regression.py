"""What regressions are looked at with: predicted against true values, and the residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl_jupyter._core.text import number
from automl_jupyter.results.charts.axes import COLOURS, QUIET, diagonal, legend, words
from automl_jupyter.results.charts.scored import Scored
from automl_jupyter.results.numbers import whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: rows drawn as points, at most
_MOST_POINTS = 2_000


def predicted_vs_true_table(scored: Scored, *, n_bins: int = 20) -> pd.DataFrame:
    """Return the mean prediction in bins of the true value.

    Parameters
    ----------
    n_bins : int, default 20
        Bins of equally many rows, 2 to 200; fewer where values repeat.

    Returns
    -------
    DataFrame
        Columns ``low`` and ``high`` (the bin's smallest and largest true value), ``true`` and ``predicted`` (means),
        ``std`` (of the predictions) and ``n``.
    """
    import pandas as pd

    n_bins = whole(n_bins, "n_bins", 2, 200)
    edges = np.unique(np.quantile(scored.y, np.linspace(0, 1, n_bins + 1)[1:-1]))
    bins = np.searchsorted(edges, scored.y, side="left")
    frame = pd.DataFrame({"bin": bins, "y": scored.y, "p": scored.predicted, "w": scored.weights})
    rows = []
    for _, rows_of in frame.groupby("bin"):
        w = rows_of["w"].to_numpy()
        if w.sum() <= 0:
            continue
        true, mean = np.average(rows_of["y"], weights=w), np.average(rows_of["p"], weights=w)
        std = float(np.sqrt(np.average((rows_of["p"] - mean) ** 2, weights=w)))
        rows.append((rows_of["y"].min(), rows_of["y"].max(), true, mean, std, len(rows_of)))
    return pd.DataFrame(rows, columns=["low", "high", "true", "predicted", "std", "n"])


def draw_predicted_vs_true(ax: Axes, table: pd.DataFrame, scored: Scored, *, n_bins: int = 20) -> str:
    """Draw rows as points, means of bins with a band of one standard deviation, and the diagonal."""
    at = np.random.default_rng(0).permutation(len(scored.y))[:_MOST_POINTS]
    low, high = float(min(table["low"])), float(max(table["high"]))
    ax.scatter(
        scored.y[at], scored.predicted[at], s=7, alpha=0.25, linewidths=0, color=COLOURS[4], label="rows", zorder=2
    )
    ax.plot(
        table["true"], table["predicted"], color=COLOURS[0], marker="o", markersize=3, label="mean of a bin", zorder=3
    )
    near, far = table["predicted"] - table["std"], table["predicted"] + table["std"]
    ax.fill_between(table["true"], near, far, alpha=0.2, color=COLOURS[0], zorder=2)
    diagonal(ax, low, high, "predicted = true")
    ax.set(xlabel=words(f"true {scored.target}"), ylabel="predicted", title="Predicted and true values")
    legend(ax, loc="upper left")
    y, weight = scored.y, scored.weights
    around = np.sum(weight * (y - np.average(y, weights=weight)) ** 2)
    r2 = f"{1 - np.sum(weight * (y - scored.predicted) ** 2) / around:.3f}" if around > 0 else "–"
    return f"Predicted against true values: R² {r2} over {len(y):,} rows{_by_weight(scored)}."


def _by_weight(scored: Scored) -> str:
    return "" if scored.weight is None else ", counted by their weights"


def residuals_table(scored: Scored, *, n_bins: int = 30) -> pd.DataFrame:
    """Return the histogram of the residuals, predicted − true.

    Parameters
    ----------
    n_bins : int, default 30
        Bins of equal width, 2 to 200. The outermost half per cent on either side is in the first and last bin.

    Returns
    -------
    DataFrame
        Columns ``low``, ``high`` and ``n``; weighted where rows have weights.
    """
    import pandas as pd

    n_bins = whole(n_bins, "n_bins", 2, 200)
    residuals = scored.predicted - scored.y
    low, high = np.quantile(residuals, [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1e-9 + abs(low) * 1e-9, n_bins + 1)
    bins = np.clip(np.searchsorted(edges, residuals, side="right") - 1, 0, n_bins - 1)
    n = np.bincount(bins, weights=scored.weight, minlength=n_bins)
    ends = edges.copy()
    ends[0], ends[-1] = min(edges[0], residuals.min()), max(edges[-1], residuals.max())
    return pd.DataFrame({"low": ends[:-1], "high": ends[1:], "n": n})


def draw_residuals(ax: Axes, table: pd.DataFrame, scored: Scored, *, n_bins: int = 30) -> str:
    """Draw the histogram and where the mean lies."""
    residuals = scored.predicted - scored.y
    inner = table["high"].iloc[:-1].to_numpy()
    width = float(inner[1] - inner[0]) if len(inner) > 1 else float(table["high"].iloc[0] - table["low"].iloc[0])
    left = np.concatenate([[inner[0] - width], inner])
    ax.bar(left, table["n"], width=width, align="edge", color=COLOURS[0], alpha=0.75)
    mean = float(np.average(residuals, weights=scored.weights))
    ax.axvline(0, color=QUIET, linewidth=1, linestyle="--", label="no error")
    ax.axvline(mean, color=COLOURS[1], linewidth=1.5, label=f"mean {number(mean)}")
    ax.set(
        xlabel=words(f"predicted − true {scored.target}"), ylabel="rows" if scored.weight is None else "weight of rows"
    )
    ax.set(title="Residuals")
    legend(ax, loc="upper right")
    median = number(_median(np.abs(residuals), scored.weight))
    half = "half of the rows" if scored.weight is None else "half of the rows, by their weights,"
    return f"Residuals: mean {number(mean)}, {half} are off by {median} at most."


def _median(values: np.ndarray, weight: np.ndarray | None) -> float:
    """Return the median, of weighted rows the first value that half of the weight does not exceed.

    Examples
    --------
    >>> _median(np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 8.0]))
    9.0
    """
    if weight is None:
        return float(np.median(values))
    order = np.argsort(values, kind="stable")
    seen = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(seen, seen[-1] / 2)])
