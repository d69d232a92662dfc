"""What the columns are: fitted on the training rows, part of every fitted model."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import did_you_mean, fold_name, listing, plain, plural
from automl_jupyter._core.warn import warn_caller
from automl_jupyter.data.convert import to_instants, to_numbers, to_truths
from automl_jupyter.data.dataset import Column, ColumnType, Note
from automl_jupyter.data.frames import as_frame
from automl_jupyter.data.infer import Coding, Found, find_column, layout_of
from automl_jupyter.data.kinds import UnreadableValueError, kind_of, to_texts
from automl_jupyter.data.vocabulary import Vocabulary
from automl_jupyter.errors import DataError, ModelInputError, Problem

_FORMAT = 1
_NAMES = {fold_name(t): t for t in ColumnType} | {
    "hashes": ColumnType.CATEGORICAL_HASH,
    "bool": ColumnType.BOOLEAN,
    "date": ColumnType.DATETIME,
}


def parse_type(name: str) -> ColumnType | None:
    """Return the column type called `name`, without regard to case and underscores; None when there is none.

    Examples
    --------
    >>> parse_type("date_time")
    <ColumnType.DATETIME: 'DateTime'>
    """
    return _NAMES.get(fold_name(name))


class TableSchema:
    """The columns of the training rows, and how any later rows become the same columns.

    Parameters
    ----------
    columns : sequence of Column
        Every feature column, dropped ones included, in the order of the training table.
    codings : mapping of str to Coding
        How the values of each kept column are read.
    notes : sequence of Note
        What was dropped or replaced.

    Examples
    --------
    >>> frame = pd.DataFrame({"size": [1.5, None, 2.5], "colour": ["red", "blue", "red"], "unit": ["m"] * 3})
    >>> schema = TableSchema.infer(frame)
    >>> [str(c.type) for c in schema.kept]
    ['Numeric', 'Categorical']
    >>> schema.encode({"size": [7], "colour": ["blue"]})["colour"].tolist()
    ['blue']
    """

    def __init__(self, columns: Sequence[Column], codings: Mapping[str, Coding], notes: Sequence[Note] = ()) -> None:
        self.columns = tuple(columns)
        self.notes = tuple(notes)
        self._codings = dict(codings)
        self._words = {n: Vocabulary(c.words) for n, c in self._codings.items() if c.words is not None}
        self._warned = False

    @property
    def kept(self) -> tuple[Column, ...]:
        """The columns features are made of, in order."""
        return tuple(c for c in self.columns if not c.dropped)

    @property
    def feature_names(self) -> list[str]:
        """The names of every training column, dropped ones included."""
        return [c.name for c in self.columns]

    @classmethod
    def infer(
        cls,
        X: pd.DataFrame,
        *,
        types: Mapping[str, str] | None = None,
        as_they_are: bool = False,
        may_be_empty: bool = False,
    ) -> TableSchema:
        """Find out what the columns are.

        Parameters
        ----------
        X : pandas.DataFrame
            The raw training rows.
        types : mapping of str to str, optional
            Column types the user asked for (``Numeric``, ``Categorical``, ``CategoricalHash``, ``DateTime``,
            ``Text``, ``Ignore``, ``Boolean``); they win over what the values say.
        as_they_are : bool, default False
            Whether every column is used as it is: then all must be numbers or booleans, and none is dropped for what
            its values are.
        may_be_empty : bool, default False
            Whether no column may be left.

        Returns
        -------
        TableSchema

        Raises
        ------
        DataError
            When a type is asked for a column that is not there, when values cannot be read as asked, when columns
            that are used as they are hold no numbers, or when no column is left; every reason at once.
        """
        X = as_frame(X) if X.shape[1] else X
        wanted, problems = resolve_types(types or {}, list(X.columns))
        if as_they_are:
            wanted, more = _as_they_are(X, wanted)
            problems += more
        found: list[Found] = []
        for position, name in enumerate(X.columns):
            try:
                found.append(find_column(name, X.iloc[:, position], wanted.get(name), alone=X.shape[1] == 1))
            except UnreadableValueError as error:
                problems.append(_unreadable(name, error))
        if not problems and not may_be_empty and all(f.column.dropped for f in found):
            problems.append(Problem("training_data", _nothing_left([f.column for f in found])))
        if problems:
            raise DataError(problems)
        codings = {f.column.name: f.coding for f in found if not f.column.dropped}
        return cls([f.column for f in found], codings, _notes(found))

    def encode(self, X: object, *, where: str = "the rows given", roles: Collection[str] = ()) -> pd.DataFrame:
        """Turn raw rows into the canonical columns every featurizer reads.

        Parameters
        ----------
        X : object
            A pandas, Polars or Arrow table, a mapping of columns, a list of mappings, or a 2-D array in the order
            of `feature_names`.
        where : str, default "the rows given"
            What the rows are called in messages.
        roles : collection of str, optional
            Columns that are known not to be features (the target, weights), which may be there without a warning.

        Returns
        -------
        pandas.DataFrame
            The kept columns in order with a RangeIndex. Numeric and Boolean: float32 or float64, NaN where missing
            or infinite. Categorical: the fitted categories, NaN where missing or unknown. DateTime: datetime64[ns]
            in UTC without a zone. Text: strings, empty where missing.

        Raises
        ------
        ModelInputError
            When columns are missing or values cannot be read.

        Warns
        -----
        UserWarning
            Once, when there are columns the model does not know.
        """
        frame = self._frame(X, where)
        self._check_names(frame, where, roles)
        columns: dict[str, Any] = {}
        unreadable: list[str] = []
        for column in self.kept:
            try:
                columns[column.name] = self._encode_column(column, frame[column.name])
            except UnreadableValueError as error:
                unreadable.append(str(_unreadable(column.name, error)))
        if unreadable:
            lines = "".join(f"\n  - {u}" for u in unreadable) if len(unreadable) > 1 else f" {unreadable[0]}"
            raise ModelInputError(f"In {where}, values do not fit what the model was trained on:{lines}")
        return pd.DataFrame(columns, index=pd.RangeIndex(len(frame)), copy=False)

    def encode_column(self, name: str, X: pd.DataFrame) -> pd.Series:
        """Return one kept column of raw training rows as `encode` makes it.

        Parameters
        ----------
        name : str
            The column.
        X : pandas.DataFrame
            Rows with all columns of the training rows, in their order.
        """
        at = self.feature_names.index(name)
        return pd.Series(self._encode_column(self.columns[at], as_frame(X.iloc[:, [at]]).iloc[:, 0]), name=name)

    def _frame(self, X: object, where: str) -> pd.DataFrame:
        if isinstance(X, np.ndarray) and X.ndim == 2:
            if X.shape[1] != len(self.columns):
                raise ModelInputError(
                    f"In {where}, there are {plural(X.shape[1], 'column')}; the model was trained on"
                    f" {len(self.columns)}: {listing(self.feature_names, last='and')}."
                )
            return pd.DataFrame(X, columns=self.feature_names)
        try:
            return as_frame(X)
        except DataError as error:
            raise ModelInputError(f"In {where}, {error}") from None

    def _check_names(self, frame: pd.DataFrame, where: str, roles: Collection[str]) -> None:
        names = set(frame.columns)
        missing = [c.name for c in self.kept if c.name not in names]
        if missing:
            known = set(self.feature_names)
            spare = [str(n) for n in frame.columns if n not in known]
            hint = did_you_mean(missing[0], spare).replace("Did you mean", f"Is {missing[0]!r} called")
            raise ModelInputError(
                f"In {where}, {'a column is' if len(missing) == 1 else 'columns are'} missing:"
                f" {listing([plain(m, most=80) for m in missing], last='and')}.{hint}"
            )
        extra = names - set(self.feature_names) - set(roles)
        if extra and not self._warned:
            self._warned = True
            shown = listing(sorted(plain(e, most=80) for e in extra), last="and", most=10)
            warn_caller(f"In {where}, columns the model does not know are left out: {shown}.")

    def _encode_column(self, column: Column, series: pd.Series) -> Any:
        coding = self._codings[column.name]
        if column.type is ColumnType.NUMERIC:
            how = coding.quantity
            values = to_numbers(series) if how is None else how.read(series)
            return _to_float(values, coding.dtype)
        if column.type is ColumnType.BOOLEAN:
            return _to_float(to_truths(series), coding.dtype)
        if column.type is ColumnType.DATETIME:
            return _to_dates(series, coding)
        if column.type is ColumnType.TEXT:
            return _to_strings(series)
        return self._words[column.name].to_categorical(series)

    def to_json(self) -> str:
        """Return the schema as JSON; `from_json` gives an equal one back."""
        return json.dumps(
            {
                "format": _FORMAT,
                "columns": [c.to_dict() for c in self.columns],
                "codings": {n: c.to_dict() for n, c in self._codings.items()},
                "notes": [vars(n) for n in self.notes],
            }
        )

    @classmethod
    def from_json(cls, text: str) -> TableSchema:
        """Return the schema that `to_json` wrote.

        Raises
        ------
        ModelInputError
            When the text is not a schema this version reads.
        """
        try:
            value = json.loads(text)
            if value["format"] != _FORMAT:
                raise ModelInputError(f"The schema has format {value['format']!r}; this version reads {_FORMAT}.")
            codings = {n: Coding.from_dict(c) for n, c in value["codings"].items()}
            return cls([Column.from_dict(c) for c in value["columns"]], codings, [Note(**n) for n in value["notes"]])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, ModelInputError):
                raise
            raise ModelInputError(f"The schema of the model cannot be read: {error}") from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TableSchema) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(tuple(c.name for c in self.columns))

    def __repr__(self) -> str:
        return f"TableSchema({plural(len(self.kept), 'column')} of {len(self.columns)})"


def resolve_types(types: Mapping[str, str], names: Sequence[str]) -> tuple[dict[str, ColumnType], list[Problem]]:
    """Return the types asked for by column, and a problem for each name or type that does not exist.

    Parameters
    ----------
    types : mapping of str to str
        Column name to type name.
    names : sequence of str
        The columns there are.
    """
    wanted: dict[str, ColumnType] = {}
    problems: list[Problem] = []
    where = "featurization.column_name_and_types"
    known = set(names)
    for name, spelled in types.items():
        found = parse_type(str(spelled))
        if str(name) not in known:
            problems.append(Problem(where, f"There is no column {plain(name, most=80)!r}.{did_you_mean(name, names)}"))
        elif found is None:
            allowed = [str(t) for t in ColumnType]
            problems.append(
                Problem(
                    where,
                    f"{plain(spelled)!r} is not a column type (column {plain(name, most=80)!r})."
                    f"{did_you_mean(spelled, allowed)} Allowed: {listing(allowed)}.",
                )
            )
        else:
            wanted[str(name)] = found
    return wanted, problems


def _as_they_are(X: pd.DataFrame, wanted: Mapping[str, ColumnType]) -> tuple[dict[str, ColumnType], list[Problem]]:
    """Return the types of columns that are numbers already, and a problem for each that is not."""
    as_is = {"number": ColumnType.NUMERIC, "boolean": ColumnType.BOOLEAN}
    found: dict[str, ColumnType] = {}
    problems: list[Problem] = []
    for position, name in enumerate(X.columns):
        kind = kind_of(X.iloc[:, position])
        asked = wanted.get(name)
        if asked is ColumnType.IGNORE:
            found[name] = asked
        elif asked not in (None, *as_is.values()):
            message = f"With mode 'off', the column {plain(name, most=80)!r} cannot become {asked}. Use mode 'custom'."
            problems.append(Problem("featurization.column_name_and_types", message))
        elif kind in as_is:
            found[name] = asked or as_is[kind]
        else:
            message = f"With mode 'off', columns must be numbers already; {plain(name, most=80)!r} is not."
            advice = "Encode or drop it, set its type to Ignore, or use mode 'auto'."
            problems.append(Problem("featurization.mode", f"{message} {advice}"))
    return found, problems


def _unreadable(name: str, error: UnreadableValueError) -> Problem:
    return Problem(f"column {plain(name, most=80)!r}", f"the value {error.shown} is not {error.wanted}.")


def _nothing_left(columns: Sequence[Column]) -> str:
    if not columns:
        return "There is no column to learn from besides the target."
    reasons = "; ".join(f"{plain(c.name, most=40)!r}: {c.reason}" for c in columns[:5])
    return f"No column is left to learn from ({reasons})."


def _notes(found: Sequence[Found]) -> list[Note]:
    notes = [
        Note("dropped columns", f"The column {plain(f.column.name, most=80)!r} is not used.", f.column.reason)
        for f in found
        if f.column.dropped
    ]
    notes += [
        Note(
            "infinite values",
            f"The column {plain(f.column.name, most=80)!r} has {plural(f.n_infinite, 'infinite value')}.",
            "They are taken as missing.",
            "warning",
        )
        for f in found
        if f.n_infinite
    ]
    return notes


def _to_float(values: np.ndarray, dtype: str) -> np.ndarray:
    if dtype != "float32" or values.dtype == np.float32:
        return values
    most = np.finfo(np.float32).max
    if len(values) and np.nanmax(np.abs(values), initial=0) > most:
        values = np.clip(values, -most, most)  # beyond what training saw, and still the largest
    return values.astype(np.float32)


def _to_dates(series: pd.Series, coding: Coding) -> np.ndarray:
    """Return a column as instants; all texts of one that had dates in training say whether their day comes first."""
    if coding.layout is None and pd.api.types.infer_dtype(series, skipna=True) in {"string", "categorical"}:
        layout = layout_of(series)
        if layout is not None and layout.startswith("%d"):
            with contextlib.suppress(UnreadableValueError):  # written in several ways: each is read by itself
                return to_instants(series, layout=layout)
    return to_instants(series, layout=coding.layout, lenient=coding.lenient)


def _to_strings(series: pd.Series) -> Any:
    texts = ["" if t is None else t for t in to_texts(series)]
    return pd.array(texts, dtype="str") if int(pd.__version__.split(".", 1)[0]) >= 3 else np.asarray(texts, object)
