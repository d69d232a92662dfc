"""What one column is, found from its values, with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import plain, plural
from automl_jupyter.data.convert import (
    layout_of_numbers,
    raw_numbers,
    read_instants,
    to_instants,
    to_numbers,
    to_truths,
)
from automl_jupyter.data.dataset import Column, ColumnType
from automl_jupyter.data.kinds import (
    MISSING_TEXT,
    UnreadableValueError,
    holds_numbers,
    is_missing,
    kind_of,
    text_of,
    to_texts,
)
from automl_jupyter.data.quantities import SHARE, Quantity, find_quantity, is_code
from automl_jupyter.data.vocabulary import distinct_values, told_apart
from automl_jupyter.data.years import YEARS_WITH_FRACTIONS, are_months, years_of

#: rows looked at to count distinct numbers and to judge texts
SAMPLE_ROWS = 50_000
#: distinct texts looked at to find out how dates are written
SAMPLE_TEXTS = 1_000
#: past this many distinct categories, those seen once are treated as unknown
MOST_CATEGORIES = 10_000
#: fewer rows than this say too little to call a column an id
FEWEST_ROWS_FOR_ID = 20
#: the share of texts that must read as dates
DATE_SHARE = 0.95

_ID_ENDING = re.compile(r"[a-z]I[dD]$")
_ID_WORD = re.compile(
    r"(^|[_\W])(id|ids|uid|guid|uuid|index|idx|row[_ ]?(id|nr|no|num|number|names?)|rownum|unnamed)($|[_\W]|\d)"
)
_HASH = re.compile(r"^(\{?[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\}?|[0-9a-fA-F]{24,128})$")
_LEADING_ZERO = re.compile(r"^\s*[+-]?0\d")
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯]{1,2}|[^\W_]+")
_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE_SHAPE = re.compile(
    rf"^\s*(\d{{4}}-\d{{1,2}}(-\d{{1,2}})?([T ].*)?"
    rf"|\d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{1,4}}([T ,].*)?"
    rf"|\d{{1,2}}[ -]{_MONTH}\.?,?[ -]\d{{2,4}}([ ,].*)?"
    rf"|{_MONTH}\.? \d{{1,2}},? \d{{4}}([ ,].*)?)\s*$",
    re.IGNORECASE,
)
_MONTH_NUMBER = re.compile(r"(1[6-9]|2[012])\d\d(0[1-9]|1[012])$")
_DAYS = (
    "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d.%m.%Y", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y", "%d/%m/%y",
    "%d.%m.%y",     "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y",
)  # fmt: skip
_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S.%f", "T%H:%M:%S")


@dataclass(frozen=True)
class Coding:
    """How the values of one column are turned into canonical ones.

    Parameters
    ----------
    dtype : str
        ``float32`` when every training value is exact in it, else ``float64``; numbers only.
    layout : str, optional
        How instants are written.
    quantity : Quantity, optional
        How texts write numbers with something around them; what is not written so is missing.
    lenient : bool
        Whether some training texts could not be read as instants and were taken as missing.
    words : tuple of str, optional
        The known categories, in order.
    """

    dtype: str = ""
    layout: str | None = None
    quantity: Quantity | None = None
    lenient: bool = False
    words: tuple[str, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the coding as plain JSON values."""
        return {**vars(self), "quantity": self.quantity.to_dict() if self.quantity else None}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Coding:
        """Return the coding that `to_dict` gave."""
        words, quantity = value["words"], value.get("quantity")
        read = {"words": words and tuple(words), "quantity": quantity and Quantity(**quantity)}
        return cls(**{**value, **read})


@dataclass(frozen=True)
class Found:
    """What is known of one column: the record people see, the coding `encode` uses, how many values are infinite."""

    column: Column
    coding: Coding = Coding()
    n_infinite: int = 0


@dataclass(frozen=True)
class _Distinct:
    """The distinct values of a column with how often each occurs."""

    values: list[Any]
    counts: np.ndarray
    texts: list[str]

    @classmethod
    def of(cls, series: pd.Series) -> _Distinct:
        codes, values = distinct_values(told_apart(series))
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        texts = [v if type(v) is str and v.isascii() else text_of(v) for v in values]
        if len(set(texts)) < len(texts):  # 1 and "1" are one category
            merged: dict[str, int] = {}
            for text, count in zip(texts, counts.tolist(), strict=True):
                merged[text] = merged.get(text, 0) + count
            return cls(list(merged), np.asarray(list(merged.values())), list(merged))
        return cls(values, counts, texts)


