"""A configuration as something that forecasts: a learner of single series, or a regressor on lags of all series."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl_jupyter.errors import AutoMLError
from automl_jupyter.featurization.lags import Cells, LagSettings, lag_features
from automl_jupyter.featurization.seasonal import KIND, Components, decompose
from automl_jupyter.learners import learners
from automl_jupyter.learners.base import StopSignal, make_learner, never_stop
from automl_jupyter.learners.series.base import Past
from automl_jupyter.trials.history import RECENT_PERIODS, History, learn_fills, numbers_of
from automl_jupyter.trials.sequences import SequenceForecaster, calendar_of

if TYPE_CHECKING:
    from automl_jupyter.data.panel import PanelIndex
    from automl_jupyter.learners.info import LearnerInfo

#: the settings of a pooled forecaster that are not its learner's
STRATEGY, DIFFERENCE, LAGS, LOG = "strategy", "difference", "lag_set", "log"
#: types of columns that are numbers
_NUMBERS = ("Numeric", "Boolean")
#: cells a pooled forecaster has features of at a time, at most: those it learns from, and those it forecasts
MOST_CELLS = 200_000
#: distinct lengths of series that are worked on one by one; with more, lengths are rounded down
_MOST_LENGTHS = 64
#: the least value, in units of a series' usual one, that has a logarithm where training says of none
_LEAST = 1e-9
#: cells of a batch of series
_MOST_BATCH = 8_000_000


class LocalForecaster:
    """A learner of single series, on many of them.

    Parameters
    ----------
    learner : str
        Its key.
    params : mapping
        Its settings; ``log`` forecasts the logarithm where all values of a series are positive.
    season : int
        Periods of a season.
    seasons : sequence of int
        All periods after which the calendar repeats.
    columns : sequence of str
        The numeric columns that are known ahead, for learners that look at them.
    country : str, optional
        The country whose holidays matter.
    imputers : mapping, optional
        How missing values of columns are imputed, by column.
    """

    def __init__(
        self,
        learner: str,
        params: Mapping[str, Any],
        season: int,
        seasons: Sequence[int],
        *,
        columns: Sequence[str] = (),
        country: str | None = None,
        imputers: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.learner, self.params = learner, dict(params)
        self.season, self.seasons = season, list(seasons)
        self.columns, self.country = list(columns), country
        self.imputers = dict(imputers or {})

    @property
    def needs_columns(self) -> list[str]:
        """The columns whose values must be known ahead."""
        return self.columns

    @property
    def needs_past(self) -> list[str]:
        """The columns whose values before an origin are looked at."""
        return self.columns

    def fit(self, history: History, *, seed: int, n_jobs: int, should_stop: StopSignal = never_stop) -> LocalForecaster:
        """Learn what missing values of columns become; a series is looked at when it is forecast."""
        if self.columns:
            self.fills_ = learn_fills(history.X, self.columns, self.imputers)
        return self

    def remember(self, history: History, horizon: int) -> LocalForecaster:
        """Work out what comes after the end of training, so that a saved model has it at hand.

        Without effect on a learner that looks at columns which are known ahead: they are not known yet.
        """
        if not self.columns:
            self.ahead_ = self.forecast(history, horizon, history.X)
            self.origin_ = _mark(history)
        return self

    def forecast(
        self, history: History, horizon: int, future: pd.DataFrame, should_stop: StopSignal = never_stop
    ) -> np.ndarray:
        """Return the next `horizon` values of every series, shape (n_series, horizon)."""
        known_ahead = getattr(self, "ahead_", None)
        if known_ahead is not None and known_ahead.shape[1] == horizon and self.origin_ == _mark(history):
            return np.array(known_ahead)
        params = dict(self.params)
        log = bool(params.pop(LOG, False))
        inner = make_learner(learners.get(self.learner), "forecasting", params, random_state=0, n_jobs=1)
        index = history.index
        found = np.empty((index.n_series, horizon))
        fills = getattr(self, "fills_", None)
        known = numbers_of(history.X, self.columns, fills) if self.columns else None
        ahead = None
        if self.columns:
            ahead = numbers_of(future, self.columns, fills).reshape(index.n_series, horizon, -1)
        ends = index.times(index.starts + index.lengths - 1)
        batches = _batches(history)
        if log:
            batches = [part for rows, cells in batches for part in _by_sign(history.values, rows, cells)]
        for rows, cells in batches:
            values = history.values[cells]
            logged = log and bool((values > 0).all())
            past = Past(
                np.log(values) if logged else values,
                self.season,
                tuple(self.seasons),
                columns=None if known is None else known[cells],
                ahead=None if ahead is None else ahead[rows],
                ends=ends[rows],
                frequency=index.frequency,
                country=self.country,
            )
            next_ones = inner.forecast(past, horizon)
            found[rows] = np.exp(np.minimum(next_ones, 700)) if logged else next_ones
        return found


def _mark(history: History) -> str:
    """Return what tells the recent past of some series from any other."""
    index, rows = history.index.tail(RECENT_PERIODS)
    return hashlib.sha256(history.values[rows].tobytes() + index.lengths.tobytes()).hexdigest()


def _batches(history: History) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return series of equal length together, and their rows; of many lengths some give up their oldest periods."""
    lengths = np.minimum(history.index.lengths, RECENT_PERIODS)
    if len(np.unique(lengths)) > _MOST_LENGTHS:
        ladder = np.unique(np.floor(1.05 ** np.arange(0, 200)).astype(int))
        lengths = ladder[np.searchsorted(ladder, lengths, side="right") - 1]
    ends = history.index.offsets[1:]
    found = []
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        size = max(1, _MOST_BATCH // int(length))
        parts = np.split(rows, np.arange(size, len(rows), size))
        back = np.arange(length, 0, -1)
        found += [(part, ends[part][:, None] - back) for part in parts]
    return found


def _by_sign(values: np.ndarray, rows: np.ndarray, cells: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the series of a batch that have logarithms, and those that do not, with their rows."""
    positive = (values[cells] > 0).all(axis=1)
    return [(rows[one], cells[one]) for one in (positive, ~positive) if one.any()]


@dataclass(frozen=True)
class _Known:
    """Features of periods that do not depend on values."""

    calendar: np.ndarray
    columns: Any

    def take(self, rows: np.ndarray) -> _Known:
        """Return those of some periods."""
        return _Known(self.calendar[rows], None if self.columns is None else self.columns[rows])


class PooledForecaster:
    """A regressor that learns from all series at once, on their lags, the calendar and the other columns.

    Parameters
    ----------
    learner, params : str, mapping
        The regressor and its own settings, with ``strategy`` (``recursive``: one step ahead, again and again;
        ``direct``: any step ahead), ``difference`` and ``log``.
    lags : mapping
        As `LagSettings.to_dict` gives them.
    horizon : int
        How many steps ahead it learns.
    seasons : sequence of int
        Periods of the seasons.
    columns : sequence of mapping
        The other columns, as `Column.to_dict` gives them.
    unknown : sequence of str
        Columns that are not known ahead.
    lagged : bool
        Whether past values of numeric columns are features, too.
    settings : mapping, optional
        How columns become features.
    country : str, optional
        The country whose holidays are features.
    stl : {"season", "season_trend"}, optional
        The components of a seasonal-trend decomposition that are features.
    """

    def __init__(
        self,
        learner: str,
        params: Mapping[str, Any],
        *,
        lags: Mapping[str, Any],
        horizon: int,
        seasons: Sequence[int],
        columns: Sequence[Mapping[str, Any]] = (),
        unknown: Sequence[str] = (),
        lagged: bool = False,
        settings: Mapping[str, Any] | None = None,
        country: str | None = None,
        stl: str | None = None,
    ) -> None:
        self.learner, self.params = learner, dict(params)
        self.lags, self.horizon, self.seasons = dict(lags), horizon, list(seasons)
        self.columns, self.unknown, self.lagged = [dict(c) for c in columns], list(unknown), lagged
        self.settings, self.country, self.stl = dict(settings or {}), country, stl

    @property
    def needs_columns(self) -> list[str]:
        """The columns whose values must be known ahead."""
        return [c["name"] for c in self.columns if c["name"] not in self.unknown]

    @property
    def needs_past(self) -> list[str]:
        """The columns whose values before an origin are looked at."""
        return [c["name"] for c in self.columns if c["type"] in _NUMBERS and (self.lagged or c["name"] in self.unknown)]

    @property
    def _direct(self) -> bool:
        return str(self.params.get(STRATEGY, "recursive")) == "direct"

    @property
    def _info(self) -> LearnerInfo:
        return learners.get(self.learner)

    def fit(
        self, history: History, *, seed: int, n_jobs: int, should_stop: StopSignal = never_stop
    ) -> PooledForecaster:
        """Learn from every period whose target was observed.

        Parameters
        ----------
        history : History
            The training series.
        seed : int
            Seeds the regressor and which cells are learnt from.
        n_jobs : int
            Threads.
        should_stop : callable
            Asked by regressors that can stop.
        """
        from automl_jupyter.data.dataset import Column, ColumnType
        from automl_jupyter.featurization.recipes import make_featurizer
        from automl_jupyter.learners.base import FitData, fit_learner

        own = {k: v for k, v in self.params.items() if k not in (STRATEGY, DIFFERENCE, LAGS, LOG, "features", "scaler")}
        rounds = own.pop("n_rounds", None)
        self.log_ = bool(self.params.get(LOG, False)) and bool((history.values > 0).all())
        self.floor_ = (
            float((history.values / self._scale(history)[history.index.series]).min()) if self.log_ else _LEAST
        )
        self.components_ = KIND
        self.past_fills_ = learn_fills(history.X, self.needs_past, self.settings.get("imputers"))
        rng = np.random.default_rng(seed)
        rows, step = self._training_cells(history, rng)
        known = [c for c in self.columns if c["name"] not in self.unknown]
        self.featurizer_ = None
        if known:
            columns = [Column(**{**c, "type": ColumnType(c["type"])}) for c in known]
            self.featurizer_ = make_featurizer(self._info.recipe, columns, settings=self.settings)
            seen = np.unique(rows)
            self.featurizer_.fit_transform(history.X[[c["name"] for c in known]].iloc[seen], history.values[seen])
        values = self._scaled(history)
        cells = Cells(rows - step, history.index.within[rows] - step + 1, step)
        components = self._components(history, values)
        known_ahead = self._known(history.index, history.index.positions[rows], history.X.iloc[rows])
        matrix, base = self._features(history, values, cells, history.index.series[rows], known_ahead, components)
        target = values[rows] - base
        matrix, keep = self._without_holes(matrix)
        weight = None if history.weight is None else history.weight[rows][keep]
        self.estimator_ = make_learner(self._info, "regression", own, random_state=seed, n_jobs=n_jobs)
        data = FitData(
            X=matrix[keep] if not keep.all() else matrix,
            y=target[keep],
            weight=weight,
            categorical=self._categorical(),
            should_stop=should_stop,
            refit_iterations=rounds,
            n_jobs=n_jobs,
        )
        self.n_cells_ = int(keep.sum())
        self.stopped_early_ = fit_learner(self._info, self.estimator_, data).stopped_early
        return self

    def forecast(
        self, history: History, horizon: int, future: pd.DataFrame, should_stop: StopSignal = never_stop
    ) -> np.ndarray:
        """Return the next `horizon` values of every series, shape (n_series, horizon).

        Parameters
        ----------
        history : History
            What came before; any series, also those it has not learnt from.
        horizon : int
            How many steps. Beyond what a direct one has learnt, its own forecasts are taken for values.
        future : DataFrame
            The other columns of the steps: series by series, `horizon` rows each.
        """
        n, most = history.index.n_series, max(1, MOST_CELLS // horizon)
        if n <= most:
            return self._forecast(history, horizon, future)
        found = np.empty((n, horizon))
        for first in range(0, n, most):  # so that memory grows with a part of the panel, not with all of it
            last = min(first + most, n)
            ahead = future.iloc[first * horizon : last * horizon].reset_index(drop=True)
            found[first:last] = self._forecast(history.part(first, last), horizon, ahead)
        return found

    def _forecast(self, history: History, horizon: int, future: pd.DataFrame) -> np.ndarray:
        at_once = min(self.horizon, horizon) if self._direct else 1
        settings = self._lag_settings()
        recent = history.tail(max(settings.reach, 2) + self.horizon)
        whole = self._scaled(history)
        components = self._components(history, whole)
        values = whole[history.index.tail(max(settings.reach, 2) + self.horizon)[1]]
        n, width = recent.index.n_series, int(recent.index.lengths.max())
        grown = np.zeros((n, width + horizon))
        lengths = recent.index.lengths
        grown[recent.index.series, width - lengths[recent.index.series] + recent.index.within] = values
        block = grown.shape[1] * np.arange(n)
        low, high = _bounds(history, whole)
        # What does not depend on forecasts is made for all steps at once: a step is then little more than its lags.
        every = (recent.index.starts + lengths)[:, None] + np.arange(horizon)
        known = self._known(recent.index, every.ravel(), future)
        for done in range(0, horizon, at_once):
            steps = np.arange(1, min(at_once, horizon - done) + 1)
            cells = Cells(
                np.repeat(block + width + done - 1, len(steps)),
                np.repeat(lengths + done, len(steps)),
                np.tile(steps, n),
            )
            rows = (np.arange(n)[:, None] * horizon + done + steps - 1).ravel()
            series, ahead = np.repeat(np.arange(n), len(steps)), done + cells.step
            matrix, base = self._features(recent, grown.ravel(), cells, series, known.take(rows), components, ahead)
            matrix, _ = self._without_holes(matrix, drop=False)
            predicted = np.asarray(self.estimator_.predict(matrix), dtype=np.float64).reshape(-1) + base
            at = width + done + steps - 1
            grown[:, at] = np.clip(np.nan_to_num(predicted.reshape(n, len(steps)), nan=0.0), low, high)
        found = grown[:, width:]
        if self.log_:
            return np.asarray(np.exp(np.minimum(found, 700.0)) * self._scale(history)[:, None])
        return np.asarray(found * self._scale(history)[:, None])

    # --- how values and cells are seen ---------------------------------------------------------------------------

    def _lag_settings(self) -> LagSettings:
        chosen = {**self.lags, "difference": str(self.params.get(DIFFERENCE, "none")), "steps": self._direct}
        return LagSettings.from_dict(chosen)

    def _scale(self, history: History) -> np.ndarray:
        return history.scale

    def _scaled(self, history: History) -> np.ndarray:
        values = history.values / self._scale(history)[history.index.series]
        if not self.log_:
            return np.asarray(values)
        # Later values may be 0. Far below all that is there, such a one would be all that its forecast shows.
        positive = values[values > 0]
        floor = min(getattr(self, "floor_", _LEAST), float(positive.min()) if len(positive) else np.inf)
        return np.asarray(np.log(np.where(values <= 0, floor, values)))

    def _training_cells(self, history: History, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows to learn and how many steps before each its origin lies."""
        within, longest = history.index.within, int(history.index.lengths.max())
        least = min(max(self.seasons[0] if self.seasons else 1, 3), max(longest // 3, 1))
        rows = np.flatnonzero(history.observed & (within >= least))
        if not len(rows):
            rows = np.flatnonzero(history.observed & (within >= 1))
        if not len(rows):
            raise ValueError("No series is long enough to learn from its past values.")
        most = min(MOST_CELLS, self._info.max_rows or MOST_CELLS)
        repeats = int(np.clip(MOST_CELLS // (10 * len(rows)), 1, min(self.horizon, max(most // len(rows), 1))))
        if len(rows) > most:
            rows = np.sort(rng.choice(rows, most, replace=False))
        if not self._direct:
            return rows, np.ones(len(rows), dtype=np.intp)
        steps = np.stack([rng.permuted(np.arange(self.horizon)) for _ in range(1)])  # every step as often as others
        offset = rng.integers(self.horizon, size=len(rows))
        chosen = steps[0][(offset[:, None] + np.arange(repeats)) % self.horizon] + 1
        rows = np.repeat(rows, repeats)
        step = np.minimum(chosen.ravel(), within[rows])
        return rows, step

    def _known(self, index: PanelIndex, positions: np.ndarray, X: pd.DataFrame) -> _Known:
        """Return the features of some periods that do not depend on values: the calendar and the other columns."""
        waves = self._info.recipe != "tree"
        calendar = calendar_of(index, positions, self.seasons, waves=waves, country=self.country)
        if self.featurizer_ is None:
            return _Known(calendar, None)
        return _Known(calendar, self.featurizer_.transform(X[self.needs_columns].reset_index(drop=True)))

    def _features(
        self,
        history: History,
        values: np.ndarray,
        cells: Cells,
        series: np.ndarray,
        known: _Known,
        components: Components | None,
        ahead: np.ndarray | None = None,
    ) -> tuple[Any, np.ndarray]:
        """Return the matrix of some cells and what their target is a difference to.

        `series` are the cells' series, `known` what is known of their periods, `components` those of the whole history;
        `ahead`, of cells after the history, how many steps after its end they lie.
        """
        found, base = lag_features(values, cells, self._lag_settings())
        parts = [found, known.calendar]
        if components is not None:
            parts.append(self._of_components(components, cells, series, base, ahead))
        if self.unknown or self.lagged:
            parts.append(self._past_columns(history, cells, series, ahead))
        # Without lags, on a grid without a calendar, there may be no feature, and the forecast is a constant.
        matrix = np.column_stack([p for p in parts if p.shape[1]] or [np.zeros((len(base), 1))])
        self.n_own_ = matrix.shape[1]
        if known.columns is None:
            return matrix, base
        from scipy.sparse import csr_matrix, hstack, issparse

        if issparse(known.columns):
            return hstack([csr_matrix(np.nan_to_num(matrix)), known.columns]).tocsr(), base
        return np.column_stack([matrix, np.asarray(known.columns)]), base

    def _components(self, history: History, values: np.ndarray) -> Components | None:
        """Return the parts of each series."""
        if self.stl is None:
            return None
        if getattr(self, "components_", None) != KIND:
            raise AutoMLError(
                "The model has learnt from components of a decomposition (use_stl) that another version of this package"
                " makes: from those of this version its forecasts would be wrong. Train it again."
            )
        return decompose(values, history.index.offsets, history.season)

    def _of_components(
        self,
        components: Components,
        cells: Cells,
        series: np.ndarray,
        base: np.ndarray,
        ahead: np.ndarray | None,
    ) -> np.ndarray:
        """Return the season of each cell's period and, where asked for, the trend, both as known at its origin."""
        origin, step = (cells.origin, cells.step) if ahead is None else (components.ends[series], ahead)
        season, trend = components.season(origin, step), components.trend[origin]
        return np.column_stack([season, trend - base] if self.stl == "season_trend" else [season])

    def _past_columns(self, history: History, cells: Cells, series: np.ndarray, ahead: np.ndarray | None) -> np.ndarray:
        """Return what numeric columns were at the last instant at which they are known."""
        names = self.needs_past
        if not names:
            return np.empty((len(cells), 0))
        index = history.index
        # A recursive forecast does not know them at its later origins: it looks as far back as it will have to.
        extra = 0 if self._direct else self.horizon - 1
        if ahead is None:
            at, there = cells.origin - extra, cells.known > extra
        else:
            back = np.maximum(self.horizon - ahead, 0) if not self._direct else np.zeros(len(cells), dtype=np.intp)
            last = index.offsets[1:][series] - 1
            at, there = last - back, index.lengths[series] > back
        table = numbers_of(history.X, names, getattr(self, "past_fills_", None))
        found = table[np.where(there, at, 0)]
        found[~there] = np.nan
        return found

    def _without_holes(self, matrix: Any, *, drop: bool = True) -> tuple[Any, np.ndarray]:
        """Fill what is missing, for learners that cannot take it; rows without a past are left out of learning."""
        n = matrix.shape[0]
        keep: np.ndarray = np.ones(n, dtype=bool)
        if self._info.recipe == "tree" or not isinstance(matrix, np.ndarray):
            return matrix, keep
        missing = ~np.isfinite(matrix)
        if drop and missing.any():
            whole = ~missing.any(axis=1)
            if whole.sum() >= max(20, n // 4):
                keep = np.asarray(whole)
        return np.where(missing, 0.0, matrix), keep

    def _categorical(self) -> list[int]:
        there = getattr(self.featurizer_, "categorical_features_", []) if self.featurizer_ is not None else []
        return [self.n_own_ + int(i) for i in there]


def _bounds(history: History, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends that forecasts which feed on themselves are kept between: a few ranges of what was seen.

    Of all that a saved model keeps, not of the lags alone: where these are few, they may all be equal.
    """
    index, rows = history.index.tail(RECENT_PERIODS)
    low = np.minimum.reduceat(values[rows], index.offsets[:-1])[:, None]
    high = np.maximum.reduceat(values[rows], index.offsets[:-1])[:, None]
    reach = 3 * (high - low) + 1e-6
    return low - reach, high + reach


def make_forecaster(
    learner: str, params: Mapping[str, Any], meta: Mapping[str, Any]
) -> LocalForecaster | PooledForecaster | SequenceForecaster:
    """Return a configuration as something that forecasts, unfitted.

    Parameters
    ----------
    learner, params : str, mapping
        The configuration.
    meta : mapping
        What the cached table says: ``forecast`` (what was resolved about time), ``columns`` and ``featurization``.
    """
    about = meta["forecast"]
    info = learners.get(learner)
    horizon, seasons, country = int(about["horizon"]), about["seasons"], about.get("country")
    numbers = [c["name"] for c in meta["columns"] if c["type"] in _NUMBERS and c["name"] not in about["unknown"]]
    imputers = (meta.get("featurization") or {}).get("imputers")
    if info.recipe == "series":
        columns = numbers if info.columns else ()
        return LocalForecaster(
            learner, params, int(about["season"]), seasons, columns=columns, country=country, imputers=imputers
        )
    if info.recipe == "sequence":
        return SequenceForecaster(
            learner, params, horizon=horizon, seasons=seasons, columns=numbers, country=country, imputers=imputers
        )
    return PooledForecaster(
        learner,
        params,
        lags=lag_set(str(params.get(LAGS, "usual")), about),
        horizon=horizon,
        seasons=seasons,
        columns=meta["columns"],
        unknown=about["unknown"],
        lagged=bool(about["feature_lags"]),
        settings=meta.get("featurization"),
        country=country,
        stl=about.get("stl"),
    )


def lag_set(name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lags of a set: what was asked for, which may be none, else ``usual``, ``long`` or ``short``."""
    asked_lags, asked_windows = about.get("target_lags"), about.get("target_windows")
    if asked_lags is not None or asked_windows is not None:
        asked = LagSettings(
            lags=tuple(asked_lags or ()), windows=tuple(asked_windows or ()), extremes=bool(asked_windows), seasons=()
        )
        return asked.to_dict()
    season, seasons = int(about["season"]), tuple(about["seasons"])
    length = int(about["shortest"])
    of_calendar = tuple(s for s in dict.fromkeys((season, *seasons)) if 1 < s <= length // 2)
    n_lags = {"usual": 8, "short": 3, "long": max(28, min(2 * season, 60))}[name]
    lags = tuple(k for k in range(1, n_lags + 1) if k <= max(length // 3, 1))
    windows = tuple(sorted({w for w in (4, season, 2 * season, *of_calendar[:2]) if 2 <= w <= length // 2}))
    repeats = 3 if name != "short" else 2
    return LagSettings(lags=lags or (1,), seasons=of_calendar, n_repeats=repeats, windows=windows[:4]).to_dict()
