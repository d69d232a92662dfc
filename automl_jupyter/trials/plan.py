"""The plan: every ``auto`` of a spec replaced by a value and a reason.

`make_plan` is pure: the same spec, table and number of slots give the same plan. It stands above the tasks because it
asks each room below for its choice: the task for the metric, the data for the folds, the search for the opening list.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import duration, plural
from automl_jupyter.errors import Problem, SpecError
from automl_jupyter.tasks import get_task
from automl_jupyter.trials.allowed import choose_learners
from automl_jupyter.trials.notes import add_note, note_features, note_unused

if TYPE_CHECKING:
    from automl_jupyter.data.dataset import Column, TrainingTable
    from automl_jupyter.data.schema import TableSchema
    from automl_jupyter.data.split import Validation
    from automl_jupyter.featurization.transformers import FeatureSettings
    from automl_jupyter.metrics.base import Metric
    from automl_jupyter.search.opening import Candidate, SearchContext
    from automl_jupyter.spec.tabular import TabularJob

#: minutes a job may take when neither a time nor a number of trials is given
DEFAULT_TIMEOUT_MINUTES = 60.0
#: minutes a trial may take when nothing is given
DEFAULT_TRIAL_TIMEOUT_MINUTES = 30.0

#: configurations of the opening list whose folds must all fit into a share of the time; else they race on the first
DECISIVE_CONFIGURATIONS, EVERY_FOLD_SHARE = 14, 0.6
#: validation rows that say enough to race on
DECISIVE_ROWS = 500


@dataclass(frozen=True)
class Limits:
    """What ends a job or a trial. None means no limit."""

    timeout_s: float | None
    trial_timeout_s: float
    max_trials: int | None
    max_concurrent_trials: int | None
    cores_per_trial: int
    exit_score: float | None
    enable_early_termination: bool


@dataclass(frozen=True)
class Plan:
    """What will be done, in full.

    Attributes
    ----------
    race_folds : int
        Folds on which configurations meet before only those that earn it get the others. Under a time limit too short
        for all folds of all it is as few as give `DECISIVE_ROWS` rows to judge by; otherwise it is all of them.
    """

    task: str
    metric: Mapping[str, Any]
    target: str
    n_rows: int
    n_training: int
    n_columns: int
    n_features: int
    n_classes: int | None
    validation: Mapping[str, Any]
    race_folds: int
    limits: Limits
    learners: tuple[str, ...]
    opening: tuple[Mapping[str, Any], ...]
    vote_ensemble: bool
    stack_ensemble: bool
    stack_meta_learner: str
    stack_settings: Mapping[str, Any]
    inference: str
    random_state: int
    n_slots: int
    n_categorical: int = 0
    n_binary: int = 0
    n_text: int = 0
    log_target: bool = False
    featurization: Mapping[str, Any] = field(default_factory=dict)
    without_features: tuple[str, ...] = ()
    columns: tuple[Mapping[str, Any], ...] = ()
    guardrails: tuple[Mapping[str, Any], ...] = ()
    class_weights: tuple[float, ...] = ()
    forecast: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Mapping[str, str], ...] = field(default=())

    @property
    def n_folds(self) -> int:
        """How many folds a complete trial has."""
        return int(self.validation["n_folds"])

    @property
    def fold_rows(self) -> int:
        """About how many rows a fold trains on; the windows of a forecast see nearly all."""
        if self.forecast:
            return self.n_training
        held_out = self.validation.get("size") or (1 / self.n_folds if self.n_folds > 1 else 0.0)
        return int(self.n_training * (1 - held_out))

    @property
    def race(self) -> bool:
        """Whether some trials do not get all their folds."""
        return self.race_folds < self.n_folds

    @property
    def refits(self) -> bool:
        """Whether chosen trials are fitted again on every row; validation data of the user's own are never fitted."""
        return str(self.validation["kind"]) != "validation_data"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON value written to ``plan.json``."""
        value: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # lists, as a reader of the file gets them
        return value

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Plan:
        """Return the plan of a JSON value."""
        values = dict(record)
        values["limits"] = Limits(**values["limits"])
        for name in ("learners", "opening", "columns", "notes"):
            values[name] = tuple(values[name])
        for name in ("without_features", "guardrails", "class_weights"):  # which plans of earlier versions do not have
            values[name] = tuple(values.get(name, ()))
        return cls(**values)

    def search_context(self) -> SearchContext:
        """Return what the search needs to know."""
        from automl_jupyter.search.opening import SearchContext

        return SearchContext(
            task=self.task,
            n_rows=self.n_training,
            n_features=self.n_features,
            n_categorical=self.n_categorical,
            n_binary=self.n_binary,
            n_text=self.n_text,
            n_classes=self.n_classes,
            allowed=self.learners,
            metric=self.metric["name"],
            random_state=self.random_state,
            n_folds=self.n_folds,
            timeout_s=self.limits.timeout_s,
            n_workers=self.n_slots,
            log_target=self.log_target,
            without_features=self.without_features,
            forecast=self.forecast,
        )


def make_plan(
    job: TabularJob,
    table: TrainingTable,
    schema: TableSchema,
    validation: Validation,
    metric: Metric,
    *,
    n_slots: int,
    random_state: int,
) -> Plan:
    """Replace every ``auto`` by a value and a reason.

    Parameters
    ----------
    job : AutoMLJob
        What was asked.
    table, schema, validation
        The data, what its columns are, and how rows are held back.
    metric : Metric
        The primary metric.
    n_slots : int
        How many fits can run at once.
    random_state : int
        The job's seed.

    Raises
    ------
    SpecError
        When the settings leave no learner to try, or name columns and parameters that do not fit the table.
    """
    from automl_jupyter.data.dataset import ColumnType
    from automl_jupyter.data.target import is_log_better
    from automl_jupyter.featurization.transformers import recipes_ruled_out

    task = get_task(job.task)
    notes: list[dict[str, str]] = [asdict(n) for n in table.notes]
    kept = [c for c in schema.columns if not c.dropped and c.type != ColumnType.IGNORE]
    limits = resolve_limits(job, notes)
    settings = _feature_settings(job, schema, None if table.classes is None else len(table.classes))
    has_gaps = settings.as_they_are and any(c.n_missing for c in kept)
    n_classes = 0 if table.classes is None else len(table.classes)
    learners = choose_learners(job, len(table.y), n_classes, notes, has_gaps=has_gaps)
    add_note(notes, "validation", _validation_title(validation), validation.reason)
    notes += [asdict(n) for n in schema.notes]
    note_features(settings, job, kept, notes)
    note_unused(job, notes)
    for note in job.notes:
        add_note(notes, "settings", note, "so that the job runs as it is")
    log_target = table.classes is None and table.time is None and is_log_better(table.y[: table.n_training])
    if log_target:
        add_note(
            notes,
            "search",
            "Some configurations learn the target's logarithm",
            "the target has a long upper tail and no negative value",
        )
    vote, stack = _ensembles(job, notes)
    plan = Plan(
        task=job.task,
        metric={
            "name": metric.key,
            "title": metric.title,
            "greater_is_better": metric.greater_is_better,
            "needs": metric.needs,
        },
        target=table.target,
        n_rows=len(table.y),
        n_training=table.n_training,
        n_columns=len(schema.columns),
        n_features=len(kept),
        n_classes=None if table.classes is None else len(table.classes),
        validation={**asdict(validation), "title": _validation_title(validation)},
        race_folds=validation.n_folds,
        limits=limits,
        learners=learners,
        opening=(),
        vote_ensemble=vote,
        stack_ensemble=stack,
        stack_meta_learner=_meta_learner(job, task.meta_learners),
        stack_settings=_stack_settings(job),
        inference=job.inference or "best",
        random_state=random_state,
        n_slots=min(n_slots, limits.max_concurrent_trials or n_slots),
        n_categorical=sum(c.type in (ColumnType.CATEGORICAL, ColumnType.CATEGORICAL_HASH) for c in kept),
        n_binary=sum(c.type == ColumnType.CATEGORICAL and c.n_unique <= 2 for c in kept),
        n_text=sum(c.type == ColumnType.TEXT for c in kept),
        log_target=log_target,
        featurization=settings.to_dict(),
        without_features=recipes_ruled_out(settings, [c.type for c in kept], classification=table.classes is not None),
        columns=tuple({**asdict(c), "type": str(c.type)} for c in schema.columns),
        forecast=_about_time(table, kept),
    )
    return _with_opening(plan, notes)


def _ensembles(job: TabularJob, notes: list[dict[str, str]]) -> tuple[bool, bool]:
    """Return whether a vote and a stack of trials are built: neither where the model is to predict fast."""
    if job.inference != "fast":
        return job.training.enable_vote_ensemble is not False, _stacks(job)
    for name in ("enable_vote_ensemble", "enable_stack_ensemble"):
        if getattr(job.training, name):
            why = "inference is 'fast': the final model is a single trial's"
            add_note(notes, "settings", f"training.{name} changes nothing", why, level="warning")
    return False, False


def _stacks(job: TabularJob) -> bool:
    """Return whether a stack ensemble is built: of forecasts, whose windows are few, only on request."""
    asked = job.training.enable_stack_ensemble
    wanted = asked is True if job.task == "forecasting" else asked is not False
    return wanted and not job.training.enable_onnx_compatible_models


def _about_time(table: TrainingTable, kept: Sequence[Column]) -> dict[str, Any]:
    """Return what the search and the views need to know of a forecast's series."""
    if table.time is None:
        return {}
    index, settings = table.time.index, table.time.settings
    return {
        **settings.to_dict(),
        "n_series": index.n_series,
        "frequency": index.frequency,
        "longest": int(index.lengths.max()),
        "positive": bool(np.nanmin(table.y) > 0),
        "n_known": sum(str(c.type) in ("Numeric", "Boolean") and c.name not in settings.unknown for c in kept),
        "time_column": index.time_column,
        "id_columns": list(index.id_columns),
    }


