"""The fields of the panel: which there are, what they are called, and how they are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: the tasks a panel asks for; those of text and images are written as cells
TASKS = ("classification", "regression", "forecasting")


@dataclass(frozen=True)
class Field:
    """One field of the form.

    Parameters
    ----------
    key : str
        The dotted field of the spec; ``name`` is the variable of the cell.
    label : str
        What people read.
    kind : {"text", "number", "choice", "flag", "column", "data", "names"}
        What is filled in: ``flag`` is yes or no or as by default, ``names`` any of the task's algorithms.
    """

    key: str
    label: str
    kind: str


SECTIONS: Mapping[str, tuple[Field, ...]] = {
    "Data": (
        Field("training_data", "Training data", "data"),
        Field("target_column_name", "Target", "column"),
        Field("task", "Task", "choice"),
        Field("primary_metric", "Primary metric", "choice"),
    ),
    "Forecasting": (
        Field("forecasting.time_column_name", "Time", "column"),
        Field("forecasting.time_series_id_column_names", "Columns that tell series apart", "names"),
        Field("forecasting.forecast_horizon", "Periods ahead", "text"),
        Field("forecasting.frequency", "Distance of periods", "text"),
        Field("forecasting.seasonality", "Periods of a season", "text"),
        Field("forecasting.features_unknown_at_forecast_time", "Columns not known ahead", "names"),
        Field("forecasting.country_or_region_for_holidays", "Holidays of", "text"),
    ),
    "Limits": (
        Field("limits.timeout_minutes", "Minutes for the whole job", "number"),
        Field("limits.max_trials", "Most trials", "number"),
        Field("limits.trial_timeout_minutes", "Minutes for one trial", "number"),
        Field("limits.max_concurrent_trials", "Trials at the same time", "number"),
        Field("limits.exit_score", "Stop at the score", "number"),
        Field("limits.enable_early_termination", "Stop when nothing improves", "flag"),
    ),
    "Validation and test": (
        Field("n_cross_validations", "Folds", "number"),
        Field("validation_data_size", "Share held out", "number"),
        Field("validation_data", "Validation data", "data"),
        Field("test_data", "Test data", "data"),
        Field("test_data_size", "Share set aside for the test", "number"),
        Field("weight_column_name", "Row weights", "column"),
        Field("group_column_name", "Groups that are never split", "column"),
    ),
    "Algorithms": (
        Field("training.allowed_training_algorithms", "Only these", "names"),
        Field("training.blocked_training_algorithms", "Not these", "names"),
        Field("training.enable_vote_ensemble", "Voting ensemble", "flag"),
        Field("training.enable_stack_ensemble", "Stack ensemble", "flag"),
        Field("inference", "Final model", "choice"),
    ),
    "Run": (
        Field("name", "Variable of the cell", "text"),
        Field("experiment_name", "Experiment", "text"),
        Field("compute", "Workers", "text"),
        Field("random_state", "Seed", "number"),
    ),
}
#: the sections that one task alone has
OF_TASK = {"Forecasting": "forecasting"}
FIELDS: Mapping[str, Field] = {f.key: f for fields in SECTIONS.values() for f in fields}
