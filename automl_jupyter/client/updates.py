"""What pages are sent of a job: it as a whole, then what changed, so that an update is as large as the news."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from automl_jupyter.results.words import line_of, presentable
from automl_jupyter.store.history import NOT_RESPONDING

#: lists that grow, as a rule: of these only what is new is sent then
GROWING = ("progress", "notes", "log")


class Shown(Protocol):
    """What is needed of a job to show it."""

    @property
    def name(self) -> str: ...
    def snapshot(self) -> dict[str, Any]: ...


def shown_snapshot(job: Shown) -> dict[str, Any]:
    """Return a job's snapshot as it is shown: presentable, and with what to do about a job that nobody runs."""
    snapshot: dict[str, Any] = presentable(job.snapshot())
    if snapshot["status"] == NOT_RESPONDING:
        snapshot["reason"] = f"No process runs this job any more; %automl resume {line_of(job.name)} goes on with it."
    return snapshot


def key_of(row: Mapping[str, Any]) -> str:
    """Return what tells a row of the leaderboard from all others.

    Examples
    --------
    >>> key_of({"number": 3, "label": "LightGBM"}), key_of({"number": None, "label": "VotingEnsemble"})
    ('trial 3', 'ensemble VotingEnsemble')
    """
    return f"ensemble {row['label']}" if row.get("number") is None else f"trial {row['number']}"


def make_delta(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return what turns one snapshot into a later one.

    Ranks are left out: they follow from the order, which the page works out by itself, and a new best would change
    all of them.

    Parameters
    ----------
    old, new : mapping
        Snapshots made presentable.

    Returns
    -------
    dict
        ``from`` (the ``seq`` it applies to), ``set`` (top-level values), ``grow`` (what is appended to lists),
        ``rows`` (rows that are new or changed) and ``gone`` (keys of rows that are no longer there).

    Examples
    --------
    >>> make_delta({"seq": 1, "status": "Running", "rows": []}, {"seq": 2, "status": "Completed", "rows": []})
    {'from': 1, 'set': {'seq': 2, 'status': 'Completed'}, 'grow': {}, 'rows': [], 'gone': []}
    """
    changed = {k: v for k, v in new.items() if k != "rows" and old.get(k, None) != v}
    grow = {}
    for name in GROWING:
        before, after = old.get(name) or [], changed.get(name)
        if isinstance(after, list) and len(after) > len(before) and after[: len(before)] == before:
            grow[name] = after[len(before) :]
            del changed[name]
    before_rows = {key_of(r): r for r in old.get("rows") or ()}
    after_rows = {key_of(r): r for r in new.get("rows") or ()}
    rows = [r for k, r in after_rows.items() if k not in before_rows or _unranked(r) != _unranked(before_rows[k])]
    gone = [k for k in before_rows if k not in after_rows]
    return {"from": old.get("seq", 0), "set": changed, "grow": grow, "rows": rows, "gone": gone}


def _unranked(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k != "rank"}
