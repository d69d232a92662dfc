"""The columns that say something about rows without being features: weight, group, time, folds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from automl_jupyter._core.text import plain, plural
from automl_jupyter.data.convert import raw_numbers, to_truths
from automl_jupyter.data.dataset import ColumnType, Note
from automl_jupyter.data.instants import find_instants
from automl_jupyter.data.kinds import UnreadableValueError
from automl_jupyter.data.schema import parse_type
from automl_jupyter.data.series import made_of
from automl_jupyter.data.vocabulary import distinct_values
from automl_jupyter.errors import Problem

if TYPE_CHECKING:
    from automl_jupyter.spec.job import AutoMLJob

#: types that suit columns which are no features, the usual one first
_OF_LABELS = (
    ColumnType.CATEGORICAL, ColumnType.CATEGORICAL_HASH, ColumnType.BOOLEAN, ColumnType.NUMERIC, ColumnType.TEXT,
)  # fmt: skip
_OF_FOLDS = (ColumnType.NUMERIC, ColumnType.BOOLEAN, ColumnType.IGNORE)
_OF_WEIGHTS = (ColumnType.NUMERIC, ColumnType.IGNORE)


@dataclass(frozen=True)
class Roles:
    """What each row weighs, which group and instant it belongs to, and which folds it trains in."""

    weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    custom_folds: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Roles:
        """Return the roles of some rows."""
        return Roles(*(None if v is None else v[rows] for v in self._values()))

    def join(self, other: Roles) -> Roles:
        """Return the roles of these rows and of the other's after them; what one lacks neither has.

        Validation rows given as a table of their own need no group or instant: they are never split.
        """
        pairs = zip(self._values(), other._values(), strict=True)
        return Roles(*(None if a is None or b is None else np.concatenate([a, b]) for a, b in pairs))

    def _values(self) -> tuple[np.ndarray | None, ...]:
        return self.weight, self.groups, self.times, self.custom_folds


def feature_types(job: AutoMLJob, columns: Collection[str] = ()) -> tuple[dict[str, str], list[Problem]]:
    """Return the types asked for of features, and a problem for each that does not suit what its column is used as.

    A type of a column that is no feature is right where it says what the column is read as anyway. Where rows of a
    forecast become periods, a type is that of all `columns` that were made of its column.
    """
    asked: Mapping[str, str] = getattr(getattr(job, "featurization", None), "column_name_and_types", None) or {}
    types, uses = dict(asked), _uses(job)
    problems = []
    for name in [n for n in asked if n in uses]:
        spelled = types.pop(name)
        use, suitable = uses[name]
        if parse_type(spelled) not in suitable:
            message = f"{plain(name, most=80)!r} is {use} and cannot be {spelled}; use {suitable[0]}, or leave it out."
            problems.append(Problem("featurization.column_name_and_types", message))
    aggregate = aggregate_of(job)
    found: dict[str, str] = {}
    for name, spelled in types.items():
        parts = made_of(name, columns, aggregate)
        if f"{name}_sum" in parts and parse_type(spelled) is not ColumnType.NUMERIC:
            message = (
                f"{plain(name, most=80)!r} holds numbers, of which target_aggregate_function makes sums, means, minima"
                f" and maxima: these cannot be {spelled}. Make texts of the numbers, or leave it out."
            )
            problems.append(Problem("featurization.column_name_and_types", message))
        found |= dict.fromkeys(parts or [name], spelled)
    return found, problems


def aggregate_of(job: AutoMLJob) -> str | None:
    """Return how the rows of a forecasting job become periods; None where they do not, and in other jobs."""
    return getattr(getattr(job, "forecasting", None), "target_aggregate_function", None)


def _uses(job: AutoMLJob) -> dict[str, tuple[str, Sequence[ColumnType]]]:
    """Return what the columns that are no features are used as, and the types that suit it, the usual one first."""
    of_target = _OF_LABELS if job.task == "classification" else (ColumnType.NUMERIC,)
    of_series = getattr(getattr(job, "forecasting", None), "time_column_name", None)
    uses: list[tuple[str | None, str, Sequence[ColumnType]]] = [
        *((c, "a column of folds", _OF_FOLDS) for c in getattr(job, "cv_split_column_names", None) or ()),
        (getattr(job, "group_column_name", None), "the column of groups", tuple(ColumnType)),
        (getattr(job, "weight_column_name", None), "the column of row weights", _OF_WEIGHTS),
        (of_series, "the column of instants", (ColumnType.DATETIME,)),
        (job.target_column_name, "the column to predict", of_target),
    ]
    return {str(name): (use, suitable) for name, use, suitable in uses if name}


def read_roles(job: AutoMLJob, frame: pd.DataFrame, where: str, problems: list[Problem], notes: list[Note]) -> Roles:
    """Read the roles of the rows of one input.

    Parameters
    ----------
    job : AutoMLJob
        What was asked.
    frame : pandas.DataFrame
        The rows that have a target.
    where : str
        The input's field; groups, times and folds are read from training_data only.
    problems, notes : list
        What is wrong, and what was done, is added here.
    """
    weight = groups = times = folds = None
    name = getattr(job, "weight_column_name", None)
    if name and name in frame.columns:
        weight = read_weights(frame[name], name, where, problems)
    if where != "training_data":
        return Roles(weight)
    name = getattr(job, "group_column_name", None)
    if name:
        groups = _groups(frame[name], name, notes)
    name = getattr(job, "time_column_name", None)
    if name:
        times = _times(frame[name], name, problems)
    names = getattr(job, "cv_split_column_names", None)
    if names:
        folds = _custom_folds(frame, list(names), problems)
    return Roles(weight, groups, times, folds)


def read_weights(series: pd.Series, name: str, where: str, problems: list[Problem]) -> np.ndarray | None:
    """Return a weight a row, 1 on average over those above nought; None, with the problem added, where one is none.

    Learners take weights as numbers of rows: of shares that sum to 1, none has rows enough for a single split.
    """
    column = f"The column {plain(name, most=80)!r} in {where}"
    try:
        values = raw_numbers(series).astype(np.float64)
    except UnreadableValueError as error:
        problems.append(Problem("weight_column_name", f"{column} has the value {error.shown}, which is not a number."))
        return None
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        message = f"{column} has {plural(int(bad.sum()), 'row')} whose weight is missing, negative or infinite."
        problems.append(Problem("weight_column_name", message))
        return None
    if not values.any():
        problems.append(Problem("weight_column_name", f"{column} is zero in every row."))
        return None
    return values / float(values[values > 0].mean())


def _groups(series: pd.Series, name: str, notes: list[Note]) -> np.ndarray:
    codes, distinct = distinct_values(series)
    codes = codes.astype(np.int64)
    missing = np.flatnonzero(codes < 0)
    if len(missing):
        codes[missing] = len(distinct) + np.arange(len(missing))
        what = f"{plural(len(missing), 'row')} have no value in {plain(name, most=80)!r}."
        notes.append(Note("groups", what, "Each of them is taken as a group of its own."))
    return codes


def _times(series: pd.Series, name: str, problems: list[Problem]) -> np.ndarray | None:
    try:
        instants = find_instants(series)
    except UnreadableValueError as error:
        message = f"The column {plain(name, most=80)!r} has the value {error.shown}, which is not a date or time."
        problems.append(Problem("time_column_name", message))
        return None
    missing = int(np.isnat(instants).sum())
    if missing:
        message = f"The column {plain(name, most=80)!r} has no value in {plural(missing, 'row')}. Fill or drop them."
        problems.append(Problem("time_column_name", message))
        return None
    return instants.astype(np.int64)


def _custom_folds(frame: pd.DataFrame, names: list[str], problems: list[Problem]) -> np.ndarray | None:
    columns: list[np.ndarray] = []
    for name in names:
        message = _fold_problem(frame[name], columns)
        if message:
            problems.append(Problem("cv_split_column_names", f"The column {plain(name, most=80)!r} {message}"))
    return np.column_stack(columns) if len(columns) == len(names) else None


def _fold_problem(series: pd.Series, columns: list[np.ndarray]) -> str:
    """Add the fold to `columns`, or return what is wrong with it."""
    try:
        values = to_truths(series)
    except UnreadableValueError as error:
        return f"has the value {error.shown}; it has to be 1 for rows that train and 0 for rows that validate."
    if np.isnan(values).any():
        return "has rows without a value; it has to be 1 for rows that train and 0 for rows that validate."
    if values.min() == values.max():
        return f"is {values[0]:.0f} in every row; a fold needs rows that train and rows that validate."
    columns.append(values == 1)
    return ""
