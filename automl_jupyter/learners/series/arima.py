"""ARIMA of each series: differences, and what is left from its own past values and past errors.

Orders by the steps of Hyndman and Khandakar, "Automatic time series forecasting: the forecast package for R" (2008):
the order of differencing by the tests of seasonal strength and of Kwiatkowski, Phillips, Schmidt and Shin, the rest by
the corrected information criterion, going from model to neighbouring model while that gains. Coefficients by the
conditional sum of squares, always stationary and invertible (Monahan, "A note on enforcing stationarity", 1984): a fit
is a few milliseconds where the exact likelihood takes a second, which is what lets every window have its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from automl_jupyter.learners.info import SpaceContext
from automl_jupyter.learners.series.base import Past, is_flat, season_profile, settled, tail
from automl_jupyter.learners.series.decomposed import DecomposedForecaster

#: periods of a series that are looked at, at most
_MOST_PERIODS = 1000
#: fewest periods a model is fitted to
_FEWEST = 8
#: greatest orders: own values, errors, and the same a season apart
_MOST_ORDER, _MOST_SEASONAL_ORDER = 5, 2
#: models that are tried for a series, at most
_MOST_MODELS = 40
#: longest season with terms of its own; longer ones are taken out before
LONGEST_SEASON = 60
#: a season explains this share of what is not trend: then it is differenced (Wang, Smith and Hyndman, 2006)
_STRONG_SEASON = 0.64


@dataclass(frozen=True)
class Orders:
    """The orders of a model.

    Parameters
    ----------
    p, d, q : int
        Own values, differences, errors.
    P, D, Q : int
        The same a season apart.
    constant : bool
        Whether the differences have a mean.
    """

    p: int = 0
    d: int = 0
    q: int = 0
    P: int = 0
    D: int = 0
    Q: int = 0
    constant: bool = False

    @property
    def n_terms(self) -> int:
        """How many coefficients there are, besides those of columns."""
        return self.p + self.q + self.P + self.Q


@dataclass(frozen=True)
class Fit:
    """A model of one series, fitted.

    Parameters
    ----------
    orders : Orders
        Its orders.
    criterion : float
        The corrected information criterion; less is better.
    ar, ma : ndarray
        The polynomials of own values and of errors, seasons multiplied in; the first coefficient is 1.
    slopes : ndarray
        Of the constant, where there is one, and the columns.
    errors : ndarray
        One step ahead, of the differences.
    """

    orders: Orders
    criterion: float
    ar: np.ndarray
    ma: np.ndarray
    slopes: np.ndarray
    errors: np.ndarray


class ArimaForecaster:
    """ARIMA with orders chosen for each series, and with other columns as regressors where they are given.

    Parameters
    ----------
    stepwise : bool, default True
        Whether neighbouring models are looked at; otherwise only the four that are begun with.
    columns : bool, default False
        Whether the other columns of a series, known ahead, explain a part of it: errors are then ARIMA.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> walk = np.cumsum(rng.normal(1.0, 0.1, 80))
    >>> ahead = ArimaForecaster().forecast(Past(walk[None]), 2)[0]
    >>> np.round(ahead - walk[-1], 0).tolist()
    [1.0, 2.0]
    """

    def __init__(self, stepwise: bool = True, columns: bool = False) -> None:
        self.stepwise, self.columns = stepwise, columns

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the next `horizon` values, shape (n_series, horizon)."""
        values = tail(past.values, _MOST_PERIODS)
        found = np.empty((len(values), horizon))
        for row, series in enumerate(values):
            columns = ahead = None
            if self.columns and past.columns is not None and past.ahead is not None:
                columns, ahead = past.columns[row, -len(series) :], past.ahead[row, :horizon]
            found[row] = self._one(series, past.season, horizon, columns, ahead)
        return settled(found, past)

    def _one(
        self, values: np.ndarray, season: int, horizon: int, columns: np.ndarray | None, ahead: np.ndarray | None
    ) -> np.ndarray:
        if len(values) < _FEWEST or is_flat(values):
            return np.repeat(values[-1:], horizon)
        spread = float(values.std())
        # Rounded, so that the last bits, which differ from unit to unit, do not decide between models that are alike.
        scaled = np.round((values - values.mean()) / spread, 9)
        if columns is not None and ahead is not None:
            columns, ahead = _standardised(columns, ahead)
        season = season if 1 < season <= LONGEST_SEASON and len(values) >= 3 * season else 1
        model = self._search(scaled, season, columns)
        return np.asarray(_ahead(model, scaled, season, horizon, columns, ahead) * spread + values.mean())

    def _search(self, values: np.ndarray, season: int, columns: np.ndarray | None) -> Fit:
        seasonal = int(season > 1 and _seasonal_strength(values, season) > _STRONG_SEASON)
        differenced = _difference(values, 0, seasonal, season)
        d = _n_differences(differenced, 1 if seasonal else 2)
        base = Orders(d=d, D=seasonal, constant=d + seasonal < 2)
        most = int(season > 1)
        tried: dict[Orders, Fit] = {}

        def fit(orders: Orders) -> Fit:
            if orders not in tried:
                tried[orders] = fit_arima(values, orders, season, columns)
            return tried[orders]

        begin = [
            replace(base, p=2, q=2, P=most, Q=most),
            base,
            replace(base, p=1, P=most),
            replace(base, q=1, Q=most),
        ]
        best = min((fit(orders) for orders in begin), key=lambda f: f.criterion)
        while self.stepwise and len(tried) < _MOST_MODELS:
            better = next(
                (f for o in _neighbours(best.orders, season) if (f := fit(o)).criterion < best.criterion - 1e-8), None
            )
            if better is None:
                break
            best = better
        return best


