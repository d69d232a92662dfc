"""What a fit is thought to need grows with what it holds, and is above what it was seen to take."""

from __future__ import annotations

import subprocess
import sys

import pytest

from automl_jupyter.learners import available
from automl_jupyter.search.memory import needed_bytes
from automl_jupyter.search.opening import SearchContext

WIDE = SearchContext("classification", 10_000, 5000, n_classes=2)
MANY = SearchContext("classification", 10_000, 20, n_classes=500)

_MEASURE = """
import resource, sys, numpy as np
from automl_jupyter.learners import learners
from automl_jupyter.learners.base import FitData, fit_learner, make_learner
rows, width = 20_000, 200
rng = np.random.default_rng(0)
y = (rng.normal(size=rows) > 0).astype(int)
info = learners.get(sys.argv[1])
model = make_learner(info, "classification", {}, n_classes=2)
small = rng.normal(size=(200, 3)).astype(np.float32)
fit_learner(info, model, FitData(small, y[:200]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
X = rng.normal(size=(rows, width)).astype(np.float32)
rounds = 10 if info.key in ("LightGBM", "NeuralNetwork") else None
fit_learner(info, make_learner(info, "classification", {}, n_classes=2), FitData(X, y, refit_iterations=rounds))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_learner_has_an_estimate_that_grows_with_rows_and_columns(task: str) -> None:
    n_classes = 3 if task == "classification" else None
    for info in available(task):
        few = needed_bytes(info.key, {}, 1000, SearchContext(task, 1000, 10, n_classes=n_classes))
        rows = needed_bytes(info.key, {}, 100_000, SearchContext(task, 100_000, 10, n_classes=n_classes))
        columns = needed_bytes(info.key, {}, 1000, SearchContext(task, 1000, 10_000, n_classes=n_classes))
        assert 0 < few < min(rows, columns), info.key


def test_what_is_dear_is_seen_to_be() -> None:
    assert needed_bytes("LightGBM", {"num_leaves": 200}, 10_000, WIDE) > 5e9
    assert needed_bytes("LightGBM", {"num_leaves": 8}, 10_000, WIDE) < 3e9
    assert needed_bytes("LightGBM", {"num_leaves": 50, "num_iterations": 2000}, 10_000, MANY) > 4e9
    assert needed_bytes("GaussianProcess", {}, 30_000, SearchContext("regression", 30_000, 5)) > 10e9
    assert needed_bytes("LogisticRegression", {}, 10_000, WIDE) < 3e9


@pytest.mark.parametrize("name", ["max_depth", "num_leaves", "n_estimators"])
def test_settings_of_a_strange_learner_may_be_anything(name: str) -> None:
    context = SearchContext("classification", 1000, 10, n_classes=2)
    for value in ("auto", None, True, -1, 10**400, float("nan"), float("inf"), [3]):
        assert needed_bytes("Mine", {name: value}, 1000, context) == needed_bytes("Mine", {}, 1000, context), value
    assert needed_bytes("Mine", {"max_depth": 2000}, 1000, context) < 2e9


@pytest.mark.slow
@pytest.mark.parametrize("key", ["LightGBM", "ExtremeRandomTrees", "NeuralNetwork", "LogisticRegression"])
def test_a_fit_takes_no_more_than_was_thought(key: str) -> None:
    run = subprocess.run([sys.executable, "-c", _MEASURE, key], capture_output=True, text=True, check=True)
    context = SearchContext("classification", 20_000, 200, n_classes=2)
    assert float(run.stdout) < needed_bytes(key, {}, 20_000, context)
