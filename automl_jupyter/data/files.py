"""Tables in files: delimited text, JSON lines, Parquet, Feather, on disk or behind an fsspec address."""

from __future__ import annotations

import io
import json
import os
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO, Any, Literal
from urllib.parse import unquote

import pandas as pd

from automl_jupyter._core.text import listing, plain
from automl_jupyter.data.frames import stack_rows
from automl_jupyter.errors import AutoMLError, DataError, Problem

_KINDS = {
    ".csv": "delimited", ".tsv": "tabbed", ".tab": "tabbed", ".txt": "delimited",
    ".jsonl": "lines", ".ndjson": "lines", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet", ".feather": "feather", ".arrow": "feather", ".ipc": "feather",
}  # fmt: skip
_PACKED = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd", ".zip": "zip"}
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+(::|://)")


def is_url(path: str) -> bool:
    """Return whether a path is an address with a protocol.

    Examples
    --------
    >>> is_url("s3://bucket/a.csv"), is_url("C:/a.csv"), is_url("a.csv")
    (True, False, False)
    """
    return bool(_URL.match(path))


def file_kind(name: str) -> tuple[str | None, str | None]:
    """Return what kind of table a file name says and how it is packed, None where it does not say.

    Examples
    --------
    >>> file_kind("a.csv.gz"), file_kind("a.xlsx")
    (('delimited', 'gzip'), (None, None))
    """
    if is_url(name):
        # The rest is for the server, as a signature is; or it names the file, where the path before it does not.
        found = _kind_of(re.split(r"[?#]", name, maxsplit=1)[0])
        if found[0] is not None:
            return found
    return _kind_of(name)


def _kind_of(name: str) -> tuple[str | None, str | None]:
    suffixes = [s.lower() for s in Path(name).suffixes]
    packed = _PACKED.get(suffixes[-1]) if suffixes else None
    if packed:
        suffixes.pop()
    return (_KINDS.get(suffixes[-1]) if suffixes else None), packed


def read_file(path: str, *, field: str) -> pd.DataFrame:
    """Read one table.

    Parameters
    ----------
    path : str
        A file or an fsspec address; the ending says what it is.
    field : str
        The field of the job it was given for; errors start with it.

    Raises
    ------
    DataError
        When it is not there, or not a table of the kind its name says.
    """
    kind, packed = file_kind(path)
    if kind is None:
        raise DataError(
            [Problem(field, f"{plain(path)!r} is not a table this package reads. Known: {known_endings()}.")]
        )
    with explained(field, path), open_binary(path, packed) as file:
        frame: pd.DataFrame = _READERS[kind](file)
    if kind in ("delimited", "tabbed") and rows_end_in_delimiter(frame):
        with explained(field, path), open_binary(path, packed) as file:
            frame = without_end(lambda: _READERS[kind](file, index_col=False))
    return frame


#: what partitioned tables call the folder of rows without a value
_NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
#: files and folders below a folder that is given as a table, at most: more is a mistake, such as "/"
_MOST_FILES = 20_000


def read_folder(folder: Path, *, field: str) -> pd.DataFrame:
    """Read every table in a folder, in order of name, as one; they have to be of one kind.

    Of folders called ``key=value`` below it, as partitioned tables have them, each key is a column.
    """
    paths = _files_in(folder, field)
    tables = [p for p in paths if file_kind(p.name)[0] is not None]
    kinds = {file_kind(p.name)[0] for p in tables}
    if not tables:
        message = f"The folder {plain(folder)!r} has neither an MLTable file nor a table. Known: {known_endings()}."
        raise DataError([Problem(field, message)])
    if len(kinds) > 1:
        endings = listing(sorted({p.suffix for p in tables}), last="and")
        raise DataError([Problem(field, f"The folder {plain(folder)!r} mixes files that end in {endings}.")])
    frames = [read_file(str(p), field=field) for p in tables]
    for key, values in _partitions([p.relative_to(folder) for p in tables]).items():
        for frame, value in zip(frames, values, strict=True):
            if value is not None and key not in frame.columns:
                frame[key] = value
    return stack_rows(frames)


def _partitions(paths: Sequence[Path]) -> dict[str, list[Any]]:
    """Return what the folders of each path say by key, None where they do not; whole numbers as such."""
    found: dict[str, list[Any]] = {}
    for row, path in enumerate(paths):
        for part in path.parts[:-1]:
            key, equals, value = part.partition("=")
            if key and equals and value != _NO_PARTITION:
                found.setdefault(unquote(key), [None] * len(paths))[row] = unquote(value)
    for key, values in found.items():
        if all(v is None or _WHOLE.fullmatch(v) for v in values):
            found[key] = [None if v is None else int(v) for v in values]
    return found


def _files_in(folder: Path, field: str) -> list[Path]:
    """Return the files below a folder, in order; those that may not be looked at are left out."""
    found: list[Path] = []
    n_seen = 0
    for place, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if not is_set_aside(name)]
        n_seen += len(inner) + len(names)
        if n_seen > _MOST_FILES:
            message = f"The folder {plain(folder)!r} holds more than {_MOST_FILES:,} files and folders. Name the table."
            raise DataError([Problem(field, message)])
        paths = (Path(place, name) for name in names if not is_set_aside(name))
        found += [p for p in paths if os.path.isfile(p)]
    return sorted(found)


