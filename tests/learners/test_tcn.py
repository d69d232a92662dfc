"""The temporal convolutional network: which windows it learns from, and how much one of them may weigh."""

from __future__ import annotations

import numpy as np
import pytest

from automl_jupyter._core.optional import has_module
from automl_jupyter.learners.sequence.base import Sequences
from automl_jupyter.learners.sequence.tcn import TCNForecaster

HORIZON = 7


def sequences(*values: np.ndarray) -> Sequences:
    names = [str(i) for i in range(len(values))]
    return Sequences([np.asarray(v, dtype=float) for v in values], [np.zeros((len(v), 1)) for v in values], names)


def windows(*values: np.ndarray) -> tuple[list[list[int]], list[list[int]]]:
    learner = TCNForecaster()
    learner.horizon_ = HORIZON
    train, valid = learner._windows(sequences(*values))
    return train.tolist(), valid.tolist()


@pytest.mark.parametrize(("n", "n_train"), [(8, 1), (9, 1), (15, 6), (16, 7), (17, 1), (18, 2)], ids=lambda n: f"{n}")
def test_the_latest_window_is_kept_from_training_where_another_one_stays(n: int, n_train: int) -> None:
    train, valid = windows(np.arange(n))
    assert valid == [[0, n - HORIZON]]
    assert len(train) == n_train
    assert (valid[0] in train) == (n < 17)


def test_a_series_no_longer_than_the_horizon_is_refused() -> None:
    with pytest.raises(ValueError, match="No series is longer than the horizon"):
        windows(np.arange(HORIZON))


def test_windows_whose_past_does_not_change_are_left_out() -> None:
    late = np.r_[np.zeros(20), np.arange(1.0, 31.0)]
    train, valid = windows(late, np.full(50, 3.0))
    assert {tuple(w) for w in train} == {(0, origin) for origin in range(21, 37)}
    assert valid == [[0, 43]]
    assert len(windows(np.full(50, 3.0))[0]) == 34, "there are no others"


@pytest.mark.skipif(not has_module("torch"), reason="torch is not installed")
def test_series_that_begin_with_zeros_are_forecast_as_well_as_others() -> None:
    rng, turn = np.random.default_rng(0), 2 * np.pi * np.arange(90) / 7
    values = [20 + 8 * np.sin(turn + rng.uniform(0, 6)) + rng.normal(0, 1, 90) for _ in range(12)]
    for series in values:
        series[:20] = 0.0
    calendar = np.column_stack([np.sin(turn), np.cos(turn)])
    names = [str(i) for i in range(12)]
    known = Sequences([v[:-HORIZON] for v in values], [calendar[:-HORIZON]] * 12, names)
    learner = TCNForecaster(n_epochs=30, n_channels=16, depth=3, learning_rate=0.01).fit(known, HORIZON)
    ahead = learner.forecast(known, [calendar[-HORIZON:]] * 12)
    error = np.abs(ahead - np.stack([v[-HORIZON:] for v in values])).mean()
    assert error < 3, "the season swings by 16, and the noise is 0.8"
