"""An append-only file of one JSON value a line, safe to cut at any byte."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def drop_torn_tail(path: Path) -> int:
    """Cut the bytes after the last newline, which a crash may have left, and return how many they were."""
    if not path.exists():
        return 0
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(path, whole)
    return len(data) - whole


class Reader:
    """Reads the complete lines of a growing file, each once.

    Examples
    --------
    >>> import tempfile; path = Path(tempfile.mkdtemp()) / "log.jsonl"
    >>> _ = path.write_text('{"a": 1}\\n{"a"')
    >>> list(Reader(path).read())
    [{'a': 1}]
    """

    def __init__(self, path: Path) -> None:
        self.path, self.offset = path, 0
        self._first = b""

    def read(self) -> Iterator[Any]:
        """Yield what has been added since the last call; a line still being written is left for the next."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data.rfind(b"\n") + 1
        if self.offset == 0:
            self._first = data[: data.find(b"\n") + 1]
        self.offset += whole
        for line in data[:whole].splitlines():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                continue  # a damaged line says nothing; the lines around it still do

    def is_replaced(self) -> bool:
        """Return whether another file is there than the one that was read: a shorter one, or with another first line.

        A file's number on the disk does not tell: a new file may get that of one that was removed.
        """
        try:
            with open(self.path, "rb") as file:
                first = file.read(len(self._first))
                size = file.seek(0, os.SEEK_END)
        except FileNotFoundError:
            return self.offset > 0
        return size < self.offset or first != self._first


class Writer:
    """Appends lines; a torn last line is dropped when the file is opened."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        drop_torn_tail(path)
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 lives as long as the writer

    def append(self, value: Any, *, durable: bool = False) -> None:
        """Append one value, whole or not at all; `durable` waits until it is on the disk."""
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        line = text.encode(errors="backslashreplace") + b"\n"  # a lone surrogate becomes JSON's own escape of it
        start = os.fstat(self._file.fileno()).st_size
        try:
            while line:  # a disk that is nearly full takes a part
                line = line[self._file.write(line) :]
        except OSError:
            self._file.truncate(start)  # the next line would be glued to a torn one, and lost with it
            raise
        if durable:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()
