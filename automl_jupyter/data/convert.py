"""Values of any dtype as numbers, instants, texts and codes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import plain
from automl_jupyter.data.years import YEARS_WITH_FRACTIONS, instants_of_years, layout_of_years, may_be_written

#: texts that stand for "no value" in a column of numbers or instants
MISSING_TEXT = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>", "nat", "?", "-", "--", "."})

_TRUTH = {"true": 1.0, "t": 1.0, "yes": 1.0, "y": 1.0, "1": 1.0, "1.0": 1.0, "on": 1.0}
_TRUTH |= {"false": 0.0, "f": 0.0, "no": 0.0, "n": 0.0, "0": 0.0, "0.0": 0.0, "off": 0.0}

# Instants beyond what 64-bit nanoseconds hold (9999-12-31 as "never") are drawn in to these.
_FIRST, _LAST = np.datetime64("1678-01-01", "s"), np.datetime64("2261-12-31", "s")
_FAR_YEAR = re.compile(r"(0\d|1[0-5]|2[3-9]|[3-9]\d)\d\d|16[0-7]\d|22[6-9]\d")

#: what pandas infers of objects that are dates or times
_INSTANTS = {"datetime", "datetime64", "date", "period"}
#: below this many rows a dictionary is faster than building a hash table
_FEW_ROWS = 64


class UnreadableValueError(ValueError):
    """A value that cannot be read as the column's type; ``example`` is the value, ``hint`` what to do about it."""

    def __init__(self, example: object, wanted: str, hint: str = "") -> None:
        self.example = example.item() if isinstance(example, np.generic) else example
        self.wanted, self.hint = wanted, hint
        super().__init__(f"{self.shown} is not {wanted}")

    @property
    def shown(self) -> str:
        """The value for messages; of objects without their address, which says nothing."""
        return plain(re.sub(r" at 0x[0-9a-fA-F]+", "", repr(self.example)), most=60)


def is_text(series: pd.Series) -> bool:
    """Return whether a column holds Python objects or strings, whatever the storage."""
    dtype: Any = series.dtype
    return (
        pd.api.types.is_object_dtype(dtype)
        or isinstance(dtype, pd.StringDtype)
        or (isinstance(dtype, pd.ArrowDtype) and _arrow_kind(dtype) in {"string", "other"})
    )


def _arrow_kind(dtype: pd.ArrowDtype) -> str:
    """Return what an Arrow-backed column holds: string, number, boolean, instant, span or other."""
    import pyarrow.types as at

    arrow = dtype.pyarrow_dtype
    if at.is_boolean(arrow):
        return "boolean"
    if at.is_integer(arrow) or at.is_floating(arrow) or at.is_decimal(arrow):
        return "number"
    if at.is_timestamp(arrow) or at.is_date(arrow):
        return "instant"
    if at.is_duration(arrow):
        return "span"
    return "string" if at.is_string(arrow) or at.is_large_string(arrow) else "other"


def kind_of(series: pd.Series) -> str:
    """Return what a column's dtype says it holds.

    Returns
    -------
    str
        ``number``, ``boolean``, ``instant``, ``span``, ``category``, ``text`` (strings or Python objects)
        or ``complex``.

    Examples
    --------
    >>> kind_of(pd.Series([1, 2], dtype="Int64")), kind_of(pd.Series(["a"]))
    ('number', 'text')
    """
    dtype: Any = series.dtype
    types = pd.api.types
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if isinstance(dtype, pd.ArrowDtype):
        found = _arrow_kind(dtype)
        return "text" if found in {"string", "other"} else found
    if isinstance(dtype, pd.SparseDtype):
        dtype = dtype.subtype
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_complex_dtype(dtype):
        return "complex"
    if types.is_numeric_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return "instant"
    return "span" if types.is_timedelta64_dtype(dtype) else "text"


