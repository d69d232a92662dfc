"""A profile of a table in the words and bars it is shown with: the same for text, HTML and the widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl_jupyter._core.text import byte_size, number, plain, plural
from automl_jupyter.data.dataset import ColumnType
from automl_jupyter.data.distribution import Distribution, share_words
from automl_jupyter.data.profile import ColumnProfile, TableProfile
from automl_jupyter.data.profile_target import TargetProfile
from automl_jupyter.results.words import line_of

#: columns shown at most
MOST_COLUMNS = 200
#: the size of the picture of a distribution
WIDTH, HEIGHT = 96, 20
_MOST_CELL = 20_000


def profile_snapshot(profile: TableProfile, *, source: str, cell: str, seq: int = 0, error: str = "") -> dict[str, Any]:
    """Return a profile as plain JSON values that are fit to be shown, though not yet escaped.

    Parameters
    ----------
    profile : TableProfile
        The profile.
    source : str
        What the table is called.
    cell : str
        The text of the ``%%automl`` cell it stands for.
    seq : int, default 0
        Counts the changes.
    error : str, default ""
        Why the last change was refused.

    Returns
    -------
    dict
        ``title, facts, target, notes, columns, hidden, types, cell, seq, error``; texts are free of control and
        direction characters, and shortened.
    """
    shown = _most_telling(profile.columns)
    facts = [f"{profile.n_rows:,} × {profile.n_columns:,}", byte_size(profile.n_bytes), _repeated(profile)]
    return {
        "seq": seq,
        "title": line_of(source, 60),
        "facts": " · ".join(facts),
        "target": _target_words(profile.target),
        "has_target": profile.target is not None,
        "notes": [line_of(n, 300) for n in profile.notes],
        "columns": [_row(profile.columns[i], i, profile.n_rows) for i in shown],
        "hidden": _hidden(len(profile.columns), len(shown), profile.target is not None),
        "types": [str(t) for t in ColumnType],
        "cell": plain(cell, most=_MOST_CELL),
        "error": line_of(error, 300),
    }


def _most_telling(columns: Sequence[ColumnProfile]) -> list[int]:
    """Return the positions of the columns to show, in the order of the table: of many those that tell most."""
    order = sorted(
        range(len(columns)),
        key=lambda i: (
            not columns[i].is_target,
            not columns[i].detected,
            columns[i].dropped,
            -(columns[i].relation or 0),
        ),
    )
    return sorted(order[:MOST_COLUMNS])


def _hidden(n: int, n_shown: int, has_target: bool) -> str:
    if n == n_shown:
        return ""
    which = "that tell most of the target" if has_target else "in front"
    return f"{n_shown:,} of {n:,} columns are shown, those {which}; profile.to_frame() has all of them."


def _repeated(profile: TableProfile) -> str:
    if profile.n_duplicates is None:
        return "repeated rows not counted"
    if not profile.n_duplicates:
        return "no repeated rows"
    share = share_words(profile.n_duplicates / max(profile.n_rows, 1))
    return f"{plural(profile.n_duplicates, 'repeated row')} ({share})"


def _target_words(target: TargetProfile | None) -> list[str]:
    """Return what is known of the target, a sentence or so each."""
    if target is None:
        return []
    if target.task is None:
        lines = [f"No task fits: {line_of(target.reason, 200)}."]
    else:
        asked = target.reason == "as asked"
        lines = [f"{target.task.capitalize()}, {'as asked' if asked else f'because {line_of(target.reason, 200)}'}."]
    if target.classes:
        n_rows = sum(target.distribution.counts) if target.n_classes == len(target.distribution.counts) else 0
        lines.append(_class_words(target, n_rows))
    elif target.quantiles:
        low, first, middle, third, high = (number(q) for q in target.quantiles)
        lines.append(f"From {low} to {high}; quartiles {first}, {middle}, {third}.")
    if target.n_missing:
        lines.append(f"{plural(target.n_missing, 'row')} without a value in it would be left out.")
    return [*lines, *(line_of(p, 300) for p in target.problems)]


def _class_words(target: TargetProfile, n_rows: int) -> str:
    n_classes = target.n_classes or 0
    if not n_rows:
        return f"{n_classes} classes: {target.distribution.says}."
    said = ", ".join(f"{line_of(name, 40)} {share_words(n / n_rows)} ({n:,})" for name, n in target.classes)
    return f"{n_classes} classes: {said}."


def _row(column: ColumnProfile, index: int, n_rows: int) -> dict[str, Any]:
    share = f" ({share_words(column.n_missing / n_rows)})" if column.n_missing and n_rows else ""
    return {
        "index": index,
        "name": line_of(column.name, 80) or "(no name)",
        "type": str(column.type) if column.type is not None else "",
        "detected": column.detected,
        "reason": line_of(column.reason, 160),
        "dropped": column.dropped,
        "is_target": column.is_target,
        "missing": f"{column.n_missing:,}{share}" if column.n_missing else "–",
        "distinct": f"{column.n_unique:,}",
        "kind": column.distribution.kind,
        "bars": bars_path(column.distribution),
        "says": line_of(column.distribution.says, 140),
        "examples": [line_of(e, 40) for e in column.examples],
        "relation": None if column.relation is None else round(column.relation, 3),
    }


def bars_path(distribution: Distribution) -> str:
    """Return the bars as the path of an SVG of 96 × 20; the highest fills it, and one that counts is never invisible.

    Examples
    --------
    >>> bars_path(Distribution("histogram", (1, 2)))
    'M0 20v-10h47v10zM48 20v-20h47v20z'
    """
    counts = distribution.counts
    if not counts:
        return ""
    highest, step = max(counts), min(WIDTH / len(counts), WIDTH / 2)
    gap = 1 if distribution.kind == "histogram" else 2
    path = ""
    for i, count in enumerate(counts):
        if count:
            height = max(1, round(HEIGHT * count / highest))
            path += f"M{i * step:.3g} {HEIGHT}v-{height}h{step - gap:.3g}v{height}z"
    return path
