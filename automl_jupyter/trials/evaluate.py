"""Fit one fold of a trial: the only code that runs on a worker.

A worker keeps the tables it has opened and the featurized folds it has made, so that trials of one recipe share them.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from automl_jupyter._core.files import write_bytes
from automl_jupyter.metrics.base import MetricContext
from automl_jupyter.trials import artifacts
from automl_jupyter.trials.guard import (
    Interrupted,
    StopSignal,
    describe_error,
    peak_memory_bytes,
    quiet,
    run_guarded,
)
from automl_jupyter.trials.held_out import series_rows, write_array
from automl_jupyter.trials.records import (
    REFIT,
    SERIES,
    FoldOutcome,
    FoldTask,
    estimator_file,
    featurizer_file,
    is_refit,
    predictions_file,
)

if TYPE_CHECKING:
    from automl_jupyter.data.cache import CachedTable
    from automl_jupyter.learners.info import LearnerInfo
    from automl_jupyter.metrics.base import Metric

#: begins the `FoldTask.cache` of a table that was sent to the workers, which keep it in their temporary folder
WORKER_TABLES = "worker:"
#: bytes of featurized folds a worker keeps, and how many of them, most recently used last
_MOST_BYTES, _MOST_FOLDS = 200_000_000, 60
#: share of a fit's time after which one that can stop by itself does, so that predicting and saving are in time, too
_FIT_SHARE = 0.7
#: the same of a refit, which is only saved; one that stops early is not used
_REFIT_SHARE = 0.9


class TrialSettings(Protocol):
    """What is fitted, of a trial."""

    @property
    def learner(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def recipe(self) -> str: ...


@dataclass(eq=False)
class _Fold:
    """The featurized rows of one fold, and what configurations on it share (a binned data set, say)."""

    featurizer: Any
    X_train: Any
    X_valid: Any
    y_train: np.ndarray
    y_valid: np.ndarray
    weight_train: np.ndarray | None
    weight_valid: np.ndarray | None
    shared: dict[str, Any] = field(default_factory=dict)
    saved_to: set[str] = field(default_factory=set)

    @property
    def n_bytes(self) -> int:
        """Bytes of the features, where they are sparse with their columns; what is made of them in `shared` is less."""
        kept = [X for X in (self.X_train, self.X_valid) if X is not None]
        return sum(X.data.nbytes + X.indices.nbytes if hasattr(X, "indices") else X.nbytes for X in kept)


_tables: OrderedDict[str, Any] = OrderedDict()
_folds: OrderedDict[tuple[str, str, int], _Fold] = OrderedDict()
#: fits of one worker may share it in threads, and the end of a job empties both from yet another one
_kept = threading.RLock()


def evaluate(task: FoldTask) -> FoldOutcome:
    """Fit and score one fold (or refit on every training row) and return what came of it. Never raises."""
    preload()
    started = time.monotonic()
    signal = StopSignal(task.key, task.time_limit_s)

    def end(state: str, error: BaseException | None = None, reason: str = "") -> FoldOutcome:
        described = describe_error(error) if error is not None and not reason else None
        if reason:
            described = {
                "type": "TimeLimit" if state == "timed_out" else "Stopped",
                "message": reason,
                "tail": "",
            }
        return FoldOutcome(
            task.key,
            task.number,
            task.fold,
            state,
            total_s=time.monotonic() - started,
            error=described,
            peak_bytes=peak_memory_bytes(),
        )

    if signal.was_asked:  # while it was waiting in line
        return end("cancelled", reason="stopped on request")
    try:
        with quiet():
            return run_guarded(lambda: _evaluate(task, signal, started), signal)
    except Interrupted:
        if signal.was_asked:
            return end("cancelled", reason="stopped on request")
        return end("timed_out", reason=f"did not finish within {task.time_limit_s:.3g} s")
    except MemoryError as error:
        forget()
        return end("failed", error)
    except Exception as error:  # noqa: BLE001 whatever a learner raises is this trial's result, not the job's end
        return end("failed", error)


def score_rows(
    table: CachedTable,
    task: str,
    trial: TrialSettings,
    train: np.ndarray,
    valid: np.ndarray,
    extra: Sequence[Metric] = (),
    *,
    metric_hint: str = "",
) -> dict[str, float | None]:
    """Fit a trial's configuration on some rows, here and now, and return every metric of it on others.

    Parameters
    ----------
    table : CachedTable
        The encoded table.
    task : str
        ``classification`` or ``regression``.
    trial : TrialSettings
        What is fitted.
    train, valid : ndarray of int
        Row numbers.
    extra : sequence of Metric
        More to compute, such as the job's primary metric where it is not among the task's.
    metric_hint : str, default ""
        What counts, as the trial's own fits were told.
    """
    from automl_jupyter.learners.base import FitData, fit_learner, make_learner, predict
    from automl_jupyter.metrics.registry import evaluate_metrics
    from automl_jupyter.search.adjust import smooth

    n_classes = table.meta["n_classes"]
    with quiet():
        fold = _make_fold(trial.recipe, table, train, valid)
        info, params = _learner(trial.learner, trial.params, task, fold.y_train)
        estimator = make_learner(info, task, params, random_state=0, n_jobs=1, n_classes=n_classes)
        data = FitData(
            X=fold.X_train,
            y=fold.y_train,
            weight=fold.weight_train,
            X_valid=fold.X_valid,
            y_valid=fold.y_valid,
            weight_valid=fold.weight_valid,
            categorical=list(getattr(fold.featurizer, "categorical_features_", [])),
            metric_hint=metric_hint,
        )
        report = fit_learner(info, estimator, data)
        predicted = report.valid_predictions
        if predicted is None:
            predicted = np.asarray(predict(estimator, task, fold.X_valid, n_classes))
    if task == "classification":  # as the trial's own scores are
        predicted = smooth(predicted, len(fold.y_train))
    return evaluate_metrics(task, fold.y_valid, predicted, fold.weight_valid, MetricContext.of(table.meta), extra)


def preload() -> None:
    """Import what every fit needs, so that no time limit is spent on imports or strikes in the middle of one."""
    import skops.io  # noqa: F401

    import automl_jupyter.data.cache
    import automl_jupyter.featurization.recipes
    import automl_jupyter.learners.base
    import automl_jupyter.metrics.registry
    import automl_jupyter.search.adjust  # noqa: F401


def forget() -> None:
    """Drop every table and featurized fold this process keeps."""
    with _kept:
        _tables.clear()
        _folds.clear()


def _evaluate(task: FoldTask, signal: StopSignal, started: float) -> FoldOutcome:
    from automl_jupyter.learners.base import FitData, fit_learner, make_learner, predict
    from automl_jupyter.metrics.registry import evaluate_metrics
    from automl_jupyter.search.adjust import smooth

    table = _open_table(task.cache)
    meta = table.meta
    if task.recipe == SERIES:
        return _evaluate_forecast(task, table, signal, started)
    features_started = time.monotonic()
    fold = _featurized(task, table)
    features_s = time.monotonic() - features_started
    info, params = _learner(task.learner, task.params, task.task, fold.y_train)
    n_classes = meta["n_classes"]
    estimator = make_learner(info, task.task, params, random_state=task.seed, n_jobs=task.n_jobs, n_classes=n_classes)
    refit = is_refit(task.fold)
    fit_started = time.monotonic()
    report = fit_learner(
        info,
        estimator,
        FitData(
            X=fold.X_train,
            y=fold.y_train,
            weight=fold.weight_train,
            X_valid=None if refit else fold.X_valid,
            y_valid=None if refit else fold.y_valid,
            weight_valid=None if refit else fold.weight_valid,
            categorical=list(getattr(fold.featurizer, "categorical_features_", [])),
            should_stop=signal.sooner(_REFIT_SHARE if refit else _FIT_SHARE),
            cache=fold.shared,
            refit_iterations=task.refit_iterations,
            metric_hint=task.metric_hint,
            n_jobs=task.n_jobs,
        ),
    )
    fit_s = time.monotonic() - fit_started
    predictions, metrics, predict_s = None, {}, 0.0
    if not refit:
        predict_started = time.monotonic()
        predictions = report.valid_predictions
        if predictions is None:
            predictions = np.asarray(predict(estimator, task.task, fold.X_valid, n_classes))
        predict_s = time.monotonic() - predict_started
        if not np.isfinite(predictions).all():
            raise ValueError("The model predicted values that are not finite numbers.")
        if task.task == "classification":  # as the model that is made of such fits does
            predictions = smooth(predictions, len(fold.y_train))
        metrics = evaluate_metrics(task.task, fold.y_valid, predictions, fold.weight_valid, MetricContext.of(meta))
        predictions = predictions.astype(np.float32 if task.task == "classification" else np.float64)
    files, size = _save(task, fold, estimator, predictions)
    return FoldOutcome(
        task.key,
        task.number,
        task.fold,
        "complete",
        metrics=metrics,
        fit_s=fit_s,
        predict_s=predict_s,
        total_s=time.monotonic() - started,
        n_train=len(_rows(task.fold, table)[0]),
        n_valid=len(fold.y_valid),
        size_bytes=size,
        peak_bytes=peak_memory_bytes(),
        iterations=report.iterations,
        rounds=report.rounds,
        features_s=features_s,
        stopped_early=report.stopped_early,
        predictions=predictions,
        files=files,
    )


def _learner(name: str, params: Mapping[str, Any], task: str, y: np.ndarray) -> tuple[LearnerInfo, Mapping[str, Any]]:
    """Return the learner of a fit and its parameters.

    The first folds in time order may train on rows of one class alone, or whose other rows weigh nothing. Many learners
    refuse them, and none can learn more than that class: the baseline takes their place, so that the trial is judged by
    its other folds.
    """
    from automl_jupyter.learners import learners

    if task == "classification" and (y == y[0]).all():
        return learners.get("Dummy"), {}
    return learners.get(name), params


def _evaluate_forecast(task: FoldTask, table: Any, signal: StopSignal, started: float) -> FoldOutcome:
    from automl_jupyter.metrics.registry import evaluate_metrics
    from automl_jupyter.trials.forecast_fold import forecast_fold, rows_of

    found = forecast_fold(table, task, signal.sooner(_FIT_SHARE))
    metrics: dict[str, float | None] = {}
    valid = rows_of(table, task.fold)
    if found.predictions is not None:
        if not np.isfinite(found.predictions).all():
            raise ValueError("The model predicted values that are not finite numbers.")
        weight = None if table.weight is None else np.asarray(table.weight[valid])
        context = replace(MetricContext.of(table.meta), series=series_rows(table, valid))
        metrics = evaluate_metrics(task.task, np.asarray(table.y[valid]), found.predictions, weight, context)
    content = artifacts.dump(found.forecaster)
    if task.fold in (0, REFIT):
        artifacts.check(content)
    files = {estimator_file(task.number, task.fold): content}
    if task.output is not None:
        for name, data in files.items():
            write_bytes(Path(task.output) / name, data)
        if found.predictions is not None:
            write_array(Path(task.output) / predictions_file(task.number, task.fold), found.predictions)
        files = {}
    return FoldOutcome(
        task.key,
        task.number,
        task.fold,
        "complete",
        metrics=metrics,
        fit_s=found.fit_s,
        predict_s=found.predict_s,
        total_s=time.monotonic() - started,
        n_train=found.n_train,
        n_valid=len(valid),
        size_bytes=artifacts.size_of(content),
        peak_bytes=peak_memory_bytes(),
        stopped_early=found.stopped_early,
        predictions=found.predictions,
        files=files,
    )


def worker_tables() -> Path:
    """Return where tables that were sent lie: in a folder of this user's own, as the temporary one is everybody's.

    Raises
    ------
    PermissionError
        When what lies there is somebody else's.
    """
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""  # on Windows the temporary folder is the user's own
    folder = Path(tempfile.gettempdir()) / f"automl-jupyter{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if user and os.lstat(folder).st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else.")
    return folder


def _open_table(folder: str) -> Any:
    from automl_jupyter.data.cache import open_cache

    with _kept:
        if folder not in _tables:
            forget()  # another job's data: what is kept of the last one would only take memory
            path = Path(folder)
            if folder.startswith(WORKER_TABLES):
                path = worker_tables() / folder.removeprefix(WORKER_TABLES)
            _tables[folder] = open_cache(path)
        return _tables[folder]


def _featurized(task: FoldTask, table: Any) -> _Fold:
    key = (task.cache, task.recipe, max(task.fold, REFIT))
    with _kept:
        if key in _folds:
            _folds.move_to_end(key)
            return _folds[key]
        # Before another is made, so that it and those it takes the place of are never in memory together.
        _make_room(max((f.n_bytes for f in _folds.values()), default=0))
    fold = _make_fold(task.recipe, table, *_rows(task.fold, table))
    with _kept:
        _make_room(fold.n_bytes)
        _folds[key] = fold
    return fold


def _make_room(n_bytes: int) -> None:
    """Drop the folds that were used longest ago, until another one of so many bytes may be kept."""
    while _folds and (len(_folds) >= _MOST_FOLDS or sum(f.n_bytes for f in _folds.values()) + n_bytes > _MOST_BYTES):
        _folds.popitem(last=False)


def _make_fold(recipe: str, table: CachedTable, train: np.ndarray, valid: np.ndarray) -> _Fold:
    from automl_jupyter.data.dataset import Column, ColumnType
    from automl_jupyter.featurization.recipes import make_featurizer

    columns = [Column(**{**c, "type": ColumnType(c["type"])}) for c in table.meta["columns"]]
    y, weight = table.y, table.weight
    train = _that_count(weight, train)
    y_train = np.asarray(y[train])
    featurizer = make_featurizer(recipe, columns, settings=table.meta.get("featurization"))
    # The rows have no name here, so that they are gone before those that validate are taken.
    fitted = featurizer.fit_transform(_taken(table.X, train), y_train)
    return _Fold(
        featurizer,
        fitted,
        featurizer.transform(_taken(table.X, valid)) if len(valid) else None,
        y_train,
        np.asarray(y[valid]),
        _training_weight(weight, train, y_train, table.meta.get("class_weights")),
        None if weight is None else np.asarray(weight[valid]),
    )


def _taken(X: Any, rows: np.ndarray) -> Any:
    """Return rows of a table; all from the first one on, as those of a refit, where they lie, without a copy."""
    if np.array_equal(rows, np.arange(len(rows))):
        return X.iloc[: len(rows)]
    return X.iloc[rows]


def _that_count(weight: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
    """Return the rows that weigh anything, as no others may shape features; all where none does."""
    if weight is None:
        return rows
    counted = rows[np.asarray(weight[rows]) > 0]
    return counted if len(counted) else rows


def _training_weight(
    weight: np.ndarray | None, rows: np.ndarray, y: np.ndarray, class_weights: list[float] | None
) -> np.ndarray | None:
    """Return what rows weigh in a fit: their own weight times their class's. Scores know the first alone."""
    own = None if weight is None else np.asarray(weight[rows])
    if not class_weights:
        return own
    by_class: np.ndarray = np.asarray(class_weights)[y]
    return by_class if own is None else own * by_class


