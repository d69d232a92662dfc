"""The fitted forecaster: next values of the series it was trained on, or of others, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import plain, plural
from automl_jupyter.data.cache import open_cache
from automl_jupyter.data.frames import as_frame
from automl_jupyter.data.panel import PanelIndex
from automl_jupyter.errors import AutoMLError, ModelInputError
from automl_jupyter.metrics.forecasting import season_scale
from automl_jupyter.results.fitted import FittedModel
from automl_jupyter.results.numbers import whole
from automl_jupyter.results.series_reader import SeriesReader, name_rows
from automl_jupyter.trials.forecast_blend import ForecastBlend, load_forecast_blend
from automl_jupyter.trials.history import History, join, open_history
from automl_jupyter.trials.intervals import quantile_offsets
from automl_jupyter.trials.rolling import roll, spans

#: the column of forecasts
FORECAST = "forecast"


class ForecastingModel(FittedModel):
    """A fitted forecaster of one or many series.

    Parameters
    ----------
    manifest : mapping
        What the model is made of.
    folder : Path
        Where its parts lie.

    Attributes
    ----------
    history_ : History
        The last periods of the training series, which forecasts start from.
    """

    def __init__(self, manifest: Mapping[str, Any], folder: Path) -> None:
        super().__init__(manifest, folder)
        self.blend_: ForecastBlend = load_forecast_blend(folder, manifest["parts"], manifest["stack"])
        table = open_cache(folder / "history")
        self.history_: History = open_history(table)
        self.settings_: Mapping[str, Any] = table.meta["forecast"]
        self._ranges = np.asarray(table.arrays["ranges"])
        self._scales = np.asarray(table.arrays["scales"])
        self._reader = SeriesReader(manifest, self.schema_, self.settings_, self.index, self.blend_)

    # --- what it is ----------------------------------------------------------------------------------------------

    @property
    def horizon(self) -> int:
        """How many periods ahead it was trained for."""
        return int(self.settings_["horizon"])

    @property
    def coverage(self) -> dict[str, float | None]:
        """How often 80 % and 95 % intervals held the true value, judged on origins they were not made from."""
        errors = self.manifest.get("errors") or {}
        return dict(errors.get("coverage", {}))

    @property
    def columns_known_ahead(self) -> list[str]:
        """The columns whose values a forecast needs of the periods to come: those `X_future` must have."""
        return list(self._reader.known_ahead)

    @property
    def scales(self) -> np.ndarray:
        """The mean absolute error, in training, of repeating the season before; shape (n_series,)."""
        return self._scales

    @property
    def series_names(self) -> list[str]:
        """What the training series are called: their ids, joined by ``/`` where there are several."""
        return ["/".join(key) or "the series" for key in self.index.keys]

    def series_of(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the number of each row's training series, from 0; -1 of others."""
        return self._reader.known_series(rows[list(self.index.id_columns)])

    @property
    def index(self) -> PanelIndex:
        """Which series there are, and at which instants they were observed."""
        return self.history_.index

    # --- forecasts -----------------------------------------------------------------------------------------------

    def forecast(self, context: object = None, horizon: int | None = None, X_future: object = None) -> pd.DataFrame:
        """Return the next values of every series.

        Parameters
        ----------
        context : DataFrame (pandas, polars), Arrow table, or list of dict, optional
            Rows with the time, the series' ids, the target, and other columns whose past the model looks at: later
            observations of the training series, or series of their own. Forecasts then start after them. None starts
            at the end of the training data.
        horizon : int, optional
            How many periods; by default as many as it was trained for, or as `X_future` has. Beyond them it goes on
            from its own forecasts.
        X_future : table, optional
            The time, the series' ids and the columns that are known ahead, of each period to forecast; needed where the
            model uses such columns.

        Returns
        -------
        DataFrame
            A row a series and period: id columns, time column, ``forecast``.

        Raises
        ------
        ModelInputError
            When rows cannot be read, or values known ahead are missing; the series and periods are named.
        """
        _, cells, ahead = self._ahead(context, horizon, X_future)
        return cells.assign(**{FORECAST: ahead.ravel()})

    def forecast_quantiles(
        self,
        context: object = None,
        horizon: int | None = None,
        X_future: object = None,
        quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    ) -> pd.DataFrame:
        """Return the next values of every series, and between which values they should lie.

        Parameters
        ----------
        context, horizon, X_future
            As for `forecast`.
        quantiles : sequence of float, default (0.1, 0.5, 0.9)
            Each between 0 and 1.

        Returns
        -------
        DataFrame
            As `forecast` gives it, with a column a quantile, named by it.
        """
        if isinstance(quantiles, int | float) or not np.iterable(quantiles):
            raise AutoMLError(
                f"quantiles: {quantiles!r} is no list of numbers between 0 and 1, such as [0.1, 0.5, 0.9]."
            )
        quantiles = list(quantiles)  # an iterator can be gone through only once
        wrong = [q for q in quantiles if not _is_share(q)]
        if wrong:
            raise AutoMLError(f"quantiles: {wrong[0]!r} does not lie between 0 and 1.")
        history, cells, ahead = self._ahead(context, horizon, X_future)
        unit = self._units(history)
        found: dict[Any, np.ndarray] = {FORECAST: ahead.ravel()}
        lowest = 0.0 if bool((history.values >= 0).all()) else -np.inf
        for q in quantiles:
            moved = ahead + unit[:, None] * quantile_offsets(self.manifest["errors"], q, ahead.shape[1])
            found[float(q)] = np.maximum(moved, np.minimum(lowest, ahead)).ravel()
        return cells.join(pd.DataFrame(found))

    def interval(
        self, level: float = 0.8, context: object = None, horizon: int | None = None, X_future: object = None
    ) -> pd.DataFrame:
        """Return the next values of every series with an interval that should hold them.

        Parameters
        ----------
        level : float, default 0.8
            How often it should.
        context, horizon, X_future
            As for `forecast`.

        Returns
        -------
        DataFrame
            As `forecast` gives it, with the columns ``low`` and ``high``.
        """
        if not _is_share(level):
            raise AutoMLError(f"level: {level!r} does not lie between 0 and 1.")
        tail = round((1 - level) / 2, 12)  # 0.1, and not what is beside it
        if not 0 < tail < 0.5:
            raise AutoMLError(f"level: {level!r} is too near to 0 or 1.")
        ends = (tail, 1 - tail)
        found = self.forecast_quantiles(context, horizon, X_future, ends)
        return found.rename(columns={ends[0]: "low", ends[1]: "high"})

    def predict(self, X: object) -> np.ndarray:
        """Return the forecast of each row's series and period, shape (n_rows,).

        Parameters
        ----------
        X : DataFrame (pandas, polars), Arrow table, or list of dict
            Rows with the time, the series' ids and the columns that are known ahead. There may be a gap between the
            training data and the first of them: what is known ahead is taken as missing in it.

        Raises
        ------
        ModelInputError
            When a row's series is not known, or it does not lie after the training data.
        """
        frame = as_frame(X, field="X")
        series, positions = self._reader.locate(frame, self.index, "X")
        if not len(series):
            return np.empty(0)
        steps = positions - (self.index.starts + self.index.lengths)[series] + 1
        if (steps < 1).any():
            at = np.flatnonzero(steps < 1)
            message = f"{plural(len(at), 'row')} ({name_rows(at)}) do not lie after the end of the training data."
            raise ModelInputError(f"{message} Use rolling_forecast to forecast a past that is known.")
        horizon = int(steps.max())
        if horizon * self.index.n_series > self._reader.most_cells(self.index):
            raise self._reader.too_far(frame, int(steps.argmax()), horizon * self.index.n_series, "X")
        future = self._reader.future(self.history_, horizon, frame, may_lack=True)
        ahead = self.blend_.forecast(self.history_, horizon, future)
        return np.asarray(ahead[series, steps - 1])

    def rolling_forecast(self, test: object, step: int = 1, horizon: int | None = None) -> pd.DataFrame:
        """Forecast a past that is known, from origins that move on through it; nothing after an origin is used.

        Parameters
        ----------
        test : DataFrame (pandas, polars), Arrow table, or list of dict
            Rows with the time, the series' ids, the target, and the columns that are known ahead.
        step : int, default 1
            Periods between two origins.
        horizon : int, optional
            Periods forecast from each; by default as many as it was trained for.

        Returns
        -------
        DataFrame
            A row a series, origin and period: id columns, time column, ``origin`` (the last instant known),
            ``step`` (periods after it), ``forecast`` and ``actual``.
        """
        horizon = self._reader.checked_horizon(horizon, self.index)
        step = whole(step, "step", 1)
        later = self._reader.read(test, "test", needed=[*self.columns_known_ahead, *self.blend_.needs_past])
        rolled = roll(self.blend_, self.history_, later, horizon, step, self.settings_["unknown"])
        if not len(rolled.series):
            raise ModelInputError("test: no row lies after the training data of its series.")
        frame = rolled.index.frame(rolled.series, rolled.position)
        origin = rolled.index.shown_times(rolled.origin)
        return frame.assign(origin=origin, step=rolled.step, forecast=rolled.forecast, actual=rolled.actual)

    # --- scores --------------------------------------------------------------------------------------------------

    def evaluate(self, data: object, by: str | None = None) -> pd.DataFrame:
        """Return every metric of forecasts of a past that is known.

        The origin moves on a horizon at a time, so that each period is forecast once. All rows count alike, also where
        the job had weights.

        Parameters
        ----------
        data : DataFrame (pandas, polars), Arrow table, or list of dict
            Rows with the time, the series' ids, the target, and the columns that are known ahead.
        by : {"series", "step"}, optional
            A row a series, or a row a step ahead, with the metrics as columns.

        Returns
        -------
        DataFrame
            Without `by`: a row a metric, the primary one first; columns ``value`` and ``n_rows``.
        """
        if by not in (None, "series", "step"):
            raise AutoMLError(f"by: {by!r} is neither 'series' nor 'step'.")
        rolled = self.rolling_forecast(data, step=self.horizon)
        return self.score(rolled, by)

    def score(self, rolled: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
        """Return the metrics of what `rolling_forecast` gave."""
        rolled = rolled[np.isfinite(rolled["actual"])].reset_index(drop=True)
        names = list(self.index.id_columns)
        codes = self._reader.known_series(rolled[names])
        if by is None:
            metrics = self._metrics(rolled, codes)
            first = str(self.manifest["metric"])
            keys = [first, *(k for k in metrics if k != first)] if first in metrics else list(metrics)
            values = {"value": [metrics[k] for k in keys], "n_rows": len(rolled)}
            return pd.DataFrame(values, index=pd.Index(keys, name="metric"))
        keys = names if by == "series" else ["step"]
        if not keys:
            return pd.DataFrame([self._metrics(rolled, codes)])
        rows = []
        for key, part in rolled.groupby(keys, sort=by == "step"):
            of_key = key if isinstance(key, tuple) else (key,)
            metrics = self._metrics(part, codes[part.index.to_numpy()])
            rows.append({**dict(zip(keys, of_key, strict=True)), "n_rows": len(part), **metrics})
        return pd.DataFrame(rows)

    @cached_property
    def _measures(self) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
        """The ranges and scales of the training series, last those of any other, and the ends of their target."""
        ranges, scales = (np.append(of_each, float(np.median(of_each))) for of_each in (self._ranges, self._scales))
        y = self.history_.y
        return ranges, scales, (float(np.nanmin(y)), float(np.nanmax(y)))

    def _metrics(self, rolled: pd.DataFrame, codes: np.ndarray) -> dict[str, float | None]:
        from automl_jupyter.metrics.base import MetricContext, SeriesRows
        from automl_jupyter.metrics.registry import evaluate_metrics
        from automl_jupyter.results.evaluation import primary_metric

        ranges, scales, y_range = self._measures
        # Those of the series there are: metrics go through all they are given, and this is asked series by series.
        used, own = np.unique(np.where(codes < 0, len(self._ranges), codes), return_inverse=True)
        context = MetricContext(series=SeriesRows(own, ranges[used], scales[used]), y_range=y_range)
        y, ahead = rolled["actual"].to_numpy(float), rolled[FORECAST].to_numpy(float)
        primary = primary_metric(str(self.manifest["metric"]), "forecasting")
        return evaluate_metrics("forecasting", y, ahead, None, context, () if primary is None else (primary,))

    def _ahead(
        self, context: object, horizon: int | None, X_future: object
    ) -> tuple[History, pd.DataFrame, np.ndarray]:
        history = self.history_
        if context is not None:
            given = self._reader.read(context, "context", needed=self.blend_.needs_past)
            joined = join(self.history_, given)
            wanted = spans(joined.index, self.index, given.index)[1] > 0
            history = joined.head(np.where(wanted, joined.index.lengths, 0))
        future = None if X_future is None else as_frame(X_future, field="X_future")
        if future is not None and context is not None:
            future = self._reader.of_series_in(future, history)
        if horizon is None and future is not None:
            horizon = self._reader.steps_given(history, future)
        horizon = self._reader.checked_horizon(horizon, history.index)
        rows = self._reader.future(history, horizon, future)
        ahead = self.blend_.forecast(history, horizon, rows)
        index = history.index
        positions = (index.starts + index.lengths)[:, None] + np.arange(horizon)
        series = np.repeat(np.arange(index.n_series), horizon)
        return history, index.frame(series, positions.ravel()), ahead

    def _units(self, history: History) -> np.ndarray:
        """Return how large an error of each series is, in its own unit."""
        scales = season_scale(history.values, history.index.offsets, history.season)
        usual = np.median(scales[scales > 0]) if (scales > 0).any() else 1.0
        scales = np.where(scales > 0, scales, usual)
        codes = self._reader.known_series(history.index.ids)
        ratio = np.append(np.asarray(self.manifest["errors"]["ratio"]), 1.0)
        # Of training series the scale is that of training, which the errors were measured by.
        own = np.append(self._scales, np.nan)[codes]
        return np.asarray(np.where(np.isfinite(own) & (own > 0), own, scales) * ratio[codes])

    # --- manners -------------------------------------------------------------------------------------------------

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        made_of = ", ".join(f"{plain(label, most=60)} × {weight:.2f}" for label, weight in self.members[:5])
        more = f" and {len(self.members) - 5} more" if len(self.members) > 5 else ""
        many = plural(self.index.n_series, "series", "series")
        ahead = f"{plural(self.horizon, 'period')} of {self.index.frequency} ahead"
        return f"ForecastingModel({self.label}, {many}, {ahead}: {made_of}{more})"


def _is_share(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(0 < value < 1)
