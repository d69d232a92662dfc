"""What classifications are looked at with: confusion, ROC, precision and recall, gains, lift, calibration.

Tables pool the rows of all folds, as Azure Machine Learning does; ``by_fold=True`` adds each fold's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter.errors import AutoMLError
from automl_jupyter.metrics.registry import move_threshold
from automl_jupyter.results.charts.axes import MOST_DRAWN, diagonal, legend, level, of_classes, words
from automl_jupyter.results.charts.scored import Scored
from automl_jupyter.results.numbers import whole, wilson

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: classes up to which a confusion matrix has its numbers written into the cells
_MOST_WRITTEN = 14
#: points of an averaged curve
_GRID = np.linspace(0.0, 1.0, 201)


def _binary(scored: Scored, code: int) -> tuple[np.ndarray, np.ndarray]:
    return scored.codes == code, scored.predicted[:, code]


def _each(scored: Scored, by_fold: bool) -> Iterator[tuple[int | None, Scored]]:
    """Yield all rows pooled, then those of each fold where that was asked for and there are several."""
    yield None, scored
    if by_fold and scored.n_folds > 1:
        for fold in range(scored.n_folds):
            yield fold, scored.of_fold(fold)


# --- confusion matrix ------------------------------------------------------------------------------------------------


def confusion_table(scored: Scored, *, normalize: str | None = None) -> pd.DataFrame:
    """Count rows by their class and the predicted one.

    Parameters
    ----------
    normalize : {"true", "pred", "all"}, optional
        Shares of the rows of a class, of those predicted as one, or of all, in place of counts.

    Returns
    -------
    DataFrame of shape (n_classes, n_classes)
        A row a true class, a column a predicted one; weighted where rows have weights.
    """
    import pandas as pd
    from sklearn.metrics import confusion_matrix

    if normalize not in (None, "true", "pred", "all"):
        raise AutoMLError(f"normalize: {normalize!r} is none of 'true', 'pred' and 'all'; leave it out for counts.")
    predicted = move_threshold(scored.predicted, scored.threshold).argmax(axis=1)
    cells = confusion_matrix(
        scored.codes,
        predicted,
        labels=range(len(scored.labels)),
        sample_weight=scored.weight,
        normalize=normalize,
    )
    names = pd.Index(scored.labels)
    return pd.DataFrame(cells, index=names.rename(f"true {scored.target}"), columns=names.rename("predicted"))


def draw_confusion(ax: Axes, table: pd.DataFrame, scored: Scored, *, normalize: str | None = None) -> str:
    """Draw the matrix, its numbers in the cells, darker where a larger share of the row is."""
    cells = table.to_numpy(dtype=np.float64)
    shares = cells if normalize else cells / np.maximum(cells.sum(axis=1, keepdims=True), 1e-300)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.grid(visible=False)
    n, names = len(table), [words(label, 16) for label in table.columns]
    few = max(1, n // 25)
    ax.set_xticks(range(0, n, few), names[::few], rotation=0 if n <= 4 else 60, ha="center" if n <= 4 else "right")
    ax.set_yticks(range(0, n, few), names[::few])
    if n <= _MOST_WRITTEN:
        for (i, j), value in np.ndenumerate(cells):
            said = f"{value:.2f}" if normalize else f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
            ax.text(j, i, said, ha="center", va="center", color="white" if shares[i, j] > 0.5 else "#212121")
    ax.set(xlabel="predicted", ylabel=words(f"true {scored.target}"), title="Confusion matrix")
    if normalize:
        return f"Confusion matrix of {n} classes, in shares."
    on, of = f"{np.trace(cells):,.0f}", f"{cells.sum():,.0f}"
    if scored.weight is not None:
        return f"Confusion matrix: {on} of {of} on the diagonal, rows counted by their weights."
    return f"Confusion matrix: {on} of {of} rows on the diagonal."


# --- ROC -----------------------------------------------------------------------------------------------------------


def roc_table(scored: Scored, *, label: object = None, by_fold: bool = False) -> pd.DataFrame:
    """Return the points of the ROC curve of each class against all others, and of their averages.

    Parameters
    ----------
    label : object, optional
        One class only.
    by_fold : bool, default False
        Whether each fold has curves of its own, too.

    Returns
    -------
    DataFrame
        Columns ``curve`` (``class`` or ``average``), ``label``, ``fold`` (missing for all rows pooled), ``fpr``,
        ``tpr``, ``threshold`` (missing for averages) and ``auc``.
    """
    from sklearn.metrics import auc, roc_curve

    def curve(hit: np.ndarray, score: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
        fpr, tpr, threshold = roc_curve(hit, score, sample_weight=weight)
        return {"fpr": fpr, "tpr": tpr, "threshold": threshold, "auc": auc(fpr, tpr)}

    return _curve_table(scored, label, by_fold, curve, "fpr", "tpr", "auc")


def draw_roc(ax: Axes, table: pd.DataFrame, scored: Scored, *, label: object = None, by_fold: bool = False) -> str:
    """Draw the curves and the diagonal that chance would give."""
    diagonal(ax, 0, 1, "chance")
    said = _draw_curves(ax, table, "fpr", "tpr", "auc", "AUC", "default")
    ax.set(
        xlabel="false positive rate", ylabel="true positive rate", title="ROC", xlim=(-0.01, 1.01), ylim=(-0.01, 1.02)
    )
    legend(ax, loc="lower right")
    return f"ROC curve: {said}."


# --- precision and recall --------------------------------------------------------------------------------------------


def precision_recall_table(scored: Scored, *, label: object = None, by_fold: bool = False) -> pd.DataFrame:
    """Return the points of the precision–recall curve of each class against all others, and of their averages.

    Parameters
    ----------
    label : object, optional
        One class only.
    by_fold : bool, default False
        Whether each fold has curves of its own, too.

    Returns
    -------
    DataFrame
        Columns ``curve`` (``class`` or ``average``), ``label``, ``fold`` (missing for all rows pooled), ``recall``,
        ``precision``, ``threshold`` (missing for averages) and ``average_precision``.
    """
    from sklearn.metrics import precision_recall_curve

    def curve(hit: np.ndarray, score: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
        precision, recall, threshold = precision_recall_curve(hit, score, sample_weight=weight, drop_intermediate=True)
        return {
            "recall": recall[::-1],
            "precision": precision[::-1],
            "threshold": np.append(threshold, np.nan)[::-1],
            "average_precision": -np.sum(np.diff(recall) * precision[:-1]),
        }

    return _curve_table(scored, label, by_fold, curve, "recall", "precision", "average_precision")


def draw_precision_recall(
    ax: Axes, table: pd.DataFrame, scored: Scored, *, label: object = None, by_fold: bool = False
) -> str:
    """Draw the curves as steps, and for one class the share of its rows, which chance would give."""
    shown = table[table["curve"] == "class"]["label"].unique()
    if len(shown) == 1:
        weight = scored.weights
        hit = scored.codes == scored.labels.index(shown[0])
        level(ax, float(weight[hit].sum() / weight.sum()), "chance")
    said = _draw_curves(ax, table, "recall", "precision", "average_precision", "AP", "steps-pre")
    ax.set(xlabel="recall", ylabel="precision", title="Precision and recall", xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
    legend(ax, loc="best")
    return f"Precision–recall curve: {said}."


def _curve_table(
    scored: Scored,
    label: object,
    by_fold: bool,
    curve: Callable[[np.ndarray, np.ndarray, np.ndarray], dict[str, Any]],
    x: str,
    y: str,
    area: str,
) -> pd.DataFrame:
    """Lay the curves of classes, averages and folds below each other; classes that are absent have none."""
    import pandas as pd

    pieces = []
    shown = scored.shown_classes(label)
    averaged = label is None and len(scored.labels) > 2
    for fold, rows in _each(scored, by_fold):
        weight = rows.weights
        found: dict[int, dict[str, Any]] = {}
        for code in range(len(scored.labels)) if averaged else shown:
            hit, score = _binary(rows, code)
            if weight[hit].sum() > 0 and weight[~hit].sum() > 0:
                found[code] = curve(hit, score, weight)
        curves = [("class", scored.labels[c], found[c]) for c in shown if c in found]
        if averaged and found:
            support = np.asarray([weight[rows.codes == c].sum() for c in found])
            flat = np.eye(len(scored.labels), dtype=bool)[rows.codes].ravel()
            micro = curve(flat, rows.predicted.ravel(), np.repeat(weight, len(scored.labels)))
            curves += [("average", "micro", {**micro, "threshold": np.nan})]
            curves += [("average", "macro", _mean_curve(list(found.values()), None, x, y, area))]
            curves += [("average", "weighted", _mean_curve(list(found.values()), support, x, y, area))]
        for kind, name, points in curves:
            pieces.append(pd.DataFrame({"curve": kind, "label": name, "fold": fold, **points}))
    if not pieces:
        raise AutoMLError("There is no curve to draw: all rows are of one class.")
    table = pd.concat(pieces, ignore_index=True)
    return table.astype({"fold": "Int64"})


def _mean_curve(curves: list[dict[str, Any]], weights: Any, x: str, y: str, area: str) -> dict[str, Any]:
    """Average curves at equal places of the x axis; where one jumps, its higher end counts.

    Between its points a curve of rates goes straight. Precision does not: at a recall that none of the points has, it
    is that of the first point beyond, as the area under the curve has it.
    """
    heights = []
    for curve in curves:
        order = np.lexsort((curve[y], curve[x]))
        at, height = curve[x][order], curve[y][order]
        if area == "average_precision":
            first = np.minimum(np.searchsorted(at, _GRID, side="left"), len(at) - 1)
            ends = np.append(np.flatnonzero(np.diff(at)), len(at) - 1)  # of points at one recall the highest
            heights.append(height[ends[np.searchsorted(ends, first)]])
        else:
            heights.append(np.interp(_GRID, at, height))
    mean = np.average(heights, axis=0, weights=weights)
    return {x: _GRID, y: mean, "threshold": np.nan, area: float(np.average([c[area] for c in curves], weights=weights))}


def _draw_curves(ax: Axes, table: pd.DataFrame, x: str, y: str, area: str, short: str, drawstyle: Any) -> str:
    pooled = table[table["fold"].isna()]
    names = pooled[pooled["curve"] == "class"]["label"].unique()
    drawn = pooled if len(names) <= MOST_DRAWN else pooled[pooled["curve"] == "average"]
    said = []
    for (kind, name), points in drawn.groupby(["curve", "label"], sort=False):
        text = f"{words(name)}, {short} {points[area].iloc[0]:.3f}"
        said.append(text)
        average = kind == "average"
        (line,) = ax.plot(
            points[x],
            points[y],
            drawstyle="default" if average else drawstyle,
            linewidth=1.4 if average else 2,
            linestyle=(0, (4, 2)) if average else "-",
            label=f"{text} (average)" if average else text,
            zorder=3,
        )
        folds = table[table["fold"].notna() & (table["curve"] == kind) & (table["label"] == name)]
        for _, of_fold in folds.groupby("fold"):
            ax.plot(of_fold[x], of_fold[y], drawstyle=drawstyle, linewidth=0.8, alpha=0.5, color=line.get_color())
    return "; ".join(said)


# --- cumulative gains and lift ---------------------------------------------------------------------------------


def gains_table(scored: Scored, *, label: object = None, by_fold: bool = False) -> pd.DataFrame:
    """Return what share of a class is among the rows scored highest for it.

    Parameters
    ----------
    label : object, optional
        One class only.
    by_fold : bool, default False
        Whether each fold has curves of its own, too.

    Returns
    -------
    DataFrame
        Columns ``label``, ``fold`` (missing for all rows pooled), ``share`` of the rows (0 to 1, by hundredths),
        ``gain`` (share of the class's rows among them) and ``lift`` (gain by share; missing at 0).
    """
    import pandas as pd

    shares = np.linspace(0, 1, 101)
    pieces = []
    for fold, rows in _each(scored, by_fold):
        weight = rows.weights
        for code in scored.shown_classes(label):
            hit, score = _binary(rows, code)
            if weight[hit].sum() <= 0:
                continue
            order = np.argsort(-score, kind="stable")
            seen = np.concatenate([[0.0], np.cumsum(weight[order])]) / weight.sum()
            got = np.concatenate([[0.0], np.cumsum((weight * hit)[order])]) / weight[hit].sum()
            # Rows of one score have no order among them: between the ends of such a run the curve is straight.
            ends = np.concatenate([[True], np.diff(score[order]) != 0, [True]])
            gain = np.interp(shares, seen[ends], got[ends])
            lift = np.divide(gain, shares, out=np.full(len(shares), np.nan), where=shares > 0)
            pieces.append(
                pd.DataFrame({"label": scored.labels[code], "fold": fold, "share": shares, "gain": gain, "lift": lift})
            )
    if not pieces:
        raise AutoMLError("There is no curve to draw: the rows have none of the classes asked for.")
    return pd.concat(pieces, ignore_index=True).astype({"fold": "Int64"})


def draw_gains(ax: Axes, table: pd.DataFrame, scored: Scored, *, label: object = None, by_fold: bool = False) -> str:
    """Draw the gains, and the diagonal that rows in any order would give."""
    diagonal(ax, 0, 1, "any order")
    _draw_by_label(ax, table, "share", "gain")
    title = f"Cumulative gains{of_classes(table['label'].nunique())}"
    ax.set(xlabel="share of rows, highest scores first", ylabel="share of the class found", title=title)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
    legend(ax, loc="lower right")
    return f"Cumulative gains: {_at_a_tenth(table, 'gain', '{:.0%} of {}')} among the tenth of the rows scored highest."


def draw_lift(ax: Axes, table: pd.DataFrame, scored: Scored, *, label: object = None, by_fold: bool = False) -> str:
    """Draw the lift, and the level that rows in any order would give."""
    level(ax, 1.0, "any order")
    _draw_by_label(ax, table, "share", "lift")
    title = f"Lift{of_classes(table['label'].nunique())}"
    ax.set(xlabel="share of rows, highest scores first", ylabel="lift", title=title, xlim=(-0.01, 1.01))
    ax.set_ylim(bottom=0)
    legend(ax, loc="upper right")
    return f"Lift: {_at_a_tenth(table, 'lift', '{:.2f} for {}')} in the tenth of the rows scored highest."


def _draw_by_label(ax: Axes, table: pd.DataFrame, x: str, y: str) -> None:
    pooled = table[table["fold"].isna()]
    for name in list(pooled["label"].unique())[:MOST_DRAWN]:
        points = pooled[pooled["label"] == name]
        (line,) = ax.plot(points[x], points[y], linewidth=2, label=words(name))
        folds = table[table["fold"].notna() & (table["label"] == name)]
        for _, of_fold in folds.groupby("fold"):
            ax.plot(of_fold[x], of_fold[y], linewidth=0.8, alpha=0.5, color=line.get_color())


def _at_a_tenth(table: pd.DataFrame, column: str, template: str) -> str:
    rows = table[table["fold"].isna() & np.isclose(table["share"], 0.1)]
    return ", ".join(template.format(v, n) for n, v in zip(rows["label"], rows[column], strict=True))


# --- calibration -----------------------------------------------------------------------------------------------------


def calibration_table(
    scored: Scored, *, label: object = None, n_bins: int = 10, strategy: str = "quantile"
) -> pd.DataFrame:
    """Compare predicted probabilities with how often the class came.

    Parameters
    ----------
    label : object, optional
        One class only.
    n_bins : int, default 10
        Bins, 2 to 100.
    strategy : {"quantile", "uniform"}, default "quantile"
        Bins of equally many rows, or of equal width.

    Returns
    -------
    DataFrame
        Columns ``label``, ``predicted`` (mean probability in a bin), ``observed`` (share of the class), ``low`` and
        ``high`` (its 95 % interval by Wilson 1927) and ``n`` (rows).
    """
    import pandas as pd

    n_bins = whole(n_bins, "n_bins", 2, 100)
    if strategy not in ("quantile", "uniform"):
        raise AutoMLError(f"strategy: {strategy!r} is neither 'quantile' nor 'uniform'.")
    pieces = []
    weight = scored.weights
    for code in scored.shown_classes(label):
        hit, score = _binary(scored, code)
        if strategy == "quantile":
            edges = np.unique(np.quantile(score, np.linspace(0, 1, n_bins + 1)[1:-1]))
        else:
            edges = np.linspace(0, 1, n_bins + 1)[1:-1]
        bins = np.searchsorted(edges, score, side="left")
        total = np.bincount(bins, weights=weight, minlength=len(edges) + 1)
        n = np.bincount(bins, minlength=len(edges) + 1)
        there = total > 0
        predicted = np.bincount(bins, weights=weight * score, minlength=len(n))[there] / total[there]
        observed = np.bincount(bins, weights=weight * hit, minlength=len(n))[there] / total[there]
        squares = np.bincount(bins, weights=weight**2, minlength=len(n))[there]
        low, high = wilson(observed, total[there] ** 2 / squares)  # so many rows of equal weight (Kish 1965)
        columns = {"predicted": predicted, "observed": observed, "low": low, "high": high, "n": n[there]}
        pieces.append(pd.DataFrame({"label": scored.labels[code], **columns}))
    return pd.concat(pieces, ignore_index=True)


def draw_calibration(
    ax: Axes,
    table: pd.DataFrame,
    scored: Scored,
    *,
    label: object = None,
    n_bins: int = 10,
    strategy: str = "quantile",
) -> str:
    """Draw observed against predicted, with intervals where one class is shown."""
    diagonal(ax, 0, 1, "calibrated")
    names = list(table["label"].unique())
    for name in names[:MOST_DRAWN]:
        points = table[table["label"] == name]
        (line,) = ax.plot(points["predicted"], points["observed"], marker="o", markersize=4, label=words(name))
        if len(names) == 1:
            ax.fill_between(points["predicted"], points["low"], points["high"], alpha=0.15, color=line.get_color())
    title = f"Calibration{of_classes(len(names))}"
    ax.set(xlabel="predicted probability", ylabel="share observed", title=title)
    ax.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    legend(ax, loc="upper left")
    off = np.average(np.abs(table["predicted"] - table["observed"]), weights=table["n"])
    return f"Calibration: predicted and observed shares differ by {off:.3f} on average."
