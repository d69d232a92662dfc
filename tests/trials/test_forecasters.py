"""Which past values pooled models look at, and what forecasters make of values that training lacked."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.panel import PanelIndex
from automl_jupyter.errors import AutoMLError
from automl_jupyter.trials.forecasters import LocalForecaster, PooledForecaster, lag_set
from automl_jupyter.trials.history import History

ABOUT: dict[str, Any] = {"season": 7, "seasons": [7, 365], "shortest": 100}
SEASON, HORIZON = 7, 7
LAGS = {"lags": [1, 2, 7], "windows": [7], "seasons": [7], "n_repeats": 2}


def panel(y: np.ndarray) -> History:
    """Return the rows of a matrix as series of days."""
    n, length = y.shape
    index = PanelIndex(
        time_column="day",
        id_columns=("shop",),
        frequency="D",
        zone=None,
        first=pd.Timestamp("2024-01-01"),
        ids=pd.DataFrame({"shop": [f"s{i}" for i in range(n)]}),
        starts=np.zeros(n, dtype=np.intp),
        offsets=np.arange(n + 1) * length,
    )
    return History(index, y.ravel(), pd.DataFrame(index=pd.RangeIndex(y.size)), SEASON)


def sales(n: int = 6, length: int = 120) -> np.ndarray:
    """Return positive values with a week."""
    noise = np.random.default_rng(0).normal(size=(n, length))
    return np.asarray(np.round(100 * np.exp(0.1 * noise + 0.3 * np.sin(2 * np.pi * np.arange(length) / SEASON))))


@pytest.mark.parametrize(
    ("learner", "params"),
    [
        ("LightGBM", {"strategy": "direct", "difference": "mean", "n_rounds": 40}),
        ("FastLinearRegressor", {"strategy": "recursive", "difference": "seasonal"}),
    ],
)
def test_a_0_after_training_moves_a_logarithm_no_further_than_the_smallest_value(
    learner: str, params: dict[str, Any]
) -> None:
    y = sales()
    forecaster = PooledForecaster(learner, {**params, "log": True}, lags=LAGS, horizon=HORIZON, seasons=[SEASON]).fit(
        panel(y), seed=0, n_jobs=1
    )
    future = pd.DataFrame(index=pd.RangeIndex(len(y) * HORIZON))
    before = forecaster.forecast(panel(y), HORIZON, future)
    y[0, -3] = 0.0
    after = forecaster.forecast(panel(y), HORIZON, future)
    np.testing.assert_allclose(after[1:], before[1:])
    assert (np.abs(np.log(after[0] / before[0])) < 0.5).all()


@pytest.mark.parametrize("difference", ["mean", "last"])
def test_logarithms_follow_a_level_below_all_of_training(difference: str) -> None:
    y = sales(length=140)
    params = {"strategy": "direct", "difference": difference, "n_rounds": 40, "log": True}
    forecaster = PooledForecaster("LightGBM", params, lags=LAGS, horizon=HORIZON, seasons=[SEASON])
    forecaster.fit(panel(y[:, :110]), seed=0, n_jobs=1)
    y[:, 110:] *= 0.2
    ahead = forecaster.forecast(panel(y[:, :133]), HORIZON, pd.DataFrame(index=pd.RangeIndex(len(y) * HORIZON)))
    assert np.abs(np.log(ahead / y[:, 133:])).mean() < 0.3


def test_a_model_of_before_knows_no_smallest_value() -> None:
    y = sales()
    params = {"strategy": "direct", "difference": "mean", "n_rounds": 5, "log": True}
    forecaster = PooledForecaster("LightGBM", params, lags=LAGS, horizon=HORIZON, seasons=[SEASON])
    forecaster.fit(panel(y), seed=0, n_jobs=1)
    future = pd.DataFrame(index=pd.RangeIndex(len(y) * HORIZON))
    wanted = forecaster.forecast(panel(y), HORIZON, future)
    del forecaster.floor_
    np.testing.assert_array_equal(forecaster.forecast(panel(y), HORIZON, future), wanted)


@pytest.mark.parametrize("learner", ["ExponentialSmoothing", "Theta"])
def test_a_0_of_one_series_leaves_the_others_their_logarithms(learner: str) -> None:
    y = sales(3) * np.exp(0.02 * np.arange(120))
    future = pd.DataFrame(index=pd.RangeIndex(3 * HORIZON))

    def ahead(values: np.ndarray, *, log: bool) -> np.ndarray:
        return LocalForecaster(learner, {"log": log}, SEASON, [SEASON]).forecast(panel(values), HORIZON, future)

    before = ahead(y, log=True)
    y[1, 60] = 0.0
    after = ahead(y, log=True)
    np.testing.assert_allclose(after[[0, 2]], before[[0, 2]])
    np.testing.assert_allclose(after[1], ahead(y, log=False)[1])


@pytest.mark.parametrize("name", ["usual", "short", "long"])
def test_lags_that_were_asked_for_are_all_there_are(name: str) -> None:
    found = lag_set(name, {**ABOUT, "target_lags": [1, 7], "target_windows": [5]})
    assert (found["lags"], found["windows"], found["seasons"], found["extremes"]) == ([1, 7], [5], [], True)
    found = lag_set(name, {**ABOUT, "target_lags": [], "target_windows": []})
    assert (found["lags"], found["windows"], found["seasons"], found["extremes"]) == ([], [], [], False)
    for other in ({"target_lags": []}, {"target_windows": []}):
        found = lag_set(name, {**ABOUT, "target_lags": None, "target_windows": None, **other})
        assert (found["lags"], found["windows"], found["seasons"]) == ([], [], [])


def test_sets_differ_where_nothing_was_asked_for() -> None:
    asked = {**ABOUT, "target_lags": None, "target_windows": None}
    assert [len(lag_set(name, asked)["lags"]) for name in ("short", "usual", "long")] == [3, 8, 28]
    assert lag_set("usual", asked)["windows"] == [4, 7, 14]


@pytest.mark.parametrize("stl", ["season", "season_trend"])
@pytest.mark.parametrize(("strategy", "difference"), [("direct", "mean"), ("recursive", "seasonal")])
def test_components_of_a_decomposition_do_not_tell_a_learner_what_it_is_to_find(
    stl: str, strategy: str, difference: str
) -> None:
    """What is known of the season helps, or at least does no harm; a component that knew the value would do much."""
    rng, n = np.random.default_rng(1), 160
    noise = 5 * rng.normal(size=(6, n)) + np.cumsum(rng.normal(size=(6, n)), axis=1)
    y = 100 + 10 * np.sin(2 * np.pi * np.arange(n) / SEASON) + noise
    params = {"strategy": strategy, "difference": difference, "n_rounds": 60}
    errors = []
    for parts in (None, stl):
        forecaster = PooledForecaster("LightGBM", params, lags=LAGS, horizon=HORIZON, seasons=[SEASON], stl=parts)
        forecaster.fit(panel(y[:, : n - 2 * HORIZON]), seed=0, n_jobs=1)
        for end in (n - 2 * HORIZON, n - HORIZON):
            ahead = forecaster.forecast(panel(y[:, :end]), HORIZON, pd.DataFrame(index=pd.RangeIndex(6 * HORIZON)))
            errors.append(np.abs(ahead - y[:, end : end + HORIZON]).mean())
    assert np.mean(errors[2:]) < 1.03 * np.mean(errors[:2])


def test_a_model_that_has_learnt_from_other_components_is_to_be_trained_again() -> None:
    """Models saved by earlier versions do not say which; those that have learnt from none are not concerned."""
    history, future = panel(np.tile(np.arange(float(SEASON)), (2, 10))), pd.DataFrame(index=pd.RangeIndex(2 * HORIZON))
    for stl in ("season", None):
        forecaster = PooledForecaster("ElasticNet", {}, lags=LAGS, horizon=HORIZON, seasons=[SEASON], stl=stl)
        forecaster.fit(history, seed=0, n_jobs=1)
        assert forecaster.forecast(history, HORIZON, future).shape == (2, HORIZON)
        del forecaster.components_
        with pytest.raises(AutoMLError, match=r"use_stl.*Train it again") if stl else nullcontext():
            forecaster.forecast(history, HORIZON, future)


def with_gaps(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a column with gaps, and the same with 5 in them."""
    temp = np.random.default_rng(1).normal(20, 4, n)
    temp[::4] = np.nan
    given = pd.DataFrame({"temp": temp})
    return given, given.fillna(5.0)


