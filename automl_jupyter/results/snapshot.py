"""The one view of a job: a JSON value that the live view, the terminal and the static page all show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from automl_jupyter._core.text import number, plain
from automl_jupyter.results.log import log_lines
from automl_jupyter.results.ties import is_tied
from automl_jupyter.results.words import Shown, presentable, reason_words
from automl_jupyter.store.history import NOT_RESPONDING, EnsembleRecord, History
from automl_jupyter.store.trial import TrialRecord

#: states a trial can be in, in the order they are counted
STATES = ("complete", "running", "queued", "pruned", "failed", "timed_out", "cancelled")

#: what is said of a job that has not ended and that no process runs
UNATTENDED = "No process runs this job any more; resume it to go on."

#: how many of the latest trials tell the pace, and from how many on it is told
_PACE_TRIALS, _PACE_LEAST = 20, 4


def snapshot(
    history: History,
    *,
    rows: int = 2000,
    metric: str | None = None,
    attended: bool = True,
    error: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what there is to show of a job now.

    Parameters
    ----------
    history : History
        The fold of its events.
    rows : int, default 2000
        Most leaderboard rows, the best first.
    metric : str, optional
        Rank by this metric; the primary one when not given.
    attended : bool, default True
        Whether a process runs the job, which its events cannot tell.
    error : mapping, optional
        Why it could not go on, where its events could not be written.

    Returns
    -------
    dict
        JSON-able; ``seq`` grows with every event, so a newer snapshot can be told from an older one.
    """
    board = leaderboard_rows(history, metric)
    counts = Counter(t.state for t in history.trials.values())
    plan, limits = history.plan, _limits(history, attended)
    return {
        "seq": history.n_events,
        "name": history.name,
        "experiment": history.experiment_name,
        "display_name": history.display_name or history.name,
        "task": history.task,
        "status": history.status if attended else NOT_RESPONDING,
        "over": history.is_over,
        "reason": reason_words({"reason": history.reason}) if attended else UNATTENDED,
        "error": _error(history.error or error),
        "metric": dict(plan.get("metric") or {}),
        "elapsed_s": round(history.elapsed_s, 1),
        "n_workers": history.n_workers,
        "compute": plain(history.compute),
        "dashboard": _web_address(history.dashboard) if attended and not history.is_over else "",
        "created_at": history.created_at,
        "ended_at": history.ended_at,
        "limits": limits,
        "left_s": min((limit["left_s"] for limit in limits if limit["left_s"] is not None), default=None),
        # What follows the search is not held up.
        "paused": history.is_paused and history.status not in ("Finalizing", "CancelRequested"),
        "blocked": sorted(history.blocked),
        "doing": _doing(history) if attended else [],
        "best": _best(history),
        "rows": board[:rows],
        "n_rows_total": len(board),
        "counts": {state: counts.get(state, 0) for state in STATES},
        "progress": [[round(at, 1), value] for at, _, value in history.progress],
        "log": log_lines(history),
        "notes": [{"level": n.level, "message": plain(n.message), "at": n.at} for n in history.notes],
        "plan": {
            "validation": (plan.get("validation") or {}).get("title", ""),
            "notes": [
                {k: plain(n.get(k, "")) for k in ("topic", "what", "why", "level")}
                for n in plan.get("notes", ())
                if n.get("topic") != "guardrails"
            ],
            "guardrails": [
                {k: plain(f.get(k, "")) for k in ("status", "name", "explanation", "remedy")}
                for f in plan.get("guardrails", ())
            ],
            "n_rows": plan.get("n_rows"),
            "n_columns": plan.get("n_columns"),
            "random_state": plan.get("random_state"),
        },
        "model": _model(history),
        "test_metrics": dict(history.test_metrics) if history.test_metrics else None,
    }