def resolve_limits(job: TabularJob, notes: list[dict[str, str]] | None = None) -> Limits:
    """Return the limits with every default filled in; `notes` collects the reasons."""
    notes = [] if notes is None else notes
    asked = job.limits
    minutes = asked.timeout_minutes
    if minutes is None and asked.max_trials is None:
        minutes = DEFAULT_TIMEOUT_MINUTES
        add_note(
            notes,
            "limits",
            f"timeout_minutes is {minutes:g}",
            "neither a time nor a number of trials was given",
        )
    trial_minutes = asked.trial_timeout_minutes or DEFAULT_TRIAL_TIMEOUT_MINUTES
    if minutes is not None:
        trial_minutes = min(trial_minutes, minutes)
    cores = asked.max_cores_per_trial
    if cores == -1 and (asked.max_concurrent_trials or 1) > 1:
        why = "max_cores_per_trial is -1, which leaves no core for another; max_concurrent_trials asks for more"
        add_note(notes, "limits", "Trials run one at a time", why, level="warning")
    return Limits(
        timeout_s=None if minutes is None else minutes * 60,
        trial_timeout_s=trial_minutes * 60,
        max_trials=asked.max_trials,
        max_concurrent_trials=asked.max_concurrent_trials,
        cores_per_trial=1 if cores is None else cores,
        exit_score=asked.exit_score,
        enable_early_termination=asked.enable_early_termination is not False,
    )


