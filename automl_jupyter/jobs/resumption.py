"""What a job that goes on makes up for: what Stop had cut short. Pure."""

from __future__ import annotations

from automl_jupyter.store import events as ev
from automl_jupyter.store.history import CUT_SHORT, History, TrialRecord


def reopened(history: History) -> list[ev.TrialReopened]:
    """Return the trials that go on, and those with refits to fit again, so that the job ends as if never stopped."""
    found: list[ev.TrialReopened] = []
    for trial in history.trials.values():
        kept = [n for n, fold in sorted(trial.folds.items()) if not fold.cut_short]
        if trial.number not in history.skipped and _goes_on(trial, len(kept)):
            found.append(ev.TrialReopened(number=trial.number, folds=kept))
        elif (trial.refit_error or {}).get("type") in CUT_SHORT or trial.replicas_cut_short:
            found.append(ev.TrialReopened(number=trial.number))
    return found


def _goes_on(trial: TrialRecord, n_kept: int) -> bool:
    """Return whether Stop ended a trial that has not got all its folds, or left one open with a fold that it cut."""
    return n_kept < trial.n_folds if trial.stopped else trial.is_open and n_kept < len(trial.folds)
