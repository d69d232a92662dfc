"""How long the final model will take: what a job keeps back for refits, their replicas and the end. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set

from automl_jupyter.jobs.situation import Situation, members
from automl_jupyter.learners import learners
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import FoldRecord, TrialRecord
from automl_jupyter.trials.plan import Plan
from automl_jupyter.trials.records import SERIES

#: most of the time that is kept back for the refits; the heaviest members come first, the others stay as they are
MOST_RESERVE = 0.35
#: share of the time that is kept back for a stack over the members
STACK_SHARE = 0.02
#: members of an ensemble are refitted with this much more than the predicted time at hand
REFIT_SAFETY = 1.2
#: a refit sees more rows than a fold's fit did and may boost a little longer
REFIT_GROWTH = 1.1
#: seconds, and share of the time up to a few, for what comes after the refits: writing the model, and loading it
END_S, END_SHARE, MOST_END_S = 0.2, 0.02, 3.0
#: refits of a member with different seeds; one is enough of a member that weighs less
MOST_REPLICAS, REPEATED_WEIGHT = 3, 0.15
#: share of the time that refits beyond the first may be planned for; what is left at the end goes to them anyway
REPLICA_SHARE = 0.1


def search_deadline_s(plan: Plan, history: History, now: Situation) -> float | None:
    """Return when the search must end so that the final model fits into the time, in seconds of the job."""
    total = total_s(plan, history)
    if total is None:
        return None
    known = now.known.get("deadline")
    if known is None or known[0] is not plan or known[1] is not history:  # each pending fit asks for it
        known = now.known["deadline"] = (plan, history, total - reserve_s(plan, history, now, total))
    deadline: float = known[2]
    return deadline


def total_s(plan: Plan, history: History) -> float | None:
    """Return the job's time limit with what was added to it, in seconds."""
    return None if plan.limits.timeout_s is None else plan.limits.timeout_s + history.extended_s


def reserve_s(plan: Plan, history: History, now: Situation, total: float) -> float:
    """Return the seconds kept back for the last selection and the refits of the ensemble's members."""
    fixed = end_s(total) + min(0.05 * total, 0.3) + 2 * now.selection_s
    fixed += STACK_SHARE * total if plan.stack_ensemble else 0.0
    if plan.refits and not members(history):
        return 0.1 * total
    most = MOST_RESERVE * total
    return min(fixed + refits_s(plan, history, now, most_s=most - fixed), most)


def end_s(total: float) -> float:
    """Return the seconds kept back for what comes after the refits."""
    return END_S + min(END_SHARE * total, MOST_END_S)


def refits_s(plan: Plan, history: History, now: Situation, *, most_s: float = math.inf) -> float:
    """Return the seconds the refits of the ensemble's members should take together.

    What would take more than `most_s` with those of heavier members is left out: its refit will not be begun, and time
    kept back for it would be lost.
    """
    if not plan.refits:
        return 0.0
    weights = {n: w for n, w in members(history).items() if n in history.trials}
    trials = {n: history.trials[n] for n in weights}
    alone_s = {n: refit_s(plan, trial, now) for n, trial in trials.items()}
    made_s = _made_s(plan, history, {trial.recipe for trial in trials.values()})

    def fits_s(numbers: Sequence[int]) -> float:
        seconds = sorted((alone_s[n] for n in numbers), reverse=True)
        return REFIT_SAFETY * _makespan(seconds, max(now.n_slots, 1))

    chosen: list[int] = []
    once = 0.0
    for number in sorted(weights, key=lambda n: -weights[n]):
        more = [*chosen, number]
        seconds = fits_s(more) + REFIT_SAFETY * sum(made_s[recipe] for recipe in {trials[n].recipe for n in more})
        if seconds <= most_s:
            chosen, once = more, seconds
    total = total_s(plan, history)
    if total is None:
        return once
    # The models of the folds stand in for replicas that are dear.
    repeated = [n for n in chosen if has_replicas(plan, trials[n], weights[n]) and not keeps_folds(plan, trials[n])]
    # A replica finds the features there, and costs nothing on a worker that would wait for another's longer refit.
    alone = fits_s(chosen)
    again = [fits_s(chosen + repeated * n) - alone for n in range(MOST_REPLICAS)]
    return once + max((s for s in again if s <= min(REPLICA_SHARE * total, most_s - once)), default=0.0)


def refit_s(plan: Plan, trial: TrialRecord, now: Situation) -> float:
    """Return how long a fit on every training row should take, in seconds."""
    folds = trial.folds.values()
    whole_s = now.predict_s(trial.learner, trial.params, plan.n_training)
    if not folds:
        return whole_s or 0.0
    fit = sum(f.fit_s * _share_to_refit(f) for f in folds) / len(folds)
    if is_of_single_series(trial):  # it does its work when it forecasts, which its refit does, too
        fit += sum(f.predict_s for f in folds) / len(folds)
    n_train = max(min(f.n_train for f in folds), 1)
    fold_s = now.predict_s(trial.learner, trial.params, n_train)
    return fit * (whole_s / fold_s if whole_s and fold_s else plan.n_training / n_train)


def features_s(plan: Plan, history: History, trials: Sequence[TrialRecord]) -> float:
    """Return how long a worker takes to make the features of every training row for some trials, each recipe once."""
    return sum(_made_s(plan, history, {t.recipe for t in trials}).values())


def _made_s(plan: Plan, history: History, recipes: Set[str]) -> dict[str, float]:
    """Return for each recipe how long a worker takes to make its features of every training row."""
    longest = dict.fromkeys(recipes, 0.0)
    for trial in history.trials.values():
        if trial.recipe in recipes:
            longest[trial.recipe] = max(longest[trial.recipe], plan.n_training * trial.features_s_of_row)
    return longest


def _share_to_refit(fold: FoldRecord) -> float:
    """Return the share of a fold's rounds that a refit trains: those after the best one are left out.

    More than 1 where the fold was hurried through its schedule, since a refit is not.
    """
    share = fold.iterations / fold.rounds if fold.iterations and fold.rounds else 1.0
    return min(REFIT_GROWTH * share, max(share, 1.0))


def has_replicas(plan: Plan, trial: TrialRecord, weight: float) -> bool:
    """Return whether refits with other seeds are to stand beside a member's: they differ, and it weighs enough."""
    if plan.inference == "fast" or is_of_single_series(trial) or weight < REPEATED_WEIGHT:
        return False
    return trial.learner not in learners or learners.get(trial.learner).seed_matters


def keeps_folds(plan: Plan, trial: TrialRecord) -> bool:
    """Return whether the models of a trial's folds stay beside its refits, of which there are too few to be steady."""
    if plan.inference == "fast" or trial.recipe == SERIES:  # a fold's forecaster does not know the latest past
        return False
    unsteady = trial.learner in learners and learners.get(trial.learner).unsteady
    return unsteady and 1 + len(trial.replicas) < MOST_REPLICAS


def is_of_single_series(trial: TrialRecord) -> bool:
    """Return whether a trial's learner looks at one series at a time, and only when it forecasts."""
    return trial.learner in learners and learners.get(trial.learner).recipe == SERIES


def _makespan(seconds: list[float], n_slots: int) -> float:
    """Return how long jobs take on `n_slots` workers, the longest first."""
    ends = [0.0] * n_slots
    for s in seconds:
        ends[ends.index(min(ends))] += s
    return max(ends)
