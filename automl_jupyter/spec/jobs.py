"""The ten job classes by task, and the one way in for every door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator

from automl_jupyter._core.text import listing
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.image import (
    ImageClassificationJob,
    ImageClassificationMultilabelJob,
    ImageInstanceSegmentationJob,
    ImageObjectDetectionJob,
)
from automl_jupyter.spec.job import AutoMLJob
from automl_jupyter.spec.kinds import match_name, nearest, shown
from automl_jupyter.spec.tabular import ClassificationJob, ForecastingJob, RegressionJob, TabularJob
from automl_jupyter.spec.text import TextClassificationJob, TextClassificationMultilabelJob, TextNerJob

JobSpec = Annotated[
    ClassificationJob
    | RegressionJob
    | ForecastingJob
    | ImageClassificationJob
    | ImageClassificationMultilabelJob
    | ImageObjectDetectionJob
    | ImageInstanceSegmentationJob
    | TextClassificationJob
    | TextClassificationMultilabelJob
    | TextNerJob,
    Discriminator("task"),
]

JOB_CLASSES: Mapping[str, type[AutoMLJob]] = {
    "classification": ClassificationJob,
    "regression": RegressionJob,
    "forecasting": ForecastingJob,
    "image_classification": ImageClassificationJob,
    "image_classification_multilabel": ImageClassificationMultilabelJob,
    "image_object_detection": ImageObjectDetectionJob,
    "image_instance_segmentation": ImageInstanceSegmentationJob,
    "text_classification": TextClassificationJob,
    "text_classification_multilabel": TextClassificationMultilabelJob,
    "text_ner": TextNerJob,
}


def job_class(task: object) -> type[AutoMLJob]:
    """Return the class of a task, or raise with the nearest task.

    Examples
    --------
    >>> job_class("Text-NER").__name__
    'TextNerJob'
    """
    known = listing(
        t for t, kind in JOB_CLASSES.items() if issubclass(kind, TabularJob)
    )  # others cannot be trained yet
    if task is None:
        raise SpecError([Problem("task", f"is missing; use {known}.")])
    found = match_name(task, JOB_CLASSES)
    if found is None:
        hint = nearest(task, JOB_CLASSES) if isinstance(task, str) else ""
        raise SpecError([Problem("task", f"{shown(task)} is not a task; use {known}.{hint}")])
    return JOB_CLASSES[found]


def make_job(task: str, **fields: Any) -> AutoMLJob:
    """Return a checked job, or raise with everything that is wrong with it.

    Parameters
    ----------
    task : str
        One of the ten tasks.
    **fields
        The job's fields; sections such as ``limits`` as mappings or settings objects. Former names are
        taken, with a
        DeprecationWarning.

    Returns
    -------
    AutoMLJob
        Of the task's class.

    Raises
    ------
    SpecError
        With every problem: values, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> make_job("regression", training_data="df", target_column_name="price").digest()[:0]
    ''
    """
    job, problems = job_class(task).attempt(fields)
    if problems:
        raise SpecError(problems)
    return job
