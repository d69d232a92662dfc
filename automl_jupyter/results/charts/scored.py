"""Rows with their target and what was predicted for them: what most charts are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import did_you_mean, listing
from automl_jupyter.errors import AutoMLError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scored:
    """Rows with their target and what was predicted for them.

    Parameters
    ----------
    task : str
        ``classification`` or ``regression``.
    y : ndarray of shape (n,)
        Class codes or values.
    predicted : ndarray of shape (n, n_classes) or (n,)
        Probabilities or values.
    fold : ndarray of shape (n,)
        Which fold held a row out; zeros where there are none.
    weight : ndarray, optional
        A weight a row.
    classes : sequence, optional
        The labels of the class codes.
    positive : int, optional
        The code of the positive class, of two.
    threshold : float, optional
        Of two classes: the probability from which on the second is predicted.
    target : str, default "target"
        The target's name.
    title : str, default ""
        Whose predictions of which rows these are.
    columns : callable, optional
        Returns the rows' columns as the model reads them.
    """

    task: str
    y: np.ndarray
    predicted: np.ndarray
    fold: np.ndarray
    weight: np.ndarray | None = None
    classes: Sequence[Any] | None = None
    positive: int | None = None
    threshold: float | None = None
    target: str = "target"
    title: str = ""
    columns: Callable[[], pd.DataFrame] | None = None

    @property
    def labels(self) -> list[str]:
        """The class labels as text."""
        return [str(c) for c in self.classes or ()]

    @property
    def codes(self) -> np.ndarray:
        """The class codes as whole numbers."""
        return self.y.astype(np.intp)

    @property
    def weights(self) -> np.ndarray:
        """What each row counts: ones where rows have no weights."""
        return np.ones(len(self.y)) if self.weight is None else self.weight

    @property
    def n_folds(self) -> int:
        """How many folds the rows come from."""
        return int(self.fold.max()) + 1 if len(self.fold) else 0

    def shown_classes(self, asked: object = None) -> list[int]:
        """Return the codes of the classes that are drawn one by one: the positive of two, or all.

        Parameters
        ----------
        asked : object, optional
            One class's label.

        Raises
        ------
        AutoMLError
            When there is no such class.
        """
        classes = list(self.classes or ())
        if asked is not None:
            found = [i for i, c in enumerate(classes) if c == asked or str(c) == str(asked)]
            if not found:
                known = listing(self.labels, last="and", most=20)
                raise AutoMLError(f"There is no class {asked!r}.{did_you_mean(asked, self.labels)} Classes: {known}.")
            return found
        if len(classes) == 2:
            return [1 if self.positive is None else self.positive]
        return list(range(len(classes)))

    def of_fold(self, fold: int) -> Scored:
        """Return the rows that one fold held out; their columns are left out."""
        at = self.fold == fold
        return Scored(
            self.task,
            self.y[at],
            self.predicted[at],
            self.fold[at],
            None if self.weight is None else self.weight[at],
            self.classes,
            self.positive,
            self.threshold,
            self.target,
            self.title,
        )
