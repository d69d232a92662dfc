"""How a job stands, by what its history says: what can be used, on how many folds it is compared, if more comes."""

from __future__ import annotations

from automl_jupyter.jobs.reserve import total_s
from automl_jupyter.search.stopping import WINDOW, stalled
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import TrialRecord
from automl_jupyter.trials.plan import Plan

#: trials that may fail before a job that is out of time gives up without a model
MOST_FAILURES = 3
#: share of the time that must have passed without a gain before a search with a time limit ends early
STALL_SHARE = 0.5
#: by how much a trial that has not got the race's folds must lead those that have, as a share of what they gain over
#: the baseline, divided by the folds the trial has: the fewer there are, the more of a lead may be chance
AHEAD = 0.4


def is_cancelled(history: History) -> bool:
    """Return whether somebody asked the job to stop."""
    return any(request == "cancel" for request, _ in history.requests)


def usable(history: History) -> list[TrialRecord]:
    """Return the trials that a model could be made of: they have a fold, and neither failed nor were cancelled."""
    return [t for t in history.trials.values() if t.folds and t.state not in ("failed", "cancelled")]


def nothing_will_come(history: History) -> bool:
    """Return whether several trials ended and not one of them can be used."""
    return sum(not t.is_open for t in history.trials.values()) >= MOST_FAILURES


def compared_folds(plan: Plan, history: History) -> int:
    """Return on how many folds trials are compared: those of the race, fewer while no trial has that many.

    The baseline, which is through with its folds before another has one, counts only while there is nothing else.
    """
    found = [(t.origin != "baseline", t.n_first) for t in usable(history) if t.n_first]
    n_folds = min(plan.race_folds, max(found, default=(False, 0))[1])
    return n_folds if plan.limits.timeout_s is None else _folds_ahead(history, n_folds)


def _folds_ahead(history: History, n_folds: int) -> int:
    """Return how many of the folds those trials have that lead by far on fewer; all where there is none such.

    Else a weak trial that is through with its folds in no time is the model, where a good one is not by the end.
    """
    trials = usable(history)
    baseline = next((t for t in trials if t.origin == "baseline"), None)
    others = [t for t in trials if 0 < t.n_first < n_folds and t is not baseline]
    if not others or baseline is None:
        return n_folds
    there = [t for t in trials if t.n_first >= n_folds and t.origin != "baseline"]
    ahead = [t.n_first for t in others if all(_is_far_ahead(history, t, best, baseline) for best in there)]
    return max(ahead, default=n_folds)


def _is_far_ahead(history: History, trial: TrialRecord, other: TrialRecord, baseline: TrialRecord) -> bool:
    """Return whether a trial leads on each of its folds, and by a share of the other's gain over the baseline."""
    n = trial.n_first
    here, there, least = (history.score(t.metrics(n)) for t in (trial, other, baseline))
    if here is None or there is None or least is None or here - there <= AHEAD / n * max(there - least, 0.0):
        return False
    pairs = [(history.score(trial.folds[f].metrics), history.score(other.folds[f].metrics)) for f in range(n)]
    return all(one is not None and two is not None and one > two for one, two in pairs)


def with_folds(history: History, n_folds: int) -> tuple[int, ...]:
    """Return the trials that have the first `n_folds` folds."""
    return tuple(t.number for t in usable(history) if t.n_first >= n_folds)


def race_score(plan: Plan, history: History, trial: TrialRecord) -> float:
    """Return the score on the race's folds; the least there is for a trial that does not have them all."""
    score = history.score(trial.metrics(plan.race_folds)) if trial.n_first >= plan.race_folds else None
    return float("-inf") if score is None else score


def best_complete_score(history: History) -> float | None:
    """Return the best score of a trial that has ended with all its folds, or of an ensemble.

    The baseline does not count: where one class is common it may have a high score and has learnt nothing.
    """
    ended = [t for t in history.trials.values() if t.state == "complete" and t.origin != "baseline"]
    scores = [history.score(t.metrics()) for t in ended]
    scores += [history.score(e.metrics) for e in history.ensembles.values() if e.complete]
    return max((s for s in scores if s is not None), default=None)


def has_stalled(plan: Plan, history: History) -> bool:
    """Return whether the last trials changed neither the best score nor the best ensemble, and that is to end it.

    The rule counts trials that take minutes. Where they take less, a stall must also have lasted a share of the time.
    """
    if not plan.limits.enable_early_termination:
        return False
    scored = _scored(plan, history)
    window, total = WINDOW, total_s(plan, history)
    if total is not None:
        since = history.elapsed_s - STALL_SHARE * total
        window = max(window, sum(history.trials[number].queued_s >= since for number, _ in scored))
    if not stalled([score for _, score in scored], window=window):
        return False
    if total is not None and plan.vote_ensemble and not history.ensembles:
        return False  # a job that goes on has yet to choose anew what its best trials are weighted by
    members = {number for ensemble in history.ensembles.values() for number, _ in ensemble.members}
    return not members & {number for number, _ in scored[-window:]}


def _scored(plan: Plan, history: History) -> list[tuple[int, float | None]]:
    """Return numbers and scores of the trials in order, on the race's folds."""
    scores: list[tuple[int, float | None]] = []
    for trial in sorted(history.trials.values(), key=lambda t: t.number):
        if trial.origin == "baseline":
            continue
        if plan.race:
            raced = trial.n_first >= plan.race_folds
            if raced or trial.state in ("failed", "timed_out"):
                scores.append((trial.number, history.score(trial.metrics(plan.race_folds)) if raced else None))
        elif trial.is_open:
            break  # those after it are looked at when it has ended, so that the order of ends does not matter
        else:
            scores.append((trial.number, history.score(trial.metrics()) if trial.is_complete else None))
    return scores
