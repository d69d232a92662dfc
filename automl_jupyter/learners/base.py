"""How every learner is made, fitted and asked, whatever library it is built on."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl_jupyter._core.optional import require
from automl_jupyter._core.threads import limit_threads
from automl_jupyter.errors import AutoMLError
from automl_jupyter.learners.info import LearnerInfo, SpaceContext

#: Returns True once a fit should end as soon as it can, keeping what it has learnt.
StopSignal = Callable[[], bool]


#: the setting, of any regressor, to learn the target's logarithm
LOG_TARGET = "log_target"
#: the setting, of any learner of the recipe for trees, to take another recipe for trees
FEATURES = "features"
#: the recipe of trees without features of several columns
PLAIN = "tree"
#: columns past which features of two columns are not tried: looking at all of them would take too long
MOST_ENRICHED = 300
#: the setting, of any learner that says so, to put a scaler or a reducer before it, and what there is to choose from
SCALER, NO_SCALER = "scaler", "none"
SCALERS = (
    "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "PCA", "TruncatedSVD", "SparseNormalizer",
)  # fmt: skip


def never_stop() -> bool:
    """Return False: the stop signal of a fit nobody will stop."""
    return False


def left_s(should_stop: StopSignal) -> float | None:
    """Return the seconds until a stop signal's time is up, by its own `left_s`; None of one that does not know.

    Examples
    --------
    >>> left_s(never_stop) is None
    True
    """
    left: float | None = getattr(should_stop, "left_s", None)
    return left


@dataclass
class FitData:
    """The featurized rows of one fold, and the circumstances of the fit.

    Parameters
    ----------
    X : numpy.ndarray or scipy.sparse.csr_matrix
        Featurized training rows.
    y : numpy.ndarray
        Class codes (int) or values (float).
    weight : numpy.ndarray, optional
        Row weights.
    X_valid, y_valid, weight_valid : optional
        The rows that choose the number of rounds; without them a boosting learner trains a fixed number.
    categorical : list of int
        Positions of the columns of `X` that hold category codes.
    should_stop : callable, default never
        Asked between rounds; see :func:`left_s`.
    cache : dict
        Shared by all configurations of one (fold, recipe) on one worker; holds binned data.
    refit_iterations : int, optional
        Train exactly this many rounds and look at no validation rows.
    metric_hint : str, default ""
        What counts: ``"mae"`` for absolute differences, anything else for the usual loss. Never the metric itself: the
        rows of a fold are too few to rank by.
    n_jobs : int, default 1
        Threads the numerical libraries may use.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None = None
    X_valid: Any = None
    y_valid: np.ndarray | None = None
    weight_valid: np.ndarray | None = None
    categorical: list[int] = field(default_factory=list)
    should_stop: StopSignal = never_stop
    cache: dict[Any, Any] = field(default_factory=dict)
    refit_iterations: int | None = None
    metric_hint: str = ""
    n_jobs: int = 1


@dataclass(frozen=True)
class FitReport:
    """How a fit went.

    Parameters
    ----------
    iterations : int, optional
        The best number of rounds, to be used by a refit; None where a learner has no rounds.
    stopped_early : bool, default False
        Whether the stop signal ended the fit before it was done.
    rounds : int, optional
        The rounds that were trained, those after the best included: what a refit may save. Fewer than `iterations`
        where a schedule was hurried, and then what a refit will take more.
    valid_predictions : numpy.ndarray, optional
        What the fitted estimator predicts for the validation rows, where the fit knows it already.
    """

    iterations: int | None = None
    stopped_early: bool = False
    rounds: int | None = None
    valid_predictions: np.ndarray | None = None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings a user can do nothing about (convergence, feature names, rare classes) to ourselves."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        warnings.filterwarnings("ignore", message="The number of unique classes is greater than 50%")
        warnings.filterwarnings("ignore", message="The least populated class in y")
        yield


@contextmanager
def untouched() -> Iterator[None]:
    """Take back what a library does to the environment and the warning filters of the process when it is used."""
    before = dict(os.environ)
    with warnings.catch_warnings():
        try:
            yield
        finally:
            for name in set(os.environ) - set(before):
                del os.environ[name]
            os.environ.update(before)


