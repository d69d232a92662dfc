"""Rows whose target looks wrong to the models that did not learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from automl_jupyter.search.adjust import sharpen

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.jobs.selection import Predictions
    from automl_jupyter.store.history import ModelRecord

#: how many robust standard deviations a value lies off what was predicted
FAR = 6.0


@dataclass(frozen=True)
class OutOfFold:
    """What a model's members, weighted, said of rows they were not fitted on.

    Parameters
    ----------
    rows : numpy.ndarray
        Row numbers of the training table, shape (n,), each once.
    y : numpy.ndarray
        Class codes or values given, shape (n,).
    predicted : numpy.ndarray
        Probabilities, shape (n, n_classes), or values, shape (n,).
    """

    rows: np.ndarray
    y: np.ndarray
    predicted: np.ndarray


def out_of_fold(model: ModelRecord, predictions: Predictions, complete: int) -> OutOfFold:
    """Average the validation predictions of a model's members over the folds that all of them have.

    Parameters
    ----------
    model : ModelRecord
        The model; a second level on its members is left out.
    predictions : Predictions
        Where the members' predictions are.
    complete : int
        How many folds each member has, from the first on.
    """
    total = sum(float(p["weight"]) for p in model.parts)
    n = len(predictions.table.y)
    sums: np.ndarray | None = None
    times = np.zeros(n)
    for fold in range(complete):
        rows = np.asarray(predictions.table.folds[fold][1])
        blend = sum(
            np.asarray(predictions.get(int(p["trial"]), fold), dtype=np.float64) * (float(p["weight"]) / total)
            for p in model.parts
        )
        blend = np.asarray(blend)
        if sums is None:
            sums = np.zeros((n, *blend.shape[1:]))
        np.add.at(sums, rows, blend)
        np.add.at(times, rows, 1)
    assert sums is not None
    seen = np.flatnonzero(times)
    mean = (sums[seen].T / times[seen]).T
    if mean.ndim == 2:
        mean = sharpen(mean, model.temperature)
    return OutOfFold(seen, np.asarray(predictions.table.y)[seen], mean)


def find_suspects(found: OutOfFold, classes: Sequence[object] | None) -> pd.DataFrame:
    """Return the rows whose target looks wrong, the most suspicious first.

    A class label is suspect where another class is the likelier one and at least as likely as it is, on
    average, for the rows that bear its label (confident learning, Northcutt, Jiang and Chuang 2021). A value is
    suspect where it lies more than six robust standard deviations off what was predicted.

    Returns
    -------
    pandas.DataFrame
        Index ``row``; columns ``given``, ``predicted`` and, for classes, the ``probability`` of either
        (``probability_of_given``, ``probability_of_predicted``), for values their ``difference``.

    Examples
    --------
    >>> sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
    >>> find_suspects(OutOfFold(np.arange(5), np.array([0, 0, 1, 1, 0]), sure), ["no", "yes"]).index.tolist()
    [4]
    """
    import pandas as pd

    if classes is None:
        off = found.y - found.predicted
        middle = np.median(off)
        spread = 1.4826 * float(np.median(np.abs(off - middle)))
        at = np.flatnonzero(np.abs(off - middle) > FAR * spread) if spread > 0 else np.array([], dtype=np.intp)
        at = at[np.argsort(-np.abs(off[at] - middle), kind="stable")]
        columns = {"given": found.y[at], "predicted": found.predicted[at], "difference": off[at]}
    else:
        n, codes = len(found.y), found.y.astype(np.intp)
        given = found.predicted[np.arange(n), codes]
        bearing = np.bincount(codes, minlength=len(classes))
        usual = np.bincount(codes, weights=given, minlength=len(classes)) / np.maximum(bearing, 1)
        likeliest = found.predicted.argmax(axis=1)
        highest = found.predicted.max(axis=1)
        at = np.flatnonzero((likeliest != codes) & (highest >= usual[likeliest]) & (bearing[likeliest] > 0))
        at = at[np.argsort(given[at] - highest[at], kind="stable")]
        labels = np.empty(len(classes), dtype=object)
        labels[:] = list(classes)
        columns = {
            "given": labels[codes[at]],
            "predicted": labels[likeliest[at]],
            "probability_of_given": given[at],
            "probability_of_predicted": highest[at],
        }
    return pd.DataFrame(columns, index=pd.Index(found.rows[at], name="row"))
