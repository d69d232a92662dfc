"""How a job went: the best score over time, and the score by the number of rows learnt from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automl_jupyter._core.text import duration, number, plain
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.charts.axes import QUIET
from automl_jupyter.results.numbers import whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from automl_jupyter.store.history import History


def progress_table(history: History) -> pd.DataFrame:
    """Return the best score so far each time it got better.

    Returns
    -------
    DataFrame
        Columns ``elapsed_s`` (seconds since the start), ``model`` and the primary metric.
    """
    import pandas as pd

    rows = [(at, label, value) for at, label, value in history.progress]
    return pd.DataFrame(rows, columns=["elapsed_s", "model", history.metric])


def progress_by(history: History, metric: str, *, greater_is_better: bool) -> pd.DataFrame:
    """Return `progress_table` by another metric than the primary one: of complete trials alone, as each ended."""
    import pandas as pd

    sign, rows = 1.0 if greater_is_better else -1.0, []
    complete = (t for t in history.trials.values() if t.is_complete and t.state not in ("failed", "cancelled"))
    ended = [(t.ended_s, t) for t in complete if t.ended_s is not None]
    best = -np.inf
    for at, trial in sorted(ended, key=lambda e: e[0]):
        value = trial.metrics().get(metric)
        if value is not None and sign * value > best:
            best = sign * value
            rows.append((at, trial.label, value))
    return pd.DataFrame(rows, columns=["elapsed_s", "model", metric])


def draw_progress(ax: Axes, table: pd.DataFrame, history: History) -> str:
    """Draw the best score as steps."""
    if table.empty:
        raise AutoMLError("There is no score yet to draw.")
    end = max(history.elapsed_s, float(table["elapsed_s"].iloc[-1]))
    times, values = [*table["elapsed_s"], end], [*table[history.metric], table[history.metric].iloc[-1]]
    ax.step(times, values, where="post", linewidth=2)
    ax.scatter(table["elapsed_s"], table[history.metric], s=18, zorder=3)
    ax.set(xlabel="seconds", ylabel=f"best {history.metric}", title="Best score so far")
    first, last = values[0], values[-1]
    return f"Best {history.metric}: {number(first)} after {duration(times[0])}, {number(last)} after {duration(end)}."


@dataclass(frozen=True)
class Learning:
    """A trial that can be fitted again on fewer rows.

    Parameters
    ----------
    label, metric : str
        The trial, and what it is scored by.
    folds : sequence of (train, validation)
        Row numbers.
    known : sequence of float
        The score on each fold with all of its training rows.
    score : callable
        Returns the score of the configuration fitted on the first rows given, on the second.
    """

    label: str
    metric: str
    folds: Sequence[tuple[np.ndarray, np.ndarray]]
    known: Sequence[float]
    score: Callable[[np.ndarray, np.ndarray], float | None]


def learning_table(learning: Learning, *, n_sizes: int = 4, n_folds: int = 3) -> pd.DataFrame:
    """Return the score of one configuration fitted on growing shares of the training rows.

    It is fitted again, here and now, on halves of halves of each fold's training rows, drawn at random; a trial's
    score on all of them is known. This takes about as long as the trial did.

    Parameters
    ----------
    n_sizes : int, default 4
        Sizes, 2 to 8: of four, an eighth, a quarter, a half and all of the rows.
    n_folds : int, default 3
        Folds, at most.

    Returns
    -------
    DataFrame
        Columns ``n_rows`` (mean over the folds), ``fold`` and the primary metric.
    """
    import pandas as pd

    n_sizes, n_folds = whole(n_sizes, "n_sizes", 2, 8), whole(n_folds, "n_folds", 1, 100)
    rows, folds = [], learning.folds[:n_folds]
    fewest = min(len(train) for train, _ in folds)
    for fold, (train, valid) in enumerate(folds):
        mixed = np.random.default_rng(fold).permutation(train)
        for halvings in range(n_sizes - 1, 0, -1):
            n = len(mixed) >> halvings
            if fewest >> halvings >= 20:
                rows.append((halvings, n, fold, learning.score(np.sort(mixed[:n]), valid)))
        rows.append((0, len(mixed), fold, learning.known[fold]))
    table = pd.DataFrame(rows, columns=["halvings", "n_rows", "fold", learning.metric])
    # A size is one share of each fold, so that every mean is of all folds: in time order they differ much.
    table["n_rows"] = table.groupby("halvings")["n_rows"].transform("mean").round().astype("int64")
    table = table.drop(columns="halvings")
    return table.sort_values(["n_rows", "fold"], ignore_index=True).astype({learning.metric: "float64"})


def draw_learning(ax: Axes, table: pd.DataFrame, learning: Learning, *, n_sizes: int = 4, n_folds: int = 3) -> str:
    """Draw the mean over the folds and each fold's score."""
    mean = table.groupby("n_rows")[learning.metric].mean()
    ax.scatter(table["n_rows"], table[learning.metric], s=14, alpha=0.6, color=QUIET, label="folds")
    ax.plot(mean.index, mean, marker="o", markersize=4, linewidth=2, label="mean")
    ax.set_xscale("log", base=2)
    ax.set_xticks(mean.index, [f"{n:,}" for n in mean.index])
    ax.minorticks_off()
    title = f"Learning curve of {plain(learning.label, most=40)}"
    ax.set(xlabel="training rows", ylabel=learning.metric, title=title)
    first, last = (
        f"{number(mean.iloc[0])} with {mean.index[0]:,} rows",
        f"{number(mean.iloc[-1])} with {mean.index[-1]:,}",
    )
    return f"Learning curve, {learning.metric}: {first}, {last}."
