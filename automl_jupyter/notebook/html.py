"""What an output holds for every viewer: our own JSON, HTML, and text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl_jupyter.results.render import render_html, render_text

#: the snapshot as data, for viewers that know it
MIME = "application/vnd.automl-jupyter+json"
#: rows of the leaderboard kept in a saved notebook
_ROWS_KEPT = 40


def make_bundle(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Return the mime bundle that stays in the notebook.

    Parameters
    ----------
    snapshot : mapping
        A snapshot made presentable.

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
    return {MIME: kept, "text/html": render_html(snapshot), "text/plain": render_text(snapshot)}
