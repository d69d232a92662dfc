"""A job in one line of a list: what is known without its whole log.

A workspace of a thousand jobs has logs of hundreds of megabytes. Whoever runs a job leaves its summary beside the log
when it ends, with the log's size then: as long as that fits, the log need not be read.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from automl_jupyter._core.files import read_json, write_text
from automl_jupyter._core.text import number, plain
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.history import History

#: the status of a folder whose log says nothing
DAMAGED = "Damaged"


class JobSummary(BaseModel):
    """What a list says of a job.

    Parameters
    ----------
    name, experiment, display_name, task, status : str
        Which job it is, and how far it has come; ``Damaged`` where its log cannot be read.
    metric : str
        Its primary metric.
    best : str, optional
        The label of its best model so far.
    value : float, optional
        That model's score.
    text : str, optional
        The score as it is shown.
    folds : str, optional
        Such as ``1 of 5 folds``, where the score is not one of all folds.
    n_complete, n_trials : int
        How many trials are complete, and how many there are.
    elapsed_s : float
        Seconds it has run.
    created_at, ended_at : str, optional
        Instants.
    reason : str
        Why it ended as it did.

    Examples
    --------
    >>> summarise(History(name="bank", status="Running", task="classification")).status
    'Running'
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: str
    experiment: str
    display_name: str
    task: str = ""
    status: str = ""
    metric: str = ""
    best: str | None = None
    value: float | None = None
    text: str | None = None
    folds: str | None = None
    n_complete: int = 0
    n_trials: int = 0
    elapsed_s: float = 0.0
    created_at: str | None = None
    ended_at: str | None = None
    reason: str = ""


class _Kept(BaseModel):
    """A summary as it lies beside a log."""

    version: Literal[1]
    log_bytes: int
    summary: JobSummary


def summarise(history: History) -> JobSummary:
    """Return the summary of a job's history."""
    best = history.best
    value = None if best is None else best.value
    return JobSummary(
        name=history.name,
        experiment=plain(history.experiment_name),
        display_name=plain(history.display_name or history.name),
        task=history.task,
        status=history.status,
        metric=history.metric,
        best=None if best is None else plain(best.label),
        value=value,
        text=None if value is None else number(value),
        folds=None if best is None else best.folds,
        n_complete=sum(t.state == "complete" for t in history.trials.values()),
        n_trials=len(history.trials),
        elapsed_s=round(history.elapsed_s, 1),
        created_at=history.created_at or None,
        ended_at=history.ended_at,
        reason=plain(history.reason),
    )


def write_summary(folder: JobFolder, history: History) -> None:
    """Leave the summary of a job that is over beside its log; a disk that is full costs no more than that."""
    with contextlib.suppress(OSError):
        kept = _Kept(version=1, log_bytes=folder.events_file.stat().st_size, summary=summarise(history))
        write_text(_file(folder), kept.model_dump_json(indent=1) + "\n")


def read_summary(folder: JobFolder, log_bytes: int) -> JobSummary | None:
    """Return what was left beside a log of that size; None where nothing fitting was."""
    try:
        kept = _Kept.model_validate(read_json(_file(folder)))
    except (OSError, ValueError, ValidationError, RecursionError):
        return None
    same = (kept.summary.name, kept.summary.experiment) == (folder.path.name, folder.path.parent.name)
    return kept.summary if same and kept.log_bytes == log_bytes else None


def damaged(folder: JobFolder, why: str) -> JobSummary:
    """Return the summary of a folder whose log says nothing."""
    name, experiment = folder.path.name, folder.path.parent.name
    return JobSummary(name=name, experiment=experiment, display_name=name, status=DAMAGED, reason=plain(why))


def _file(folder: JobFolder) -> Path:
    return folder.path / "summary.json"
