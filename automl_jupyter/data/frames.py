"""Any table a person may have in memory as a pandas table, without a copy where that is possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import listing, plain
from automl_jupyter.data.kinds import text_of
from automl_jupyter.data.vocabulary import Vocabulary, distinct_values, told_apart
from automl_jupyter.errors import DataError, Problem


def as_frame(value: Any, *, field: str = "") -> pd.DataFrame:
    """Return a table as a pandas one with distinct text column names.

    Parameters
    ----------
    value : object
        A pandas, Polars, Arrow or Dask table, anything narwhals knows, a mapping of columns, a list of mappings, or
        a 2-D array.
    field : str, default ""
        The field of the job it was given for; errors start with it.

    Returns
    -------
    pandas.DataFrame
        The same object when it is a pandas table with text names already; nothing is copied then.

    Raises
    ------
    DataError
        When it is no table, or two columns have one name.

    Examples
    --------
    >>> as_frame({"a": [1, 2]}).columns.tolist()
    ['a']
    """
    frame = _to_pandas(value, field)
    names = plain_names(frame.columns)
    if list(frame.columns) != names or not all(isinstance(n, str) for n in frame.columns):
        frame = frame.set_axis(pd.Index(names, dtype=object), axis=1)
    twice = sorted(n for n, times in Counter(names).items() if times > 1)
    if twice:
        shown = listing([repr(plain(n, most=80)) for n in twice], last="and", most=10)
        raise DataError([Problem(field, f"Column names occur more than once: {shown}. Give each column its own.")])
    broken = [n for n in names if not _is_storable(n)]
    if broken:
        shown = listing([ascii(n[:80]) for n in broken], last="and", most=10)
        raise DataError([Problem(field, f"Column names hold half a character and cannot be stored: {shown}. Rename.")])
    return _readable(frame)


def _is_storable(name: str) -> bool:
    return name.isascii() or name == name.encode("utf-8", "replace").decode("utf-8")


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with columns of types that pandas knows but cannot work with as plain ones.

    These are Arrow's views, and categories of which some are tuples.
    """
    read: dict[str, Any] = {}
    for position, (name, dtype) in enumerate(zip(frame.columns, frame.dtypes, strict=True)):
        if isinstance(dtype, pd.CategoricalDtype) and dtype.categories.inferred_type.startswith("mixed"):
            read[name] = frame.iloc[:, position].astype(object)
        if not isinstance(dtype, pd.ArrowDtype) or "_view" not in str(dtype.pyarrow_dtype):
            continue
        import pyarrow as pa

        array = pa.chunked_array(pa.array(frame.iloc[:, position].array))
        kind = pa.large_string() if pa.types.is_string_view(array.type) else pa.large_binary()
        read[name] = pd.Series(pd.arrays.ArrowExtensionArray(array.cast(kind)), index=frame.index)
    return frame.assign(**read) if read else frame


def plain_names(columns: pd.Index) -> list[str]:
    """Return column names as texts; the levels of a MultiIndex are joined by an underscore.

    Examples
    --------
    >>> plain_names(pd.MultiIndex.from_tuples([("a", "x"), ("b", "")])), plain_names(pd.Index([0, "y"]))
    (['a_x', 'b'], ['0', 'y'])
    """
    if isinstance(columns, pd.MultiIndex):
        return ["_".join(str(part) for part in name if str(part) != "") for name in columns]
    return [str(name) for name in columns]


def is_table(value: Any) -> bool:
    """Return whether a value looks like a table, without converting it."""
    if isinstance(value, pd.DataFrame):
        return True
    if isinstance(value, Mapping | list | str | bytes):
        return False
    return bool(getattr(value, "ndim", 0) == 2) or hasattr(value, "to_pandas") or _is_lazy(value)


def _is_lazy(value: Any) -> bool:
    return hasattr(type(value), "collect") and hasattr(type(value), "columns")