FIVE = {"temp": {"strategy": "constant", "fill_value": 5.0}}


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_an_imputer_fills_the_past_of_columns_that_are_unknown_ahead(strategy: str) -> None:
    y = sales()
    given, whole = with_gaps(y.size)
    future = pd.DataFrame({"temp": np.full(len(y) * HORIZON, np.nan)})

    def ahead(X: pd.DataFrame, settings: dict[str, Any]) -> np.ndarray:
        params = {"strategy": strategy, "difference": "last"}
        forecaster = PooledForecaster(
            "FastLinearRegressor", params, lags=LAGS, horizon=HORIZON, seasons=[SEASON],
            columns=[{"name": "temp", "type": "Numeric"}], unknown=["temp"], settings=settings,
        )  # fmt: skip
        history = replace(panel(y), X=X)
        return forecaster.fit(history, seed=0, n_jobs=1).forecast(history, HORIZON, future)

    np.testing.assert_allclose(ahead(given, {"imputers": FIVE}), ahead(whole, {}))


def test_an_imputer_fills_the_columns_of_learners_of_single_series() -> None:
    y = sales(2)
    given, whole = with_gaps(y.size)
    ahead_given, ahead_whole = with_gaps(2 * HORIZON)

    def ahead(X: pd.DataFrame, future: pd.DataFrame, imputers: dict[str, Any]) -> np.ndarray:
        forecaster = LocalForecaster("Arimax", {}, SEASON, [SEASON], columns=["temp"], imputers=imputers)
        history = replace(panel(y), X=X)
        return forecaster.fit(history, seed=0, n_jobs=1).forecast(history, HORIZON, future)

    np.testing.assert_allclose(ahead(given, ahead_given, FIVE), ahead(whole, ahead_whole, {}))


