"""What came of fits and selections, as events. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from automl_jupyter.jobs.choice import finite
from automl_jupyter.jobs.closing import SKIPPED
from automl_jupyter.jobs.selection import STACK_FILE, Selection, Stack
from automl_jupyter.jobs.situation import RACE_ENSEMBLE
from automl_jupyter.store import events as ev
from automl_jupyter.trials.records import FoldOutcome


def fold_ended(outcome: FoldOutcome, metrics: Mapping[str, float | None]) -> ev.FoldEnded:
    """Return the event of a fold that is complete."""
    return ev.FoldEnded(
        number=outcome.number,
        fold=outcome.fold,
        metrics=dict(metrics),
        fit_s=round(outcome.fit_s, 4),
        predict_s=round(outcome.predict_s, 4),
        n_train=outcome.n_train,
        n_valid=outcome.n_valid,
        size_bytes=outcome.size_bytes,
        iterations=outcome.iterations,
        rounds=outcome.rounds,
        features_s=round(outcome.features_s, 4),
        stopped_early=outcome.stopped_early,
        peak_bytes=outcome.peak_bytes,
    )


def refit_ended(outcome: FoldOutcome) -> ev.RefitEnded:
    """Return the event of a refit that ended. One that the time cut short is not used."""
    error = dict(outcome.error) if outcome.error else None
    if outcome.state == "complete" and outcome.stopped_early:
        error = {"type": "TimeLimit", "message": "the time ran out; the models of the folds are used", "tail": ""}
    return ev.RefitEnded(
        number=outcome.number,
        fold=outcome.fold,
        fit_s=round(outcome.fit_s, 4),
        size_bytes=outcome.size_bytes,
        error=error,
    )


def trial_ended(outcome: FoldOutcome, *, is_skipped: bool) -> ev.TrialEnded:
    """Return the event of a trial that a fold without predictions ended."""
    if is_skipped:
        return ev.TrialEnded(number=outcome.number, state="cancelled", reason=SKIPPED)
    error = dict(outcome.error) if outcome.error else None
    return ev.TrialEnded(
        number=outcome.number,
        state=outcome.state,
        reason=(error or {}).get("message", ""),
        error=error if outcome.state == "failed" else None,
    )


def weights_chosen(selection: Selection, *, is_complete: bool, is_ranked: bool) -> ev.EnsembleSelected:
    """Return the event of weights that were chosen on all folds, or on the race's."""
    return ev.EnsembleSelected(
        ensemble="VotingEnsemble" if is_complete else RACE_ENSEMBLE,
        members=[[number, weight] for number, weight in selection.members],
        metrics=finite(selection.metrics),
        fold_metrics=[finite(metrics) for metrics in selection.fold_metrics],
        complete=is_ranked and len(selection.members) > 1,
        seconds=round(selection.seconds, 3),
        temperature=selection.adjustment.temperature,
        threshold=selection.adjustment.threshold,
    )


def stack_fitted(stack: Stack) -> ev.EnsembleSelected:
    """Return the event of a second level that was fitted."""
    return ev.EnsembleSelected(
        ensemble="StackEnsemble",
        members=[[number, 1.0] for number in stack.members],
        metrics=finite(stack.metrics),
        fold_metrics=[finite(metrics) for metrics in stack.fold_metrics],
        complete=True,
        stack=STACK_FILE,
    )
