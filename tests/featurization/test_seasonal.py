"""Components of a decomposition against statsmodels, and what the periods to come are given."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.seasonal import STL

from automl_jupyter.featurization.seasonal import decompose


def test_each_series_is_decomposed_by_itself() -> None:
    rng = np.random.default_rng(0)
    first = 10 + 3 * np.sin(2 * np.pi * np.arange(60) / 12) + rng.normal(0, 0.3, 60)
    second = 0.5 * np.arange(48) + np.tile([5, -5] * 6, 4)
    found = decompose(np.concatenate([first, second]), np.array([0, 60, 108]), 12)
    for values, own in ((first, slice(0, 60)), (second, slice(60, 108))):
        expected = STL(values, period=12).fit()
        assert np.array_equal(found.season[own], expected.seasonal)
        assert np.array_equal(found.trend[own], expected.trend)


def test_the_last_season_is_repeated_and_the_trend_stays() -> None:
    values = np.tile([0.0, 10.0, 20.0], 12)
    found = decompose(values, np.array([0, 36]), 3)
    assert found.cycle[0] == pytest.approx([-10, 0, 10], abs=1e-6)
    assert found.last[0] == pytest.approx(10)


@pytest.mark.parametrize(("n", "period"), [(5, 4), (0, 7), (20, 1)])
def test_what_has_not_two_seasons_has_none(n: int, period: int) -> None:
    found = decompose(np.arange(float(n)), np.array([0, n]), period)
    assert not found.season.any()
    assert not found.cycle.any()
    assert found.last[0] == (pytest.approx((n - 1) / 2) if n else 0)
