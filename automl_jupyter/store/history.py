"""The fold of a job's events: what is known about it now.

Pure: `apply` takes a history and an event and returns the next history. Leaderboard, live view, terminal and
resume all start from here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from automl_jupyter.store import events as ev
from automl_jupyter.store.trial import CUT_SHORT, FoldRecord, TrialRecord
from automl_jupyter.trials.records import REFIT

#: statuses after which nothing more happens
FINAL_STATUSES = frozenset({"Completed", "Canceled", "Failed"})
#: states of trials that are never ranked, however many folds they have
UNRANKED = frozenset({"failed", "cancelled"})
#: what a handle calls a job that has not ended and that no process runs
NOT_RESPONDING = "NotResponding"
#: requests that hold as long as the job lasts, over all its runs
_LASTING = ("skip", "block")


@dataclass(frozen=True)
class EnsembleRecord:
    """The latest weights of one kind of ensemble."""

    name: str
    members: tuple[tuple[int, float], ...]
    metrics: Mapping[str, float | None]
    fold_metrics: tuple[Mapping[str, float | None], ...]
    complete: bool
    seconds: float
    temperature: float = 1.0
    threshold: float | None = None
    #: file of a stack's second level; None of other ensembles, and where an earlier version did not keep it
    stack: str | None = None


@dataclass(frozen=True)
class ModelRecord:
    """What the best usable model is made of."""

    label: str
    trial: int | None
    parts: tuple[Mapping[str, Any], ...]
    metrics: Mapping[str, float | None]
    stage: str
    stack: str | None
    temperature: float = 1.0
    threshold: float | None = None
    #: the metrics on each fold that every member has been compared on
    fold_metrics: tuple[Mapping[str, float | None], ...] = ()

    @property
    def final(self) -> bool:
        """Whether nothing about it changes any more."""
        return self.stage == "final"


@dataclass(frozen=True)
class Best:
    """What a job has to show: a label, the trial it is (None for an ensemble), and the primary metric's value."""

    label: str
    number: int | None
    value: float | None
    #: such as "1 of 5 folds", where the value is not one of all folds
    folds: str | None = None


@dataclass(frozen=True)
class LogEntry:
    """One thing that happened, as people follow a job; `trial` as it was then."""

    event: ev.Event
    trial: TrialRecord | None = None
    #: whether no score before was better
    is_best: bool = False

    @cached_property
    def lines(self) -> dict[str, Mapping[str, Any]]:
        """What views have made of this entry, by metric."""
        return {}


