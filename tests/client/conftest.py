"""Jobs that run in this process, and a learner that does as a test says."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automl_jupyter.learners import LearnerInfo, learners
from automl_jupyter.learners.base import default_fit
from automl_jupyter.testing import quick


@pytest.fixture(scope="session", autouse=True)
def _session_caches(session_home: Path) -> Iterator[None]:
    """Keep the caches of jobs that live as long as the session out of the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(session_home / "cache"))
        yield


@pytest.fixture(scope="session")
def tables() -> SimpleNamespace:
    """Return what makes tables: `make` for all targets, `of` for one."""
    return SimpleNamespace(make=quick.make_table, of=quick.table_for)


@pytest.fixture(scope="session")
def jobs() -> SimpleNamespace:
    """Return what makes quick jobs: `spec` to ask for one, `run` to have it done."""
    return SimpleNamespace(spec=quick.make_spec, run=quick.run_job)


@pytest.fixture(scope="session")
def binary_job(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a finished classification of two classes, with both ensembles."""
    return quick.run_job(
        "label",
        workspace=tmp_path_factory.mktemp("binary"),
        primary_metric="AUC_weighted",
        training={"allowed_training_algorithms": list(quick.QUICK_LEARNERS["classification"])},
        limits={"max_trials": 3},
    )


@pytest.fixture(scope="session")
def multiclass_job(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a finished classification of three classes."""
    return quick.run_job("kind", workspace=tmp_path_factory.mktemp("multiclass"))


@pytest.fixture(scope="session")
def regression_job(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a finished regression."""
    return quick.run_job("value", task="regression", workspace=tmp_path_factory.mktemp("regression"))


@pytest.fixture
def knn_is(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what replaces the learner KNN by the baseline's, whose fit calls a function with its rows first."""

    def replace(before: Callable[[Any], Any], **changes: Any) -> None:
        from automl_jupyter.learners import dummy

        def make(task: str, params: Any, **circumstances: Any) -> Any:
            return dummy.make(task, {}, **circumstances)

        def fit(estimator: Any, data: Any) -> Any:
            return before(data) or default_fit(estimator, data)

        module = types.ModuleType("a_learner_of_the_tests")
        module.__dict__.update(make=make, space=dummy.space, fit=fit)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        settings = {"iterative": False, "cost": 0.1, **changes}
        info = LearnerInfo("KNN", ("classification", "regression"), "none", module.__name__, **settings)
        monkeypatch.setitem(learners._records, "knn", info)

    return replace
