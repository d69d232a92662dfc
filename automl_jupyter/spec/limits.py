"""When a job stops, and how much it does at once."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from automl_jupyter.spec.base import Section
from automl_jupyter.spec.kinds import Allowed, Count, Flag, Minutes, Number, as_whole


def _cores(value: object) -> int:
    number = as_whole(value)
    if number != -1 and number < 1:
        raise ValueError
    return number


Cores = Annotated[
    int,
    Field(ge=-1),
    BeforeValidator(_cores),
    Allowed("a whole number of 1 or more, or -1 for every core"),
]


class ImageLimitSettings(Section):
    """Limits of an image job.

    Examples
    --------
    >>> ImageLimitSettings(max_trials=4).max_trials
    4
    """

    renamed: ClassVar[dict[str, str]] = {
        "timeout": "timeout_minutes",
        "experiment_timeout_minutes": "timeout_minutes",
        "experiment_timeout_hours": "timeout_minutes",
        "iterations": "max_trials",
        "max_concurrent_iterations": "max_concurrent_trials",
    }
    factors: ClassVar[dict[str, float]] = {"experiment_timeout_hours": 60}

    timeout_minutes: Minutes | None = Field(
        None,
        description="Minutes after which no new trial starts and running ones are stopped. Unset: 60, but no limit"
        " where max_trials is given.",
    )
    max_trials: Count | None = Field(
        None, description="The most trials (configurations) to train. Unset: no limit of its own."
    )
    max_concurrent_trials: Count | None = Field(
        None, description="The most trials trained at the same time. Unset: as many as the workers can take."
    )


class NlpLimitSettings(ImageLimitSettings):
    """Limits of a text job.

    Examples
    --------
    >>> NlpLimitSettings(timeout_minutes=30).timeout_minutes
    30.0
    """

    renamed: ClassVar[dict[str, str]] = {
        **ImageLimitSettings.renamed,
        "trial_timeout": "trial_timeout_minutes",
        "iteration_timeout_minutes": "trial_timeout_minutes",
    }

    trial_timeout_minutes: Minutes | None = Field(
        None,
        description="Minutes after which one trial is stopped. Unset: 30, and never more than the whole job.",
    )
    max_nodes: Count | None = Field(
        None, description="Kept for compatibility, not used: a fit is not spread over workers."
    )


class TabularLimitSettings(NlpLimitSettings):
    """Limits of a classification, regression or forecasting job.

    Everything is unset (None) until given. The plan then takes 60 minutes when neither a timeout nor
    `max_trials` is
    given, no timeout when only `max_trials` is given, and 30 minutes for one trial, never more than the
    whole job.

    Examples
    --------
    >>> TabularLimitSettings(timeout_minutes=60, max_cores_per_trial=-1).max_cores_per_trial
    -1
    """

    renamed: ClassVar[dict[str, str]] = {
        **NlpLimitSettings.renamed,
        "max_cores_per_iteration": "max_cores_per_trial",
        "experiment_exit_score": "exit_score",
    }

    max_cores_per_trial: Cores | None = Field(
        None,
        description="Cores one trial may use; -1 means every core of this machine, or of one worker of a Dask cluster,"
        " and trials run one at a time. Unset: 1.",
    )
    exit_score: Number | None = Field(
        None, description="The job ends as soon as the primary metric reaches this value. Unset: never."
    )
    enable_early_termination: Flag | None = Field(
        None, description="Whether the job ends when the best score no longer improves. Unset: true."
    )


TabularLimits = TabularLimitSettings
