"""Events: what happened, in the past tense. The append-only log of them is the truth about a job.

Each line of ``events.jsonl`` is one event: its ``kind``, its fields, and the envelope ``v`` (version of the
format), ``seq`` (0, 1, 2 …), ``at`` (UTC) and ``elapsed_s`` (seconds the job has been running, over all its runs).
A reader skips kinds and fields it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

FORMAT_VERSION = 1

Metrics = Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened; ``at`` and ``elapsed_s`` are set by the one writer."""

    kind: ClassVar[str] = ""
    at: str = ""
    elapsed_s: float = 0.0
    seq: int = -1


_KINDS: dict[str, type[Event]] = {}


def _event(kind: str):  # type: ignore[no-untyped-def]  # a class decorator, typed by dataclass itself
    def register(cls):  # type: ignore[no-untyped-def]
        cls.kind = kind
        _KINDS[kind] = cls
        return cls

    return register


@_event("job_created")
@dataclass(frozen=True, kw_only=True)
class JobCreated(Event):
    """A job's folder was made; `spec` is what was asked, in full."""

    name: str
    experiment_name: str
    display_name: str | None = None
    task: str
    spec: dict[str, Any]


@_event("plan_made")
@dataclass(frozen=True, kw_only=True)
class PlanMade(Event):
    """Every ``auto`` was replaced by a value and a reason."""

    plan: dict[str, Any]


@_event("status_changed")
@dataclass(frozen=True, kw_only=True)
class StatusChanged(Event):
    """The job moved on: Preparing, Queued, Running, Finalizing, CancelRequested."""

    status: str
    reason: str = ""


@_event("workers_changed")
@dataclass(frozen=True, kw_only=True)
class WorkersChanged(Event):
    """The number of workers that take tasks changed."""

    n_workers: int
    compute: str = "local"
    #: the address of the cluster's dashboard, empty where it shows nothing
    dashboard: str = ""


@_event("trial_queued")
@dataclass(frozen=True, kw_only=True)
class TrialQueued(Event):
    """A configuration was put in line. `origin` is opening, search or user."""

    number: int
    learner: str
    params: dict[str, Any]
    recipe: str = ""
    origin: str = "opening"
    label: str = ""
    n_folds: int = 1


@_event("fold_started")
@dataclass(frozen=True, kw_only=True)
class FoldStarted(Event):
    """A worker was given one fold of a trial."""

    number: int
    fold: int
    worker: str = ""


@_event("fold_ended")
@dataclass(frozen=True, kw_only=True)
class FoldEnded(Event):
    """One fold was fitted and scored on its validation rows; `metrics` holds the metrics' own values."""

    number: int
    fold: int
    metrics: dict[str, float | None]
    fit_s: float
    predict_s: float
    n_train: int
    n_valid: int
    size_bytes: int = 0
    iterations: int | None = None
    rounds: int | None = None
    features_s: float = 0.0
    stopped_early: bool = False
    worker: str = ""
    peak_bytes: int = 0


@_event("trial_ended")
@dataclass(frozen=True, kw_only=True)
class TrialEnded(Event):
    """A trial will not run further. `state`: complete, pruned, failed, cancelled or timed_out."""

    number: int
    state: str
    reason: str = ""
    error: dict[str, str] | None = None


@_event("trial_reopened")
@dataclass(frozen=True, kw_only=True)
class TrialReopened(Event):
    """A job goes on that was stopped: a trial gets what that cut short.

    `folds` are those that it keeps, where it goes on; None where only a refit of it is fitted again.
    """

    number: int
    folds: list[int] | None = None


@_event("ensemble_selected")
@dataclass(frozen=True, kw_only=True)
class EnsembleSelected(Event):
    """Weights over trials were chosen on validation predictions. `ensemble`: VotingEnsemble or StackEnsemble."""

    ensemble: str
    members: list[list[float]]  # [trial number, weight]
    metrics: dict[str, float | None]
    fold_metrics: list[dict[str, float | None]]
    complete: bool  # whether every fold is covered, so that it compares with complete trials
    seconds: float = 0.0
    temperature: float = 1.0  # what log probabilities are divided by
    threshold: float | None = None  # of two classes: the probability from which on the second is predicted
    stack: str | None = None  # of a stack: file of the second level; beside it lies what it said of rows held out


@_event("refit_ended")
@dataclass(frozen=True, kw_only=True)
class RefitEnded(Event):
    """A trial was fitted again on every training row (or could not be: `error`); below -1, with another seed."""

    number: int
    fold: int = -1
    fit_s: float = 0.0
    size_bytes: int = 0
    error: dict[str, str] | None = None


@_event("model_selected")
@dataclass(frozen=True, kw_only=True)
class ModelSelected(Event):
    """The best usable model changed; `parts` names what it is built of, so that it can be loaded at once.

    `stage` is anytime while the search goes on, chosen when it is over and the members may still be fitted again,
    final when nothing changes any more.
    """

    label: str
    trial: int | None  # the trial it is, or None for an ensemble
    parts: list[dict[str, Any]]  # {"trial": 3, "weight": 0.5, "recipe": "tree", "folds": [0, 1, 2]}; -1 is the refit
    metrics: dict[str, float | None]
    stage: str = "anytime"
    stack: str | None = None  # file of the second level, when there is one
    temperature: float = 1.0  # what the log probabilities of the blend are divided by
    threshold: float | None = None  # with two classes, from where on the second is predicted; None for a half
    fold_metrics: list[dict[str, float | None]] = field(default_factory=list)  # those `metrics` are the means of


@_event("request_received")
@dataclass(frozen=True, kw_only=True)
class RequestReceived(Event):
    """Somebody asked something of the running job: cancel, extend, skip, block, pause, resume."""

    request: str
    arguments: dict[str, Any] = field(default_factory=dict)


@_event("limit_reached")
@dataclass(frozen=True, kw_only=True)
class LimitReached(Event):
    """A limit ended the search: timeout_minutes, max_trials, exit_score, enable_early_termination, exhausted."""

    limit: str
    detail: str = ""


@_event("noted")
@dataclass(frozen=True, kw_only=True)
class Noted(Event):
    """Something worth telling the user. `level`: info or warning."""

    message: str
    level: str = "info"
    topic: str = ""


@_event("test_scored")
@dataclass(frozen=True, kw_only=True)
class TestScored(Event):
    """The final model was scored on the test data."""

    __test__: ClassVar[bool] = False  # not a pytest class
    metrics: dict[str, float | None]
    n_rows: int


@_event("job_ended")
@dataclass(frozen=True, kw_only=True)
class JobEnded(Event):
    """The job is over: Completed, Canceled or Failed."""

    status: str
    reason: str = ""
    error: dict[str, str] | None = None


def to_record(event: Event) -> dict[str, Any]:
    """Return the JSON value of one line of the log."""
    return {"v": FORMAT_VERSION, "kind": event.kind, **asdict(event)}


def from_record(record: Mapping[str, Any]) -> Event | None:
    """Return the event of one line of the log, or None for a kind this version does not know."""
    cls = _KINDS.get(str(record.get("kind")))
    if cls is None:
        return None
    known = {f.name for f in fields(cls)}
    try:
        return cls(**{k: v for k, v in record.items() if k in known})
    except TypeError:  # a required field is missing: written by another version
        return None
