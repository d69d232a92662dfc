"""Features of two columns together, and of what the target is on average where a column has a value.

Trees find sums, ratios and pairs of categories only by many splits. Here candidates are made of the most useful
columns, one quick boosting looks at all of them, and those it gains most by are kept. (Target means and arithmetic
inside the folds after AutoGluon's TabPrep and LightAutoML, the quick look after MLJAR's golden features.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np

from automl_jupyter.featurization.categories import Levels
from automl_jupyter.featurization.feature import Feature
from automl_jupyter.featurization.numbers import column_of, into
from automl_jupyter.featurization.targets import group_means, held_out_means, targets_of, weight_of_evidence

#: numbers that are combined (fewer where rows are few), categories that are paired, features that are kept
_MOST_NUMBERS, _FEW_NUMBERS, _FEW_ROWS = 12, 8, 2000
_MOST_CATEGORIES, _MOST_KEPT = 14, 40
#: rows the quick boosting looks at, and its rounds; each class costs a tree a round
_SCREEN_ROWS, _SCREEN_ROUNDS = 10_000, 60
#: rows that target means are made of to be looked at; those that are kept are made of all rows
_MEANS_ROWS = 40_000
#: a number with at most this many values is a category, too; or one of whole numbers that come five times on average
_FEW_VALUES, _REPEATS, _MOST_VALUES = 30, 5, 20_000

_OPERATIONS = {"-": np.subtract, "+": np.add, "×": np.multiply, "÷": np.divide}


@dataclass(frozen=True, eq=False)
class Pair:
    """One number against another: ``left operation right``; nothing divided by nought is missing."""

    left: int
    operation: str
    right: int

    def values(self, X: Any) -> np.ndarray:
        """Return the feature, double precision."""
        a, b = column_of(X, self.left).astype(np.float64), column_of(X, self.right).astype(np.float64)
        with np.errstate(all="ignore"):
            found = np.asarray(_OPERATIONS[self.operation](a, b))
            return np.where(b == 0, np.nan, found) if self.operation == "÷" else found

    def describe(self, columns: Sequence[str]) -> Feature:
        """Return the feature (``left × right``)."""
        name = f"{columns[self.left]} {self.operation} {columns[self.right]}"
        return Feature(name, (self.left, self.right), "Arithmetic")


class ValueLevels:
    """The values of a number as levels, for one that has few."""

    def __init__(self, position: int, known: np.ndarray) -> None:
        self.position = position
        self.known = known

    def codes(self, X: Any) -> np.ndarray:
        """Return each row's position among the known values, -1 for missing, -2 for a value not among them."""
        values = column_of(X, self.position).astype(np.float64)
        at = np.minimum(np.searchsorted(self.known, values), len(self.known) - 1)
        return np.where(np.isnan(values), -1, np.where(self.known[at] == values, at, -2))


class Meeting:
    """Where one or two columns have the same value: the groups target means are taken of."""

    def __init__(self, levels: Sequence[Any]) -> None:
        self.levels = tuple(levels)

    @property
    def positions(self) -> tuple[int, ...]:
        """The columns."""
        return tuple(one.position for one in self.levels)

    def fit(self, codes: Sequence[np.ndarray]) -> np.ndarray:
        """Learn which groups there are from each column's codes; return each row's group."""
        self.width = int(codes[-1].max()) + 3
        self.known, groups = np.unique(self._key(codes), return_inverse=True)
        return np.asarray(groups)

    def groups(self, codes: Sequence[np.ndarray]) -> np.ndarray:
        """Return each row's group, -1 for one that no training row was in."""
        key = self._key(codes)
        at = np.minimum(np.searchsorted(self.known, key), len(self.known) - 1)
        return np.where(self.known[at] == key, at, -1)

    def _key(self, codes: Sequence[np.ndarray]) -> np.ndarray:
        if len(codes) == 1:
            return np.asarray(codes[0], dtype=np.int64)
        last = np.minimum(codes[1], self.width - 3)
        return np.asarray((codes[0].astype(np.int64) + 2) * self.width + last + 2)


