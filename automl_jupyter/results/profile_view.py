"""A profile of a table as text and as one self-contained piece of HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any
from uuid import uuid4

from automl_jupyter.results.profile_words import HEIGHT, WIDTH

_MOST_TEXT_ROWS = 60
_WIDTHS = {"name": 26, "says": 48, "reason": 60}


def render_profile_text(snapshot: Mapping[str, Any]) -> str:
    """Return a profile as plain text: a line for each column.

    Parameters
    ----------
    snapshot : mapping
        What ``profile_snapshot`` returns.

    Returns
    -------
    str
        Several lines, without a newline at the end.
    """
    lines = [f"Profile of {snapshot['title']}: {snapshot['facts']}"]
    lines += [f"Target: {line}" if i == 0 else f"        {line}" for i, line in enumerate(snapshot["target"])]
    lines += snapshot["notes"]
    heads = ["column", "type", "missing", "distinct", *(["relation"] if snapshot["has_target"] else []), "values"]
    rows: Sequence[Mapping[str, Any]] = snapshot["columns"]
    table = [heads, *(_text_cells(row, snapshot["has_target"]) for row in rows[:_MOST_TEXT_ROWS])]
    widths = [max(len(line[i]) for line in table) for i in range(len(heads))]
    widths[-1] = 0
    for cells in table:
        lines.append("  " + "  ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)).rstrip())
    if len(rows) > _MOST_TEXT_ROWS and not snapshot["hidden"]:
        lines.append(f"  … and {len(rows) - _MOST_TEXT_ROWS} more columns; profile.to_frame() has all of them.")
    lines += [line for line in (snapshot["hidden"], snapshot["error"]) if line]
    return "\n".join(lines)


def _text_cells(row: Mapping[str, Any], has_target: bool) -> list[str]:
    name = _cut(row["name"], _WIDTHS["name"])
    kind = "target" if row["is_target"] else row["type"] or "?"
    said = _cut(row["says"] or ", ".join(row["examples"]), _WIDTHS["says"])
    if row["dropped"] or not row["type"] or row["detected"]:
        said = _cut(row["reason"], _WIDTHS["reason"]) + (f" (found: {row['detected']})" if row["detected"] else "")
    relation = "–" if row["relation"] is None else f"{row['relation']:.2f} {'#' * round(5 * row['relation'])}"
    return [name, kind, row["missing"], row["distinct"], *([relation] if has_target else []), said]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def render_profile_html(snapshot: Mapping[str, Any], *, uid: str | None = None, note: str = "") -> str:
    """Return a profile as one self-contained piece of HTML; below 50 kB for fifty columns.

    Parameters
    ----------
    snapshot : mapping
        What ``profile_snapshot`` returns.
    uid : str, optional
        Prefix of the element ids; by default a fresh one.
    note : str, default ""
        A sentence below the table.

    Returns
    -------
    str
        A ``<div>`` with its own scoped ``<style>``; no script, nothing from the network.
    """
    uid = uid or f"amlp-{uuid4().hex[:8]}"
    target = "".join(f"<p>{_strong(i)}{escape(line)}</p>" for i, line in enumerate(snapshot["target"]))
    notes = "".join(f"<p class=amlp-quiet>{escape(n)}</p>" for n in (*snapshot["notes"], snapshot["hidden"], note) if n)
    heads = ["Column", "Type", "Missing", "Distinct", "Distribution", "Examples"]
    heads += ["Relation to target"] if snapshot["has_target"] else []
    head = "".join(f"<th scope=col>{h}</th>" for h in heads)
    body = "".join(_html_row(row, snapshot["has_target"]) for row in snapshot["columns"])
    return (
        f'<div class="amlp" role="group" aria-labelledby="{uid}"><style>{_style()}</style>'
        f'<p class=amlp-head><strong id="{uid}">Profile of <bdi>{escape(snapshot["title"])}</bdi></strong> '
        f"{escape(snapshot['facts'])}</p>{target}"
        '<div class=amlp-scroll tabindex=0 role=group aria-label="Columns">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{notes}"
        f"<details><summary>The cell it stands for</summary><pre>{escape(snapshot['cell'])}</pre></details></div>"
    )


def _strong(position: int) -> str:
    return "<strong>Target:</strong> " if position == 0 else ""


@cache
def _style() -> str:
    rules = files("automl_jupyter.results").joinpath("profile.css").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", rules, flags=re.DOTALL)).strip()


def _html_row(row: Mapping[str, Any], has_target: bool) -> str:
    mark = " data-dropped" if row["dropped"] else ""
    kind = "target" if row["is_target"] else row["type"] or "?"
    found = f" (found: {row['detected']})" if row["detected"] else ""
    cells = [
        f"<th scope=row><bdi>{escape(row['name'])}</bdi></th>",
        f"<td>{escape(kind)}<small>{escape(row['reason'] + found)}</small></td>",
        f"<td class=amlp-num>{row['missing']}</td><td class=amlp-num>{row['distinct']}</td>",
        f"<td>{_picture(row)}</td>",
        f"<td>{' · '.join(f'<bdi>{escape(e)}</bdi>' for e in row['examples'])}</td>",
    ]
    if has_target:
        cells.append(f"<td>{_relation(row['relation'])}</td>")
    return f"<tr{mark}>{''.join(cells)}</tr>"


def _picture(row: Mapping[str, Any]) -> str:
    if not row["bars"]:
        return "–"
    # The words below the picture say the same, so the picture itself is not read out.
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden=true><path d="{row["bars"]}"/></svg>'
        f"<small>{escape(row['says'])}</small>"
    )


def _relation(relation: float | None) -> str:
    if relation is None:
        return "–"
    return f'{relation:.2f}<span class=amlp-bar><i style="width:{100 * relation:.0f}%"></i></span>'
