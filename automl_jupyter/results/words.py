"""The words a snapshot is shown in: shared by the text, the HTML and whatever else shows a job.

Every name in a snapshot is untrusted. :func:`presentable` and :func:`line_of` strip what could steer a
terminal or turn text around; escaping for HTML is the renderer's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from automl_jupyter._core.text import duration, number, plain, plural

#: the mark shown before each state and status, so that colour is never the only sign
STATE_MARKS = {
    "complete": "✓",
    "running": "▸",
    "queued": "○",
    "pruned": "◇",
    "failed": "✕",
    "cancelled": "■",
    "timed_out": "◔",
}
STATUS_MARKS = {
    "Completed": "✓",
    "Running": "▸",
    "Finalizing": "▸",
    "Canceled": "■",
    "CancelRequested": "■",
    "Failed": "✕",
}
STATUS_WORDS = {
    "NotStarted": "Not started",
    "CancelRequested": "Stopping…",
    "Canceled": "Stopped",
    "NotResponding": "Not running",
}

#: what a job's reason says when it is the name of the limit that ended the search
REASONS = {
    "timeout_minutes": "The time was used up.",
    "max_trials": "The number of trials was reached.",
    "exit_score": "The score asked for was reached.",
    "enable_early_termination": "The score had stopped improving.",
    "exhausted": "There was nothing more to try.",
    "workers": "The workers were lost; the model is what was complete.",
}

_MARKS_OF_DIRECTION = re.compile("[\u061c\u200e\u200f]")
_LONG = {"tail": 2000}


class Shown(dict[str, Any]):
    """A part of a snapshot that is presentable already."""


def presentable(value: Any, *, most: int = 300) -> Any:
    """Return a snapshot as JSON can carry it and a page may show it.

    Control, ANSI and direction characters are dropped, text is shortened, numbers that JSON does not know
    become None, and everything that is not JSON becomes text.

    Parameters
    ----------
    value : Any
        A snapshot or a part of one.
    most : int, default 300
        The most characters of one text; the tail of a traceback may have 2000.

    Examples
    --------
    >>> presentable({"label": "a\\x1b[31m red", "value": float("nan")})
    {'label': 'a red', 'value': None}
    """
    if value is None or isinstance(value, bool | int | Shown):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {
            _text(k, 120): presentable(v, most=_LONG.get(k, most) if isinstance(k, str) else most)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [presentable(v, most=most) for v in value]
    if not isinstance(value, str) and hasattr(value, "item"):  # a numpy scalar
        return presentable(value.item(), most=most)
    return _text(value, most)


def _text(value: object, most: int) -> str:
    return plain(_MARKS_OF_DIRECTION.sub("", str(value)), most=most)


def line_of(value: object, most: int = 80) -> str:
    """Return untrusted text on one line, shortened."""
    return plain(" ".join(_text(value, 4 * most).split()), most=most)


def status_words(snapshot: Mapping[str, Any]) -> str:
    """Return the status as people read it (``Stopped`` for ``Canceled``)."""
    status = str(snapshot.get("status") or "NotStarted")
    return STATUS_WORDS.get(status, line_of(status))


def reason_words(snapshot: Mapping[str, Any], most: int = 300) -> str:
    """Return why a job ended, as a sentence, or an empty text.

    Examples
    --------
    >>> reason_words({"reason": "max_trials"})
    'The number of trials was reached.'
    """
    reason = str(snapshot.get("reason") or "")
    return REASONS.get(reason, line_of(reason, most))


def limit_words(limit: Mapping[str, Any]) -> str:
    """Return how much of a limit is used.

    Examples
    --------
    >>> limit_words({"name": "timeout_minutes", "label": "Time", "used": 37.2, "total": 120.0, "unit": "s"})
    '37 s of 2 min'
    """
    used, total = limit.get("used"), limit.get("total")
    show = duration if limit.get("unit") == "s" else number
    now = "–" if used is None else show(float(used))
    return now if total is None else f"{now} of {show(float(total))}"


def limit_fraction(limit: Mapping[str, Any], *, greater_is_better: bool = True) -> float | None:
    """Return how much of a limit is used, from 0 to 1; None where that has no meaning.

    For ``exit_score`` it says how near the best value is, in the metric's own direction.
    """
    used, total = limit.get("used"), limit.get("total")
    if used is None or total is None:
        return None
    if limit.get("name") == "exit_score" and not greater_is_better:
        used, total = total, used
    if not total or total < 0 or used < 0:
        return None
    return min(1.0, float(used) / float(total))


def score_words(row: Mapping[str, Any]) -> str:
    """Return a row's score with its spread over the folds, and ≈ where it cannot be told apart from the best."""
    text = row.get("text") or ("" if row.get("value") is None else number(float(row["value"])))
    if not text:
        return ""
    spread = row.get("spread")
    tied = " ≈" if is_marked_tied(row) else ""
    return line_of(text, 24) if spread is None else f"{line_of(text, 24)} ± {number(float(f'{spread:.2g}'))}{tied}"


