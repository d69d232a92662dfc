"""What an MLTable file can do to the rows it has read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter._core.text import did_you_mean, listing, plain
from automl_jupyter.data.convert import read_instants, to_numbers
from automl_jupyter.data.kinds import MISSING_TEXT, UnreadableValueError, to_texts
from automl_jupyter.data.mltable_filter import filter_rows
from automl_jupyter.data.mltable_read import PATH_COLUMN
from automl_jupyter.errors import DataError, Problem

_TYPES = ("int", "float", "string", "boolean", "datetime", "stream_info")
_TYPE_KEYS: dict[str, tuple[str, ...]] = {
    "boolean": ("true_values", "false_values", "mismatch_as"),
    "datetime": ("formats", "date_constant"),
}
_MISMATCH = {"error": None, "true": True, "false": False, "null": None, "none": None}
#: what a format says of the day; where it says nothing, times are read as of this one
_OF_DAYS = re.compile(r"%[-#]?[YymbBdjUWGVuwaAcxDF]")
_NO_DAY = np.datetime64("1900-01-01")


def _fail(where: str, step: str, message: str) -> DataError:
    return DataError([Problem(f"{where}, {step}", message)])


def _columns(frame: pd.DataFrame, given: Any, where: str, step: str) -> list[str]:
    """Return the columns named, one or a list, all of which have to be there."""
    named = [given] if isinstance(given, str | int) else given
    if not isinstance(named, Sequence) or not named:
        raise _fail(where, step, f"{plain(given)!r} is not a column or a list of columns.")
    names = [str(c) for c in frame.columns]
    problems = [
        Problem(f"{where}, {step}", f"There is no column {plain(c, most=80)!r}.{did_you_mean(c, names)}")
        for c in named
        if str(c) not in names
    ]
    if problems:
        raise DataError(problems)
    return [str(c) for c in named]


def _keep_columns(frame: pd.DataFrame, options: Any, where: str) -> pd.DataFrame:
    return frame[_columns(frame, _unwrapped(options), where, "keep_columns")]


def _drop_columns(frame: pd.DataFrame, options: Any, where: str) -> pd.DataFrame:
    return frame.drop(columns=_columns(frame, _unwrapped(options), where, "drop_columns"))


def _unwrapped(options: Any) -> Any:
    return options.get("columns", options) if isinstance(options, Mapping) else options


def _count(options: Any, where: str, step: str) -> int:
    value = options.get("count") if isinstance(options, Mapping) else options
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _fail(where, step, f"{plain(value)!r} is not a number of rows; allowed: 0, 1, 2, ….")
    return value


def _skip(frame: pd.DataFrame, options: Any, where: str) -> pd.DataFrame:
    return frame.iloc[_count(options, where, "skip") :]


def _take(frame: pd.DataFrame, options: Any, where: str) -> pd.DataFrame:
    return frame.iloc[: _count(options, where, "take")]


def _take_random_sample(frame: pd.DataFrame, options: Any, where: str) -> pd.DataFrame:
    step = "take_random_sample"
    options = options if isinstance(options, Mapping) else {"probability": options}
    _known(options, ("probability", "seed"), where, step)
    share, seed = options.get("probability"), options.get("seed")
    if not isinstance(share, int | float) or isinstance(share, bool) or not 0 <= share <= 1:
        raise _fail(where, step, f"probability is {plain(share)!r}; allowed: a number from 0 to 1.")
    if seed is not None and (not isinstance(seed, int) or seed < 0):
        raise _fail(where, step, f"seed is {plain(seed)!r}; allowed: 0, 1, 2, ….")
    return frame.loc[np.random.default_rng(seed).random(len(frame)) < share]


def _filter(frame: pd.DataFrame, options: Any, where: str) -> pd.DataFrame:
    expression = options.get("expression") if isinstance(options, Mapping) else options
    if not isinstance(expression, str):
        raise _fail(where, "filter", f"{plain(options)!r} is not an expression such as 'col(\"x\") > 32'.")
    return frame.loc[filter_rows(frame, expression)]


def _known(options: Mapping[str, Any], known: Sequence[str], where: str, step: str) -> None:
    for key in options:
        if key not in known:
            hint = did_you_mean(key, known) or f" Known: {listing(known, last='and')}."
            raise _fail(where, step, f"There is no option {plain(key)!r}.{hint}")


def _convert_column_types(frame: pd.DataFrame, options: Any, where: str) -> pd.DataFrame:
    step = "convert_column_types"
    if not isinstance(options, Sequence) or isinstance(options, str):
        raise _fail(where, step, "has to be a list of {columns: ..., column_type: ...}.")
    converted: dict[str, pd.Series] = {}
    for item in options:
        if not isinstance(item, Mapping) or "columns" not in item or "column_type" not in item:
            raise _fail(where, step, f"{plain(item)!r} has to have the keys 'columns' and 'column_type'.")
        _known(item, ("columns", "column_type"), where, step)
        kind, settings = _column_type(item["column_type"], where, step)
        for name in _columns(frame, item["columns"], where, step):
            try:
                converted[name] = _CONVERT[kind](frame[name], settings)
            except UnreadableValueError as error:
                shown = error.shown
                raise _fail(
                    where, step, f"The column {plain(name, most=80)!r} has {shown}, which is not {error.wanted}."
                ) from None
    return frame.assign(**converted)


def _column_type(given: Any, where: str, step: str) -> tuple[str, Mapping[str, Any]]:
    """Return the type and its settings: ``float``, or ``{datetime: {formats: [...]}}``, or both keys side by side."""
    kind, settings = given, {}
    if isinstance(given, Mapping) and given:
        kind, first = next(iter(given.items()))
        rest = {k: v for k, v in given.items() if k != kind}
        settings = {**(first if isinstance(first, Mapping) else {}), **rest}
    name = "boolean" if kind == "bool" else "string" if kind == "str" else "int" if kind == "long" else kind
    if name not in _TYPES:
        raise _fail(
            where,
            step,
            f"{plain(kind)!r} is not a column type.{did_you_mean(kind, _TYPES)} Allowed: {listing(_TYPES)}.",
        )
    _known(settings, _TYPE_KEYS.get(str(name), ()), where, f"{step}, {name}")
    return str(name), settings


def _to_int(series: pd.Series, settings: Mapping[str, Any]) -> pd.Series:
    if pd.api.types.is_integer_dtype(series.dtype):
        return series
    numbers = to_numbers(series).astype(np.float64)
    odd = ~np.isnan(numbers) & (numbers != np.floor(numbers))
    if odd.any():
        raise UnreadableValueError(series.iloc[int(np.argmax(odd))], "a whole number")
    whole: Any = numbers
    if np.nanmax(np.abs(numbers), initial=0) >= 2**53:  # from there on floats leave whole numbers out
        whole = [None if np.isnan(n) else _whole_number(v, n) for v, n in zip(series.array, numbers, strict=True)]
    return pd.Series(whole, index=series.index, dtype="Int64" if np.isnan(numbers).any() else "int64")


def _whole_number(value: Any, number: float) -> int:
    try:
        whole = int(value)
    except ValueError:  # 1e3
        whole = int(number)
    if not -(2**63) <= whole < 2**63:
        raise UnreadableValueError(value, "a whole number of 64 bits")
    return whole


def _to_float(series: pd.Series, settings: Mapping[str, Any]) -> pd.Series:
    return pd.Series(to_numbers(series).astype(np.float64), index=series.index)


def _to_string(series: pd.Series, settings: Mapping[str, Any]) -> pd.Series:
    return pd.Series(to_texts(series), index=series.index, dtype=object).infer_objects()


def _to_boolean(series: pd.Series, settings: Mapping[str, Any]) -> pd.Series:
    if pd.api.types.is_bool_dtype(series.dtype) and not settings:
        return series
    true = _texts(settings.get("true_values"), ("true", "1", "yes", "y", "t", "on"))
    false = _texts(settings.get("false_values"), ("false", "0", "no", "n", "f", "off"))
    mismatch = str(settings.get("mismatch_as", "error")).lower()
    if mismatch not in _MISMATCH:
        raise UnreadableValueError(mismatch, "a value of mismatch_as (error, true or false)")
    read: list[bool | None] = []
    for text in to_texts(series):
        folded = None if text is None else text.strip().lower()
        if folded is None or folded in true or folded in false:
            read.append(None if folded is None else folded in true)
        elif mismatch == "error":
            raise UnreadableValueError(text, "true or false")
        else:
            read.append(_MISMATCH[mismatch])
    whole = None not in read
    return pd.Series(read, index=series.index, dtype="bool" if whole else "boolean")


def _texts(given: Any, default: Sequence[str]) -> set[str]:
    listed = default if given is None else [given] if not isinstance(given, list) else given
    return {str(v).strip().lower() for v in listed}


def _to_datetime(series: pd.Series, settings: Mapping[str, Any]) -> pd.Series:
    """Read instants by the first format that fits each value, times alone as of the day of ``date_constant``.

    What no format fits is an error.
    """
    day = _constant_day(settings.get("date_constant"))
    formats = settings.get("formats")
    formats = [formats] if isinstance(formats, str) else formats or [None]
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return series
    values = pd.Series(to_texts(series), dtype=object)
    values = values.where(~values.str.strip().str.lower().isin(MISSING_TEXT), None)
    found = np.full(len(values), np.datetime64("NaT"), dtype="datetime64[ns]")
    for layout in formats:
        left = np.flatnonzero(np.isnat(found) & values.notna().to_numpy())
        if len(left):
            read = read_instants(values.iloc[left], layout)
            is_alone = day is not None and layout is not None and not _OF_DAYS.search(str(layout))
            found[left] = read + (day - _NO_DAY) if is_alone else read
    unread = np.isnat(found) & values.notna().to_numpy()
    if unread.any():
        written = f" written as {listing(formats)}" if formats[0] else ""
        raise UnreadableValueError(values.iloc[int(np.argmax(unread))], f"a date or time{written}")
    return pd.Series(found, index=series.index)


def _constant_day(given: Any) -> Any:
    if given is None:
        return None
    day = read_instants(pd.Series([str(given)], dtype=object), None)[0]
    if np.isnat(day):
        raise UnreadableValueError(given, "a date for date_constant")
    return day.astype("datetime64[D]")


_CONVERT: dict[str, Callable[[pd.Series, Mapping[str, Any]], pd.Series]] = {
    "int": _to_int,
    "float": _to_float,
    "string": _to_string,
    "boolean": _to_boolean,
    "datetime": _to_datetime,
    "stream_info": _to_string,  # the address of a file, which is what a tabular job can use of it
}

_DATE_PARTS = {"yyyy": r"\d{4}", "MM": r"\d{2}", "dd": r"\d{2}", "HH": r"\d{2}", "mm": r"\d{2}", "ss": r"\d{2}"}
_STRPTIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_PLACE = re.compile(r"\{([A-Za-z_]\w*)(?::([^{}]+))?\}|(\*\*/?)|(\*)|([^{*]+|\{)")
_PART = re.compile("|".join(_DATE_PARTS))


def _extract_columns(frame: pd.DataFrame, options: Any, where: str) -> pd.DataFrame:
    """Make columns of parts of each row's path: ``/{name}/`` a text, ``/{when:yyyy/MM/dd}/`` an instant."""
    step = "extract_columns_from_partition_format"
    pattern = options.get("partition_format", options.get("pattern")) if isinstance(options, Mapping) else options
    if not isinstance(pattern, str) or "{" not in pattern:
        raise _fail(where, step, f"{plain(options)!r} is not a pattern such as '/{{year:yyyy}}/{{name}}.csv'.")
    if PATH_COLUMN not in frame.columns:
        raise _fail(where, step, "An earlier step left the path of the file out. Put this step before it.")
    expression, names, layouts = _path_expression(pattern)
    paths = frame[PATH_COLUMN].astype(object)
    found: dict[str, pd.Series] = {}
    by_path: dict[str, Mapping[str, str]] = {}
    for path in paths.unique():
        match = expression.search(str(path).replace("\\", "/"))
        if match is None:
            raise _fail(where, step, f"The path {plain(path)!r} does not fit {plain(pattern)!r}.")
        by_path[path] = match.groupdict()
    for name in names:
        texts = paths.map({p: groups[name] for p, groups in by_path.items()})
        layout = layouts.get(name)
        if not layout:
            found[name] = texts.infer_objects()
            continue
        instants = read_instants(texts, layout)
        if np.isnat(instants).any():
            path = paths.iloc[int(np.argmax(np.isnat(instants)))]
            raise _fail(where, step, f"The path {plain(path)!r} has no date where {plain(pattern)!r} has {name!r}.")
        found[name] = pd.Series(instants, index=frame.index)
    return frame.assign(**found)