def find_column(name: str, series: pd.Series, wanted: ColumnType | None = None, *, alone: bool = False) -> Found:
    """Find out what a column is.

    Parameters
    ----------
    name : str
        The column's name.
    series : pandas.Series
        The training rows of it.
    wanted : ColumnType, optional
        The type the user asked for; it wins.
    alone : bool, default False
        True for the only feature column, which is never taken for an id.

    Returns
    -------
    Found

    Raises
    ------
    UnreadableValueError
        When the values cannot be read as the type asked for, or not at all (complex numbers).
    """
    n_missing = int(series.isna().sum())
    if wanted is ColumnType.IGNORE:
        return Found(Column(name, ColumnType.IGNORE, "left out as asked", n_missing, 0, dropped=True))
    if n_missing == len(series):
        return Found(_dropped(name, wanted or ColumnType.NUMERIC, "every value is missing", n_missing, 0))
    kind = kind_of(series)
    if wanted is not None:
        return _as_asked(name, series, wanted, n_missing)
    if kind == "text":
        return _find_text(name, series, n_missing, alone)
    if kind == "category":
        return _categories(name, series, n_missing, ColumnType.CATEGORICAL, "its dtype is categorical")
    if kind == "boolean":
        return _truths(name, series, n_missing, "its dtype is boolean")
    if kind == "instant":
        return _instants(name, series, n_missing, None, f"its dtype is {series.dtype}")
    reason = f"its dtype is {series.dtype}" + (", read as seconds" if kind == "span" else "")
    return _numbers(name, series, n_missing, reason, alone)


def _dropped(name: str, kind: ColumnType, why: str, n_missing: int, n_unique: int) -> Column:
    return Column(name, kind, f"dropped: {why}", n_missing, n_unique, dropped=True)


def _as_asked(name: str, series: pd.Series, wanted: ColumnType, n_missing: int) -> Found:
    reason = "as asked"
    if wanted is ColumnType.NUMERIC:
        try:
            return _numbers(name, series, n_missing, reason, alone=True, asked=True)
        except UnreadableValueError:
            if kind_of(series) not in {"text", "category"}:
                raise
            quantities = _quantities(name, series, _Distinct.of(series), reason, alone=True, asked=True)
            if quantities is None:
                raise
            return quantities
    if wanted is ColumnType.BOOLEAN:
        return _truths(name, series, n_missing, reason, asked=True)
    if wanted is ColumnType.DATETIME:
        return _instants(name, series, n_missing, layout_of(series), reason)
    if wanted is ColumnType.TEXT:
        return Found(Column(name, wanted, reason, n_missing, _Distinct.of(series).counts.size))
    return _categories(name, series, n_missing, wanted, reason, asked=True)


def _numbers(name: str, series: pd.Series, n_missing: int, reason: str, alone: bool, *, asked: bool = False) -> Found:
    raw = raw_numbers(series)
    n_infinite = int(np.isinf(raw).sum())
    values = to_numbers(series) if n_infinite else raw
    present = values[~np.isnan(values)]
    n_missing = len(values) - len(present) - n_infinite
    if len(present) == 0:
        return Found(
            _dropped(name, ColumnType.NUMERIC, "no value is a finite number", n_missing, 0), n_infinite=n_infinite
        )
    if not asked and present.min() == present.max() and len(present) == len(values):
        why = f"every row has the value {text_of(float(present[0]))}"
        return Found(_dropped(name, ColumnType.NUMERIC, why, n_missing, 1))
    if not alone:
        why_id = _id_reason(name, values)
        if why_id:
            return Found(_dropped(name, ColumnType.NUMERIC, why_id, n_missing, len(values)))
    n_unique, sampled = _count_distinct(present)
    with np.errstate(over="ignore"):
        exact = values.dtype == np.float32 or bool((present.astype(np.float32) == present).all())
    if sampled:
        reason += f" (distinct values counted on a sample of {plural(SAMPLE_ROWS, 'row')})"
    column = Column(name, ColumnType.NUMERIC, reason, n_missing, n_unique)
    return Found(column, Coding(dtype="float32" if exact else "float64"), n_infinite)


def _count_distinct(present: np.ndarray) -> tuple[int, bool]:
    if len(present) <= SAMPLE_ROWS:
        return len(pd.unique(pd.Series(present))), False
    step = len(present) / SAMPLE_ROWS
    picked = present[(np.arange(SAMPLE_ROWS) * step).astype(np.int64)]
    return len(pd.unique(pd.Series(picked))), True


