"""Features learnt from the target: means by category, weights of evidence, predictions from texts.

What such a feature is for a training row is learnt from other rows, else the row's own target would be in it; the mean
of a group in which one target is lost is the exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl_jupyter.featurization.categories import Levels
from automl_jupyter.featurization.feature import Feature
from automl_jupyter.featurization.numbers import into
from automl_jupyter.featurization.texts import AskedWords, Words

#: with more classes than this there are no features of the target: each would be that many
MOST_CLASSES = 10
#: parts of the training rows; the features of each are learnt from the others
PARTS = 5
#: rows a target mean is drawn towards the overall mean by
_PRIOR_ROWS = 10.0
#: most of the differences between groups that may be noise, where a row's own target is lost in its group's mean
_MOST_NOISE = 0.003
#: shares are kept this far from 0 and 1 before their logarithm is taken
_EDGE = 1e-4


def targets_of(y: np.ndarray) -> np.ndarray | None:
    """Return what is averaged, a column each: standardised values, or each class's indicator (one for two classes)."""
    if not np.issubdtype(y.dtype, np.integer):
        return np.asarray((y - y.mean()) / (y.std() or 1.0))[:, None]
    classes = np.unique(y)
    if len(classes) > MOST_CLASSES:
        return None
    return np.asarray(y[:, None] == (classes[1:] if len(classes) == 2 else classes), dtype=np.float64)


def group_means(groups: np.ndarray, target: np.ndarray, n_groups: int, prior: float) -> np.ndarray:
    """Return each group's mean, as if some rows of the overall mean were in it."""
    count = np.bincount(groups, minlength=n_groups)
    total = np.bincount(groups, weights=target, minlength=n_groups)
    return np.asarray((total + _PRIOR_ROWS * prior) / (count + _PRIOR_ROWS))


def held_out_means(groups: np.ndarray, target: np.ndarray, n_groups: int, prior: float) -> np.ndarray:
    """Return the group mean of each training row: each part's from the rows of the others.

    Without its own part a row's mean is lower where that part's targets are higher. Trees that learn a target without
    noise to the last row find it, and new rows have nothing of it: groups so large and so different that one row's
    target is lost in them have the mean of all their rows.
    """
    if _noise(groups, target, n_groups) < _MOST_NOISE:
        return np.asarray(group_means(groups, target, n_groups, prior)[groups])
    values, part = np.empty(len(groups)), _parts(len(groups))
    for k in range(PARTS):
        here = part == k
        values[here] = group_means(groups[~here], target[~here], n_groups, prior)[groups[here]]
    return values


def _noise(groups: np.ndarray, target: np.ndarray, n_groups: int) -> float:
    """Return the share of the variance between groups' means that their few rows alone would make."""
    count = np.maximum(np.bincount(groups, minlength=n_groups), 1)
    mean = np.bincount(groups, weights=target, minlength=n_groups) / count
    within = np.bincount(groups, weights=(target - mean[groups]) ** 2, minlength=n_groups) / count
    between = float(np.var(mean[groups]))
    return float(within.sum() / len(groups)) / between if between > 0 else np.inf


def weight_of_evidence(share: np.ndarray, prior: float) -> np.ndarray:
    """Return by how much the log odds of a share lie above those of all rows (Good, Probability and the Weighing of
    Evidence, 1950).

    Examples
    --------
    >>> weight_of_evidence(np.array([0.5, 0.75]), 0.5).round(3).tolist()
    [0.0, 1.099]
    """
    share, prior = np.clip(share, _EDGE, 1 - _EDGE), min(max(prior, _EDGE), 1 - _EDGE)
    return np.asarray(np.log(share / (1 - share)) - np.log(prior / (1 - prior)))


def _parts(n_rows: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, PARTS, n_rows)


