"""Numbers that texts write with something around them: ``$1,200``, ``45 %``, ``3,5 km``, ``19M``, ``2h 50m``.

How a column writes them is found once, from the training rows; a text that is not written so has no number.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter.data.convert import to_numbers
from automl_jupyter.data.kinds import kind_of, text_of
from automl_jupyter.data.vocabulary import distinct_values, told_apart

#: the share of distinct texts that must be numbers, and that one unit or family of units must cover
SHARE = 0.95
#: distinct texts that the way of writing is found from
SAMPLE_TEXTS = 1_000
#: how many times larger than those with a unit bare numbers are that seem to be in a smaller one
SMALLER_UNIT = 1_000
#: a longer text is no number
LONGEST = 40

_MONTH = 2_629_746.0  # a twelfth of a year
_CLOCK_UNITS = {
    **dict.fromkeys(("s", "sec", "second"), 1.0),
    **dict.fromkeys(("min", "minute"), 60.0),
    **dict.fromkeys(("h", "hr", "hour"), 3600.0),
}
_CALENDAR_UNITS = {
    **dict.fromkeys(("mo", "mon", "month"), _MONTH),
    **dict.fromkeys(("y", "yr", "year"), 31_556_952.0),  # of the Gregorian calendar
}
_SHORT: Mapping[str, float] = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12}
_SPANS: Mapping[str, float] = {
    **_CLOCK_UNITS,
    "m": 60.0,
    **dict.fromkeys(("d", "day"), 86_400.0),
    **dict.fromkeys(("w", "week"), 604_800.0),
    **_CALENDAR_UNITS,
}
#: units that can be told in each other, with what they count; the first family that covers a column is taken
FAMILIES: tuple[Mapping[str, float], ...] = (
    _SHORT,
    {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12},
    {"mg": 1e-3, "g": 1.0, "kg": 1e3},
    {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3},
    _SPANS,
    {**dict.fromkeys(("'", "′", "ft", "foot", "feet"), 12.0), **dict.fromkeys(('"', "″", "''", "in", "inch"), 1.0)},
    {"st": 1.0, "nd": 1.0, "rd": 1.0, "th": 1.0},
)
# Alone beside bare numbers, these are metres, bytes and tons rather than millions, billions and trillions.
_SMALL = re.compile(r"\d\s*[mbt]\b")

_CURRENCY = r"(?:[A-Z]{0,3}[$€£¥₹₽₩₺₪฿]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|Rs\.?)"
_CURRENCIES = re.compile(_CURRENCY)
_SIGN_OF = {
    "US$": "$", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "Rs": "₹", "Rs.": "₹",
}  # fmt: skip
# A leading zero makes a code, not a quantity: 007. Behind another number it is one: 2h 05m.
_CODE = re.compile(r"[^\d.,]*0\d")
_NUMBER = {
    "point": r"(?:(?:[1-9]\d{0,2}(?:[,' \u00a0\u202f]\d{3})+|0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?",
    "comma": r"(?:(?:[1-9]\d{0,2}(?:[.' \u00a0\u202f]\d{3})+|0|[1-9]\d*)(?:,\d+)?|,\d+)",
}
# A unit has no digits, and nothing that parts the items of a list or the ends of a range.
_UNIT = r"[^\d\s_.,;:|()+\-−][^\d,;:|()]{0,14}"
_SIGN = r"[+\-−]?"
_SINGLE = {
    style: re.compile(rf"(\()?({_SIGN})\s*({_CURRENCY})?\s*({_SIGN})({number})\s*({_UNIT})?\+?(\))?")
    for style, number in _NUMBER.items()
}
_PAIR = {style: re.compile(rf"({number}|\d+)\s*({_UNIT})") for style, number in _NUMBER.items()}
_PAIRS = {style: re.compile(rf"(?:(?:{number}|\d+)\s*{_UNIT}){{2,5}}") for style, number in _NUMBER.items()}
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d(?:\.\d+)?)(?:\s*([AaPp])\.?[Mm]\.?)?")
_GROUPS = str.maketrans("", "", ",' \u00a0\u202f")
_GROUPS_COMMA = str.maketrans(",", ".", ".' \u00a0\u202f")

#: what a text says: numbers with their units, to be added
_Parts = list[tuple[float, str]]


@dataclass(frozen=True)
class Quantity:
    """How a column writes numbers.

    Parameters
    ----------
    style : {"point", "comma", "clock"}
        ``1,234.5``, ``1.234,5`` or ``1:02:03``.
    units : mapping of str to float
        What a number with each unit is multiplied by. A number without a unit counts in the only one.

    Examples
    --------
    >>> [Quantity("point", {"k": 1e3, "m": 1e6}).number(t) for t in ("$1.5M", "19k", "varies")]
    [1500000.0, 19000.0, nan]
    >>> Quantity("clock").number("1:02:03")
    3723.0
    """

    style: str = "point"
    units: Mapping[str, float] = field(default_factory=lambda: {"": 1.0})

    def number(self, text: str) -> float:
        """Return the number that a text stands for; NaN where it stands for none."""
        parts = _split(text, self.style)
        if parts is None:
            return np.nan
        known = {"": next(iter(self.units.values())), **self.units} if len(self.units) == 1 else self.units
        if any(unit not in known for _, unit in parts):
            return np.nan
        number = sum(value * known[unit] for value, unit in parts)
        return float(number) if np.isfinite(number) else np.nan

    def read(self, series: pd.Series) -> np.ndarray:
        """Return a column as float64 of shape (n,): numbers as they are, NaN for what stands for none."""
        if kind_of(series) in {"number", "boolean"}:
            return to_numbers(series)
        if isinstance(series.dtype, pd.CategoricalDtype):
            used = series.cat.remove_unused_categories().cat
            return np.asarray(np.append(self.read(pd.Series(used.categories)), np.nan)[used.codes.to_numpy()])
        codes, distinct = distinct_values(told_apart(series))
        numbers = np.asarray([self.number(text_of(value)) for value in distinct], dtype=np.float64)
        found = np.asarray(np.append(numbers, np.nan)[codes])
        if pd.api.types.is_object_dtype(series.dtype) and pd.api.types.infer_dtype(series) != "string":
            # the number 1.234 is no text with a point between thousands
            for row, value in enumerate(series.to_numpy()):
                if _is_number(value):
                    found[row] = _finite(value)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"style": self.style, "units": dict(self.units)}


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond all floats
        return np.nan
    return number if math.isfinite(number) else np.nan


def _is_number(value: object) -> bool:
    # numpy counts durations among its integers
    return isinstance(value, int | float | np.integer | np.floating | Decimal) and not isinstance(
        value, bool | np.timedelta64
    )


def find_quantity(texts: Sequence[str]) -> Quantity | None:
    """Return how texts write numbers, or None where too many are no numbers.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts, those for missing values aside. Of many a sample is looked at.

    Examples
    --------
    >>> find_quantity(["$1,200", "$950", "$12,000.50"])
    Quantity(style='point', units={'': 1.0})
    >>> find_quantity(["2h 50m", "45m", "1h"]).number("1h 10m")
    4200.0
    >>> find_quantity(["A11", "A12"]) is None
    True
    """
    sample = texts[:: max(1, len(texts) // SAMPLE_TEXTS)][:SAMPLE_TEXTS]
    styles = ["comma", "point"] if _groups_by_points(sample) else ["point", "comma"]
    if any(map(is_code, sample)):
        styles = []
    if _mixes_currencies(sample):
        return None
    with_small = [t for t in sample if _SMALL.search(t)]
    small = bool(with_small) and not any(map(_CURRENCIES.search, with_small))
    for style in (*styles, "clock"):
        parts = [p for p in (_split(t, style) for t in sample) if p is not None]
        units = _units(parts, len(sample), small=small)
        if units is None:
            continue
        if len(units) == 1 and "" not in units and _may_count_otherwise(parts):
            return None
        found = Quantity(style, units)
        if np.isnan([found.number(t) for t in sample]).sum() <= (1 - SHARE) * len(sample):
            return found
    return None


def is_code(text: str) -> bool:
    """Return whether a text begins with a number that begins with a zero, as codes do and quantities do not."""
    return bool(_CODE.match(text))


def _split(text: str, style: str) -> _Parts | None:
    text = text.strip()
    if len(text) > LONGEST:
        return None
    if style == "clock":
        return _clock(text)
    single = _SINGLE[style].fullmatch(text)
    if single:
        opened, before, _, after, number, unit, closed = single.groups()
        if bool(opened) != bool(closed) or (before and after):
            return None
        sign = -1.0 if opened or (before or after) in {"-", "−"} else 1.0  # accountants put losses in brackets
        return [(sign * _value(number, style), _fold(unit or ""))]
    if _PAIRS[style].fullmatch(text):
        return [(_value(number, style), _fold(unit)) for number, unit in _PAIR[style].findall(text)]
    return None


def _clock(text: str) -> _Parts | None:
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    most, middle, least, half = found.groups()
    first, *others = [float(v) for v in (most, middle, least) if v is not None]
    if half:
        first = first % 12 + (12 if half in "Pp" else 0)
    if any(v >= 60 for v in others):
        return None
    value = first
    for part in others:
        value = 60 * value + part
    return [(value, "")]


def _value(number: str, style: str) -> float:
    return float(number.translate(_GROUPS if style == "point" else _GROUPS_COMMA))


def _fold(unit: str) -> str:
    """Return a unit without what does not tell it from others: capitals, a plural, a point or plus after it."""
    if not unit or _CURRENCIES.fullmatch(unit.strip()):
        return ""
    folded = unit.strip(" .+").casefold()
    return folded[:-1] if len(folded) > 2 and folded.endswith("s") else folded


def _units(parts: Sequence[_Parts], n_texts: int, *, small: bool) -> Mapping[str, float] | None:
    """Return the units that cover nearly all texts: one, a family that can be told in each other, or one left out.

    `small` is whether one of m, b and t occurs as a small letter, and never in an amount of money.
    """
    enough = SHARE * n_texts
    alone = Counter(p[0][1] for p in parts if len(p) == 1)
    if not parts:
        return None
    for unit, n in alone.most_common(1):
        if n >= enough:
            return {unit: 1.0}
    used = {unit for p in parts for _, unit in p}
    for family in FAMILIES:
        if sum(all(unit in family for _, unit in p) for p in parts) >= enough:
            meant = _as_meant(family, used & family.keys(), small)
            if meant is not None:
                return meant
    bare = alone.pop("", 0)
    for unit, n in alone.most_common(1):
        if n + bare >= enough and unit != "%":  # 0.45 and 45% are the same
            return {unit: 1.0}
    return None


def _as_meant(family: Mapping[str, float], used: Set[str], small: bool) -> Mapping[str, float] | None:
    """Return what the units of a family count beside those that are used; None where that cannot be told."""
    if family is _SHORT:
        return family if not small or len(used - {""}) > 1 else None
    if family is not _SPANS or "m" not in used or used & _CLOCK_UNITS.keys():
        return family
    return {**family, "m": _MONTH} if used & _CALENDAR_UNITS.keys() else None  # beside days alone it may be either


def _may_count_otherwise(parts: Sequence[_Parts]) -> bool:
    """Return whether many bare numbers are so large beside those with a unit that they seem to be in a smaller one."""
    bare = [abs(p[0][0]) for p in parts if len(p) == 1 and not p[0][1]]
    others = [abs(p[0][0]) for p in parts if len(p) == 1 and p[0][1]]
    if not others or len(bare) <= (1 - SHARE) * len(parts):
        return False
    usual = float(np.median(others))
    return usual > 0 and float(np.median(bare)) >= SMALLER_UNIT * usual


def _mixes_currencies(texts: Sequence[str]) -> bool:
    found = [m.group() for m in map(_CURRENCIES.search, texts) if m]
    counts = Counter(_SIGN_OF.get(currency, currency) for currency in found)
    return bool(found) and max(counts.values()) < SHARE * len(found)


def _groups_by_points(texts: Sequence[str]) -> bool:
    """Return whether points part thousands in amounts of money: ``1.234 €`` beside ``900 €`` is not one and a bit."""
    with_point = [t for t in texts if "." in t]
    if not with_point or len(with_point) == len(texts):
        return False
    money = sum(bool(_CURRENCIES.search(t)) for t in texts) >= SHARE * len(texts)
    return money and all(_split(t, "comma") is not None for t in texts)
