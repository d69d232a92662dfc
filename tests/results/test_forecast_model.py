"""Tables that come after training are read as the training data were."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.client.submit import submit
from automl_jupyter.errors import AutoMLError, DataError, ModelInputError
from automl_jupyter.results import series_reader


def sales(times: Any, *shops: Any) -> pd.DataFrame:
    """Return a row a shop and instant."""
    parts = [
        pd.DataFrame({"when": times, "shop": s, "sold": 10.0 + np.arange(len(times)) % 7}) for s in shops or ("a",)
    ]
    return pd.concat(parts, ignore_index=True)


def run(data: pd.DataFrame, test_data: Any = None, learner: str = "SeasonalNaive", **forecasting: Any) -> Any:
    values = {"time_column_name": "when", "time_series_id_column_names": ["shop"], "forecast_horizon": 7}
    spec = automl.forecasting(
        training_data=data,
        target_column_name="sold",
        forecasting_settings=automl.ForecastingSettings(**{**values, **forecasting}),
        limits={"max_trials": 1},
        training={"allowed_training_algorithms": [learner]},
    )
    spec.test_data = test_data
    job = submit(spec, compute="inline").wait(120)
    assert job.status == "Completed"
    return job


def test_dates_of_later_tables_are_written_as_in_training() -> None:
    """5/3 is the fifth of March where training has 13/1, though by itself it may as well be the third of May."""
    days = pd.date_range("2024-01-01", "2024-03-11")
    written = sales(days.strftime("%d/%m/%Y"))
    known, later = written[days < "2024-03-05"], written[days >= "2024-03-05"]
    job = run(known, test_data=later)
    assert job.history.test_metrics
    assert len(job.model.predict(later)) == 7
    rolled = job.model.rolling_forecast(later, step=7)
    assert rolled["when"].tolist() == days[days >= "2024-03-05"].tolist()
    ahead = job.model.forecast(context=later)
    assert ahead["when"].min() == pd.Timestamp("2024-03-12")


def test_numbers_of_later_tables_count_what_they_count_in_training() -> None:
    """1500 would be a year by itself; after 1499 seconds it is one more."""
    data = sales(np.arange(1507))
    model = run(data.iloc[:1500]).model
    ahead = model.forecast(context=data.iloc[1500:])
    assert ahead["when"].min() == pd.Timestamp(1507, unit="s")


def test_dates_that_are_written_otherwise_are_still_read() -> None:
    days = pd.date_range("2024-01-01", "2024-03-11")
    model = run(sales(days[:-7].strftime("%d/%m/%Y"))).model
    expected = model.predict(sales(days[-7:]))
    for layout in ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d/%m/%Y %H:%M", "%d/%m/%y", "%d-%m-%Y"):
        np.testing.assert_array_equal(model.predict(sales(days[-7:].strftime(layout))), expected)
    with pytest.raises(ModelInputError, match=r"31/02/2024.*not a date"):
        model.predict(sales(["05/03/2024", "06/03/2024", "31/02/2024"]))


def test_ids_that_became_fractions_name_the_same_series() -> None:
    """As pandas makes of whole numbers where one is missing, until its row is dropped."""
    data = sales(pd.date_range("2024-01-01", periods=42), 1, 2)
    known, later = (d.reset_index(drop=True) for _, d in data.groupby(data["when"] >= "2024-02-05"))
    later["shop"] = later["shop"].astype(float)
    job = run(known, test_data=later)
    assert job.history.test_metrics
    model = job.model
    assert len(model.predict(later)) == 14
    assert model.series_of(later).tolist() == [0] * 7 + [1] * 7
    rolled = model.rolling_forecast(later, step=7)
    assert rolled["shop"].tolist() == [1] * 7 + [2] * 7
    assert pd.api.types.is_integer_dtype(rolled["shop"].dtype)
    assert model.forecast(context=later)["when"].min() == pd.Timestamp("2024-02-12")
    assert len(model.evaluate(later, by="series")) == 2
    shown = [job.plot.forecast.to_frame(name) for name in (2, 2.0, "2")]
    assert shown[0].equals(shown[1])
    assert shown[0].equals(shown[2])


def test_rows_that_training_moves_to_the_grid_are_moved_there_later_too() -> None:
    middles = pd.date_range("2020-01-01", periods=43, freq="MS") + pd.Timedelta(14, "D")
    data = sales(middles)
    known, later = data[:36], data[36:]
    job = run(known, test_data=later)
    assert job.history.test_metrics
    model = job.model
    expected = model.forecast()
    assert model.predict(later).tolist() == expected["forecast"].tolist()
    assert model.forecast(X_future=later.drop(columns="sold")).equals(expected)
    assert model.forecast(context=later)["when"].min() == pd.Timestamp("2023-08-01")
    assert len(model.rolling_forecast(later, step=7)) == 7
    with pytest.raises(ModelInputError, match="do not lie after the end of the training data"):
        model.predict(known)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("end", ["2024-07-01", "2024-03-01"], ids=["both times", "winter time only"])
def test_days_that_begin_at_an_hour_of_another_zone_are_days_of_the_zone(zone: str, end: str) -> None:
    days = pd.date_range("2024-01-01", "2024-07-07", tz="UTC").tz_convert(zone)
    data = sales(days)
    known, later = data[days < pd.Timestamp(end, tz="UTC")], data[days >= pd.Timestamp("2024-07-01", tz="UTC")]
    model = run(known).model
    n = len(model.predict(later))
    assert n == 7
    in_utc = later.assign(when=later["when"].dt.tz_convert("UTC"))
    local = later.assign(when=later["when"].dt.tz_localize(None))
    texts = later.assign(when=[t.isoformat() for t in later["when"]])
    for same in (in_utc, local, texts):
        assert model.predict(same).tolist() == model.predict(later).tolist()
        rolled = model.rolling_forecast(same, step=7)
        assert rolled.loc[np.isfinite(rolled["actual"]), "actual"].tolist() == later["sold"].tolist()
    assert model.forecast(context=later)["when"].min().date() == later["when"].max().date() + pd.Timedelta(1, "D")
    new = sales(later["when"], "b")
    assert len(model.forecast(context=new, horizon=3)) == 3, "another series, in summer only"


def test_periods_of_several_days_go_on_from_those_of_training() -> None:
    data = sales(pd.date_range("2024-01-01", periods=84))
    model = run(data[:69], frequency="2D", target_aggregate_function="sum", forecast_horizon=3).model
    rolled = model.rolling_forecast(data[71:], step=3)
    assert rolled["when"].dt.day_of_year.mod(2).eq(1).all()


def test_rows_beside_the_grid_are_refused_in_a_sentence() -> None:
    hours = pd.date_range("2024-01-01", periods=100, freq="h")
    known, beside = sales(hours), sales(hours[-10:] + pd.Timedelta("10h30min"))
    model = run(known, forecast_horizon=3).model
    message = r"test: 10 rows \(100%\) lie between the instants of the training data, whose frequency is h: a at 2024"
    with pytest.raises(ModelInputError, match=message):
        model.rolling_forecast(beside)
    mostly_on = pd.concat([sales(hours[:30] + pd.Timedelta("100h")), beside[:1]])
    message = "In context: 1 row between the instants of the frequency h was left out. The frequency is that of the"
    for ask in (model.forecast, model.forecast_quantiles, lambda context: model.interval(0.8, context)):
        with pytest.warns(UserWarning, match=message) as caught:
            assert len(ask(context=mostly_on)) == 3
        assert caught[0].filename == __file__
    with pytest.raises(DataError, match="test_data: 10 rows"):
        run(known, test_data=beside, forecast_horizon=3)


def test_a_test_score_that_cannot_be_had_does_not_fail_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError("it is broken")

    monkeypatch.setattr("automl_jupyter.jobs.finish.load_test", broken)
    data = sales(pd.date_range("2024-01-01", periods=42))
    job = run(data[:35], test_data=data[35:])
    assert job.history.test_metrics is None
    assert len(job.model.forecast()) == 7
    warnings = [n.message for n in job.history.notes if n.level == "warning"]
    assert any("test rows could not be scored" in w and "it is broken" in w for w in warnings)


def test_in_a_zone_only_the_hour_is_moved() -> None:
    weeks = pd.date_range("2024-01-07", periods=42, freq="W-SUN", tz="Europe/Berlin")
    data = sales(weeks)
    model = run(data[:35], seasonality=None).model
    assert len(model.predict(data[35:].assign(when=weeks[35:] + pd.Timedelta("1h")))) == 7
    with pytest.raises(ModelInputError, match="do not lie on the grid of the training data"):
        model.predict(data[35:].assign(when=weeks[35:] + pd.Timedelta("2D")))


def test_hours_without_a_zone_are_local_time_in_that_of_training() -> None:
    hours = pd.date_range("2024-10-20", periods=24 * 8, freq="h", tz="Europe/Berlin")  # clocks go back on the 27th
    data = sales(hours, "a", "b").assign(sold=np.tile(hours.hour, 2) * 1.0)
    known, later = data[data["when"] < hours[-34]], data[data["when"] >= hours[-34]]
    local = later.assign(when=later["when"].dt.tz_localize(None))
    texts = local.assign(when=local["when"].astype(str))
    model = run(known, test_data=local, forecast_horizon=24).model
    for same in (local, texts):
        assert model.predict(same).tolist() == model.predict(later).tolist()
        assert model.forecast(context=same).equals(model.forecast(context=later))
        assert model.evaluate(same).equals(model.evaluate(later))


def test_hours_in_a_zone_are_what_clocks_show_where_training_has_none() -> None:
    hours = pd.date_range("2024-06-01", periods=24 * 8, freq="h")
    data = sales(hours)
    model = run(data[:-24], forecast_horizon=24).model
    zoned = data[-24:].assign(when=hours[-24:].tz_localize("Europe/Berlin"))
    texts = zoned.assign(when=[t.isoformat() for t in zoned["when"]])
    for same in (zoned, texts):
        assert model.forecast(context=same).equals(model.forecast(context=data[-24:]))
        assert model.predict(same).tolist() == model.predict(data[-24:]).tolist()


def test_rows_without_what_is_known_ahead_are_not_judged() -> None:
    days = pd.date_range("2024-01-01", periods=70)
    data = sales(days).assign(price=np.random.default_rng(0).normal(size=70))
    data["sold"] += 3 * data["price"]
    model, later = run(data[:56], learner="ElasticNet").model, data[56:]
    assert model.columns_known_ahead == ["price"]
    assert len(model.evaluate(later))
    for lacking in (later.drop(columns="price"), later.rename(columns={"price": "Price"})):
        for judge in (model.evaluate, model.rolling_forecast):
            with pytest.raises(ModelInputError, match="test: there is no column 'price'"):
                judge(lacking)


def test_charts_show_more_periods_than_a_model_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_jupyter.trials.history.RECENT_PERIODS", 25)
    data = sales(pd.date_range("2024-01-01", periods=70), "a", "b")
    job = run(data)
    assert job.model.index.n_rows == 50
    shown = job.plot.forecast.to_frame("b")
    judged = shown.dropna(subset=["judged"])
    own = data[(data["shop"] == "b") & data["when"].isin(judged["when"])]
    assert judged["actual"].tolist() == own["sold"].tolist()
    assert len(judged) > 25
    assert shown["when"].is_monotonic_increasing
    assert shown["forecast"].notna().sum() == 7
    assert len(job.plot.error_by_step.to_frame())


def test_what_is_known_ahead_may_be_of_more_series_than_the_context() -> None:
    days = pd.date_range("2024-01-01", periods=70)
    data = sales(days, "a", "b").assign(price=np.random.default_rng(0).normal(size=140))
    data["sold"] += 3 * data["price"]
    model = run(data[data["when"] < days[56]], learner="ElasticNet").model
    later = data[(data["shop"] == "a") & data["when"].between(days[56], days[62])]
    plan = data[data["when"] >= days[63]].drop(columns="sold")
    found = model.forecast(context=later, X_future=plan)
    assert set(found["shop"]) == {"a"}
    assert found.equals(model.forecast(context=later, X_future=plan[plan["shop"] == "a"]))
    with pytest.raises(ModelInputError, match="Series that there is no past of: c"):
        model.forecast(context=later, X_future=plan.replace({"shop": {"b": "c"}}))


def test_no_rows_and_odd_levels_are_answered_in_a_value_or_a_sentence() -> None:
    data = sales(pd.date_range("2024-01-01", periods=42))
    model = run(data).model
    assert model.predict(data[:0]).shape == (0,)
    assert len(model.forecast(X_future=data[:0], horizon=2)) == 2
    with pytest.raises(AutoMLError, match=r"quantiles: 0\.5 is no list of numbers between 0 and 1"):
        model.forecast_quantiles(quantiles=0.5)
    with pytest.raises(AutoMLError, match="quantiles: 'low' does not lie between 0 and 1"):
        model.forecast_quantiles(quantiles=["low"])
    with pytest.raises(AutoMLError, match="level: None does not lie between 0 and 1"):
        model.interval(None)


def test_what_would_not_fit_into_memory_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = pd.date_range("2024-01-01", periods=60, freq="s", tz="Europe/Berlin")
    model = run(sales(seconds, "a", "b"), forecast_horizon=3).model
    far = sales(pd.DatetimeIndex([seconds[-1] + pd.Timedelta("1s"), pd.Timestamp("2250-01-01", tz="Europe/Berlin")]))
    monkeypatch.setattr(series_reader, "MOST_INSTANTS", 1_000)
    ahead = sales(seconds[-2:] + pd.Timedelta("600s"))  # of one series it would not be too far
    for rows, instant in ((far, "2250-01-01 00:00:00+01:00"), (ahead, str(ahead["when"][1]))):
        for where, ask in (("X", model.predict), ("X_future", lambda X: model.forecast(X_future=X))):
            with pytest.raises(
                ModelInputError, match=f"{where} reaches to {re.escape(instant)} .row 1.: with the freq"
            ):
                ask(rows)
    for ask in (model.forecast, lambda horizon: model.rolling_forecast(far[:1], horizon=horizon)):
        with pytest.raises(AutoMLError, match=r"horizon: 501 periods of 2 series are too many to forecast"):
            ask(horizon=501)
    with pytest.raises(ModelInputError, match="X_future: there is no column 'when'"):
        model.forecast(X_future=far.drop(columns="when"))


def test_the_same_test_values_at_other_instants_are_another_table() -> None:
    days = pd.date_range("2024-01-01", periods=49)
    known, later = sales(days[:35]), sales(days[35:42])
    moved = later.assign(when=days[42:])
    for test_data in (later, moved):
        told = pd.read_csv(run(known, test_data=test_data).path / "test" / "predictions.csv", parse_dates=["when"])
        told = told.dropna(subset=["actual"])
        assert told["when"].tolist() == test_data["when"].tolist()


def test_a_context_has_the_columns_whose_past_is_looked_at() -> None:
    days = pd.date_range("2024-01-01", periods=84)
    data = sales(days).assign(visitors=np.random.default_rng(0).normal(size=84))
    known, later = data[:70], data[70:77]
    unknown = {"features_unknown_at_forecast_time": ["visitors"]}
    model = run(known, learner="ElasticNet", **unknown).model
    assert model.columns_known_ahead == []
    assert len(model.forecast(context=later)) == 7
    with pytest.raises(ModelInputError, match="context: there is no column 'visitors'"):
        model.forecast(context=later.drop(columns="visitors"))
    by_itself = run(known, **unknown).model
    assert len(by_itself.forecast(context=later.drop(columns="visitors"))) == 7
    ahead = run(known, learner="ElasticNet").model
    plan = data[77:].drop(columns="sold")
    with pytest.raises(ModelInputError, match=r"^X: there is no column 'visitors'"):
        ahead.predict(later.drop(columns="visitors"))
    assert len(ahead.forecast(context=later.drop(columns="visitors"), X_future=plan)) == 7, "only its future is needed"


def test_what_is_said_of_features_of_rows_is_refused_in_a_sentence() -> None:
    model = run(sales(pd.date_range("2024-01-01", periods=60))).model
    with pytest.raises(AttributeError, match=r"^Models of forecasts have no explain_features: "):
        model.explain_features({"when": "2024-03-01"})
    with pytest.raises(AttributeError, match=r"'ForecastingModel' object has no attribute 'explain'$"):
        _ = model.explain
    assert not hasattr(model, "get_featurization_summary")


def test_series_are_looked_up_once_for_all_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    days = pd.date_range("2024-01-01", periods=49)
    data = sales(days, "a", "b", "c")
    model = run(data[data["when"] < days[42]]).model
    rolled = model.rolling_forecast(data[data["when"] >= days[42]], step=7)
    asked: list[int] = []
    look_up = model._reader.known_series
    monkeypatch.setattr(model._reader, "known_series", lambda ids: asked.append(len(ids)) or look_up(ids))
    found = model.score(rolled, by="series")
    assert asked == [len(rolled)]
    key = "root_mean_squared_error"
    for i, (_, part) in enumerate(rolled.groupby("shop", sort=False)):
        assert found[key].iloc[i] == model.score(part).loc[key, "value"]


def test_medians_of_series_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.metrics import regression
    from automl_jupyter.metrics.base import MetricContext, SeriesRows

    rng = np.random.default_rng(0)
    codes = rng.integers(0, 9, 50)
    y, pred = rng.normal(size=(2, 50))
    context = MetricContext(series=SeriesRows(codes, np.arange(10.0), np.ones(10)), y_range=(0.0, 1.0))
    expected = regression.by_series(y, pred, np.ones(50), context)

    def refuse(*_: Any) -> float:
        raise AssertionError("one by one")

    monkeypatch.setattr(regression, "weighted_median", refuse)
    key = "normalized_median_absolute_error"
    assert regression.by_series(y, pred, None, context, (key,))[key] == expected[key]


def test_quantiles_may_come_one_by_one() -> None:
    model = run(sales(pd.date_range("2024-01-01", periods=42))).model
    found = model.forecast_quantiles(quantiles=(q / 10 for q in (1, 5, 9)))
    assert found.equals(model.forecast_quantiles(quantiles=(0.1, 0.5, 0.9)))
    assert {0.1, 0.5, 0.9} <= set(found.columns)