@dataclass(frozen=True)
class History:
    """Everything the events say."""

    name: str = ""
    experiment_name: str = ""
    display_name: str | None = None
    task: str = ""
    spec: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    status: str = "NotStarted"
    reason: str = ""
    error: Mapping[str, str] | None = None
    created_at: str = ""
    ended_at: str | None = None
    updated_at: str = ""
    elapsed_s: float = 0.0
    search_ended_s: float | None = None
    n_workers: int = 0
    compute: str = "local"
    dashboard: str = ""
    trials: Mapping[int, TrialRecord] = field(default_factory=dict)
    #: metric -> the folds on which some trial has a value
    scored: Mapping[str, Set[int]] = field(default_factory=dict)
    ensembles: Mapping[str, EnsembleRecord] = field(default_factory=dict)
    model: ModelRecord | None = None
    #: (elapsed_s, label, value of the primary metric) each time the best score improved
    progress: tuple[tuple[float, str, float], ...] = ()
    #: all that progress is made of: the trial's number (None for an ensemble) and a point as there
    scores: tuple[tuple[int | None, tuple[float, str, float]], ...] = ()
    requests: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    extended_s: float = 0.0
    limit: str = ""
    notes: tuple[ev.Noted, ...] = ()
    log: tuple[LogEntry, ...] = ()
    test_metrics: Mapping[str, float | None] | None = None
    n_events: int = 0

    @property
    def is_paused(self) -> bool:
        """Whether no further fit is to begin."""
        last = [request for request, _ in self.requests if request in ("pause", "unpause")]
        return bool(last) and last[-1] == "pause"

    @property
    def blocked(self) -> frozenset[str]:
        """The learners of which no further configuration is to be tried."""
        return frozenset(str(a["learner"]) for r, a in self.requests if r == "block" and "learner" in a)

    @property
    def skipped(self) -> frozenset[int]:
        """The trials that are not to go on."""
        return frozenset(int(a["number"]) for r, a in self.requests if r == "skip" and "number" in a)

    @property
    def is_over(self) -> bool:
        """Whether the job has ended."""
        return self.status in FINAL_STATUSES

    @cached_property
    def metric(self) -> str:
        """The primary metric's name."""
        return str(self.plan.get("metric", {}).get("name", ""))

    @cached_property
    def greater_is_better(self) -> bool:
        """Whether a greater value of the primary metric is better."""
        return bool(self.plan.get("metric", {}).get("greater_is_better", True))

    @property
    def best(self) -> Best | None:
        """The model that was chosen; before that the first of the leaderboard, or what there is without one."""
        chosen = self.model is not None and self.model.stage != "anytime"
        return (None if chosen else self._first) or self._best_model

    @property
    def _first(self) -> Best | None:
        """The best of complete trials and ensembles by score, then by number."""
        ranked = [t for t in self.trials.values() if t.is_complete and t.state not in UNRANKED]
        rows: list[tuple[str, int | None, Mapping[str, float | None]]] = []
        rows += [(t.label, t.number, t.metrics()) for t in ranked]
        rows += [(e.name, None, e.metrics) for e in self.ensembles.values() if e.complete]
        scored = [(score, row) for row in rows if (score := self.score(row[2])) is not None]
        if not scored:
            return None
        _, (label, number, metrics) = max(scored, key=lambda s: (s[0], -math.inf if s[1][1] is None else -s[1][1]))
        return Best(label, number, metrics[self.metric])

    @property
    def _best_model(self) -> Best | None:
        model = self.model
        if model is None:
            return None
        n_folds, n_judged = max((t.n_folds for t in self.trials.values()), default=0), len(model.fold_metrics)
        folds = f"{n_judged} of {n_folds} folds" if 0 < n_judged < n_folds else None
        return Best(model.label, model.trial, model.metrics.get(self.metric), folds)

    def score(self, metrics: Mapping[str, float | None]) -> float | None:
        """Return the primary metric so signed that greater is better, or None."""
        value = metrics.get(self.metric)
        if value is None or not math.isfinite(value):
            return None
        return value if self.greater_is_better else -value


def replay(events: Iterable[ev.Event]) -> History:
    """Return the history of a whole log."""
    history = History()
    for event in events:
        history = apply(history, event)
    return history


def apply(history: History, event: ev.Event) -> History:
    """Return the history after one more event."""
    after = _apply(history, event)
    entry = _log_entry(after, event, improved=len(after.progress) > len(history.progress))
    return after if entry is None else replace(after, log=(*after.log, entry))


def _log_entry(history: History, event: ev.Event, *, improved: bool) -> LogEntry | None:
    match event:
        case ev.StatusChanged() | ev.WorkersChanged() | ev.RequestReceived() | ev.LimitReached() | ev.JobEnded():
            return LogEntry(event)
        case ev.TrialEnded() if event.number in history.trials:
            trial = history.trials[event.number]
            # The score of a trial counts from its last fold on, which ended just before.
            best = history.progress[-1][1:] if history.progress else None
            return LogEntry(event, trial, best == (trial.label, trial.metrics().get(history.metric)))
        case ev.EnsembleSelected() if improved:
            return LogEntry(event, is_best=True)
    return None


