"""Which model a job would leave now: a single trial, or an ensemble where that scores higher."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from automl_jupyter.jobs.instructions import SelectEnsemble
from automl_jupyter.jobs.selection import STACK_FILE, Selection
from automl_jupyter.jobs.situation import race_decides
from automl_jupyter.search.adjust import Adjustment
from automl_jupyter.store import events as ev
from automl_jupyter.store.history import History
from automl_jupyter.trials.plan import Plan


def beats(history: History, metrics: Mapping[str, float | None], others: Mapping[str, float | None]) -> bool:
    """Return whether metrics are better than others by the job's primary one; without a score nothing is better."""
    score, other = history.score(metrics), history.score(others)
    return score is not None and (other is None or score > other)


def finite(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return metrics as JSON knows them: floats, and None for what is not a finite number.

    Examples
    --------
    >>> finite({"a": 1, "b": float("nan"), "c": None})
    {'a': 1.0, 'b': None, 'c': None}
    """
    return {k: float(v) if v is not None and math.isfinite(v) else None for k, v in metrics.items()}


def best_single(history: History, asked: SelectEnsemble) -> Selection:
    """Return the best trial by what the leaderboard shows, on the folds that are compared.

    Where none has a score, as where a class has no row in any fold, the first that learns from the columns.
    """
    found = []
    for number in asked.numbers:
        trial = history.trials[number]
        by_fold = tuple(f.metrics for n, f in sorted(trial.folds.items()) if n < asked.n_folds)
        found.append(Selection(((number, 1.0),), trial.metrics(asked.n_folds), by_fold, 0.0))

    def rank(selection: Selection) -> tuple[float, bool]:
        score = history.score(selection.metrics)
        if score is None:
            return -math.inf, history.trials[selection.members[0][0]].origin != "baseline"
        return score, True

    return max(found, key=rank)


def better(history: History, before: Selection | None, selection: Selection) -> Selection:
    """Return the best weights so far: new ones, chosen on all rows at once, may score lower fold by fold."""
    if before is None or not beats(history, before.metrics, selection.metrics):
        return selection
    return replace(
        selection,
        members=before.members,
        metrics=before.metrics,
        fold_metrics=before.fold_metrics,
        adjustment=before.adjustment,
    )


def is_usable(plan: Plan, history: History, *, complete: bool) -> bool:
    """Return whether weights chosen on all folds, or on the race's, are what the best model is made of now."""
    if "VotingEnsemble" not in history.ensembles:
        return True
    return complete != (plan.race and race_decides(history))


def choose(plan: Plan, history: History, selection: Selection, asked: SelectEnsemble) -> ev.ModelSelected:
    """Return the event that names the best usable model.

    Parameters
    ----------
    plan : Plan
        Which ensembles may be built.
    history : History
        The trials and the primary metric.
    selection : Selection
        The ensembles there are.
    asked : SelectEnsemble
        Of which trials, on how many folds.
    """
    single = best_single(history, asked)
    use, label, stack = single, history.trials[single.members[0][0]].label, None
    may_blend = plan.vote_ensemble and plan.inference != "fast" and len(selection.members) > 1
    if may_blend and not beats(history, single.metrics, selection.metrics):
        use, label = selection, "VotingEnsemble"
    metrics, by_fold = use.metrics, use.fold_metrics
    if selection.stack is not None and beats(history, selection.stack.metrics, metrics):
        label, stack, metrics = "StackEnsemble", STACK_FILE, selection.stack.metrics
        by_fold = selection.stack.fold_metrics
        use = replace(selection, members=tuple((n, 1.0) for n in selection.stack.members), adjustment=Adjustment())
    if use is single and asked.final:  # it may have more folds than all were compared on
        trial = history.trials[single.members[0][0]]
        metrics, by_fold = trial.metrics(), tuple(f.metrics for _, f in sorted(trial.folds.items()))
    parts = [
        {
            "trial": number,
            "weight": weight,
            "label": history.trials[number].label,
            "recipe": history.trials[number].recipe,
            "folds": sorted(history.trials[number].folds) if asked.final else list(range(asked.n_folds)),
        }
        for number, weight in use.members
    ]
    return ev.ModelSelected(
        label=label,
        trial=use.members[0][0] if len(parts) == 1 else None,
        parts=parts,
        metrics=finite(metrics),
        stage="chosen" if asked.final else "anytime",
        stack=stack,
        temperature=use.adjustment.temperature,
        threshold=use.adjustment.threshold,
        fold_metrics=[finite(m) for m in by_fold],
    )
