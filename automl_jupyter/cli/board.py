"""What a job looks like in a terminal: its snapshot, drawn with rich, in the words every other view uses.

Names in a snapshot are untrusted: they reach rich as :class:`rich.text.Text`, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from automl_jupyter._core.text import byte_size, duration, plural
from automl_jupyter.results.words import (
    STATE_MARKS,
    counts_words,
    fit_words,
    folds_words,
    limit_words,
    line_of,
    metric_name,
    on_folds,
    row_reason,
    score_words,
    status_words,
    title_words,
    words_on_test,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

Snapshot = Mapping[str, Any]

#: columns of a file or pipe, where there is no terminal to ask
_PIPE_WIDTH = 120

_STATE_STYLES = {
    "running": "cyan",
    "failed": "red",
    "timed_out": "yellow",
    "pruned": "dim",
    "cancelled": "dim",
}
_STATUS_STYLES = {"Completed": "bold green", "Failed": "bold red", "Canceled": "bold yellow"}


def make_console(stream: IO[str]) -> Console:
    """Return a console that writes to `stream`; a pipe gets no colours and a fixed, generous width."""
    from rich.console import Console

    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def title_line(snapshot: Snapshot) -> str:
    """Return the job in one line: its name, task, status, time and workers.

    Examples
    --------
    >>> title_line({"name": "owl", "task": "regression", "status": "Queued", "elapsed_s": 75, "n_workers": 2})
    'owl · regression · Queued · 1 min 15 s · 2 workers'
    """
    n_workers = int(snapshot.get("n_workers") or 0)
    words = [
        title_words(snapshot),
        status_words(snapshot),
        duration(float(snapshot.get("elapsed_s") or 0.0)),
        plural(n_workers, "worker") if n_workers else "",
    ]
    return " · ".join(word for word in words if word)


def best_line(snapshot: Snapshot) -> str:
    """Return the best model and its value, or an empty string while there is none.

    Examples
    --------
    >>> best_line({"best": {"label": "LightGBM", "text": "0.9123"}, "metric": {"name": "accuracy"}})
    'LightGBM, accuracy 0.9123'
    """
    best = snapshot.get("best")
    if not best:
        return ""
    score = f"{line_of(best.get('text', ''), 24)}{on_folds(best)}"
    return f"{line_of(best.get('label', ''))}, {metric_name(snapshot)} {score}"


def state_words(row: Snapshot) -> str:
    """Return a row's state with its mark, and why, when it did not finish.

    Examples
    --------
    >>> state_words({"state": "timed_out", "reason": "ran past 30 s"})
    '◔ timed out: ran past 30 s'
    """
    state = str(row.get("state", ""))
    words = f"{STATE_MARKS.get(state, '')} {line_of(state.replace('_', ' '))}".strip()
    why = row_reason(row)
    return f"{words}: {why}" if why else words


def leaderboard(snapshot: Snapshot, *, rows: int | None = None) -> Table:
    """Return the leaderboard as a rich table.

    Parameters
    ----------
    snapshot : mapping
        The view model of :func:`automl_jupyter.results.snapshot.snapshot`.
    rows : int, optional
        Show at most so many rows; default all of them.
    """
    from rich.table import Table
    from rich.text import Text

    every = list(snapshot.get("rows") or [])
    shown = every[:rows]
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    for name in ("#", "Model", "Trial", metric_name(snapshot), "Folds", "Fit", "Size", "State"):
        words = name in ("Model", "State")
        table.add_column(name, justify="left" if words else "right", no_wrap=True, overflow="ellipsis")
    for row in shown:
        state, size = str(row.get("state", "")), row.get("size_bytes")
        cells = (
            str(row.get("rank") or ""),
            line_of(row.get("label", ""), 40),
            "" if row.get("number") is None else str(row["number"]),
            score_words(row) or "–",
            folds_words(row),
            fit_words(row),
            byte_size(float(size)) if size else "",
            state_words(row),
        )
        style = "bold green" if row.get("rank") == 1 else _STATE_STYLES.get(state, "")
        table.add_row(*(Text(cell) for cell in cells), style=style)
    hidden = int(snapshot.get("n_rows_total") or len(every)) - len(shown)
    if hidden > 0:
        table.caption = Text(f"… and {plural(hidden, 'more row', 'more rows')}")
    return table


def render(snapshot: Snapshot, *, rows: int | None = None) -> RenderableType:
    """Return the whole view: title, best, limits, leaderboard, test metrics and the latest warnings.

    Parameters
    ----------
    snapshot : mapping
        The view model.
    rows : int, optional
        Show at most so many rows of the leaderboard; default all of them.
    """
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(title_line(snapshot), style=_STATUS_STYLES.get(str(snapshot.get("status")), "bold"))
    ]
    if best := best_line(snapshot):
        parts.append(Text(f"Best: {best}"))
    limits = [
        f"{line_of(limit.get('label', ''))} {limit_words(limit)}"
        for limit in snapshot.get("limits") or []
        if limit.get("total") is not None
    ]
    if standing := [word for word in (*limits, counts_words(snapshot)) if word]:
        parts.append(Text(" · ".join(standing), style="dim"))
    if snapshot.get("rows"):
        parts += [Text(""), leaderboard(snapshot, rows=rows)]
    if tests := words_on_test(snapshot):
        parts.append(Text(f"On the test data: {tests}"))
    warnings = [note for note in snapshot.get("notes") or [] if note.get("level") == "warning"]
    parts += [Text(f"! {line_of(note.get('message', ''), 300)}", style="yellow") for note in warnings[-3:]]
    return Group(*parts)


def write(snapshot: Snapshot, stream: IO[str]) -> None:
    """Write the whole view once: drawn for a terminal, as plain text for a file or pipe."""
    import click

    from automl_jupyter.results.render import render_text

    if stream.isatty():
        make_console(stream).print(render(snapshot))
    else:
        click.echo(render_text(snapshot, rows=len(snapshot.get("rows") or ())), file=stream)
