"""Learners of single series against statsmodels and against what a series plainly does."""

from __future__ import annotations

import sys
import types
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.seasonal import seasonal_decompose

from automl_jupyter.learners import learners
from automl_jupyter.learners.base import make_learner
from automl_jupyter.learners.series.base import Past, moving_average, season_profile

_THEIRS = {"none": None, "additive": "add", "multiplicative": "mul"}


def forecast(key: str, values: np.ndarray, period: int, horizon: int, **params: Any) -> np.ndarray:
    learner = make_learner(learners.get(key), "forecasting", params, random_state=0, n_jobs=1)
    return np.asarray(learner.forecast(Past(np.atleast_2d(values).astype(float), period, (period,)), horizon))


def monthly(n: int = 96, noise: float = 3.0, seed: int = 0) -> np.ndarray:
    at = np.arange(n)
    seasonal = 20 * np.sin(2 * np.pi * at / 12)
    return 200 + 0.8 * at + seasonal + np.random.default_rng(seed).normal(0, noise, n)


def test_the_naive_ones_do_what_they_say() -> None:
    values = np.array([1.0, 2, 3, 4, 5, 6, 7])
    assert forecast("Naive", values, 3, 4).tolist() == [[7, 7, 7, 7]]
    assert forecast("SeasonalNaive", values, 3, 4).tolist() == [[5, 6, 7, 5]]
    assert forecast("SeasonalNaive", values[:2], 3, 2).tolist() == [[2, 2]], "shorter than a season"


@given(st.integers(2, 12), st.integers(2, 5), st.integers(0, 100))
def test_a_season_is_taken_out_as_statsmodels_does(season: int, n_seasons: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(10, 1, season * n_seasons + seed % season)
    expected = seasonal_decompose(values, period=season, model="additive")
    assert np.allclose(moving_average(values[None], season)[0], expected.trend, equal_nan=True)
    assert np.allclose(season_profile(values[None], season)[0], expected.seasonal[:season])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("season", ["none", "additive", "multiplicative"])
def test_smoothing_is_as_good_a_fit_as_statsmodels(season: str, seed: int) -> None:
    """Ours searches a grid where theirs goes down a slope: forecasts agree as far as the data say anything."""
    values = monthly(seed=seed) if season != "none" else 50 + np.cumsum(np.random.default_rng(seed).normal(0, 1, 80))
    period = 12 if season != "none" else 1
    ours = forecast("ExponentialSmoothing", values, period, 12, season=season, trend="damped")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ExponentialSmoothing(
            values, trend="add", damped_trend=True, seasonal=_THEIRS[season],
            seasonal_periods=period if period > 1 else None,
        ).fit().forecast(12)  # fmt: skip
    assert np.abs(ours - theirs).mean() < 0.6 * np.diff(values).std()


def test_theta_continues_a_trend_at_half_its_slope() -> None:
    """Simple smoothing with half the slope as its drift (Hyndman and Billah, 2003)."""
    values = 10 + 2.0 * np.arange(60)
    ahead = forecast("Theta", values, 1, 10, optimised=False)[0]
    assert np.diff(ahead) == pytest.approx([1.0] * 9, abs=0.15)
    assert values[-1] - 2 < ahead[0] < values[-1] + 4


@pytest.mark.parametrize("key", ["Theta", "ExponentialSmoothing", "SeasonalNaive", "SeasonalAverage"])
def test_a_clear_season_is_continued(key: str) -> None:
    trend = 0.8 * np.arange(108) * (key != "SeasonalAverage")  # which has none
    true = 200 + trend + 20 * np.sin(2 * np.pi * np.arange(108) / 12)
    values, true = true[:96] + np.random.default_rng(0).normal(0, 1, 96), true[96:]
    ahead = forecast(key, values, 12, 12)[0]
    assert np.corrcoef(ahead, true)[0, 1] > 0.9
    assert np.abs(ahead - true).mean() < np.abs(values[-1] - true).mean()


def test_prophet_takes_a_column_that_is_not_known_in_some_periods_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.learners.series.prophet import ProphetForecaster

    seen: list[tuple[list[str], list[float]]] = []

    class Prophet:
        def __init__(self, **settings: Any) -> None:
            self.names: list[str] = []

        def add_regressor(self, name: str) -> None:
            self.names.append(name)

        def fit(self, frame: Any) -> None:
            assert np.isfinite(frame["y"]).all()

        def predict(self, frame: Any) -> Any:
            seen.append((self.names, [v for n in self.names for v in frame[n].tolist()]))
            return pd.DataFrame({"yhat": np.zeros(len(frame))})

    module = types.ModuleType("prophet")
    module.Prophet = Prophet  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "prophet", module)
    price = np.tile([0.0, 2.0], 15)
    past = Past(
        np.arange(30.0)[None],
        columns=price[None, :, None],
        ahead=np.array([5.0, np.nan, np.nan])[None, :, None],
        ends=pd.DatetimeIndex(["2024-01-30"]),
        frequency="D",
    )
    ProphetForecaster().forecast(past, 3)
    assert seen == [(["column0"], [5.0, 1.0, 1.0])]