def _apply(history: History, event: ev.Event) -> History:
    history = replace(
        history,
        n_events=history.n_events + 1,
        elapsed_s=max(history.elapsed_s, event.elapsed_s),
        updated_at=event.at or history.updated_at,
    )
    match event:
        case ev.JobCreated():
            return replace(
                history,
                name=event.name,
                experiment_name=event.experiment_name,
                display_name=event.display_name,
                task=event.task,
                spec=event.spec,
                created_at=event.at,
            )
        case ev.PlanMade():
            return replace(history, plan=event.plan)
        case ev.StatusChanged():
            ends = event.status in ("Finalizing", "CancelRequested") and history.search_ended_s is None
            ended = history.elapsed_s if ends else history.search_ended_s
            started = event.status in ("Preparing", "Running")
            # A job that goes on chooses its model again, from the trials of all its runs.
            model = replace(history.model, stage="anytime") if started and history.model else history.model
            again = event.status == "Preparing"
            stopped = any(request == "cancel" for request, _ in history.requests)
            # What was in flight when the process ended runs no more.
            trials = {n: replace(t, running={}) if t.running else t for n, t in history.trials.items()}
            return replace(
                history,
                status=event.status,
                model=model,
                trials=trials if again else history.trials,
                error=None if started else history.error,
                test_metrics=None if started else history.test_metrics,
                # Those of a job that was stopped are of what it had by then: they end no search that goes on.
                ensembles={} if again and stopped else history.ensembles,
                search_ended_s=None if started else ended,
                ended_at=None,
                reason=event.reason,
                requests=tuple(r for r in history.requests if r[0] in _LASTING) if again else history.requests,
                limit="" if started else history.limit,
            )
        case ev.WorkersChanged():
            return replace(history, n_workers=event.n_workers, compute=event.compute, dashboard=event.dashboard)
        case (
            ev.TrialQueued()
            | ev.FoldStarted()
            | ev.FoldEnded()
            | ev.TrialEnded()
            | ev.TrialReopened()
            | ev.RefitEnded()
        ):
            return _apply_trial(history, event)
        case ev.EnsembleSelected():
            record = EnsembleRecord(
                event.ensemble,
                tuple((int(n), float(w)) for n, w in event.members),
                event.metrics,
                tuple(event.fold_metrics),
                event.complete,
                event.seconds,
                event.temperature,
                event.threshold,
                event.stack,
            )
            return _with_progress(
                replace(history, ensembles={**history.ensembles, event.ensemble: record}),
                event.ensemble,
                event.metrics if event.complete else {},
            )
        case ev.ModelSelected():
            model = ModelRecord(
                event.label,
                event.trial,
                tuple(event.parts),
                event.metrics,
                event.stage,
                event.stack,
                event.temperature,
                event.threshold,
                tuple(event.fold_metrics),
            )
            return replace(history, model=model)
        case ev.RequestReceived():
            extra = float(event.arguments.get("minutes", 0)) * 60 if event.request == "extend" else 0.0
            return replace(
                history,
                requests=(*history.requests, (event.request, event.arguments)),
                extended_s=history.extended_s + extra,
            )
        case ev.LimitReached():
            return replace(history, limit=event.limit)
        case ev.Noted():
            return replace(history, notes=(*history.notes, event))
        case ev.TestScored():
            return replace(history, test_metrics=event.metrics)
        case ev.JobEnded():
            return replace(
                history,
                status=event.status,
                reason=event.reason,
                error=event.error,
                ended_at=event.at,
            )
    return history


