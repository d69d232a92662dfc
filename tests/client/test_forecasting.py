"""Forecasting from the table a user has to the forecast: repairs, refusals, and the model."""

from __future__ import annotations

import json
import shutil
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import MLClient, automl
from automl_jupyter.client.submit import submit
from automl_jupyter.errors import AutoMLError, ModelInputError
from automl_jupyter.results.charts.chart import chart_names
from automl_jupyter.results.model import load_model
from automl_jupyter.results.model_page import chart_picture, kept_pictures, model_page

SEASON = np.array([0.0, 1, 3, 2, -1, -4, -1])


def series(*ids: str, n: int = 70, freq: str = "D", start: str = "2024-01-01") -> pd.DataFrame:
    rng, parts = np.random.default_rng(3), []
    for k, name in enumerate(ids or ("a", "b")):
        times = pd.date_range(start, periods=n, freq=freq)
        sold = 20 + 10 * k + SEASON[np.arange(n) % 7] + rng.normal(0, 0.3, n)
        price = rng.normal(size=n)
        parts.append(pd.DataFrame({"when": times, "shop": name, "sold": sold + 2 * price, "price": price}))
    return pd.concat(parts, ignore_index=True)


def asked(data: Any, max_trials: int = 2, training: Any = None, metric: Any = None, **forecasting: Any) -> Any:
    values = {"time_column_name": "when", "time_series_id_column_names": ["shop"], "forecast_horizon": 7}
    return automl.forecasting(
        training_data=data,
        target_column_name="sold",
        primary_metric=metric,
        forecasting_settings=automl.ForecastingSettings(**{**values, **forecasting}),
        limits={"max_trials": max_trials},
        training=training or {"allowed_training_algorithms": ["SeasonalNaive", "Theta"]},
    )


def run(data: Any, **settings: Any) -> Any:
    job = submit(asked(data, **settings), compute="inline").wait(120)
    assert job.status == "Completed"
    return job


def told(job: Any) -> str:
    return " ".join(f"{n['what']} {n['why']}" for n in job.plan["notes"])


def statuses(job: Any) -> dict[str, str]:
    return {g["key"]: g["status"] for g in job.guardrails()}


def with_row(data: pd.DataFrame, row: int, **values: Any) -> pd.DataFrame:
    return pd.concat([data, data.iloc[[row]].assign(**values)], ignore_index=True)


DATA = series()
DATES = {"iso": "%Y-%m-%d", "american": "%m/%d/%Y", "german": "%d.%m.%Y"}


@pytest.mark.parametrize(
    ("parameters", "becomes", "said"),
    [
        ({"strategy": "constant", "fill_value": 0}, [0.0, 0.0], "They become 0, as transformer_params asks"),
        ({"strategy": "ffill"}, "the value before", "They become the value before"),
        (None, [np.nan, np.nan], "take the one of a season before"),
    ],
)
def test_gaps_of_the_target_become_what_the_imputer_says(parameters: Any, becomes: Any, said: str) -> None:
    data = series("a", n=60)
    data.loc[20, "sold"] = np.nan
    spec = asked(data.drop(index=21), max_trials=1)
    if parameters is not None:
        imputer = [{"fields": ["sold"], "parameters": parameters}, {"fields": ["price"], "parameters": {}}]
        spec.set_featurization(transformer_params={"imputer": imputer})
    job = submit(spec, compute="inline").wait(120)
    assert job.status == "Completed"
    assert said in told(job)
    before = data.loc[19, "sold"]
    wanted = [before, before] if becomes == "the value before" else becomes
    np.testing.assert_array_equal(job.model.history_.y[19:23], [before, *wanted, data.loc[22, "sold"]])
    later = series("a", n=70).iloc[60:].reset_index(drop=True).drop(index=4)
    read = job.model._reader.read(later, "context").y
    assert (
        np.isnan(read[4]) if parameters is None else read[4] == (0 if parameters["strategy"] == "constant" else read[3])
    )
    much_later = series("a", n=80).iloc[66:]
    rolled = job.model.rolling_forecast(much_later, step=7)
    gap = rolled.loc[rolled["when"] < "2024-03-07", "actual"]
    assert len(gap) == 6
    filled = 0 if becomes == [0, 0] else data["sold"].iloc[-1]
    assert gap.isna().all() if parameters is None else (gap == filled).all()


