"""What forecasts are looked at with: a series and what comes next, and errors by horizon and by series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import did_you_mean, number, plain
from automl_jupyter.data.kinds import text_of
from automl_jupyter.errors import AutoMLError
from automl_jupyter.results.charts.axes import COLOURS, QUIET, legend, words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: horizons of history that are drawn before the forecasts, and periods at least
_HORIZONS_BACK, _LEAST_BACK = 4, 40
#: series drawn by their errors, at most
_MOST_SERIES = 20


@dataclass(frozen=True)
class Forecasts:
    """Series, how they were forecast from origins in their past, and how they go on.

    Parameters
    ----------
    names : sequence of str
        What the series are called.
    past : callable
        ``past(series)`` returns instants and values up to where the forecast starts.
    judged : DataFrame
        Forecasts of what is known: columns ``series`` (its number), ``when``, ``step``, ``forecast`` and ``actual``.
    ahead : callable
        ``ahead(series, level)`` returns a DataFrame with ``when``, ``forecast``, ``low`` and ``high``, empty where the
        model needs columns that are not known yet.
    scales : ndarray of shape (n_series,)
        The mean absolute error in training of repeating the season before.
    horizon : int
        Periods forecast.
    target : str
        What is forecast.
    """

    names: tuple[str, ...]
    past: Callable[[int], tuple[Any, np.ndarray]]
    judged: pd.DataFrame
    ahead: Callable[[int, float], pd.DataFrame]
    scales: np.ndarray
    horizon: int
    target: str

    def number_of(self, series: object) -> int:
        """Return the number of the series called so; of the first one when None."""
        if series is None:
            return 0
        name = "/".join(map(text_of, series if isinstance(series, tuple) else (series,)))
        if name not in self.names:
            some = ", ".join(plain(n, most=40) for n in self.names[:10])
            raise AutoMLError(
                f"series: there is no series {plain(name, most=80)!r}.{did_you_mean(name, self.names)}"
                f" There are {some}{' …' if len(self.names) > 10 else ''}."
            )
        return self.names.index(name)


def forecast_table(forecasts: Forecasts, series: object = None, *, level: float = 0.8) -> pd.DataFrame:
    """Return a series, its forecasts from origins in the past, and its forecast with an interval.

    Parameters
    ----------
    series : str or tuple, optional
        Its id, several joined by ``/`` or as a tuple; the first series when left out.
    level : float, default 0.8
        How often the interval should hold what comes.

    Returns
    -------
    DataFrame
        Columns ``when``, ``actual`` (missing ahead), ``judged`` (what had been forecast from an earlier origin),
        ``forecast``, ``low`` and ``high`` (of what comes next).
    """
    import pandas as pd

    if not (isinstance(level, int | float) and 0 < level < 1):
        raise AutoMLError(f"level: {level!r} does not lie between 0 and 1.")
    at = forecasts.number_of(series)
    times, values = forecasts.past(at)
    own = forecasts.judged[forecasts.judged["series"] == at]
    known = pd.DataFrame({"when": times, "actual": values})
    others = own[["when", "actual"]][~own["when"].isin(known["when"])].drop_duplicates("when")
    goes_on = bool((others["when"] > times.max()).any())  # other rows are earlier than what the model keeps
    if len(others):
        known = pd.concat([known, others], ignore_index=True).sort_values("when", ignore_index=True)
    # Of overlapping origins the latest one's forecast is shown.
    judged = own.drop_duplicates("when", keep="last")[["when", "forecast"]].rename(columns={"forecast": "judged"})
    known = known.merge(judged, on="when", how="left")
    back = max(_HORIZONS_BACK * forecasts.horizon, _LEAST_BACK, len(judged) + forecasts.horizon)
    ahead = forecasts.ahead(at, level)
    if goes_on or ahead.empty:
        return known.tail(back).reset_index(drop=True).assign(forecast=np.nan, low=np.nan, high=np.nan)
    return pd.concat([known.tail(back), ahead], ignore_index=True)[
        ["when", "actual", "judged", "forecast", "low", "high"]
    ]


def draw_forecast(
    ax: Axes, table: pd.DataFrame, forecasts: Forecasts, series: object = None, *, level: float = 0.8
) -> str:
    """Draw the past, what had been forecast of it, and what comes next with a band."""
    name = forecasts.names[forecasts.number_of(series)]
    when = table["when"]
    ax.plot(when, table["actual"], color=QUIET, linewidth=1.2, label="actual", zorder=2)
    if table["judged"].notna().any():
        ax.plot(
            when, table["judged"], color=COLOURS[1], linewidth=1.2, linestyle="--", label="forecast before", zorder=3
        )
    says = f"{plain(name, most=40)}: {len(table):,} periods"
    if table["forecast"].notna().any():
        ax.plot(when, table["forecast"], color=COLOURS[0], linewidth=1.8, label="forecast", zorder=4)
        ax.fill_between(when, table["low"], table["high"], color=COLOURS[0], alpha=0.2, label=f"{level:.0%} interval")
        last = table.iloc[-1]
        says += f"; at the end {number(last['forecast'])} ({number(last['low'])} to {number(last['high'])})"
    ax.set(ylabel=words(forecasts.target), title=words(name, most=50))
    ax.tick_params(axis="x", rotation=30)
    legend(ax, loc="upper left")
    return says + "."


def by_step_table(forecasts: Forecasts) -> pd.DataFrame:
    """Return the errors by how far ahead the forecast was.

    Returns
    -------
    DataFrame
        Columns ``step``, ``mae``, ``mase`` (errors over those of repeating the season before in training), ``bias``
        (the mean of forecast less actual) and ``n``.
    """
    return _errors(forecasts, "step")


def draw_by_step(ax: Axes, table: pd.DataFrame, forecasts: Forecasts) -> str:
    """Draw the scaled error of each step."""
    ax.plot(table["step"], table["mase"], marker="o", markersize=3, color=COLOURS[0])
    ax.set(xlabel="periods ahead", ylabel="mean absolute scaled error", title="Error by horizon", ylim=(0, None))
    first, last = table["mase"].iloc[0], table["mase"].iloc[-1]
    return (
        f"Mean absolute scaled error: {number(first)} one period ahead, {number(last)} {table['step'].iloc[-1]} ahead."
    )


def by_series_table(forecasts: Forecasts) -> pd.DataFrame:
    """Return the errors of each series, the worst first.

    Returns
    -------
    DataFrame
        Columns ``series``, ``mae``, ``mase``, ``bias`` and ``n``.
    """
    found = _errors(forecasts, "series")
    found["series"] = [forecasts.names[i] for i in found["series"]]
    return found.sort_values("mase", ascending=False, kind="stable", ignore_index=True)


def draw_by_series(ax: Axes, table: pd.DataFrame, forecasts: Forecasts) -> str:
    """Draw the worst series as bars."""
    worst = table.head(_MOST_SERIES).iloc[::-1]
    ax.barh(range(len(worst)), worst["mase"], color=COLOURS[0], alpha=0.75)
    ax.set_yticks(range(len(worst)), [words(n) for n in worst["series"]])
    middle = float(table["mase"].median())
    ax.axvline(middle, color=QUIET, linewidth=1, label="median of all")
    what = f"the {_MOST_SERIES} worst of {len(table):,} series" if len(table) > _MOST_SERIES else "by series"
    ax.set(xlabel="mean absolute scaled error", title=f"Error {what}")
    legend(ax, loc="lower right")
    top = table.iloc[0]
    return f"Worst series {plain(top['series'], most=40)}: {number(top['mase'])}; the median is {number(middle)}."


def _errors(forecasts: Forecasts, by: str) -> pd.DataFrame:
    frame = forecasts.judged.dropna(subset=["actual"])
    error = frame["forecast"] - frame["actual"]
    scale = np.where(forecasts.scales > 0, forecasts.scales, np.nan)[frame["series"].to_numpy()]
    parts: Mapping[str, Any] = {by: frame[by], "mae": error.abs(), "mase": error.abs() / scale, "bias": error, "n": 1}
    return (
        frame.iloc[:, :0]
        .assign(**parts)
        .groupby(by, as_index=False)
        .agg({"mae": "mean", "mase": "mean", "bias": "mean", "n": "sum"})
    )
