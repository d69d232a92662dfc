"""What a saved model keeps of the past is enough to forecast as if it had all of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.cache import open_cache, write_cache
from automl_jupyter.data.panel import PanelIndex
from automl_jupyter.learners import learners
from automl_jupyter.trials import forecasters
from automl_jupyter.trials.forecasters import LocalForecaster, PooledForecaster
from automl_jupyter.trials.history import RECENT_PERIODS, History, join, open_history, write_history

LENGTH, SEASON, HORIZON = RECENT_PERIODS + 3_000, 24, 12
LAGS = {"lags": [1, 2, 24], "windows": [24], "seasons": [24], "n_repeats": 1}


def growing(length: int = LENGTH) -> History:
    """Return one series whose level grows many-fold, so that its past says little about its size."""
    at = np.arange(length)
    noise = np.random.default_rng(0).normal(size=length)
    y = 20 + 0.05 * at + 6 * np.sin(2 * np.pi * at / SEASON) + noise
    index = PanelIndex(
        time_column="time",
        id_columns=(),
        frequency="h",
        zone=None,
        first=pd.Timestamp("2010-01-01"),
        ids=pd.DataFrame(index=pd.RangeIndex(1)),
        starts=np.array([0]),
        offsets=np.array([0, length]),
    )
    return History(index, y, pd.DataFrame(index=pd.RangeIndex(length)), SEASON)


@pytest.mark.parametrize("difference", ["mean", "last", "seasonal"])
def test_the_recent_past_gives_the_forecast_of_the_whole(difference: str) -> None:
    history = growing()
    params = {"strategy": "direct", "difference": difference, "n_rounds": 20}
    forecaster = PooledForecaster("LightGBM", params, lags=LAGS, horizon=HORIZON, seasons=[SEASON])
    forecaster.fit(history, seed=0, n_jobs=1)
    future = pd.DataFrame(index=pd.RangeIndex(HORIZON))
    whole = forecaster.forecast(history, HORIZON, future)
    recent = forecaster.forecast(history.tail(RECENT_PERIODS), HORIZON, future)
    np.testing.assert_allclose(recent, whole, rtol=1e-9)


def test_a_written_past_is_the_recent_one(tmp_path: Path) -> None:
    history = growing()
    one = np.ones(1)
    write_cache(
        tmp_path / "table",
        X=history.X,
        y=history.y,
        weight=None,
        folds=[],
        meta={"panel": history.index.to_dict(), "forecast": {"season": SEASON}},
        arrays={"starts": history.index.starts, "offsets": history.index.offsets, "ranges": one, "scales": one},
    )
    write_history(tmp_path / "history", open_cache(tmp_path / "table"))
    kept = open_history(open_cache(tmp_path / "history"))
    assert kept.index.n_rows == RECENT_PERIODS
    np.testing.assert_array_equal(kept.y, history.y[-RECENT_PERIODS:])
    np.testing.assert_array_equal(kept.scale, history.scale)
    assert kept.index.times(np.array([LENGTH - 1])) == history.index.times(np.array([LENGTH - 1]))


@pytest.mark.parametrize("learner", ["AutoArima", "ExponentialSmoothing", "SeasonalNaive"])
def test_what_a_model_remembers_is_what_it_would_forecast(learner: str) -> None:
    history = growing(300)
    future = pd.DataFrame(index=pd.RangeIndex(HORIZON))

    def fresh() -> LocalForecaster:
        return LocalForecaster(learner, {}, SEASON, [SEASON])

    remembering = fresh().remember(history, HORIZON)
    np.testing.assert_array_equal(
        remembering.forecast(history, HORIZON, future), fresh().forecast(history, HORIZON, future)
    )
    earlier = history.head(history.index.lengths - 1)  # another past, so another forecast
    np.testing.assert_array_equal(
        remembering.forecast(earlier, HORIZON, future), fresh().forecast(earlier, HORIZON, future)
    )
    assert len(remembering.forecast(history, HORIZON + 5, future)[0]) == HORIZON + 5


def test_a_model_takes_its_forecast_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    history = growing(300)
    remembering = LocalForecaster("SeasonalNaive", {}, SEASON, [SEASON]).remember(history, HORIZON)
    monkeypatch.setattr(forecasters, "make_learner", lambda *args, **kwargs: pytest.fail("it was worked out again"))
    ahead = remembering.forecast(history.tail(RECENT_PERIODS), HORIZON, pd.DataFrame(index=pd.RangeIndex(HORIZON)))
    np.testing.assert_array_equal(ahead[0], history.y[-SEASON:][:HORIZON])


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_a_panel_is_forecast_in_parts_as_it_would_be_at_once(monkeypatch: pytest.MonkeyPatch, strategy: str) -> None:
    lengths = np.array([60, 41, 75, 50, 66])
    one = growing(int(lengths.sum()))
    index = replace(
        one.index,
        id_columns=("id",),
        ids=pd.DataFrame({"id": list("abcde")}),
        starts=np.array([0, 5, 0, 3, 1]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
    )
    price = pd.DataFrame({"price": np.random.default_rng(1).normal(size=index.n_rows)})
    history = History(index, one.y * np.repeat([1, 7, 0.1, 3, 2], lengths), price, SEASON)
    columns = [{"name": "price", "type": "Numeric", "reason": "", "n_missing": 0, "n_unique": 292}]
    params = {"strategy": strategy, "difference": "mean", "n_rounds": 20}
    forecaster = PooledForecaster(
        "LightGBM", params, lags=LAGS, horizon=HORIZON, seasons=[SEASON], columns=columns, stl="season_trend"
    )
    forecaster.fit(history, seed=0, n_jobs=1)
    future = pd.DataFrame({"price": np.random.default_rng(2).normal(size=5 * HORIZON)})
    at_once = forecaster.forecast(history, HORIZON, future)
    monkeypatch.setattr(forecasters, "MOST_CELLS", 2 * HORIZON)
    np.testing.assert_allclose(forecaster.forecast(history, HORIZON, future), at_once, rtol=1e-9)


def test_a_past_that_begins_before_training_does_not_move_the_season() -> None:
    """Half a season earlier: what comes after the training series is forecast as it is without the other one."""
    known = growing(300)
    index = replace(known.index, id_columns=("id",), ids=pd.DataFrame({"id": ["a"]}))
    known = replace(known, index=index)
    earlier = replace(index, ids=pd.DataFrame({"id": ["b"]}), first=index.first - pd.Timedelta(SEASON // 2, "h"))
    both = join(known, replace(known, index=earlier))
    assert both.index.first < index.first
    forecaster = PooledForecaster("ElasticNet", {}, lags=LAGS, horizon=HORIZON, seasons=[SEASON])
    forecaster.fit(known, seed=0, n_jobs=1)
    future = pd.DataFrame(index=pd.RangeIndex(2 * HORIZON))
    alone = forecaster.forecast(known, HORIZON, future[:HORIZON])
    np.testing.assert_allclose(forecaster.forecast(both, HORIZON, future)[0], alone[0], rtol=1e-9)
    again = join(both, known)
    np.testing.assert_allclose(forecaster.forecast(again, HORIZON, future)[0], alone[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("fill", "gap", "end"), [(None, [np.nan] * 3, np.nan), (0.0, [0.0] * 3, 0.0), ("ffill", [7.0] * 3, 5.0)]
)
def test_a_gap_between_training_and_a_later_table_becomes_what_the_imputer_says(
    tmp_path: Path, fill: float | str | None, gap: list[float], end: float
) -> None:
    """Three hours have no row, and of the later ones the last has no value."""
    known = growing(48)
    known.y[-1] = 7.0
    one, about = np.ones(1), {"season": SEASON, "target_fill": fill}
    meta = {"panel": known.index.to_dict(), "forecast": about}
    arrays = {"starts": known.index.starts, "offsets": known.index.offsets, "ranges": one, "scales": one}
    write_cache(tmp_path / "table", X=known.X, y=known.y, weight=None, folds=[], meta=meta, arrays=arrays)
    write_history(tmp_path / "history", open_cache(tmp_path / "table"))
    kept = open_history(open_cache(tmp_path / "history"))
    later = growing(3)
    later = replace(later, index=replace(later.index, first=known.index.first + pd.Timedelta(51, "h")))
    later.y[1:] = 5.0, np.nan
    both = join(kept, later)
    np.testing.assert_array_equal(both.y[48:], [*gap, later.y[0], 5.0, end])
    again = replace(later, index=replace(later.index, first=known.index.first + pd.Timedelta(54, "h")))
    assert np.isfinite(join(both.head(np.array([50])), again).y[50:54]).all() == (fill is not None)


@pytest.mark.parametrize(
    ("strategy", "length", "n_cells"),
    [("recursive", 400, 300), ("direct", 400, 300), ("recursive", 40, 27), ("direct", 40, 27 * 11)],
)
def test_a_learner_of_few_rows_learns_from_no_more_cells(
    monkeypatch: pytest.MonkeyPatch, strategy: str, length: int, n_cells: int
) -> None:
    """Of 40 periods 27 have enough of a past; from 12 origins each they would be 324 cells."""
    monkeypatch.setattr(PooledForecaster, "_info", replace(learners.get("LightGBM"), max_rows=300))
    params = {"strategy": strategy, "n_rounds": 5}
    forecaster = PooledForecaster("LightGBM", params, lags=LAGS, horizon=HORIZON, seasons=[SEASON])
    assert forecaster.fit(growing(length), seed=0, n_jobs=1).n_cells_ == n_cells