def test_forecasts_of_the_test_rows_are_kept() -> None:
    data = series("a", "=b", n=74)
    later = data["when"] >= "2024-03-11"
    spec = asked(data[~later], max_trials=1)
    spec.set_data(test_data=data[later].drop(index=data.index[-2]))
    job = submit(spec, compute="inline").wait(120)
    found = pd.read_csv(job.path / "test" / "predictions.csv", parse_dates=["when"])
    assert list(found.columns) == ["shop", "when", "actual", "forecast"]
    assert set(found["shop"]) == {"a", "'=b"}
    assert len(found) == 8
    assert found["actual"].isna().sum() == 1
    of_a = found[found["shop"] == "a"]
    wanted = data[later & (data["shop"] == "a")]
    np.testing.assert_allclose(of_a["actual"], wanted["sold"])
    ahead = job.model.forecast(horizon=4)
    np.testing.assert_allclose(of_a["forecast"], ahead["forecast"][ahead["shop"] == "a"])
    assert set(job.test_metrics) >= {"r2_score", "mean_absolute_error"}


@pytest.mark.parametrize(
    ("data", "settings", "parts"),
    [
        (with_row(DATA, 3, sold=99.0), {}, ["several rows", "a at 2024-01-04", "target_aggregate_function"]),
        (
            pd.concat([series("a"), series("b", freq="h")]),
            {},
            ["different frequencies", "'a' has D", "'b' has h"],
        ),
        (DATA, {"forecast_horizon": 0}, ["forecast_horizon", "0 is not allowed"]),
        (
            DATA.assign(when=DATA["when"].dt.strftime("%Y-%m-%d").where(DATA.index != 5, "soon")),
            {},
            ["'soon'", "row 5", "not a date"],
        ),
        (DATA.assign(sold=DATA["sold"].astype(str).where(DATA.index != 9, "many")), {}, ["'many'", "row 9"]),
        (DATA.assign(when=DATA["when"].where(DATA.index != 4)), {}, ["no value in 1 row", "row 4"]),
        (DATA, {"time_column_name": "wen"}, ["'wen'", "Did you mean 'when'?"]),
        (DATA, {"time_series_id_column_names": ["shopp"]}, ["'shopp'", "Did you mean 'shop'?"]),
        (DATA, {"features_unknown_at_forecast_time": ["prise"]}, ["'prise'", "Did you mean 'price'?"]),
        (DATA, {"country_or_region_for_holidays": "XX"}, ["'XX'", "ISO 3166"]),
        (DATA, {"frequency": "fortnight"}, ["fortnight"]),
        (DATA.assign(sold=np.nan), {}, ["sold", "no value in any row"]),
    ],
    ids=[
        "duplicates", "mixed frequencies", "horizon 0", "a date", "a target", "a missing date", "time column",
        "id column", "unknown column", "country", "frequency", "no target",
    ],
)  # fmt: skip
def test_what_cannot_be_forecast_is_refused_with_the_rows(
    data: Any, settings: dict[str, Any], parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # a first import may take longer than a user waits
    monkeypatch.setattr(import_module("automl_jupyter.client.submit"), "LOOK_S", 60.0)
    with pytest.raises(AutoMLError) as refused:
        submit(asked(data, **settings), compute="inline")
    for part in parts:
        assert part in str(refused.value)


@pytest.mark.parametrize("form", DATES)
def test_dates_as_strings_are_read(form: str) -> None:
    job = run(DATA.assign(when=DATA["when"].dt.strftime(DATES[form])))
    first = job.model.forecast()["when"].min()
    assert pd.Timestamp(first) == pd.Timestamp("2024-03-11")


@pytest.mark.parametrize("learner", ["Theta", "LightGBM"])
def test_the_order_of_rows_does_not_matter(monkeypatch: pytest.MonkeyPatch, learner: str) -> None:
    """A pooled learner draws the cells it learns from by their place, here a few of many."""
    monkeypatch.setattr("automl_jupyter.trials.forecasters.MOST_CELLS", 1_000)
    data, training = DATA.drop(columns="price"), {"allowed_training_algorithms": [learner]}
    turned = run(data[::-1], max_trials=1, training=training)
    assert "put in order of time" in told(turned)
    ordered = run(data, max_trials=1, training=training).model.forecast().sort_values(["shop", "when"])
    again = turned.model.forecast().sort_values(["shop", "when"])
    assert again["forecast"].to_numpy() == pytest.approx(ordered["forecast"].to_numpy())


def test_time_zones_with_a_change_of_the_clock_stay_what_they_are() -> None:
    hourly = series("a", n=24 * 30, freq="h", start="2024-03-10")
    zoned = hourly.assign(when=hourly["when"].dt.tz_localize("UTC").dt.tz_convert("Europe/Paris"))
    ahead = run(zoned, forecast_horizon=24).model.forecast()
    assert str(ahead["when"].dt.tz) == "Europe/Paris"
    assert ahead["when"].iloc[0] == zoned["when"].iloc[-1] + pd.Timedelta(1, "h")


def test_the_hour_that_summer_time_leaves_out_is_a_gap_and_said() -> None:
    hourly = series("a", n=24 * 30, freq="h", start="2024-03-10")
    job = run(hourly[hourly["when"] != pd.Timestamp("2024-03-31 02:00")], forecast_horizon=24)
    assert "1 value of 720 periods" in told(job)
    assert len(job.model.forecast()) == 24


def test_short_series_are_dropped_padded_or_left_as_asked() -> None:
    data = pd.concat([DATA, series("c", n=4)])
    dropped = run(data)
    assert statuses(dropped)["short_series"] == "Done"
    assert "c (4)" in told(dropped)
    assert set(dropped.model.forecast()["shop"]) == {"a", "b"}
    left = run(data, short_series_handling_config=None)
    assert statuses(left)["short_series"] == "Alerted"
    assert set(left.model.forecast()["shop"]) == {"a", "b", "c"}
    padded = run(data, short_series_handling_config="pad")
    assert "padded in front" in told(padded)
    assert set(padded.model.forecast()["shop"]) == {"a", "b", "c"}


def test_constant_and_empty_series_harm_no_other() -> None:
    job = run(pd.concat([DATA, series("c").assign(sold=3.0), series("d").assign(sold=np.nan)]))
    ahead = job.model.forecast()
    assert ahead.loc[ahead["shop"] == "c", "forecast"].to_numpy() == pytest.approx(np.full(7, 3.0))
    assert set(ahead["shop"]) == {"a", "b", "c"}
    assert "d" in told(job)
    assert "no value of the target" in told(job)


def test_rows_are_aggregated_as_asked() -> None:
    hourly = series("a", "b", n=24 * 20, freq="h")
    job = run(hourly, frequency="D", target_aggregate_function="sum", forecast_horizon=2)
    assert "960 rows became 40 periods of D" in told(job)
    assert job.model.forecast().loc[0, "forecast"] == pytest.approx(24 * 20, rel=0.2)


def test_settings_of_a_column_hold_for_what_is_made_of_it() -> None:
    hourly = series("a", n=24 * 20, freq="h")
    hourly.loc[::5, "price"] = np.nan
    by_day = {"frequency": "D", "target_aggregate_function": "sum", "forecast_horizon": 2}
    spec = asked(hourly, features_unknown_at_forecast_time=["price"], **by_day)
    imputer = automl.ColumnTransformer(fields=["price"], parameters={"strategy": "median"})
    spec.set_featurization(
        mode="custom", column_name_and_types={"price": "Numeric"}, transformer_params={"imputer": [imputer]}
    )
    job = submit(spec, compute="inline").wait(120)
    assert job.status == "Completed"
    assert "Missing values of 'price_mean' are imputed: median" in told(job)
    spec.set_featurization(column_name_and_types={"price": "Categorical"})
    with pytest.raises(AutoMLError, match=r"'price' holds numbers, .* cannot be Categorical"):
        submit(spec, compute="inline")


def test_automatic_settings_are_settled_and_said() -> None:
    auto = dict.fromkeys(("forecast_horizon", "target_lags", "target_rolling_window_size", "seasonality"), "auto")
    job = run(DATA, **auto)
    assert "A season has 7 periods." in told(job)
    assert "forecast_horizon is 7." in told(job)
    assert "Lags of the target" in told(job)


@pytest.mark.parametrize("learner", ["ElasticNet", "LightGBM"])
def test_noise_without_lags_is_forecast_as_its_mean(learner: str) -> None:
    """Years have no calendar, so nothing is left to look at."""
    noise = series("a", n=60, freq="YS", start="1960-01-01").drop(columns="price")
    noise["sold"] = np.random.default_rng(1).normal(20, 1, 60)
    auto = {"target_lags": "auto", "target_rolling_window_size": "auto", "forecast_horizon": 3}
    job = run(noise, max_trials=2, training={"allowed_training_algorithms": [learner]}, **auto)
    assert "Lags of the target: none." in told(job)
    assert {t.state for t in job.trials} == {"complete"}
    assert job.model.forecast()["forecast"].between(17, 23).all()


def test_validation_data_are_the_periods_after_the_training_data() -> None:
    known, later = DATA[DATA["when"] < "2024-03-01"], DATA[DATA["when"] >= "2024-03-01"]
    spec = asked(known)
    spec.validation_data = later.drop(columns="price")
    job = submit(spec, compute="inline").wait(120)
    assert "Not used: price." in told(job)
    assert "first 7 of 10 validation periods" in told(job)
    assert pd.Timestamp(job.model.forecast()["when"].min()) == pd.Timestamp("2024-03-11"), "all rows are learnt from"
    spec.validation_data = known
    with pytest.raises(AutoMLError, match="No row lies after the training data"):
        submit(spec, compute="inline")


def test_origins_lie_as_far_apart_as_asked() -> None:
    job = run(DATA, cv_step_size=3, feature_lags="auto")
    assert "5 origins, 3 apart" in told(job)


def test_a_series_is_found_by_its_whole_name() -> None:
    long = "x" * 70
    job = run(DATA.replace({"shop": {"a": long + "1", "b": long + "2"}}).drop(columns="price"))
    one, two = (job.plot.forecast.to_frame(long + end)["actual"].mean() for end in "12")
    assert two - one == pytest.approx(10, abs=2)


def test_a_function_of_the_users_own_ranks_forecasts() -> None:
    sizes: set[int] = set()

    def worst(y_true: Any, y_pred: Any) -> float:
        sizes.add(len(y_true))
        return float(np.abs(y_true - y_pred).max())

    worst.greater_is_better = False  # type: ignore[attr-defined]
    job = run(DATA, metric=worst)
    assert job.history.metric == "worst"
    assert min(sizes) == 14, "an origin has seven periods of two series"
    assert all(np.isfinite(t.metrics()["worst"]) for t in job.trials)
    ranked = job.leaderboard()["worst"].dropna()
    assert ranked.is_monotonic_increasing


def test_a_scorer_ranks_forecasts_and_is_the_first_of_their_metrics() -> None:
    known, later = DATA[DATA["when"] < "2024-03-04"], DATA[DATA["when"] >= "2024-03-04"]
    job = run(known.drop(columns="price"), metric="neg_max_error")
    assert job.history.metric == "max_error"
    assert job.leaderboard()["max_error"].dropna().is_monotonic_increasing
    found = job.model.evaluate(later)
    assert found.index[0] == "max_error"
    rolled = job.model.rolling_forecast(later, step=7)
    assert found["value"].iloc[0] == pytest.approx((rolled["forecast"] - rolled["actual"]).abs().max())


def test_a_learner_whose_package_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_jupyter.learners.has_module", lambda module: module != "prophet")
    job = run(DATA, training={"allowed_training_algorithms": ["Prophet", "Naive"]})
    assert "Prophet (needs prophet) cannot be tried" in told(job)
    assert {t.learner for t in job.trials if t.origin != "baseline"} == {"Naive"}


@pytest.mark.parametrize("parts", ["season", "season_trend"])
def test_components_of_a_decomposition_become_features(parts: str) -> None:
    only = {"allowed_training_algorithms": ["ElasticNet"]}
    plain, with_parts = (run(DATA, training=only, **more) for more in ({}, {"use_stl": parts}))
    found = [job.best.metrics()[job.history.metric] for job in (plain, with_parts)]
    assert abs(found[0] - found[1]) > 1e-9, "they are looked at"


def test_arimax_uses_what_is_known_ahead() -> None:
    """The price moves what is sold by 2, and nothing else says when."""
    named = ["Arimax", "AutoArima"]
    job = run(series("a", "b", n=84), max_trials=5, training={"allowed_training_algorithms": named})
    errors = {t.learner: t.metrics()[job.history.metric] for t in job.trials}
    assert errors["Arimax"] < 0.8 * errors["AutoArima"]


def test_a_stack_of_forecasts_is_built_where_it_is_asked_for() -> None:
    whole = series("a", "b", n=120)
    known, later = whole[whole["when"] < "2024-04-20"], whole[whole["when"] >= "2024-04-20"]
    named = {"allowed_training_algorithms": ["Theta", "ElasticNet", "LightGBM"], "enable_stack_ensemble": True}
    job = run(known, max_trials=3, training=named)
    assert not [note for note in job.history.notes if "left out" in note.message]
    stack, future = job.get_model("StackEnsemble"), later.drop(columns="sold")
    assert len(stack.members) > 1
    ahead = stack.forecast(X_future=future, horizon=7)
    assert len(ahead) == 14
    assert (ahead.merge(later, on=["shop", "when"]).eval("forecast - sold").abs() < 5).all(), "on the target's scale"
    assert job.plot.predicted_vs_true.to_frame(model="StackEnsemble").notna().all(axis=None)
    ends = stack.interval(0.8, X_future=future, horizon=7)
    assert (ends["low"] < ends["high"]).all()


def test_what_is_missing_is_carried_on_where_that_is_asked() -> None:
    """A price is said only when it changes: the last one holds, also into the future."""
    whole = series("a", "b", n=84)
    whole["price"] = np.repeat([1.0, 4.0, 2.0, 5.0, 1.0, 3.0, 2.0, 6.0, 1.0, 5.0, 2.0, 4.0, 6.0, 2.0] * 2, 6)
    whole["sold"] = 20 + 2 * whole["price"] + np.tile(SEASON, 24)
    said = whole.copy()
    said.loc[said["price"] == said.groupby("shop")["price"].shift(), "price"] = None
    known, later = said[said["when"] < "2024-03-18"], said[said["when"] >= "2024-03-18"]
    spec = asked(known, training={"allowed_training_algorithms": ["ElasticNet"]})
    imputer = automl.ColumnTransformer(fields=["price"], parameters={"strategy": "ffill"})
    spec.set_featurization(mode="custom", transformer_params={"imputer": [imputer]})
    job = submit(spec, compute="inline").wait(120)
    future = later.drop(columns="sold")
    assert future["price"].isna().any()
    found = job.model.forecast(X_future=future)
    full = whole[whole["when"] >= "2024-03-18"]
    spelled_out = job.model.forecast(X_future=full.drop(columns="sold"))
    assert found["forecast"].tolist() == spelled_out["forecast"].tolist()
    assert found.merge(full, on=["shop", "when"]).eval("forecast - sold").abs().mean() < 1.2, "a price moves it by 2"
    rolled = job.model.rolling_forecast(later, step=1, horizon=3)
    assert (rolled["forecast"] - rolled["actual"]).abs().mean() < 1.2


def test_a_member_judged_from_fewer_origins_leaves_the_others_theirs(tmp_path: Any) -> None:
    """As where time ran out: some of its predictions are not there."""
    from automl_jupyter.jobs.prepare import reopen
    from automl_jupyter.store.folder import JobFolder
    from automl_jupyter.trials.held_out import Predictions
    from automl_jupyter.trials.intervals import forecast_errors

    job = run(DATA, max_trials=3)
    prepared = reopen(job.spec, JobFolder(job.path), namespace={}, base=tmp_path)
    theta = next(t.number for t in job.trials if t.learner == "Theta")
    other = next(t.number for t in job.trials if t.learner != "Theta" and t.is_complete)
    every = range(prepared.plan.n_folds)
    for fold in every[1:]:
        (job.path / "trials" / f"{theta:04d}" / f"fold{fold}-predictions.npy").unlink()

    def origins(weight: float) -> int:
        parts = [{"trial": theta, "weight": weight}, {"trial": other, "weight": 1 - weight}]
        errors = forecast_errors(parts, Predictions(job.path, prepared.table), {theta: [0], other: list(every)})
        return int(errors["n_independent"]) // 2  # two series

    assert origins(0.4) == len(every), "the rest of the blend has more than half of the weight"
    assert origins(0.6) == 1
    assert origins(1.0) == 1


# --- the model -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Return a job whose model uses the price, its data, and what came after."""
    whole = series("a", "b", n=84)
    known = whole[whole["when"] < "2024-03-11"]
    later = whole[whole["when"] >= "2024-03-11"]
    patch = pytest.MonkeyPatch()
    patch.setenv("AUTOML_JOBS", str(tmp_path_factory.mktemp("jobs")))
    job = run(known, max_trials=4, training={"allowed_training_algorithms": ["ElasticNet"]})
    patch.undo()
    return SimpleNamespace(job=job, model=job.model, known=known, later=later)


def test_a_forecast_has_a_row_a_series_and_period(shops: SimpleNamespace) -> None:
    ahead = shops.model.forecast(X_future=shops.later.drop(columns="sold"))
    assert list(ahead.columns) == ["shop", "when", "forecast"]
    assert len(ahead) == 28, "as many periods as X_future has"
    first = shops.model.forecast(X_future=shops.later.drop(columns="sold"), horizon=7)
    joined = first.merge(shops.later, on=["shop", "when"])
    assert len(joined) == 14
    assert (joined["forecast"] - joined["sold"]).abs().mean() < 1.2, "the price is used: it moves the target by 2"


def test_what_must_be_known_ahead_is_named(shops: SimpleNamespace) -> None:
    with pytest.raises(ModelInputError, match="price"):
        shops.model.forecast()
    future = shops.later.drop(columns="sold")
    holed = future[~((future["when"] == "2024-03-12") & (future["shop"] == "a"))]
    with pytest.raises(ModelInputError, match=r"no row for 1 period: a/2024-03-12"):
        shops.model.forecast(X_future=holed, horizon=7)
    with pytest.raises(AutoMLError, match="horizon: 0"):
        shops.model.forecast(horizon=0)


def test_intervals_hold_the_forecast_and_widen_with_the_level(shops: SimpleNamespace) -> None:
    future = shops.later.drop(columns="sold")
    narrow = shops.model.interval(0.5, X_future=future)
    wide = shops.model.interval(0.95, X_future=future)
    assert (narrow["low"] <= narrow["forecast"]).all()
    assert (narrow["forecast"] <= narrow["high"]).all()
    assert (wide["high"] - wide["low"] >= narrow["high"] - narrow["low"] - 1e-9).all()
    quantiles = shops.model.forecast_quantiles(X_future=future, quantiles=(0.1, 0.5, 0.9))
    assert (quantiles[0.1] <= quantiles[0.5]).all()
    assert (quantiles[0.5] <= quantiles[0.9]).all()
    with pytest.raises(AutoMLError, match="level"):
        shops.model.interval(1.5)


def test_a_rolling_forecast_never_looks_ahead(shops: SimpleNamespace) -> None:
    rolled = shops.model.rolling_forecast(shops.later, step=7)
    assert set(rolled["step"]) == set(range(1, 8))
    assert (rolled["origin"] < rolled["when"]).all()
    changed = shops.later.assign(sold=shops.later["sold"].where(shops.later["when"] <= "2024-03-17", 1e6))
    again = shops.model.rolling_forecast(changed, step=7)
    first = rolled["origin"] <= pd.Timestamp("2024-03-17")
    assert again.loc[first, "forecast"].to_numpy() == pytest.approx(rolled.loc[first, "forecast"].to_numpy())


def test_scores_are_pooled_by_series_and_by_step(shops: SimpleNamespace) -> None:
    pooled = shops.model.evaluate(shops.later)
    assert pooled.index[0] == "normalized_root_mean_squared_error"
    assert {"mean_absolute_scaled_error", "symmetric_mean_absolute_percentage_error"} <= set(pooled.index)
    assert list(shops.model.evaluate(shops.later, by="series")["shop"]) == ["a", "b"]
    assert list(shops.model.evaluate(shops.later, by="step")["step"]) == list(range(1, 8))
    with pytest.raises(AutoMLError, match="by: 'day'"):
        shops.model.evaluate(shops.later, by="day")


def test_a_suspect_value_is_told_by_its_series_and_instant() -> None:
    data = series("a", "b")
    data.loc[(data["shop"] == "b") & (data["when"] == "2024-03-05"), "sold"] += 400
    found = run(data.sort_values(["when", "shop"])).suspect_labels()
    assert found[["shop", "when"]].iloc[0].tolist() == ["b", pd.Timestamp("2024-03-05")]
    assert found["difference"].iloc[0] == pytest.approx(400, abs=15)


def test_the_error_of_each_series_has_a_bar_of_its_own(shops: SimpleNamespace) -> None:
    from matplotlib.figure import Figure

    from automl_jupyter.results.charts.forecasts import draw_by_series

    names = [f"Region North-West / Product line / store {n}" for n in range(3)]
    table = pd.DataFrame({"series": names, "mase": [3.0, 2.0, 1.0]})
    ax = Figure().subplots()
    draw_by_series(ax, table, shops.job._charts.forecasts(None, None))
    assert sorted(round(bar.get_y() + bar.get_height() / 2) for bar in ax.patches) == [0, 1, 2]


def test_an_interval_may_be_as_wide_or_narrow_as_asked(shops: SimpleNamespace) -> None:
    future = shops.later.drop(columns="sold")
    for level in (1e-7, 0.9999999):
        found = shops.model.interval(level, X_future=future)
        assert (found["low"] <= found["high"]).all()
    with pytest.raises(AutoMLError, match="level: 1 does not lie between 0 and 1"):
        shops.model.interval(1, X_future=future)


def test_later_observations_and_unknown_series_are_contexts(shops: SimpleNamespace) -> None:
    seen, future = shops.later[shops.later["when"] < "2024-03-18"], shops.later[shops.later["when"] >= "2024-03-18"]
    ahead = shops.model.forecast(context=seen, X_future=future.drop(columns="sold"), horizon=7)
    assert pd.Timestamp(ahead["when"].min()) == pd.Timestamp("2024-03-18")
    new = pd.concat([shops.known, shops.later]).query("shop == 'a'").assign(shop="new")
    before, after = new[new["when"] < "2024-03-11"], new[new["when"] >= "2024-03-11"]
    of_new = shops.model.forecast(context=before, X_future=after.drop(columns="sold"), horizon=7)
    assert set(of_new["shop"]) == {"new"}
    assert np.isfinite(of_new["forecast"]).all()


def test_rows_after_a_gap_are_predicted_and_rows_of_the_past_are_not(shops: SimpleNamespace) -> None:
    rows = shops.later[shops.later["when"] >= "2024-03-14"].drop(columns="sold")
    assert np.isfinite(shops.model.predict(rows)).all()
    with pytest.raises(ModelInputError, match="do not lie after the end of the training data"):
        shops.model.predict(shops.known.drop(columns="sold"))


def test_a_saved_model_forecasts_the_same(shops: SimpleNamespace, tmp_path: Any) -> None:
    future = shops.later.drop(columns="sold")
    again = load_model(shops.model.save(tmp_path / "model"))
    expected = shops.model.interval(0.8, X_future=future)
    assert again.interval(0.8, X_future=future).equals(expected)


def test_charts_show_series_and_errors(shops: SimpleNamespace) -> None:
    job, plots = shops.job, shops.job.plot
    expected = {"forecast", "error_by_step", "error_by_series", "predicted_vs_true", "residuals", "progress"}
    assert expected == {n for n in dir(plots) if n in chart_names("forecasting")}
    shown = plots.forecast.to_frame("b")
    assert shown["judged"].notna().any()
    assert shown["forecast"].isna().all(), "the price is not known yet"
    by_step, by_series = plots.error_by_step.to_frame(), plots.error_by_series.to_frame()
    assert list(by_step["step"]) == list(range(1, 8))
    assert set(by_series["series"]) == {"a", "b"}
    assert by_step["n"].sum() == by_series["n"].sum()
    total = (by_step["mae"] * by_step["n"]).sum()
    assert total == pytest.approx((by_series["mae"] * by_series["n"]).sum())
    later = shops.model.plot.forecast.to_frame("a", data=shops.later)
    assert later["when"].max() == shops.later["when"].max()
    with pytest.raises(AutoMLError, match="there is no series 'c'"):
        plots.forecast.to_frame("c")
    page = model_page(job, "VotingEnsemble" if "VotingEnsemble" in job.history.ensembles else 0)
    assert (page["pick"], page["columns"]) == ("Series", ["a", "b"])
    for chart in [c["name"] for c in page["charts"]]:
        picture, says = chart_picture(job, 0, chart, dark=True, column=1)
        assert picture.startswith(b"\x89PNG")
        assert says.endswith(".")
    assert len(kept_pictures(job)) == 2


def test_a_forecast_is_drawn_with_its_interval() -> None:
    job = run(DATA.drop(columns="price"))
    shown = job.plot.forecast.to_frame("a", level=0.5)
    ahead = shown[shown["forecast"].notna()]
    assert len(ahead) == 7
    assert (ahead["low"] <= ahead["high"]).all()
    assert ahead["actual"].isna().all()
    assert job.plot.forecast("a").get_ylabel() == "sold"
    assert list(job.evaluate(DATA.assign(when=DATA["when"] + pd.Timedelta(70, "D"))).columns) == ["value", "n_rows"]


def test_a_forecasting_job_runs_on_a_cluster(cluster: Any) -> None:
    job = submit(asked(DATA.drop(columns="price"), max_trials=3), compute=cluster).wait(120)
    assert job.status == "Completed"
    assert len(job.model.interval(0.8)) == 14


# --- nothing of the future ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["number", "category", "boolean", "date", "text"])
def test_a_signal_of_the_future_in_a_column_does_not_help(kind: str) -> None:
    """A column that tells the target, declared unknown ahead, leaves the forecast as good as without it."""
    rng = np.random.default_rng(0)
    data = series("a", "b", n=120).drop(columns="price")
    data["sold"] = rng.normal(20, 3, len(data))
    sold = data["sold"]
    told_by = {
        "number": sold * 2 - 1,
        "category": pd.cut(sold, 8).astype(str),
        "boolean": sold > 20,
        "date": pd.Timestamp("2020-01-01") + pd.to_timedelta((sold * 10).round(), "D"),
        "text": "sold about " + sold.round().astype(int).astype(str) + " of the goods today",
    }[kind]
    data["hint"] = told_by
    known, later = data[data["when"] < "2024-04-09"], data[data["when"] >= "2024-04-09"]

    def error(**settings: Any) -> float:
        job = run(known, max_trials=1, training={"allowed_training_algorithms": ["LightGBM"]}, **settings)
        return float(job.model.evaluate(later).loc["root_mean_squared_error", "value"])

    hidden = error(features_unknown_at_forecast_time=["hint"])
    assert hidden > 2.4, "noise of 3 cannot be forecast without the answer"
    if kind in ("number", "category"):
        assert error() < 0.6 * hidden, "known ahead it would tell"


def test_models_of_one_label_have_intervals_of_their_own(tmp_path: Path) -> None:
    """As the proposals of the sampler, which are called after their learner alone."""
    named = {"allowed_training_algorithms": ["SeasonalNaive", "Theta", "Average"]}
    job = run(series("a", "b", n=120), max_trials=3, training=named)
    shutil.copytree(job.path, tmp_path / "experiment" / job.name)
    log = tmp_path / "experiment" / job.name / "events.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    for event in events:
        if event["kind"] == "trial_queued":
            event["label"] = "alike"
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    again = MLClient(tmp_path).jobs.get(job.name)
    numbers = [t.number for t in job.trials if t.is_complete]
    own = [job.get_model(n).manifest["errors"] for n in numbers]
    assert len({json.dumps(e, default=str) for e in own}) > 1
    assert [again.get_model(n).manifest["errors"] for n in numbers] == own


def test_the_test_rows_are_scored_by_a_scorer_that_was_asked_for() -> None:
    data = DATA.drop(columns="price")
    known, later = data[data["when"] < "2024-03-04"], data[data["when"] >= "2024-03-04"]
    spec = asked(known, metric="neg_max_error")
    spec.set_data(test_data=later)
    job = submit(spec, compute="inline").wait(120)
    assert job.status == "Completed"
    assert job.test_metrics["max_error"] == pytest.approx(job.model.evaluate(later).loc["max_error", "value"])


def test_a_correction_leaves_the_periods_up_to_the_new_rows_as_they_were() -> None:
    whole = series("a", n=62)
    spec = asked(whole[:60], max_trials=1)
    imputer = [{"fields": ["sold"], "parameters": {"strategy": "constant", "fill_value": 0}}]
    spec.set_featurization(transformer_params={"imputer": imputer})
    model = submit(spec, compute="inline").wait(120).model
    corrected = model.forecast(context=whole.iloc[[50, 60, 61]])
    assert corrected.equals(model.forecast(context=whole.iloc[60:]))


def test_every_check_of_a_forecast_is_on_its_page() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "forecasting.md").read_text(encoding="utf-8")
    assert [g["name"] for g in run(DATA, max_trials=1).guardrails() if f"| {g['name']} |" not in page] == []
