"""What tabular settings cannot be combined: each rule looks at the job and yields problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from automl_jupyter._core.text import listing
from automl_jupyter.errors import Problem
from automl_jupyter.spec.algorithms import algorithm_names
from automl_jupyter.spec.kinds import is_number, shown

if TYPE_CHECKING:
    from automl_jupyter.spec.tabular import ForecastingJob, TabularJob


def tabular_conflicts(job: TabularJob) -> Iterator[Problem]:
    """Yield the contradictions in a classification, regression or forecasting job."""
    yield from _validation(job)
    yield from _test(job)
    yield from _columns(job)
    yield from _limits(job)
    yield from _training(job)
    if job.task != "forecasting":
        yield from _imputers(job)


def _validation(job: TabularJob) -> Iterator[Problem]:
    ways = ("n_cross_validations", "validation_data_size", "cv_split_column_names")
    if job.validation_data is not None:
        for name in ways:
            if getattr(job, name) not in (None, "auto"):  # which is as if nothing were asked
                yield Problem(
                    "validation_data",
                    f"is given and so is {name}. Keep validation_data to validate on that table, or {name} to"
                    " validate on rows of training_data, not both.",
                )
    elif job.cv_split_column_names is not None:
        for name in ("n_cross_validations", "validation_data_size"):
            if getattr(job, name) is not None:
                yield Problem("cv_split_column_names", f"is given and so is {name}; keep one of the two.")


def _test(job: TabularJob) -> Iterator[Problem]:
    if job.test_data_size is None:
        return
    if job.task == "forecasting":
        yield Problem("test_data_size", "cannot be used in forecasting; give the test rows as test_data.")
    if job.test_data is not None:
        yield Problem("test_data", "is given and so is test_data_size; keep one of the two.")
    if job.cv_split_column_names is not None:
        yield Problem("test_data_size", "cannot be combined with cv_split_column_names; give test_data instead.")
    if job.validation_data_size is not None and job.test_data_size + job.validation_data_size >= 1:
        yield Problem("test_data_size", "and validation_data_size together leave no rows to train on.")


def _columns(job: TabularJob) -> Iterator[Problem]:
    roles: dict[str, list[str | None]] = {
        "target_column_name": [job.target_column_name],
        "weight_column_name": [job.weight_column_name],
        "cv_split_column_names": [*(job.cv_split_column_names or [])],
        **job.further_columns(),
    }
    taken: dict[str, str] = {}
    for role, columns in roles.items():
        for column in columns:
            if column is None:
                continue
            if column in taken and not {role, taken[column]} <= {"group_column_name", "time_column_name"}:
                yield Problem(role, f"the column {shown(column)} is {taken[column]} already; a column has one role.")
            taken.setdefault(column, role)


def _limits(job: TabularJob) -> Iterator[Problem]:
    limits = job.limits
    total, trial = limits.timeout_minutes, limits.trial_timeout_minutes
    if total is not None and trial is not None and trial > total:
        yield Problem(
            "limits.trial_timeout_minutes",
            f"{trial:g} is more than limits.timeout_minutes ({total:g}): one trial cannot take longer than the job.",
        )


def _training(job: TabularJob) -> Iterator[Problem]:
    allowed = job.training.allowed_training_algorithms or []
    blocked = job.training.blocked_training_algorithms or []
    both = [name for name in allowed if name in blocked]
    if both:
        yield Problem(
            "training.allowed_training_algorithms",
            f"{listing(both, last='and')} {'is' if len(both) == 1 else 'are'} in blocked_training_algorithms too.",
        )
    if blocked and not both and not set(allowed or algorithm_names(job.task)) - set(blocked):
        yield Problem("training.blocked_training_algorithms", "blocks every training algorithm of the task.")
    if job.training.enable_onnx_compatible_models and job.training.enable_stack_ensemble:
        yield Problem(
            "training.enable_stack_ensemble",
            "cannot be true when enable_onnx_compatible_models is: a stack cannot be exported to ONNX.",
        )


def _imputers(job: TabularJob) -> Iterator[Problem]:
    for position, entry in enumerate((job.featurization.transformer_params or {}).get("imputer", [])):
        if entry.parameters.get("strategy") == "ffill":
            yield Problem(
                f"featurization.transformer_params.imputer.{position}.parameters.strategy",
                "'ffill' needs rows in time order and is for forecasting only; use 'mean', 'median',"
                " 'most_frequent' or 'constant'.",
            )


def forecasting_conflicts(job: ForecastingJob) -> Iterator[Problem]:
    """Yield the contradictions that only a forecasting job can have."""
    featurization, settings = job.featurization, job.forecasting
    if featurization.mode == "off":
        yield Problem("featurization.mode", "'off' cannot be used in forecasting; use 'auto' or 'custom'.")
    for column, purpose in (featurization.column_name_and_types or {}).items():
        if purpose not in ("Categorical", "DateTime", "Numeric"):
            yield Problem(
                f"featurization.column_name_and_types.{column}",
                f"{purpose!r} is not a column type of forecasting; use Categorical, DateTime or Numeric.",
            )
    yield from _target_imputers(job)
    for name in featurization.transformer_params or {}:
        if name != "imputer":
            yield Problem(f"featurization.transformer_params.{name}", "cannot be set in forecasting; only imputer can.")
    if settings.target_aggregate_function is not None and settings.frequency is None:
        yield Problem(
            "forecasting.frequency",
            "is missing; target_aggregate_function needs to know over which period to combine, such as 'D'.",
        )
    if job.training.enable_onnx_compatible_models:
        yield Problem("training.enable_onnx_compatible_models", "cannot be used in forecasting.")
    for field in ("validation_data_size", "cv_split_column_names"):
        if getattr(job, field) is not None:
            yield Problem(
                field,
                "cannot be used in forecasting, where candidates are judged from origins in the past; use"
                " n_cross_validations and forecasting.cv_step_size, or validation_data.",
            )


def _target_imputers(job: ForecastingJob) -> Iterator[Problem]:
    for position, entry in enumerate((job.featurization.transformer_params or {}).get("imputer", [])):
        if job.target_column_name is None or job.target_column_name not in (entry.fields or ()):
            continue
        where = f"featurization.transformer_params.imputer.{position}.parameters"
        strategy, fill = entry.parameters.get("strategy", "mean"), entry.parameters.get("fill_value")
        if strategy not in ("constant", "ffill"):
            yield Problem(
                f"{where}.strategy",
                f"{shown(strategy)} of the target would look at values to come. Fill its gaps by 'constant' or 'ffill',"
                " or leave it out: then a gap takes the value of a season before.",
            )
        elif strategy == "constant" and not is_number(fill):
            yield Problem(f"{where}.fill_value", f"{shown(fill)} is no number; the target needs one.")