def make_learner(
    info: LearnerInfo,
    task: str,
    params: Mapping[str, Any] | None = None,
    *,
    random_state: int = 0,
    n_jobs: int = 1,
    n_classes: int | None = None,
) -> Any:
    """Make an unfitted estimator.

    Parameters
    ----------
    info : LearnerInfo
        Which learner.
    task : str
        One of ``info.tasks``.
    params : mapping, optional
        Hyper-parameters in the learner's own names; what is left out has a default. ``log_target``, for any regressor,
        makes it learn the target's logarithm; ``features`` and ``scaler`` are what `recipe_of` looks at.
    random_state : int, default 0
        Seed.
    n_jobs : int, default 1
        Threads.
    n_classes : int, optional
        Number of classes, for classification.

    Returns
    -------
    estimator
        Unfitted, with scikit-learn's interface.

    Raises
    ------
    MissingExtraError
        When the package it is built on is not installed.
    """
    if info.requires is not None:
        require(info.requires, f"The learner {info.key}")
    module = importlib.import_module(info.module)
    own = {**getattr(module, "FIXED", {}).get(info.key, {}), **(params or {})}
    log_target = own.pop(LOG_TARGET, False)
    for name in (FEATURES, SCALER):
        own.pop(name, None)
    estimator = module.make(task, own, random_state=random_state, n_jobs=n_jobs, n_classes=n_classes)
    if not log_target:
        return estimator
    from automl_jupyter.learners.log_target import LogTarget

    return LogTarget(estimator)


def suggest_params(info: LearnerInfo, trial: Any, context: SpaceContext) -> dict[str, Any]:
    """Draw hyper-parameters from the learner's search space.

    Parameters
    ----------
    info : LearnerInfo
        Which learner.
    trial : optuna.trial.Trial
        Or anything with ``suggest_float``, ``suggest_int`` and ``suggest_categorical``.
    context : SpaceContext
        Size and kind of the problem.
    """
    drawn: dict[str, Any] = importlib.import_module(info.module).space(trial, context)
    if context.task == "forecasting":
        return drawn if info.recipe in ("series", "sequence") else drawn | _pooled_space(info, trial)
    if context.log_target:
        drawn[LOG_TARGET] = trial.suggest_categorical(LOG_TARGET, [False, True])
    kinds = extra_features(context.n_features, context.without_features) if info.recipe == PLAIN else ()
    if kinds:
        drawn[FEATURES] = trial.suggest_categorical(FEATURES, [PLAIN, *kinds])
    if info.scaled:
        drawn[SCALER] = trial.suggest_categorical(SCALER, [NO_SCALER, *SCALERS])
    return drawn


def _pooled_space(info: LearnerInfo, trial: Any) -> dict[str, Any]:
    """Draw how a regressor forecasts."""
    drawn = {
        "strategy": trial.suggest_categorical("strategy", ["recursive", "direct"]),
        "difference": trial.suggest_categorical("difference", ["none", "last", "seasonal", "mean"]),
        "lag_set": trial.suggest_categorical("lag_set", ["usual", "short", "long"]),
        "log": trial.suggest_categorical("log", [False, True]),
    }
    if info.iterative and info.key == "LightGBM":
        drawn["n_rounds"] = trial.suggest_int("n_rounds", 50, 600, log=True)
        drawn["objective"] = trial.suggest_categorical("objective", ["regression", "regression_l1"])
    return drawn


def extra_features(n_features: int, without: Collection[str] = ()) -> tuple[str, ...]:
    """Return the recipes with features of several columns that are tried on so many columns.

    Examples
    --------
    >>> [len(extra_features(n)) for n in (1, 20, 5000)], extra_features(20, ["clusters", "arithmetic"])
    ([0, 3, 0], ('enriched',))
    """
    if not 2 <= n_features <= MOST_ENRICHED:
        return ()
    return tuple(kind for kind in ("arithmetic", "enriched", "clusters") if kind not in without)


def recipe_of(info: LearnerInfo, params: Mapping[str, Any]) -> str:
    """Return the featurization recipe of a configuration.

    Examples
    --------
    >>> from automl_jupyter.learners import learners
    >>> recipe_of(learners.get("LightGBM"), {"features": "enriched"})
    'enriched'
    >>> recipe_of(learners.get("SGD"), {"scaler": "PCA"})
    'linear+PCA'
    """
    base, scaler = str(params.get(FEATURES, info.recipe)), params.get(SCALER, NO_SCALER)
    return base if scaler == NO_SCALER else f"{base}+{scaler}"