def _neighbours(orders: Orders, season: int) -> list[Orders]:
    """Return the models one step away, those of the season first."""
    moves: list[dict[str, int]] = []
    if season > 1:
        moves += [{"P": -1}, {"P": 1}, {"Q": -1}, {"Q": 1}, {"P": -1, "Q": -1}, {"P": 1, "Q": 1}]
    moves += [{"p": -1}, {"p": 1}, {"q": -1}, {"q": 1}, {"p": -1, "q": -1}, {"p": 1, "q": 1}]
    found = []
    for move in moves:
        moved = replace(orders, **{name: getattr(orders, name) + by for name, by in move.items()})
        small = 0 <= moved.p <= _MOST_ORDER and 0 <= moved.q <= _MOST_ORDER
        if small and 0 <= moved.P <= _MOST_SEASONAL_ORDER and 0 <= moved.Q <= _MOST_SEASONAL_ORDER:
            found.append(moved)
    if orders.d + orders.D < 2:
        found.append(replace(orders, constant=not orders.constant))
    return found


def fit_arima(values: np.ndarray, orders: Orders, season: int = 1, columns: np.ndarray | None = None) -> Fit:
    """Fit one model to one series.

    Parameters
    ----------
    values : ndarray of shape (n_periods,)
        The series.
    orders : Orders
        The model.
    season : int, default 1
        Periods of a season.
    columns : ndarray of shape (n_periods, n_columns), optional
        Regressors.

    Returns
    -------
    Fit
        Its criterion is infinite where the series is too short for the model.
    """
    from scipy.optimize import leastsq

    y = _difference(values, orders.d, orders.D, season)
    X = _regressors(len(y), orders, season, columns)
    skipped = min(_MOST_ORDER + (season if season > 1 else 0), len(y) // 4)
    n, k = len(y) - skipped, orders.n_terms + X.shape[1]
    if n - k - 2 <= 0:
        nothing = np.ones(1)
        return Fit(orders, np.inf, nothing, nothing, np.zeros(X.shape[1]), y)
    begin = np.concatenate([np.full(orders.n_terms, 0.1), np.linalg.lstsq(X, y, rcond=None)[0] if X.shape[1] else []])

    def errors(at: np.ndarray) -> np.ndarray:
        ar, ma = polynomials(at, orders, season)
        return _filtered(y - X @ at[orders.n_terms :], ar, ma)

    if orders.n_terms:
        # MINPACK with its own derivatives: a fit is so short that anything more in Python would be most of it.
        most = 30 * (len(begin) + 1)
        found = np.asarray(
            leastsq(lambda at: errors(at)[skipped:], begin, xtol=1e-4, ftol=1e-5, maxfev=most, full_output=True)[0]
        )
    else:
        found = begin
    ar, ma = polynomials(found, orders, season)
    left = errors(found)
    variance = max(float((left[skipped:] ** 2).mean()), 1e-12)
    k += 1  # the variance
    criterion = n * np.log(variance) + 2 * k + 2 * k * (k + 1) / (n - k - 1) if n - k - 1 > 0 else np.inf
    return Fit(orders, float(criterion), ar, ma, found[orders.n_terms :], left)


def polynomials(at: np.ndarray, orders: Orders, season: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the polynomials of own values and of errors for free parameters, seasons multiplied in."""
    free = at[: orders.n_terms].tolist()
    own, free = free[: orders.p], free[orders.p :]
    errors, free = free[: orders.q], free[orders.q :]
    own_season, errors_season = free[: orders.P], free[orders.P :]
    return _product(_stable(own), _stable(own_season), season), _product(
        _stable(errors), _stable(errors_season), season
    )


def _stable(free: list[float]) -> list[float]:
    """Return φ₁, φ₂ … such that the roots of 1 − φ₁ B − φ₂ B² … lie outside the unit circle.

    In plain Python: of a handful of numbers, and asked for a hundred times a fit.
    """
    phi: list[float] = []
    for value in free:
        partial = 0.999 * value / math.sqrt(1 + value * value)
        phi = [a - partial * b for a, b in zip(phi, reversed(phi), strict=True)]
        phi.append(partial)
    return phi


def _product(phi: list[float], seasonal: list[float], season: int) -> np.ndarray:
    """Return (1 − φ₁ B − φ₂ B² …)(1 − Φ₁ Bˢ − Φ₂ B²ˢ …)."""
    out = np.zeros(len(phi) + season * len(seasonal) + 1)
    out[0] = 1
    out[1 : len(phi) + 1] = [-value for value in phi]
    for k, value in enumerate(seasonal, 1):
        out[k * season] -= value
        for i, inner in enumerate(phi, 1):
            out[k * season + i] += value * inner
    return out


def _filtered(values: np.ndarray, ar: np.ndarray, ma: np.ndarray) -> np.ndarray:
    from scipy.signal import lfilter

    return np.asarray(lfilter(ar, ma, values))


def _difference(values: np.ndarray, d: int, D: int, season: int) -> np.ndarray:
    """Return differences along the first axis, those over a season first."""
    for _ in range(D):
        values = values[season:] - values[:-season]
    for _ in range(d):
        values = values[1:] - values[:-1]
    return values


def _regressors(n: int, orders: Orders, season: int, columns: np.ndarray | None) -> np.ndarray:
    parts = [np.ones((n, 1))] if orders.constant else []
    if columns is not None:
        parts.append(_difference(columns, orders.d, orders.D, season))
    return np.column_stack(parts) if parts else np.empty((n, 0))


def _ahead(
    model: Fit,
    values: np.ndarray,
    season: int,
    horizon: int,
    columns: np.ndarray | None,
    ahead: np.ndarray | None,
) -> np.ndarray:
    """Return the forecasts of a fitted model: errors to come are 0."""
    orders = model.orders
    both = None if columns is None or ahead is None else np.concatenate([columns, ahead])
    n = len(model.errors)
    X = _regressors(n + horizon, orders, season, both)
    explained = X @ model.slopes
    y = _difference(values, orders.d, orders.D, season) - explained[:n]
    own = np.concatenate([np.zeros(len(model.ar)), y, np.zeros(horizon)])
    errors = np.concatenate([np.zeros(len(model.ma)), model.errors, np.zeros(horizon)])
    start, start_errors = len(model.ar) + n, len(model.ma) + n
    for h in range(horizon):
        past = own[start + h - len(model.ar) + 1 : start + h][::-1]
        shocks = errors[start_errors + h - len(model.ma) + 1 : start_errors + h][::-1]
        own[start + h] = -model.ar[1:] @ past + model.ma[1:] @ shocks
    return _undifference(own[start:] + explained[n:], values, orders.d, orders.D, season)


def _undifference(changes: np.ndarray, values: np.ndarray, d: int, D: int, season: int) -> np.ndarray:
    """Return values whose differences, after those known, are `changes`."""
    if d:
        before = _difference(values, d - 1, D, season)
        return _undifference(before[-1] + np.cumsum(changes), values, d - 1, D, season)
    if not D:
        return changes
    found = np.concatenate([_difference(values, 0, D - 1, season)[-season:], changes])
    for i in range(season, len(found)):
        found[i] += found[i - season]
    return _undifference(found[season:], values, 0, D - 1, season)


def _n_differences(values: np.ndarray, most: int) -> int:
    """Return how often a series is differenced until the test of a constant level accepts it."""
    for d in range(most):
        if len(values) < 10 or values.std() < 1e-9 or _kpss(values) < 0.463:  # the test's value at 5 %
            return d
        values = np.diff(values)
    return most


def _kpss(values: np.ndarray) -> float:
    """Return the statistic of Kwiatkowski et al. (1992) against a constant level."""
    n = len(values)
    centred = values - values.mean()
    sums = np.cumsum(centred)
    lags = min(int(3 * np.sqrt(n) / 13), n - 1)
    variance = centred @ centred / n
    for k in range(1, lags + 1):
        variance += 2 / n * (1 - k / (lags + 1)) * (centred[k:] @ centred[:-k])
    return float((sums @ sums) / (n * n * max(variance, 1e-12)))


def _seasonal_strength(values: np.ndarray, season: int) -> float:
    """Return the share of what is not trend that the season explains."""
    from automl_jupyter.learners.series.base import moving_average

    profile = season_profile(values[None], season)[0]
    detrended = values - moving_average(values[None], season)[0]
    there = np.isfinite(detrended)
    inside = profile[np.arange(len(values)) % season]
    whole = float(np.var(detrended[there]))
    return 0.0 if whole < 1e-12 else max(0.0, 1 - float(np.var((detrended - inside)[there])) / whole)


def _standardised(columns: np.ndarray, ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return columns on one scale, without those that never change; what is missing is their mean."""
    both = np.concatenate([columns, ahead]).astype(float)
    both[~np.isfinite(both)] = np.nan
    kept = [j for j in range(both.shape[1]) if np.isfinite(columns[:, j]).any() and np.nanstd(columns[:, j]) > 1e-9]
    both = both[:, kept]
    n = len(columns)
    both = (both - np.nanmean(both[:n], axis=0)) / np.nanstd(both[:n], axis=0) if kept else both
    both = np.nan_to_num(both)
    return both[:n], both[n:]


#: settings that make each learner of this module what it is
FIXED = {"AutoArima": {"columns": False}, "Arimax": {"columns": True}}


def make(task: str, params: Mapping[str, Any], *, random_state: int, n_jobs: int, n_classes: int | None) -> Any:
    """Make an unfitted forecaster."""
    forecaster = ArimaForecaster(bool(params.get("stepwise", True)), bool(params["columns"]))
    return DecomposedForecaster(forecaster) if params.get("decomposed") else forecaster


def space(trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw whether neighbouring models are looked at, and whether the season is taken out before."""
    return {
        "stepwise": trial.suggest_categorical("stepwise", [True, False]),
        "decomposed": trial.suggest_categorical("decomposed", [False, True]),
    }
