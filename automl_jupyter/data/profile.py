"""What a table looks like before anything is learnt from it: a row for each column, and why it is read as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import did_you_mean, number, plain, plural
from automl_jupyter.data.dataset import Column, ColumnType
from automl_jupyter.data.distribution import NO_DISTRIBUTION, SAMPLE_TEXTS, Distribution, distribution_of
from automl_jupyter.data.infer import find_column
from automl_jupyter.data.kinds import UnreadableValueError, is_missing, kind_of, text_of, to_texts
from automl_jupyter.data.profile_target import TargetProfile, profile_target
from automl_jupyter.data.relation import relation_to_target
from automl_jupyter.data.schema import TableSchema, resolve_types
from automl_jupyter.errors import DataError, Problem

#: rows columns are judged by; of larger tables a sample
SAMPLE_ROWS = 100_000
#: cells compared at most to count rows that occur twice
_MOST_CELLS = 50_000_000
#: classes told apart to measure the relation; the rarer ones count as one
_MOST_CLASSES = 6
_N_EXAMPLES, _EXAMPLE_LENGTH = 3, 40


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a table.

    Parameters
    ----------
    name : str
        The column's name, as it is.
    type : ColumnType or None
        How it is read; None when it cannot be.
    reason : str
        Why it is read so, why no feature is made of it, or why it cannot be read.
    n_missing : int
        Rows without a value.
    n_unique : int
        Distinct values; counted on a sample where the profile says so.
    dropped : bool
        Whether no feature is made of it.
    examples : tuple of str
        A few of its values, shortened.
    distribution : Distribution
        Its values as bars.
    relation : float, optional
        From 0 to 1, how well it alone tells the target; see `relation_to_target`.
    is_target : bool
        Whether it is the column to predict.
    detected : str
        The type found from the values, where the user asked for another one; else empty.
    """

    name: str
    type: ColumnType | None
    reason: str
    n_missing: int
    n_unique: int
    dropped: bool = False
    examples: tuple[str, ...] = ()
    distribution: Distribution = NO_DISTRIBUTION
    relation: float | None = None
    is_target: bool = False
    detected: str = ""