def default_fit(estimator: Any, data: FitData) -> FitReport:
    """Fit in one go, with weights where they are given."""
    if data.weight is None:
        estimator.fit(data.X, data.y)
    else:
        estimator.fit(data.X, data.y, sample_weight=data.weight)
    return FitReport()


def fit_learner(info: LearnerInfo, estimator: Any, data: FitData) -> FitReport:
    """Fit an estimator that :func:`make_learner` made, in place.

    Parameters
    ----------
    info : LearnerInfo
        Which learner.
    estimator : estimator
        Changed in place.
    data : FitData
        Rows and circumstances. Training rows that weigh nothing are left out; weights are for a learner that cannot
        use them, and where all rows weigh nothing: these then count, or judge, as if they weighed the same.

    Returns
    -------
    FitReport
        The best number of rounds and whether the stop signal ended the fit.
    """
    from dataclasses import replace

    from automl_jupyter.learners.log_target import LogTarget

    if data.weight is not None:
        data = _without_weightless(data)
    if not info.sample_weight and data.weight is not None:
        data = replace(data, weight=None)
    if data.weight_valid is not None and not np.sum(data.weight_valid) > 0:
        data = replace(data, weight_valid=None)
    fit: Callable[[Any, FitData], FitReport] = getattr(importlib.import_module(info.module), "fit", default_fit)
    with quiet(), limit_threads(data.n_jobs if data.n_jobs > 0 else None):
        if isinstance(estimator, LogTarget):
            return estimator.fit_with(fit, data)
        return fit(estimator, data)


def _without_weightless(data: FitData) -> FitData:
    """Leave out the training rows that weigh nothing: libraries fail on classes and samples whose weights sum to 0.

    Where no row weighs anything all weigh the same.
    """
    from dataclasses import replace

    weight = np.asarray(data.weight)
    rows = np.flatnonzero(weight > 0)
    if len(rows) == len(weight):
        return data
    if not len(rows):
        return replace(data, weight=None)
    X = data.X.iloc[rows] if hasattr(data.X, "iloc") else data.X[rows]
    return replace(data, X=X, y=np.asarray(data.y)[rows], weight=weight[rows])


def predict(estimator: Any, task: str, X: Any, n_classes: int | None = None) -> np.ndarray:
    """Ask a fitted estimator.

    Parameters
    ----------
    estimator : estimator
        Fitted on class codes, or on values.
    task : str
        ``"classification"`` gives probabilities, anything else gives values.
    X : array or sparse matrix
        Featurized rows.
    n_classes : int, optional
        Number of columns wanted; a class the estimator never saw gets probability 0.

    Returns
    -------
    numpy.ndarray
        ``(n, n_classes)`` probabilities that sum to 1, or ``(n,)`` values.

    Raises
    ------
    AutoMLError
        When what comes out is not finite.
    """
    with quiet():
        if task != "classification":
            values = np.asarray(estimator.predict(X), dtype=np.float64).reshape(-1)
            if not np.isfinite(values).all():
                raise AutoMLError("The model predicts values that are not finite: the fit has diverged.")
            return values
        found = _probabilities(estimator, X)
    classes = np.asarray(estimator.classes_).astype(np.intp)
    width = int(n_classes) if n_classes is not None else int(classes.max()) + 1
    if found.shape[1] == width:
        proba = np.maximum(found, 0, dtype=found.dtype)
    else:
        proba = np.zeros((len(found), width), dtype=found.dtype)
        proba[:, classes] = np.maximum(found, 0)
    total = proba.sum(axis=1, keepdims=True)
    if not np.isfinite(total).all():
        raise AutoMLError("The model predicts probabilities that are not finite: the fit has diverged.")
    # A row every class of which has probability 0 says nothing: all classes are as likely.
    shares: np.ndarray = np.divide(proba, total, out=np.full_like(proba, 1 / width), where=total > 0)
    return shares


def _probabilities(estimator: Any, X: Any) -> np.ndarray:
    """Ask for probabilities; a row that lies beyond every margin of a linear model has none, in any class.

    scikit-learn before 1.9 divides such a row by its total of 0, and what comes out looks like a diverged fit.
    """
    with np.errstate(invalid="ignore"):
        found = np.asarray(estimator.predict_proba(X))
    lost = np.flatnonzero(np.isnan(found).all(axis=1))
    if len(lost) and hasattr(estimator, "decision_function"):
        margins = np.asarray(estimator.decision_function(X[lost])).reshape(len(lost), -1)
        found[lost[np.isfinite(margins).all(axis=1)]] = 0
    return found