def _path_expression(pattern: str) -> tuple[re.Pattern[str], list[str], dict[str, str]]:
    """Return the regular expression of a path pattern, the columns in it, and how its instants are written."""
    expression, names, layouts = "", [], {}
    for name, layout, deep, star, literal in _PLACE.findall(pattern):
        if not name:
            expression += "(?:.*/)?" if deep else "[^/]*" if star else re.escape(literal)
            continue
        if name in names:
            expression += f"(?P={name})"
            continue
        names.append(name)
        if layout:
            layouts[name] = _PART.sub(lambda m: _STRPTIME[m.group()], layout.replace("%", "%%"))
            inner = "".join(
                _DATE_PARTS.get(part, re.escape(part)) for part in re.split(f"({_PART.pattern})", layout) if part
            )
        else:
            inner = "[^/]+?"
        expression += f"(?P<{name}>{inner})"
    return re.compile(expression + "$"), names, layouts


STEPS: dict[str, Callable[[pd.DataFrame, Any, str], pd.DataFrame]] = {
    "convert_column_types": _convert_column_types,
    "keep_columns": _keep_columns,
    "drop_columns": _drop_columns,
    "extract_columns_from_partition_format": _extract_columns,
    "filter": _filter,
    "skip": _skip,
    "take": _take,
    "take_random_sample": _take_random_sample,
}
