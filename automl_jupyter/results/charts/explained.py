"""A model and the rows to explain it with.

All of it works on the table's own columns, whatever they hold and however many models are blended. A row that is
asked about is made of pieces of rows there are: `mix` takes each column's value from the row it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.errors import AutoMLError

if TYPE_CHECKING:
    import pandas as pd

    from automl_jupyter.metrics.base import Metric, MetricContext

Predict = Callable[["pd.DataFrame"], np.ndarray]

#: columns a chart shows
MOST_COLUMNS = 20


@dataclass(frozen=True)
class Judged:
    """Rows with their target, and what predicts them without having learnt from them."""

    predict: Predict
    X: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray | None = None


@dataclass(frozen=True)
class Explained:
    """A model and rows to explain it with.

    Parameters
    ----------
    task : str
        ``classification`` or ``regression``.
    predict : callable
        What the model predicts of rows of canonical columns.
    X : DataFrame
        Such rows, a sample of the table.
    judged : sequence of Judged
        Rows on which a loss can be measured, with the model, or those of its folds, that did not learn from them.
    encode : callable
        Turns raw rows into canonical ones.
    metric, context
        What importance is measured by.
    classes, positive, threshold, target, title
        As in `Scored`.
    given : DataFrame, optional
        Canonical rows that the user gave, in their order.
    places : ndarray of int, optional
        Which of those given each row of `X` is.
    """

    task: str
    predict: Predict
    X: pd.DataFrame
    judged: Callable[[], Sequence[Judged]]
    encode: Callable[[object], pd.DataFrame]
    metric: Metric
    context: MetricContext
    classes: Sequence[Any] | None = None
    positive: int | None = None
    threshold: float | None = None
    target: str = "target"
    title: str = ""
    random_state: int = 0
    given: pd.DataFrame | None = None
    places: np.ndarray | None = None
    _kept: dict[Any, Any] = field(default_factory=dict)

    def outputs(self, label: object = None) -> list[tuple[str, int | None]]:
        """Return what is explained: the value, one class's probability, or each class's."""
        if self.classes is None:
            return [(self.target, None)]
        labels = [str(c) for c in self.classes]
        if label is not None:
            found = [i for i, c in enumerate(self.classes) if c == label or str(c) == str(label)]
            if not found:
                known = listing(labels, last="and", most=20)
                raise AutoMLError(f"There is no class {label!r}.{did_you_mean(label, labels)} Classes: {known}.")
            return [(labels[found[0]], found[0])]
        if len(labels) == 2:
            code = 1 if self.positive is None else self.positive
            return [(labels[code], code)]
        return [(name, code) for code, name in enumerate(labels)]

    def column(self, name: object) -> int:
        """Return a column's position.

        Raises
        ------
        AutoMLError
            When the model uses no such column.
        """
        names, name = list(self.X.columns), str(name)
        if name not in names:
            shown = listing([plain(n, most=40) for n in names], last="and", most=12)
            raise AutoMLError(f"The model uses no column {name!r}.{did_you_mean(name, names)} It uses: {shown}.")
        return names.index(name)


def sample_rows(y: np.ndarray, most: int, rng: np.random.Generator, *, by_class: bool) -> np.ndarray:
    """Return the positions of up to `most` rows drawn at random; of each class its share, and one row at the least.

    Examples
    --------
    >>> rows = sample_rows(np.array([0] * 98 + [1, 2]), 10, np.random.default_rng(0), by_class=True)
    >>> len(rows), {98, 99} <= set(rows.tolist())
    (10, True)
    """
    at = rng.permutation(len(y))
    if by_class and most < len(y):
        codes = y[at].astype(np.intp)
        counts = np.bincount(codes)
        grouped = np.argsort(codes, kind="stable")
        place = np.empty(len(y))
        place[grouped] = np.arange(len(y)) - (np.cumsum(counts) - counts)[codes[grouped]]
        at = at[np.argsort(place / counts[codes], kind="stable")]
    return at[:most]


def mix(X: pd.DataFrame, sources: np.ndarray) -> pd.DataFrame:
    """Return rows made of pieces of rows.

    Parameters
    ----------
    X : DataFrame of shape (n, n_columns)
        Rows there are.
    sources : ndarray of int, shape (m, n_columns)
        For each row wanted and each column, the row the value is taken from.
    """
    import pandas as pd

    columns = {name: X.iloc[:, c].array.take(sources[:, c]) for c, name in enumerate(X.columns)}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(sources)), copy=False)
