"""The log of a job in words: what happened, when, in the order it happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter._core.text import duration, number, plural
from automl_jupyter.results.words import REASONS, STATUS_WORDS, Shown, presentable
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import History, LogEntry

_STATUSES = {
    "Preparing": "The data are read and checked.",
    "Running": "The search begins.",
    "Finalizing": "The search is over; the final model is made.",
    "CancelRequested": "The job is being stopped.",
    "Completed": "The job is complete.",
    "Canceled": "The job was stopped; what was finished is kept.",
    "Failed": "The job failed.",
}
_STATES = {"cancelled": "cancelled", "timed_out": "ran out of time"}
_MARKS = {"failed": "warning", "timed_out": "warning"}


def log_lines(history: History) -> list[Mapping[str, Any]]:
    """Return a line for each thing that happened.

    Returns
    -------
    list of mapping
        ``at_s`` (seconds of the job), ``level`` (info, best or warning) and ``text``, presentable.

    Examples
    --------
    >>> from automl_jupyter.store.history import replay
    >>> [line["text"] for line in log_lines(replay([ev.WorkersChanged(elapsed_s=1.0, n_workers=2)]))]
    ['2 workers (local).']
    """
    return [_line(entry, history) for entry in history.log]


def _line(entry: LogEntry, history: History) -> Mapping[str, Any]:
    if history.metric not in entry.lines:
        level, text = _words(entry, history)
        entry.lines[history.metric] = Shown(
            presentable({"at_s": round(entry.event.elapsed_s, 1), "level": level, "text": text})
        )
    return entry.lines[history.metric]


def _words(entry: LogEntry, history: History) -> tuple[str, str]:
    event = entry.event
    match event:
        case ev.TrialEnded():
            return _trial_words(entry, event, history)
        case ev.EnsembleSelected():
            return "best", f"{event.ensemble}: {_score(event.metrics, history)}, the best so far."
        case ev.WorkersChanged():
            level = "info" if event.n_workers else "warning"
            return level, f"{plural(event.n_workers, 'worker')} ({event.compute})."
        case ev.RequestReceived():
            return "info", f"Asked for: {_request_words(event, history)}."
        case ev.LimitReached():
            return "info", REASONS.get(event.limit, event.limit)
        case ev.StatusChanged() | ev.JobEnded():
            said = _STATUSES.get(event.status, STATUS_WORDS.get(event.status, event.status))
            why = REASONS.get(event.reason, event.reason)
            return "warning" if event.status == "Failed" else "info", f"{said} {why}".strip()
    return "info", event.kind


def _trial_words(entry: LogEntry, event: ev.TrialEnded, history: History) -> tuple[str, str]:
    trial = entry.trial
    if trial is None:
        return "info", f"#{event.number} ended."
    name = f"#{trial.number} {trial.label}"
    if event.state == "complete":
        found = f"{name}: {_score(trial.metrics(), history)} in {duration(trial.fit_s)}"
        return ("best", f"{found}, the best so far.") if entry.is_best else ("info", f"{found}.")
    if event.state == "failed":
        return "warning", f"{name} failed: {(event.error or {}).get('message') or event.reason}"
    if event.state == "pruned":
        said = f"{name} dropped after {plural(len(trial.folds), 'fold')} of {trial.n_folds}"
    else:
        said = f"{name} {_STATES.get(event.state, event.state)}"
    return _MARKS.get(event.state, "info"), f"{said}: {event.reason}" if event.reason else f"{said}."


def _score(metrics: Mapping[str, float | None], history: History) -> str:
    value = metrics.get(history.metric)
    return f"{history.metric} {'unknown' if value is None else number(value)}"


def _request_words(event: ev.RequestReceived, history: History) -> str:
    given = event.arguments
    match event.request:
        case "extend":
            return f"{number(given.get('minutes') or 0)} more minutes"
        case "skip":
            trial = history.trials.get(given.get("number", -1))
            return f"no more of #{given.get('number')}" + (f" {trial.label}" if trial else "")
        case "block":
            return f"no more {given.get('learner')}"
    return {"cancel": "stop", "pause": "pause", "unpause": "go on"}.get(event.request, event.request)
