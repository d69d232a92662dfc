"""The target of a profile: which task it asks for, and what it looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl_jupyter._core.text import plain, plural
from automl_jupyter.data.convert import to_numbers
from automl_jupyter.data.dataset import ColumnType, Note
from automl_jupyter.data.distribution import NO_DISTRIBUTION, Distribution, histogram_of, levels_of
from automl_jupyter.data.infer import find_column
from automl_jupyter.data.kinds import UnreadableValueError, kind_of, text_of
from automl_jupyter.data.target import assign_codes, find_classes, read_target
from automl_jupyter.errors import Problem

#: most distinct whole numbers that are taken for classes
MOST_CLASS_NUMBERS = 20
#: rows a class has at least, on average, where whole numbers are taken for classes
_ROWS_PER_CLASS = 5
#: classes whose share is kept
_MOST_SHOWN = 10
_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class TargetProfile:
    """The column to predict.

    Parameters
    ----------
    name : str
        The column.
    task : {"classification", "regression"} or None
        The task asked for, or guessed; None when the values fit neither.
    reason : str
        Why this task, as a sentence.
    n_missing : int
        Rows without a target, which a job leaves out.
    n_classes : int, optional
        How many classes there are.
    classes : tuple of (str, int)
        The most frequent classes and their rows, the most frequent first.
    quantiles : tuple of float
        Smallest value, quartiles and largest value; empty for classes.
    distribution : Distribution
        The values as bars.
    problems : tuple of str
        Why a job could not learn it, in sentences.
    """

    name: str
    task: str | None
    reason: str
    n_missing: int = 0
    n_classes: int | None = None
    classes: tuple[tuple[str, int], ...] = ()
    quantiles: tuple[float, ...] = ()
    distribution: Distribution = NO_DISTRIBUTION
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class TargetValues:
    """What columns are compared with.

    Parameters
    ----------
    y : numpy.ndarray
        Class codes or values of the kept rows.
    n_classes : int, optional
        None for regression.
    kept : numpy.ndarray, optional
        Which rows have a target; None when all have.
    """

    y: np.ndarray
    n_classes: int | None
    kept: np.ndarray | None


def guess_task(series: pd.Series) -> tuple[str | None, str]:
    """Return the task a target asks for and why, as a sentence.

    Parameters
    ----------
    series : pandas.Series
        The target column.

    Returns
    -------
    task : {"classification", "regression"} or None
        None when there is nothing to predict, or when the values fit neither.
    reason : str

    Examples
    --------
    >>> guess_task(pd.Series(["a", "b", "c"] * 10, name="y"))
    ('classification', 'y has 3 distinct texts')
    >>> guess_task(pd.Series([0.5, 1.5, 2.5], name="y"))
    ('regression', 'y has 3 distinct numbers, with fractions')
    """
    name = plain(series.name, most=60)
    try:
        found = find_column(str(series.name), series, alone=True)
    except UnreadableValueError as error:
        return None, f"{name} has the value {error.shown}, which is not {error.wanted}"
    column, quantity = found.column, found.coding.quantity
    if column.dropped or column.n_unique < 2:
        why = column.reason.removeprefix("dropped: ") if column.dropped else "it has one value only"
        return None, f"there is nothing to predict in {name}: {why}"
    if column.type is ColumnType.DATETIME:
        return None, f"{name} holds dates, which neither classification nor regression predicts"
    if column.type is ColumnType.BOOLEAN:
        return "classification", f"{name} is true or false"
    if column.type is ColumnType.NUMERIC:
        values = to_numbers(series) if quantity is None else quantity.read(series)
        task, reason = _guess_from_numbers(name, values, column.n_unique)
        if quantity is not None and task == "regression":
            return None, f"{reason}, written as texts; turn them into numbers to predict them"
        return task, reason
    noun = "distinct value" if kind_of(series) == "category" else "distinct text"
    return "classification", f"{name} has {plural(column.n_unique, noun)}"


def _guess_from_numbers(name: str, values: np.ndarray, n_unique: int) -> tuple[str, str]:
    present = values[~np.isnan(values)]
    if n_unique == 2:
        return "classification", f"{name} has 2 distinct numbers"
    if not bool((present == np.floor(present)).all()):
        return "regression", f"{name} has {plural(n_unique, 'distinct number')}, with fractions"
    said = f"{name} has {plural(n_unique, 'distinct whole number')}"
    if n_unique <= MOST_CLASS_NUMBERS and len(present) >= _ROWS_PER_CLASS * n_unique:
        return "classification", said
    return "regression", said


def profile_target(series: pd.Series, task: str | None) -> tuple[TargetProfile, TargetValues | None]:
    """Return what a target looks like, and its values where it can be learnt.

    Parameters
    ----------
    series : pandas.Series
        The target column, every row.
    task : {"classification", "regression"}, optional
        The task asked for; guessed when None.
    """
    name, n_missing = str(series.name), int(series.isna().sum())
    task, reason = (task, "as asked") if task else guess_task(series)
    if task is None:
        return TargetProfile(name, None, reason, n_missing), None
    problems: list[Problem] = []
    notes: list[Note] = []
    where = "training_data"
    target = read_target(series, task == "regression", where, problems, notes)
    classes = None
    if target is not None and task == "classification" and len(target.values):
        classes = find_classes(target, problems, notes)
        if classes is not None:
            assign_codes(target, classes, where, problems)
    said = tuple(p.message for p in problems)
    if target is None or (task == "classification" and classes is None) or not len(target.values):
        return TargetProfile(name, task, reason, n_missing, problems=said), None
    n_missing = len(series) - len(target.values)
    if classes is None:
        quantiles = tuple(float(q) for q in np.quantile(target.values, _QUANTILES))
        found = TargetProfile(name, task, reason, n_missing, None, (), quantiles, histogram_of(target.values), said)
        return found, None if said else TargetValues(target.values, None, target.kept)
    counts = np.bincount(target.values, minlength=len(classes))
    names = [text_of(c) for c in classes.tolist()]
    order = np.argsort(-counts, kind="stable")[:_MOST_SHOWN]
    shown = tuple((plain(names[i], most=60), int(counts[i])) for i in order)
    bars = levels_of(names, counts.tolist())
    found = TargetProfile(name, task, reason, n_missing, len(classes), shown, (), bars, said)
    return found, TargetValues(target.values, len(classes), target.kept)