def _feature_settings(job: TabularJob, schema: TableSchema, n_classes: int | None) -> FeatureSettings:
    """Return how features are made, or refuse what does not fit of it and of the stack's second level."""
    from automl_jupyter.data.roles import aggregate_of
    from automl_jupyter.featurization.transformers import resolve_settings
    from automl_jupyter.search.stack import meta_learner_problems

    problems: list[Problem] = []
    of_series = job.target_column_name if job.task == "forecasting" else None
    settings = resolve_settings(
        job.featurization, schema.columns, problems, target_of_series=of_series, aggregate=aggregate_of(job)
    )
    asked = getattr(job.training.stack_ensemble_settings, "stack_meta_learner_type", None)
    problems += meta_learner_problems(asked, _stack_settings(job), job.task, n_classes=n_classes)
    if problems:
        raise SpecError(problems)
    return settings


def _with_opening(plan: Plan, notes: list[dict[str, str]]) -> Plan:
    from dataclasses import replace

    from automl_jupyter.search.opening import opening_list

    opening = opening_list(plan.search_context())
    add_note(
        notes,
        "search",
        f"{plural(len(opening), 'configuration')} open the search",
        "a fixed list of very different models; then model-based search goes on from what they showed",
    )
    race_folds = _race_folds(plan, opening, notes)
    return replace(plan, race_folds=race_folds, opening=tuple(_candidate(c) for c in opening), notes=tuple(notes))


