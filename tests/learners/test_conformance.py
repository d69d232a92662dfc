"""Every registered learner, every task it claims, through the shipped checks."""

from __future__ import annotations

import contextlib

import pytest

from automl_jupyter._core.optional import has_module
from automl_jupyter.learners import learners
from automl_jupyter.testing.learner_checks import check_learner

#: learners that are looked at while working, too
QUICK = ("LogisticRegression", "ElasticNet", "DecisionTree", "LightGBM")


@pytest.mark.parametrize(
    ("key", "task"),
    [
        pytest.param(info.key, task, marks=[] if info.key in QUICK else [pytest.mark.slow])
        for info in learners
        for task in info.tasks
    ],
    ids=lambda v: v,
)
def test_learner(key, task, tmp_path):
    info = learners.get(key)
    if info.requires is not None and not has_module(info.requires):
        pytest.skip(f"{info.requires} is not installed")
    with contextlib.chdir(tmp_path):
        check_learner(info, task)