def text_of(value: Any) -> str:
    """Return one value as the text it is matched by: 1 and 1.0 are the same, bytes are read as UTF-8.

    Examples
    --------
    >>> text_of(1.0), text_of(True), text_of(b"x"), text_of([1, "a"]), text_of(pd.Interval(0.0, 1.5))
    ('1', 'True', 'x', "[1, 'a']", '(0, 1.5]')
    """
    if isinstance(value, str):
        text = str(value)
    elif isinstance(value, bytes | bytearray):
        text = bytes(value).decode("utf-8", "backslashreplace")
    elif isinstance(value, np.ndarray):
        text = repr(value.tolist())
    elif isinstance(value, float | np.floating):
        number = float(value)
        text = str(int(number)) if number.is_integer() and abs(number) < 2**64 else repr(number)
    elif isinstance(value, complex | np.complexfloating) and value.imag == 0:
        return text_of(value.real)  # a table of records makes every number beside a complex one complex
    elif isinstance(value, list | tuple | dict | set):
        text = repr(value)
    elif isinstance(value, np.timedelta64 | timedelta):
        text = _span_text(value)
    elif isinstance(value, np.datetime64):
        text = str(pd.Timestamp(value))
    elif isinstance(value, pd.Interval):
        left, right = "[" if value.closed_left else "(", "]" if value.closed_right else ")"
        text = f"{left}{text_of(value.left)}, {text_of(value.right)}{right}"
    else:
        text = str(value)
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair cannot be stored
    return text


def _span_text(value: np.timedelta64 | timedelta) -> str:
    try:
        return str(pd.Timedelta(value))  # tables turn one kind of duration into the other
    except (OverflowError, ValueError):  # more than three centuries
        return str(value)


def is_missing(value: Any) -> bool:
    """Return whether one value is None, NaN, NaT or NA."""
    if value is None:
        return True
    found = pd.isna(value)
    return bool(found) if isinstance(found, bool | np.bool_) else False


def to_texts(series: pd.Series) -> list[str | None]:
    """Return a column as texts, None where missing."""
    if isinstance(series.dtype, pd.StringDtype):
        return [
            (v if v.isascii() else text_of(v)) if isinstance(v, str) else None for v in series.to_numpy(dtype=object)
        ]
    return [None if is_missing(v) else text_of(v) for v in series.array]


def to_numbers(series: pd.Series) -> np.ndarray:
    """Return a column as float32 (when it is so already) or float64; missing and infinite values are NaN.

    Raises
    ------
    UnreadableValueError
        When a value is not a number.

    Examples
    --------
    >>> to_numbers(pd.Series(["1", "?", "2.5"])).tolist()
    [1.0, nan, 2.5]
    """
    numbers = raw_numbers(series)
    infinite = np.isinf(numbers)
    if infinite.any():
        numbers = np.where(infinite, np.nan, numbers)
    return numbers


def raw_numbers(series: pd.Series) -> np.ndarray:
    """Return a column as floats like `to_numbers`, with infinite values left as they are."""
    kind, dtype = kind_of(series), series.dtype
    if kind == "complex":
        raise UnreadableValueError(series.iloc[0], "a real number")
    if kind == "category":
        known = raw_numbers(pd.Series(series.cat.categories))
        codes = series.cat.codes.to_numpy()
        return np.append(known.astype(np.float64), np.nan)[codes]
    if isinstance(dtype, pd.SparseDtype):
        return raw_numbers(pd.Series(np.asarray(series.array)))
    if kind in {"number", "boolean"}:
        if isinstance(dtype, np.dtype):
            values = series.to_numpy()
            return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    if kind == "span":
        if isinstance(dtype, pd.ArrowDtype):
            series = pd.Series(series.to_numpy(dtype="timedelta64[ns]", na_value=np.timedelta64("NaT")))
        return np.asarray(series.dt.total_seconds(), dtype=np.float64)
    if kind == "instant":
        instants = to_instants(series)
        return np.where(np.isnat(instants), np.nan, instants.astype(np.int64) / 1e9)
    return _numbers_from_objects(series)


