"""Finished jobs, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.datasets import load_iris

from automl_jupyter import automl
from automl_jupyter.client import submit
from automl_jupyter.client.job import Job
from automl_jupyter.testing.quick import run_job

BOTH_ENSEMBLES = {"allowed_training_algorithms": ["LogisticRegression", "DecisionTree", "LightGBM"]}


@pytest.fixture(scope="session", autouse=True)
def _session_caches(session_home: Path) -> Iterator[None]:
    """Keep the caches of jobs that live as long as the session out of the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        yield


@pytest.fixture(scope="session")
def label_job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return a finished classification of two classes."""
    return run_job(workspace=tmp_path_factory.mktemp("label"), training=BOTH_ENSEMBLES, limits={"max_trials": 6})


@pytest.fixture(scope="session")
def value_job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return a finished regression."""
    return run_job("value", task="regression", workspace=tmp_path_factory.mktemp("value"))


@pytest.fixture(autouse=True)
def _no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def iris_job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return a finished classification of three classes, whose labels are no plain words."""
    frame = load_iris(as_frame=True).frame
    frame["target"] = np.array(["set<b>osa", "$versi_color$", "_virginica"])[frame["target"]]
    spec = automl.classification(
        training_data=frame,
        target_column_name="target",
        n_cross_validations=3,
        limits={"max_trials": 3},
        random_state=0,
    )
    spec.set_training(allowed_training_algorithms=["DecisionTree", "LogisticRegression"])
    return submit(spec, workspace=tmp_path_factory.mktemp("iris"), compute="inline").wait()