def is_set_aside(path: str) -> bool:
    """Return whether a tool put a path below a folder aside: a part of it begins with a dot or an underscore.

    Folders such as ``_region=north`` are parts of a table whatever they begin with.

    Examples
    --------
    >>> is_set_aside(".ipynb_checkpoints/a-checkpoint.csv"), is_set_aside("year=2024/a.parquet")
    (True, False)
    """
    parts = PurePath(path).parts
    return any(part.startswith(".") or (part.startswith("_") and "=" not in part) for part in parts)


def known_endings() -> str:
    """Return the file endings that are read, as a list for people."""
    return listing(_KINDS, last="and") + ", packed or not"


@contextmanager
def open_binary(path: str, packed: str | None = None) -> Iterator[IO[bytes]]:
    """Open a file or an fsspec address for reading, unpacked."""
    if packed == "zstd":
        import pyarrow as pa

        # Arrow goes on where a frame ends: what several threads have packed has many.
        with _opened(path) as packet, pa.CompressedInputStream(pa.PythonFile(packet, "r"), "zstd") as file:
            yield io.BufferedReader(_Rejoined(b"", file), 1 << 20)
        return
    if packed != "zip":
        with _opened(path, packed) as file:
            yield file
        return
    with _opened(path) as packet, zipfile.ZipFile(packet) as archive, archive.open(_member(archive)) as file:
        yield file


def _opened(path: str, packed: str | None = None) -> Any:
    """Return what opens a file or an address; of `fsspec.open`, earlier ones take brackets in a name for a pattern."""
    from fsspec.core import OpenFile, url_to_fs

    system, inner = url_to_fs(path)
    return OpenFile(system, inner, "rb", compression=packed)


def _member(archive: zipfile.ZipFile) -> str:
    """Return the name of the one table in an archive; beside it, files of other kinds may lie."""
    names = [name for name in archive.namelist() if not name.endswith("/") and not is_set_aside(name)]
    tables = [name for name in names if file_kind(name)[0] is not None] or names
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise ValueError("there is no table in it")
    shown = listing([plain(name, most=60) for name in sorted(tables)], last="and", most=5)
    raise ValueError(f"there are {len(tables)} tables in it: {shown}. Unpack it and name one, or their folder")


@contextmanager
def explained(field: str, path: str) -> Iterator[None]:
    """Turn what readers raise into one sentence that names the field and the file."""
    shown = plain(path)
    try:
        yield
    except FileNotFoundError:
        raise DataError([Problem(field, f"There is no file {shown!r}.{_neighbours(path)}")]) from None
    except UnicodeDecodeError:  # where, it knows only of the piece that was read last
        message = (
            f"{shown!r} is not UTF-8 text. Save it as UTF-8, or read it with"
            " pandas.read_csv(..., encoding=...) and give the table."
        )
        raise DataError([Problem(field, message)]) from None
    except ImportError as error:
        raise DataError([Problem(field, f"{shown!r} needs another package: {plain(error)}")]) from None
    except (AutoMLError, MemoryError):
        raise
    except Exception as error:
        why = plain(error).rstrip(".") or type(error).__name__
        raise DataError([Problem(field, f"{shown!r} cannot be read: {why}.")]) from error