class TargetMean:
    """The mean target, or share of a class, of a row's group, drawn towards the overall mean where rows are few.

    With `evidence` it is the share's weight of evidence.
    """

    #: what models saved by earlier versions do not have
    evidence = False

    def __init__(
        self, meeting: Meeting, output: int, one_of_many: bool, table: np.ndarray, prior: float, *, evidence: bool
    ) -> None:
        self.meeting = meeting
        self.output = output
        self.one_of_many = one_of_many
        self.table = table
        self.prior = prior
        self.evidence = evidence

    @property
    def key(self) -> tuple[tuple[int, ...], int]:
        """Which columns, and which class."""
        return self.meeting.positions, self.output

    def of(self, groups: np.ndarray) -> np.ndarray:
        """Return the feature for rows of these groups."""
        return self.scaled(np.asarray(np.where(groups < 0, self.prior, self.table[groups])))

    def scaled(self, means: np.ndarray) -> np.ndarray:
        """Return means as the feature says them."""
        return weight_of_evidence(means, self.prior) if self.evidence else means

    def describe(self, columns: Sequence[str]) -> Feature:
        """Return the feature (``target of class 2 by column and other``)."""
        of = f" of class {self.output}" if self.one_of_many else ""
        name = f"target{of} by {' and '.join(columns[one.position] for one in self.meeting.levels)}"
        return Feature(name, self.meeting.positions, "WoETargetEncoder" if self.evidence else "CatTargetEncoder")


class Interactions:
    """What is kept of pairs of numbers and, if asked for, of target means.

    Parameters
    ----------
    numbers, categories : list of int
        Columns, by position.
    target_means : bool
        Whether target means of columns and of pairs of them are candidates, too.
    evidence : bool, default False
        Whether shares of classes are said as weights of evidence.
    """

    def __init__(
        self, numbers: Sequence[int], categories: Sequence[int], *, target_means: bool, evidence: bool = False
    ) -> None:
        self.positions = [*numbers, *categories]
        self.numbers = list(numbers)
        self.categories = list(categories)
        self.target_means = target_means
        self.evidence = evidence

    def fit(self, X: Any, y: np.ndarray, base: np.ndarray) -> Iterable[np.ndarray]:
        """Choose the features.

        Parameters
        ----------
        X : DataFrame
            Canonical training rows.
        y : ndarray
            Class codes (whole numbers) or values.
        base : ndarray
            The features there are already, those of `numbers` first.

        Returns
        -------
        iterable of ndarray
            The features of the training rows, learnt from other rows as `held_out_means` says. Each is made when it is
            asked for, once: all of them are twice the matrix they are written into.
        """
        order = np.random.default_rng(0).permutation(len(y))
        rows = np.sort(order[:_SCREEN_ROWS])
        self.pairs: list[Pair] = []
        self.means: list[TargetMean] = []
        if len(np.unique(y[rows])) < 2:  # of many rows those that are looked at may all be of one class
            return []
        pairs = list(self._pairs(y[rows], base[rows]))
        sample = np.sort(order[:_MEANS_ROWS])
        means = self._means(X.iloc[sample], y[sample], wanted=self.target_means)
        in_sample = np.searchsorted(sample, rows)
        candidates: list[Pair | TargetMean] = [*pairs, *means.made]
        if not candidates:
            return []
        # Only the rows looked at are kept of each candidate: all of hundreds would be many times the table.
        looked_at, some = np.empty((len(rows), len(candidates)), dtype=np.float32), X.iloc[rows]
        for j, feature in enumerate(candidates):
            values = feature.values(some) if isinstance(feature, Pair) else means.held_out(feature)[in_sample]
            into(looked_at[:, j], values)
        gain = _gains(np.hstack([base[rows], looked_at]), y[rows])[base.shape[1] :]
        kept = [candidates[j] for j in np.argsort(-gain, kind="stable")[:_MOST_KEPT] if gain[j] > 0]
        self.pairs = [feature for feature in kept if isinstance(feature, Pair)]
        self.means = [feature for feature in kept if isinstance(feature, TargetMean)]
        if len(sample) < len(y):  # what was chosen on some rows is learnt from all of them
            chosen = {mean.key for mean in self.means}
            means = self._means(X, y, wanted=bool(chosen), only=chosen)
            self.means = means.made
        return chain((pair.values(X) for pair in self.pairs), (means.held_out(mean) for mean in self.means))

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.pairs) + len(self.means)

    def fill(self, X: Any, out: np.ndarray) -> None:
        """Write the features of rows that were not trained on."""
        codes: dict[int, np.ndarray] = {}
        groups: dict[int, np.ndarray] = {}
        for j, pair in enumerate(self.pairs):
            into(out[:, j], pair.values(X))
        for j, mean in enumerate(self.means, len(self.pairs)):
            meeting = mean.meeting
            if id(meeting) not in groups:
                for one in meeting.levels:
                    if one.position not in codes:
                        codes[one.position] = one.codes(X)
                groups[id(meeting)] = meeting.groups([codes[one.position] for one in meeting.levels])
            into(out[:, j], mean.of(groups[id(meeting)]))

    def describe(self, columns: Sequence[str]) -> list[Feature]:
        """Return the features."""
        return [feature.describe(columns) for feature in self._features()]

    def _means(self, X: Any, y: np.ndarray, **which: Any) -> _Means:
        return _Means(X, y, self.numbers, self.categories, evidence=self.evidence, **which)

    def _features(self) -> list[Pair | TargetMean]:
        return [*self.pairs, *self.means]

    def _pairs(self, y: np.ndarray, base: np.ndarray) -> Iterator[Pair]:
        """Yield each operation on each two of the most useful numbers."""
        best, most = self.numbers, _MOST_NUMBERS if len(y) >= _FEW_ROWS else _FEW_NUMBERS
        if len(best) > most:
            gain = _gains(base, y)[: len(best)]
            best = [self.numbers[j] for j in np.argsort(-gain, kind="stable")[:most]]
        for left, right in combinations(best, 2):
            for operation in _OPERATIONS:
                yield Pair(left, operation, right)


