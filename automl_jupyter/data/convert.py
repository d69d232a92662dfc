"""Values of any dtype as numbers, truths and instants."""

from __future__ import annotations

import re
import warnings
from datetime import date, datetime
from functools import lru_cache
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter.data.kinds import (
    INSTANTS,
    MISSING_TEXT,
    UnreadableValueError,
    holds_numbers,
    kind_of,
    text_of,
    to_texts,
)
from automl_jupyter.data.years import YEARS_WITH_FRACTIONS, instants_of_years, layout_of_years, may_be_written

_TRUTH = {"true": 1.0, "t": 1.0, "yes": 1.0, "y": 1.0, "1": 1.0, "1.0": 1.0, "on": 1.0}
_TRUTH |= {"false": 0.0, "f": 0.0, "no": 0.0, "n": 0.0, "0": 0.0, "0.0": 0.0, "off": 0.0}

# Instants beyond what 64-bit nanoseconds hold (9999-12-31 as "never") are drawn in to these.
_FIRST, _LAST = np.datetime64("1678-01-01", "s"), np.datetime64("2261-12-31", "s")
_FAR_YEAR = re.compile(r"(0\d|1[0-5]|2[3-9]|[3-9]\d)\d\d|16[0-7]\d|22[6-9]\d")


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
        used = series.cat.remove_unused_categories().cat
        known = raw_numbers(pd.Series(used.categories))
        return np.append(known.astype(np.float64), np.nan)[used.codes.to_numpy()]
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
    if held in INSTANTS:
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
    are_texts = pd.api.types.infer_dtype(values, skipna=True) == "string"
    if are_texts:
        values = values.str.strip()  # pandas refuses a date with a blank behind it
    how = layout or ("mixed" if are_texts else None)
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
