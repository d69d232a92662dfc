"""What a job does once its search is over: the last fits end, the model is chosen, refitted and published. Pure."""

from __future__ import annotations

from automl_jupyter.jobs.instructions import (
    EndJob,
    EndTrial,
    Instruction,
    KillTasks,
    PublishFinal,
    SelectEnsemble,
    StopTasks,
    SubmitFold,
)
from automl_jupyter.jobs.reserve import (
    MOST_REPLICAS,
    MOST_RESERVE,
    end_s,
    features_s,
    has_replicas,
    keeps_folds,
    refit_s,
    refits_s,
    total_s,
)
from automl_jupyter.jobs.situation import (
    HOPELESS,
    STOP_GRACE_S,
    InFlight,
    Situation,
    is_paced,
    members,
    race_decides,
)
from automl_jupyter.jobs.standing import compared_folds, is_cancelled, with_folds
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import TrialRecord
from automl_jupyter.trials.plan import Plan
from automl_jupyter.trials.records import REFIT

#: how many times what is left of the time a refit may be expected to take, after which there is nothing else to do
#: with the time: as likely as not it ends sooner
HOPEFUL = 1.3
#: seconds that a job waits for workers to come back before it makes do without
WORKERS_S = 30.0
NO_WORKER = "there was no worker"
#: why a trial ended that somebody asked to be left out
SKIPPED = "skipped on request"
#: limits after which a trial that ended ahead of earlier ones does not count, where there is no limit of time
_IN_ORDER = ("exit_score", "enable_early_termination")


def close(plan: Plan, history: History, now: Situation) -> list[Instruction]:
    """Return what to do next in a job whose search is over; empty when there is nothing to do but wait."""
    if now.in_flight and (history.model is None or history.model.stage == "anytime"):
        return _stop_search_fits(plan, history, now)
    unended = [t for t in history.trials.values() if t.is_open]
    if unended:
        return [_end_unfinished(plan, history, t) for t in unended]
    if now.selecting:
        return []
    if history.model is None or history.model.stage == "anytime":
        return _select_final(plan, history, now)
    if history.model.stage == "chosen":
        return _refit(plan, history, now)
    if is_cancelled(history) or history.limit == "cancel":
        return [EndJob("Canceled", "stopped on request")]
    return [EndJob("Completed", history.limit)]


def _stop_search_fits(plan: Plan, history: History, now: Situation) -> list[Instruction]:
    if now.workers_gone:
        return [KillTasks(tuple(now.in_flight), "cancelled", "its worker is gone")]
    hurry = history.limit in ("cancel", "timeout_minutes", "exit_score", "enable_early_termination")
    unasked = tuple(f.key for f in now.in_flight.values() if f.asked_s is None)
    if hurry and unasked:
        return [StopTasks(unasked)]
    return end_overdue(now)


def _end_unfinished(plan: Plan, history: History, trial: TrialRecord) -> EndTrial:
    if trial.number in history.skipped:
        return EndTrial(trial.number, "cancelled", SKIPPED)
    if plan.limits.timeout_s is None and history.limit in _IN_ORDER:
        # With fewer workers it would not have been begun, and the leaderboard is to be the same.
        return EndTrial(trial.number, "cancelled", "the search was over with an earlier trial")
    if trial.is_complete:
        return EndTrial(trial.number, "complete")
    stopped = history.limit == "cancel"
    if not trial.folds:
        if stopped:
            return EndTrial(trial.number, "cancelled", "the job was stopped")
        return EndTrial(trial.number, "pruned", "the search ended before it could run")
    # Its folds can still be compared with others', and be the model where no trial is complete.
    unchosen = plan.race and trial.n_first >= plan.race_folds and trial.number not in members(history)
    why = "it did not earn a place in the ensemble" if unchosen else "the search ended before the others"
    why = "the job was stopped" if stopped else why
    return EndTrial(trial.number, "pruned", f"{len(trial.folds)} of {trial.n_folds} folds: {why}")


def _select_final(plan: Plan, history: History, now: Situation) -> list[Instruction]:
    n_folds = compared_folds(plan, history)
    # On fewer folds than those only the baseline can be complete.
    complete = with_folds(history, plan.n_folds) if n_folds == plan.race_folds else ()
    if complete and not (plan.race and race_decides(history)):
        return [SelectEnsemble(complete, plan.n_folds, final=True, stack_limit_s=_stack_limit_s(plan, history, now))]
    if n_folds:
        return [SelectEnsemble(with_folds(history, n_folds), n_folds, final=True)]
    if history.limit == "cancel":
        return [EndJob("Canceled", "stopped on request before any fit had ended")]
    failed = [t for t in history.trials.values() if t.error]
    why = f" The first failed with {failed[0].error['message']}" if failed and failed[0].error else ""
    if not why and not now.n_slots:
        why = f" When the time was over, {NO_WORKER} to fit one."
    return [EndJob("Failed", f"No trial was complete.{why}")]


