"""The periods that instants lie in, on a grid that goes on from another table's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.frequency import move_to_grid
from automl_jupyter.data.instants import find_periods, read_times
from automl_jupyter.data.series import Report, SeriesRoles, read_panel


@pytest.mark.parametrize(
    "frequency",
    ["D", "B", "W-SUN", "W-WED", "MS", "ME", "QS-FEB", "QE-DEC", "YS-JAN", "YE-JUN", "SME", "h", "2D", "2W-WED", "3MS",
     "2ME", "5h"],
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
