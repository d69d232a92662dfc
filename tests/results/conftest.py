"""Finished jobs, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
