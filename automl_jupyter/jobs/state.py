"""The deciding half of a job: `decide(plan, history, situation) -> instructions`, pure.

No clock, thread, file or cluster in here: time arrives inside the events and the situation, predictions of cost
arrive with the plan's cost model. All that is known about a job is the fold of its events, so resuming a job is
replaying them and deciding on.

Two ways to spend a job. **In order**: every trial gets every fold, by number; so without a time limit, where the
leaderboard must not depend on how many workers there are. **A race**, under a time limit: configurations meet on the
first folds; the members of the best ensemble so far get their other folds; then the search goes on around them.
"""

from __future__ import annotations

from automl_jupyter._core.text import byte_size
from automl_jupyter.jobs.closing import NO_WORKER, SKIPPED, WORKERS_S, close, end_overdue
from automl_jupyter.jobs.instructions import (
    EndTrial,
    Instruction,
    QueueTrial,
    ReachLimit,
    SelectEnsemble,
    StopTasks,
    SubmitFold,
)
from automl_jupyter.jobs.reserve import search_deadline_s, total_s
from automl_jupyter.jobs.situation import (
    HOPELESS,
    Situation,
    carried,
    is_paced,
    is_worth_beginning,
    race_weights,
)
from automl_jupyter.jobs.standing import (
    best_complete_score,
    compared_folds,
    has_stalled,
    is_cancelled,
    nothing_will_come,
    race_score,
    usable,
    with_folds,
)
from automl_jupyter.search.opening import Candidate, carry_on
from automl_jupyter.search.stopping import WINDOW, reached
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import TrialRecord
from automl_jupyter.trials.plan import Plan

#: share of the time in which the opening list meets on the race's folds before anything gets another one
RACE_SHARE = 0.45
#: most of the job's time that one fit of the race may take, or all folds of a configuration of the opening list
RACE_FIT_SHARE = 0.2
#: the same in seconds, where a share of little time would leave the best out
LEAST_RACE_FIT_S = 5.0
#: trials that get all their folds after the race, the ensemble's members and the best of the others
MOST_COMPLETED = 8
#: proposals left out one after the other until none is made, for a share of the job's time
MOST_IN_VAIN, VAIN_SHARE = 5, 0.1
#: why a trial that nothing is known of yet is left out late in a job
NO_TIME = "it would not finish in the time left"
#: how the reason begins where no worker has the memory for a trial
NO_MEMORY = "it would need about"
#: how far behind the newest results the sampler looks without a time limit, so that the number of workers does not
#: change what it proposes
SAMPLER_LAG = 8
#: how often a fold may be begun without an end before its trial is given up
MOST_ATTEMPTS = 3
#: seconds a fit gets, whatever the clock says, while there is no model at all
FIRST_MODEL_S = 20.0
#: fits shorter than this, in seconds, are handed out ahead of time
SHORT_FIT_S = 0.5
#: seconds below which no fit is begun before the search must end
LEAST_FIT_S = 0.5
#: times as long as the last selection took that no weights are chosen again, at most a share of the job's time
SELECTION_REST, MOST_REST = 9.0, 0.05
#: share of a worker's memory that a fit may be estimated to take
MEMORY_SHARE = 0.8


def decide(plan: Plan, history: History, now: Situation) -> list[Instruction]:
    """Return what to do next.

    Parameters
    ----------
    plan : Plan
        What was decided at the start.
    history : History
        The fold of the events so far.
    now : Situation
        The moment.

    Returns
    -------
    list of Instruction
        Empty when there is nothing to do but wait.
    """
    if history.is_over or history.status in ("NotStarted", "Preparing", "Queued"):
        return []
    if history.status == "Running":
        return _search(plan, history, now)
    return close(plan, history, now)


def _search(plan: Plan, history: History, now: Situation) -> list[Instruction]:
    over = _search_is_over(plan, history, now)
    if over is not None:
        return [over]
    todo: list[Instruction] = _skip_and_block(history, now)
    if todo:
        return todo  # first, so that what is skipped in its last fit is not complete with what it has of that
    todo += end_overdue(now)
    todo += _end_complete(plan, history)
    if todo:
        return todo  # first, so that no fold of a trial that ends here is begun
    todo += _select_if_due(plan, history, now)
    if not history.is_paused:
        todo += _fill_slots(plan, history, now)
        idle = not todo and not now.in_flight and not now.selecting
        if idle and has_stalled(plan, history):
            return [_stop_early()]
        if idle and _all_blocked(plan, history):
            return [ReachLimit("exhausted", "every learner was blocked on request")]
        if idle and plan.limits.timeout_s is not None and now.n_slots:
            return [_nothing_more(history)]
    return todo


