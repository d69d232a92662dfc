"""Tasks: what kind of question a job asks. A task decides, it never computes.

Start reading at :mod:`automl_jupyter.tasks.base`.
"""

from __future__ import annotations

from automl_jupyter._core.registry import Registry
from automl_jupyter._core.text import listing
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.job import AutoMLJob
from automl_jupyter.spec.tabular import TabularJob
from automl_jupyter.tasks.base import Task
from automl_jupyter.tasks.tabular import CLASSIFICATION, FORECASTING, REGRESSION

tasks: Registry[Task] = Registry("task", "automl_jupyter.tasks")
tasks.add(CLASSIFICATION, REGRESSION, FORECASTING)


def check_trainable(job: AutoMLJob) -> TabularJob:
    """Return the job as what this version trains, or refuse its task by name in one sentence.

    Raises
    ------
    SpecError
        When this version cannot train the task.
    """
    get_task(job.task)
    if not isinstance(job, TabularJob):  # a task that a plug-in registered without a way to plan it
        raise SpecError([Problem("task", f"{job.task!r} is no task on a table.")])
    return job


def get_task(key: str) -> Task:
    """Return the task called `key`, or refuse it by name in one sentence.

    Raises
    ------
    SpecError
        When this version cannot train the task.

    Examples
    --------
    >>> get_task("classification").default_metric
    'accuracy'
    """
    if key not in tasks:
        raise SpecError(
            [
                Problem(
                    "task",
                    f"{key!r} cannot be trained by this version. It trains {listing(tasks.keys(), last='and')}.",
                )
            ]
        )
    return tasks.get(key)
