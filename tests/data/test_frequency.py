"""Frequencies: read as people write them, found in instants, and the grid they make."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter.data.frequency import extend_grid, infer_frequency, make_grid, natural_seasons, parse_frequency

FREQUENCIES = ["h", "15min", "D", "2D", "B", "W-SUN", "W-WED", "MS", "ME", "QS-JAN", "QE-DEC", "YS-JAN", "YE-DEC"]


def nanoseconds(times: pd.DatetimeIndex) -> np.ndarray:
    return times.to_numpy().astype("datetime64[ns]").astype(np.int64)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("H", "h"), ("h", "h"), ("T", "min"), ("15T", "15min"), ("S", "s"), ("D", "D"), ("d", "D"), ("W", "W-SUN"),
        ("W-MON", "W-MON"), ("M", "ME"), ("MS", "MS"), ("Q", "QE-DEC"), ("A", "YE-DEC"), ("Y", "YE-DEC"), ("2H", "2h"),
        ("SM", "SME-15"), ("SMS", "SMS-15"), ("SMS-15", "SMS-15"), ("SME-20", "SME-20"),
    ],
)  # fmt: skip
def test_old_and_new_names_are_read(written: str, meant: str) -> None:
    assert parse_frequency(written) == meant


@pytest.mark.parametrize("written", ["", "fortnight", "0D", "-1D", "D D", "1", "; drop", "W-XYZ"])
def test_what_is_no_frequency_is_none(written: str) -> None:
    assert parse_frequency(written) is None


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_a_regular_grid_is_found_again(frequency: str) -> None:
    times = pd.date_range("2021-01-04", periods=40, freq=frequency)
    found = infer_frequency([nanoseconds(times)])
    assert found is not None
    assert (pd.date_range(times[0], periods=40, freq=found) == times).all()


@given(st.sampled_from(["h", "D", "W-SUN", "MS"]), st.sets(st.integers(1, 38), max_size=8))
def test_gaps_do_not_hide_the_frequency(frequency: str, gaps: set[int]) -> None:
    times = pd.date_range("2021-02-07", periods=40, freq=frequency)
    kept = np.delete(nanoseconds(times), list(gaps))
    found = infer_frequency([kept])
    assert found is not None
    assert (pd.date_range(times[0], periods=5, freq=found) == times[:5]).all()


def test_one_last_day_of_a_month_does_not_make_first_days_last_ones() -> None:
    times = pd.date_range("2021-01-01", periods=24, freq="MS").insert(4, pd.Timestamp("2021-04-30"))
    assert infer_frequency([nanoseconds(times)]) == "MS"


@pytest.mark.parametrize("frequency", ["W-WED", "MS", "YS-JAN", "4W-WED"])
def test_the_frequency_is_that_of_most_series(frequency: str) -> None:
    usual = pd.date_range("2020-01-01", periods=24, freq=frequency)
    other = usual - pd.Timedelta(1, "D")
    found = infer_frequency([*[nanoseconds(other)] * 1, *[nanoseconds(usual)] * 19])
    assert found == frequency


def test_a_grid_reaches_from_the_first_to_the_last_and_goes_on() -> None:
    grid = make_grid(pd.Timestamp("2024-01-31"), pd.Timestamp("2024-04-30"), "ME")
    assert [str(t.date()) for t in grid] == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]
    assert [str(t.date()) for t in extend_grid(grid[-1], 2, "ME")] == ["2024-05-31", "2024-06-30"]


@pytest.mark.parametrize(
    ("frequency", "seasons"),
    [
        ("h", (24, 168)), ("30min", (48, 336)), ("D", (7, 365)), ("B", (5, 260)), ("W-SUN", (52,)), ("W-WED", (52,)),
        ("2W-WED", (26,)), ("MS", (12,)), ("QS-JAN", (4,)), ("YS-JAN", ()),
    ],
)  # fmt: skip
def test_seasons_of_the_calendar(frequency: str, seasons: tuple[int, ...]) -> None:
    assert natural_seasons(frequency) == seasons


@pytest.mark.parametrize("frequency", ["5h", "50min"])
def test_steps_that_divide_no_day_and_no_week_have_no_season(frequency: str) -> None:
    assert natural_seasons(frequency) == ()