def _id_reason(name: str, values: np.ndarray) -> str:
    """Return why a column of numbers is a row id, or an empty text. Only whole numbers without a gap in them are."""
    n = len(values)
    if n < FEWEST_ROWS_FOR_ID or np.isnan(values).any() or not (values == np.floor(values)).all():
        return ""
    steps = np.diff(values)
    if (steps == 1).all() and values[0] in (0, 1):
        return "it counts the rows"
    if is_id_name(name):
        rising = bool((steps > 0).all()) or bool((steps < 0).all())
        if rising or len(pd.unique(pd.Series(values))) == n:
            return "it is a row id by its name, and every row has its own number"
    return ""


def is_id_name(name: str) -> bool:
    """Return whether a column's name says that it identifies rows.

    Examples
    --------
    >>> [is_id_name(n) for n in ("customer_id", "customerId", "Unnamed: 0", "humid", "idle")]
    [True, True, True, False, False]
    """
    return bool(_ID_ENDING.search(name) or _ID_WORD.search(name.lower()))


def _truths(name: str, series: pd.Series, n_missing: int, reason: str, *, asked: bool = False) -> Found:
    values = to_truths(series)
    present = values[~np.isnan(values)]
    n_missing, n_unique = len(values) - len(present), len(np.unique(present))
    if n_unique == 0 or (n_unique == 1 and n_missing == 0 and not asked):
        why = f"every row has the value {bool(present[0])}" if n_unique else "every value is missing"
        return Found(_dropped(name, ColumnType.BOOLEAN, why, n_missing, n_unique))
    return Found(Column(name, ColumnType.BOOLEAN, reason, n_missing, n_unique), Coding(dtype="float32"))


def _instants(
    name: str, series: pd.Series, n_missing: int, layout: str | None, reason: str, *, lenient: bool = False
) -> Found:
    instants = to_instants(series, layout=layout, lenient=lenient)
    present = instants[~np.isnat(instants)]
    n_unread = len(instants) - len(present) - n_missing
    n_missing, n_unique = len(instants) - len(present), len(pd.unique(pd.Series(present)))
    if n_unique <= 1 and n_missing == 0:
        return Found(_dropped(name, ColumnType.DATETIME, "every row has the same date", n_missing, n_unique))
    if n_unique == 0:
        return Found(_dropped(name, ColumnType.DATETIME, "no value is a date", n_missing, 0))
    if lenient and n_unread:
        reason += f"; {plural(n_unread, 'value')} could not be read and count as missing"
    column = Column(name, ColumnType.DATETIME, reason, n_missing, n_unique)
    return Found(column, Coding(layout=layout, lenient=lenient))


def _find_text(name: str, series: pd.Series, n_missing: int, alone: bool) -> Found:
    """Judge a column of strings or Python objects by its values."""
    inside = "string"
    if pd.api.types.is_object_dtype(series.dtype):
        inside = pd.api.types.infer_dtype(series, skipna=True)
    if inside == "mixed":  # as spreadsheets hold dates, with a dash where there is none
        gaps = np.asarray([isinstance(v, str) and v.strip().lower() in MISSING_TEXT for v in series.array], dtype=bool)
        if pd.api.types.infer_dtype(series[~gaps], skipna=True) in {"datetime", "date", "datetime64"}:
            reason = f"every value is a date or time, but for {series[gaps].iloc[0]!r}, taken as missing"
            return _instants(name, series, n_missing, None, reason)
    if inside == "boolean":
        return _truths(name, series, n_missing, "every value is True or False")
    if inside in {"integer", "floating", "mixed-integer-float", "decimal", "timedelta", "timedelta64"}:
        return _numbers(name, series, n_missing, "every value is a number", alone)
    if inside in {"datetime", "date", "datetime64", "period"}:
        return _instants(name, series, n_missing, None, "every value is a date or time")
    if inside == "complex":
        raise UnreadableValueError(next(v for v in series if not is_missing(v)), "a real number")
    if inside not in {"string", "bytes"} and _is_nested(series):
        texts = pd.Series(to_texts(series), dtype=object)
        reason = "its values are lists or mappings, read as the text they print as"
        return Found(Column(name, ColumnType.TEXT, reason, n_missing, int(texts.nunique())))
    distinct = _Distinct.of(series)
    mixed = ", values of several kinds read as text" if inside.startswith("mixed") else ""
    found = None
    if not mixed:
        found = _numbers_in_texts(name, series, distinct, n_missing, alone) or _dates_in_texts(
            name, series, distinct, n_missing
        )
    found = found or _quantities(name, series, distinct, "", alone)
    if found is not None:
        return found
    return _words(name, series, distinct, n_missing, alone, mixed)