def _neighbours(path: str) -> str:
    if is_url(path):
        return ""
    folder = Path(path).parent
    try:
        names = sorted(p.name for p in folder.iterdir() if file_kind(p.name)[0])[:200]
    except (FileNotFoundError, NotADirectoryError):
        return f" The folder {plain(folder.resolve())!r} is not there."
    except OSError:  # a folder that may not be listed
        return ""
    if not names:
        return f" The folder {plain(folder.resolve())!r} has no tables."
    from automl_jupyter._core.text import did_you_mean

    near = did_you_mean(Path(path).name, names)
    return near or f" In that folder: {listing(names, last='and', most=5)}."


def rows_end_in_delimiter(frame: pd.DataFrame) -> bool:
    """Return whether pandas may have taken the first column of a delimited file for an index: the last one is empty.

    Rows that are longer than their header without a delimiter at the end, as R writes them, do begin with a name.
    The index does not tell: of whole numbers it may be one that pandas would have made itself.
    """
    if not frame.shape[1]:
        return False
    last = frame.iloc[:, -1]
    return bool((last.isna() | (last == "")).all())


def without_end(read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return what is read, without the warning that rows are longer than their header."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        return read()


def _read_delimited(file: IO[bytes], *, index_col: Literal[False] | None = None) -> pd.DataFrame:
    head = file.read(65_536)
    rest: Any = io.BufferedReader(_Rejoined(head, file), 1 << 20)
    sep = guess_delimiter(head)
    return pd.read_csv(rest, sep=sep, index_col=index_col, low_memory=False, encoding="utf-8-sig")


def _read_tabbed(file: IO[bytes], *, index_col: Literal[False] | None = None) -> pd.DataFrame:
    return pd.read_csv(file, sep="\t", index_col=index_col, low_memory=False, encoding="utf-8-sig")


def _read_lines(file: IO[bytes]) -> pd.DataFrame:
    return json_lines(file.read().decode("utf-8-sig"))


def _read_json(file: IO[bytes]) -> pd.DataFrame:
    text = file.read().decode("utf-8-sig")
    if not text.lstrip().startswith("["):
        return json_lines(text)
    rows = json.loads(text)
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("it is not a list of JSON objects")
    return pd.DataFrame(rows)


def json_lines(text: str, *, drop_invalid: bool = False) -> pd.DataFrame:
    """Return a table of which every line is a JSON object; texts stay texts, dates too.

    Parameters
    ----------
    text : str
        The lines.
    drop_invalid : bool, default False
        Leave out lines that are no JSON objects instead of refusing them.

    Raises
    ------
    ValueError
        Naming the first line that is no JSON object.

    Examples
    --------
    >>> json_lines('{"a": 1}\\n{"a": 2}')["a"].tolist()
    [1, 2]
    """
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append(row)
        elif not drop_invalid:
            raise ValueError(f"line {number} is not a JSON object")
    return pd.DataFrame(rows)


_READERS: dict[str, Any] = {
    "delimited": _read_delimited,
    "tabbed": _read_tabbed,
    "lines": _read_lines,
    "json": _read_json,
    "parquet": pd.read_parquet,
    "feather": pd.read_feather,
}


class _Rejoined(io.RawIOBase):
    """The first bytes of a file, already read, and then the rest of it."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = io.BytesIO(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def guess_delimiter(head: bytes) -> str:
    """Return which of comma, semicolon, tab and bar parts the first lines into most columns, outside quotes.

    Examples
    --------
    >>> guess_delimiter(b"a;b\\n1,5;2\\n")
    ';'
    """
    lines = head.decode("utf-8-sig", "replace").splitlines()[:20]
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines if line.strip()]
    if not bare:
        return ","

    def fit(delimiter: str) -> tuple[bool, int, int]:
        # A delimiter occurs in the first line, and as often in the others; decimal commas do not occur in the header.
        n = bare[0].count(delimiter)
        return n > 0, sum(line.count(delimiter) == n for line in bare), n

    return max(",;\t|", key=fit)
