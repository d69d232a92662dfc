"""From rows to series on a grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.data.load import load_training_table
from automl_jupyter.data.panel import PanelIndex, id_keys
from automl_jupyter.data.series import Panel, read_panel
from automl_jupyter.data.series_rows import Report, SeriesRoles
from automl_jupyter.errors import DataError

ROLES = SeriesRoles("when", ("shop",), "sold")


def read(times: Any, roles: SeriesRoles = ROLES, report: Report | None = None, **columns: Any) -> Panel:
    frame = pd.DataFrame({"when": times, "shop": "a", "sold": 1.0, **columns})
    found = read_panel(frame, roles, "training_data", Report() if report is None else report)
    assert found is not None
    return found


def load(
    data: pd.DataFrame, validation_data: Any = None, test_data: Any = None, ids: Any = None, **columns: Any
) -> Any:
    settings = automl.ForecastingSettings(time_column_name="when", time_series_id_column_names=ids, forecast_horizon=2)
    spec = automl.forecasting(
        training_data=data,
        target_column_name="sold",
        forecasting_settings=settings,
        **columns,
    )
    spec.validation_data, spec.test_data = validation_data, test_data
    return load_training_table(spec)


def test_an_index_is_read_as_it_was_written() -> None:
    index = read(["13/01/2024", "14/01/2024", "15/01/2024"]).index
    assert index.layout == "%d/%m/%Y"
    again = PanelIndex.from_dict(index.to_dict(), index.starts, index.offsets)
    assert again.to_dict() == index.to_dict()


def test_an_index_of_an_earlier_version_is_read() -> None:
    index = read(pd.date_range("2024-01-01", periods=3)).index
    names = ("time_column", "id_columns", "frequency", "zone", "first", "ids")
    old = {k: v for k, v in index.to_dict().items() if k in names}
    again = PanelIndex.from_dict(old, index.starts, index.offsets)
    assert again.layout is None
    assert again.times(np.arange(3)).equals(index.times(np.arange(3)))


def test_what_is_noteworthy_of_test_rows_is_said() -> None:
    days = pd.date_range("2024-01-01", periods=20)
    data = pd.DataFrame({"when": days, "sold": np.arange(20.0)})
    test = pd.concat([data[15:].assign(sold=[1.0, np.inf, 2.0, 3.0, 4.0]), data[15:16].assign(sold=1.0)])
    notes = load(data[:15], test_data=test).notes
    assert [(n.what, n.level) for n in notes if n.topic == "test data"] == [
        ("1 value of 'sold' in test_data are taken as missing.", "warning"),
        ("In test_data: 1 row that repeat a series' instant with the same target were left out.", "warning"),
    ]
    assert not [n for n in load(data[:15], test_data=data[15:]).notes if n.topic == "test data"]


@pytest.mark.parametrize("kind", ["bool", "boolean", "str", "category"])
def test_a_column_that_tells_series_apart_is_named(kind: str) -> None:
    days = pd.date_range("2024-01-01", periods=6)
    online = pd.Series([False] * 6 + [True] * 6).astype(kind)
    data = pd.DataFrame({"when": [*days, *days], "sold": np.arange(12.0), "online": online})
    with pytest.raises(DataError, match="with 'online' no instant repeats"):
        load(data)


def test_validation_rows_tell_how_the_training_rows_write_dates() -> None:
    days = pd.date_range("2024-02-01", periods=19)
    data = pd.DataFrame({"when": days.strftime("%d/%m/%Y"), "sold": np.arange(19.0)})
    assert load(data[:12], validation_data=data[12:]).time.n_validation.tolist() == [7]


def test_validation_rows_are_of_the_series_with_the_same_number() -> None:
    data = pd.DataFrame({"when": pd.date_range("2024-02-01", periods=19), "shop": 1, "sold": np.arange(19.0)})
    later = data[12:].assign(shop=1.0)
    assert load(data[:12], validation_data=later, ids=["shop"]).time.n_validation.tolist() == [7]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (["heavy", *["1"] * 18], r"'weight' in training_data has the value 'heavy', which is not a number"),
        ([-1.0, *[1.0] * 18], "1 row whose weight is missing, negative or infinite"),
        ([1.0] * 9 + [np.nan, np.inf] + [1.0] * 8, "2 rows whose weight is missing, negative or infinite"),
        ([0.0] * 19, "is zero in every row"),
    ],
)
def test_weights_are_checked(weights: list[Any], message: str) -> None:
    data = pd.DataFrame({"when": pd.date_range("2024-02-01", periods=19), "sold": np.arange(19.0), "weight": weights})
    with pytest.raises(DataError, match=message):
        load(data, weight_column_name="weight")


def test_dates_are_no_target() -> None:
    days = pd.date_range("2024-02-01", periods=19)
    for sold in (days, days.date, days.astype("category")):
        with pytest.raises(DataError, match="'sold' in training_data holds dates, which are not forecast"):
            load(pd.DataFrame({"when": days, "sold": sold}))


@pytest.mark.parametrize("name", ["forecast", "low", "high", "origin", "step", "actual"])
def test_a_name_that_forecasts_have_for_themselves_is_refused(name: str) -> None:
    data = pd.DataFrame({"when": pd.date_range("2024-02-01", periods=19), "sold": np.arange(19.0), name: "a"})
    with pytest.raises(DataError, match=f"series_id_column_names: The column '{name}' .* Rename it."):
        load(data, ids=[name])
    assert load(data).time is not None, "as a feature it may have the name"


def test_weights_are_needed_only_where_there_is_a_target() -> None:
    data = pd.DataFrame({"when": pd.date_range("2024-02-01", periods=19), "sold": np.arange(19.0), "weight": 2.0})
    data.loc[5, ["sold", "weight"]] = np.nan
    table = load(data, weight_column_name="weight")
    assert table.weight is not None
    assert np.delete(table.weight, 5).tolist() == [1.0] * 18


def test_the_weekday_of_most_rows_is_that_of_the_weeks() -> None:
    """Nineteen shops count on Wednesdays, one on Tuesdays: it is left out, and told by its name."""
    weeks = pd.date_range("2024-01-03", periods=20, freq="7D")
    shops = [f"s{i}" for i in range(19)]
    data = pd.concat(
        [*(pd.DataFrame({"when": weeks, "shop": s}) for s in shops),
         pd.DataFrame({"when": weeks - pd.Timedelta(1, "D"), "shop": "early"})]
    ).assign(sold=1.0)  # fmt: skip
    report = Report()
    panel = read_panel(data, ROLES, "training_data", report)
    assert panel is not None
    assert panel.index.frequency == "W-WED"
    assert panel.index.ids["shop"].tolist() == shops
    warned = [n.what for n in report.notes if n.level == "warning"]
    assert warned == ["1 series was left out: early."]


@pytest.mark.parametrize("frequency", ["D", "W-SUN", "MS", "ME"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_the_frequency_of_days_is_that_of_local_time(frequency: str, zone: str) -> None:
    """Sunday at midnight in Berlin is still Saturday in UTC."""
    times = pd.date_range("2024-01-01", periods=35, freq=frequency, tz=zone)
    index = read(times).index
    assert index.frequency == frequency
    assert (index.shown_times(np.arange(35)) == times).all()


@pytest.mark.parametrize(
    ("start", "frequency", "found"),
    [("2024-01-01", "D", "D"), ("2020-01-01", "MS", "MS"), ("2024-01-01", "W-MON", "W-MON"), ("2024-01-01", "h", "h")],
)
def test_an_offset_in_texts_is_their_zone(start: str, frequency: str, found: str) -> None:
    times = pd.date_range(start, periods=40, freq=frequency)
    index = read(times.strftime("%Y-%m-%d %H:%M:%S+01:00")).index
    assert (index.zone, index.frequency) == ("UTC+01:00", found)
    assert index.shown_times(index.positions).tolist() == times.tz_localize("UTC+01:00").tolist()


@pytest.mark.parametrize("frequency", ["D", "W-MON", "MS"])
def test_days_with_the_offsets_of_summer_and_winter_are_as_written(frequency: str) -> None:
    times = pd.date_range("2024-03-01", periods=40, freq=frequency)
    told = [str(t) for t in times.tz_localize("Europe/Berlin")]
    index = read(told).index
    assert (index.zone, index.frequency) == (None, frequency)
    assert index.shown_times(index.positions).tolist() == times.tolist()
    later = read(told[30:], SeriesRoles("when", ("shop",), "sold", frequency, like=index)).index
    assert later.shown_times(later.positions).tolist() == times[30:].tolist()


def test_days_after_a_winter_have_the_offset_of_summer() -> None:
    times = pd.date_range("2024-02-01", periods=80, tz="Europe/Berlin")
    told = [str(t) for t in times]
    index = read(told[:50]).index
    assert index.zone == "UTC+01:00"
    roles = SeriesRoles("when", ("shop",), "sold", "D", like=index)
    for later in (told[50:], times[50:], [t.isoformat() for t in times[50:].tz_convert("UTC")][:5]):
        found = read(later, roles).index
        assert found.times(found.positions).tolist() == times.tz_localize(None)[50:][: len(later)].tolist()


def test_hours_with_the_offsets_of_summer_and_winter_are_shown_in_utc() -> None:
    times = pd.date_range("2024-03-29", periods=100, freq="h", tz="Europe/Berlin")
    report = Report()
    index = read([str(t) for t in times], report=report).index
    assert (index.zone, index.frequency) == ("UTC", "h")
    assert index.shown_times(index.positions).tolist() == times.tz_convert("UTC").tolist()
    assert "Instants are shown in UTC." in [n.what for n in report.notes]
    of_days = read([str(t) for t in times], SeriesRoles("when", ("shop",), "sold", "D", "sum")).index
    assert of_days.times(of_days.positions).tolist() == pd.date_range("2024-03-29", periods=5).tolist()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("told", [list, lambda times: [t.isoformat() for t in times]], ids=["times", "texts"])
@pytest.mark.parametrize("last", ["2024-04-10", "2024-11-10"])
def test_days_of_another_zone_are_kept_where_clocks_change(zone: str, told: Any, last: str) -> None:
    """Few rows after the change, or few after the change back: each is moved within its day."""
    days = pd.date_range("2023-11-10", last, tz="UTC")
    times = days.tz_convert(zone)
    report = Report()
    index = read(told(times), report=report).index
    found = index.times(index.positions)
    assert found.normalize().tolist() == times.tz_localize(None).normalize().tolist()
    assert (found - found.normalize()).nunique() == 1
    moved = [n.what for n in report.notes if "moved within the day" in n.what]
    assert len(moved) == 1
    roles = SeriesRoles("when", ("shop",), "sold", "D", like=index)
    for later in (times[-5:], times[100:105]):
        again = read(told(later), roles).index
        assert again.times(again.positions).normalize().tolist() == later.tz_localize(None).normalize().tolist()


@pytest.mark.parametrize("zone", ["America/Santiago", "Africa/Cairo"])
def test_a_day_without_a_midnight_is_kept(zone: str) -> None:
    days = pd.date_range("2023-01-01", "2024-12-31")
    times = days.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    panel = read(times, sold=np.arange(len(days)) + 1.0)
    assert panel.y.tolist() == (np.arange(len(days)) + 1.0).tolist()
    assert panel.index.shown_times(panel.index.positions).tolist() == times.tolist()


@pytest.mark.parametrize("start", ["2024-03-01", "2024-06-01"], ids=["clocks change", "one time"])
def test_a_row_at_another_hour_is_not_moved_within_its_day(start: str) -> None:
    """No clock is put forward by half a day."""
    days = pd.date_range(f"{start} 09:00", periods=60, tz="Europe/Berlin")
    stray = days[40] + pd.Timedelta("8h30min")
    report = Report()
    panel = read(days.delete(40).insert(40, stray), report=report)
    assert panel.index.shown_times(panel.index.positions).tolist() == days.tolist()
    assert np.flatnonzero(np.isnan(panel.y)).tolist() == [40]
    (note,) = [n for n in report.notes if "moved" in n.what or "left out" in n.what]
    assert note.what == "1 row between the instants of the frequency D was left out."


def test_a_second_row_on_a_day_keeps_no_other_from_its_hour() -> None:
    days = pd.date_range("2024-01-01", "2024-04-10", tz="UTC").tz_convert("Europe/Berlin")
    index = read(days.insert(50, days[49] + pd.Timedelta("8h30min"))).index
    assert index.shown_times(index.positions).normalize().tolist() == days.normalize().tolist()


def test_a_series_with_two_rows_on_a_day_is_not_moved_within_its_days() -> None:
    days = pd.date_range("2024-01-01", "2024-04-10", tz="UTC").tz_convert("Europe/Berlin")
    twice = days.insert(50, days[49] + pd.Timedelta("1h"))
    data = pd.concat([pd.DataFrame({"when": t, "shop": s}) for t, s in ((days, "a"), (twice, "b"))])
    panel = read_panel(data.assign(sold=1.0), ROLES, "training_data", Report())
    assert panel is not None
    assert panel.index.lengths.tolist() == [len(days), len(days) - 10], "it has none of the rows after the change"
    assert np.isfinite(panel.y).all()


@pytest.mark.parametrize("frequency", ["2D", "2W-FRI", "2MS", "6MS", "3QS-JAN"])
@pytest.mark.parametrize("given", [True, False])
def test_steps_of_several_units_are_counted_from_where_most_rows_lie(frequency: str, given: bool) -> None:
    """One stray row before all others does not set the grid."""
    base = frequency.lstrip("0123456789")
    times = pd.date_range("2010-01-01", periods=30, freq=frequency)
    stray = pd.date_range(end=times[0], periods=2, freq=base)[:1]
    report = Report()
    panel = read(stray.append(times), SeriesRoles("when", ("shop",), "sold", frequency if given else None), report)
    assert panel.index.times(panel.index.positions).tolist() == times.tolist()
    assert not panel.index.moved
    assert [n.what for n in report.notes] == [
        f"1 row between the instants of the frequency {panel.index.frequency} was left out."
    ]


@pytest.mark.parametrize(
    ("zone", "frequency"), [("Asia/Kolkata", "h"), ("Asia/Kathmandu", "30min"), ("Europe/Berlin", "12h"), (None, "6h")]
)
def test_hours_that_rows_become_begin_at_midnight_of_the_zone(zone: str | None, frequency: str) -> None:
    times = pd.date_range("2024-01-01 00:00", "2024-01-08 23:50", freq="10min", tz=zone)
    expected = pd.Series(1.0, index=times).resample(frequency).sum()
    roles = SeriesRoles("when", ("shop",), "sold", frequency, "sum")
    panel = read(times, roles)
    assert panel.index.shown_times(panel.index.positions).tolist() == expected.index.tolist()
    assert panel.y.tolist() == expected.tolist()
    later = read(times[300:], SeriesRoles("when", ("shop",), "sold", frequency, "sum", like=panel.index))
    assert later.index.shown_times(later.index.positions).tolist()[1:] == expected.index[-len(later.y) :].tolist()[1:]


def test_a_grid_too_large_to_be_made_is_refused_in_a_sentence() -> None:
    times = pd.date_range("2024-01-01", periods=300, freq="s", tz="Europe/Berlin")
    outlier = pd.DatetimeIndex(["1970-01-01"], tz="Europe/Berlin")
    index = read(times).index
    for aggregate in (None, "sum"):
        data = pd.DataFrame({"when": outlier.append(times), "shop": "a", "sold": 1.0})
        for like, field in ((None, "forecasting.frequency"), (index, "here")):
            report = Report()
            roles = SeriesRoles("when", ("shop",), "sold", "s", aggregate, like=like)
            assert read_panel(data, roles, "here", report) is None
            (problem,) = report.problems
            assert problem.where == field
            assert "from 1970-01-01 00:00:00+01:00 to 2024-01-01 00:04:59+01:00" in str(problem)


def test_later_rows_between_the_instants_are_warned_of() -> None:
    index = read(pd.date_range("2024-01-01", periods=100, freq="h")).index
    times = pd.date_range("2024-02-01", periods=50, freq="h")
    report = Report()
    roles = SeriesRoles("when", ("shop",), "sold", "h", like=index)
    read(times.insert(20, times[20] - pd.Timedelta("30min")), roles, report)
    assert [n.level for n in report.notes if "was left out" in n.what] == ["warning"]


@pytest.mark.parametrize("frequency", ["D", "h"])
def test_validation_rows_may_write_their_times_in_another_way(frequency: str) -> None:
    times = pd.date_range("2024-06-01", periods=19, freq=frequency, tz="Europe/Berlin")
    data = pd.DataFrame({"when": times, "sold": np.arange(19.0)})
    texts = data.assign(when=[t.isoformat() for t in times])
    local = data.assign(when=times.tz_localize(None))
    utc = data.assign(when=times.tz_convert("UTC"))
    for known in (data, texts):
        for later in (data, texts, local, utc, local.assign(when=local["when"].astype(str))):
            table = load(known[:12], validation_data=later[12:])
            assert table.time.n_validation.tolist() == [7]
            assert table.y.tolist() == data["sold"].tolist()
            assert table.time.index.zone == ("Europe/Berlin" if known is data else "UTC+02:00")
    for later in (data, texts):
        table = load(local[:12], validation_data=later[12:])
        assert (table.time.index.zone, table.y.tolist()) == (None, data["sold"].tolist())


def test_validation_rows_beside_training_written_as_numbers_or_texts_are_read() -> None:
    days = pd.date_range("2024-02-10", periods=19)
    data = pd.DataFrame({"when": days.strftime("%d/%m/%Y"), "sold": np.arange(19.0)})
    later = data.assign(when=days)[12:]
    table = load(data[:12], validation_data=later)
    assert table.time.n_validation.tolist() == [7]
    assert table.time.index.layout == "%d/%m/%Y"
    numbers = data.assign(when=days.strftime("%Y%m%d").astype(int))
    assert load(numbers[:12], validation_data=later).y.tolist() == data["sold"].tolist()
    with pytest.raises(DataError, match="'when' in validation_data has the value 'soon'"):
        load(data.assign(when=days)[:12], validation_data=data[12:].assign(when="soon"))


@pytest.mark.parametrize("frequency", ["SMS-15", "SME-15", "SMS-10"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_two_days_a_month_go_on_in_later_tables(frequency: str, zone: str | None) -> None:
    times = pd.date_range("2019-01-01", periods=76, freq=frequency, tz=zone)
    index = read(times[:60]).index
    assert index.frequency == frequency
    again = PanelIndex.from_dict(index.to_dict(), index.starts, index.offsets)
    later = read(times[60:], SeriesRoles("when", ("shop",), "sold", again.frequency, like=again)).index
    assert later.times(later.positions).tolist() == times[60:].tz_localize(None).tolist()


def test_rows_are_not_moved_to_two_weeks_that_few_of_them_keep() -> None:
    steps = [14, 14, 17, 14, 14, 12, 14, 13, 14, 16] * 4
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(steps), unit="D")
    report = Report()
    data = pd.DataFrame({"when": times, "shop": "a", "sold": 1.0})
    assert read_panel(data, ROLES, "training_data", report) is None
    assert "was inferred, but" in str(report.problems[0])
    asked = SeriesRoles("when", ("shop",), "sold", "MS", "sum")
    assert read_panel(data, asked, "training_data", Report()) is not None


@pytest.mark.parametrize("kind", [pd.CategoricalDtype(["clearance", "promo"]), object])
def test_a_period_without_a_category_has_none(kind: Any) -> None:
    hours = pd.date_range("2024-01-01", periods=96, freq="h")
    offer = pd.Series([None] * 23 + ["promo"] + [None] * 24 + ["promo", "clearance", "clearance"] * 16, dtype=kind)
    panel = read(hours, SeriesRoles("when", ("shop",), "sold", frequency="D", aggregate="sum"), offer=offer)
    assert panel.X["offer"].astype(object).fillna("none").tolist() == ["promo", "none", "clearance", "clearance"]


def test_a_gap_that_is_filled_weighs_as_much_as_a_usual_row() -> None:
    data = pd.DataFrame({"when": pd.date_range("2024-02-01", periods=19), "sold": np.arange(19.0), "weight": 2.0})
    spec = automl.forecasting(
        training_data=data.drop(index=5),
        target_column_name="sold",
        weight_column_name="weight",
        forecasting_settings=automl.ForecastingSettings(time_column_name="when", forecast_horizon=2),
    )
    imputer = [{"fields": ["sold"], "parameters": {"strategy": "constant", "fill_value": 0}}]
    spec.set_featurization(transformer_params={"imputer": imputer})
    table = load_training_table(spec)
    assert table.y[5] == 0
    assert table.weight is not None
    assert table.weight.tolist() == [1.0] * 19


def test_series_with_the_same_instants_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.data import series
    from automl_jupyter.data.frequency import infer_frequency

    asked: list[int] = []
    monkeypatch.setattr(series, "infer_frequency", lambda times: asked.append(len(times)) or infer_frequency(times))
    days = pd.date_range("2024-01-01", periods=10).to_numpy()
    assert read(np.tile(days, 50), shop=np.repeat(np.arange(50), 10)).index.frequency == "D"
    assert asked == [1, 50]


def test_ids_are_read_once_a_series_and_not_once_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.data import kinds

    asked, is_missing = [], kinds.is_missing
    monkeypatch.setattr(kinds, "is_missing", lambda v: asked.append(v) or is_missing(v))
    days = pd.date_range("2024-01-01", periods=100).to_numpy()
    index = read(np.tile(days, 2), shop=np.repeat([30, 4], 100)).index
    assert index.keys == [("4",), ("30",)]
    assert len(asked) < 20


@pytest.mark.parametrize(
    "values",
    [[1.0, 2.5, 1.0], [1, "1", True], [None, "x", 2.0], [pd.Timestamp("2024-01-01")] * 3],
    ids=["numbers", "mixed", "missing", "instants"],
)
def test_keys_of_many_rows_are_those_of_few(values: list[Any]) -> None:
    column = pd.DataFrame({"a": pd.Series(values * 40)})
    assert id_keys(column) == [key for i in range(len(column)) for key in id_keys(column.iloc[[i]])]


def test_only_series_that_are_named_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from automl_jupyter.data.gaps import gap_notes

    days = pd.date_range("2024-01-01", periods=6).to_numpy()[[0, 1, 2, 3, 5]]
    panel = read(np.tile(days, 40), shop=np.repeat(np.arange(40), 5))
    named, name_of = [], PanelIndex.name_of
    monkeypatch.setattr(PanelIndex, "name_of", lambda self, s: named.append(s) or name_of(self, s))
    assert gap_notes(panel.y, panel.index, None)[0].what.endswith("in 40 series: 0, 1, 2, 3, 4 and 35 more.")
    assert named == [0, 1, 2, 3, 4]


def test_rows_before_and_after_the_values_of_a_series_are_said() -> None:
    data = pd.DataFrame({"when": pd.date_range("2024-02-01", periods=24), "sold": np.arange(24.0)})
    data.loc[[0, 21, 22, 23], "sold"] = np.nan
    told = [(n.what, n.why) for n in load(data).notes if n.topic == "missing targets"]
    what = "Rows before the first or after the last value of their series were left out: 4."
    assert told == [(what, "They have no value in 'sold'.")]
    assert not [n for n in load(data[1:21]).notes if n.topic == "missing targets"]


def test_a_period_without_a_number_has_no_sum() -> None:
    hours = pd.date_range("2024-01-01", periods=48, freq="h")
    price = np.where(hours.day == 1, np.nan, 2.0)
    panel = read(hours, SeriesRoles("when", ("shop",), "sold", frequency="D", aggregate="sum"), price=price)
    assert panel.X["price_sum"].fillna(-1).tolist() == [-1, 48]