def _numbers_from_objects(series: pd.Series) -> np.ndarray:
    values = _objects(series)
    held = pd.api.types.infer_dtype(values, skipna=True)
    if held == "complex":
        raise UnreadableValueError(values[~pd.isna(values)][0], "a real number")
    if held in _INSTANTS:
        return raw_numbers(pd.Series(to_instants(pd.Series(values))))
    if held in {"timedelta", "timedelta64"}:
        return raw_numbers(pd.to_timedelta(pd.Series(values)))
    try:
        read = np.asarray(pd.to_numeric(pd.Series(values), errors="coerce"))
        if read.dtype.kind == "c":
            raise UnreadableValueError(next(v for v in values if isinstance(v, complex)), "a real number")
        numbers = read.astype(np.float64)
    except UnreadableValueError:
        raise
    except (TypeError, ValueError, OverflowError):
        numbers = np.full(len(values), np.nan)
    unread = np.flatnonzero(np.isnan(numbers))
    if len(unread) == 0:
        return numbers
    numbers = numbers.copy()
    for i in unread[~pd.isna(values[unread])]:
        numbers[i] = _number_of(values[i])
    return numbers


def _number_of(value: Any) -> float:
    """Read the rare values that pandas leaves: bytes, very large integers, durations, texts for 'missing'."""
    if isinstance(value, pd.Timedelta) or hasattr(value, "total_seconds"):
        return float(value.total_seconds())
    if isinstance(value, np.ndarray):
        raise UnreadableValueError(value.tolist(), "a number")
    if isinstance(value, bytes):
        value = text_of(value)
    if isinstance(value, str):
        if value.strip().lower() in MISSING_TEXT:
            return np.nan
        if "_" in value:
            raise UnreadableValueError(value, "a number")
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
    except (TypeError, ValueError):
        raise UnreadableValueError(value, "a number") from None


def to_truths(series: pd.Series) -> np.ndarray:
    """Return a column as 0, 1 and NaN; texts such as yes, no, true and false are read.

    Raises
    ------
    UnreadableValueError
        When a value is neither true nor false.
    """
    if kind_of(series) in {"text", "category"}:
        read = [np.nan if t is None else _truth_of(t) for t in to_texts(series)]
        return np.asarray(read, dtype=np.float64)
    numbers = to_numbers(series)
    odd = ~np.isnan(numbers) & (numbers != 0) & (numbers != 1)
    if odd.any():
        raise UnreadableValueError(series.iloc[int(np.argmax(odd))], "true or false")
    return numbers


def _truth_of(text: str) -> float:
    folded = text.strip().lower()
    if folded in MISSING_TEXT:
        return np.nan
    try:
        return _TRUTH[folded]
    except KeyError:
        raise UnreadableValueError(text, "true or false") from None


def to_instants(series: pd.Series, *, layout: str | None = None, lenient: bool = False) -> np.ndarray:
    """Return a column as datetime64[ns] in UTC, NaT where missing.

    Parameters
    ----------
    series : pandas.Series
        Instants, dates, periods, texts or numbers.
    layout : str, optional
        How texts are written (a ``strptime`` format or ``ISO8601``), or what numbers count: ``%Y%m%d``, ``%Y%m``,
        ``%Y``, ``epoch:s``, ``epoch:ms``, ``epoch:us``, ``epoch:ns``, or one of `YEARS_WITH_FRACTIONS`, which texts
        may hold, too. None lets pandas find out.
    lenient : bool, default False
        Read what cannot be understood as missing instead of refusing it.

    Raises
    ------
    UnreadableValueError
        When a value is not an instant and `lenient` is False.
    """
    dtype: Any = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        used = series.cat.remove_unused_categories().cat
        known = to_instants(pd.Series(used.categories), layout=layout, lenient=lenient)
        return np.append(known, np.datetime64("NaT", "ns"))[used.codes.to_numpy()]
    if isinstance(dtype, pd.ArrowDtype) and kind_of(series) == "instant":
        return read_instants(pd.Series(_objects(series)), None)
    if isinstance(dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
        dtype = series.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype):
        if getattr(dtype, "tz", None) is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return _nanoseconds(series.to_numpy())
    if holds_numbers(series):
        return _instants_from_numbers(series, layout)
    if layout in YEARS_WITH_FRACTIONS:
        try:
            return _instants_from_numbers(series, layout)
        except UnreadableValueError:  # dates are understood beside them
            layout = None
    return _instants_from_objects(series, layout, lenient)