class TargetEncoder:
    """The mean target, or each class's share, of the training rows with a row's category.

    Parameters
    ----------
    positions : list of int
        Category columns.
    evidence : bool
        Whether shares of classes are said as weights of evidence.
    """

    def __init__(self, positions: list[int], *, evidence: bool) -> None:
        self.positions = positions
        self.evidence = evidence

    def fit_target(self, X: Any, y: np.ndarray) -> list[np.ndarray]:
        """Learn the means; return the features of the training rows."""
        targets = targets_of(y)
        self.columns = [Levels(p).fit(X) for p in self.positions]
        self.tables: list[np.ndarray] = []
        self.priors = np.zeros(0) if targets is None else targets.mean(axis=0)
        of_training = []
        for column in self.columns if targets is not None else ():
            groups, n_groups = column.codes(X) + 2, len(column.levels) + 2
            tables = []
            for k, prior in enumerate(self.priors.tolist()):
                target = targets[:, k]  # type: ignore[index]
                tables.append(group_means(groups, target, n_groups, prior))
                of_training.append(self._scaled(held_out_means(groups, target, n_groups, prior), prior))
            self.tables.append(np.column_stack(tables))
        return of_training

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.tables) * len(self.priors)

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features of rows that were not trained on."""
        start = 0
        for column, table in zip(self.columns, self.tables, strict=False):
            groups = column.codes(X) + 2
            for k, prior in enumerate(self.priors.tolist()):
                into(out[:, start], self._scaled(table[groups, k], prior))
                start += 1

    def _scaled(self, means: np.ndarray, prior: float) -> np.ndarray:
        return weight_of_evidence(means, prior) if self.evidence else means

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``target by column``, ``target of class 2 by column``)."""
        transformer = "WoETargetEncoder" if self.evidence else "CatTargetEncoder"
        found = []
        for p in self.positions[: len(self.tables)]:
            for k in range(len(self.priors)):
                of = f" of class {k}" if len(self.priors) > 1 else ""
                found.append(Feature(f"target{of} by {columns[p]}", (p,), transformer))
        return found


class TextModel:
    """What a simple model of a text's words predicts: ridge regression, or naive Bayes for classes.

    Parameters
    ----------
    words : Words or AskedWords
        Unfitted.
    naive_bayes : bool
        Which of the two.
    """

    def __init__(self, words: Words | AskedWords, *, naive_bayes: bool) -> None:
        self.words = words
        self.naive_bayes = naive_bayes

    @property
    def position(self) -> int:
        """The text column."""
        return self.words.position

    def fit_target(self, X: Any, y: np.ndarray) -> list[np.ndarray]:
        """Learn the model; return the features of the training rows."""
        self.n_outputs, self.model = 0, None
        targets = targets_of(y)
        if targets is None or (self.naive_bayes and not np.issubdtype(y.dtype, np.integer)):
            return []
        weights = self.words.fit(X).sparse(X)
        if not weights.shape[1]:
            return []
        self.n_outputs = targets.shape[1]
        held_out, part = np.empty(targets.shape), _parts(len(y))
        for k in np.unique(part):
            here = part == k
            if here.all():
                held_out[here] = targets.mean(axis=0)
            else:
                held_out[here] = self._predict(self._fitted(weights[~here], targets[~here]), weights[here])
        self.model = self._fitted(weights, targets)
        return list(held_out.T)

    def _fitted(self, weights: Any, targets: np.ndarray) -> Any:
        from sklearn.linear_model import Ridge
        from sklearn.naive_bayes import MultinomialNB

        if not self.naive_bayes:
            return Ridge(solver="sparse_cg", tol=1e-3).fit(weights, targets)
        classes = targets[:, 0] if targets.shape[1] == 1 else targets.argmax(axis=1)
        return MultinomialNB().fit(weights, classes.astype(np.int64))

    def _predict(self, model: Any, weights: Any) -> np.ndarray:
        if not self.naive_bayes:
            return np.asarray(model.predict(weights)).reshape(weights.shape[0], -1)
        found = np.zeros((weights.shape[0], self.n_outputs))
        proba = model.predict_proba(weights)
        for at, code in enumerate(model.classes_.tolist()):
            if self.n_outputs > 1:
                found[:, code] = proba[:, at]
            elif code == 1:
                found[:, 0] = proba[:, at]
        return found

    @property
    def width(self) -> int:
        """Number of features."""
        return self.n_outputs

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features of rows that were not trained on."""
        if self.model is not None:
            found = self._predict(self.model, self.words.sparse(X))
            for k in range(self.n_outputs):
                into(out[:, k], found[:, k])

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features (``target by words of column``)."""
        transformer = "NaiveBayes" if self.naive_bayes else "TextTargetEncoder"
        found = []
        for k in range(self.n_outputs):
            of = f" of class {k}" if self.n_outputs > 1 else ""
            name = f"target{of} by words of {columns[self.position]}"
            found.append(Feature(name, (self.position,), transformer))
        return found
