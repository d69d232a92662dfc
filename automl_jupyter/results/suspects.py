"""Rows whose target looks wrong to the models that did not learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from automl_jupyter.trials.held_out import HeldOut

if TYPE_CHECKING:
    import pandas as pd


#: how many robust standard deviations a value lies off what was predicted
FAR = 6.0


def find_suspects(found: HeldOut, classes: Sequence[object] | None) -> pd.DataFrame:
    """Return the rows whose target looks wrong, the most suspicious first.

    A class label is suspect where another class is the likelier one and at least as likely as it is, on
    average, for the rows that bear its label (confident learning, Northcutt, Jiang and Chuang 2021). A value is
    suspect where it lies more than six robust standard deviations off what was predicted.

    Parameters
    ----------
    found : HeldOut
        Each row once.
    classes : sequence, optional
        The labels of the class codes; None where values are predicted.

    Returns
    -------
    pandas.DataFrame
        Index ``row``; columns ``given``, ``predicted`` and, for classes, the ``probability`` of either
        (``probability_of_given``, ``probability_of_predicted``), for values their ``difference``.

    Examples
    --------
    >>> sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
    >>> rows = HeldOut(np.arange(5), np.array([0, 0, 1, 1, 0]), sure, np.zeros(5))
    >>> find_suspects(rows, ["no", "yes"]).index.tolist()
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
