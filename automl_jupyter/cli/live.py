"""Three ways to watch a job: drawn live in a terminal, a line for each thing that happened, or not at all."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Protocol

import click

from automl_jupyter._core.text import duration, plain
from automl_jupyter.cli import board
from automl_jupyter.results.words import fit_words, line_of, metric_name, score_words

if TYPE_CHECKING:
    from rich.live import Live

#: lines of the terminal left for headline, limits, warnings and the prompt
_RESERVED_LINES = 9

#: states after which a trial's line can be written
_OVER = frozenset({"complete", "failed", "pruned", "cancelled", "timed_out"})


class View(Protocol):
    """Something that shows snapshots of a job as they come."""

    def show(self, snapshot: board.Snapshot) -> None:
        """Show the newest snapshot."""

    def say(self, sentence: str) -> None:
        """Say something that is not part of the job's story."""

    def finish(self, snapshot: board.Snapshot) -> None:
        """Show the last snapshot and let go of the terminal."""

    def close(self) -> None:
        """Let go of the terminal; harmless when that has been done."""


class SilentView:
    """Shows nothing."""

    def show(self, snapshot: board.Snapshot) -> None:
        """Do nothing."""

    def say(self, sentence: str) -> None:
        """Do nothing."""

    def finish(self, snapshot: board.Snapshot) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class LiveView:
    """Redraws the leaderboard in place.

    Parameters
    ----------
    stream : text stream
        The terminal.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._console = board.make_console(stream)
        self._live: Live | None = None

    def show(self, snapshot: board.Snapshot) -> None:
        """Redraw."""
        from rich.live import Live

        if self._live is None:  # drawn by the caller's thread only, so no thread of rich's own is needed
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        rows = max(3, self._console.height - _RESERVED_LINES)
        self._live.update(board.render(snapshot, rows=rows), refresh=True)

    def say(self, sentence: str) -> None:
        """Write a line above the drawing."""
        self._console.print(plain(sentence, most=1000))

    def finish(self, snapshot: board.Snapshot) -> None:
        """Replace the drawing by the whole leaderboard."""
        self.close()
        board.write(snapshot, self._console.file)

    def close(self) -> None:
        """Remove the drawing and show the cursor again."""
        if self._live is not None:
            self._live.stop()
            self._live = None


class PlainView:
    """Writes a line when a trial ends, the best improves or the job warns; for logs and pipes.

    Parameters
    ----------
    stream : text stream
        Where the lines go.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._told: set[tuple[Any, ...]] = set()

    def show(self, snapshot: board.Snapshot) -> None:
        """Write what has not been written yet."""
        if self._is_new("status", snapshot.get("status")):
            self.say(board.title_line(snapshot))
        if (validation := (snapshot.get("plan") or {}).get("validation")) and self._is_new("plan", validation):
            self.say(f"Validation: {line_of(validation, 200)}")
        for index, note in enumerate(snapshot.get("notes") or []):
            if self._is_new("note", index):
                self.say(f"{line_of(note.get('level', 'info'))}: {line_of(note.get('message', ''), 300)}")
        metric = metric_name(snapshot)
        stamp = f"[{duration(float(snapshot.get('elapsed_s') or 0.0))}]"
        for row in sorted(snapshot.get("rows") or [], key=_by_number):
            if row.get("state") in _OVER and self._is_new(*_identity(row)):
                self.say(f"{stamp} {_row_line(row, metric)}")
        best = board.best_line(snapshot)
        if best and self._is_new("best", best):
            self.say(f"{stamp} best: {best}")

    def say(self, sentence: str) -> None:
        """Write one line."""
        click.echo(plain(sentence, most=1000), file=self._stream)

    def finish(self, snapshot: board.Snapshot) -> None:
        """Write what is left and the whole leaderboard."""
        self.show(snapshot)
        self.say("")
        board.write(snapshot, self._stream)

    def close(self) -> None:
        """Do nothing: a line is whole when it is written."""

    def _is_new(self, *what: Any) -> bool:
        if what in self._told:
            return False
        self._told.add(what)
        return True


def choose_view(stream: IO[str], *, quiet: bool) -> View:
    """Return the view that suits `stream`: nothing when `quiet`, drawn in a terminal, else lines."""
    if quiet:
        return SilentView()
    if stream.isatty() and not board.make_console(stream).is_dumb_terminal:
        return LiveView(stream)
    return PlainView(stream)


def _by_number(row: board.Snapshot) -> tuple[bool, int]:
    return row.get("number") is None, int(row.get("number") or 0)


def _identity(row: board.Snapshot) -> tuple[Any, ...]:
    # an ensemble has no number and is selected again as trials end: each new value is news
    return (
        "row",
        row.get("number"),
        row.get("label"),
        row.get("state"),
        row.get("text") if row.get("number") is None else "",
    )


def _row_line(row: board.Snapshot, metric: str) -> str:
    place = "" if row.get("number") is None else f"#{row['number']} "
    words = [score_words(row) and f"{metric} {score_words(row)}", board.state_words(row), fit_words(row)]
    return f"{place}{line_of(row.get('label', ''), 60)}: {', '.join(word for word in words if word)}"