class _Means:
    """The target means that could be made of training rows, and what they are for the training rows themselves."""

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        numbers: Sequence[int],
        categories: Sequence[int],
        *,
        wanted: bool,
        evidence: bool,
        only: Collection[tuple[tuple[int, ...], int]] | None = None,
    ) -> None:
        self.made: list[TargetMean] = []
        targets = targets_of(y) if wanted else None
        if targets is None:
            return
        self._targets = targets
        levels: list[Any] = [one for one in (Levels(p).fit(X) for p in categories) if one.n_seen > 1]
        levels += [one for one in (_value_levels(X, p) for p in numbers) if one is not None]
        levels = levels[: 3 * _MOST_CATEGORIES]
        self._codes = {
            one.position: one.codes(X)
            for one in levels
            if only is None or any(one.position in positions for positions, _ in only)
        }
        for columns in (*((one,) for one in levels), *combinations(levels[:_MOST_CATEGORIES], 2)):
            meeting = Meeting(columns)
            outputs = [k for k in range(targets.shape[1]) if only is None or (meeting.positions, k) in only]
            if not outputs:
                continue
            groups = meeting.fit([self._codes[one.position] for one in columns])
            if 3 <= len(meeting.known) <= len(y) / 3:  # two levels are one split; of a row alone there is no mean
                for k in outputs:
                    target = targets[:, k]
                    prior = float(target.mean())
                    table = group_means(groups, target, len(meeting.known), prior)
                    many = targets.shape[1] > 1
                    self.made.append(TargetMean(meeting, k, many, table, prior, evidence=evidence))

    def held_out(self, mean: TargetMean) -> np.ndarray:
        """Return a feature of the training rows: each part's from the rows of the others."""
        groups = mean.meeting.groups([self._codes[one.position] for one in mean.meeting.levels])
        values = held_out_means(groups, self._targets[:, mean.output], len(mean.table), mean.prior)
        return mean.scaled(values)


def _value_levels(X: Any, position: int) -> ValueLevels | None:
    values = column_of(X, position)
    values = values[~np.isnan(values)].astype(np.float64)
    known = np.unique(values)
    few = 2 < len(known) <= _FEW_VALUES
    whole = 2 < len(known) <= min(len(values) / _REPEATS, _MOST_VALUES) and np.array_equal(known, np.round(known))
    return ValueLevels(position, known) if few or whole else None


def _gains(features: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return what a quick boosting gains by each feature."""
    import lightgbm

    params: Mapping[str, Any] = {
        "num_leaves": 31,
        "learning_rate": 0.1,
        "feature_fraction": 0.3,
        "min_data_in_leaf": max(1, min(10, len(y) // 20)),
        "max_bin": 127,
        "num_threads": 1,
        "seed": 0,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    classes, codes = np.unique(y, return_inverse=True)
    rounds, target = _SCREEN_ROUNDS, codes.astype(np.float64)
    if not np.issubdtype(y.dtype, np.integer):
        params = {**params, "objective": "regression"}
        target = (y - y.mean()) / (y.std() or 1.0)
    elif len(classes) == 2:
        params = {**params, "objective": "binary"}
    else:
        params = {**params, "objective": "multiclass", "num_class": len(classes)}
        rounds = max(5, 2 * _SCREEN_ROUNDS // len(classes))
    data = lightgbm.Dataset(features, target, params={"verbosity": -1, "max_bin": 127})
    booster = lightgbm.train(dict(params), data, rounds)
    return np.asarray(booster.feature_importance("gain"), dtype=np.float64)
