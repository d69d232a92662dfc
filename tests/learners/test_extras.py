"""Forecasters of optional packages: each is tried where its package is installed."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl_jupyter import automl
from automl_jupyter._core.optional import has_module
from automl_jupyter.client.submit import submit
from automl_jupyter.learners import learners
from automl_jupyter.testing.learner_checks import check_learner

KEYS = [info.key for info in learners if info.tasks == ("forecasting",) and info.requires is not None]


@pytest.fixture(autouse=True)
def _installed(request: pytest.FixtureRequest) -> None:
    package = learners.get(request.getfixturevalue("key")).requires
    if not has_module(str(package)):
        pytest.skip(f"{package} is not installed")


@pytest.mark.parametrize("key", KEYS)
def test_it_keeps_what_learners_promise(key: str, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        check_learner(learners.get(key), "forecasting")


@pytest.mark.parametrize("key", KEYS)
def test_it_forecasts_in_a_job(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_jupyter.learners.sequence.tcn._PATIENCE", 3)  # sooner done, and good enough here
    days = pd.date_range("2024-01-01", periods=120, freq="D")
    rng = np.random.default_rng(0)
    season = 10 * np.sin(2 * np.pi * np.arange(120) / 7)
    data = pd.concat(
        [
            pd.DataFrame({"shop": name, "when": days, "sold": level + season + rng.normal(0, 0.5, 120)})
            for name, level in (("a", 50), ("b", 90), ("c", 20))
        ]
    )
    known = data[data["when"] < days[113]]
    spec = automl.forecasting(training_data=known, target_column_name="sold", n_cross_validations=2)
    spec.set_forecast_settings(
        time_column_name="when", time_series_id_column_names=["shop"], forecast_horizon=7, frequency="D"
    )
    spec.set_training(allowed_training_algorithms=[key])
    spec.set_limits(max_trials=2, timeout_minutes=3)
    job = submit(spec, compute="inline").wait(200)
    assert "complete" in {t.state for t in job.trials if t.learner == key}
    ahead = job.model.forecast(horizon=7).merge(data, on=["shop", "when"])
    assert len(ahead) == 21
    assert (ahead["forecast"] - ahead["sold"]).abs().mean() < 4, "the season swings by 20"
