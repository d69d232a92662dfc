"""What a forecasting job has to know about time, settled."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.data.load import load_training_table
from automl_jupyter.data.origins import TimeSettings
from automl_jupyter.data.split import Validation, make_folds
from automl_jupyter.errors import DataError


def unknown(*names: str, freq: str = "D", **forecasting: Any) -> tuple[str, ...]:
    """Return which columns are not known ahead when these are said to be so."""
    values = np.arange(240.0)
    data = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=240, freq=freq), "sold": values})
    data = data.assign(temp=values, temp_forecast=values, temp_sum=values, sky=["clear", "grey"] * 120)
    settings = automl.ForecastingSettings(
        time_column_name="when", features_unknown_at_forecast_time=list(names), **forecasting
    )
    spec = automl.forecasting(training_data=data, target_column_name="sold", forecasting_settings=settings)
    table = load_training_table(spec)
    assert table.time is not None
    return table.time.settings.unknown


def test_a_column_that_begins_like_one_unknown_ahead_is_known() -> None:
    assert unknown("temp", "sky") == ("temp", "sky")
    with pytest.raises(DataError, match="There is no column 'tem'"):
        unknown("tem")


def test_what_is_made_of_a_column_unknown_ahead_is_unknown_too() -> None:
    made = unknown("temp", "sky", freq="h", frequency="D", target_aggregate_function="sum")
    assert made == ("temp_sum", "temp_mean", "temp_min", "temp_max", "sky")


def load(weights: Any = None, n: int = 70, **forecasting: Any) -> Any:
    data = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=n), "sold": np.arange(n) % 7 + 1.0})
    settings = automl.ForecastingSettings(time_column_name="when", **{"forecast_horizon": 7, **forecasting})
    name = None if weights is None else "weight"
    data = data if weights is None else data.assign(weight=weights)
    return load_training_table(
        automl.forecasting(
            training_data=data, target_column_name="sold", forecasting_settings=settings, weight_column_name=name
        )
    )


@pytest.mark.parametrize(
    ("asked", "season", "seasons"),
    [
        ({}, 7, (7, 365)),
        ({"seasonality": 30}, 30, (7, 365)),
        ({"seasonality": 1}, 1, ()),
        ({"seasonality": None}, 1, ()),
    ],
)
def test_where_no_season_is_asked_for_the_calendar_brings_none(
    asked: dict[str, Any], season: int, seasons: tuple[int, ...]
) -> None:
    settings = load(n=200, **asked).time.settings
    assert (settings.season, settings.seasons) == (season, seasons)


@pytest.mark.parametrize(("weighty", "n_origins"), [(slice(50, None), 2), (slice(None, 50), 3), (slice(None), 5)])
def test_rows_that_weigh_nothing_judge_nothing(weighty: slice, n_origins: int) -> None:
    weights = np.zeros(70)
    weights[weighty] = 1.0
    table = load(weights)
    folds = make_folds(Validation("rolling_origin", 5, None, False, ""), table, random_state=0)
    assert len(folds) == n_origins
    for train, valid in folds:
        assert weights[train].any()
        assert weights[valid].all()


def test_weights_of_which_no_origin_has_some_on_either_side_are_refused() -> None:
    with pytest.raises(DataError, match="weight_column_name: The weight is 0 in all rows before, or in all rows after"):
        load((np.arange(70) >= 64) * 1.0)


def settled(n: int, **forecasting: Any) -> tuple[TimeSettings, str]:
    """Return what is settled of white noise, and what is said."""
    noise = np.random.default_rng(0).normal(20, 1, n)
    data = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=n), "sold": noise})
    settings = automl.ForecastingSettings(time_column_name="when", **forecasting)
    table = load_training_table(
        automl.forecasting(training_data=data, target_column_name="sold", forecasting_settings=settings)
    )
    assert table.time is not None
    again = TimeSettings.from_dict(json.loads(json.dumps(table.time.settings.to_dict())))
    assert again == table.time.settings
    return again, " ".join(f"{n.what} {n.why}" for n in table.notes)


def test_no_lags_where_auto_finds_none_are_told_apart_from_none_asked_for() -> None:
    found, said = settled(200, target_lags="auto", target_rolling_window_size="auto")
    assert (found.target_lags, found.target_windows) == ((), ())
    assert "Lags of the target: none." in said
    assert "Rolling window of the target: none." in said
    found, _ = settled(200)
    assert (found.target_lags, found.target_windows) == (None, None)
    found, _ = settled(200, target_lags="auto", target_rolling_window_size=5)
    assert (found.target_lags, found.target_windows) == ((), (5,))


def test_lags_are_left_to_the_search_where_auto_cannot_tell() -> None:
    found, said = settled(25, target_lags="auto", target_rolling_window_size="auto")
    assert (found.target_lags, found.target_windows) == (None, None)
    assert "Lags of the target: chosen by the search. auto: the series are shorter than the 30 periods" in said
    assert "Rolling window of the target: chosen by the search." in said
    found, said = settled(25, target_lags="auto", target_rolling_window_size=5)
    assert (found.target_lags, found.target_windows) == (None, (5,))
    assert "Lags of the target: none." in said, "once one of the two is given, the other is what was given"


def test_series_no_longer_than_the_horizon_are_refused_where_they_are_left_as_they_are() -> None:
    with pytest.raises(DataError, match="No series is longer than the horizon of 12; the longest has 10"):
        load(n=10, forecast_horizon=12, short_series_handling_config=None)
    assert load(n=13, forecast_horizon=12, short_series_handling_config=None).time


def test_validation_rows_of_series_that_are_dropped_alone_are_refused() -> None:
    days = pd.date_range("2024-01-01", periods=40)
    data = pd.concat([pd.DataFrame({"when": days, "shop": "a"}), pd.DataFrame({"when": days[-2:], "shop": "b"})])
    later = pd.DataFrame({"when": pd.date_range("2024-02-10", periods=3), "shop": "b"})
    settings = automl.ForecastingSettings(
        time_column_name="when",
        time_series_id_column_names=["shop"],
        forecast_horizon=3,
        target_lags=[5],
        short_series_handling_config="drop",
    )
    spec = automl.forecasting(
        training_data=data.assign(sold=1.0), target_column_name="sold", forecasting_settings=settings
    )
    spec.validation_data = later.assign(sold=1.0)
    with pytest.raises(DataError, match="validation_data: No row lies after the training data of a series that can"):
        load_training_table(spec)


def with_validation(training: pd.DataFrame, validation: pd.DataFrame, **more: Any) -> Any:
    settings = automl.ForecastingSettings(
        time_column_name="when", time_series_id_column_names=["shop"], forecast_horizon=3
    )
    return load_training_table(
        automl.forecasting(
            training_data=training,
            validation_data=validation,
            target_column_name="sold",
            forecasting_settings=settings,
            **more,
        )
    )


def days(shop: str, start: str, n: int) -> pd.DataFrame:
    when = pd.date_range(start, periods=n)
    return pd.DataFrame({"when": when, "shop": shop, "sold": np.arange(n) % 7 + 1.0, "weight": 2.0})


def test_validation_rows_have_the_weights_that_training_rows_have() -> None:
    training, validation = days("a", "2024-01-01", 40), days("a", "2024-02-10", 5)
    table = with_validation(training, validation, weight_column_name="weight")
    np.testing.assert_array_equal(table.weight, np.ones(45))
    with pytest.raises(DataError, match="weight_column_name: There is no column 'weight' in validation_data"):
        with_validation(training, validation.drop(columns="weight"), weight_column_name="weight")


def test_series_that_are_in_the_validation_data_alone_are_learnt_from_and_said() -> None:
    training = days("a", "2024-01-01", 40)
    validation = pd.concat([days(shop, "2024-02-10", 20) for shop in ("a", "b", "c")])
    table = with_validation(training, validation)
    assert table.time.n_validation.tolist() == [20, 0, 0]
    told = [f"{note.what} {note.why}" for note in table.notes if note.topic == "validation data"]
    assert any("2 series are in validation_data alone: b and c. Nothing comes before them" in t for t in told)
    assert not any("alone" in n.what for n in with_validation(training, days("a", "2024-02-10", 20)).notes)


@pytest.mark.parametrize(("n_short", "said"), [(1, "1 of 3 series is shorter"), (2, "2 of 4 series are shorter")])
def test_short_series_are_counted(n_short: int, said: str) -> None:
    days = pd.date_range("2024-01-01", periods=70)
    lengths = {"a": 70, "b": 70, **{f"tiny {k}": 3 for k in range(n_short)}}
    data = pd.concat(
        [pd.DataFrame({"shop": s, "when": days[:n], "sold": np.arange(n) % 7}) for s, n in lengths.items()]
    )
    settings = automl.ForecastingSettings(
        time_column_name="when", time_series_id_column_names=["shop"], forecast_horizon=7
    )
    spec = automl.forecasting(training_data=data, target_column_name="sold", forecasting_settings=settings)
    assert said in " ".join(note.what for note in load_training_table(spec).notes)


def test_the_reason_of_an_automatic_horizon_names_what_decided() -> None:
    weeks = pd.date_range("2020-01-06", periods=260, freq="W-MON")
    data = pd.DataFrame({"when": weeks, "sold": np.arange(260.0)})
    settings = automl.ForecastingSettings(time_column_name="when", forecast_horizon="auto")
    spec = automl.forecasting(training_data=data, target_column_name="sold", forecasting_settings=settings)
    said = [n for n in load_training_table(spec).notes if "forecast_horizon" in n.what]
    assert [(n.what, "at most 24" in n.why) for n in said] == [("forecast_horizon is 24.", True)]


def test_validation_rows_do_not_make_a_series_long_enough_to_train_on() -> None:
    training = pd.concat([days("a", "2024-01-01", 40), days("b", "2024-02-09", 1)])
    validation = pd.concat([days(shop, "2024-02-10", 20) for shop in ("a", "b")])
    table = with_validation(training, validation)
    assert table.time.n_validation.tolist() == [20]
    assert any("1 of 2 series is shorter than 2 periods to train on: b (1)" in note.what for note in table.notes)


def test_what_was_made_up_before_a_short_series_judges_and_measures_nothing() -> None:
    from automl_jupyter.jobs.prepare import _series_arrays

    when = pd.date_range("2024-01-01", periods=100)
    values = np.random.default_rng(0).normal(20, 5, 110)
    data = pd.DataFrame({"when": [*when, *when[-10:]], "shop": ["a"] * 100 + ["b"] * 10, "sold": values})
    settings = automl.ForecastingSettings(
        time_column_name="when",
        time_series_id_column_names=["shop"],
        forecast_horizon=7,
        short_series_handling_config="pad",
    )
    spec = automl.forecasting(training_data=data, target_column_name="sold", forecasting_settings=settings)
    table = load_training_table(spec)
    assert table.time is not None
    assert table.time.index.lengths.tolist() == [100, 43]
    folds = make_folds(Validation("rolling_origin", 5, None, False, ""), table, random_state=0)
    judged = np.unique(np.concatenate([valid for _, valid in folds]))
    of_b = judged[table.time.index.series[judged] == 1]
    assert table.y[of_b].tolist() == values[100:].tolist()
    assert _series_arrays(table)["ranges"][1] == pytest.approx(np.ptp(values[100:]))


@pytest.mark.parametrize(("freq", "most"), [("D", 14), ("h", 48), ("15min", 8), ("2h", 24), ("2W-MON", 4)])
def test_auto_looks_twice_as_far_back_as_the_next_coarser_unit(freq: str, most: int) -> None:
    noise = np.random.default_rng(0).normal(20, 1, 400)
    data = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=400, freq=freq), "sold": noise})
    settings = automl.ForecastingSettings(time_column_name="when", target_lags="auto")
    spec = automl.forecasting(training_data=data, target_column_name="sold", forecasting_settings=settings)
    assert f"up to {most} periods back" in " ".join(n.why for n in load_training_table(spec).notes)


def test_errors_are_measured_by_the_training_rows_alone() -> None:
    from automl_jupyter.jobs.prepare import _series_arrays

    validation = days("a", "2024-02-10", 20)
    table = with_validation(days("a", "2024-01-01", 40), validation.assign(sold=100 * validation["sold"]))
    assert _series_arrays(table)["ranges"].tolist() == [6.0]


def test_lags_reach_no_further_than_the_rows_before_validation_data() -> None:
    table = with_validation(days("a", "2024-01-01", 40), days("a", "2024-02-10", 40))
    assert table.time.settings.shortest == 40


@pytest.mark.parametrize(
    ("frequency", "periods"), [("100ms", 10), ("500ms", 2), ("ms", 60), ("s", 60), ("15s", 4), ("min", 60), ("D", 7)]
)
def test_auto_looks_back_few_periods_below_a_second_too(frequency: str, periods: int) -> None:
    from automl_jupyter.data.origins import _periods_to_coarser

    assert _periods_to_coarser(frequency) == periods


@pytest.mark.parametrize(("asked", "told"), [({"seasonality": None}, True), ({"seasonality": 1}, True), ({}, False)])
def test_a_decomposition_without_a_season_is_told(asked: dict[str, Any], told: bool) -> None:
    said = [note.what for note in load(n=100, use_stl="season", **asked).notes]
    assert ("use_stl makes no feature of a season." in said) is told
