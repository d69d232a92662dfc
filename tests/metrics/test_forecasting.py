"""Metrics of forecasts against their definitions, written out."""

from __future__ import annotations

import numpy as np
import pytest

from automl_jupyter.metrics.base import MetricContext, SeriesRows
from automl_jupyter.metrics.forecasting import season_scale
from automl_jupyter.metrics.registry import evaluate_metrics

PAST = np.array([1.0, 3, 2, 4, 3, 5, 10, 30, 20, 40])
OFFSETS = np.array([0, 6, 10])
Y, AHEAD = np.array([4.0, 6, 25, 45]), np.array([5.0, 6, 35, 40])
CODES = np.array([0, 0, 1, 1])


def found(**changes: np.ndarray) -> dict[str, float | None]:
    values = {"y": Y, "pred": AHEAD, "codes": CODES, **changes}
    ranges = np.array([4.0, 30.0])
    context = MetricContext(series=SeriesRows(values["codes"], ranges, season_scale(PAST, OFFSETS, 2)), y_range=(1, 40))
    return evaluate_metrics("forecasting", values["y"], values["pred"], None, context)


def test_the_scale_is_the_error_of_the_season_before() -> None:
    assert season_scale(PAST, OFFSETS, 2).tolist() == [1.0, 10.0]
    assert season_scale(PAST, OFFSETS, 5).tolist() == [4.0, np.abs(np.diff(PAST[6:])).mean()]
    assert season_scale(np.array([1.0, np.nan, 3.0]), np.array([0, 3]), 2).tolist() == [2.0]


def test_errors_are_scaled_series_by_series() -> None:
    assert found()["mean_absolute_scaled_error"] == pytest.approx((0.5 / 1 + 7.5 / 10) / 2)


def test_percentages_are_symmetric() -> None:
    terms = 2 * np.abs(Y - AHEAD) / (np.abs(Y) + np.abs(AHEAD))
    assert found()["symmetric_mean_absolute_percentage_error"] == pytest.approx(100 * terms.mean())
    both = found(y=np.zeros(4), pred=np.zeros(4))
    assert both["symmetric_mean_absolute_percentage_error"] == 0


def test_normalised_errors_are_means_over_series() -> None:
    rmse = [np.sqrt(np.mean((Y - AHEAD)[s == CODES] ** 2)) for s in (0, 1)]
    expected = np.mean([rmse[0] / 4, rmse[1] / 30])
    assert found()["normalized_root_mean_squared_error"] == pytest.approx(expected)
    mae = [np.mean(np.abs(Y - AHEAD)[s == CODES]) for s in (0, 1)]
    assert found()["normalized_mean_absolute_error"] == pytest.approx(np.mean([mae[0] / 4, mae[1] / 30]))


def test_a_large_series_does_not_decide_alone() -> None:
    worse_small = found(pred=np.array([8.0, 2, 35, 40]))
    worse_large = found(pred=np.array([5.0, 6, 39, 41]))
    key = "normalized_root_mean_squared_error"
    assert worse_small[key] > worse_large[key]