def _is_nested(series: pd.Series) -> bool:
    return any(isinstance(v, list | tuple | dict | set | np.ndarray) for v in series.head(SAMPLE_TEXTS).array)


def _numbers_in_texts(name: str, series: pd.Series, distinct: _Distinct, n_missing: int, alone: bool) -> Found | None:
    head = [t for t in distinct.texts[:SAMPLE_TEXTS] if t.strip().lower() not in MISSING_TEXT]
    if not _are_numbers(head):
        return None  # most texts are told by the first ones, before all are looked at
    texts = [t for t in distinct.texts if t.strip().lower() not in MISSING_TEXT]
    if not texts or any(_LEADING_ZERO.match(t) for t in texts):
        return None  # 007 and 0815 are codes, not quantities
    if not _are_numbers(texts[len(head) :]):
        return None
    gaps = [t for t in distinct.texts if t.strip().lower() in MISSING_TEXT]
    reason = "its texts are all numbers" + (f", but for {gaps[0]!r}, taken as missing" if gaps else "")
    return _numbers(name, series, n_missing, reason, alone)


def _are_numbers(texts: list[str]) -> bool:
    try:
        return not texts or not np.isnan(raw_numbers(pd.Series(texts, dtype=object))).any()
    except UnreadableValueError:
        return False


def _quantities(
    name: str, series: pd.Series, distinct: _Distinct, reason: str, alone: bool, *, asked: bool = False
) -> Found | None:
    texts = [t for t in distinct.texts if t.strip().lower() not in MISSING_TEXT]
    quantity = find_quantity(texts)
    if quantity is None:
        return None
    values = pd.Series(quantity.read(series))
    unread = set(to_texts(series[values.isna().to_numpy()]))
    odd = [t for t in texts if t in unread]
    if len(odd) > (1 - SHARE) * len(texts) or any(map(is_code, odd)):
        return None
    some = next(t for t in texts if t not in unread)
    reason = reason or f"its texts are numbers: {plain(some, most=40)!r} is read as {text_of(quantity.number(some))}"
    if odd:
        reason += (
            f"; {plural(len(odd), 'text')} such as {plain(odd[0], most=40)!r} could not be read and count as missing"
        )
    found = _numbers(name, values, int(values.isna().sum()), reason, alone, asked=asked)
    return replace(found, coding=replace(found.coding, quantity=quantity))


def _dates_in_texts(name: str, series: pd.Series, distinct: _Distinct, n_missing: int) -> Found | None:
    layout, share = _date_layout(distinct.texts)
    if layout is None or share < DATE_SHARE:
        return None
    texts = pd.Series(distinct.texts, dtype=object)
    known = ~np.isnat(read_instants(texts, layout))
    gaps = texts.str.strip().str.lower().isin(MISSING_TEXT).to_numpy()
    lenient = not bool((known | gaps).all())
    written = "ISO 8601" if layout == "ISO8601" else layout
    return _instants(name, series, n_missing, layout, f"its texts are dates written as {written}", lenient=lenient)


