"""One job a partition, and hierarchies: together they forecast as one."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.client.many_models import ManyModels
from automl_jupyter.errors import AutoMLError, DataError, MissingExtraError, ModelInputError, NoModelError, SpecError

DAYS = pd.date_range("2024-01-01", periods=60)


def sales() -> pd.DataFrame:
    rng, parts = np.random.default_rng(0), []
    for region, shop, level in (("n", "a", 20), ("n", "b", 40), ("s", "c", 90)):
        sold = level + 5 * np.sin(2 * np.pi * np.arange(60) / 7) + rng.normal(0, 0.5, 60)
        parts.append(pd.DataFrame({"region": region, "shop": shop, "day": DAYS, "sold": sold}))
    return pd.concat(parts, ignore_index=True)


def asked(data: Any = None, **forecasting: Any) -> Any:
    spec = automl.forecasting(training_data=sales() if data is None else data, target_column_name="sold")
    spec.set_forecast_settings(time_column_name="day", forecast_horizon=3, **forecasting)
    spec.set_limits(max_trials=2)
    spec.set_training(allowed_training_algorithms=["SeasonalNaive", "Theta"])
    return spec


# --- many models ---------------------------------------------------------------------------------------------------


def test_each_partition_has_a_model_of_its_own() -> None:
    many = automl.many_models(asked(time_series_id_column_names=["shop"]), "region", compute="inline").wait()
    assert many.done
    assert many.summary[["region", "status"]].values.tolist() == [["n", "Completed"], ["s", "Completed"]]
    assert many.summary["score"].notna().all()
    ahead = many.forecast()
    assert ahead.columns.tolist() == ["region", "shop", "day", "forecast"]
    assert ahead.groupby(["region", "shop"]).size().to_dict() == {("n", "a"): 3, ("n", "b"): 3, ("s", "c"): 3}
    assert many.jobs["s",].model.series_names == ["c"], "it has seen nothing of the others"


def test_rows_are_predicted_by_the_model_of_their_partition() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    land = np.array(["up", "down"])[np.arange(200) % 2]
    data = pd.DataFrame({"land": land, "x": x, "y": np.where(land == "up", 3, -3) * x})
    spec = automl.regression(training_data=data, target_column_name="y", limits={"max_trials": 2})
    spec.set_training(allowed_training_algorithms=["ElasticNet"])
    many = automl.many_models(spec, ["land"], compute="inline").wait()
    asked_rows = pd.DataFrame({"land": ["down", "up", "up"], "x": [1.0, 1.0, -1.0]})
    assert many.predict(asked_rows) == pytest.approx([-3, 3, -3], abs=0.3)
    with pytest.raises(ModelInputError, match="no model was trained for land=side"):
        many.predict(asked_rows.assign(land="side"))
    with pytest.raises(ModelInputError, match="columns of the partitions are missing: land"):
        many.predict(asked_rows[["x"]])


def test_partitions_are_told_apart_by_their_text() -> None:
    data = sales().assign(region=np.repeat([1, 1, 2], 60))
    later = data[data["day"] >= DAYS[50]]
    spec = asked(data[data["day"] < DAYS[50]], time_series_id_column_names=["shop"])
    spec.set_data(test_data=later.assign(region=later["region"].astype(float)))
    many = automl.many_models(spec, "region", compute="inline").wait()
    assert many.summary["status"].tolist() == ["Completed", "Completed"]
    assert list(many.jobs) == [(1,), (2,)]
    ahead, alike = many.forecast(context=later), (later["region"].astype(float), later["region"].astype(str))
    assert ahead["day"].min() == DAYS[-1] + pd.Timedelta(1, "D")
    for region in alike:
        assert many.forecast(context=later.assign(region=region)).equals(ahead)
        assert many.predict(later.assign(region=region)).tolist() == many.predict(later).tolist()
    both = later.assign(region=[*alike[1][:15], *later["region"][15:]]).astype({"region": object})
    assert many.predict(both).tolist() == many.predict(later).tolist()
    for name in ("context", "X_future"):
        with pytest.raises(ModelInputError, match=f"{name}: no model was trained for region=9"):
            many.forecast(**{name: later.assign(region=9)})


def test_a_partition_that_fails_leaves_the_others() -> None:
    data = pd.concat([sales(), pd.DataFrame({"region": ["x"], "shop": ["z"], "day": DAYS[:1], "sold": [1.0]})])
    many = automl.many_models(asked(data, time_series_id_column_names=["shop"]), "region", compute="inline").wait()
    assert many.summary["status"].tolist() == ["Completed", "Completed", "Failed"]
    assert "forecasting.frequency: is missing" in many.summary["error"].iloc[2]
    assert set(many.forecast()["region"]) == {"n", "s"}
    assert "1 failed" in repr(many)


def test_a_job_that_cannot_be_started_leaves_the_others() -> None:
    def start(spec: Any) -> Any:
        if spec == "no room":
            raise OSError("No space left on device")
        return SimpleNamespace(name=spec, done=True, wait=lambda: None)

    specs: Any = {("a",): SimpleNamespace(), ("b",): SimpleNamespace()}
    started = iter(["no room", "fine"])
    many = ManyModels(["land"], specs, lambda spec: start(next(started))).wait(60)
    assert many.errors == {("a",): "No space left on device"}
    assert list(many.jobs) == [("b",)]


def test_a_job_that_left_no_model_leaves_the_others_their_forecasts() -> None:
    class Canceled:
        name, done, status = "b", True, "Canceled"

        def wait(self) -> None:
            """It is over."""

        @property
        def model(self) -> Any:
            raise NoModelError("The job b is Canceled and left no model.")

    model = SimpleNamespace(
        forecast=lambda horizon: pd.DataFrame({"forecast": [2.0]}), predict=lambda X: [3.0] * len(X)
    )
    jobs: Any = [SimpleNamespace(done=True, wait=lambda: None, model=model), Canceled()]
    specs: Any = {("a",): jobs[0], ("b",): jobs[1]}
    many = ManyModels(["land"], specs, lambda job: job).wait(60)  # type: ignore[arg-type, return-value]
    assert many.forecast().values.tolist() == [["a", 2.0]]
    assert many.predict(pd.DataFrame({"land": ["a"]})).tolist() == [3.0]
    with pytest.raises(ModelInputError, match="X: no model was trained for land=b"):
        many.predict(pd.DataFrame({"land": ["a", "b"]}))
    del many.jobs["a",]
    with pytest.raises(NoModelError, match="There is no model yet"):
        many.forecast()


def test_stopping_reaches_the_job_that_runs_beside_those_that_nobody_runs() -> None:
    stopped, over = threading.Event(), threading.Event()

    def refuse() -> None:
        raise AutoMLError("No process runs the job any more")

    dead = SimpleNamespace(done=False, status="NotResponding", cancel=refuse, wait=lambda: None)
    alive = SimpleNamespace(done=False, status="Running", cancel=stopped.set)
    started, specs = iter([dead, alive]), {("a",): SimpleNamespace(), ("b",): SimpleNamespace()}
    alive_runs = threading.Event()
    alive.wait = lambda: alive_runs.set() or over.wait(60)
    many = ManyModels(["land"], specs, lambda spec: next(started))  # type: ignore[arg-type]
    try:
        assert alive_runs.wait(60)
        many.cancel()
        assert stopped.is_set()
    finally:
        over.set()
        many.wait(60)


def test_what_cannot_split_the_data_is_refused_before_any_job() -> None:
    data = sales()
    data.loc[[0, 5], "region"] = None
    spec = asked(data, time_series_id_column_names=["region", "shop"])
    with pytest.raises(SpecError) as refused:
        automl.many_models(spec, ["region", "shopp", "day"], compute="inline")
    said = str(refused.value)
    assert "missing in 2 rows" in said
    assert "no column 'shopp'" in said
    assert "'shop'" in said
    assert "'day' is a column the job needs" in said
    assert "'region' is a column the job needs" in said


def test_a_partition_cannot_be_called_what_forecasts_are() -> None:
    data = sales().rename(columns={"region": "forecast"})
    with pytest.raises(SpecError, match="'forecast' is the name of the column that forecasts have"):
        automl.many_models(asked(data, time_series_id_column_names=["shop"]), "forecast", compute="inline")


# --- hierarchies ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def every_level(tmp_path_factory: pytest.TempPathFactory) -> Any:
    workspace = tmp_path_factory.mktemp("jobs")
    found = automl.hierarchical_forecasting(asked(), ["region", "shop"], workspace=workspace, compute="inline")
    return found.wait()


def adds_up(ahead: pd.DataFrame) -> bool:
    level = ahead[["region", "shop"]].eq("(all)").sum(axis=1).rename("level")
    by = ahead.groupby([level, "day"])["forecast"].sum()
    return bool(np.allclose(by[2], by[1]) and np.allclose(by[2], by[0]))


def test_sums_of_the_bottom_add_up(every_level: Any) -> None:
    ahead = every_level.forecast(reconciliation="bottom_up")
    assert len(ahead) == 6 * 3
    assert adds_up(ahead)
    alone = every_level.job.model.forecast()
    bottom = ahead[ahead["shop"] != "(all)"].merge(alone, on=["region", "shop", "day"])
    assert np.allclose(bottom["forecast_x"], bottom["forecast_y"])


def test_reconciling_without_its_package_says_what_to_do(every_level: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hierarchicalforecast", None)
    wanted = r"'ols', unlike 'bottom_up', needs hierarchicalforecast\. Install it with: .*automl-jupyter\[forecast\]"
    with pytest.raises(MissingExtraError, match=wanted):
        every_level.forecast(reconciliation="ols")


def test_gaps_of_the_bottom_are_filled_before_they_are_summed() -> None:
    data = sales().drop(index=[20])  # a day of shop a
    imputer = [{"fields": ["sold"], "parameters": {"strategy": "constant", "fill_value": 0}}]
    spec = asked(data)
    spec.set_featurization(transformer_params={"imputer": imputer})
    tree = automl.hierarchical_forecasting(spec, ["region", "shop"], compute="inline").wait().hierarchy
    of_b = data.loc[(data["shop"] == "b") & (data["day"] == DAYS[20]), "sold"].item()
    north = tree.level(1)
    assert north.loc[(north["region"] == "n") & (north["day"] == DAYS[20]), "sold"].item() == pytest.approx(of_b)


@pytest.mark.parametrize("method", ["wls_struct", "ols"])
def test_levels_are_reconciled(every_level: Any, method: Any) -> None:
    pytest.importorskip("hierarchicalforecast")
    ahead = every_level.forecast(reconciliation=method)
    assert adds_up(ahead)
    base = every_level.job.model.forecast().merge(ahead, on=["region", "shop", "day"])
    assert np.abs(base["forecast_x"] - base["forecast_y"]).max() < 5, "they stay near what was forecast"


def test_a_level_in_the_middle_is_shared_out_and_summed() -> None:
    found = automl.hierarchical_forecasting(
        asked(), ["region", "shop"], hierarchy_training_level="region", compute="inline"
    ).wait()
    assert set(found.job.model.index.ids["shop"]) == {"(all)"}
    ahead = found.forecast()
    assert adds_up(ahead)
    north = ahead[ahead["region"] == "n"].groupby("shop")["forecast"].mean()
    assert north["a"] / north["(all)"] == pytest.approx(1 / 3, abs=0.03)
    only = found.forecast(level="(all)")
    assert len(only) == 3
    with pytest.raises(AutoMLError, match=r"level: 'shopp' is unknown.*'shop'"):
        found.forecast(level="shopp")


def test_series_of_a_hierarchy_are_read_as_any_others() -> None:
    twice = pd.concat([sales(), sales().iloc[[0]].assign(sold=99.0)])
    with pytest.raises(DataError, match="n/a"):
        automl.hierarchical_forecasting(asked(twice), ["region", "shop"], compute="inline")
    texts = sales().assign(day=sales()["day"].dt.strftime("%d.%m.%Y"))
    found = automl.hierarchical_forecasting(
        asked(texts), ["region", "shop"], hierarchy_training_level="shop", compute="inline"
    )
    ahead = found.wait().forecast(level="(all)")
    assert ahead["day"].tolist() == list(pd.date_range("2024-03-01", periods=3))


@pytest.mark.parametrize("freq", ["SMS", "SME-10", "WOM-2MON"])
def test_a_hierarchy_is_of_any_frequency_that_a_job_takes(freq: str) -> None:
    data = sales().assign(day=list(pd.date_range("2020-01-01", periods=60, freq=freq)) * 3)
    spec = asked(data, **({"frequency": freq} if freq.startswith("WOM") else {}))
    spec.set_training(allowed_training_algorithms=["SeasonalNaive"])
    found = automl.hierarchical_forecasting(spec, ["region", "shop"], hierarchy_training_level="shop", compute="inline")
    ahead = found.wait().forecast(level="(all)")
    assert ahead["day"].tolist() == list(pd.date_range("2020-01-01", periods=63, freq=freq)[60:])


def params_of(spec: Any) -> list[tuple[str, Any]]:
    return list(spec.featurization.transformer_params.items())


def test_what_is_said_of_columns_that_sums_do_not_have_is_passed_over() -> None:
    spec = asked(sales().assign(visitors=1.0), features_unknown_at_forecast_time=["visitors"])
    spec.set_featurization(
        mode="custom",
        column_name_and_types={"visitors": "Numeric", "shop": "Categorical"},
        transformer_params={
            "imputer": [
                {"fields": ["visitors"], "parameters": {"strategy": "mean"}},
                {"fields": ["visitors", "sold"], "parameters": {"strategy": "constant", "fill_value": 1}},
            ]
        },
    )
    found = automl.hierarchical_forecasting(spec, ["region", "shop"], hierarchy_training_level="shop", compute="inline")
    assert found.wait().job.status == "Completed"
    assert [(key, [e.fields for e in entries]) for key, entries in params_of(found.job.spec)] == [
        ("imputer", [["sold"]])
    ]
    assert [(key, len(entries)) for key, entries in params_of(spec)] == [("imputer", 2)]
    assert spec.forecasting.features_unknown_at_forecast_time == ["visitors"], "of the one that was given"


@pytest.mark.parametrize("handling", ["auto", "drop", None])
def test_a_young_series_of_a_hierarchy_is_forecast(handling: Any) -> None:
    young = pd.DataFrame({"region": "s", "shop": "new", "day": DAYS[-5:], "sold": 7.0})
    spec = asked(pd.concat([sales(), young]), short_series_handling_config=handling)
    ahead = (
        automl.hierarchical_forecasting(spec, ["region", "shop"], compute="inline")
        .wait()
        .forecast(reconciliation="bottom_up")
    )
    assert adds_up(ahead)
    assert ahead.loc[ahead["shop"] == "new", "forecast"].tolist() == pytest.approx([7.0] * 3, abs=0.2)


def test_what_is_no_hierarchy_is_refused() -> None:
    with pytest.raises(SpecError) as refused:
        automl.hierarchical_forecasting(asked(), ["regio", "shop"], hierarchy_training_level="land", compute="inline")
    assert "no column 'regio'" in str(refused.value)
    assert "'land' is no level" in str(refused.value)
    spec = asked()
    spec.set_data(test_data=sales())
    with pytest.raises(SpecError, match="test_data: cannot be used with a hierarchy"):
        automl.hierarchical_forecasting(spec, ["region", "shop"], compute="inline")
    spec = asked(sales().assign(weight=1.0))
    spec.weight_column_name = "weight"
    with pytest.raises(SpecError, match="weight_column_name: cannot be used with a hierarchy"):
        automl.hierarchical_forecasting(spec, ["region", "shop"], compute="inline")
    spec = automl.regression(training_data=sales(), target_column_name="sold")
    with pytest.raises(SpecError, match="the task is regression"):
        automl.hierarchical_forecasting(spec, ["shop"], compute="inline")


def test_later_jobs_are_what_was_asked_and_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def note(one: Any, *, workspace: Any, **how: Any) -> Any:
        begun.set()
        go_on.wait(60)
        seen.append((workspace, one.experiment_name, one.limits.max_trials))
        raise AutoMLError("not now")

    monkeypatch.setattr("automl_jupyter.client.many_models.submit", note)
    monkeypatch.delenv("AUTOML_JOBS", raising=False)
    for name in ("sales", "other"):
        (tmp_path / name).mkdir()
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path / "sales")
        spec = asked(time_series_id_column_names=["shop"])
        many = automl.many_models(spec, "region", compute="inline")
        assert begun.wait(60)
        patch.chdir(tmp_path / "other")
        spec.limits.max_trials = 9
        go_on.set()
        many.wait()
    assert seen == [((tmp_path / "sales").resolve() / "automl_jobs", "sales", 2)] * 2


@pytest.mark.parametrize(("name", "other"), [("day", "days"), ("sold", "solt")])
def test_a_misspelt_column_of_a_hierarchy_is_refused_by_name(name: str, other: str) -> None:
    with pytest.raises(DataError, match=f"There is no column '{name}'.*'{other}'"):
        automl.hierarchical_forecasting(
            asked(sales().rename(columns={name: other})), ["region", "shop"], compute="inline"
        )


def test_a_series_that_a_hierarchy_leaves_out_is_warned_of() -> None:
    shut = pd.DataFrame({"region": "s", "shop": "shut", "day": DAYS, "sold": np.nan})
    with pytest.warns(UserWarning, match=r"In training_data: 1 series .* left out: s/shut"):
        found = automl.hierarchical_forecasting(
            asked(pd.concat([sales(), shut], ignore_index=True)),
            ["region", "shop"],
            hierarchy_training_level="shop",
            compute="inline",
        )
    assert found.wait().job.status == "Completed"


def test_waiting_without_an_end_is_done_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows interrupts no wait without an end."""
    over, asked_for = threading.Event(), []
    job = SimpleNamespace(done=True, status="Completed", wait=lambda: over.wait(60))
    many = ManyModels(["land"], {("a",): SimpleNamespace()}, lambda spec: job)  # type: ignore[arg-type, dict-item, return-value]
    join = many._thread.join

    def joined(timeout: float | None = None) -> None:
        asked_for.append(timeout)
        over.set()
        join(60 if timeout is None else timeout)

    monkeypatch.setattr(many._thread, "join", joined)
    assert many.wait().done
    assert asked_for
    assert None not in asked_for
