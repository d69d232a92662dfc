"""Which rows train and which validate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_jupyter._core.text import plural
from automl_jupyter.data.dataset import TrainingTable
from automl_jupyter.errors import DataError, Problem

if TYPE_CHECKING:
    from automl_jupyter.spec.job import AutoMLJob

#: below this many rows: ten folds
FEW_ROWS = 1_000
#: rows of a fold, at least, when nothing is asked: of one row neither AUC nor R² is defined
LEAST_FOLD = 3
#: up to this many rows: three folds; above, a holdout
MANY_ROWS = 20_000
#: the share held out when nothing is asked
HOLDOUT = 0.1
#: time-ordered folds are at most this many when nothing is asked: the first one trains on 1 / (folds + 1) of the rows
MOST_TIME_FOLDS = 5
#: draws of the groups that are held out, of which the most even one is taken
_GROUP_DRAWS = 30

Fold = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Validation:
    """How candidates are judged.

    Parameters
    ----------
    kind : str
        ``kfold``, ``holdout``, ``validation_data``, ``monte_carlo``, ``custom``, ``group_kfold``, ``time`` or
        ``rolling_origin``.
    n_folds : int
        How many splits.
    size : float, optional
        The share of rows that validates, for ``holdout`` and ``monte_carlo``.
    stratified : bool
        Whether every split keeps the share of each class.
    reason : str
        Why, as a sentence.
    """

    kind: str
    n_folds: int
    size: float | None
    stratified: bool
    reason: str


def resolve_validation(job: AutoMLJob, table: TrainingTable) -> Validation:
    """Decide how candidates are judged.

    What is asked wins. When nothing is asked the number of rows decides, as in Azure Machine Learning: below 1,000
    ten folds, up to 20,000 three folds, above 10 % of the rows are held out. Below 30 rows there are fewer folds, of
    three rows at least, as metrics such as AUC and R² have no value on one row. A group column keeps groups whole, a
    time column makes every validation row later than the rows trained on.

    Parameters
    ----------
    job : AutoMLJob
        What was asked.
    table : TrainingTable
        The rows, after those without a target were dropped and the test rows cut.

    Returns
    -------
    Validation

    Raises
    ------
    DataError
        When there are fewer rows, groups or instants than folds asked for.
    """
    if table.time is not None:
        from automl_jupyter.data.origins import origin_validation

        return origin_validation(job, table.time.settings, table.time.n_validation)
    if table.n_training < table.n_rows:
        return Validation("validation_data", 1, None, False, "Validation data was given.")
    if table.custom_folds is not None:
        n_folds = table.custom_folds.shape[1]
        return Validation("custom", n_folds, None, False, "The folds were given as columns of the table.")
    asked, size = getattr(job, "n_cross_validations", None), getattr(job, "validation_data_size", None)
    n_folds = asked if isinstance(asked, int) else None
    if n_folds is not None and size is not None:
        return _monte_carlo(table, n_folds, float(size))
    if size is not None:
        return _holdout(table, float(size), "validation_data_size was given.")
    if n_folds is not None:
        _check_enough(table, n_folds)
        return _folds(table, n_folds, f"n_cross_validations is {n_folds}.")
    return _automatic(table)


def _automatic(table: TrainingTable) -> Validation:
    n = table.n_training
    if n > MANY_ROWS:
        return _holdout(table, HOLDOUT, f"There are {plural(n, 'row')}, more than {MANY_ROWS:,}: 10 % are held out.")
    n_folds = 10 if n < FEW_ROWS else 3
    rule = "fewer than 1,000" if n < FEW_ROWS else "1,000 to 20,000"
    reason = f"There are {plural(n, 'row')} ({rule})."
    if table.times is not None and n_folds > MOST_TIME_FOLDS:
        n_folds, reason = MOST_TIME_FOLDS, f"{reason} Folds in time order are at most {MOST_TIME_FOLDS}."
    few = max(2, n // LEAST_FOLD)
    if few < n_folds:
        n_folds, reason = few, f"{reason} A metric such as AUC or R² has no value on one row: folds have more."
    _check_apart(table)
    most, noun = _most_folds(table)
    there = plural(most, noun, "steps in time" if noun == "step in time" else None)
    if most < n_folds:
        n_folds, reason = most, f"{reason} There {'is' if most == 1 else 'are'} only {there} to make folds of."
    if n_folds < (1 if table.times is not None else 2):
        raise DataError([Problem("training_data", f"There are too few rows to validate on ({plural(n, 'row')}).")])
    return _folds(table, n_folds, reason)


def _most_folds(table: TrainingTable) -> tuple[int, str]:
    if table.times is not None:
        return len(np.unique(table.times)) - 1, "step in time"
    if table.groups is not None:
        return len(np.unique(table.groups)), "group"
    return table.n_training, "row"


def _check_apart(table: TrainingTable) -> None:
    """Refuse rows of which none can be held out, however many there are."""
    if table.n_training < 2:
        return
    if table.times is not None:
        if len(np.unique(table.times)) == 1:
            raise DataError([Problem("time_column_name", "All rows are at one instant: none can be held out.")])
    elif table.groups is not None and len(np.unique(table.groups)) == 1:
        raise DataError([Problem("group_column_name", "All rows are of one group: none can be held out.")])


def _check_enough(table: TrainingTable, n_folds: int) -> None:
    _check_apart(table)
    most, noun = _most_folds(table)
    if n_folds > most:
        there = plural(most, noun, "steps in time" if noun == "step in time" else None)
        only = f"but there {'is' if most == 1 else 'are'} only {there}"
        message = f"{n_folds} folds were asked for, {only}. Ask for fewer, or give more rows."
        raise DataError([Problem("n_cross_validations", message)])


def _folds(table: TrainingTable, n_folds: int, reason: str) -> Validation:
    if table.times is not None:
        later = f"{reason} Every fold validates on later rows than it trains on."
        return Validation("time", n_folds, None, False, later + _apart_reason(table))
    stratified = table.classes is not None
    if table.groups is not None:
        return Validation("group_kfold", n_folds, None, stratified, f"{reason} Rows of one group stay together.")
    return Validation("kfold", n_folds, None, stratified, reason)


def _holdout(table: TrainingTable, size: float, reason: str) -> Validation:
    if table.times is not None:
        latest = f"{reason} The latest rows are held out."
        return Validation("holdout", 1, size, False, latest + _apart_reason(table))
    together = " Rows of one group stay together." if table.groups is not None else ""
    return Validation("holdout", 1, size, table.classes is not None, reason + together)


def _apart_reason(table: TrainingTable) -> str:
    return " Rows whose group validates are left out of training." if table.groups is not None else ""


def _monte_carlo(table: TrainingTable, n_folds: int, size: float) -> Validation:
    if table.times is not None:
        _check_enough(table, n_folds)
        return _folds(table, n_folds, "Rows in time order cannot be split at random; validation_data_size is not used.")
    reason = f"n_cross_validations and validation_data_size were given: {n_folds} random splits."
    return Validation("monte_carlo", n_folds, size, table.classes is not None, reason)


def make_folds(validation: Validation, table: TrainingTable, *, random_state: int) -> list[Fold]:
    """Return the rows that train and the rows that validate, a pair a fold.

    Parameters
    ----------
    validation : Validation
        How to split.
    table : TrainingTable
        The rows.
    random_state : int
        The same number gives the same folds.

    Returns
    -------
    list of (train, validation)
        Sorted int32 row numbers.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> y, classes = np.array([0, 0, 1, 1]), np.array(["n", "y"])
    >>> table = SimpleNamespace(y=y, classes=classes, n_rows=4, n_training=4, time=None)
    >>> folds = make_folds(Validation("kfold", 2, None, True, ""), table, random_state=0)
    >>> [sorted(table.y[valid].tolist()) for _, valid in folds]
    [[0, 1], [0, 1]]
    """
    if table.time is not None:
        from automl_jupyter.data.origins import make_origins

        time = table.time
        return make_origins(time.index, table.y, time.settings, time.n_validation, table.weight, time.n_made)
    random = np.random.default_rng(random_state)
    n, codes = table.n_rows, table.y if table.classes is not None else None
    if validation.kind == "validation_data":
        return [(_rows(np.arange(table.n_training)), _rows(np.arange(table.n_training, n)))]
    if validation.kind == "custom":
        assert table.custom_folds is not None
        return [(_rows(np.flatnonzero(c)), _rows(np.flatnonzero(~c))) for c in table.custom_folds.T]
    if validation.kind == "time":
        assert table.times is not None
        return _apart(_time_folds(table.times, validation.n_folds), table.groups)
    if validation.kind in {"holdout", "monte_carlo"}:
        size = HOLDOUT if validation.size is None else validation.size
        return [
            cut_holdout(n, size, random=random, codes=codes, groups=table.groups, times=table.times)
            for _ in range(validation.n_folds)
        ]
    if validation.kind == "group_kfold":
        assert table.groups is not None
        assigned = _group_folds(table.groups, codes, validation.n_folds, random)
    else:
        assigned = _spread_folds(table.y, codes is not None, validation.n_folds, random)
    return [
        (_rows(np.flatnonzero(assigned != k)), _rows(np.flatnonzero(assigned == k))) for k in range(validation.n_folds)
    ]


def _rows(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.int32)


def cut_holdout(
    n: int,
    size: float,
    *,
    random: np.random.Generator,
    codes: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
) -> Fold:
    """Set a share of the rows aside.

    Parameters
    ----------
    n : int
        How many rows there are.
    size : float
        The share to set aside, between 0 and 1.
    random : numpy.random.Generator
        Where chance comes from.
    codes : numpy.ndarray, optional
        Class codes; each class gives its share, and no class gives its last row.
    groups : numpy.ndarray, optional
        Group codes; a group is set aside whole.
    times : numpy.ndarray, optional
        Instants; the latest rows are set aside and nothing else decides. With groups, earlier rows of their groups are
        neither kept nor set aside.

    Returns
    -------
    (kept, aside)
        Sorted int32 row numbers, at least one each.

    Raises
    ------
    DataError
        When rows of all groups or instants would have to stand on both sides.
    """
    n_aside = min(max(round(n * size), 1), n - 1)
    if times is not None:
        return _apart(_cut_in_time(times, [n - n_aside]), groups)[0]
    if groups is not None:
        aside = _pick_groups(groups, codes, n_aside, random)
    elif codes is not None:
        aside = _pick_by_class(codes, n_aside, random)
    else:
        aside = np.zeros(n, dtype=bool)
        aside[random.permutation(n)[:n_aside]] = True
    return _rows(np.flatnonzero(~aside)), _rows(np.flatnonzero(aside))


def _pick_by_class(codes: np.ndarray, n_aside: int, random: np.random.Generator) -> np.ndarray:
    """Mark `n_aside` rows, from each class its share: whole rows first, the rest to the largest fractions.

    As far as there are rows for it, one of each class that can spare one: a class that is not among them is not judged.
    """
    n_classes = int(codes.max()) + 1
    counts = np.bincount(codes, minlength=n_classes)
    most = np.maximum(counts - 1, 0)
    exact = counts * (n_aside / len(codes))
    take = np.minimum(np.floor(exact).astype(np.int64), most)
    seldom = np.flatnonzero((take == 0) & (most > 0))
    take[seldom[: max(n_aside - int(take.sum()), 0)]] = 1
    left = min(n_aside, int(most.sum())) - int(take.sum())
    while left > 0:  # a class that cannot give its share leaves it to the others
        order = np.argsort(take - exact, kind="stable")
        giving = order[take[order] < most[order]][:left]
        take[giving] += 1
        left -= len(giving)
    order = random.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    rank = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    aside = np.zeros(len(codes), dtype=bool)
    aside[order[rank < np.repeat(take, counts)]] = True
    if not aside.any():  # every class has one row: something has to validate
        aside[order[0]] = True
    return aside


def _pick_groups(groups: np.ndarray, codes: np.ndarray | None, n_aside: int, random: np.random.Generator) -> np.ndarray:
    """Mark whole groups of about `n_aside` rows: of several draws the one that comes nearest to every class's share.

    First of all every class is to be trained on, then every one is to be judged.
    """
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(counts) < 2:
        raise DataError([Problem("group_column_name", "All rows are of one group: none can be held out.")])
    classes = np.zeros(len(groups), dtype=np.intp) if codes is None else codes
    of_class = np.bincount(classes)

    def off(aside: np.ndarray) -> tuple[int, int, float]:
        shares = np.bincount(classes[aside], minlength=len(of_class))[of_class > 0] / of_class[of_class > 0]
        uneven = float(np.abs(shares - n_aside / len(classes)).mean())
        return int((shares == 1).sum()), int((shares == 0).sum()), uneven

    return min((_draw_groups(inverse, counts, n_aside, random) for _ in range(_GROUP_DRAWS)), key=off)


def _draw_groups(inverse: np.ndarray, counts: np.ndarray, n_aside: int, random: np.random.Generator) -> np.ndarray:
    order = random.permutation(len(counts))
    total = np.cumsum(counts[order])
    n_groups = int(np.clip(np.searchsorted(total, n_aside) + 1, 1, len(counts) - 1))
    if n_groups > 1 and total[n_groups - 1] - n_aside > n_aside - total[n_groups - 2]:
        n_groups -= 1  # nearer to the share asked for without the last group
    return np.asarray(np.isin(inverse, order[:n_groups]))


def _spread_folds(y: np.ndarray, classes: bool, n_folds: int, random: np.random.Generator) -> np.ndarray:
    """Deal the rows out in the order of the target, so that each fold gets its share of every class or value.

    Dealing goes on from class to class: folds differ by one row at most, and a class of two rows or more
    always leaves one to train on, however few there are.
    """
    n = len(y)
    order = random.permutation(n)
    order = order[np.argsort(y[order], kind="stable")]
    assigned = np.empty(n, dtype=np.int32)
    if classes:
        dealt = random.permutation(n_folds)
        assigned[order] = dealt[np.arange(n) % n_folds]
        return assigned
    rounds = -(-n // n_folds)
    dealt = random.permuted(np.tile(np.arange(n_folds), (rounds, 1)), axis=1)
    assigned[order] = dealt.ravel()[:n]
    return assigned


def _group_folds(groups: np.ndarray, codes: np.ndarray | None, n_folds: int, random: np.random.Generator) -> np.ndarray:
    """Give each group, the largest first, to the fold that has least of what it brings."""
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    n_groups = len(counts)
    brings = counts[:, None] / len(groups)
    if codes is not None:
        n_classes = int(codes.max()) + 1
        if n_groups * n_classes <= 5_000_000:
            table = np.bincount(inverse * n_classes + codes, minlength=n_groups * n_classes)
            table = table.reshape(n_groups, n_classes)
            brings = np.hstack([brings, table / np.maximum(table.sum(axis=0), 1)])
    order = random.permutation(n_groups)
    order = order[np.argsort(-counts[order], kind="stable")]
    holds = np.zeros((n_folds, brings.shape[1]))
    fold_of = np.empty(n_groups, dtype=np.int32)
    empty = n_folds
    for done, group in enumerate(order):
        cost = holds @ brings[group]
        if n_groups - done <= empty:  # the groups left are needed to fill the folds that have none
            cost = np.where(holds[:, 0] > 0, np.inf, cost)
        fold = int(np.argmin(cost))
        empty -= holds[fold, 0] == 0
        holds[fold] += brings[group]
        fold_of[group] = fold
    return fold_of[inverse]


def _time_folds(times: np.ndarray, n_folds: int) -> list[Fold]:
    """Cut the rows, in time order, into one block more than folds; fold k trains on the blocks before block k."""
    n = len(times)
    return _cut_in_time(times, [round(n * (k + 1) / (n_folds + 1)) for k in range(n_folds)])


def _cut_in_time(times: np.ndarray, cuts: Sequence[int]) -> list[Fold]:
    """Cut rows in time order at about the given counts; rows of one instant are never parted."""
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    starts = np.flatnonzero(np.diff(ordered)) + 1  # where a new instant begins
    if len(starts) < len(cuts):
        raise DataError([Problem("time_column_name", "There are too few different times to split the rows by time.")])
    places: list[int] = []
    for k, cut in enumerate(cuts):
        low = int(np.searchsorted(starts, places[-1], side="right")) if places else 0
        high = len(starts) - (len(cuts) - k)  # leave one start for each cut to come
        near = int(np.clip(np.argmin(np.abs(starts - cut)), low, high))
        places.append(int(starts[near]))
    ends = [*places[1:], len(times)]
    return [
        (_rows(np.sort(order[:cut])), _rows(np.sort(order[cut:end]))) for cut, end in zip(places, ends, strict=True)
    ]


def _apart(folds: list[Fold], groups: np.ndarray | None) -> list[Fold]:
    """Leave the rows out of training whose group has rows that validate."""
    if groups is None:
        return folds
    found = [(train[~np.isin(groups[train], groups[valid])], valid) for train, valid in folds]
    if not all(len(train) for train, _ in found):
        message = (
            "No row is left to train on: every group with rows before a cut in time has rows after it."
            " Keep group_column_name or time_column_name, not both."
        )
        raise DataError([Problem("group_column_name", message)])
    return found
