"""Components of a decomposition as they are known at an origin: of nothing that comes after it."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose

from automl_jupyter.featurization.seasonal import MOST_SEASONS, Components, decompose


def one(values: np.ndarray, period: int) -> Components:
    return decompose(values, np.array([0, len(values)]), period)


def ahead(found: Components, origin: int, n: int) -> np.ndarray:
    """Return the season of the `n` periods after an origin."""
    return found.season(np.full(n, origin), np.arange(1, n + 1))


def noisy(n: int, period: int) -> np.ndarray:
    rng, at = np.random.default_rng(0), np.arange(n)
    return np.asarray(10 + 0.1 * at + 3 * np.sin(2 * np.pi * at / period) + rng.normal(0, 0.3, n))


@pytest.mark.parametrize("period", [2, 7, 12])
def test_nothing_after_an_origin_enters_it(period: int) -> None:
    values, origin = noisy(80, period), 50
    before, other = one(values, period), values.copy()
    other[origin + 1 :] += np.random.default_rng(1).normal(0, 50, 29)
    after = one(other, period)
    np.testing.assert_array_equal(after.trend[: origin + 1], before.trend[: origin + 1])
    for step in range(1, 20):
        origins = np.arange(origin + 1)
        steps = np.full(origin + 1, step)
        np.testing.assert_array_equal(after.season(origins, steps), before.season(origins, steps))


@pytest.mark.parametrize("period", [4, 7, 12])
def test_the_season_is_that_of_the_classical_decomposition_of_what_was_known(period: int) -> None:
    values = noisy(80, period)
    found = one(values, period)
    for origin in (40, 57, 79):
        expected = seasonal_decompose(values[: origin + 1], period=period).seasonal
        phases = (np.arange(origin + 1, origin + 1 + period)) % period
        season = ahead(found, origin, period)
        np.testing.assert_allclose(season - season.mean(), expected[phases], atol=1e-9)


def test_each_series_is_decomposed_by_itself() -> None:
    first, second = noisy(60, 12), 100 - noisy(48, 12)
    both = decompose(np.concatenate([first, second]), np.array([0, 60, 108]), 12)
    for values, begin in ((first, 0), (second, 60)):
        alone, rows = one(values, 12), np.arange(len(values))
        np.testing.assert_allclose(both.trend[begin + rows], alone.trend)
        steps = rows % 5 + 1
        np.testing.assert_allclose(both.season(begin + rows, steps), alone.season(rows, steps), atol=1e-9)
    assert both.ends.tolist() == [59, 107]


def test_the_season_repeats_and_the_trend_stays() -> None:
    found = one(np.tile([0.0, 10.0, 20.0], 12), 3)
    assert ahead(found, 35, 6) == pytest.approx([-10, 0, 10] * 2)
    assert found.trend[35] == pytest.approx(10, abs=1e-2)


def test_a_season_of_long_ago_is_forgotten() -> None:
    n = MOST_SEASONS + 2
    found = one(np.concatenate([np.tile([0.0, 10.0], 30), np.tile([10.0, 0.0], n)]), 2)
    assert ahead(found, 59 + 2 * n, 2) == pytest.approx([5, -5])


@pytest.mark.parametrize(("n", "period"), [(5, 4), (0, 7), (20, 1), (8, 7)])
def test_what_has_not_two_seasons_has_none(n: int, period: int) -> None:
    found = one(np.arange(float(n)), period)
    assert len(found.trend) == n
    assert (np.diff(found.trend) > 0).all()
    assert not n or not ahead(found, n - 1, period).any()
