"""What values are: the kind of a column, which of them are missing, and the text that each is matched by."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import plain

#: texts that stand for "no value" in a column of numbers or instants
MISSING_TEXT = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>", "nat", "?", "-", "--", "."})

#: what pandas infers of objects that are dates or times
INSTANTS = {"datetime", "datetime64", "date", "period"}


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
    >>> dates = pd.Series(["2024-01-31"])
    >>> holds_instants(pd.to_datetime(dates).astype("category")), holds_instants(dates)
    (True, False)
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return holds_instants(pd.Series(series.cat.remove_unused_categories().cat.categories))
    if not pd.api.types.is_object_dtype(series.dtype):
        return kind_of(series) == "instant"
    return pd.api.types.infer_dtype(series, skipna=True) in INSTANTS


def is_missing(value: Any) -> bool:
    """Return whether one value is None, NaN, NaT or NA."""
    if value is None:
        return True
    found = pd.isna(value)
    return bool(found) if isinstance(found, bool | np.bool_) else False


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
    elif isinstance(value, Decimal) and value.is_finite() and Decimal(repr(float(value))) == value:
        return text_of(float(value))  # 1, 1.0 and 1.00
    elif isinstance(value, set | frozenset):  # they print in an order of each process
        text = "{" + ", ".join(sorted(map(repr, value))) + "}"
    elif isinstance(value, list | tuple | dict):
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


def to_texts(series: pd.Series) -> list[str | None]:
    """Return a column as texts, None where missing."""
    if isinstance(series.dtype, pd.StringDtype):
        return [
            (v if v.isascii() else text_of(v)) if isinstance(v, str) else None for v in series.to_numpy(dtype=object)
        ]
    return [None if is_missing(v) else text_of(v) for v in series.array]