def _apply_trial(
    history: History,
    event: ev.TrialQueued | ev.FoldStarted | ev.FoldEnded | ev.TrialEnded | ev.TrialReopened | ev.RefitEnded,
) -> History:
    if isinstance(event, ev.TrialQueued):
        trial = TrialRecord(
            event.number,
            event.learner,
            event.params,
            event.recipe,
            event.origin,
            event.label or event.learner,
            event.n_folds,
            queued_s=event.elapsed_s,
            scored=history.scored,
        )
        return _with_trial(history, trial)
    known = history.trials.get(event.number)
    if known is None:
        return history
    match event:
        case ev.FoldStarted():
            again = known.lost.get(event.fold, -1) + 1
            trial = replace(
                known,
                state="running",
                running={**known.running, event.fold: event.elapsed_s},
                lost={**known.lost, event.fold: again},
            )
        case ev.FoldEnded():
            fold = FoldRecord(
                event.fold,
                event.metrics,
                event.fit_s,
                event.predict_s,
                event.n_train,
                event.n_valid,
                event.size_bytes,
                event.iterations,
                event.stopped_early,
                event.rounds,
                event.features_s,
                cut_short=event.stopped_early and history.limit == "cancel",
            )
            trial = replace(known, folds={**known.folds, event.fold: fold}, running=_without(known.running, event.fold))
        case ev.TrialEnded():
            trial = replace(
                known,
                state=event.state,
                reason=event.reason,
                error=event.error,
                running={},
                ended_s=event.elapsed_s,
                stopped=history.limit == "cancel" and event.state not in ("failed", "timed_out"),
            )
        case ev.TrialReopened():
            trial = known.reopened(event.folds)
        case ev.RefitEnded() if event.fold < REFIT:
            there = known.replicas if event.error else (*known.replicas, event.fold)
            cut = (event.fold,) if event.error and event.error.get("type") in CUT_SHORT else ()
            trial = replace(
                known,
                replicas=there,
                replicas_ended=(*known.replicas_ended, event.fold),
                replicas_cut_short=(*known.replicas_cut_short, *cut),
                running=_without(known.running, event.fold),
            )
        case ev.RefitEnded():
            done = event.error is None
            trial = replace(
                known,
                refit_s=event.fit_s if done else None,
                refit_bytes=event.size_bytes,
                refit_error=event.error,
                running=_without(known.running, event.fold),
            )
    history = _with_trial(history, trial)
    if isinstance(event, ev.FoldEnded):
        history = _with_scored(history, event)
        trial = history.trials[event.number]
    if trial.state in UNRANKED or (isinstance(event, ev.TrialReopened) and not trial.is_complete):
        return _without_progress(history, trial.number)
    counts = isinstance(event, ev.FoldEnded) and trial.is_complete
    return _with_progress(history, trial.label, trial.metrics(), trial.number) if counts else history


def _without(running: Mapping[int, float], fold: int) -> dict[int, float]:
    return {f: s for f, s in running.items() if f != fold}


def _with_trial(history: History, trial: TrialRecord) -> History:
    return replace(history, trials={**history.trials, trial.number: trial})


def _with_scored(history: History, event: ev.FoldEnded) -> History:
    """Return the history with the metrics that a fold can be scored by; a trial that could not be has no score now."""
    new = [k for k, v in event.metrics.items() if v is not None and event.fold not in history.scored.get(k, ())]
    if not new:
        return history
    scored = {**history.scored, **{k: {*history.scored.get(k, ()), event.fold} for k in new}}
    trials = {n: replace(t, scored=scored) for n, t in history.trials.items()}
    history = replace(history, scored=scored, trials=trials)
    for number in {n for n, _ in history.scores if n is not None and history.score(trials[n].metrics()) is None}:
        history = _without_progress(history, number)
    return history


def _with_progress(
    history: History, label: str, metrics: Mapping[str, float | None], number: int | None = None
) -> History:
    if history.score(metrics) is None:
        return history
    point = (history.elapsed_s, label, float(metrics[history.metric] or 0.0))
    improved = _improved(history.progress, point, history.greater_is_better)
    return replace(history, progress=improved, scores=(*history.scores, (number, point)))


def _without_progress(history: History, number: int) -> History:
    """Return the history as if a trial had never had a score: others come into view that were below it."""
    kept = tuple(score for score in history.scores if score[0] != number)
    if len(kept) == len(history.scores):
        return history
    progress: tuple[tuple[float, str, float], ...] = ()
    for _, point in kept:
        progress = _improved(progress, point, history.greater_is_better)
    return replace(history, progress=progress, scores=kept)


def _improved(
    progress: tuple[tuple[float, str, float], ...], point: tuple[float, str, float], greater_is_better: bool
) -> tuple[tuple[float, str, float], ...]:
    """Return the progress with a point, if that is better than all before."""
    sign = 1.0 if greater_is_better else -1.0
    return (*progress, point) if not progress or sign * point[2] > sign * progress[-1][2] else progress