def leaderboard_rows(history: History, metric: str | None = None) -> list[dict[str, Any]]:
    """Return a row for each trial and ensemble: complete ones ranked, then what is under way, then what failed."""
    name = metric or history.metric
    greater = history.greater_is_better if name == history.metric else _greater_is_better(name, history)
    rows: list[dict[str, Any]] = [Shown(_shown_row(t, name)) for t in history.trials.values()]
    rows += [_ensemble_row(e, name, history) for e in history.ensembles.values() if e.complete]

    def order(row: dict[str, Any]) -> tuple[int, float, int]:
        group = 0 if row["complete"] and row["value"] is not None else 2 if row["error"] else 1
        signed = math.inf if row["value"] is None else -row["value"] if greater else row["value"]
        return group, signed, 10**9 if row["number"] is None else row["number"]

    rows.sort(key=order)
    ranked = [r for r in rows if r["complete"] and r["value"] is not None]
    share = share_of_test(history)
    for rank, row in enumerate(ranked, 1):
        row["rank"] = rank
        row["tied"] = is_tied(_by_fold(history, ranked[0], name), _by_fold(history, row, name), share)
    return rows


def _by_fold(history: History, row: Mapping[str, Any], metric: str) -> list[float | None]:
    """Return the value on each fold of a row that is complete; None where there is none."""
    if row["number"] is None:
        return [metrics.get(metric) for metrics in history.ensembles[row["label"]].fold_metrics]
    return [fold.metrics.get(metric) for _, fold in sorted(history.trials[row["number"]].folds.items())]


def trial_of(history: History, model: object) -> TrialRecord | None:
    """Return the trial of a number or a label that has predicted held-out rows: of equal labels the best ranked."""
    found = [t for t in history.trials.values() if model in (t.number, t.label) and t.n_first]
    if len(found) > 1:
        places = {row["number"]: place for place, row in enumerate(leaderboard_rows(history))}
        found.sort(key=lambda t: places[t.number])
    return found[0] if found else None


def share_of_test(history: History) -> float:
    """Return the rows a fold is scored on over those it is trained on."""
    folds = [f for t in history.trials.values() for f in t.folds.values() if f.n_train]
    return max((f.n_valid / f.n_train for f in folds), default=0.0)


def _web_address(text: str) -> str:
    """Return an address that a page may link to, or an empty text: logs come from anywhere."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it cannot be one
    except ValueError:
        return ""
    on_web = parts.scheme in ("http", "https") and parts.hostname
    on_this_server = text.startswith("/") and not parts.netloc
    return text if on_web or on_this_server else ""


def _greater_is_better(metric: str, history: History) -> bool:
    from automl_jupyter.metrics.registry import resolve_metric

    return bool(resolve_metric(metric, history.task).greater_is_better)


def _shown_row(trial: TrialRecord, metric: str) -> Mapping[str, Any]:
    """Return a trial's row, made once: few trials change between two looks at a job of a thousand."""
    if metric not in trial.rows:
        trial.rows[metric] = presentable(_trial_row(trial, metric))
    return trial.rows[metric]


def _trial_row(trial: TrialRecord, metric: str) -> dict[str, Any]:
    values = trial.values(metric)
    folds = trial.folds.values()
    return {
        "rank": None,
        "tied": None,
        "number": trial.number,
        "label": plain(trial.label),
        "learner": trial.learner,
        "state": trial.state,
        **_value(trial.metrics().get(metric), values),
        "folds_done": len(trial.folds),
        "n_folds": trial.n_folds,
        "fit_s": round(trial.fit_s, 3),
        "predict_s": round(sum(f.predict_s for f in folds), 4),
        "size_bytes": max((f.size_bytes for f in folds), default=0),
        "params": dict(trial.params),
        "origin": trial.origin,
        "reason": plain(trial.reason),
        "error": _error(trial.error),
        "complete": trial.is_complete and trial.state not in ("failed", "cancelled"),
    }


