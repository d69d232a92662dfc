"""Progress in a terminal: a line whenever there is something new to read, and the leaderboard at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TextIO

from automl_jupyter.results.render import render_text
from automl_jupyter.results.words import counts_words, headline, limit_words, line_of


class TextSurface:
    """Writes a job's progress as lines of text.

    Parameters
    ----------
    stream : file, optional
        Where to write; by default standard output as it is at the time.
    brief : bool, default False
        Say only the beginning and, in one line, the end.

    Examples
    --------
    >>> surface = TextSurface(); surface.open({"name": "bank", "status": "Running"})
    bank: Running, 0 trials complete.
    """

    def __init__(self, stream: TextIO | None = None, *, brief: bool = False) -> None:
        self._stream, self._brief = stream, brief
        self._opened = False
        self._said: tuple[object, ...] = ()

    def open(self, snapshot: Mapping[str, Any]) -> None:
        """Write the first line, unless the job is over and the leaderboard follows at once."""
        self._said = self._news(snapshot)
        self._opened = not snapshot.get("over")
        if self._opened:
            self._write(headline(snapshot))

    def push(self, snapshot: Mapping[str, Any]) -> None:
        """Write a line if the status, the best score or the number of ended trials changed."""
        news = self._news(snapshot)
        if self._brief or news == self._said:
            return
        self._said = news
        limits = [f"{line_of(x.get('label', ''))} {limit_words(x)}" for x in snapshot.get("limits") or ()]
        self._write(" · ".join(w for w in (headline(snapshot), *limits, counts_words(snapshot)) if w))

    def close(self, snapshot: Mapping[str, Any]) -> None:
        """Write the leaderboard; one line if the reader has gone on to something else."""
        self._write(headline(snapshot) if self._brief and self._opened else render_text(snapshot))

    def _news(self, snapshot: Mapping[str, Any]) -> tuple[object, ...]:
        counts, best = snapshot.get("counts") or {}, snapshot.get("best") or {}
        ended = sum(int(n) for state, n in counts.items() if state not in ("running", "queued"))
        return (snapshot.get("status"), best.get("text"), best.get("label"), ended)

    def _write(self, text: str) -> None:
        stream = self._stream or sys.stdout
        stream.write(text + "\n")
        stream.flush()