def stack_rows(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one under the other; columns that are categorical in the first one stay so.

    Their categories keep their order, and those that only later tables have follow.

    Parameters
    ----------
    frames : sequence of pandas.DataFrame
        One at least.

    Examples
    --------
    >>> sizes = pd.Categorical(["S", "L"], categories=["S", "M", "L"], ordered=True)
    >>> stack_rows([pd.DataFrame({"size": sizes}), pd.DataFrame({"size": ["XL"]})])["size"].cat.categories.tolist()
    ['S', 'M', 'L', 'XL']
    """
    first = frames[0]
    if len(frames) == 1:
        return first
    if all(frame.columns.is_unique for frame in frames):
        frames = [frame.copy(deep=False) for frame in frames]
        for name, dtype in first.dtypes.items():
            if not isinstance(dtype, pd.CategoricalDtype):
                continue
            there = [frame for frame in frames if name in frame.columns]
            columns = [frame[name] for frame in there]
            if any(c.dtype != dtype for c in columns):
                for frame, column in zip(there, _with_one_dtype(columns), strict=True):
                    frame[name] = column
    return pd.concat(frames, ignore_index=True)


def _with_one_dtype(columns: Sequence[pd.Series]) -> list[pd.Categorical]:
    """Return columns, of which the first is categorical, with the categories of all: values of one text are one."""
    dtype: Any = columns[0].dtype
    values = {text_of(v): v for v in dtype.categories}
    for column in columns[1:]:
        if isinstance(column.dtype, pd.CategoricalDtype):
            distinct = list(column.cat.remove_unused_categories().cat.categories)
        else:
            distinct = distinct_values(told_apart(column))[1]
        for value in distinct:
            values.setdefault(text_of(value), value)
    categories = pd.Index(list(values.values()), tupleize_cols=False)
    if categories.inferred_type.startswith("mixed") or not categories.is_unique:
        categories = pd.Index(list(values))
    vocabulary, both = Vocabulary(values), pd.CategoricalDtype(categories, dtype.ordered)
    return [pd.Categorical.from_codes(vocabulary.codes(column), dtype=both) for column in columns]


def _to_pandas(value: Any, field: str) -> pd.DataFrame:
    if isinstance(value, pd.DataFrame):
        return value
    if isinstance(value, pd.Series):
        return value.to_frame()
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return pd.DataFrame(value)
    if isinstance(value, Mapping) or (isinstance(value, list) and all(isinstance(v, Mapping) for v in value)):
        return _from_plain(value, field)
    if type(value).__module__.startswith("dask.") and hasattr(value, "compute"):
        return _to_pandas(value.compute(), field)
    return _from_narwhals(value, field)


def _from_plain(value: Any, field: str) -> pd.DataFrame:
    if isinstance(value, Mapping) and value and not any(_is_column(v) for v in value.values()):
        value = [value]  # one row
    try:
        return pd.DataFrame(value)
    except OverflowError:  # pandas 2, of an integer beyond float64 among floats
        return pd.DataFrame(value, dtype=object)
    except (ValueError, TypeError) as error:
        raise DataError([Problem(field, f"This is not a table: {plain(error)}.")]) from None


def _is_column(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | bytes | Mapping)


def _from_narwhals(value: Any, field: str) -> pd.DataFrame:
    import narwhals as nw

    if type(value).__name__ == "RecordBatch" and type(value).__module__.startswith("pyarrow"):
        import pyarrow as pa

        value = pa.Table.from_batches([value])
    try:
        native = nw.from_native(value)
    except TypeError:
        raise DataError(
            [
                Problem(
                    field,
                    f"A {type(value).__module__}.{type(value).__name__} is not a table. Give a pandas, Polars or Arrow"
                    " table, the name of one in the notebook, or a path.",
                )
            ]
        ) from None
    if isinstance(native, nw.LazyFrame):
        native = native.collect()
    broken = [n for n in native.columns if "\0" in n]
    if broken:  # Polars panics at them
        shown = listing([repr(plain(n, most=80)) for n in broken], last="and", most=10)
        raise DataError([Problem(field, f"Column names hold a null character: {shown}. Rename them.")])
    try:
        frame: pd.DataFrame = native.to_pandas()
    except (
        TypeError,
        ValueError,
        NotImplementedError,
    ):  # an Arrow table that names pandas types which pandas itself cannot read
        frame = native.to_arrow().replace_schema_metadata(None).to_pandas()
    return frame
