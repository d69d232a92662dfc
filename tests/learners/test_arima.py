"""ARIMA against statsmodels, and the orders it finds."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from statsmodels.tsa.arima_process import arma_generate_sample
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import kpss

from automl_jupyter.learners import learners
from automl_jupyter.learners.base import make_learner
from automl_jupyter.learners.series import arima
from automl_jupyter.learners.series.arima import ArimaForecaster, Orders, fit_arima
from automl_jupyter.learners.series.base import Past


def seasonal(n: int, seed: int) -> np.ndarray:
    """Return monthly values of the airline model."""
    shocks = np.random.default_rng(seed).normal(0, 1, n + 40)
    moving = arma_generate_sample(
        [1], np.convolve([1, -0.4], [1, *[0] * 11, -0.6]), n + 40, distrvs=lambda size: shocks
    )
    values = np.zeros(n + 40)
    for t in range(13, n + 40):
        values[t] = values[t - 1] + values[t - 12] - values[t - 13] + moving[t]
    return values[40:]


CASES = {
    "own values": (Orders(p=2, constant=True), 1, lambda rng: 5 + arma_generate_sample([1, -0.5, -0.3], [1], 400)),
    "errors": (Orders(q=1, constant=True), 1, lambda rng: arma_generate_sample([1], [1, 0.6], 400)),
    "both, differenced": (
        Orders(p=1, d=1, q=1),
        1,
        lambda rng: np.cumsum(arma_generate_sample([1, -0.6], [1, 0.3], 400)),
    ),
    "seasons": (Orders(d=1, q=1, D=1, Q=1), 12, lambda rng: seasonal(300, 3)),
}


@pytest.mark.parametrize("name", CASES)
def test_coefficients_are_those_of_the_exact_likelihood(name: str) -> None:
    orders, season, make = CASES[name]
    np.random.seed(0)
    values = make(None)
    ours = fit_arima(values, orders, season)
    o = orders
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = SARIMAX(
            values, order=(o.p, o.d, o.q), seasonal_order=(o.P, o.D, o.Q, season if season > 1 else 0),
            trend="c" if o.constant else None,
        ).fit(disp=False)  # fmt: skip
    assert ours.ar == pytest.approx(theirs.polynomial_reduced_ar, abs=0.06)
    assert ours.ma == pytest.approx(theirs.polynomial_reduced_ma, abs=0.06)
    ahead = ArimaForecaster()
    ahead._search = lambda v, s, c: fit_arima(v, orders, season, c)  # type: ignore[method-assign]
    expected = theirs.forecast(12)
    assert np.abs(ahead.forecast(Past(values[None], season), 12)[0] - expected).max() < 0.25 * values.std()
    assert np.abs(ahead.forecast(Past(values[None], season), 12)[0] - expected).mean() < 0.5


def test_the_level_is_tested_as_statsmodels_does() -> None:
    values = np.cumsum(np.random.default_rng(0).normal(0, 1, 120))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = kpss(values, nlags=int(3 * np.sqrt(120) / 13))[0]
    assert arima._kpss(values) == pytest.approx(expected)


def test_orders_are_found() -> None:
    rng = np.random.default_rng(1)
    search = ArimaForecaster()._search
    walk = search(np.cumsum(rng.normal(0, 1, 200)), 1, None).orders
    assert (walk.d, walk.D) == (1, 0)
    noise = search(rng.normal(0, 1, 200), 1, None).orders
    assert (noise.d, noise.p + noise.q <= 1) == (0, True)
    monthly = search(seasonal(200, 2) + 30 * np.sin(2 * np.pi * np.arange(200) / 12), 12, None).orders
    assert monthly.D == 1


def test_columns_explain_their_part() -> None:
    rng = np.random.default_rng(0)
    price = rng.normal(0, 1, 120)
    values = 10 + 4 * price + 0.3 * np.cumsum(rng.normal(0, 0.3, 120))
    past = Past(values[None, :110], columns=price[None, :110, None], ahead=price[None, 110:, None])
    for key, most in (("Arimax", 0.7), ("AutoArima", np.inf)):
        found = make_learner(learners.get(key), "forecasting", {}).forecast(past, 10)[0]
        error = np.abs(found - values[110:]).mean()
        assert error < most
        assert (error < 1) == (key == "Arimax"), "without the column it cannot be known"


def test_columns_with_holes_or_without_change_do_no_harm() -> None:
    values = np.cumsum(np.random.default_rng(0).normal(0, 1, 60))
    columns = np.stack([np.full(65, np.nan), np.ones(65), np.arange(65.0)], axis=1)
    columns[10:20, 2] = np.nan
    past = Past(values[None], columns=columns[None, :60], ahead=columns[None, 60:])
    assert np.isfinite(make_learner(learners.get("Arimax"), "forecasting", {}).forecast(past, 5)).all()
