"""The ways an MLTable file can read its files."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from automl_jupyter._core.optional import require
from automl_jupyter._core.text import did_you_mean, listing, plain, plural
from automl_jupyter.data.files import (
    explained,
    file_kind,
    json_lines,
    open_binary,
    rows_end_in_delimiter,
    without_end,
)
from automl_jupyter.errors import DataError, Problem

#: the column that `include_path_column` adds
PATH_COLUMN = "Path"

_ENCODINGS = {
    "utf8": "utf-8-sig", "utf8bom": "utf-8-sig", "iso88591": "latin-1", "latin1": "latin-1", "ascii": "ascii",
    "utf16": "utf-16", "utf32": "utf-32", "windows1252": "cp1252",
}  # fmt: skip
_HEADERS = ("all_files_same_headers", "no_header", "from_first_file", "all_files_different_headers")
_COMMON = {"include_path_column": False, "partition_size": None}
_OPTIONS: dict[str, dict[str, Any]] = {
    "read_delimited": {
        "infer_column_types": True, "encoding": "utf8", "header": "all_files_same_headers", "delimiter": ",",
        "empty_as_string": False, "support_multi_line": False, **_COMMON,
    },
    "read_parquet": {**_COMMON},
    "read_json_lines": {"invalid_lines": "error", "encoding": "utf8", **_COMMON},
    "read_delta_lake": {"timestamp_as_of": None, "version_as_of": None, **_COMMON},
}  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {
    "encoding": tuple(_ENCODINGS), "header": _HEADERS, "invalid_lines": ("error", "drop"),
}  # fmt: skip


def read_options(name: str, given: Any, where: str, problems: list[Problem]) -> dict[str, Any]:
    """Return every option of a reader, defaults filled in.

    Parameters
    ----------
    name : str
        The reader.
    given : object
        What the file says; None for nothing.
    where : str
        The place, for messages.
    problems : list of Problem
        What is wrong is added here.
    """
    known = _OPTIONS[name]
    if given is not None and not isinstance(given, Mapping):
        problems.append(Problem(where, f"{plain(given)!r} are not options; write them as a mapping."))
        return dict(known)
    options = dict(known)
    for key, value in (given or {}).items():
        if key not in known:
            hint = did_you_mean(key, known) or f" Known: {listing(known, last='and')}."
            problems.append(Problem(where, f"There is no option {plain(key)!r}.{hint}"))
            continue
        options[key] = _checked(str(key), value, known[key], where, problems)
    return options


def _checked(key: str, value: Any, default: Any, where: str, problems: list[Problem]) -> Any:
    if key in _CHOICES:
        folded = (
            str(value).lower().replace("-", "_")
            if key != "encoding"
            else str(value).lower().replace("-", "").replace("_", "")
        )
        if folded in _CHOICES[key]:
            return folded
        problems.append(Problem(where, f"{key} is {plain(value)!r}; allowed: {listing(_CHOICES[key])}."))
    elif isinstance(default, bool) and not isinstance(value, bool):
        if key == "infer_column_types" and isinstance(value, Mapping):
            return True
        problems.append(Problem(where, f"{key} is {plain(value)!r}; allowed: true or false."))
    elif key == "delimiter" and (not isinstance(value, str) or not value):
        problems.append(Problem(where, f"delimiter is {plain(value)!r}; it has to be a character such as ',' or ';'."))
    return value


def _read_delimited(files: list[str], options: Mapping[str, Any], where: str) -> list[pd.DataFrame]:
    header = options["header"]
    frames: list[pd.DataFrame] = []
    names: list[str] | None = None
    for path in files:
        first = not frames
        own = header in {"all_files_same_headers", "all_files_different_headers"} or (
            header == "from_first_file" and first
        )
        frame = _one_delimited(path, options, where, own)
        if header == "no_header":
            frame.columns = pd.Index([f"Column{i + 1}" for i in range(frame.shape[1])])
        elif header != "all_files_different_headers":
            own_names = [str(c) for c in frame.columns]
            names = names if names is not None else own_names
            if frame.shape[1] != len(names):
                message = f"{plain(path)!r} has {plural(frame.shape[1], 'column')}, the first file has {len(names)}."
                raise DataError([Problem(where, f"{message} Use header: all_files_different_headers.")])
            frame = frame.set_axis(pd.Index(own_names if own else names), axis=1)
            if own and own_names != names:
                _check_names(path, own_names, names, where)
                frame = frame[names]  # the same columns, in another order
        frames.append(frame)
    return frames


def _check_names(path: str, own: list[str], first: list[str], where: str) -> None:
    new = next((name for name in own if name not in first), None)
    if new is not None:
        lost = next(name for name in first if name not in own)
        message = f"{plain(path)!r} has the column {plain(new, most=80)!r}, the first file has {plain(lost, most=80)!r}"
        raise DataError([Problem(where, f"{message} instead. Use header: all_files_different_headers.")])


def _one_delimited(path: str, options: Mapping[str, Any], where: str, header: bool) -> pd.DataFrame:
    encoding = _ENCODINGS[options["encoding"]]
    delimiter = {"\\t": "\t", "tab": "\t"}.get(options["delimiter"], options["delimiter"])
    settings: dict[str, Any] = {
        "sep": delimiter,
        "header": 0 if header else None,
        "encoding": encoding,
        "engine": "c" if len(delimiter) == 1 else "python",
    }
    if len(delimiter) > 1:
        settings["sep"] = re.escape(delimiter)
    if settings["engine"] == "c":
        settings["low_memory"] = False
    if not options["infer_column_types"]:
        settings |= {"dtype": str, "keep_default_na": False}
        settings["na_values"] = [] if options["empty_as_string"] else [""]
    whole = options["support_multi_line"] or len(delimiter) > 1  # where a delimiter is longer, quotes mean nothing

    def read() -> pd.DataFrame:
        with explained(where, path), open_binary(path, file_kind(path)[1]) as file:
            data: Any = file if whole else _single_lines(file, encoding, delimiter)
            found: pd.DataFrame = pd.read_csv(data, **settings)
            return found

    frame = read()
    if rows_end_in_delimiter(frame):
        settings["index_col"] = False
        frame = without_end(read)
    if options["empty_as_string"]:
        texts = [c for c in frame.columns if pd.api.types.is_string_dtype(frame[c].dtype) and frame[c].notna().any()]
        frame[texts] = frame[texts].fillna("")
    return frame


def _single_lines(file: Any, encoding: str, delimiter: str) -> Any:
    """Return the file with a quote that is open at a line's end closed there: such a line ends its record.

    A quote opens a field only where the field begins with it; elsewhere it is a character like others.
    """
    data = file.read()
    text = codecs.decode(data, encoding)
    if '"' not in text:
        return io.BytesIO(data)
    mark = re.escape(delimiter)
    field = f'(?:"[^"]*(?:""[^"]*)*"(?!")[^{mark}]*|(?!")[^{mark}]*)'
    whole = re.compile(f"{field}(?:{mark}{field})*")
    lines = re.split("\r?\n", text)
    closed = [line if '"' not in line or whole.fullmatch(line) else line + '"' for line in lines]
    return io.BytesIO(data if closed == lines else "\n".join(closed).encode(encoding))


def _read_parquet(files: list[str], options: Mapping[str, Any], where: str) -> list[pd.DataFrame]:
    frames = []
    for path in files:
        with explained(where, path), open_binary(path) as file:
            frames.append(pd.read_parquet(file))
    return frames


def _read_json_lines(files: list[str], options: Mapping[str, Any], where: str) -> list[pd.DataFrame]:
    return [_one_json_lines(path, options, where) for path in files]


def _one_json_lines(path: str, options: Mapping[str, Any], where: str) -> pd.DataFrame:
    with explained(where, path), open_binary(path, file_kind(path)[1]) as file:
        text = codecs.decode(file.read(), _ENCODINGS[options["encoding"]])
        return json_lines(text, drop_invalid=options["invalid_lines"] == "drop")


def _read_delta_lake(files: list[str], options: Mapping[str, Any], where: str) -> list[pd.DataFrame]:
    version, instant = options["version_as_of"], options["timestamp_as_of"]
    if version is not None and instant is not None:
        raise DataError([Problem(where, "has both timestamp_as_of and version_as_of; keep one of the two.")])
    deltalake = require("deltalake", "The MLTable transformation read_delta_lake")
    frames = []
    for path in files:
        with explained(where, path):
            table = deltalake.DeltaTable(path, version=version)
            if instant is not None:
                table.load_as_version(str(instant))
            frames.append(table.to_pandas())
    return frames


READERS: dict[str, Callable[[list[str], Mapping[str, Any], str], list[pd.DataFrame]]] = {
    "read_delimited": _read_delimited,
    "read_parquet": _read_parquet,
    "read_json_lines": _read_json_lines,
    "read_delta_lake": _read_delta_lake,
}
