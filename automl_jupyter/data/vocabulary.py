"""The distinct values of a column, and codes of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter.data.kinds import holds_numbers, is_missing, kind_of, text_of, to_texts

#: below this many rows a dictionary is faster than building a hash table
_FEW_ROWS = 64
_STR = int(pd.__version__.split(".", 1)[0]) >= 3
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


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
    def _index_of_values(self) -> dict[str, int]:
        """The words, and what a table without the words that are none makes of numbers and truth values."""
        index = dict(self._index)
        for word, code in self._index.items():
            index.setdefault(as_value(word), code)
        return index

    def _index_for(self, series: pd.Series) -> Mapping[str, int] | None:
        """Return where the column's texts are looked up; None where values stand beside words."""
        if len(self._index_of_values) == len(self._index):
            return self._index
        held = pd.api.types.infer_dtype(series, skipna=True)
        if holds_numbers(series) or held == "boolean":
            return self._index_of_values
        return None if held in ("mixed", "mixed-integer") else self._index

    @cached_property
    def _code_type(self) -> Any:
        return np.int8 if len(self.words) < 127 else np.int16 if len(self.words) < 32_767 else np.int32

    def codes(self, series: pd.Series) -> np.ndarray:
        """Return the code of each value, -1 where missing or unknown."""
        index = self._index_for(series)
        if index is None:
            words, values = self._index, self._index_of_values
            found = [
                -1 if is_missing(v) else (values if is_value(v) else words).get(text_of(v), -1) for v in series.array
            ]
            return np.asarray(found, dtype=self._code_type)
        if len(series) <= _FEW_ROWS:
            return self._lookup([None if is_missing(v) else text_of(v) for v in series.array], index)
        if isinstance(series.dtype, pd.CategoricalDtype):
            known = self._lookup([text_of(c) for c in series.cat.categories], index)
            return np.asarray(np.append(known, self._code_type(-1))[series.cat.codes.to_numpy()])
        if kind_of(series) == "text":
            strings = as_arrow_strings(series)
            if strings is not None:
                return self._index_in(strings)
        codes, distinct = distinct_values(told_apart(series))
        known = self._lookup([text_of(v) for v in distinct], index)
        return np.asarray(np.append(known, self._code_type(-1))[codes])

    def to_categorical(self, series: pd.Series) -> pd.Categorical:
        """Return the column with this vocabulary as its categories."""
        return self.from_codes(self.codes(series))

    def from_codes(self, codes: np.ndarray) -> pd.Categorical:
        """Return codes of this vocabulary as a column, without a copy."""
        return pd.Categorical.from_codes(codes, dtype=self.dtype, validate=False)

    def _lookup(self, texts: Sequence[str | None], index: Mapping[str, int]) -> np.ndarray:
        return np.asarray([-1 if t is None else index.get(t, -1) for t in texts], dtype=self._code_type)

    def _index_in(self, strings: Any) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute as pc

        found = pc.fill_null(pc.index_in(strings, value_set=pa.array(self.words, type=strings.type)), -1)
        return np.asarray(found.to_numpy()).astype(self._code_type)


def is_value(value: object) -> bool:
    """Return whether a value is a number or a truth value."""
    return isinstance(value, Number | np.bool_)


def as_value(word: str) -> str:
    """Return the text of what a word is as a value: of "1.0" that of the number 1, of "true" that of True."""
    if word.lower() in ("true", "false"):
        return word.capitalize()
    return text_of(float(word)) if _NUMBER.fullmatch(word) else word


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


def distinct_texts(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return the code of each row's text, -1 where missing, and the texts in order of their first rows.

    Examples
    --------
    >>> codes, texts = distinct_texts(pd.Series([2.0, None, 1.0, 2.0]))
    >>> codes.tolist(), texts
    ([0, -1, 1, 0], ['2', '1'])
    """
    codes, values = distinct_values(told_apart(series))
    number: dict[str, int] = {}
    known = [-1 if is_missing(v) else number.setdefault(text_of(v), len(number)) for v in values]
    return np.asarray(np.append(known, -1).astype(np.intp)[codes]), list(number)