def _ensemble_row(ensemble: EnsembleRecord, metric: str, history: History) -> dict[str, Any]:
    values = [v for m in ensemble.fold_metrics if (v := m.get(metric)) is not None]
    trials = [history.trials[n] for n, _ in ensemble.members if n in history.trials]
    return {
        "rank": None,
        "tied": None,
        "number": None,
        "label": ensemble.name,
        "learner": ensemble.name,
        "state": "complete",
        **_value(ensemble.metrics.get(metric), values),
        "folds_done": len(ensemble.fold_metrics),
        "n_folds": len(ensemble.fold_metrics),
        "fit_s": round(ensemble.seconds, 3),
        "predict_s": round(sum(f.predict_s for t in trials for f in t.folds.values()), 4),
        "size_bytes": sum(max((f.size_bytes for f in t.folds.values()), default=0) for t in trials),
        "params": {
            "members": {
                history.trials[n].label + f" #{n}": round(w, 4) for n, w in ensemble.members if n in history.trials
            }
        },
        "origin": "ensemble",
        "reason": "",
        "error": None,
        "complete": True,
    }


def _value(value: float | None, folds: list[float]) -> dict[str, Any]:
    return {
        "value": value,
        "text": "–" if value is None else number(value),
        "spread": _deviation(folds) if len(folds) > 1 else None,
        "fold_values": folds,
    }


def _deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def _limits(history: History, attended: bool) -> list[dict[str, Any]]:
    """Return each limit with what is used of it and about how many seconds are left until it is reached."""
    limits = history.plan.get("limits") or {}
    moving = attended and history.status in ("Running", "Finalizing")
    found: list[dict[str, Any]] = []

    def add(name: str, label: str, used: float | None, total: float, left_s: float | None, unit: str = "") -> None:
        left_s = round(left_s, 1) if left_s is not None and moving else None
        found.append({"name": name, "label": label, "used": used, "total": total, "unit": unit, "left_s": left_s})

    if limits.get("timeout_s") is not None:
        total = limits["timeout_s"] + history.extended_s
        add("timeout_minutes", "Time", round(history.elapsed_s, 1), total, max(0.0, total - history.elapsed_s), "s")
    if limits.get("max_trials") is not None:
        ended = [t for t in history.trials.values() if not t.is_open and t.origin != "baseline"]
        rest = max(0, limits["max_trials"] - len(ended))
        searching = history.status == "Running" and not history.is_paused  # what follows the search is no trial
        pace = _seconds_per_trial(ended, history.elapsed_s) if searching else None
        add("max_trials", "Trials", len(ended), limits["max_trials"], None if pace is None else rest * pace)
    if limits.get("exit_score") is not None:
        best = history.progress[-1][2] if history.progress else None
        add("exit_score", "Exit score", best, limits["exit_score"], None)
    return found


def _seconds_per_trial(ended: list[TrialRecord], now_s: float) -> float | None:
    """Return the pace of the latest trials, the wait for the next one included; None when too few have ended."""
    ends = sorted(t.ended_s for t in ended if t.ended_s is not None)[-_PACE_TRIALS:]
    return None if len(ends) < _PACE_LEAST else (now_s - ends[0]) / (len(ends) - 1)


def _doing(history: History) -> list[dict[str, Any]]:
    """Return the fits that run now, the longest running first: what each worker is doing."""
    found = [
        {
            "number": trial.number,
            "label": plain(trial.label),
            "fold": fold,
            "n_folds": trial.n_folds,
            "started_s": round(started, 1),
        }
        for trial in history.trials.values()
        for fold, started in trial.running.items()
    ]
    return [] if history.is_over else sorted(found, key=lambda d: (d["started_s"], d["number"], d["fold"]))


def _best(history: History) -> dict[str, Any] | None:
    best = history.best
    if best is None:
        return None
    return {
        "label": plain(best.label),
        "number": best.number,
        "value": best.value,
        "text": "–" if best.value is None else number(best.value),
        "folds": best.folds,
    }


def _model(history: History) -> dict[str, Any] | None:
    model = history.model
    if model is None:
        return None
    return {
        "label": plain(model.label),
        "trials": [int(p["trial"]) for p in model.parts],
        "final": model.final,
        "members": [{"label": plain(p["label"]), "weight": round(float(p["weight"]), 4)} for p in model.parts],
    }


def _error(error: Mapping[str, str] | None) -> dict[str, str] | None:
    if error is None:
        return None
    return {
        "type": plain(error.get("type", "Error"), most=80),
        "message": plain(error.get("message", ""), most=500),
        "tail": plain(error.get("tail", ""), most=4000),
    }
