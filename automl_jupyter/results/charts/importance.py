"""Permutation importance: what a score loses when a column says nothing any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl_jupyter._core.text import number, plain
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.charts.axes import COLOURS, QUIET, reach, words
from automl_jupyter.results.charts.explained import MOST_COLUMNS, Explained, Judged, mix
from automl_jupyter.results.numbers import whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def importance_table(explained: Explained, *, n_repeats: int = 5) -> pd.DataFrame:
    """Return by how much the primary metric gets worse when a column's values are shuffled among the rows.

    Rows are held out, and judged by models that did not learn from them (Breiman, Random Forests, 2001).

    Parameters
    ----------
    n_repeats : int, default 5
        Shuffles a column and fold, 2 to 100.

    Returns
    -------
    DataFrame
        Columns ``column``, ``importance`` (mean, the most important first), ``low`` and ``high`` (its 95 % interval
        over the folds' means; of rows without folds over the shuffles, which does not cover that rows would differ).
    """
    import pandas as pd

    n_repeats = whole(n_repeats, "n_repeats", 2, 100)
    rng = np.random.default_rng(explained.random_state)
    losses: dict[str, list[np.ndarray]] = {str(name): [] for name in explained.X.columns}
    sign = 1.0 if explained.metric.greater_is_better else -1.0
    for part in explained.judged():
        n = len(part.y)
        plain_score = _score(explained, part, part.predict(part.X))
        if np.isnan(plain_score):
            continue
        for c, name in enumerate(part.X.columns):
            shuffled = np.empty(n_repeats)
            for k in range(n_repeats):
                sources = np.tile(np.arange(n)[:, None], (1, part.X.shape[1]))
                sources[:, c] = rng.permutation(n)
                shuffled[k] = _score(explained, part, part.predict(mix(part.X, sources)))
            losses[str(name)].append(sign * (plain_score - shuffled))
    if not all(losses.values()):
        where, needed = ", as where a class has none among them", "rows of every class"
        if explained.task != "classification":
            where, needed = "", "more rows"
        raise AutoMLError(
            f"importance: {explained.metric.key} has no value on the rows that it is measured on{where}."
            f" Give {needed} as data=…"
        )
    rows = [(name, *_interval(found)) for name, found in losses.items()]
    table = pd.DataFrame(rows, columns=["column", "importance", "low", "high"])
    return table.sort_values("importance", ascending=False, ignore_index=True, kind="stable")


def _interval(losses: list[np.ndarray]) -> tuple[float, float, float]:
    """Return the mean loss and its interval: shuffles of one fold share its rows and model, and so are one draw."""
    from scipy.stats import t

    draws = np.mean(losses, axis=1) if len(losses) > 1 else losses[0]
    mean = float(draws.mean())
    reach = float(t.ppf(0.975, len(draws) - 1) * draws.std(ddof=1) / np.sqrt(len(draws)))
    return mean, mean - reach, mean + reach


def _score(explained: Explained, part: Judged, predicted: np.ndarray) -> float:
    from automl_jupyter.metrics.registry import move_threshold

    if explained.metric.needs == "label":
        predicted = move_threshold(predicted, explained.threshold)
    value = explained.metric.value(part.y, predicted, part.weight, explained.context)
    return float("nan") if value is None else float(value)


def draw_importance(ax: Axes, table: pd.DataFrame, explained: Explained, *, n_repeats: int = 5) -> str:
    """Draw bars with their intervals, the most important on top."""
    shown = table.head(MOST_COLUMNS).iloc[::-1]
    at = range(len(shown))
    ax.barh(at, shown["importance"], color=COLOURS[0], alpha=0.8)
    ax.errorbar(shown["importance"], at, xerr=reach(shown, "importance", "low", "high"), fmt="none", ecolor=QUIET)
    ax.set_yticks(at, [words(n) for n in shown["column"]])
    ax.grid(visible=False, axis="y")
    ax.locator_params(axis="x", nbins=6)
    change = "drop" if explained.metric.greater_is_better else "rise"
    ax.set(xlabel=f"{change} in {explained.metric.key} when shuffled", title="Permutation importance")
    return f"Permutation importance: {_first(table)}."


def _first(table: pd.DataFrame, most: int = 5) -> str:
    first = table.head(most)
    pairs = zip(first["column"], first["importance"], strict=True)
    return ", ".join(f"{plain(name, most=40)} {number(value)}" for name, value in pairs)
