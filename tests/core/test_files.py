"""Files are whole or not there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter._core.files import read_json, write_bytes, write_json, write_text

#: a busy machine may take its time
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder the examples of one test share."""
    return tmp_path_factory.mktemp("files")


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_bytes(path, b"\x00\xff\r\n")
    assert path.read_bytes() == b"\x00\xff\r\n"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"a longer old content")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_text_is_utf8_and_its_lines_stay_as_they_are(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "é\r\n–\n")
    assert (tmp_path / "file").read_bytes() == "é\r\n–\n".encode()


def test_whoever_may_read_other_files_may_read_these(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write_bytes(tmp_path / "atomic", b"")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "atomic")}
    assert len(modes) == 1


@pytest.mark.parametrize("error", [OSError("no"), KeyboardInterrupt("no")])
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_file_that_cannot_be_put_in_place_changes_nothing(
    error: BaseException, old: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)

    def fail(source: object, target: object) -> None:
        raise error

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(type(error), match="no"):
        write_bytes(path, b"new")
    _check_only(path, old)


@pytest.mark.parametrize("old", [None, b"old"])
def test_what_is_not_bytes_changes_nothing(old: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    with pytest.raises(TypeError, match="bytes-like object"):
        write_bytes(path, "text")  # type: ignore[arg-type]
    _check_only(path, old)


@pytest.mark.parametrize("old", [None, b"old"])
def test_a_full_disk_changes_nothing(
    old: bytes | None, tmp_path: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    with full_disk(1000), pytest.raises(OSError, match="File too large"):
        write_bytes(path, bytes(5000))
    _check_only(path, old)


def _check_only(path: Path, content: bytes | None) -> None:
    """Check that a folder holds the file as it was, or nothing, and no half of another."""
    assert {p.name: p.read_bytes() for p in path.parent.iterdir()} == ({} if content is None else {path.name: content})


@settings(max_examples=50)
@given(value=JSON)
def test_json_comes_back_as_it_was(value: Any, folder: Path) -> None:
    write_json(folder / "value.json", value)
    assert read_json(folder / "value.json") == value


def test_json_is_for_people(tmp_path: Path) -> None:
    write_json(tmp_path / "file", {"größe": [1], "where": Path("a")})
    assert (tmp_path / "file").read_text(encoding="utf-8") == '{\n "größe": [\n  1\n ],\n "where": "a"\n}\n'


def test_json_holds_text_that_utf8_does_not(tmp_path: Path) -> None:
    write_json(tmp_path / "file", {"\udcff": "a\ud800b"})
    assert read_json(tmp_path / "file") == {"\udcff": "a\ud800b"}


def test_what_json_cannot_hold_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_json(path, "old")
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(ValueError, match="Circular reference"):
        write_json(path, ring)
    _check_only(path, b'"old"\n')


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\x00\xff\x80", b"{} {}"])
def test_what_is_not_json_is_a_value_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=r"Expect|Extra data|decode"):
        read_json(tmp_path / "file")


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        read_json(tmp_path / "none.json")
