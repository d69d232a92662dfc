"""The kinds of values a setting can have, each with the words that say what is allowed."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from numbers import Real
from os import PathLike, fspath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from automl_jupyter._core.text import fold_name, listing, plain, suggest

#: the default of a field that must be given
MISSING: Any = None


@dataclass(frozen=True)
class Allowed:
    """What a setting may be, as the object of the sentence "use …"."""

    text: str


class RefusedError(ValueError):
    """A value that is not allowed; the message is already the sentence to show."""


def shown(value: object) -> str:
    """Return a value as an error message shows it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        value = value.value
    return plain(repr(value), most=80)


def nearest(name: object, allowed: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest allowed name, also when `name` is only a part of it.

    Examples
    --------
    >>> nearest("target", ["target_column_name", "task"])
    " Did you mean 'target_column_name'?"
    """
    allowed = list(allowed)
    folded = fold_name(str(name))
    longer = (a for a in allowed if len(folded) > 3 and fold_name(a).startswith(folded))
    near = next(longer, None) or suggest(name, allowed)
    if near is None and len(folded) > 3:
        near = next((a for a in allowed if folded in fold_name(a) or fold_name(a) in folded), None)
    return f" Did you mean {near!r}?" if near else ""


def match_name(value: object, allowed: Iterable[str]) -> str | None:
    """Return the allowed name that equals `value` but for case and underscores, or None."""
    if not isinstance(value, str):
        return None
    text = str(value.value) if isinstance(value, Enum) else value
    folded = fold_name(text)
    return next((a for a in allowed if fold_name(a) == folded), None)


def pick(name: object, allowed: Iterable[str], what: str) -> str:
    """Return `name` in its proper spelling, or refuse it with the nearest name and the list."""
    allowed = list(allowed)
    found = match_name(name, allowed)
    if found is None:
        hint = nearest(name, allowed) if isinstance(name, str) else ""
        known = listing(allowed, last="and", most=60)
        raise RefusedError(f"{shown(name)} is not {what}.{hint} Known: {known}.")
    return found


def one_of(*allowed: str, none: bool = False) -> Callable[[object], str | None]:
    """Return a check that spells a name as allowed, or refuses it with the nearest one."""

    def check(value: object) -> str | None:
        if value is None or (none and isinstance(value, str) and fold_name(value) == "none"):
            return None
        found = match_name(value, allowed)
        if found is None:
            hint = nearest(value, allowed) if isinstance(value, str) else ""
            raise RefusedError(f"{shown(value)} is not allowed; use {listing(map(repr, allowed))}.{hint}")
        return found

    return check


def as_text(value: object) -> object:
    """Take text; a whole number (a column called 2024) is taken as its digits."""
    if isinstance(value, Enum):
        value = value.value
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()  # type: ignore[attr-defined]  # of a table without names: frame.columns[-1]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, PathLike):
        return fspath(value)
    if not isinstance(value, str) or not value:
        raise ValueError
    return str(value)


def as_flag(value: object) -> bool:
    """Take true or false, numpy's too, and nothing else."""
    if isinstance(value, bool):
        return value
    if type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise ValueError


def as_whole(value: object) -> int:
    """Take a whole number, numpy's too; 20.0 counts as 20."""
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError from None


def as_number(value: object) -> float:
    """Take a finite number, numpy's too."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        raise ValueError from None
    if not math.isfinite(number):
        raise ValueError
    return number


def as_minutes(value: object) -> float:
    """Take a finite number whose seconds are one, too."""
    number = as_number(value)
    if not math.isfinite(number * 60):
        raise ValueError
    return number


def is_number(value: object) -> bool:
    """Return whether a value is a finite number, or the text of one."""
    try:
        return math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def as_texts(value: object) -> object:
    """Take one name or a list of names, without repeats."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        value = [value]  # one name, which may be a number
    if isinstance(value, Mapping | bytes):
        raise ValueError
    names = [as_text(v) for v in value]
    repeated = next((n for i, n in enumerate(names) if n in names[:i]), None)
    if repeated is not None:
        raise RefusedError(f"{shown(repeated)} is named twice.")
    return names


def auto_or_whole(least: int) -> Callable[[object], object]:
    """Return a check for 'auto' or a whole number of `least` or more."""

    def check(value: object) -> object:
        if isinstance(value, str) and fold_name(value) == "auto":
            return "auto"
        number = as_whole(value)
        if number < least:
            raise ValueError
        return number

    return check


def as_text_map(value: object) -> object:
    """Take a mapping of names to texts; numbers and flags become their text."""
    if not isinstance(value, Mapping):
        raise ValueError
    return {str(k): _as_label(v) for k, v in value.items()}


def _as_label(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def as_plain_map(value: object) -> object:
    """Take a mapping that JSON can hold; an object such as Azure's ``Output`` gives its fields."""
    if not isinstance(value, Mapping):
        fields = getattr(value, "__dict__", None)
        if not fields:
            raise ValueError
        value = {k: v for k, v in fields.items() if not k.startswith("_") and v is not None}
    return {str(k): _plain_value(v) for k, v in value.items()}


def _plain_value(value: object) -> object:
    if value is None or isinstance(value, str | int | float | bool):
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, list | tuple):
        return [_plain_value(v) for v in value]
    return as_plain_map(value)


#: the largest seed that numpy takes
UINT32 = 4_294_967_295

Text = Annotated[str, BeforeValidator(as_text), Allowed("text")]
ColumnName = Annotated[str, BeforeValidator(as_text), Allowed("the name of a column")]
ColumnNames = Annotated[
    list[str], BeforeValidator(as_texts), Allowed("the name of a column or a list of different names")
]
Flag = Annotated[bool, BeforeValidator(as_flag), Allowed("true or false")]
Count = Annotated[int, Field(ge=1), BeforeValidator(as_whole), Allowed("a whole number of 1 or more")]
CountOrZero = Annotated[int, Field(ge=0), BeforeValidator(as_whole), Allowed("a whole number of 0 or more")]
Minutes = Annotated[float, Field(gt=0), BeforeValidator(as_minutes), Allowed("a number of minutes above 0")]
Number = Annotated[float, BeforeValidator(as_number), Allowed("a number")]
Fraction = Annotated[float, Field(gt=0, lt=1), BeforeValidator(as_number), Allowed("a number above 0 and below 1")]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(as_number), Allowed("a number from 0 to 1")]
ShareBelowOne = Annotated[float, Field(ge=0, lt=1), BeforeValidator(as_number), Allowed("a number from 0 to below 1")]
AutoOrCount = Annotated[
    Annotated[int, Field(ge=1)] | Literal["auto"],
    BeforeValidator(auto_or_whole(1)),
    Allowed("'auto' or a whole number of 1 or more"),
]
TextMap = Annotated[
    dict[str, str],
    BeforeValidator(as_text_map, json_schema_input_type=dict[str, str | float | bool | None]),
    Allowed("a mapping of names to texts"),
]
PlainMap = Annotated[
    dict[str, Any], BeforeValidator(as_plain_map), Allowed("a mapping of names to texts, numbers or mappings")
]
