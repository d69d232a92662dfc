"""A job's snapshot as text and as one self-contained piece of HTML.

Both are pure functions of the snapshot, so a saved, converted or printed notebook shows what the live view
showed. The HTML needs no script, font or file from elsewhere, stays below :data:`MOST_BYTES`, and reads well
even where a viewer strips its style.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any
from uuid import uuid4

from automl_jupyter._core.text import duration, number, plural
from automl_jupyter.results.words import (
    STATE_MARKS,
    STATUS_MARKS,
    counts_words,
    fit_words,
    folds_words,
    guardrails_summary,
    is_marked_tied,
    limit_fraction,
    limit_words,
    line_of,
    metric_name,
    note_words,
    on_folds,
    reason_words,
    row_reason,
    score_words,
    status_words,
    title_words,
    words_on_test,
)

#: the static HTML never grows past this, however many rows and however long their names
MOST_BYTES = 48_000
#: rows the HTML has and characters of each of its notes: the first that fit into MOST_BYTES
_SIZES = ((60, 400), (30, 400), (15, 400), (7, 200), (3, 100), (1, 50), (0, 25))
#: points of the chart, which is not wider in pixels
_MOST_POINTS = 640
_CHART_WIDTH, _CHART_HEIGHT, _CHART_EDGE = 640.0, 120.0, 6.0


def render_text(snapshot: Mapping[str, Any], *, rows: int = 10) -> str:
    """Return the snapshot as plain text of at most about 100 columns.

    Parameters
    ----------
    snapshot : mapping
        What ``results.snapshot`` returns.
    rows : int, default 10
        The most rows of the leaderboard.

    Returns
    -------
    str
        Several lines, without a newline at the end.

    Examples
    --------
    >>> print(render_text({"name": "bank", "task": "classification", "status": "Preparing"}))
    bank · classification · Preparing
    """
    lines = [f"{title_words(snapshot)} · {status_words(snapshot)}"]
    if reason := reason_words(snapshot, 200):
        lines.append(reason)
    if error := snapshot.get("error"):
        lines.append(f"{line_of(error.get('type', 'Error'))}: {line_of(error.get('message', ''), 300)}")
    if best := snapshot.get("best"):
        score, label = line_of(best.get("text", ""), 24), line_of(best.get("label", ""))
        lines.append(f"Best {metric_name(snapshot)} {score}{on_folds(best)} by {label}")
    limits = [f"{line_of(x.get('label', ''))} {limit_words(x)}" for x in snapshot.get("limits") or ()]
    if standing := [w for w in (*limits, counts_words(snapshot)) if w]:
        lines.append(" · ".join(standing))
    lines += _text_table(snapshot, rows)
    if tests := words_on_test(snapshot):
        lines.append(f"On the test data: {tests}")
    for note in (snapshot.get("notes") or ())[-3:]:
        mark = "Warning: " if note.get("level") == "warning" else ""
        lines.append(mark + line_of(note.get("message", ""), 200))
    return "\n".join(lines)


def _text_table(snapshot: Mapping[str, Any], most: int) -> list[str]:
    rows: Sequence[Mapping[str, Any]] = snapshot.get("rows") or ()
    if not rows:
        return []
    table = [["#", "model", metric_name(snapshot), "folds", "fit", "state"]]
    for row in rows[:most]:
        state, why = str(row.get("state", "")).replace("_", " "), row_reason(row)
        cells = [str(row.get("rank") or ""), line_of(row.get("label", ""), 36), score_words(row)]
        table.append([*cells, folds_words(row), fit_words(row), f"{state}: {why}" if why else state])
    widths = [*(max(len(line[i]) for line in table) for i in range(5)), 0]
    lines = ["  " + "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in table]
    hidden = int(snapshot.get("n_rows_total") or len(rows)) - min(len(rows), most)
    if hidden > 0:
        lines.append(f"  … and {plural(hidden, 'more row', 'more rows')}")
    return lines


def render_html(
    snapshot: Mapping[str, Any], *, uid: str | None = None, pictures: Sequence[tuple[bytes, str]] = ()
) -> str:
    """Return the snapshot as one self-contained piece of HTML, below 48 kB without the pictures.

    Parameters
    ----------
    snapshot : mapping
        What ``results.snapshot`` returns.
    uid : str, optional
        Prefix of the element ids; by default a fresh one, so that two reports on a page do not clash.
    pictures : sequence of (bytes, str), optional
        Charts as PNG, each with what it shows as a sentence.

    Returns
    -------
    str
        A ``<div>`` with its own scoped ``<style>``; no script, nothing from the network.

    Examples
    --------
    >>> "&lt;b&gt;" in render_html({"name": "<b>", "status": "Running"})
    True
    """
    uid = uid or f"amlj-{uuid4().hex[:8]}"
    page = ""
    for rows, length in _SIZES:
        page = _page(snapshot, uid, rows, length)
        if len(page.encode()) <= MOST_BYTES:
            break
    return page.removesuffix("</div>") + _html_pictures(pictures) + "</div>"


def _page(snapshot: Mapping[str, Any], uid: str, rows: int, length: int) -> str:
    parts = [
        f'<div class="amlj-static" role="group" aria-labelledby="{uid}-title"><style>{static_style()}</style>',
        _html_head(snapshot, uid),
        _html_error(snapshot),
        _html_limits(snapshot),
        _html_chart(snapshot, uid),
        _html_table(snapshot, rows),
        _html_notes(snapshot, length),
        "</div>",
    ]
    return "".join(parts)


@cache
def static_style() -> str:
    """Return the rules that every static page carries in itself."""
    rules = files("automl_jupyter.results").joinpath("static.css").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", rules, flags=re.DOTALL)).strip()


def _safe(value: object, most: int = 80) -> str:
    return escape(line_of(value, most))


def _html_head(snapshot: Mapping[str, Any], uid: str) -> str:
    status = str(snapshot.get("status") or "NotStarted")
    mark, best = STATUS_MARKS.get(status, "○"), snapshot.get("best")
    head = f'<p class="amlj-head"><strong id="{uid}-title">{_safe(title_words(snapshot), 170)}</strong> '
    head += f'<span class="amlj-pill" data-status="{_safe(status)}"><span aria-hidden="true">{mark}</span> '
    head += f"{_safe(status_words(snapshot))}</span></p>"
    if best:
        head += f'<p class="amlj-best">Best {_safe(metric_name(snapshot))} <strong>{_safe(best.get("text", ""))}'
        head += f"</strong>{escape(on_folds(best))} by <bdi>{_safe(best.get('label', ''))}</bdi></p>"
    if reason := reason_words(snapshot):
        head += f'<p class="amlj-quiet">{escape(reason)}</p>'
    return head


def _html_error(snapshot: Mapping[str, Any]) -> str:
    error = snapshot.get("error")
    if not error:
        return ""
    message = f"<strong>{_safe(error.get('type', 'Error'))}</strong>: {_safe(error.get('message', ''), 600)}"
    return f'<p class="amlj-error">{message}</p>'


def _html_limits(snapshot: Mapping[str, Any]) -> str:
    greater = bool((snapshot.get("metric") or {}).get("greater_is_better", True))
    items = []
    for limit in snapshot.get("limits") or ():
        share = limit_fraction(limit, greater_is_better=greater)
        bar = "" if share is None else f'<span class="amlj-bar"><i style="width:{100 * share:.1f}%"></i></span>'
        items.append(f"<span class='amlj-limit'>{_safe(limit.get('label', ''))} {limit_words(limit)}{bar}</span> ")
    counts = counts_words(snapshot)
    if counts:
        items.append(f'<span class="amlj-limit amlj-quiet">{counts}</span>')
    return f'<p class="amlj-limits">{"".join(items)}</p>' if items else ""


def _html_chart(snapshot: Mapping[str, Any], uid: str) -> str:
    points = [(float(t), float(v)) for t, v, *_ in snapshot.get("progress") or () if v is not None]
    if len(points) < 2:
        return ""
    points = points[: -1 : -(-len(points) // _MOST_POINTS)] + points[-1:]
    end = max(float(snapshot.get("elapsed_s") or 0.0), points[-1][0], 1e-9)
    low, high = min(v for _, v in points), max(v for _, v in points)
    room = (high - low) or abs(high) or 1.0

    def x(t: float) -> float:
        return _CHART_EDGE + (_CHART_WIDTH - 2 * _CHART_EDGE) * t / end

    def y(v: float) -> float:
        return _CHART_HEIGHT - _CHART_EDGE - (_CHART_HEIGHT - 2 * _CHART_EDGE) * (v - low) / room

    path = f"M{x(points[0][0]):.1f} {y(points[0][1]):.1f}"
    path += "".join(f"H{x(t):.1f}V{y(v):.1f}" for t, v in points[1:]) + f"H{x(end):.1f}"
    metric = _safe(metric_name(snapshot))
    says = f"Best {metric} went from {number(points[0][1])} after {duration(points[0][0])} "
    says += f"to {number(points[-1][1])} after {duration(points[-1][0])}."
    return (
        f'<svg class="amlj-chart" viewBox="0 0 {_CHART_WIDTH:g} {_CHART_HEIGHT:g}" role="img" '
        f'preserveAspectRatio="none" aria-labelledby="{uid}-chart"><title id="{uid}-chart">{says}</title>'
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="2" '
        f'vector-effect="non-scaling-stroke"/></svg><p class="amlj-quiet">{says}</p>'
    )


def _html_table(snapshot: Mapping[str, Any], most: int) -> str:
    rows: Sequence[Mapping[str, Any]] = snapshot.get("rows") or ()
    if not rows:
        return ""
    heads = ("#", "Model", metric_name(snapshot), "Folds", "Fit time", "State")
    numeric = (True, False, True, True, True, False)
    cells = "".join(
        f'<th scope="col"{" class=amlj-num" if n else ""}>{_safe(h)}</th>' for h, n in zip(heads, numeric, strict=True)
    )
    hidden = int(snapshot.get("n_rows_total") or len(rows)) - min(len(rows), most)
    more = f'<p class="amlj-quiet">and {plural(hidden, "more row", "more rows")}</p>' if hidden > 0 else ""
    body = "".join(_html_row(row) for row in rows[:most])
    return (
        '<div class="amlj-scroll" tabindex="0" role="group" aria-label="Leaderboard">'
        f"<table><caption>Leaderboard</caption><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def _html_row(row: Mapping[str, Any]) -> str:
    state = str(row.get("state", ""))
    mark, why = STATE_MARKS.get(state, "○"), escape(row_reason(row, 160))
    model = f"<bdi>{_safe(row.get('label', ''))}</bdi>"
    if params := row.get("params"):
        said = ", ".join(f"{line_of(k, 40)}={line_of(v, 40)}" for k, v in list(params.items())[:30])
        model = f"<details><summary>{model}</summary><code>{_safe(said, 600)}</code></details>"
    return (
        f'<tr data-state="{_safe(state)}"><td class=amlj-num>{_safe(row.get("rank") or "")}</td>'
        f'<th scope="row">{model}</th><td class=amlj-num{_tied_title(row)}>{escape(score_words(row))}</td>'
        f"<td class=amlj-num>{_safe(folds_words(row))}</td><td class=amlj-num>{fit_words(row)}</td>"
        f'<td><span class="amlj-mark" aria-hidden="true">{mark}</span> {_safe(state.replace("_", " "))}'
        f"{f': <bdi>{why}</bdi>' if why else ''}</td></tr>"
    )


def _tied_title(row: Mapping[str, Any]) -> str:
    return ' title="Cannot be told apart from the best at 95 %"' if is_marked_tied(row) else ""


def _html_pictures(pictures: Sequence[tuple[bytes, str]]) -> str:
    """Return charts beside each other, each with its text alternative."""
    figures = "".join(
        f'<figure><img alt="{_safe(says, 400)}" src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}"/>'
        f"</figure>"
        for png, says in pictures
    )
    return f'<div class="amlj-pictures">{figures}</div>' if figures else ""


def _html_notes(snapshot: Mapping[str, Any], length: int) -> str:
    tests = words_on_test(snapshot)
    parts = [f'<p class="amlj-best">On the test data: {escape(tests)}</p>'] if tests else []
    plan = snapshot.get("plan") or {}
    checks = [
        (f"{f.get('name')} ({f.get('status')}):", f"{f.get('explanation')} {f.get('remedy')}")
        for f in (plan.get("guardrails") or ())
    ]
    parts.append(_details(guardrails_summary(plan), checks, length))
    notes = [*(plan.get("notes") or ())[:20], *(snapshot.get("notes") or ())[-12:]]
    marked = [("Warning:" if n.get("level") == "warning" else "", note_words(n)) for n in notes]
    parts.append(_details(plural(len(notes), "note"), marked, length))
    return "".join(parts)


def _details(summary: str, items: Sequence[tuple[str, str]], length: int) -> str:
    """Return a list that opens; each item has a part in bold before its text. Nothing where there is no item."""
    if not items:
        return ""
    shown = "".join(
        f"<li>{f'<strong>{_safe(strong, 100)}</strong> ' if strong else ''}{_safe(text, length)}</li>"
        for strong, text in items
    )
    return f"<details><summary>{escape(summary)}</summary><ul>{shown}</ul></details>"