def test_a_seasonal_average_is_a_mean_of_each_phase() -> None:
    y = np.tile([1.0, 9.0], (1, 5))
    ahead = LocalForecaster("SeasonalAverage", {}, 2, [2]).forecast(panel(y), 2, pd.DataFrame(index=pd.RangeIndex(2)))
    assert ahead.tolist() == [[1.0, 9.0]]


def test_a_forecast_is_kept_within_all_that_was_seen_and_not_within_its_lags() -> None:
    """The three values that one lag keeps at hand are equal; the day to come is one of a promotion."""
    promo = np.tile(np.arange(120) % 10 == 0, 2) * 1.0
    y = 100 + 100 * promo.reshape(2, 120)
    history = replace(panel(y), X=pd.DataFrame({"promo": promo}))
    column = {"name": "promo", "type": "Numeric", "reason": "", "n_missing": 0, "n_unique": 2}
    params = {"strategy": "recursive", "difference": "none"}
    forecaster = PooledForecaster(
        "FastLinearRegressor", params, lags={"lags": [1]}, horizon=1, seasons=[], columns=[column]
    )
    ahead = forecaster.fit(history, seed=0, n_jobs=1).forecast(history, 1, pd.DataFrame({"promo": [1.0, 1.0]}))
    assert (ahead > 150).all()