def _nothing_more(history: History) -> ReachLimit:
    last = list(history.trials.values())[-1:]
    if last and last[0].reason.startswith(NO_MEMORY):
        return ReachLimit("exhausted", "no worker has the memory for what is left to try")
    return ReachLimit("timeout_minutes", "nothing more would finish in the time left")


def _end_complete(plan: Plan, history: History) -> list[Instruction]:
    """End the trials that have all their folds.

    Without a time limit one by one and in their order: whether the search has done enough is asked after each, and must
    be answered alike however many workers there are.
    """
    open_trials = sorted((t for t in history.trials.values() if t.is_open), key=lambda t: t.number)
    if plan.limits.timeout_s is None:
        open_trials = open_trials[:1]
    return [EndTrial(t.number, "complete") for t in open_trials if t.is_complete]


def _all_blocked(plan: Plan, history: History) -> bool:
    return set(plan.learners) <= history.blocked


def _search_is_over(plan: Plan, history: History, now: Situation) -> ReachLimit | None:
    limits = plan.limits
    if is_cancelled(history):
        return ReachLimit("cancel", "stopped on request")
    if now.workers_gone:
        return ReachLimit("workers", "the Dask client was closed, or its scheduler lost")
    deadline = search_deadline_s(plan, history, now)
    if deadline is not None and now.elapsed_s >= deadline:
        if usable(history) or nothing_will_come(history):
            return ReachLimit("timeout_minutes", "the time left is needed for the final model")
        if not now.n_slots and not now.in_flight and now.elapsed_s >= deadline + WORKERS_S:
            return ReachLimit("timeout_minutes", NO_WORKER)
    if limits.exit_score is not None:
        best = best_complete_score(history)
        if best is not None and reached(best, limits.exit_score, history.greater_is_better):
            return ReachLimit("exit_score", f"the best score reached {limits.exit_score:g}")
    if not plan.race and has_stalled(plan, history):
        return _stop_early()
    counted = [t for t in history.trials.values() if t.origin != "baseline"]
    if limits.max_trials is not None and len(counted) >= limits.max_trials and not _pending(plan, history, now):
        busy = any(t.number in history.trials for t in now.in_flight.values())
        in_order = limits.timeout_s is None  # those that are complete end one by one, and the search perhaps with one
        if not busy and not any(t.is_open and (in_order or not t.is_complete) for t in counted if not plan.race):
            return ReachLimit("max_trials", f"{limits.max_trials} trials have ended")
    return None


def _stop_early() -> ReachLimit:
    why = f"the last {WINDOW} trials or more changed neither the best score nor the ensemble"
    return ReachLimit("enable_early_termination", why)


def _fill_slots(plan: Plan, history: History, now: Situation) -> list[Instruction]:
    """Give every worker a fit; behind short ones put short ones in line, so that no worker waits for the next."""
    begun = [f.number for f in now.in_flight.values()]
    todo: list[Instruction] = []
    taken: set[tuple[int, int]] = set()
    # Workers that the limits leave idle would begin at once what is to wait.
    lines = plan.limits.cores_per_trial == 1 and plan.limits.max_concurrent_trials != now.n_slots
    while True:
        is_free = len(begun) < now.n_slots
        may_line_up = lines and len(begun) < 2 * now.n_slots and all(_is_short(plan, history, now, n) for n in begun)
        if not is_free and not may_line_up:
            break
        step = _next(plan, history, now, taken)
        if step is None:
            break
        if not isinstance(step, SubmitFold):
            todo.append(step)
            break  # what comes next depends on it
        if not is_free and not _is_short(plan, history, now, step.number):
            break
        todo.append(step)
        taken.add((step.number, step.fold))
        begun.append(step.number)
    return todo


def _is_short(plan: Plan, history: History, now: Situation, number: int) -> bool:
    trial = history.trials[number]
    if trial.folds:
        return max(f.fit_s for f in trial.folds.values()) < SHORT_FIT_S
    predicted = now.predict_s(trial.learner, trial.params, plan.fold_rows)
    return predicted is not None and predicted < SHORT_FIT_S


