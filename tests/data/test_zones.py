"""Time zones that have a name, and local time that becomes UTC."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from dateutil import tz

from automl_jupyter.data.series import read_panel
from automl_jupyter.data.series_rows import Report, SeriesRoles
from automl_jupyter.data.zones import UnknownZoneError, in_utc, name_of_zone, stated_offsets


class Odd(dt.tzinfo):
    """A zone without a name, an hour from UTC in summer only."""

    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta | None:
        return None if when is None else dt.timedelta(hours=int(when.month == 7))

    def dst(self, when: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(0)

    def __repr__(self) -> str:
        return "Odd()"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (tz.UTC, "UTC"),
        (tz.gettz("Europe/Berlin"), "Europe/Berlin"),
        (tz.tzoffset(None, 3600), "UTC+01:00"),
        (dt.timezone(dt.timedelta(hours=5.5), "IST"), "UTC+05:30"),
        (dt.timezone(dt.timedelta(hours=1), "EST"), "UTC+01:00"),
    ],
)
def test_zones_of_other_libraries_have_a_name(zone: Any, name: str) -> None:
    try:
        days = pd.date_range("2024-01-01", periods=20, tz=zone)
    except AttributeError:
        pytest.skip("this pandas does not read such a zone")
    assert name_of_zone(days.tz) == name
    panel = read_panel(pd.DataFrame({"when": days, "sold": 1.0}), SeriesRoles("when", (), "sold"), "x", Report())
    assert panel is not None
    assert panel.index.frequency == "D"
    assert panel.index.shown_times(panel.index.positions)[0] == days[0]


def test_a_zone_without_a_name_is_refused_in_a_sentence() -> None:
    with pytest.raises(UnknownZoneError):
        name_of_zone(Odd())
    days = pd.date_range("2024-01-01", periods=20).tz_localize("UTC").tz_convert(Odd())
    report = Report()
    assert read_panel(pd.DataFrame({"when": days, "sold": 1.0}), SeriesRoles("when", (), "sold"), "x", report) is None
    assert "'when' in x is in the time zone Odd(), which has no name" in str(report.problems[0])


def test_an_offset_is_the_zone_of_a_column_of_arrow() -> None:
    dtype = pd.ArrowDtype(pa.timestamp("us", "+01:00"))
    days = pd.Series(pd.date_range("2024-01-01", periods=20, tz="UTC+01:00").tz_convert("UTC")).astype(dtype)
    panel = read_panel(pd.DataFrame({"when": days, "sold": 1.0}), SeriesRoles("when", (), "sold"), "x", Report())
    assert panel is not None
    assert (panel.index.zone, panel.index.first) == ("UTC+01:00", pd.Timestamp("2024-01-01"))


def test_of_an_hour_shown_twice_the_second_row_of_a_series_is_the_later_one() -> None:
    hours = pd.date_range("2024-10-27", periods=5, freq="h", tz="Europe/Berlin")
    shown = hours.tz_localize(None)
    both = shown.append(shown)
    series = pd.Series([0] * 5 + [1] * 5).to_numpy()
    expected = hours.tz_convert("UTC").tz_localize(None)
    assert in_utc(both, "Europe/Berlin", series).tolist() == [*expected, *expected]
    left_out = pd.DatetimeIndex(["2024-03-31 02:00"])
    assert in_utc(left_out, "Europe/Berlin").tolist() == [pd.Timestamp("2024-03-31 01:00")]


def test_offsets_are_read_however_they_are_written() -> None:
    texts = ["2024-01-01T00:00:00Z", "2024-01-01 00:00+01:00", "2024-01-01 00:00:00.5 -0330", "2024-01-01 00:00+02"]
    found = stated_offsets(pd.Series([*texts, None, "2024-01-01"]))
    assert found is not None
    minutes = pd.Series(found).dt.total_seconds() / 60
    assert minutes.tolist()[:4] == [0, 60, -210, 120]
    assert pd.isna(minutes[4])
    assert minutes[5] == 0
    assert stated_offsets(pd.Series(["2024-01-01", "11:30-12"])) is None
