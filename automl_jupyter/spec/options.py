"""The options of the magic line and the terminal, in one table that both read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One option.

    Parameters
    ----------
    flag : str
        As it is typed, with its two dashes.
    key : str
        The dotted field of the spec that it sets.
    type : str
        ``text``, ``table`` (text, or a mapping in braces), ``number``, ``whole``, ``texts`` (names separated by
        commas) or ``flag``.
    help : str
        One sentence.
    metavar : str
        What stands for the value in help texts.
    """

    flag: str
    key: str
    type: str
    help: str
    metavar: str

    @property
    def name(self) -> str:
        """The flag without dashes, with underscores: a Python name."""
        return self.flag.lstrip("-").replace("-", "_")


OPTIONS: tuple[Option, ...] = (
    Option("--task", "task", "text", "The kind of problem, such as classification.", "TASK"),
    Option("--data", "training_data", "table", "A notebook variable, a path or URL, or an MLTable folder.", "DATA"),
    Option("--target", "target_column_name", "text", "The column to predict.", "COLUMN"),
    Option("--metric", "primary_metric", "text", "The metric that ranks the trials.", "METRIC"),
    Option(
        "--validation-data",
        "validation_data",
        "table",
        "A separate table that chooses between trials.",
        "DATA",
    ),
    Option("--test-data", "test_data", "table", "A table the recommended model is tested on at the end.", "DATA"),
    Option("--folds", "n_cross_validations", "whole", "How many folds of cross-validation to use.", "N"),
    Option("--weight", "weight_column_name", "text", "The column of row weights.", "COLUMN"),
    Option("--group", "group_column_name", "text", "The column whose values are never split.", "COLUMN"),
    Option("--timeout", "limits.timeout_minutes", "number", "Minutes the whole job may take.", "MINUTES"),
    Option("--trial-timeout", "limits.trial_timeout_minutes", "number", "Minutes one trial may take.", "MINUTES"),
    Option("--trials", "limits.max_trials", "whole", "The most trials to train.", "N"),
    Option("--concurrent", "limits.max_concurrent_trials", "whole", "The most trials at the same time.", "N"),
    Option("--exit-score", "limits.exit_score", "number", "Stop when the metric reaches this value.", "SCORE"),
    Option("--allow", "training.allowed_training_algorithms", "texts", "Only these learners.", "NAMES"),
    Option("--block", "training.blocked_training_algorithms", "texts", "Not these learners.", "NAMES"),
    Option("--time-column", "forecasting.time_column_name", "text", "When a row was observed.", "COLUMN"),
    Option("--horizon", "forecasting.forecast_horizon", "whole", "How many periods to forecast.", "N"),
    Option("--experiment", "experiment_name", "text", "The experiment the job belongs to.", "NAME"),
    Option("--name", "name", "text", "The job's own name.", "NAME"),
    Option("--seed", "random_state", "whole", "The seed of everything random.", "N"),
    Option("--compute", "compute", "text", "local, or the address of a Dask scheduler.", "ADDRESS"),
)

_BY_NAME = {option.name: option for option in OPTIONS}


def option_key(name: str) -> str:
    """Return the dotted field that an option's name, flag or dotted field stands for.

    Examples
    --------
    >>> option_key("--trial-timeout"), option_key("target"), option_key("limits.max_trials")
    ('limits.trial_timeout_minutes', 'target_column_name', 'limits.max_trials')
    """
    option = _BY_NAME.get(name.lstrip("-").replace("-", "_"))
    return option.key if option is not None else name.lstrip("-")