def _stack_limit_s(plan: Plan, history: History, now: Situation) -> float | None:
    """Return how long the stack may take: what its members' refits leave; nothing once the job was asked to stop."""
    if history.limit == "cancel" or is_cancelled(history):
        return 0.0
    total = total_s(plan, history)
    if total is None:
        return None
    kept = refits_s(plan, history, now, most_s=MOST_RESERVE * total) + now.selection_s + 0.5
    return max(total - now.elapsed_s - kept, 0.0)


def _refit(plan: Plan, history: History, now: Situation) -> list[Instruction]:
    """Fit the chosen members on every row, the heaviest first, as far as the time allows."""
    model = history.model
    assert model is not None
    total = total_s(plan, history)
    if not plan.refits or history.limit == "cancel" or is_cancelled(history) or now.workers_gone:
        return _stop_refits(now) or [PublishFinal()]
    flying = {(f.number, f.fold) for f in now.in_flight.values()}
    chosen = [(history.trials[n], w) for n, w in sorted(members(history).items(), key=lambda m: -m[1])]
    waiting = [(t, REFIT) for t, _ in chosen if t.refit_s is None and t.refit_error is None]
    repeated = [t for t, weight in chosen if t.refit_s is not None and has_replicas(plan, t, weight)]
    repeated.sort(key=lambda t: keeps_folds(plan, t))  # last those that something stands beside already
    waiting += [(t, REFIT - k) for k in range(1, MOST_REPLICAS) for t in repeated if REFIT - k not in t.replicas_ended]
    left = None if total is None else total - now.elapsed_s - end_s(total)
    if left is not None and left <= 0:
        return _stop_refits(now) or [PublishFinal()]
    todo: list[Instruction] = end_overdue(now)
    free = now.n_slots - len(now.in_flight)

    def share_of_left(trial: TrialRecord) -> float:
        expected = trial.refit_s or refit_s(plan, trial, now) + features_s(plan, history, [trial])
        return 0.0 if left is None else expected / left

    # Those that may not end in time come last, or they would take the place of lighter members' that do.
    waiting.sort(key=lambda w: share_of_left(w[0]) > 1)
    held_up = False
    for trial, fold in waiting:
        if (trial.number, fold) in flying:
            continue
        hopeful = HOPEFUL if now.is_iterative(trial.learner) else 1.0
        if fold == REFIT and is_paced(trial.learner):  # one beyond the first, hurried, would make it no better
            hopeful = HOPELESS
        if share_of_left(trial) > hopeful:
            continue  # one that is begun and does not end leaves the folds' models, as if it had not been begun
        if free <= 0:
            held_up = True
            break
        todo.append(SubmitFold(trial.number, fold, left))
        free -= 1
    if todo or now.in_flight:
        return todo
    # While workers are replaced there are none for some seconds.
    if held_up and now.elapsed_s - history.elapsed_s < WORKERS_S:
        return []
    return [PublishFinal()]


def _stop_refits(now: Situation) -> list[Instruction]:
    unasked = tuple(f.key for f in now.in_flight.values() if f.asked_s is None)
    if unasked:
        return [StopTasks(unasked)]
    return []


def end_overdue(now: Situation) -> list[Instruction]:
    """Replace the workers of fits that are long past their limit: they are in code that cannot be interrupted."""
    flying = now.in_flight.values()
    late = [f for f in flying if f.limit_s is not None and _overtime(f, now) > STOP_GRACE_S]
    asked = [f for f in flying if f.asked_s is not None and now.elapsed_s - f.asked_s > STOP_GRACE_S]
    found = (
        (late, "timed_out", "it did not stop at its time limit"),
        ([f for f in asked if f not in late], "cancelled", "it did not stop when asked"),
    )
    return [
        KillTasks(tuple(f.key for f in fits), state, f"{why}; its worker was replaced")
        for fits, state, why in found
        if fits
    ]


def _overtime(fit: InFlight, now: Situation) -> float:
    return now.elapsed_s - fit.started_s - (fit.limit_s or 0.0)