def is_marked_tied(row: Mapping[str, Any]) -> bool:
    """Return whether a row is to be marked as no different from the first."""
    return bool(row.get("tied")) and row.get("rank") != 1


def folds_words(row: Mapping[str, Any]) -> str:
    """Return ``2/3``: folds done of folds planned."""
    done, planned = row.get("folds_done"), row.get("n_folds")
    return "" if done is None or not planned else f"{done}/{planned}"


def headline(snapshot: Mapping[str, Any]) -> str:
    """Return the one sentence that says where the job stands: also what a screen reader hears.

    Examples
    --------
    >>> headline({"name": "bank", "status": "Running", "counts": {"complete": 3}, "best": None, "metric": {}})
    'bank: Running, 3 trials complete.'
    """
    counts, best = snapshot.get("counts") or {}, snapshot.get("best")
    words = f"{line_of(snapshot.get('name') or 'job')}: {status_words(snapshot)}, "
    words += f"{plural(int(counts.get('complete') or 0), 'trial')} complete"
    if best:
        words += f", best {metric_name(snapshot)} {line_of(best.get('text', ''), 24)}"
        words += f"{on_folds(best)} by {line_of(best.get('label', ''))}"
    return words + "."


def on_folds(best: Mapping[str, Any]) -> str:
    """Return `` on 1 of 5 folds`` where a score does not stand on all, else nothing."""
    folds = best.get("folds")
    return f" on {line_of(folds, 24)}" if folds else ""


def counts_words(snapshot: Mapping[str, Any]) -> str:
    """Return ``12 complete, 2 running, 1 failed``, leaving out what is zero."""
    counts = snapshot.get("counts") or {}
    return ", ".join(f"{n} {state.replace('_', ' ')}" for state in STATE_MARKS if (n := counts.get(state)))


def row_reason(row: Mapping[str, Any], most: int = 60) -> str:
    """Return why a row ended as it did: its error, or the reason given."""
    error = row.get("error")
    return line_of((error.get("message") if error else row.get("reason")) or "", most)


def title_words(snapshot: Mapping[str, Any]) -> str:
    """Return ``bank · classification``."""
    name = snapshot.get("display_name") or snapshot.get("name") or "job"
    return " · ".join(w for w in (line_of(name), line_of(snapshot.get("task") or "")) if w)


def metric_name(snapshot: Mapping[str, Any]) -> str:
    """Return the name of the primary metric, or ``score`` before it is known."""
    return line_of((snapshot.get("metric") or {}).get("name") or "score", 40)


def fit_words(row: Mapping[str, Any]) -> str:
    """Return how long a row took to fit, or an empty text."""
    return "" if not row.get("fit_s") and not row.get("folds_done") else duration(float(row.get("fit_s") or 0))


def words_on_test(snapshot: Mapping[str, Any]) -> str:
    """Return the metrics on the test data, or an empty text when there are none."""
    tests = snapshot.get("test_metrics") or {}
    return ", ".join(f"{line_of(k)} {number(v)}" for k, v in tests.items() if isinstance(v, int | float))


def note_words(note: Mapping[str, Any]) -> str:
    """Return a note as one text: a message, or what was planned and why.

    Examples
    --------
    >>> note_words({"what": "A season has 7 periods.", "why": "the frequency is D"})
    'A season has 7 periods: the frequency is D'
    """
    if "message" in note:
        return line_of(note["message"], 300)
    what, why = line_of(note.get("what", ""), 200), line_of(note.get("why", ""), 300)
    return f"{what.removesuffix('.')}: {why}" if why else what


def guardrails_summary(plan: Mapping[str, Any]) -> str:
    """Return how many checks there were and how many of them somebody has to look at.

    Examples
    --------
    >>> guardrails_summary({"guardrails": [{"status": "Alerted"}, {"status": "Passed"}]})
    '2 guardrails, 1 to look at'
    """
    found = plan.get("guardrails") or ()
    alerted = sum(f.get("status") == "Alerted" for f in found)
    return plural(len(found), "guardrail") + (f", {alerted} to look at" if alerted else ", nothing to look at")
