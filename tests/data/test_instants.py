"""The periods that instants lie in, on a grid that goes on from another table's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.convert import to_instants
from automl_jupyter.data.frequency import move_to_grid
from automl_jupyter.data.instants import find_periods, read_times
from automl_jupyter.data.kinds import UnreadableValueError
from automl_jupyter.data.series import read_panel
from automl_jupyter.data.series_rows import Report, SeriesRoles


@pytest.mark.parametrize(
    "frequency",
    ["D", "B", "W-SUN", "W-WED", "MS", "ME", "QS-FEB", "QE-DEC", "YS-JAN", "YE-JUN", "SME", "SMS-10", "h", "2D",
     "2W-WED", "3MS", "2ME", "5h"],
)  # fmt: skip
def test_periods_are_the_same_from_wherever_their_grid_is_known(frequency: str) -> None:
    seconds = np.random.default_rng(0).integers(0, 500 * 86_400, 200)
    times = pd.DatetimeIndex(pd.Timestamp("2020-01-03") + pd.to_timedelta(np.sort(seconds), unit="s"))
    periods = pd.DatetimeIndex(find_periods(times, frequency).view("datetime64[ns]"))
    for known in (0, 90, -1):
        assert (move_to_grid(times, periods[known], frequency) == periods).all()


def test_an_instant_without_a_zone_is_local_time_where_training_has_one() -> None:
    days = pd.date_range("2024-06-01", periods=5, tz="Europe/Berlin")
    data = pd.DataFrame({"when": days, "sold": 1.0})
    panel = read_panel(data, SeriesRoles("when", (), "sold"), "training_data", Report())
    assert panel is not None
    for told in (days, days.tz_convert("UTC"), [t.isoformat() for t in days], [*days]):
        instants, zone, _ = read_times(pd.Series(told), panel.index)
        assert zone == "Europe/Berlin"
        assert instants[0] == np.datetime64("2024-05-31T22:00")
    for local in (days.tz_localize(None), [str(t.date()) for t in days]):
        instants, zone, _ = read_times(pd.Series(local), panel.index)
        assert zone is None
        assert instants[0] == np.datetime64("2024-06-01T00:00")


@pytest.mark.parametrize("write", [int, float, str])
def test_months_as_six_digits_are_months(write: Any) -> None:
    months = pd.date_range("2019-01-01", periods=30, freq="MS")
    told = pd.Series([write(t) for t in months.strftime("%Y%m")])
    panel = read_panel(pd.DataFrame({"when": told, "sold": 1.0}), SeriesRoles("when", (), "sold"), "x", Report())
    assert panel is not None
    assert (panel.index.frequency, panel.index.layout) == ("MS", "%Y%m")
    assert panel.index.times(panel.index.positions).tolist() == months.tolist()
    for later in (told, pd.Series(months), pd.Series(months.strftime("%Y%m")), pd.Series([*told, None])):
        assert read_times(later, panel.index)[0][:30].tolist() == months.as_unit("ns").asi8.tolist()


def test_other_numbers_of_six_or_eight_digits_are_seconds() -> None:
    for numbers in ([201913, 201901], [201901.5, 201902], [201900, 201901], [167712, 167801], [20240131.5, 20240201]):
        assert read_times(pd.Series(numbers))[2] == "epoch:s"


def _series(told: pd.Series) -> Any:
    frame = pd.DataFrame({"when": told, "sold": np.arange(len(told)) % 7.0})
    panel = read_panel(frame, SeriesRoles("when", (), "sold"), "x", Report())
    assert panel is not None
    return panel.index


@pytest.mark.parametrize("digits", [2, 4, 12])
@pytest.mark.parametrize(("step", "frequency"), [(1, "MS"), (3, "QS-JAN")])
def test_years_with_fractions_are_months_where_all_are_twelfths(digits: int, step: int, frequency: str) -> None:
    times = pd.date_range("1949-01-01", periods=144 // step, freq=f"{step}MS")
    told = pd.Series(np.round(times.year + (times.month - 1) / 12, digits))
    index = _series(told)
    assert (index.frequency, index.layout) == (frequency, "epoch:month")
    assert index.times(index.positions).tolist() == times.tolist()
    for later in (told, told[:1], pd.Series(times), pd.Series(times.strftime("%Y-%m-%d"))):
        assert read_times(later, index)[0].tolist() == times[: len(later)].as_unit("ns").asi8.tolist()


def test_other_years_with_fractions_are_read_to_the_day() -> None:
    times = pd.date_range("2023-11-01", periods=500)
    told = pd.Series(times.year + (times.day_of_year - 1) / np.where(times.is_leap_year, 366, 365))
    index = _series(told)
    assert (index.frequency, index.layout) == ("D", "epoch:year")
    assert index.times(index.positions).tolist() == times.tolist()


def test_a_year_with_a_fraction_after_whole_years_is_not_cut_off() -> None:
    index = _series(pd.Series(np.arange(1990, 2020)))
    assert index.layout == "%Y"
    assert read_times(pd.Series([2020.5]), index)[0].tolist() == pd.DatetimeIndex(["2020-07-01"]).as_unit("ns").asi8
    assert read_times(pd.Series([2020.0]), index)[0].tolist() == pd.DatetimeIndex(["2020-01-01"]).as_unit("ns").asi8
    with pytest.raises(UnreadableValueError, match=r"2020\.5 is not a date"):
        to_instants(pd.Series([2020.5, None]), layout="%Y")


_NUMBERED = {"epoch:yyyy.mm": (100, 1, "MS"), "epoch:yyyy.q": (10, 3, "QS-JAN")}


@pytest.mark.parametrize("kind", [np.float64, np.float32, str, "category"], ids=["64", "32", "texts", "categories"])
@pytest.mark.parametrize("layout", _NUMBERED)
def test_numbers_of_months_and_quarters_are_no_shares_of_a_year(layout: str, kind: Any) -> None:
    """1990.1 is October where months are written so: it is 1990.10."""
    scale, step, frequency = _NUMBERED[layout]
    times = pd.date_range("1990-01-01", periods=36 // step, freq=f"{step}MS")
    told = pd.Series(np.round(times.year + ((times.month - 1) // step + 1) / scale, 2)).astype(kind)
    index = _series(told)
    assert (index.frequency, index.layout) == (frequency, layout)
    assert index.times(index.positions).tolist() == times.tolist()
    for later in (told, told[:1], pd.Series(times)):
        assert read_times(later, index)[0].tolist() == times[: len(later)].as_unit("ns").asi8.tolist()


def test_months_in_texts_are_read_as_they_are_written() -> None:
    times = pd.date_range("1990-01-01", periods=36, freq="MS")
    for told in (times.strftime("%Y.%m"), [f"{t.year}.{t.month}" for t in times]):
        index = _series(pd.Series(told))
        assert index.frequency == "MS"
        assert index.times(index.positions).tolist() == times.tolist()
        assert read_times(pd.Series(["1993.10"]), index)[0].tolist() == [pd.Timestamp("1993-10-01").value]


def test_texts_may_be_years_with_fractions() -> None:
    times = pd.date_range("1949-01-01", periods=48, freq="MS")
    told = pd.Series([f"{t.year + (t.month - 1) / 12:.2f}" for t in times])
    index = _series(told)
    assert (index.frequency, index.layout) == ("MS", "epoch:month")
    assert index.times(index.positions).tolist() == times.tolist()
    for later in (told[33:34], told[33:34].astype(float), pd.Series(["1951-10-01"])):
        assert read_times(later, index)[0].tolist() == [times[33].value]
    assert to_instants(pd.Series(["1951.75", "?", None]), layout="epoch:month").tolist()[1:] == [None, None]


@pytest.mark.parametrize("kind", [float, str])
@pytest.mark.parametrize("parts", [np.arange(1, 53) / 100, np.arange(1, 366) / 1000, [0.0131, 0.0228, 0.0331, 0.0430]])
def test_fractions_that_are_no_shares_of_a_year_are_refused(parts: Any, kind: Any) -> None:
    told = pd.Series(np.round(np.add.outer([2020, 2021], parts).ravel(), 4)).astype(kind)
    report, data = Report(), pd.DataFrame({"when": told, "sold": np.arange(len(told)) % 7.0})
    assert read_panel(data, SeriesRoles("when", (), "sold", "D"), "here", report) is None
    (problem,) = report.problems
    assert f"has the value {told.tolist()[0]!r} (row 0), which is not a date or time. What is behind the point" in str(
        problem
    )