def _next(
    plan: Plan, history: History, now: Situation, taken: set[tuple[int, int]]
) -> SubmitFold | QueueTrial | EndTrial | None:
    pending = [p for p in _pending(plan, history, now) if p not in taken]
    for number, fold in pending:
        trial = history.trials[number]
        if trial.lost.get(fold, -1) + 1 >= MOST_ATTEMPTS:
            return EndTrial(number, "failed", f"fold {fold + 1} was begun {MOST_ATTEMPTS} times and never ended")
        needed = now.needed_bytes(trial.learner, trial.params, plan.n_training)
        if now.worker_bytes is not None and needed > MEMORY_SHARE * now.worker_bytes and trial.origin != "baseline":
            there = f"{NO_MEMORY} {byte_size(needed)} of memory, and a worker has {byte_size(now.worker_bytes)}"
            return EndTrial(number, "pruned", there)
        limit = _fit_limit_s(plan, history, now, trial)
        if limit <= 0:
            if trial.fit_s >= plan.limits.trial_timeout_s:
                return EndTrial(number, "timed_out", "trial_timeout_minutes is used up")
            continue
        if _would_not_finish(plan, history, now, trial, fold, limit):
            hopeful = now.is_iterative(trial.learner) and not usable(history)
            if trial.origin == "search" and not trial.folds and not hopeful:
                return EndTrial(number, "pruned", NO_TIME)
            continue  # what is of the opening list waits: more will be known of its learner's time
        return SubmitFold(number, fold, limit)
    return _queue_next(plan, history, now)


def _pending(plan: Plan, history: History, now: Situation) -> list[tuple[int, int]]:
    """Return the folds that are waiting, in the order they should run."""
    flying = {(f.number, f.fold) for f in now.in_flight.values()}
    open_trials = sorted((t for t in history.trials.values() if t.is_open), key=lambda t: t.number)

    def rest(trial: TrialRecord, folds: range) -> list[tuple[int, int]]:
        return [(trial.number, f) for f in folds if f not in trial.folds and (trial.number, f) not in flying]

    if not plan.race:
        return [p for t in open_trials for p in rest(t, range(t.n_folds))]
    first = [p for t in open_trials for p in rest(t, range(plan.race_folds))]
    weights = race_weights(history)
    chosen = sorted((t for t in open_trials if weights.get(t.number, 0) > 0), key=lambda t: -weights[t.number])
    others = [p for t in chosen for p in rest(t, range(plan.race_folds, t.n_folds))]
    total = total_s(plan, history) or 0.0
    racing = now.elapsed_s < RACE_SHARE * total
    may_queue = _may_queue(plan, history)
    if racing and may_queue and _next_opening(plan, history, now) is not None:
        return first  # the opening list goes on; nothing gets a second fold yet
    rested = sorted((t for t in open_trials if t not in chosen), key=lambda t: -race_score(plan, history, t))
    if may_queue:  # else nothing new will come, and what is left of the time completes the leaderboard
        n_complete = sum(t.is_complete for t in history.trials.values())
        rested = [t for t in rested if t.n_first >= plan.race_folds and t.origin != "baseline"]
        rested = rested[: max(MOST_COMPLETED - len(chosen) - n_complete, 0)]
    others += [p for t in rested for p in rest(t, range(plan.race_folds, t.n_folds))]
    return first + others if racing else others + first


def _queue_next(plan: Plan, history: History, now: Situation) -> QueueTrial | None:
    if not _may_queue(plan, history):
        return None
    deadline = search_deadline_s(plan, history, now)
    if deadline is not None and deadline - now.elapsed_s < LEAST_FIT_S and usable(history):
        return None
    number = len(history.trials)
    c = _next_opening(plan, history, now)
    if c is not None:
        return QueueTrial(number, c.learner, c.params, c.label, c.origin)
    if _all_blocked(plan, history):
        return None
    if plan.limits.timeout_s is None:
        seen = [t for t in history.trials.values() if t.number < number - SAMPLER_LAG]
        if any(t.is_open for t in seen):
            return None
    elif _in_vain(plan, history, now):
        return None
    if deadline is None:
        return QueueTrial(number)
    most_bytes = None if now.worker_bytes is None else MEMORY_SHARE * now.worker_bytes
    return QueueTrial(number, fit_s=_fit_limit_s(plan, history, now), most_bytes=most_bytes)


def _in_vain(plan: Plan, history: History, now: Situation) -> bool:
    """Return whether the latest proposals were all left out for want of time or memory, and so would be the next.

    After a while it may be looked at again: somebody may have given the job more time.
    """
    latest = list(history.trials.values())[-MOST_IN_VAIN:]
    if len(latest) < MOST_IN_VAIN:
        return False
    if any(t.origin != "search" or not t.reason.startswith((NO_TIME, NO_MEMORY)) for t in latest):
        return False
    return now.elapsed_s - max(t.ended_s or 0.0 for t in latest) < VAIN_SHARE * (total_s(plan, history) or 0.0)


