"""What an output holds for every viewer: our own JSON, HTML, and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from automl_jupyter.results.render import render_html, render_text

#: the snapshot as data, for viewers that know it
MIME = "application/vnd.automl-jupyter+json"
#: rows of the leaderboard kept in a saved notebook
_ROWS_KEPT = 40


def make_bundle(
    snapshot: Mapping[str, Any], *, stand: str = "", pictures: Sequence[tuple[bytes, str]] = ()
) -> dict[str, Any]:
    """Return the mime bundle that stays in the notebook.

    Parameters
    ----------
    snapshot : mapping
        A snapshot made presentable.
    stand : str, default ""
        Names the place in the HTML that a live widget stands in for.

    pictures : sequence of (bytes, str), optional
        Charts as PNG, each with what it shows as a sentence.

    Returns
    -------
    dict
        ``application/vnd.automl-jupyter+json``, ``text/html`` and ``text/plain``.

    Examples
    --------
    >>> sorted(make_bundle({"name": "bank", "status": "Running"}))
    ['application/vnd.automl-jupyter+json', 'text/html', 'text/plain']
    """
    kept = {**snapshot, "rows": list(snapshot.get("rows") or ())[:_ROWS_KEPT]}
    place = f'<div class="amlj-stand-{escape(stand)}"></div>' if stand else ""
    html = render_html(snapshot, pictures=pictures)
    return {MIME: kept, "text/html": place + html, "text/plain": render_text(snapshot)}