def _race_folds(plan: Plan, opening: Sequence[Candidate], notes: list[dict[str, str]]) -> int:
    """Return all folds, or fewer where the opening list is too dear for every trial to get every fold in time."""
    limit = plan.limits.timeout_s
    if limit is None:
        return plan.n_folds
    add_note(
        notes,
        "limits",
        f"The whole job takes at most {duration(limit)}",
        "ensembles and the final fit are inside the time; what they need is kept back",
    )
    decisive = math.ceil(DECISIVE_ROWS * plan.n_folds / max(_judged_rows(plan), 1))
    if decisive >= plan.n_folds:
        return plan.n_folds
    from automl_jupyter.search.cost import CostModel

    costs = CostModel(plan.search_context())
    each_s = [plan.n_folds / plan.n_slots * costs.predict_s(c, plan.fold_rows, quantile=0.5) for c in opening]
    every_fold_s = sum(each_s[:DECISIVE_CONFIGURATIONS])
    race = every_fold_s > EVERY_FOLD_SHARE * limit
    meet = "the first fold" if decisive == 1 else f"the first {decisive} folds"
    what = (
        f"Configurations meet on {meet}; those that earn it get the others"
        if race
        else "Every configuration gets every fold"
    )
    n_first = min(DECISIVE_CONFIGURATIONS, len(opening))
    why = f"all folds of the first {n_first} should take about {duration(every_fold_s)} of {duration(limit)}"
    add_note(notes, "search", what, why)
    return decisive if race else plan.n_folds


def _judged_rows(plan: Plan) -> float:
    """Return how many rows all folds together validate on."""
    if plan.forecast:
        return float(plan.forecast["n_series"] * plan.forecast["horizon"] * plan.n_folds)
    if plan.validation["kind"] == "monte_carlo":
        return float(plan.validation["size"] * plan.n_training * plan.n_folds)
    return float(plan.n_training)


def _candidate(candidate: Candidate) -> dict[str, Any]:
    said = {"learner": candidate.learner, "params": dict(candidate.params), "label": candidate.label}
    return {**said, "origin": candidate.origin}


def _meta_learner(job: TabularJob, allowed: Sequence[str]) -> str:
    settings = job.training.stack_ensemble_settings
    asked = getattr(settings, "stack_meta_learner_type", None)
    return str(asked) if asked and str(asked) != "None" else allowed[0]


def _stack_settings(job: TabularJob) -> dict[str, Any]:
    settings = job.training.stack_ensemble_settings
    return dict(getattr(settings, "stack_meta_learner_kwargs", None) or {})


def _validation_title(validation: Validation) -> str:
    folds = validation.n_folds
    titles = {
        "kfold": f"{folds}-fold cross-validation",
        "group_kfold": f"{folds}-fold cross-validation that keeps groups together",
        "time": f"{folds} expanding windows over time" if folds > 1 else "the last rows in time are held back",
        "monte_carlo": f"{plural(folds, 'random split')} of {100 * (validation.size or 0):.3g}%",
        "holdout": f"{100 * (validation.size or 0):.3g}% of the rows are held back",
        "custom": f"{plural(folds, 'fold')} from cv_split_column_names",
        "validation_data": "the validation data given",
        "rolling_origin": f"{plural(folds, 'origin')} in the past, each judged on the horizon after it",
    }
    return titles[validation.kind]
