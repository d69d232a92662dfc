"""Learners: a light record of each, listed without importing what they are built on.

Examples
--------
>>> learners.get("light_gbm").recipe
'tree'
>>> "LogisticRegression" in [info.key for info in available("classification")]
True
"""

from __future__ import annotations

from automl_jupyter._core.optional import has_module
from automl_jupyter._core.registry import Registry
from automl_jupyter.learners.builtin import BUILTIN
from automl_jupyter.learners.info import LearnerInfo, SpaceContext

__all__ = ["LearnerInfo", "SpaceContext", "available", "learner_names", "learners", "serves"]

learners: Registry[LearnerInfo] = Registry("learner", "automl_jupyter.learners")
learners.add(*BUILTIN)


def available(task: str) -> list[LearnerInfo]:
    """Return the learners of a task whose packages are installed.

    Parameters
    ----------
    task : str
        The task (``"classification"``, ``"regression"``).

    Returns
    -------
    list of LearnerInfo
        In order of registration; nothing heavy is imported.
    """
    return [info for info in learners if serves(info, task) and (info.requires is None or has_module(info.requires))]


def serves(info: LearnerInfo, task: str) -> bool:
    """Return whether a learner takes part in a task: every regressor can forecast, on lags of the series.

    Examples
    --------
    >>> serves(learners.get("ElasticNet"), "forecasting"), serves(learners.get("Theta"), "regression")
    (True, False)
    """
    return task in info.tasks or (task == "forecasting" and "regression" in info.tasks and info.key != "Dummy")


def learner_names(task: str) -> list[str]:
    """Return the learners that a job of a task may name, whether their packages are installed or not.

    Examples
    --------
    >>> "XGBoostRegressor" in learner_names("regression"), "Dummy" in learner_names("regression")
    (True, False)
    """
    return [info.key for info in learners if serves(info, task) and info.key != "Dummy"]