def _rows(fold: int, table: Any) -> tuple[np.ndarray, np.ndarray]:
    if is_refit(fold):
        return np.arange(table.meta["n_training"]), np.empty(0, dtype=np.int32)
    train, valid = table.folds[fold]
    return np.asarray(train), np.asarray(valid)


def _save(task: FoldTask, fold: _Fold, estimator: Any, predictions: np.ndarray | None) -> tuple[dict[str, bytes], int]:
    """Put the fitted parts where they belong; return those that could not be written here, and the model's size."""
    files = {estimator_file(task.number, task.fold): artifacts.dump(estimator)}
    content = next(iter(files.values()))
    size = artifacts.size_of(content)
    if task.fold in (0, REFIT):
        artifacts.check(content)  # a trial that could not be loaded again fails here, not in the final model
    features = featurizer_file(task.recipe, task.fold)
    if task.output is None:
        is_wanted = task.send_features
    else:  # the folder may be another's than it was: a job's that was removed, whose name was used again
        is_wanted = task.output not in fold.saved_to or not (Path(task.output) / features).exists()
    if is_wanted:
        files[features] = artifacts.dump(fold.featurizer)
    if task.output is None:
        return files, size
    root = Path(task.output)
    for name, content in files.items():
        write_bytes(root / name, content)
    fold.saved_to.add(task.output)  # not before: a fit may be interrupted on its way here
    if predictions is not None:
        write_array(root / predictions_file(task.number, task.fold), predictions)
    return {}, size
