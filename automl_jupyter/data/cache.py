"""The encoded table on disk, as every worker maps it into memory: written once, read by all, copied by none."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import tempfile
import time
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl_jupyter.data.vocabulary import Vocabulary
from automl_jupyter.errors import StoreError

#: cached tables that no job has used for this long are removed, in seconds
CACHE_LIFE_S = 14 * 24 * 3600
_TABLE, _META = "X.arrow", "meta.json"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}\.(arrow|npy|json)")

Fold = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class CachedTable:
    """An encoded table whose columns are views of files.

    Parameters
    ----------
    X : pandas.DataFrame
        The canonical columns; read-only.
    y : numpy.ndarray
        Class codes or values.
    weight : numpy.ndarray, optional
        A weight a row.
    folds : list of (train, validation)
        int32 row numbers.
    meta : dict
        What the writer added.
    arrays : mapping
        More arrays the writer added, by name.
    """

    X: pd.DataFrame
    y: np.ndarray
    weight: np.ndarray | None
    folds: list[Fold]
    meta: dict[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def write_cache(
    folder: Path,
    *,
    X: pd.DataFrame,
    y: np.ndarray,
    weight: np.ndarray | None,
    folds: Sequence[Fold],
    meta: dict[str, Any],
    arrays: Mapping[str, np.ndarray] | None = None,
    shared: bool = False,
) -> None:
    """Write an encoded table; the folder appears whole or not at all.

    Parameters
    ----------
    folder : Path
        Where; what stands there is replaced, unless it is `shared`.
    X : pandas.DataFrame
        Canonical columns, as `TableSchema.encode` gives them.
    y : numpy.ndarray
        Class codes or values.
    weight : numpy.ndarray, optional
        A weight a row.
    folds : sequence of (train, validation)
        Row numbers.
    meta : dict
        Anything else, JSON.
    arrays : mapping, optional
        More arrays, by names of letters.
    shared : bool, default False
        Whether the folder is named by its content, so that others may write and read the same one meanwhile: a whole
        table that stands there stays.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp()) / "cache"
    >>> write_cache(folder, X=pd.DataFrame({"a": [1.0, 2.0]}), y=np.array([0, 1]), weight=None, folds=[], meta={})
    >>> open_cache(folder).X["a"].tolist()
    [1.0, 2.0]
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        _write_table(building / _TABLE, X)
        np.save(building / "y.npy", y)
        if weight is not None:
            np.save(building / "weight.npy", weight)
        for k, (train, valid) in enumerate(folds):
            np.save(building / f"fold-{k}-train.npy", np.asarray(train, dtype=np.int32))
            np.save(building / f"fold-{k}-valid.npy", np.asarray(valid, dtype=np.int32))
        for name, values in (arrays or {}).items():
            np.save(building / f"array-{name}.npy", values)
        about = {"n_folds": len(folds), "weight": weight is not None, "meta": meta, "arrays": sorted(arrays or {})}
        (building / _META).write_text(json.dumps(about), encoding="utf-8")
        if not shared and folder.exists():
            shutil.rmtree(folder)
        _put(building, folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def open_cache(folder: Path) -> CachedTable:
    """Map an encoded table into memory.

    Raises
    ------
    StoreError
        When the folder is missing or damaged.
    """
    import pyarrow as pa

    try:
        about = json.loads((folder / _META).read_text(encoding="utf-8"))
        folds = [
            (_map(folder / f"fold-{k}-train.npy"), _map(folder / f"fold-{k}-valid.npy"))
            for k in range(about["n_folds"])
        ]
        weight = _map(folder / "weight.npy") if about["weight"] else None
        arrays = {name: _map(folder / f"array-{name}.npy") for name in about.get("arrays", [])}
        return CachedTable(_read_table(folder / _TABLE), _map(folder / "y.npy"), weight, folds, about["meta"], arrays)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise StoreError(f"The stored table in {folder} cannot be read: {error}") from error


def is_whole(folder: Path) -> bool:
    """Return whether a table stands in a folder; where that may not be looked at, none does."""
    return os.path.exists(folder / _META)


def touch_cache(folder: Path) -> None:
    """Say that a table is in use, if it is there."""
    with contextlib.suppress(OSError):
        os.utime(folder)


def remove_cache(folder: Path) -> None:
    """Remove a table; nobody ever sees a part of it.

    Raises
    ------
    OSError
        When it is not there any more, or cannot be moved.
    """
    aside = folder.with_name(f".{folder.name[:40]}.{uuid.uuid4().hex}")
    folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def remove_old_caches(root: Path) -> None:
    """Remove the tables in a folder that nobody has used for `CACHE_LIFE_S`, and what was left half built."""
    if not root.is_dir():
        return
    for path in list(root.iterdir()):
        with contextlib.suppress(OSError):  # another job may remove it, too
            if path.is_dir() and time.time() - path.stat().st_mtime > CACHE_LIFE_S:
                remove_cache(path)


def pack_cache(folder: Path) -> bytes:
    """Return a stored table as one piece of bytes, for a worker that does not share the disk."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return buffer.getvalue()


def unpack_cache(data: bytes, folder: Path) -> None:
    """Write the folder that `pack_cache` packed, unless it is there; names that lead elsewhere are refused.

    Raises
    ------
    StoreError
        When the bytes are not a packed table.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if not _FILE_NAME.fullmatch(info.filename) or info.compress_type != zipfile.ZIP_STORED:
                    raise StoreError(f"A packed table holds the unexpected file {info.filename!r}; it is refused.")
                with archive.open(info) as source, open(building / info.filename, "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        _put(building, folder)
    except zipfile.BadZipFile as error:
        shutil.rmtree(building, ignore_errors=True)
        raise StoreError(f"A packed table cannot be read: {error}") from error
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _put(building: Path, folder: Path) -> None:
    """Give a table that was built its place; where the same one stands there whole, that one stays.

    Nothing is taken away from there, as others may be about to open it.
    """
    try:
        building.rename(folder)
        return
    except OSError:
        if is_whole(folder):
            shutil.rmtree(building, ignore_errors=True)
            return
    try:  # a part of the same table stands there, or somebody just removed it
        folder.mkdir(exist_ok=True)
        for path in sorted(building.iterdir(), key=lambda p: p.name == _META):  # what makes it whole comes last
            path.replace(folder / path.name)
    except OSError:  # on Windows a file that another has opened stays as it is
        if not is_whole(folder):
            raise
    shutil.rmtree(building, ignore_errors=True)


def _map(path: Path) -> np.ndarray:
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError:
        return np.asarray(np.load(path, allow_pickle=False))  # nothing to map in an empty array


def _write_table(path: Path, X: pd.DataFrame) -> None:
    """Write each column so that it can be used where it lies: categories as their codes, instants as integers."""
    import pyarrow as pa

    fields, arrays, about = [], [], []
    for position, name in enumerate(X.columns):
        series = X.iloc[:, position]
        kind: dict[str, Any] = {"name": name}
        if isinstance(series.dtype, pd.CategoricalDtype):
            kind |= {"kind": "category", "words": [str(c) for c in series.cat.categories]}
            array = pa.array(np.asarray(series.cat.codes))
        elif pd.api.types.is_datetime64_dtype(series.dtype):
            kind |= {"kind": "instant"}
            array = pa.array(series.to_numpy().astype("datetime64[ns]").view(np.int64))
        elif pd.api.types.is_numeric_dtype(series.dtype):
            kind |= {"kind": "number"}
            array = pa.array(np.ascontiguousarray(series.to_numpy()), from_pandas=False)
        else:
            kind |= {"kind": "text"}
            array = pa.array(series.to_numpy(dtype=object), type=pa.large_string(), from_pandas=True)
        fields.append(pa.field(str(position), array.type))
        arrays.append(array)
        about.append(kind)
    schema = pa.schema(fields, metadata={"columns": json.dumps(about), "n_rows": str(len(X))})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))


def _read_table(path: Path) -> pd.DataFrame:
    import pyarrow as pa

    batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    metadata = batch.schema.metadata
    columns: dict[str, Any] = {}
    for position, kind in enumerate(json.loads(metadata[b"columns"])):
        array = batch.column(position)
        if kind["kind"] == "text":
            columns[kind["name"]] = array.to_pandas()
            continue
        values = array.to_numpy(zero_copy_only=True)
        if kind["kind"] == "category":
            columns[kind["name"]] = Vocabulary(kind["words"]).from_codes(values)
        else:
            columns[kind["name"]] = values.view("datetime64[ns]") if kind["kind"] == "instant" else values
    return pd.DataFrame(columns, index=pd.RangeIndex(int(metadata[b"n_rows"])), copy=False)
