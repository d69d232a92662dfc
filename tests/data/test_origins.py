"""What a forecasting job has to know about time, settled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter.data.load import load_training_table
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
