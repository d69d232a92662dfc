"""What a job's trials said of rows they were not fitted on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.files import write_bytes
from automl_jupyter.search.adjust import sharpen
from automl_jupyter.trials.records import predictions_file, stack_predictions_file

if TYPE_CHECKING:
    from automl_jupyter.data.cache import CachedTable
    from automl_jupyter.metrics.base import MetricContext, SeriesRows

#: bytes from which on predictions are read from their file each time: those of many rows and classes fill the memory
_LARGE = 1_000_000
#: bytes of the others that are kept, those that were asked for last: of thousands of trials few are looked at again
_MOST_KEPT = 64_000_000


class Predictions:
    """The validation predictions of a job's trials, read from its folder; the latest are kept in memory.

    Parameters
    ----------
    folder : Path
        The job's folder.
    table : CachedTable
        The cached table with its folds.
    """

    def __init__(self, folder: Path, table: CachedTable) -> None:
        self._folder, self.table = folder, table
        self._kept: OrderedDict[tuple[int, int], np.ndarray] = OrderedDict()
        self._kept_bytes = 0
        self._lock = Lock()

    def add(self, number: int, fold: int, predictions: np.ndarray, *, write: bool) -> None:
        """Remember predictions that came with an outcome; `write` them where the worker could not."""
        if write:
            write_array(self._folder / predictions_file(number, fold), predictions)
        self._keep(number, fold, predictions)

    def get(self, number: int, fold: int) -> np.ndarray:
        """Return the predictions of one fold, shape (n_valid, n_classes) or (n_valid,)."""
        with self._lock:
            kept = self._kept.get((number, fold))
            if kept is not None:
                self._kept.move_to_end((number, fold))
                return kept
        found = np.load(self._folder / predictions_file(number, fold), mmap_mode="r", allow_pickle=False)
        if found.nbytes >= _LARGE:
            return np.asarray(found)
        found = np.array(found)
        self._keep(number, fold, found)
        return found

    def of_stack(self, stack: str) -> np.ndarray:
        """Return what the second level in a file said of the rows of all folds, one fold after the other."""
        return np.asarray(np.load(self._folder / stack_predictions_file(stack), allow_pickle=False), np.float64)

    def _keep(self, number: int, fold: int, predictions: np.ndarray) -> None:
        if predictions.nbytes >= _LARGE:
            return
        with self._lock:  # weights are chosen in a thread beside the one that takes outcomes
            before = self._kept.pop((number, fold), None)
            self._kept[number, fold] = predictions
            self._kept_bytes += predictions.nbytes - (0 if before is None else before.nbytes)
            while self._kept_bytes > _MOST_KEPT:
                self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes

    def truth(self, fold: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the target and the weights of a fold's validation rows."""
        rows = np.asarray(self.table.folds[fold][1])
        weight = self.table.weight
        return np.asarray(self.table.y[rows]), None if weight is None else np.asarray(weight[rows])

    def context(self, context: MetricContext, folds: Sequence[int]) -> MetricContext:
        """Return what metrics need to know of the validation rows of folds: of a forecast, whose series they are."""
        series = series_rows(self.table, np.concatenate([np.asarray(self.table.folds[f][1]) for f in folds]))
        return context if series is None else replace(context, series=series)


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an array as a .npy file, in one step."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def series_rows(table: CachedTable, rows: np.ndarray) -> SeriesRows | None:
    """Return which series rows of a forecast's table belong to; None of any other table."""
    if "panel" not in table.meta:
        return None
    from automl_jupyter.metrics.base import SeriesRows

    codes = np.searchsorted(np.asarray(table.arrays["offsets"]), rows, side="right") - 1
    return SeriesRows(codes, np.asarray(table.arrays["ranges"]), np.asarray(table.arrays["scales"]))


@dataclass(frozen=True)
class HeldOut:
    """Rows, their target, and what was predicted for them without it.

    Parameters
    ----------
    rows : numpy.ndarray
        Row numbers of the training table, shape (n,). Folds may share rows.
    y : numpy.ndarray
        Class codes or values given, shape (n,).
    predicted : numpy.ndarray
        Probabilities, shape (n, n_classes), or values, shape (n,).
    fold : numpy.ndarray
        The fold that held a row out, shape (n,).
    weight : numpy.ndarray, optional
        A weight a row.
    """

    rows: np.ndarray
    y: np.ndarray
    predicted: np.ndarray
    fold: np.ndarray
    weight: np.ndarray | None = None

    def averaged(self) -> HeldOut:
        """Return each row once, in order, with the mean of what was predicted for it; fold and weight are left out."""
        rows, first, at, times = np.unique(self.rows, return_index=True, return_inverse=True, return_counts=True)
        sums = np.zeros((len(rows), *self.predicted.shape[1:]))
        np.add.at(sums, at, self.predicted)
        return HeldOut(rows, self.y[first], (sums.T / times).T, np.zeros(len(rows), dtype=np.intp))


def held_out(
    parts: Sequence[Mapping[str, Any]],
    predictions: Predictions,
    folds: Sequence[int],
    *,
    temperature: float = 1.0,
    stacked: np.ndarray | None = None,
) -> HeldOut:
    """Average the validation predictions of trials, fold by fold.

    Parameters
    ----------
    parts : sequence of mapping
        Each with ``trial`` and ``weight``.
    predictions : Predictions
        Where the trials' predictions are.
    folds : sequence of int
        Folds that each of them has.
    temperature : float, default 1.0
        What log probabilities are divided by.
    stacked : ndarray, optional
        What a second level said of the rows of all folds, one fold after the other: it stands in place of the average.
    """
    rows = [np.asarray(predictions.table.folds[fold][1]) for fold in folds]
    targets, weights = zip(*(predictions.truth(fold) for fold in folds), strict=True)
    if stacked is None:
        stacked = np.concatenate([_average(parts, predictions, fold, temperature) for fold in folds])
    return HeldOut(
        np.concatenate(rows),
        np.concatenate(targets),
        stacked,
        np.repeat(np.asarray(folds, dtype=np.intp), [len(r) for r in rows]),
        None if weights[0] is None else np.concatenate([w for w in weights if w is not None]),
    )


def _average(parts: Sequence[Mapping[str, Any]], predictions: Predictions, fold: int, temperature: float) -> np.ndarray:
    total = sum(float(p["weight"]) for p in parts)
    members = (
        np.asarray(predictions.get(int(p["trial"]), fold), np.float64) * (float(p["weight"]) / total) for p in parts
    )
    blend = np.asarray(sum(members))
    return sharpen(blend, temperature) if blend.ndim == 2 else blend
