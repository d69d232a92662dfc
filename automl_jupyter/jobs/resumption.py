"""What a job that goes on makes up for: what Stop had cut short. Pure."""

from __future__ import annotations

from automl_jupyter.store import events as ev
from automl_jupyter.store.history import History
from automl_jupyter.store.trial import CUT_SHORT, TrialRecord


def reopened(history: History) -> list[ev.TrialReopened]:
    """Return the trials that go on, and those with refits to fit again, so that the job ends as if never stopped."""
    found: list[ev.TrialReopened] = []
    behind = False
    for trial in sorted(history.trials.values(), key=lambda t: t.number):
        kept = [n for n, fold in sorted(trial.folds.items()) if not fold.cut_short]
        # What is complete ends once more behind one that goes on: the search may be over with that.
        goes_on = _goes_on(trial, len(kept)) or (trial.stopped and behind)
        behind = behind or goes_on or trial.is_open
        if goes_on and trial.number not in history.skipped:
            found.append(ev.TrialReopened(number=trial.number, folds=kept))
        elif (trial.refit_error or {}).get("type") in CUT_SHORT or trial.replicas_cut_short:
            found.append(ev.TrialReopened(number=trial.number))
    return found


def _goes_on(trial: TrialRecord, n_kept: int) -> bool:
    """Return whether Stop ended a trial that has not got all its folds, or left one open with a fold that it cut."""
    return n_kept < trial.n_folds if trial.stopped else trial.is_open and n_kept < len(trial.folds)
