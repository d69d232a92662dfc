"""The factories of tabular jobs, and what all factories do alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.spec.job import AutoMLJob
from automl_jupyter.spec.tabular import ClassificationJob, ForecastingJob, RegressionJob

J = TypeVar("J", bound=AutoMLJob)


def made(kind: type[J], arguments: Mapping[str, Any]) -> J:
    """Build the job of a factory's arguments; its data must be there, the rest may follow by setters."""
    fields = {k: v for k, v in arguments.items() if k != "kwargs" and v is not None} | arguments["kwargs"]
    explain = fields.pop("enable_model_explainability", None)
    job = cast(J, kind.model_construct())
    problems = job.fill(fields)
    if explain is not None:
        problems += job.fill({"training": {"enable_model_explainability": explain}})
    faulty = {w for p in problems for w in (p.where, p.where.split(".")[0])}
    gaps: list[Problem] = [p for p in job.gaps() if p.where in kind.needed]
    problems += [p for p in (*gaps, *job.conflicts()) if p.where not in faulty]
    if problems:
        raise SpecError(problems)
    return job


def classification(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    primary_metric: str | Callable[..., float] | None = None,
    enable_model_explainability: bool | None = None,
    weight_column_name: str | None = None,
    validation_data: Any = None,
    validation_data_size: float | None = None,
    n_cross_validations: int | str | None = None,
    cv_split_column_names: list[str] | None = None,
    test_data: Any = None,
    test_data_size: float | None = None,
    **kwargs: Any,
) -> ClassificationJob:
    """Return a job that predicts a class.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    primary_metric : str or callable, optional
        The metric that ranks the trials, or a function ``(y_true, y_pred) -> float``: greater is better unless it has
        an attribute ``greater_is_better = False``.
    enable_model_explainability : bool, optional
        Kept for compatibility; the same as in ``set_training``.
    weight_column_name : str, optional
        The column of row weights.
    validation_data : table, str or Input, optional
        A separate table that chooses between trials.
    validation_data_size : float, optional
        Share of the rows held out, above 0 and below 1.
    n_cross_validations : int or 'auto', optional
        Folds of cross-validation, 2 or more; by the number of rows when left out or 'auto'.
    cv_split_column_names : list of str, optional
        One column per fold: 1 marks a training row, 0 a validation row.
    test_data : table, str or Input, optional
        A table the recommended model is tested on at the end.
    test_data_size : float, optional
        Share of the rows cut off for the test, before the validation cut.
    **kwargs
        Every other field of :class:`ClassificationJob`, such as ``experiment_name``, ``compute``, ``tags``
        or ``limits``.

    Returns
    -------
    ClassificationJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> classification(training_data="./train", target_column_name="y").task
    'classification'
    """
    return made(ClassificationJob, locals())


def regression(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    primary_metric: str | Callable[..., float] | None = None,
    enable_model_explainability: bool | None = None,
    weight_column_name: str | None = None,
    validation_data: Any = None,
    validation_data_size: float | None = None,
    n_cross_validations: int | str | None = None,
    cv_split_column_names: list[str] | None = None,
    test_data: Any = None,
    test_data_size: float | None = None,
    **kwargs: Any,
) -> RegressionJob:
    """Return a job that predicts a number.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    primary_metric : str or callable, optional
        The metric that ranks the trials, or a function ``(y_true, y_pred) -> float``: greater is better unless it has
        an attribute ``greater_is_better = False``.
    enable_model_explainability : bool, optional
        Kept for compatibility; the same as in ``set_training``.
    weight_column_name : str, optional
        The column of row weights.
    validation_data : table, str or Input, optional
        A separate table that chooses between trials.
    validation_data_size : float, optional
        Share of the rows held out, above 0 and below 1.
    n_cross_validations : int or 'auto', optional
        Folds of cross-validation, 2 or more; by the number of rows when left out or 'auto'.
    cv_split_column_names : list of str, optional
        One column per fold: 1 marks a training row, 0 a validation row.
    test_data : table, str or Input, optional
        A table the recommended model is tested on at the end.
    test_data_size : float, optional
        Share of the rows cut off for the test, before the validation cut.
    **kwargs
        Every other field of :class:`RegressionJob`, such as ``experiment_name``, ``compute``, ``tags`` or
        ``limits``.

    Returns
    -------
    RegressionJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> regression(training_data="./train", target_column_name="y").task
    'regression'
    """
    return made(RegressionJob, locals())


def forecasting(
    *,
    training_data: Any = None,
    target_column_name: str | None = None,
    primary_metric: str | Callable[..., float] | None = None,
    enable_model_explainability: bool | None = None,
    weight_column_name: str | None = None,
    validation_data: Any = None,
    validation_data_size: float | None = None,
    n_cross_validations: int | str | None = None,
    cv_split_column_names: list[str] | None = None,
    test_data: Any = None,
    test_data_size: float | None = None,
    forecasting_settings: Any = None,
    **kwargs: Any,
) -> ForecastingJob:
    """Return a job that predicts the next values of time series.

    Parameters
    ----------
    training_data : table, str or Input
        Required. A table in memory, a path or URL, an MLTable folder, or the name of a notebook variable.
    target_column_name : str
        Required. The column to predict.
    primary_metric : str or callable, optional
        The metric that ranks the trials, or a function ``(y_true, y_pred) -> float``: greater is better unless it has
        an attribute ``greater_is_better = False``.
    enable_model_explainability : bool, optional
        Kept for compatibility; the same as in ``set_training``.
    weight_column_name : str, optional
        The column of row weights.
    validation_data : table, str or Input, optional
        A separate table that chooses between trials.
    validation_data_size : float, optional
        Refused: candidates are judged from origins in the past.
    n_cross_validations : int or 'auto', optional
        Origins in the past to judge from; by the number of series and their lengths when left out or 'auto'.
    cv_split_column_names : list of str, optional
        Refused, as above.
    test_data : table, str or Input, optional
        A table the recommended model is tested on at the end.
    test_data_size : float, optional
        Refused: give the test rows as `test_data`.
    forecasting_settings : ForecastingSettings or dict, optional
        The time column, the series and the horizon.
    **kwargs
        Every other field of :class:`ForecastingJob`, such as ``experiment_name``, ``compute``, ``tags`` or
        ``limits``.

    Returns
    -------
    ForecastingJob

    Raises
    ------
    SpecError
        With every problem: values not allowed, unknown names, missing fields and contradictions.

    Examples
    --------
    >>> forecasting(training_data="./train", target_column_name="y").task
    'forecasting'
    """
    return made(ForecastingJob, locals())
