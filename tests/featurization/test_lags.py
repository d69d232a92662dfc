"""Lag features against a slow loop, and what they may not see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter.featurization.holidays import holiday_features
from automl_jupyter.featurization.lags import Cells, LagSettings, calendar_parts, lag_features

SETTINGS = st.builds(
    LagSettings,
    lags=st.lists(st.integers(1, 12), max_size=4, unique=True).map(tuple),
    seasons=st.lists(st.integers(2, 7), max_size=2, unique=True).map(tuple),
    n_repeats=st.integers(1, 3),
    windows=st.lists(st.integers(1, 9), max_size=2, unique=True).map(tuple),
    extremes=st.booleans(),
    difference=st.sampled_from(["none", "last", "seasonal", "mean"]),
    steps=st.booleans(),
)


def slowly(past: list[float], step: int, settings: LagSettings) -> tuple[list[float], float]:
    """Return what one cell must get, from the values up to its origin alone."""

    def back(k: int) -> float:
        return past[-1 - k] if 0 <= k < len(past) else float("nan")

    found = [back(lag - 1) for lag in settings.lags]
    latest = []
    for season in settings.seasons:
        # whole seasons before the instant at `step`, the first that is not after the origin
        first = next(n * season - step for n in range(1, 100) if n * season - step >= 0)
        phases = [back(first + j * season) for j in range(settings.n_repeats)]
        latest.append(phases[0])
        found += phases
        if season > 2:
            found += [back(first - 1), back(first + 1)]
        if settings.n_repeats > 1:
            known = [p for p in phases if np.isfinite(p)]
            found.append(float(np.mean(known)) if known else float("nan"))
    found += [float(np.mean(past[-w:])) for w in settings.windows]
    if settings.extremes:
        for w in settings.windows:
            found += [min(past[-w:]), max(past[-w:])]
    base = 0.0
    if settings.difference == "last" or (settings.difference == "seasonal" and not settings.seasons):
        base = past[-1]
    elif settings.difference == "seasonal":
        base = latest[0] if np.isfinite(latest[0]) else past[-1]
    elif settings.difference == "mean":
        base = float(np.mean(past[-max(settings.seasons[0] if settings.seasons else 0, 8) :]))
    return [f - base for f in found] + ([float(step)] if settings.steps else []), base


@given(SETTINGS, st.integers(1, 30), st.integers(1, 15), st.integers(0, 1000))
def test_features_are_those_of_a_slow_loop(settings: LagSettings, known: int, step: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    other, own, later = rng.normal(size=5), rng.normal(size=known), rng.normal(size=20)
    values = np.concatenate([other, own, later])
    cells = Cells(np.array([5 + known - 1]), np.array([known]), np.array([step]))
    features, base = lag_features(values, cells, settings)
    expected, expected_base = slowly(own.tolist(), step, settings)
    assert features.shape[1] == len(expected)
    assert base == pytest.approx([expected_base])
    assert features[0] == pytest.approx(expected, nan_ok=True)
    hidden = values.copy()
    hidden[5 + known :] = 1e9
    hidden[:5] = -1e9
    again, again_base = lag_features(hidden, cells, settings)
    assert np.allclose(again, features, equal_nan=True, atol=1e-5), "neither the future nor another series is seen"
    assert np.allclose(again_base, base, atol=1e-5)


@given(SETTINGS, st.integers(1, 40), st.integers(1, 15), st.integers(0, 1000))
def test_nothing_beyond_the_reach_is_looked_at(settings: LagSettings, known: int, step: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=known)
    recent = values[-settings.reach :]
    found = [
        lag_features(v, Cells(np.array([len(v) - 1]), np.array([len(v)]), np.array([step])), settings)
        for v in (values, recent)
    ]
    for whole, cut in zip(*found, strict=True):
        assert np.allclose(cut, whole, equal_nan=True)


def test_parts_of_the_calendar_are_those_that_vary() -> None:
    def parts(frequency: str) -> list[str]:
        return list(calendar_parts(pd.date_range("2024-01-01", periods=3, freq=frequency), frequency))

    assert "hour" in parts("h")
    assert "hour" not in parts("D")
    assert {"wday", "month"} <= set(parts("D"))
    assert "wday" not in parts("W-SUN")
    assert parts("MS") == ["month", "quarter"]


def test_holidays_of_a_country_and_the_days_beside_them() -> None:
    days = pd.DatetimeIndex(["2024-07-03", "2024-07-04", "2024-07-05", "2024-07-09"])
    found = holiday_features(days, "US")
    assert found[:, 1].tolist() == [0, 1, 0, 0]
    assert found[1, 0] > 0
    assert found[3].tolist() == [0, 0, 0, 0]
    assert found[0, 2] + found[0, 3] == 1
    assert found[2, 2] + found[2, 3] == 1
    assert holiday_features(pd.DatetimeIndex(["2024-07-14"]), "FR")[0, 1] == 1
