"""Shapley values: what each column adds to a prediction, for many rows and for one."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import number, plain
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.charts.axes import COLOURS, MOST_DRAWN, QUIET, legend, of_classes, words
from automl_jupyter.results.charts.explained import MOST_COLUMNS, Explained, mix
from automl_jupyter.results.numbers import whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: rows that Shapley values are computed against
BACKGROUND = 30


def shap_values(explained: Explained, rows: np.ndarray, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the Shapley values of rows.

    A column that is left out has the values of rows drawn from the table (Lundberg and Lee, 2017, by shap's sampling
    of permutations), and the values of a row add up to its prediction.

    Parameters
    ----------
    rows : ndarray of int
        Positions in `X` of the rows to explain.
    X : DataFrame
        Canonical rows; all others serve as the background.

    Returns
    -------
    values : ndarray of shape (n_rows, n_columns, n_outputs)
    base : ndarray of shape (n_outputs,)
        The mean prediction of the background.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of matplotlib's, when shap is imported
        import shap

    others = np.setdiff1d(np.arange(len(X)), rows)
    if not len(others):
        raise AutoMLError("data: Give two rows or more; a row is explained by how it differs from the others.")
    rng = np.random.default_rng(explained.random_state)
    background = rng.choice(others, min(BACKGROUND, len(others)), replace=False)

    def predict(sources: np.ndarray) -> np.ndarray:
        found = explained.predict(mix(X, sources.astype(np.intp)))
        return found[:, None] if found.ndim == 1 else found

    def repeated(at: np.ndarray) -> np.ndarray:
        return np.tile(at[:, None], (1, X.shape[1])).astype(np.float64)

    masker = shap.maskers.Independent(repeated(background), max_samples=len(background))
    state = np.random.get_state(legacy=False)  # shap seeds the generator that is shared with the user's own code
    try:
        explainer = shap.explainers.Permutation(predict, masker, seed=explained.random_state)
        found = explainer(repeated(rows), max_evals=2 * (2 * X.shape[1] + 1), silent=True)
    finally:
        np.random.set_state(state)
    values = np.asarray(found.values).reshape(
        len(rows), X.shape[1], -1
    )  # shap leaves the last axis out where it is one
    return values, np.asarray(found.base_values).reshape(len(rows), -1)[0]


def shap_table(explained: Explained, *, label: object = None, n_rows: int = 100) -> pd.DataFrame:
    """Return the Shapley value of each column in each of some rows.

    Parameters
    ----------
    label : object, optional
        The class whose probability is explained; by default the positive of two, or all.
    n_rows : int, default 100
        Rows to explain, 1 to 10,000.

    Returns
    -------
    DataFrame
        Columns ``label``, ``row`` (position in the sample, or among the rows given that have a target), ``column``,
        ``value`` and ``shap``, in units of the probability or of the target.
    """
    import pandas as pd

    n_rows = whole(n_rows, "n_rows", 1, 10_000)
    n = min(n_rows, max(1, len(explained.X) - min(BACKGROUND, len(explained.X) // 2)))
    if ("shap", n) not in explained._kept:
        explained._kept["shap", n] = shap_values(explained, np.arange(n), explained.X)
    values, _ = explained._kept["shap", n]
    pieces = []
    for name, code in explained.outputs(label):
        for c, column in enumerate(explained.X.columns):
            pieces.append(
                pd.DataFrame(
                    {
                        "label": name,
                        "row": np.arange(n) if explained.places is None else explained.places[:n],
                        "column": column,
                        "value": explained.X.iloc[:n, c].astype(object).to_numpy(),
                        "shap": values[:, c, code or 0],
                    }
                )
            )
    return pd.concat(pieces, ignore_index=True)


def draw_shap(ax: Axes, table: pd.DataFrame, explained: Explained, *, label: object = None, n_rows: int = 100) -> str:
    """Draw a point a row and column, coloured by the value where it is a number; of several classes, mean sizes."""
    sizes = table["shap"].abs().groupby([table["column"], table["label"]], sort=False).mean().unstack()
    order = sizes.sum(axis=1).sort_values(ascending=False).index[:MOST_COLUMNS][::-1]
    labels = list(table["label"].unique())
    names = [words(n) for n in order]
    if len(labels) > 1:
        left = np.zeros(len(order))
        for name in labels[:MOST_DRAWN]:
            width = sizes.loc[order, name].to_numpy()
            ax.barh(range(len(order)), width, left=left, label=words(name))
            left = left + width
        ax.set(xlabel="mean |SHAP value|, by class", title=f"SHAP summary{of_classes(len(labels))}")
        legend(ax, loc="lower right")
    else:
        _beeswarm(ax, table, list(order))
        ax.axvline(0, color=QUIET, linewidth=1)
        unit = words(explained.target) if explained.task == "regression" else f"probability of {words(labels[0])}"
        ax.set(xlabel=f"SHAP value: change of the {unit}", title="SHAP summary")
    ax.set_yticks(range(len(order)), names)
    ax.grid(visible=False, axis="y")
    first = sizes.sum(axis=1).sort_values(ascending=False).head(5)
    said = ", ".join(f"{plain(c, most=40)} {number(float(v))}" for c, v in first.items())
    return f"SHAP summary, mean absolute value: {said}."


def _beeswarm(ax: Axes, table: pd.DataFrame, order: list[Any]) -> None:
    import pandas as pd

    rng = np.random.default_rng(0)
    coloured = None
    for at, column in enumerate(order):
        points = table[table["column"] == column]
        values = pd.to_numeric(points["value"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        y = at + rng.uniform(-0.28, 0.28, len(points))
        numeric = np.isfinite(values)
        ranks = np.full(len(values), np.nan)
        if numeric.any() and np.ptp(values[numeric]) > 0:
            ranks[numeric] = (pd.Series(values[numeric]).rank(pct=True)).to_numpy()
            coloured = ax.scatter(
                points["shap"][numeric], y[numeric], c=ranks[numeric], cmap="cividis", vmin=0, vmax=1, s=9, linewidths=0
            )
        else:
            numeric = np.zeros(len(values), dtype=bool)
        ax.scatter(points["shap"][~numeric], y[~numeric], color=QUIET, s=9, linewidths=0)
    if coloured is not None:
        bar = ax.figure.colorbar(coloured, ax=ax, ticks=[0, 1], pad=0.02, aspect=30)
        bar.ax.set_yticklabels(["low", "high"])
        bar.outline.set_visible(False)


def explanation_table(explained: Explained, row: object, *, label: object = None) -> pd.DataFrame:
    """Return what each column adds to the prediction of one row.

    Parameters
    ----------
    row : DataFrame of one row, Series or mapping of columns, or int
        A raw row; or the position of one in the sample, or among the rows given that have a target.
    label : object, optional
        The class whose probability is explained; by default the positive of two, or the predicted one.

    Returns
    -------
    DataFrame
        Columns ``label``, ``column``, ``value``, ``shap`` and ``total`` (the prediction so far). The first row,
        without a column, is the mean prediction; the others follow by their size.
    """
    import pandas as pd

    at, X = 0, explained.X
    if isinstance(row, int | np.integer) and not isinstance(row, bool):
        at, given, places = int(row), explained.given, explained.places
        n, there = (len(X), "the sample has") if given is None else (len(given), "there are")
        if not 0 <= at < n:
            raise AutoMLError(f"row: there is no row {at}; {there} rows 0 to {n - 1}.")
        if given is not None and places is not None:  # what it is explained by are the others of the sample
            X = pd.concat([given.iloc[[at]], X[places != at]], ignore_index=True)
            at = 0
    else:
        encoded = explained.encode(row.to_dict() if isinstance(row, pd.Series) else row)
        if len(encoded) != 1:
            raise AutoMLError(f"row: {len(encoded)} rows came; one row is explained at a time.")
        X = pd.concat([encoded, X], ignore_index=True)
        for name in encoded.columns:  # a category that the sample lacks, or the other way round
            if isinstance(encoded[name].dtype, pd.CategoricalDtype):
                X[name] = X[name].astype(explained.X[name].dtype)
    values, base = shap_values(explained, np.array([at]), X)
    outputs = explained.outputs(label)
    if len(outputs) > 1:
        outputs = [max(outputs, key=lambda o: base[o[1] or 0] + values[0, :, o[1] or 0].sum())]
    name, code = outputs[0]
    found = values[0, :, code or 0]
    order = np.argsort(-np.abs(found), kind="stable")
    return pd.DataFrame(
        {
            "label": name,
            "column": pd.Series([None, *(str(X.columns[c]) for c in order)], dtype=object),
            "value": pd.Series([None, *(X.iloc[at, c] for c in order)], dtype=object),
            "shap": [0.0, *found[order]],
            "total": base[code or 0] + np.concatenate([[0.0], np.cumsum(found[order])]),
        }
    )


def draw_explanation(ax: Axes, table: pd.DataFrame, explained: Explained, row: object, *, label: object = None) -> str:
    """Draw the steps from the mean prediction to the row's, the largest on top."""
    base = float(table["total"].iloc[0])
    steps = table.iloc[1:]
    rest = steps.iloc[MOST_COLUMNS - 1 :] if len(steps) > MOST_COLUMNS else steps.iloc[:0]
    names, sizes, ends = [], [], []
    told = steps.iloc[: len(steps) - len(rest)]
    for column, value, size, total in zip(told["column"], told["value"], told["shap"], told["total"], strict=True):
        shown = number(float(value)) if isinstance(value, float | np.floating) else plain(str(value), most=24)
        names.append(words(f"{plain(str(column), most=24)} = {shown}", most=52))
        sizes.append(float(size))
        ends.append(float(total))
    if len(rest):
        names.append(f"{len(rest)} other columns")
        sizes.append(float(rest["shap"].sum()))
        ends.append(float(rest["total"].iloc[-1]))
    at = np.arange(len(names))[::-1]
    colours = [COLOURS[0] if s >= 0 else COLOURS[1] for s in sizes]
    ax.barh(at, sizes, left=np.array(ends) - np.array(sizes), color=colours, height=0.7)
    for y, size, end in zip(at, sizes, ends, strict=True):
        right = max(end, end - size)
        ax.annotate(f"{size:+.3g}", (right, y), (3, 0), textcoords="offset points", va="center", fontsize=8)
    ax.axvline(base, color=QUIET, linewidth=1, linestyle="--")
    ax.set_yticks(at, names)
    low, high = min([base, *ends]), max([base, *ends])
    room = (high - low) or abs(base) or 1.0
    ax.set_xlim(low - 0.04 * room, high + 0.18 * room)
    ax.grid(visible=False, axis="y")
    end, name = ends[-1] if ends else base, str(table["label"].iloc[0])
    what = words(name) if explained.task == "regression" else f"probability of {words(name)}"
    ax.set(xlabel=f"{what}:\n{number(base)} on average, {number(end)} for this row", title="Explanation of one row")
    return f"{name}: {number(base)} on average, {number(end)} for this row."