def _next_opening(plan: Plan, history: History, now: Situation) -> Candidate | None:
    """Return what the opening list has next.

    Under a time limit what would take too much of it is passed over, and what turned out to pay is carried on: without
    one the list must not depend on what had ended when it was looked at.
    """
    tried = [(t.learner, t.params) for t in history.trials.values()]
    total = total_s(plan, history)
    known = {} if total is None else carried(history)
    blocked = history.blocked
    untried = (c for c in (Candidate(**c) for c in plan.opening) if (c.learner, c.params) not in tried)
    untried = (c for c in untried if c.learner not in blocked)
    waiting = (c for c in (carry_on(c, known) for c in untried) if (c.learner, c.params) not in tried)
    if total is None:
        return next(waiting, None)
    fits = 1.0 if plan.race else max(plan.n_folds / max(now.n_slots, 1), 1.0)
    left = max((search_deadline_s(plan, history, now) or total) - now.elapsed_s, 0.0)

    def is_affordable(c: Candidate) -> bool:
        predicted = now.predict_s(c.learner, c.params, plan.fold_rows)
        if predicted is None or not usable(history):
            return True
        most = _race_fit_s(total) * (HOPELESS if is_paced(c.learner) else 1.0)
        return fits * predicted <= min(most, HOPELESS * left)

    return next((c for c in waiting if is_affordable(c)), None)


def _race_fit_s(total: float) -> float:
    """Return the most seconds that a configuration's first fit may take, or all folds of one of the opening list."""
    return max(RACE_FIT_SHARE * total, LEAST_RACE_FIT_S)


def _may_queue(plan: Plan, history: History) -> bool:
    counted = sum(t.origin != "baseline" for t in history.trials.values())
    if plan.limits.max_trials is not None and counted >= plan.limits.max_trials:
        return False
    return not has_stalled(plan, history)


def _fit_limit_s(plan: Plan, history: History, now: Situation, trial: TrialRecord | None = None) -> float:
    """Return the most seconds that the next fit of a trial may take, or the first of one that is not there yet."""
    limit = plan.limits.trial_timeout_s - (trial.fit_s if trial else 0.0)
    deadline = search_deadline_s(plan, history, now)
    if deadline is None:
        return limit
    left = deadline - now.elapsed_s
    if not usable(history):
        left = max(left, FIRST_MODEL_S)  # a late model is worth more than none in time
    # The folds of a learner that keeps to its time get equal times, or its later ones would be better.
    if trial is None or not trial.folds or is_paced(trial.learner):
        return min(limit, left, _race_fit_s(total_s(plan, history) or 0.0))
    return min(limit, left)


def _would_not_finish(
    plan: Plan, history: History, now: Situation, trial: TrialRecord, fold: int, limit: float
) -> bool:
    if plan.limits.timeout_s is None:
        return False
    if trial.folds:
        made = any(fold in t.folds for t in history.trials.values() if t.recipe == trial.recipe)
        features = 0.0 if made else max(f.features_s for f in trial.folds.values())
        return features + max(f.fit_s + f.predict_s for f in trial.folds.values()) > limit
    predicted = now.predict_s(trial.learner, trial.params, plan.fold_rows) or 0.0
    iterative = now.is_iterative(trial.learner)
    if iterative and (limit < LEAST_FIT_S or not usable(history)):
        return limit < LEAST_FIT_S
    return not is_worth_beginning(predicted, limit, iterative=iterative)


def _select_if_due(plan: Plan, history: History, now: Situation) -> list[Instruction]:
    """Choose weights again when there is something new: the race is steered by them."""
    if now.selecting or plan.limits.timeout_s is None:
        return []
    candidates = {n: with_folds(history, n) for n in (compared_folds(plan, history), plan.n_folds) if n}
    due = [n for n, numbers in candidates.items() if numbers and len(numbers) != now.selected.get(n)]
    if not due:
        return []
    chosen_before = list(now.selected)
    n_folds = min(due, key=lambda n: chosen_before.index(n) if n in now.selected else -1)
    rest_s = min(SELECTION_REST * now.selection_s, MOST_REST * (total_s(plan, history) or 0.0))
    if n_folds in now.selected and now.elapsed_s - now.selected_s < rest_s:
        return []  # a core is busy while weights are chosen, and the fits need it
    return [SelectEnsemble(candidates[n_folds], n_folds)]


def _skip_and_block(history: History, now: Situation) -> list[Instruction]:
    """Stop the fits of skipped trials, and end these; end those trials of blocked learners that have not begun."""
    skipped, blocked = history.skipped, history.blocked
    todo: list[Instruction] = []
    for trial in history.trials.values():
        if not trial.is_open:
            continue
        flying = [f for f in now.in_flight.values() if f.number == trial.number]
        if trial.number in skipped:
            keys = tuple(f.key for f in flying if f.asked_s is None)
            if keys:
                todo.append(StopTasks(keys))
            if not flying:
                todo.append(EndTrial(trial.number, "cancelled", SKIPPED))
        elif trial.learner in blocked and not trial.folds and not flying:
            todo.append(EndTrial(trial.number, "cancelled", f"{trial.learner} was blocked on request"))
    return todo