@dataclass(frozen=True)
class TableProfile:
    """A table as it is before training.

    Parameters
    ----------
    n_rows, n_columns : int
        The size of the table, the target included.
    n_bytes : int
        Memory it takes, estimated for columns of Python objects.
    n_duplicates : int, optional
        Rows that equal an earlier one; None when there are too many rows to compare.
    target : TargetProfile, optional
        The column to predict.
    columns : tuple of ColumnProfile
        Every column in the order of the table.
    notes : tuple of str
        What was computed on a sample, in sentences.
    """

    n_rows: int
    n_columns: int
    n_bytes: int
    n_duplicates: int | None
    target: TargetProfile | None
    columns: tuple[ColumnProfile, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as plain values; names and values of the data are in it as they are."""
        return asdict(self)

    def with_column(self, column: ColumnProfile) -> TableProfile:
        """Return the profile with one column's row replaced."""
        return replace(self, columns=tuple(column if c.name == column.name else c for c in self.columns))


class Profiler:
    """Looks at the columns of one table, and again at one of them when its type is changed.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table, with distinct text names.
    target : str, optional
        The column to predict.
    task : {"classification", "regression"}, optional
        Guessed from the target's values when None.

    Raises
    ------
    DataError
        When there is no column, or none of the target's name.

    Examples
    --------
    >>> table = pd.DataFrame({"size": [1.5, 2.5, 4.0] * 10, "y": ["no", "no", "yes"] * 10})
    >>> profile = Profiler(table, "y").table()
    >>> profile.target.task, [(c.name, str(c.type), c.n_unique) for c in profile.columns]
    ('classification', [('size', 'Numeric', 3), ('y', 'Categorical', 2)])
    """

    def __init__(self, frame: pd.DataFrame, target: str | None = None, task: str | None = None) -> None:
        names = [str(c) for c in frame.columns]
        if not names:
            raise DataError([Problem("data", "The table has no columns.")])
        if target is not None and target not in names:
            known = did_you_mean(target, names)
            message = f"There is no column {plain(target, most=80)!r}.{known}"
            raise DataError([Problem("target_column_name", message)])
        self.names = names
        self._frame, self._target_name = frame, target
        self._rows: np.ndarray | None = None
        if len(frame) > SAMPLE_ROWS:
            self._rows = np.sort(np.random.default_rng(0).choice(len(frame), SAMPLE_ROWS, replace=False))
        self._target: TargetProfile | None = None
        self._y: np.ndarray | None = None
        self._n_classes: int | None = None
        self._kept: np.ndarray | None = None
        if target is not None:
            self._look_at_target(frame.iloc[:, names.index(target)].rename(target), task)

    def _look_at_target(self, series: pd.Series, task: str | None) -> None:
        self._target, values = profile_target(series, task)
        if values is None:
            return
        y, has_target = values.y, values.kept
        if self._rows is not None:
            whole = np.zeros(len(series), dtype=y.dtype)
            has = np.ones(len(series), dtype=bool) if has_target is None else has_target
            whole[has] = y
            has_target = has[self._rows]
            y = whole[self._rows][has_target]
        self._y, self._kept, self._n_classes = y, has_target, values.n_classes
        if values.n_classes is not None and values.n_classes > _MOST_CLASSES:
            common = np.argsort(-np.bincount(y, minlength=values.n_classes), kind="stable")[: _MOST_CLASSES - 1]
            merged = np.full(values.n_classes, _MOST_CLASSES - 1)
            merged[common] = np.arange(_MOST_CLASSES - 1)
            self._y, self._n_classes = merged[y], _MOST_CLASSES

    def table(self, types: Mapping[str, str] | None = None) -> TableProfile:
        """Return the profile of the whole table.

        Parameters
        ----------
        types : mapping of str to str, optional
            Column types the user asked for.

        Raises
        ------
        DataError
            When a type is not one, its column is not there, or its values cannot be read as it.
        """
        wanted, problems = resolve_types(types or {}, self.names)
        if problems:
            raise DataError(problems)
        columns = tuple(self.column(name, wanted.get(name)) for name in self.names)
        return TableProfile(
            n_rows=len(self._frame),
            n_columns=len(self.names),
            n_bytes=_memory(self._frame),
            n_duplicates=_count_duplicates(self._frame, columns),
            target=self._target,
            columns=columns,
            notes=self._notes(columns),
        )

    def column(self, name: str, wanted: ColumnType | None = None) -> ColumnProfile:
        """Return the profile of one column.

        Parameters
        ----------
        name : str
            The column.
        wanted : ColumnType, optional
            The type the user asked for.

        Raises
        ------
        DataError
            When the values cannot be read as the type asked for.
        """
        series = self._frame.iloc[:, self.names.index(name)]
        seen, n_missing = self._seen(series), int(series.isna().sum())
        examples = _examples(series)
        detected = str(self.column(name).type) if wanted is not None else ""
        is_target = name == self._target_name
        alone = is_target or len(self.names) - (self._target_name is not None) == 1
        try:
            found = find_column(name, seen, wanted, alone=alone)
        except UnreadableValueError as error:
            why = f"the value {error.shown} is not {error.wanted}"
            if wanted is not None:
                raise DataError([Problem(f"column {plain(name, most=80)!r}", f"{why}.")]) from None
            reason = f"cannot be read: {why}"
            return ColumnProfile(name, None, reason, n_missing, 0, False, examples, is_target=is_target)
        column = found.column
        n_missing += _scaled(column.n_missing - int(seen.isna().sum()), len(series), len(seen))
        distribution, relation = NO_DISTRIBUTION, None
        if not column.dropped:
            schema = TableSchema([column], {name: found.coding})
            distribution, relation = self._pictures(schema, column, seen, is_target)
        return ColumnProfile(
            name=name,
            type=column.type,
            reason=column.reason,
            n_missing=n_missing,
            n_unique=column.n_unique,
            dropped=column.dropped and not is_target,
            examples=examples,
            distribution=distribution,
            relation=relation,
            is_target=is_target,
            detected=detected,
        )

    def _seen(self, series: pd.Series) -> pd.Series:
        """Return the rows a column is judged by; all of them where the sample cannot tell that it counts the rows."""
        if self._rows is None:
            return series
        sample = series.iloc[self._rows]
        if kind_of(series) == "number" and not sample.isna().any() and sample.is_monotonic_increasing:
            return series
        return sample

    def _pictures(
        self, schema: TableSchema, column: Column, seen: pd.Series, is_target: bool
    ) -> tuple[Distribution, float | None]:
        if column.type is ColumnType.TEXT:
            part = seen if len(seen) <= SAMPLE_TEXTS else seen.iloc[:: -(-len(seen) // SAMPLE_TEXTS)]
            return distribution_of(schema.encode(part.to_frame(column.name))[column.name], column.type), None
        values = schema.encode(seen.to_frame(column.name))[column.name]
        n_unknown = n_levels = 0
        if isinstance(values.dtype, pd.CategoricalDtype):  # of many categories the rarest are not known
            n_levels = max(0, column.n_unique - len(values.cat.categories))
            n_unknown = int(values.isna().sum() - seen.isna().sum()) if n_levels else 0
        distribution = distribution_of(values, column.type, n_unknown=n_unknown, n_unknown_levels=n_levels)
        if is_target or self._y is None:
            return distribution, None
        if self._rows is not None and len(values) > len(self._rows):
            values = values.iloc[self._rows]
        if self._kept is not None:
            values = values[self._kept]
        return distribution, relation_to_target(values, self._y, n_classes=self._n_classes)

    def _notes(self, columns: tuple[ColumnProfile, ...]) -> tuple[str, ...]:
        notes = []
        n_rows = len(self._frame)
        if self._rows is not None:
            notes.append(
                f"{plural(SAMPLE_ROWS, 'row')} of {n_rows:,} were sampled for types, distinct values and distributions;"
                " missing values, the target and repeated rows are counted in all of them."
            )
        if any(c.type is ColumnType.TEXT for c in columns) and min(n_rows, SAMPLE_ROWS) > SAMPLE_TEXTS:
            notes.append(f"Lengths of texts are those of at most {plural(SAMPLE_TEXTS, 'row')}.")
        if self._target is not None and self._target.n_classes and self._target.n_classes > _MOST_CLASSES:
            notes.append(f"For the relation to the target, all but the {_MOST_CLASSES - 1} largest classes are one.")
        return tuple(notes)


def _scaled(n: int, n_rows: int, n_seen: int) -> int:
    return round(n * n_rows / n_seen) if n_seen else 0


def _examples(series: pd.Series) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in series.head(1000).array:
        if is_missing(value):
            continue
        if isinstance(value, float | np.floating) and abs(float(value)) < 1e15:
            text = number(float(value))
        else:
            text = plain(text_of(value)[: 4 * _EXAMPLE_LENGTH], most=_EXAMPLE_LENGTH).removesuffix(" 00:00:00")
        found.setdefault(text)
        if len(found) == _N_EXAMPLES:
            break
    return tuple(found)


def _memory(frame: pd.DataFrame) -> int:
    """Return the bytes a table takes; Python objects are measured on ten thousand rows."""
    total = int(frame.memory_usage(index=True, deep=False).sum())
    step = max(1, len(frame) // 10_000)
    for position in range(frame.shape[1]):
        series = frame.iloc[:, position]
        holds_objects = pd.api.types.is_object_dtype(series.dtype) or isinstance(series.dtype, pd.StringDtype)
        if holds_objects and len(series):
            part = series.iloc[::step]
            inside = part.memory_usage(index=False, deep=True) - part.memory_usage(index=False)
            total += round(inside * len(series) / len(part))
    return total


def _count_duplicates(frame: pd.DataFrame, columns: tuple[ColumnProfile, ...]) -> int | None:
    """Count the rows that equal an earlier one.

    Rows that differ in the two columns of most values differ; mostly few are left to be compared as a whole.
    """
    order = sorted(range(len(columns)), key=lambda i: -columns[i].n_unique)
    rest = frame
    for some in (order[:2], order[:10], order):
        if len(rest) * len(some) > _MOST_CELLS:
            return None
        if some is order:
            return int(_repeated(rest.iloc[:, some], keep="first").sum())
        rest = rest[_repeated(rest.iloc[:, some], keep=False)]
        if not len(rest):
            return 0
    return 0


def _repeated(part: pd.DataFrame, *, keep: Any) -> np.ndarray:
    try:
        return part.duplicated(keep=keep).to_numpy()
    except (TypeError, ValueError, NotImplementedError):  # lists and mappings are compared by their text
        texts = {i: pd.Series(to_texts(part.iloc[:, i]), dtype=object) for i in range(part.shape[1])}
        return pd.DataFrame(texts).duplicated(keep=keep).to_numpy()