def holds_numbers(series: pd.Series) -> bool:
    """Return whether a column's values are numbers, whatever holds them: a dtype, Python objects or categories."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return holds_numbers(pd.Series(series.cat.remove_unused_categories().cat.categories))
    if not pd.api.types.is_object_dtype(series.dtype):
        return kind_of(series) == "number"
    return pd.api.types.infer_dtype(series, skipna=True) in {
        "integer",
        "floating",
        "mixed-integer-float",
        "decimal",
    }


def holds_instants(series: pd.Series) -> bool:
    """Return whether a column's values are dates or times, whatever holds them: a dtype, Python objects or categories.

    Examples
    --------
    >>> holds_instants(pd.Series([datetime(2024, 1, 31)], dtype="category")), holds_instants(pd.Series(["2024-01-31"]))
    (True, False)
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return holds_instants(pd.Series(series.cat.remove_unused_categories().cat.categories))
    if not pd.api.types.is_object_dtype(series.dtype):
        return kind_of(series) == "instant"
    return pd.api.types.infer_dtype(series, skipna=True) in _INSTANTS


def _nanoseconds(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.dtype("datetime64[ns]"):
        return values
    seconds = values.astype("datetime64[s]")
    far = (seconds < _FIRST) | (seconds > _LAST)
    if far.any():
        values = np.where(far, np.where(seconds < _FIRST, _FIRST, _LAST).astype(values.dtype), values)
    return values.astype("datetime64[ns]")


def _instants_from_numbers(series: pd.Series, layout: str | None) -> np.ndarray:
    numbers = to_numbers(series).astype(np.float64)
    layout = layout or layout_of_numbers(numbers)
    present = ~np.isnan(numbers)
    out = np.full(len(numbers), np.datetime64("NaT"), dtype="datetime64[ns]")
    if layout in YEARS_WITH_FRACTIONS:
        if not may_be_written(numbers[present], layout):
            raise UnreadableValueError(numbers[present][0], "a date or time")
        out[present] = instants_of_years(numbers[present], layout)
        return out
    if layout.startswith("epoch:"):
        unit = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}[layout.removeprefix("epoch:")]
        near = np.clip(numbers[present], -9.2e18 / unit, 9.2e18 / unit)
        out[present] = (near * unit).astype(np.int64).view("datetime64[ns]")
        return out
    cut = present & (numbers != np.round(numbers))
    if cut.any():
        raise UnreadableValueError(numbers[cut][0], "a date or time")
    texts = [str(int(v)) for v in numbers[present]]
    out[present] = _instants_from_objects(pd.Series(texts, dtype=object), layout, lenient=False)
    return out


