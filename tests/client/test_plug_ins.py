"""Learners and metrics that others register: they can be named like those of the package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automl_jupyter import automl
from automl_jupyter._core.registry import Registry
from automl_jupyter.errors import SpecError
from automl_jupyter.learners import LearnerInfo, learners
from automl_jupyter.metrics.base import Metric
from automl_jupyter.metrics.registry import metrics
from automl_jupyter.spec.algorithms import algorithm_names
from automl_jupyter.spec.parse import parse_yaml
from automl_jupyter.testing.quick import make_spec, run_job

MINE = LearnerInfo("Mine", ("regression",), "linear", "automl_jupyter.learners.linear.ridge")
NAMED = {"allowed_training_algorithms": ["mine"], "enable_vote_ensemble": False, "enable_stack_ensemble": False}
CELL = "{task: %s, training_data: df, target_column_name: y, training: {allowed_training_algorithms: [mine]}%s}"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Return what puts a package with an entry point on the path, and lets a registry look for it anew."""

    def install(registry: Registry[Any], code: str) -> None:
        module = f"{registry.noun}_of_others"
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: of-others\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{registry._group}]\nmine = {module}:mine\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(registry, "_pending", True)

    return install


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what is registered."""
    for registry in (learners, metrics):
        monkeypatch.setattr(registry, "_records", dict(registry._records))


def test_a_learner_that_was_added_can_be_named_and_is_tried(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="'mine' is not a training algorithm of regression"):
        make_spec("value", task="regression", training=NAMED)
    learners.add(MINE)
    job = run_job("value", task="regression", training=NAMED, workspace=tmp_path)
    assert {t.learner for t in job.trials} == {"Dummy", "Mine"}
    assert job.spec.training.allowed_training_algorithms == ["Mine"]


def test_a_learner_serves_the_tasks_that_it_says() -> None:
    learners.add(MINE)
    assert "Mine" in algorithm_names("regression")
    assert "Mine" in algorithm_names("forecasting"), "as every regressor, on lags of the series"
    assert "Mine" not in algorithm_names("classification")
    assert "Dummy" not in algorithm_names("regression"), "the baseline is none to choose"
    assert algorithm_names("text_ner") == ()
    with pytest.raises(SpecError, match="'mine' is not a training algorithm of classification"):
        parse_yaml(CELL % ("classification", ""))
    form = automl.panel(namespace={})
    form.set("task", "regression")
    form.set("training.allowed_training_algorithms", ["Mine"])
    assert [where for where, _ in form.problems] == ["training_data", "target_column_name"]


def test_a_learner_of_an_installed_package_can_be_named(installed: Callable[..., None]) -> None:
    code = "from automl_jupyter.learners.info import LearnerInfo\n"
    installed(learners, code + "mine = LearnerInfo('Mine', ('regression',), 'linear', 'learner_of_others')\n")
    assert parse_yaml(CELL % ("regression", "")).training.allowed_training_algorithms == ["Mine"]


def worst(y: np.ndarray, pred: np.ndarray, weight: np.ndarray | None, context: Any) -> float:
    return float(np.abs(y - pred).max())


def test_a_metric_that_was_added_can_be_the_primary_one(tmp_path: Path) -> None:
    metrics.add(Metric("worst_error", ("regression",), False, "value", worst, "Worst error", 0.0, float("inf")))
    job = run_job("value", task="regression", primary_metric="WorstError", workspace=tmp_path)
    assert job.history.metric == "worst_error"
    assert job.leaderboard()["worst_error"].dropna().is_monotonic_increasing
    with pytest.raises(
        SpecError, match=r"'worst_error' is not a metric of classification. It is a metric of regression"
    ):
        make_spec(primary_metric="worst_error")


def test_a_metric_of_an_installed_package_can_be_the_primary_one(installed: Callable[..., None]) -> None:
    code = "from automl_jupyter.metrics.base import Metric\n"
    code += "mine = Metric('profit', ('regression',), True, 'value', len, 'Profit', 1.0, 0.0)\n"
    installed(metrics, code)
    assert make_spec("value", task="regression", primary_metric="Profit").primary_metric == "profit"
