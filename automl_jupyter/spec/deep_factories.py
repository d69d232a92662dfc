"""The factories of image and text jobs, which are checked here and cannot be trained yet."""

from __future__ import annotations

from typing import Any

from automl_jupyter.spec.factories import made
from automl_jupyter.spec.image import (
    ImageClassificationJob,
    ImageClassificationMultilabelJob,
    ImageInstanceSegmentationJob,
    ImageObjectDetectionJob,
)
from automl_jupyter.spec.text import TextClassificationJob, TextClassificationMultilabelJob, TextNerJob


def image_classification(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    primary_metric: str | None = None,
    validation_data: Any = None,
    validation_data_size: float | None = None,
    **kwargs: Any,
) -> ImageClassificationJob:
    """Return a job that predicts one label for an image.

    It is checked, but this version cannot train it: running it is refused.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    primary_metric : str, optional
        The metric that ranks the trials.
    validation_data : table, str or Input, optional
        A separate table that chooses between trials.
    validation_data_size : float, optional
        Share of the rows held out, above 0 and below 1.
    **kwargs
        Every other field of :class:`ImageClassificationJob`, such as ``experiment_name``, ``compute``,
        ``tags`` or ``limits``.

    Returns
    -------
    ImageClassificationJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> image_classification(training_data="./train", target_column_name="y").task
    'image_classification'
    """
    return made(ImageClassificationJob, locals())


def image_classification_multilabel(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    primary_metric: str | None = None,
    validation_data: Any = None,
    validation_data_size: float | None = None,
    **kwargs: Any,
) -> ImageClassificationMultilabelJob:
    """Return a job that predicts any number of labels for an image.

    It is checked, but this version cannot train it: running it is refused.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    primary_metric : str, optional
        The metric that ranks the trials.
    validation_data : table, str or Input, optional
        A separate table that chooses between trials.
    validation_data_size : float, optional
        Share of the rows held out, above 0 and below 1.
    **kwargs
        Every other field of :class:`ImageClassificationMultilabelJob`, such as ``experiment_name``,
        ``compute``, ``tags`` or ``limits``.

    Returns
    -------
    ImageClassificationMultilabelJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> image_classification_multilabel(training_data="./train", target_column_name="y").task
    'image_classification_multilabel'
    """
    return made(ImageClassificationMultilabelJob, locals())


def image_object_detection(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    primary_metric: str | None = None,
    validation_data: Any = None,
    validation_data_size: float | None = None,
    **kwargs: Any,
) -> ImageObjectDetectionJob:
    """Return a job that predicts boxes around the objects in an image.

    It is checked, but this version cannot train it: running it is refused.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    primary_metric : str, optional
        The metric that ranks the trials.
    validation_data : table, str or Input, optional
        A separate table that chooses between trials.
    validation_data_size : float, optional
        Share of the rows held out, above 0 and below 1.
    **kwargs
        Every other field of :class:`ImageObjectDetectionJob`, such as ``experiment_name``, ``compute``,
        ``tags`` or ``limits``.

    Returns
    -------
    ImageObjectDetectionJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> image_object_detection(training_data="./train", target_column_name="y").task
    'image_object_detection'
    """
    return made(ImageObjectDetectionJob, locals())


def image_instance_segmentation(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    primary_metric: str | None = None,
    validation_data: Any = None,
    validation_data_size: float | None = None,
    **kwargs: Any,
) -> ImageInstanceSegmentationJob:
    """Return a job that predicts outlines of the objects in an image.

    It is checked, but this version cannot train it: running it is refused.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    primary_metric : str, optional
        The metric that ranks the trials.
    validation_data : table, str or Input, optional
        A separate table that chooses between trials.
    validation_data_size : float, optional
        Share of the rows held out, above 0 and below 1.
    **kwargs
        Every other field of :class:`ImageInstanceSegmentationJob`, such as ``experiment_name``,
        ``compute``, ``tags`` or ``limits``.

    Returns
    -------
    ImageInstanceSegmentationJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> image_instance_segmentation(training_data="./train", target_column_name="y").task
    'image_instance_segmentation'
    """
    return made(ImageInstanceSegmentationJob, locals())


def text_classification(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    validation_data: Any = None,
    primary_metric: str | None = None,
    log_verbosity: str | None = None,
    **kwargs: Any,
) -> TextClassificationJob:
    """Return a job that predicts one label for a text.

    It is checked, but this version cannot train it: running it is refused.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    validation_data : table, str or Input
        Required. A separate table that chooses between trials.
    primary_metric : str, optional
        The metric that ranks the trials.
    log_verbosity : str, optional
        How much the job's log says.
    **kwargs
        Every other field of :class:`TextClassificationJob`, such as ``experiment_name``, ``compute``,
        ``tags`` or ``limits``.

    Returns
    -------
    TextClassificationJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> text_classification(training_data="./train", target_column_name="y", validation_data="./valid").task
    'text_classification'
    """
    return made(TextClassificationJob, locals())


def text_classification_multilabel(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    validation_data: Any = None,
    primary_metric: str | None = None,
    log_verbosity: str | None = None,
    **kwargs: Any,
) -> TextClassificationMultilabelJob:
    """Return a job that predicts any number of labels for a text.

    It is checked, but this version cannot train it: running it is refused.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    validation_data : table, str or Input
        Required. A separate table that chooses between trials.
    primary_metric : str, optional
        The metric that ranks the trials.
    log_verbosity : str, optional
        How much the job's log says.
    **kwargs
        Every other field of :class:`TextClassificationMultilabelJob`, such as ``experiment_name``,
        ``compute``, ``tags`` or ``limits``.

    Returns
    -------
    TextClassificationMultilabelJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> job = text_classification_multilabel(
    ...     training_data="./train", target_column_name="y", validation_data="./valid"
    ... )
    >>> job.task
    'text_classification_multilabel'
    """
    return made(TextClassificationMultilabelJob, locals())


def text_ner(
    *,
    training_data: Any = None,
    validation_data: Any = None,
    primary_metric: str | None = None,
    log_verbosity: str | None = None,
    **kwargs: Any,
) -> TextNerJob:
    """Return a job that predicts the named entities in a text.

    It is checked, but this version cannot train it: running it is refused.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    validation_data : table, str or Input
        Required. A separate table that chooses between trials.
    primary_metric : str, optional
        The metric that ranks the trials.
    log_verbosity : str, optional
        How much the job's log says.
    **kwargs
        Every other field of :class:`TextNerJob`, such as ``experiment_name``, ``compute``, ``tags`` or
        ``limits``.

    Returns
    -------
    TextNerJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> text_ner(training_data="./train", validation_data="./valid").task
    'text_ner'
    """
    return made(TextNerJob, locals())