def layout_of_numbers(numbers: np.ndarray) -> str:
    """Return what numbers that stand for instants count: years, ``yyyymm``, ``yyyymmdd``, or time since 1970."""
    present = np.abs(numbers[~np.isnan(numbers)])
    if len(present) == 0:
        return "epoch:s"
    low, high = float(present.min()), float(present.max())
    if not bool(np.all(present == np.round(present))):
        return layout_of_years(numbers[~np.isnan(numbers)]) or _epoch(high)
    if low >= 1000 and high <= 2261:
        return "%Y"
    if low >= 167_801 and high <= 226_112 and bool(np.all((present % 100 >= 1) & (present % 100 <= 12))):
        return "%Y%m"
    if low >= 16_780_101 and high <= 22_611_231 and bool(np.all((present // 100) % 100 <= 12)):
        return "%Y%m%d"
    return _epoch(high)


def _epoch(high: float) -> str:
    for unit, ceiling in (("s", 1e11), ("ms", 1e14), ("us", 1e17)):
        if high < ceiling:
            return f"epoch:{unit}"
    return "epoch:ns"


def _instants_from_objects(series: pd.Series, layout: str | None, lenient: bool) -> np.ndarray:
    values = pd.Series(_objects(series))
    held = pd.api.types.infer_dtype(values, skipna=True)
    if held == "period":
        values = values.map(lambda period: period.to_timestamp(), na_action="ignore")
    elif held not in {
        "string",
        "date",
        "datetime",
        "datetime64",
    }:  # what pandas makes of numbers beside texts changes with its version
        values = values.map(lambda v: text_of(v) if isinstance(v, Number) else v, na_action="ignore")
    how = layout if layout and not layout.startswith("epoch:") else None
    instants = read_instants(values, how)
    unread = np.isnat(instants) & values.notna().to_numpy()
    if how is not None and unread.any():
        # A model trained on 31/12/2024 may be asked about 2024-12-31: both can be meant in one way only.
        again = read_instants(values[unread], "ISO8601")
        instants = instants.copy()
        instants[unread] = again
        unread = np.isnat(instants) & values.notna().to_numpy()
    if not lenient:
        for value in values[unread]:
            if text_of(value).strip().lower() not in MISSING_TEXT:
                raise UnreadableValueError(value, "a date or time")
    return instants


def read_instants(values: pd.Series, layout: str | None) -> np.ndarray:
    """Return texts or date objects as datetime64[ns] in UTC; what cannot be read is NaT."""
    how = layout or ("mixed" if pd.api.types.infer_dtype(values, skipna=True) == "string" else None)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Could not infer format|Parsing dates in", UserWarning)
            read = pd.to_datetime(values, errors="coerce", utc=True, format=how)
    except (TypeError, ValueError, OverflowError):
        return np.full(len(values), np.datetime64("NaT"), dtype="datetime64[ns]")
    instants = _nanoseconds(read.dt.tz_localize(None).to_numpy())
    return _with_far_instants(instants, values, layout) if int(pd.__version__.split(".", 1)[0]) < 3 else instants


def _with_far_instants(instants: np.ndarray, values: pd.Series, layout: str | None) -> np.ndarray:
    """Read what pandas 2 leaves as NaT because 64-bit nanoseconds do not hold it; pandas 3 counts in coarser units."""
    unread = np.flatnonzero(np.isnat(instants) & values.notna().to_numpy())
    if len(unread) == 0:
        return instants
    instants = instants.copy()
    for i in unread:
        value = values.iloc[i]
        if _FAR_YEAR.search(value) if isinstance(value, str) else isinstance(value, date | np.datetime64):
            instants[i] = _far_instant(value, layout)
    return instants


@lru_cache(maxsize=10_000)
def _far_instant(value: str | date | np.datetime64, layout: str | None) -> Any:
    try:
        if isinstance(value, str) and layout not in {None, "mixed", "ISO8601"}:
            value = datetime.strptime(value, str(layout))
        elif isinstance(value, str) and layout == "ISO8601":
            value = datetime.fromisoformat(value)
        instant = pd.Timestamp(value)
    except (TypeError, ValueError, OverflowError):
        return np.datetime64("NaT", "ns")
    if instant.tzinfo is not None:
        instant = instant.tz_convert("UTC").tz_localize(None)
    return _nanoseconds(np.asarray([instant.to_datetime64()]))[0]


def _objects(series: pd.Series) -> np.ndarray:
    """Return the values as Python objects, None where missing."""
    values = series.to_numpy(dtype=object)
    if not isinstance(series.dtype, np.dtype):
        values = values.copy()
        values[series.isna().to_numpy()] = None
    return np.asarray(values)


class Vocabulary:
    """The known values of a categorical column, in order, and how a column becomes codes of them.

    Parameters
    ----------
    words : iterable of str
        The values.

    Examples
    --------
    >>> Vocabulary(["no", "yes"]).codes(pd.Series(["yes", None, "maybe"])).tolist()
    [1, -1, -1]
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words: tuple[str, ...] = tuple(words)

    @cached_property
    def dtype(self) -> pd.CategoricalDtype:
        """The dtype of the canonical column."""
        return pd.CategoricalDtype(pd.Index(list(self.words), dtype="str" if _STR else object))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {word: code for code, word in enumerate(self.words)}

    @cached_property
    def _code_type(self) -> Any:
        return np.int8 if len(self.words) < 127 else np.int16 if len(self.words) < 32_767 else np.int32

    def codes(self, series: pd.Series) -> np.ndarray:
        """Return the code of each value, -1 where missing or unknown."""
        if len(series) <= _FEW_ROWS:
            return self._lookup([None if is_missing(v) else text_of(v) for v in series.array])
        if isinstance(series.dtype, pd.CategoricalDtype):
            known = self._lookup([text_of(c) for c in series.cat.categories])
            return np.asarray(np.append(known, self._code_type(-1))[series.cat.codes.to_numpy()])
        if kind_of(series) == "text":
            strings = as_arrow_strings(series)
            if strings is not None:
                return self._index_in(strings)
        codes, distinct = distinct_values(told_apart(series))
        known = self._lookup([text_of(v) for v in distinct])
        return np.asarray(np.append(known, self._code_type(-1))[codes])

    def to_categorical(self, series: pd.Series) -> pd.Categorical:
        """Return the column with this vocabulary as its categories."""
        return self.from_codes(self.codes(series))

    def from_codes(self, codes: np.ndarray) -> pd.Categorical:
        """Return codes of this vocabulary as a column, without a copy."""
        return pd.Categorical.from_codes(codes, dtype=self.dtype, validate=False)

    def _lookup(self, texts: Sequence[str | None]) -> np.ndarray:
        index = self._index
        return np.asarray([-1 if t is None else index.get(t, -1) for t in texts], dtype=self._code_type)

    def _index_in(self, strings: Any) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute as pc

        found = pc.fill_null(pc.index_in(strings, value_set=pa.array(self.words, type=strings.type)), -1)
        return np.asarray(found.to_numpy()).astype(self._code_type)


_STR = int(pd.__version__.split(".", 1)[0]) >= 3


def as_arrow_strings(series: pd.Series) -> Any | None:
    """Return a column of strings as an Arrow array, without a copy where pandas stores one; else None."""
    import pyarrow as pa

    try:
        if pd.api.types.is_object_dtype(series.dtype):
            if pd.api.types.infer_dtype(series, skipna=True) != "string":
                return None
            return pa.array(series.to_numpy(), type=pa.large_string(), from_pandas=True)
        array = pa.array(series.array, from_pandas=True)
    except (pa.ArrowException, UnicodeError):  # half a surrogate pair
        return None
    return array if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) else None


def told_apart(series: pd.Series) -> pd.Series:
    """Return a column of objects of several types as texts: to Python, True and 1.0 are equal."""
    if not pd.api.types.is_object_dtype(series.dtype):
        return series
    if not pd.api.types.infer_dtype(series, skipna=True).startswith("mixed"):
        return series
    return pd.Series(np.asarray(to_texts(series), dtype=object), dtype=object)


def distinct_values(series: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """Return the code of each row, -1 where missing, and the distinct values; lists are compared by their text."""
    found: tuple[Any, Any]
    try:
        found = pd.factorize(series, use_na_sentinel=True)
    except (TypeError, ValueError, NotImplementedError, OverflowError):
        found = pd.factorize(np.asarray(to_texts(series), dtype=object), use_na_sentinel=True)
    values = found[1]
    if isinstance(values.dtype, pd.StringDtype):  # ten times faster than asking an Arrow array for one after the other
        values = values.to_numpy(dtype=object)
    return np.asarray(found[0]), list(values)