def _date_layout(texts: Sequence[str], like: str | None = None) -> tuple[str | None, float]:
    """Return how most of the texts write a date and the share that does; None when no way is recognised."""
    step = max(1, len(texts) // SAMPLE_TEXTS)
    sample = [t for t in texts[::step][:SAMPLE_TEXTS] if t.strip().lower() not in MISSING_TEXT]
    if not sample or sum(bool(_DATE_SHAPE.match(t)) for t in sample) < DATE_SHARE * len(sample):
        return None, 0.0
    values, few = pd.Series(sample, dtype=object), pd.Series(sample[:20], dtype=object)
    best: tuple[str | None, float] = (None, 0.0)
    days: Sequence[str] = _DAYS
    if like is not None and like.startswith(("%d", "%m")):
        days = sorted(_DAYS, key=lambda d: d.startswith(("%d", "%m")) and d[:2] != like[:2])
    for layout in ("ISO8601", *(day + hour for hour in _TIMES for day in days)):
        if np.isnat(read_instants(few, layout)).all():
            continue
        share = 1.0 - float(np.isnat(read_instants(values, layout)).mean())
        if share > best[1]:
            best = (layout, share)
        if share == 1.0:
            break
    return best


def _words(name: str, series: pd.Series, distinct: _Distinct, n_missing: int, alone: bool, mixed: str) -> Found:
    """Tell text, ids and categories apart."""
    n_unique, n_present = len(distinct.texts), int(distinct.counts.sum())
    step = max(1, n_unique // SAMPLE_TEXTS)
    sample = distinct.texts[::step][:SAMPLE_TEXTS]
    words = float(np.mean([len(_WORD.findall(t)) for t in sample]))
    hashes = sum(bool(_HASH.match(t)) for t in sample) >= 0.95 * len(sample)  # the parts of a UUID are no words
    if words >= 3 and not hashes and n_unique >= max(20, 0.1 * n_present):
        reason = f"texts of {words:.0f} words on average, {plural(n_unique, 'distinct one')}{mixed}"
        return Found(Column(name, ColumnType.TEXT, reason, n_missing, n_unique))
    if not alone and n_present >= FEWEST_ROWS_FOR_ID:
        are_ids = hashes and n_unique >= 0.9 * n_present
        if n_unique == n_present or are_ids:
            why = "its values are ids" if are_ids else "every row has its own value, as an id has"
            return Found(_dropped(name, ColumnType.CATEGORICAL, why, n_missing, n_unique))
    reason = f"texts with {plural(n_unique, 'distinct value')}{mixed}"
    return _vocabulary(name, distinct, n_missing, ColumnType.CATEGORICAL, reason, asked=False, ordered=None)


def _categories(
    name: str, series: pd.Series, n_missing: int, kind: ColumnType, reason: str, *, asked: bool = False
) -> Found:
    ordered = None
    if isinstance(series.dtype, pd.CategoricalDtype):
        ordered = [text_of(c) for c in series.cat.categories]
    return _vocabulary(name, _Distinct.of(series), n_missing, kind, reason, asked=asked, ordered=ordered)


def _vocabulary(
    name: str,
    distinct: _Distinct,
    n_missing: int,
    kind: ColumnType,
    reason: str,
    *,
    asked: bool,
    ordered: list[str] | None,
) -> Found:
    n_unique = len(distinct.texts)
    if n_unique == 1 and n_missing == 0 and not asked:
        why = f"every row has the value {plain(distinct.texts[0], most=40)!r}"
        return Found(_dropped(name, kind, why, n_missing, n_unique))
    keep = set(distinct.texts)
    if n_unique > MOST_CATEGORIES:
        keep = {t for t, c in zip(distinct.texts, distinct.counts.tolist(), strict=True) if c >= 2}
        if not keep:
            return Found(_dropped(name, kind, "every value occurs once", n_missing, n_unique))
        if once := n_unique - len(keep):
            reason += f"; the {plural(once, 'value')} seen once {'is' if once == 1 else 'are'} taken as unknown"
    words = [t for t in ordered if t in keep] if ordered else _sorted_words(distinct, keep)
    return Found(Column(name, kind, reason, n_missing, n_unique), Coding(words=tuple(dict.fromkeys(words))))


def _sorted_words(distinct: _Distinct, keep: set[str]) -> list[str]:
    """Return the categories in the order of their values: 2 before 10 when they are numbers."""
    pairs = [(v, t) for v, t in zip(distinct.values, distinct.texts, strict=True) if t in keep]
    if all(isinstance(v, int | float | np.number | bool | np.bool_) for v, _ in pairs):
        return [t for _, t in sorted(pairs, key=lambda p: p[0].item() if isinstance(p[0], np.generic) else p[0])]
    return sorted(t for _, t in pairs)


def layout_of(series: pd.Series, like: str | None = None) -> str | None:
    """Return how a column that is known to hold instants writes them; None where its dtype says it.

    Where days and months may be either way round, they are as in the layout `like`; so are texts that are years.
    """
    if holds_numbers(series):
        return layout_of_numbers(to_numbers(series).astype(np.float64))
    if kind_of(series) not in {"text", "category"}:
        return None
    texts = _Distinct.of(series).texts
    present = [t for t in texts if t.strip().lower() not in MISSING_TEXT]
    years = years_of(present)
    if years is not None and like in YEARS_WITH_FRACTIONS:
        return like
    found = None if years is None or are_months(present) else layout_of_numbers(years)
    if found in YEARS_WITH_FRACTIONS:
        return found
    months = bool(texts) and all(_MONTH_NUMBER.match(t) for t in texts)
    return "%Y%m" if months else _date_layout(texts, like)[0]
