"""The encoded table on disk."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl_jupyter.data.cache import CachedTable, open_cache, pack_cache, remove_cache, unpack_cache, write_cache
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.errors import StoreError

N = 100


@pytest.fixture
def table() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "small": np.arange(N) % 7,
            "large": np.arange(N) * 0.1,
            "colour": [None if i % 5 == 0 else f"c{i % 3}" for i in range(N)],
            "day": [None if i % 9 == 0 else pd.Timestamp("2024-01-01") + pd.Timedelta(days=i) for i in range(N)],
            "said": [f"a few words 'ü' {i}" for i in range(N)],
        }
    )
    return TableSchema.infer(frame).encode(frame)


def written(folder: Path, X: pd.DataFrame) -> Path:
    rows = np.arange(N)
    folds = [(rows[:50], rows[50:]), (rows[50:], rows[:0])]
    write_cache(folder, X=X, y=rows % 2, weight=rows / N, folds=folds, meta={"task": "classification"})
    return folder


def test_reads_back_what_was_written(tmp_path: Path, table: pd.DataFrame) -> None:
    found = open_cache(written(tmp_path / "a" / "cache", table))
    pd.testing.assert_frame_equal(found.X, table)
    assert found.y.tolist() == [i % 2 for i in range(N)]
    assert found.weight is not None
    assert found.weight.tolist() == [i / N for i in range(N)]
    assert [len(v) for _, v in found.folds] == [50, 0]
    assert {a.dtype for fold in found.folds for a in fold} == {np.dtype("int32")}
    assert found.meta == {"task": "classification"}


def test_numbers_and_codes_are_views_of_the_file(tmp_path: Path, table: pd.DataFrame) -> None:
    found = open_cache(written(tmp_path / "cache", table))
    for name in ("small", "large"):
        assert not found.X[name].to_numpy().flags.owndata
        assert not found.X[name].to_numpy().flags.writeable
    assert not found.y.flags.writeable


def test_rows_can_be_taken(tmp_path: Path, table: pd.DataFrame) -> None:
    found = open_cache(written(tmp_path / "cache", table))
    rows = found.folds[0][1]
    pd.testing.assert_frame_equal(found.X.iloc[rows], table.iloc[50:])


def test_writing_again_replaces(tmp_path: Path, table: pd.DataFrame) -> None:
    folder = written(tmp_path / "cache", table)
    write_cache(folder, X=table.iloc[:3], y=np.zeros(3), weight=None, folds=[], meta={})
    found = open_cache(folder)
    assert (len(found.X), found.weight, found.folds) == (3, None, [])
    assert [p.name for p in tmp_path.iterdir()] == ["cache"]


def _at_once(n: int, do: Callable[[], Any]) -> list[Any]:
    """Do the same on threads that begin together, and return what each came to."""
    together = threading.Barrier(n)

    def begin(_: int) -> Any:
        together.wait(60)
        return do()

    with ThreadPoolExecutor(n) as threads:
        return list(threads.map(begin, range(n)))


@pytest.mark.parametrize("there", ["nothing", "no whole table"])
def test_many_may_write_and_open_a_shared_table_at_once(tmp_path: Path, table: pd.DataFrame, there: str) -> None:
    folder, rows = tmp_path / "cache", np.arange(N)

    def write_and_open() -> CachedTable:
        for _ in range(5):
            write_cache(folder, X=table, y=rows, weight=None, folds=[(rows, rows)], meta={}, shared=True)
            found = open_cache(folder)
        return found

    if there != "nothing":
        folder.mkdir()
        (folder / "y.npy").write_bytes(b"cut")
    for found in _at_once(8, write_and_open):
        pd.testing.assert_frame_equal(found.X, table)
        assert found.y.tolist() == rows.tolist()
    assert [p.name for p in tmp_path.iterdir()] == ["cache"]


def test_many_may_unpack_and_open_a_table_at_once(tmp_path: Path, table: pd.DataFrame) -> None:
    data, folder = pack_cache(written(tmp_path / "here", table)), tmp_path / "there" / "cache"

    def unpack_and_open() -> CachedTable:
        for _ in range(5):
            unpack_cache(data, folder)
            found = open_cache(folder)
        return found

    for found in _at_once(8, unpack_and_open):
        pd.testing.assert_frame_equal(found.X, table)
    assert [p.name for p in folder.parent.iterdir()] == ["cache"]


def test_a_shared_table_that_is_whole_is_left_as_it_is(tmp_path: Path, table: pd.DataFrame) -> None:
    folder = written(tmp_path / "cache", table)
    before = (folder / "X.arrow").stat().st_ino
    write_cache(folder, X=table, y=np.zeros(N), weight=None, folds=[], meta={}, shared=True)
    assert (folder / "X.arrow").stat().st_ino == before


def test_removing_a_table_leaves_nothing(tmp_path: Path, table: pd.DataFrame) -> None:
    remove_cache(written(tmp_path / "cache", table))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        remove_cache(tmp_path / "cache")


def test_failed_writing_leaves_nothing(tmp_path: Path, table: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match="JSON"):
        write_cache(tmp_path / "cache", X=table, y=np.zeros(N), weight=None, folds=[], meta={"bad": object()})
    assert list(tmp_path.iterdir()) == []


def test_packed_table_is_the_same_elsewhere(tmp_path: Path, table: pd.DataFrame) -> None:
    data = pack_cache(written(tmp_path / "cache", table))
    unpack_cache(data, tmp_path / "there" / "cache")
    pd.testing.assert_frame_equal(open_cache(tmp_path / "there" / "cache").X, table)


@pytest.mark.parametrize(
    "name", ["../evil.npy", "/tmp/evil.npy", "a/b.npy", "..\\evil.npy", "evil.py", ".npy", "C:evil.npy"]
)
def test_packed_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(StoreError, match="unexpected file"):
        unpack_cache(buffer.getvalue(), tmp_path / "in" / "cache")
    assert [p.name for p in tmp_path.rglob("*")] == ["in"]


def test_packed_table_that_swells_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("y.npy", b"0" * 100_000)
    with pytest.raises(StoreError, match="unexpected file"):
        unpack_cache(buffer.getvalue(), tmp_path / "cache")


def test_bytes_that_are_no_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        unpack_cache(b"nothing", tmp_path / "cache")


def test_missing_and_damaged_folders_are_named(tmp_path: Path, table: pd.DataFrame) -> None:
    with pytest.raises(StoreError, match="absent"):
        open_cache(tmp_path / "absent")
    folder = written(tmp_path / "cache", table)
    (folder / "X.arrow").write_bytes(b"cut")
    with pytest.raises(StoreError, match="cannot be read"):
        open_cache(folder)


def test_arrays_of_objects_are_never_unpickled(tmp_path: Path, table: pd.DataFrame) -> None:
    folder = written(tmp_path / "cache", table)
    np.save(folder / "y.npy", np.asarray([{}], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError, match="cannot be read"):
        open_cache(folder)
