"""A log of JSON lines, cut and damaged anywhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from automl_jupyter._core.jsonl import Reader, Writer, drop_torn_tail

#: a busy machine may take its time
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
#: logs short enough to be cut at every byte
LOGS = st.lists(JSON, max_size=4)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the examples of one test write their log."""
    return tmp_path_factory.mktemp("jsonl") / "log.jsonl"


def write(path: Path, values: list[Any]) -> bytes:
    """Write a new log and return its bytes."""
    path.unlink(missing_ok=True)
    append(path, values)
    return path.read_bytes()


def append(path: Path, values: list[Any]) -> None:
    """Open a log as a job that goes on does, and append to it."""
    writer = Writer(path)
    for value in values:
        writer.append(value)
    writer.close()


def cut_everywhere(path: Path) -> Iterator[int]:
    """Cut a log at each of its bytes, the last first, and yield the number of lines that are whole in it."""
    data = path.read_bytes()
    for n in reversed(range(len(data) + 1)):
        os.truncate(path, n)
        yield data[:n].count(b"\n")


@settings(max_examples=50)
@given(values=st.lists(JSON, max_size=20))
def test_values_come_back_in_order(values: list[Any], path: Path) -> None:
    data = write(path, values)
    assert list(Reader(path).read()) == values
    assert data.count(b"\n") == len(values), "one line a value"
    assert data == b"" or data.endswith(b"\n")


@settings(max_examples=30)
@given(values=LOGS)
def test_a_log_cut_at_any_byte_gives_its_whole_lines(values: list[Any], path: Path) -> None:
    write(path, values)
    for n_whole in cut_everywhere(path):
        assert list(Reader(path).read()) == values[:n_whole]


@settings(max_examples=10)
@given(values=LOGS)
def test_a_log_cut_at_any_byte_is_written_on(values: list[Any], path: Path) -> None:
    data = write(path, values)
    for n in range(len(data) + 1):
        path.unlink()
        path.write_bytes(data[:n])
        append(path, ["on"])
        assert list(Reader(path).read()) == [*values[: data[:n].count(b"\n")], "on"]


@settings(max_examples=30)
@given(values=LOGS)
def test_a_log_read_as_it_grows_gives_each_line_once(values: list[Any], path: Path) -> None:
    data = write(path, values)
    path.unlink()
    reader = Reader(path)
    seen = list(reader.read())
    with open(path, "ab", buffering=0) as file:
        for n in range(len(data)):
            file.write(data[n : n + 1])
            seen += reader.read()
            assert seen == values[: data[: n + 1].count(b"\n")]
    assert seen == values


@settings(max_examples=200)
@given(before=LOGS, after=LOGS, damaged=st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")))
@example(before=["a"], after=["b"], damaged=b"")
@example(before=["a"], after=["b"], damaged=b'{"a": 1')
@example(before=["a"], after=["b"], damaged=b"\xff\xfe\x00")
@example(before=["a"], after=["b"], damaged=b"9" * 5000)
@example(before=["a"], after=["b"], damaged=b"[" * 100_000)
def test_a_damaged_line_harms_no_other(before: list[Any], after: list[Any], damaged: bytes, path: Path) -> None:
    data = write(path, before) + damaged + b"\n" + write(path, after)
    path.unlink()
    path.write_bytes(data)
    got = list(Reader(path).read())
    assert got[: len(before)] == before
    assert got[len(got) - len(after) :] == after


@settings(max_examples=200)
@given(data=st.binary(max_size=100))
def test_whatever_is_there_is_read_without_an_error(data: bytes, path: Path) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    assert len(list(Reader(path).read())) <= len(data.splitlines())
    assert path.read_bytes() == data, "a reader changes nothing"


@pytest.mark.parametrize(
    ("read", "now", "replaced"),
    [
        (b"", b"", False),
        (b"", b"1\n2\n", False),
        (b"1", b"1\n", False),
        (b"1\n", b"1\n", False),
        (b"1\n2\n3", b"1\n2\n", False),  # a torn tail that was cut off
        (b"1\n2\n", b"1\n2\n3\n", False),
        (b"1\n2\n", b"1\n", True),
        (b"1\n2\n", b"", True),
        (b"1\n2\n", b"2\n2\n", True),
        (b"1\n2\n", b"2\n2\n3\n", True),
        (b"1\n2\n", b"11\n2\n", True),
    ],
)
def test_another_log_in_the_place_of_one_that_was_read_is_noticed(
    read: bytes, now: bytes, replaced: bool, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_bytes(read)
    reader = Reader(path)
    list(reader.read())
    path.write_bytes(now)
    assert reader.is_replaced() is replaced
    path.unlink()
    assert reader.is_replaced() is (b"\n" in read)


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert list(Reader(tmp_path / "none").read()) == []
    assert drop_torn_tail(tmp_path / "none") == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "kept"),
    [(b"", b""), (b"1\n", b"1\n"), (b"1\n2", b"1\n"), (b"torn", b""), (b"1\n\n\n\x00", b"1\n\n\n")],
)
def test_a_torn_tail_is_cut_off(data: bytes, kept: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)
    assert drop_torn_tail(path) == len(data) - len(kept)
    assert path.read_bytes() == kept


def test_a_writer_makes_folders_and_writes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "log"
    writer = Writer(path)
    writer.append({"a": "é\r\n"})
    assert path.read_bytes() == '{"a":"é\\r\\n"}\n'.encode()
    writer.close()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"a": float("nan")}, ValueError, "Out of range float"),
        ({"a": float("-inf")}, ValueError, "Out of range float"),
        ({"a": object()}, TypeError, "not JSON serializable"),
    ],
)
def test_what_json_does_not_know_is_refused_and_leaves_no_trace(
    value: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    writer = Writer(tmp_path / "log")
    writer.append(1)
    with pytest.raises(error, match=message):
        writer.append(value)
    writer.append(2)
    writer.close()
    assert (tmp_path / "log").read_bytes() == b"1\n2\n"


def test_text_that_utf8_does_not_hold_is_written_and_read(path: Path) -> None:
    """An error's message may hold half of a surrogate pair, and must not end the job."""
    values = [{"\udcff": "a\ud800b"}, "after"]
    write(path, values)
    assert list(Reader(path).read()) == values


@pytest.mark.parametrize("room", range(12))
def test_a_disk_without_room_tears_no_line(
    room: int, tmp_path: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    """Part of a line fits: it is taken back, and what is written later is read."""
    path = tmp_path / "log"
    writer = Writer(path)
    writer.append("before")
    size = path.stat().st_size
    line = json.dumps("lost line").encode() + b"\n"
    assert len(line) == 12
    with full_disk(size + room), pytest.raises(OSError, match="File too large"):
        writer.append("lost line")
    assert path.stat().st_size == size
    writer.append("after")
    writer.close()
    assert list(Reader(path).read()) == ["before", "after"]


@pytest.mark.parametrize("durable", [True, False])
def test_only_what_must_last_waits_for_the_disk(durable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: sizes.append(os.fstat(handle).st_size))
    writer = Writer(tmp_path / "log")
    writer.append("value", durable=durable)
    writer.close()
    assert sizes == ([len(b'"value"\n')] if durable else [])


def test_a_closed_writer_writes_no_more(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "log")
    writer.close()
    with pytest.raises(ValueError, match="closed file"):
        writer.append(1)
