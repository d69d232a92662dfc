"""The records that travel between the controller and the workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

#: the fold number that stands for a fit on every training row; those below it are the same with other seeds
REFIT = -1
#: the recipe of forecasters, which make their own features
SERIES = "series"


def is_refit(fold: int) -> bool:
    """Return whether a fold's number stands for a fit on every training row."""
    return fold <= REFIT


@dataclass(frozen=True)
class FoldTask:
    """One fit for a worker to do: a few hundred bytes, since the data are already there.

    Attributes
    ----------
    key : str
        Names the task in the cluster and in stop requests.
    cache : str
        Folder of the cached table on the worker's machine.
    number, learner, params, recipe : int, str, Mapping, str
        The trial.
    fold : int
        Position in the plan's folds, or `REFIT` or less for a fit on every training row.
    task : str
        ``classification``, ``regression`` or ``forecasting``.
    seed : int
        Seeds the estimator.
    n_jobs : int
        Threads the fit may use.
    time_limit_s : float, optional
        Seconds after which the fit is asked to stop and keep what it has; a fit that cannot is ended.
    refit_iterations : int, optional
        Boosting rounds for a refit.
    output : str, optional
        The job's folder when the worker can write to it; None sends everything back instead.
    send_features : bool
        Whether the featurizer is among what is sent back; not where the job has it already.
    """

    key: str
    cache: str
    number: int
    learner: str
    params: Mapping[str, Any]
    recipe: str
    fold: int
    task: str
    seed: int
    metric_hint: str = ""
    n_jobs: int = 1
    time_limit_s: float | None = None
    refit_iterations: int | None = None
    output: str | None = None
    send_features: bool = True


@dataclass(frozen=True)
class FoldOutcome:
    """What came of a `FoldTask`. `state` is complete, failed, timed_out or cancelled."""

    key: str
    number: int
    fold: int
    state: str
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    fit_s: float = 0.0
    predict_s: float = 0.0
    total_s: float = 0.0
    n_train: int = 0
    n_valid: int = 0
    size_bytes: int = 0
    peak_bytes: int = 0
    iterations: int | None = None
    rounds: int | None = None
    features_s: float = 0.0
    stopped_early: bool = False
    error: Mapping[str, str] | None = None
    predictions: np.ndarray | None = None
    #: file name relative to the job's folder -> content, when the worker could not write there itself
    files: Mapping[str, bytes] = field(default_factory=dict)


def featurizer_file(recipe: str, fold: int) -> str:
    """Return where the featurizer of a recipe, fitted on a fold, lies in the job's folder."""
    return f"features/{_fold_name(max(fold, REFIT))}-{recipe}.skops"


def estimator_file(number: int, fold: int) -> str:
    """Return where a trial's fitted estimator lies in the job's folder."""
    return f"trials/{number:04d}/{_fold_name(fold)}.skops"


def predictions_file(number: int, fold: int) -> str:
    """Return where a trial's validation predictions lie in the job's folder."""
    return f"trials/{number:04d}/{_fold_name(fold)}-predictions.npy"


def stack_predictions_file(stack: str) -> str:
    """Return where the predictions of a stack for rows held out lie: beside its second level."""
    return f"{stack.removesuffix('.skops')}-predictions.npy"


def _fold_name(fold: int) -> str:
    if not is_refit(fold):
        return f"fold{fold}"
    return "refit" if fold == REFIT else f"refit{-fold}"
