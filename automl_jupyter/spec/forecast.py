"""What a forecasting job has to know about time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from automl_jupyter._core.text import fold_name
from automl_jupyter.spec.base import Section
from automl_jupyter.spec.kinds import Allowed, AutoOrCount, ColumnName, ColumnNames, as_text, as_whole, one_of

_LAGS = "'auto', a whole number of 1 or more, or a list of them"


def _lags(value: object) -> object:
    if isinstance(value, str) and fold_name(value) == "auto":
        return "auto"
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        value = [value]
    lags = sorted({as_whole(v) for v in value})
    if not lags or lags[0] < 1:
        raise ValueError
    return lags


def _country(value: object) -> str:
    text = str(as_text(value)).upper()
    if not re.fullmatch(r"[A-Z]{2}", text):
        raise ValueError
    return text


def _frequency(value: object) -> str:
    text = str(as_text(value)).strip()
    if not re.fullmatch(r"\d*\.?\d*[A-Za-z]+(-[A-Za-z0-9]+)?", text):
        raise ValueError
    return text


class ForecastingSettings(Section):
    """Forecasting settings: the time column, the series and how far ahead to look.

    Examples
    --------
    >>> ForecastingSettings(time_column_name="day", forecast_horizon=28, target_lags=7).target_lags
    [7]
    """

    time_column_name: ColumnName | None = Field(
        None, description="The column that says when a row was observed. Required for a forecast."
    )
    time_series_id_column_names: ColumnNames | None = Field(
        None, description="The columns that together tell one series from another. Unset: one series."
    )
    forecast_horizon: AutoOrCount = Field(1, description="How many periods ahead to forecast, or auto.")
    frequency: (
        Annotated[
            str,
            BeforeValidator(_frequency),
            Allowed("a pandas offset alias such as 'D', 'h', 'W-MON' or '15min'"),
        ]
        | None
    ) = Field(None, description="The spacing of the observations, as a pandas offset alias. Unset: inferred.")
    target_aggregate_function: Annotated[
        Literal["sum", "max", "min", "mean"] | None,
        BeforeValidator(one_of("sum", "max", "min", "mean", none=True)),
        Allowed("'sum', 'max', 'min' or 'mean'"),
    ] = Field(None, description="How target values within one period are combined. Needs frequency.")
    target_lags: (
        Annotated[list[Annotated[int, Field(ge=1)]] | Literal["auto"], BeforeValidator(_lags), Allowed(_LAGS)] | None
    ) = Field(
        None,
        description="Past values of the target used as features: periods back, or auto. Unset: chosen by the search;"
        " none where target_rolling_window_size is given.",
    )
    feature_lags: Annotated[
        Literal["auto"] | None, BeforeValidator(one_of("auto", none=True)), Allowed("'auto' or null")
    ] = Field(None, description="Whether past values of numeric features are used too. Unset: no.")
    target_rolling_window_size: AutoOrCount | None = Field(
        None,
        description="Periods over which minimum, maximum and mean of the target become features. Unset: the"
        " means of windows that the search chooses; none where target_lags is given.",
    )
    country_or_region_for_holidays: (
        Annotated[str, BeforeValidator(_country), Allowed("a two-letter ISO 3166 country code such as 'US'")] | None
    ) = Field(None, description="The country whose holidays become features, a two-letter code. Unset: none.")
    use_stl: Annotated[
        Literal["season", "season_trend"] | None,
        BeforeValidator(one_of("season", "season_trend", none=True)),
        Allowed("'season', 'season_trend' or null"),
    ] = Field(None, description="Which components of a seasonal-trend decomposition become features. Unset: none.")
    seasonality: AutoOrCount | None = Field(
        "auto", description="The number of periods in one season; auto: inferred; null: no season."
    )
    short_series_handling_config: Annotated[
        Literal["auto", "pad", "drop"] | None,
        BeforeValidator(one_of("auto", "pad", "drop", none=True)),
        Allowed("'auto', 'pad', 'drop' or null"),
    ] = Field(
        "auto",
        description="What happens to series too short to train on. auto: padded when all are"
        " short, else dropped;"
        " null: left as they are.",
    )
    cv_step_size: AutoOrCount = Field(
        "auto", description="Periods between the forecast origins of two successive folds, or auto."
    )
    features_unknown_at_forecast_time: ColumnNames | None = Field(
        None,
        description="Columns that are known in training but not when forecasting. Unset or empty: every other column"
        " is taken to be known ahead, and a model that uses it needs it as X_future.",
    )
